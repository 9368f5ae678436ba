"""Greyscale PNG files, still or moving."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import numpy as np

__all__ = ["animated_png", "png"]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png(grey: np.ndarray) -> bytes:
    """An 8-bit greyscale PNG (ISO/IEC 15948), without filters.

    Args:
        grey: uint8 `[H, W]`, 0 is black.
    """
    return b"".join(
        (_SIGNATURE, _header(grey), _chunk(b"IDAT", _pixels(grey)), _chunk(b"IEND", b""))
    )


def animated_png(frames: Sequence[np.ndarray], *, milliseconds: Sequence[int]) -> bytes:
    """An animated PNG that starts again for ever; who can't animate it shows the first frame.

    Args:
        frames: uint8 `[H, W]` each, of one shape.
        milliseconds: how long each is shown.

    Raises:
        ValueError: when there is no frame, or they differ in shape or number from the times.
    """
    shapes = {frame.shape for frame in frames}
    if len(shapes) != 1 or len(frames) != len(milliseconds):
        raise ValueError(
            f"an animation needs frames of one shape and a time for each, found {len(frames)} "
            f"frames of the shapes {sorted(shapes)} and {len(milliseconds)} times"
        )
    parts = [_SIGNATURE, _header(frames[0]), _chunk(b"acTL", struct.pack(">II", len(frames), 0))]
    sequence = 0
    for index, (frame, time) in enumerate(zip(frames, milliseconds, strict=True)):
        height, width = frame.shape
        control = struct.pack(">IIIIIHHBB", sequence, width, height, 0, 0, time, 1000, 0, 0)
        parts.append(_chunk(b"fcTL", control))
        sequence += 1
        if index == 0:  # the first frame is the still picture, too
            parts.append(_chunk(b"IDAT", _pixels(frame)))
        else:
            parts.append(_chunk(b"fdAT", struct.pack(">I", sequence) + _pixels(frame)))
            sequence += 1
    return b"".join([*parts, _chunk(b"IEND", b"")])


def _header(grey: np.ndarray) -> bytes:
    height, width = grey.shape
    return _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))


def _pixels(grey: np.ndarray) -> bytes:
    return zlib.compress(b"".join(b"\x00" + row.tobytes() for row in grey), 9)


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)
