"""SpecAugment: masks over the times and frequencies of spectrograms `[B, T, F]`.

Park et al., "SpecAugment: A Simple Data Augmentation Method for Automatic Speech
Recognition" (2019), without time warping, which they found to matter least.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from research.arguments import require


def spec_augment(
    keys: jax.Array,
    spectrograms: jax.Array,
    *,
    time_masks: int = 2,
    time_width: int = 100,
    time_share: float = 1.0,
    frequency_masks: int = 2,
    frequency_width: int = 27,
    lengths: jax.Array | None = None,
    fill: float = 0.0,
) -> jax.Array:
    """Masks bands of times and of frequencies; the defaults are the paper's policy LD.

    The width of each mask is uniform from 0 to the greatest, then its place is uniform among
    those where it fits. Masks may overlap.

    Args:
        keys: typed PRNG keys `[B]`.
        spectrograms: `[B, T, F]`.
        time_masks: how many, m_T.
        time_width: greatest width in frames, T.
        time_share: greatest width as a share of the length, p.
        frequency_masks: how many, m_F.
        frequency_width: greatest width in channels, F.
        lengths: int `[B]`, where each recording ends; T by default. What is behind is
            neither masked nor counted.
        fill: the value inside the masks: the mean, 0 for normalised spectrograms.

    Returns:
        `[B, T, F]`.

    Raises:
        ArgumentError: when there are more channels to mask than there are.
    """
    times, channels = spectrograms.shape[1:]
    require(
        0 <= frequency_width <= channels,
        f"frequency_width is {frequency_width}, expected 0 to {channels}, the channels",
    )
    require(0 <= time_share <= 1, f"time_share is {time_share}, expected 0 to 1")
    ends = jnp.full(len(keys), times) if lengths is None else lengths

    def one(key: jax.Array, spectrogram: jax.Array, end: jax.Array) -> jax.Array:
        of_times, of_channels = jax.random.split(key)
        longest = jnp.minimum(time_width, jnp.floor(time_share * end).astype(jnp.int32))
        masked_times = _bands(of_times, time_masks, times, end, longest)
        masked_channels = _bands(
            of_channels, frequency_masks, channels, jnp.asarray(channels), frequency_width
        )
        within = jnp.arange(times) < end
        masked = (masked_times[:, None] | masked_channels) & within[:, None]
        return jnp.where(masked, jnp.asarray(fill, spectrogram.dtype), spectrogram)

    return jax.vmap(one)(keys, spectrograms, ends)


def _bands(
    key: jax.Array, count: int, size: int, end: jax.Array, widest: jax.Array | int
) -> jax.Array:
    """Whether any of the `count` random bands below `end` holds a position: bool `[size]`."""
    of_widths, of_places = jax.random.split(key)
    widths = jax.random.randint(of_widths, (count,), 0, jnp.asarray(widest) + 1)
    starts = jax.random.randint(of_places, (count,), 0, end - widths + 1)
    positions = jnp.arange(size)[:, None]
    return ((positions >= starts) & (positions < starts + widths)).any(axis=1)
