"""Numbers of 13 digits with a check digit, written with real scans, and how they are read."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from rules.engines.xla import CompiledRuleset

PLACES = 13
_WEIGHTS = np.array([1, 3] * 6 + [1])


@dataclasses.dataclass(frozen=True, kw_only=True)
class Numbers:
    """Numbers composed of scans.

    Attributes:
        digits: what is written, int32 `[S, 13]`; every number passes the check.
        scans: positions in the digits' images, int32 `[S, 13]`.
    """

    digits: np.ndarray
    scans: np.ndarray


def compose(labels: np.ndarray, candidates: np.ndarray, *, count: int, seed: int) -> Numbers:
    """Writes random valid numbers, each digit by a random scan of it.

    Args:
        labels: the digit on every scan, int32 `[N]`.
        candidates: positions of the scans to use (of the held-out part).
        count: how many numbers.
        seed: of both draws.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    digits = random.integers(0, 10, (count, PLACES))
    digits[:, :3] = 9, 7, 8
    digits[:, -1] = -(digits[:, :-1] @ _WEIGHTS[:-1]) % 10
    scans = np.empty_like(digits)
    for digit in range(10):
        written = digits == digit
        of_digit = candidates[labels[candidates] == digit]
        scans[written] = random.choice(of_digit, written.sum())
    return Numbers(digits=digits.astype(np.int32), scans=scans.astype(np.int32))


def present(probabilities: jax.Array, decider: CompiledRuleset) -> dict[str, jax.Array]:
    """What the rules see of a number.

    All numbers that differ from the reading in one place (117 of them) are put to the
    decider's own check, `valid`; so the check digit's arithmetic stands in the rules only.

    Args:
        probabilities: of the ten digits in each place, `[B, 13, 10]`.
        decider: compiled with the derived truth `valid`.

    Returns:
        The decider's inputs `[B]`, and the best correction: `repair_place` int32 `[B]`,
        `repair_digit` int32 `[B]`.
    """
    read = probabilities.argmax(-1).astype(jnp.int32)
    confidence = probabilities.max(-1)
    alternatives = _substitutions(read)
    valid = decider(_named(alternatives)).derived["valid"] == 1
    # Reading the digit as itself is no correction.
    odds = jnp.where(valid & ~jax.nn.one_hot(read, 10, dtype=bool), probabilities, 0.0)
    odds = (odds / confidence[..., None]).reshape(*read.shape[:-1], PLACES * 10)
    (best, second), (place, _) = (jnp.moveaxis(part, -1, 0) for part in jax.lax.top_k(odds, 2))
    return {
        **_named(read),
        "weakest": confidence.min(-1),
        "repair_odds": best,
        "rival_odds": second,
        "repair_place": place // 10,
        "repair_digit": place % 10,
    }


def _substitutions(read: jax.Array) -> jax.Array:
    """`[B, 13]` to `[B, 13, 10, 13]`: entry (i, v) has digit v in place i."""
    here = jnp.eye(PLACES, dtype=bool)[:, None, :]
    values = jnp.arange(10, dtype=jnp.int32)[None, :, None]
    return jnp.where(here, values, read[:, None, None, :])


def _named(digits: jax.Array) -> dict[str, jax.Array]:
    """Places as the rules name them; what only a whole reading has is missing."""
    missing = jnp.full(digits.shape[:-1], jnp.nan, jnp.float32)
    places = {f"d{place + 1}": digits[..., place] for place in range(PLACES)}
    return {**places, "weakest": missing, "repair_odds": missing, "rival_odds": missing}


def corrected(seen: Mapping[str, Any], repaired: np.ndarray) -> np.ndarray:
    """The readings `[N, 13]` after carrying out the repairs that the rules decided on.

    Args:
        seen: as returned by `present`, on the host.
        repaired: whether to repair, bool `[N]`.
    """
    digits = as_read(seen)
    rows = np.flatnonzero(repaired)
    digits[rows, seen["repair_place"][rows]] = seen["repair_digit"][rows]
    return digits


def as_read(seen: Mapping[str, Any]) -> np.ndarray:
    """The readings, int32 `[N, 13]`, of what `present` returned."""
    return np.stack([seen[f"d{place + 1}"] for place in range(PLACES)], axis=1)


def as_text(digits: np.ndarray) -> list[str]:
    """Digits `[N, 13]` as strings."""
    return ["".join(map(str, row)) for row in digits]
