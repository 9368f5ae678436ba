from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from research.arguments import ArgumentError
from research.data import augmentation as aug


def apply(change, batch, **numbers):
    """In one program, as the trainer does: op by op would compile them all one by one."""
    keys = jax.random.split(jax.random.key(0), len(batch))
    return np.asarray(jax.jit(partial(change, **numbers))(keys, batch))


def images(count, height, width, channels=1):
    """Every pixel of an image has a value of its own, above 0."""
    size = height * width * channels
    one = np.arange(1, size + 1, dtype=np.float32).reshape(height, width, channels)
    return np.broadcast_to(one, (count, height, width, channels))


@pytest.mark.parametrize("mode", ["constant", "reflect", "edge"])
def test_a_crop_is_a_window_of_the_padded_image_all_equally_likely(mode):
    batch = images(6000, 4, 5, 2)
    cropped = apply(aug.crop, batch, size=(5, 6), padding=2, mode=mode)
    padded = np.pad(batch[0], ((2, 2), (2, 2), (0, 0)), mode=mode)
    windows = {padded[r : r + 5, c : c + 6].tobytes(): 0 for r in range(4) for c in range(4)}
    for window in cropped:
        windows[window.tobytes()] += 1
    counts = np.array(list(windows.values()))
    assert len(counts) == 16
    assert np.sum((counts - 375) ** 2 / 375) < 15 + 5 * np.sqrt(30)  # chi-squared


def test_a_crop_without_room_changes_nothing():
    batch = images(3, 4, 5)
    np.testing.assert_array_equal(apply(aug.crop, batch), batch)


def test_a_crop_that_does_not_fit():
    with pytest.raises(ArgumentError, match="crop of 9 x 3 does not fit into images of 4 x 5"):
        apply(aug.crop, jnp.asarray(images(3, 4, 5)), size=(9, 3), padding=2)


def test_shift_moves_each_image_on_its_own():
    batch = jnp.zeros((64, 5, 5, 1)).at[:, 2, 2].set(1.0)
    moved = apply(aug.shift, batch, pixels=1)
    places = {tuple(np.argwhere(np.asarray(image[..., 0]))[0]) for image in moved}
    assert places == {(row, column) for row in (1, 2, 3) for column in (1, 2, 3)}
    assert (moved.sum(axis=(1, 2, 3)) == 1).all()


def test_shift_fills_with_zeros():
    moved = apply(aug.shift, jnp.ones((32, 4, 4, 2)), pixels=2)
    assert set(np.unique(moved)) == {0.0, 1.0}
    assert moved.shape == (32, 4, 4, 2)


def test_flip_mirrors_the_share_it_should_and_twice_is_nothing():
    batch = images(4000, 3, 4, 2)
    flipped = apply(aug.flip, batch, probability=0.3)
    mirrored = (flipped == batch[:, :, ::-1]).all(axis=(1, 2, 3))
    assert ((flipped == batch).all(axis=(1, 2, 3)) ^ mirrored).all()
    assert abs(mirrored.mean() - 0.3) < 0.03
    np.testing.assert_array_equal(apply(aug.flip, flipped, probability=0.3), batch)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_cutout_blanks_a_square_around_any_pixel(size):
    height, width = 4, 5
    cut = apply(aug.cutout, images(3000, height, width), size=size, fill=-1)
    expected = {}
    for row in range(height):
        for column in range(width):
            image = images(1, height, width)[0].copy()
            top, left = row - size // 2, column - size // 2
            image[max(top, 0) : top + size, max(left, 0) : left + size] = -1
            expected[image.tobytes()] = 0
    for image in cut:
        expected[image.tobytes()] += 1
    assert min(expected.values()) > 90  # 150 expected
    assert sum(expected.values()) == 3000


def test_noise_has_its_scale_and_differs_by_example():
    noisy = apply(aug.noise, jnp.zeros((100, 8, 8, 1)), scale=0.5)
    assert abs(float(np.std(noisy)) - 0.5) < 0.02
    assert abs(float(np.mean(noisy))) < 0.02
    assert not np.array_equal(noisy[0], noisy[1])
    np.testing.assert_array_equal(apply(aug.noise, jnp.ones((9, 2)), scale=0.0), 1)
