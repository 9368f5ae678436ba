"""Small grey pictures inside the page, and rows and grids of them."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from experiments.report.markup import Html, element
from experiments.report.png import animated_png, png

__all__ = ["captioned", "moving_picture", "picture", "strip"]


def picture(ink: ArrayLike, *, label: str) -> Html:
    """A grey picture, one byte per pixel, drawn as dark ink on white paper.

    Args:
        ink: `[H, W]`, from 0 (paper) to 1 (black); NaN counts as paper.
        label: what it shows, for who cannot see it.

    Raises:
        ValueError: `ink` does not have two axes, or one of them is empty.
    """
    grey = _grey(ink)
    return _image(png(grey), grey.shape, label)


def moving_picture(inks: Sequence[ArrayLike], *, label: str, seconds: float = 0.8) -> Html:
    """Grey pictures one after the other, for ever, with a rest at the last.

    Args:
        inks: `[H, W]` each, of one shape, as for `picture`.
        label: what they show.
        seconds: each is shown for so long, the last one four times that.

    Raises:
        ValueError: there is none, or one has another shape.
    """
    frames = [_grey(ink) for ink in inks]
    times = [int(1000 * seconds)] * len(frames)
    times[-1:] = [4 * time for time in times[-1:]]
    return _image(animated_png(frames, milliseconds=times), frames[0].shape, label)


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


def _grey(ink: ArrayLike) -> np.ndarray:
    pixels = np.asarray(ink, np.float64)
    if pixels.ndim != 2 or pixels.size == 0:
        raise ValueError(f"a picture needs a shape [H, W], found {list(pixels.shape)}")
    return np.round(255 * (1 - np.clip(np.nan_to_num(pixels, nan=0.0), 0, 1))).astype(np.uint8)


def _image(content: bytes, shape: tuple[int, ...], label: str) -> Html:
    height, width = shape
    data = base64.b64encode(content).decode()
    return element(
        "img",
        class_="scan",
        alt=label,
        src=f"data:image/png;base64,{data}",
        style=None if height == width else f"aspect-ratio:{width}/{height}",
    )
