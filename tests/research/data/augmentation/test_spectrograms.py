from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from research.arguments import ArgumentError
from research.data.augmentation import spec_augment


def masks(count=4000, times=20, channels=8, *, frequency_width=2, lengths=None, **settings):
    """Which values are masked, bool `[count, times, channels]`."""
    keys = jax.random.split(jax.random.key(0), count)
    ones = jnp.ones((count, times, channels))
    change = functools.partial(spec_augment, fill=-7.0, frequency_width=frequency_width, **settings)
    changed = np.asarray(jax.jit(change)(keys, ones, lengths=lengths))
    assert set(np.unique(changed)) <= {1.0, -7.0}
    return changed == -7


def expected_share(size, widest):
    """The chance of each position, by enumeration of all widths and places."""
    share = np.zeros(size)
    for width in range(widest + 1):
        for start in range(size - width + 1):
            share[start : start + width] += 1 / (widest + 1) / (size - width + 1)
    return share


def test_one_time_mask_has_every_width_and_place():
    masked = masks(time_masks=1, time_width=6, frequency_masks=0)
    assert (masked == masked[:, :, :1]).all()  # whole frames
    frames = masked[:, :, 0]
    assert (np.abs(np.diff(frames, axis=1)).sum(axis=1) <= 2).all()  # one band
    widths = np.bincount(frames.sum(axis=1), minlength=8)
    assert widths[7] == 0
    np.testing.assert_allclose(widths[:7] / 4000, 1 / 7, atol=0.025)
    np.testing.assert_allclose(frames.mean(axis=0), expected_share(20, 6), atol=0.03)


def test_one_frequency_mask_has_every_width_and_place():
    masked = masks(time_masks=0, frequency_masks=1, frequency_width=3)
    assert (masked == masked[:, :1]).all()  # whole channels
    np.testing.assert_allclose(masked[:, 0].mean(axis=0), expected_share(8, 3), atol=0.03)


def test_several_masks_of_both_kinds():
    masked = masks(time_masks=2, time_width=4, frequency_masks=2, frequency_width=2)
    rows, columns = masked.all(axis=2), masked.all(axis=1)
    np.testing.assert_array_equal(masked, rows[:, :, None] | columns[:, None])
    assert rows.sum(axis=1).max() in (7, 8)  # both at their greatest, apart
    one = expected_share(8, 2)
    np.testing.assert_allclose(columns.mean(axis=0), 1 - (1 - one) ** 2, atol=0.03)


def test_nothing_behind_the_end_and_widths_in_proportion():
    lengths = jnp.arange(4000) % 20 + 1
    masked = masks(time_masks=1, time_width=20, time_share=0.5, lengths=lengths)
    for length in range(1, 21):
        some = masked[np.asarray(lengths) == length]
        assert not some[:, length:].any()
        widths = some[:, :length].all(axis=2).sum(axis=1)
        assert widths.max() == length // 2


def test_more_channels_than_there_are():
    with pytest.raises(ArgumentError, match="frequency_width is 9, expected 0 to 8, the channels"):
        masks(10, frequency_width=9)
    with pytest.raises(ArgumentError, match="time_share is 2, expected 0 to 1"):
        masks(10, time_share=2)
