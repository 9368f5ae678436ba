from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from experiments.report import Html, captioned, picture, strip


def decoded(markup: str) -> np.ndarray:
    from matplotlib.image import imread

    match = re.search(r"base64,([^\"]+)", markup)
    assert match
    grey = imread(io.BytesIO(base64.b64decode(match[1])), format="png")
    return np.round(grey * 255).astype(int)


@given(
    hnp.arrays(
        np.float32,
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=9),
        elements=st.floats(0, 1, width=32),
    )
)
def test_a_picture_is_a_png_of_its_pixels(ink: np.ndarray) -> None:
    expected = np.round(255 * (1 - ink.astype(np.float64))).astype(int)
    np.testing.assert_array_equal(decoded(picture(ink, label="x")), expected)


def test_what_is_no_shade_is_clipped() -> None:
    found = decoded(picture([[np.nan, -3.0], [7.0, np.inf]], label="x"))
    np.testing.assert_array_equal(found, [[255, 255], [0, 0]])


def test_a_picture_has_words() -> None:
    assert 'alt="a &lt;7&gt;"' in picture([[0.5]], label="a <7>")


@pytest.mark.parametrize("shape", [(8,), (8, 8, 1), (0, 8)])
def test_a_picture_of_another_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"shape \[H, W\], found \[" + str(shape[0])):
        picture(np.zeros(shape), label="x")


def test_rows_and_grids() -> None:
    one = picture([[1.0]], label="x")
    assert captioned([(one, Html("<b>7</b>"))]).count("<li>") == 1
    row = strip([one, one], [("<", None), ("8", "wrong")])
    assert "&lt;</li>" in row
    assert '<li class="wrong">' in row
    with pytest.raises(ValueError, match="zip"):
        strip([one], [])
