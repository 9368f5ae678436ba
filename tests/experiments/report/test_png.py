"""Pictures, still and moving, as another reader sees them."""

import base64
import io
import re

import numpy as np
import pytest

from experiments.report import moving_picture, picture
from experiments.report.png import animated_png, png

Image = pytest.importorskip("PIL.Image", reason="needs pillow")

FRAMES = [np.full((3, 5), value, np.uint8) for value in (0, 100, 255)]
FRAMES[1][2, 4] = 7


def test_a_still_picture_is_read_back():
    read = np.asarray(Image.open(io.BytesIO(png(FRAMES[1]))))
    np.testing.assert_array_equal(read, FRAMES[1])


def test_an_animation_has_all_frames_with_their_times():
    film = Image.open(io.BytesIO(animated_png(FRAMES, milliseconds=[100, 250, 4000])))
    assert (film.n_frames, film.info["loop"]) == (3, 0)
    times = []
    for index, frame in enumerate(FRAMES):
        film.seek(index)
        film.load()
        times.append(film.info["duration"])
        np.testing.assert_array_equal(np.asarray(film.convert("L")), frame)
    assert times == [100, 250, 4000]


@pytest.mark.parametrize(
    ("frames", "times"), [([], []), (FRAMES, [1, 2]), ([FRAMES[0], FRAMES[0].T], [1, 1])]
)
def test_frames_that_make_no_film(frames, times):
    with pytest.raises(ValueError, match="an animation needs frames of one shape and a time"):
        animated_png(frames, milliseconds=times)


def test_a_moving_picture_rests_at_its_end():
    html = moving_picture([np.zeros((2, 4)), np.ones((2, 4))], label="a film", seconds=0.5)
    assert 'alt="a film"' in html and "aspect-ratio:4/2" in html
    data = base64.b64decode(re.search(r"base64,([^\"]+)", html)[1])
    film = Image.open(io.BytesIO(data))
    assert film.info["duration"] == 500
    assert np.asarray(film.convert("L")).min() == 255  # no ink on white paper
    film.seek(1)
    film.load()
    assert film.info["duration"] == 2000
    assert np.asarray(film.convert("L")).max() == 0


def test_a_picture_that_is_no_square_keeps_its_shape():
    assert "aspect-ratio:3/2" in picture(np.zeros((2, 3)), label="wide")
    assert "aspect-ratio" not in picture(np.zeros((2, 2)), label="square")
