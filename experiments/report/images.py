"""Small grey pictures inside the page, and rows and grids of them."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from experiments.report.markup import Html, element

__all__ = ["captioned", "picture", "strip"]


def picture(ink: ArrayLike, *, label: str) -> Html:
    """A grey picture, one byte per pixel, drawn as dark ink on white paper.

    Args:
        ink: `[H, W]`, from 0 (paper) to 1 (black); NaN counts as paper.
        label: what it shows, for who cannot see it.

    Raises:
        ValueError: `ink` does not have two axes, or one of them is empty.
    """
    pixels = np.asarray(ink, np.float64)
    if pixels.ndim != 2 or pixels.size == 0:
        raise ValueError(f"a picture needs a shape [H, W], found {list(pixels.shape)}")
    grey = np.round(255 * (1 - np.clip(np.nan_to_num(pixels, nan=0.0), 0, 1)))
    data = base64.b64encode(_png(grey.astype(np.uint8))).decode()
    return element("img", class_="scan", alt=label, src=f"data:image/png;base64,{data}")


def captioned(pictures: Sequence[tuple[Html, Html]]) -> Html:
    """A grid of pictures, each with its caption."""
    items = (element("li", image, caption) for image, caption in pictures)
    return element("ul", *items, class_="scans")


def strip(pictures: Sequence[Html], marks: Sequence[tuple[str, str | None]]) -> Html:
    """Pictures in a row, a short mark below each.

    Args:
        pictures: from left to right.
        marks: the text below each, and its class of style.css: `changed`, `wrong` or None.
    """
    items = (
        element("li", image, text, class_=class_)
        for image, (text, class_) in zip(pictures, marks, strict=True)
    )
    return element("ul", *items, class_="strip")


def _png(grey: np.ndarray) -> bytes:
    """An 8-bit greyscale PNG (ISO/IEC 15948), without filters."""
    height, width = grey.shape

    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = b"".join(b"\x00" + row.tobytes() for row in grey)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows, 9))
        + chunk(b"IEND", b"")
    )
