"""The gate: samples in one program from noise to decision, and what that came to."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import jax
import jax.numpy as jnp
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

import rules
from experiments.decisions import Program, decisions_table
from experiments.fashion_gan.data import CLASSES, Data
from experiments.fashion_gan.evaluation import features_of
from experiments.fashion_gan.inspection import Inspection, limits, measured_in_trays, thumbnails
from experiments.fashion_gan.judge import Judge
from experiments.fashion_gan.trays import in_trays
from research.inference import Decided, Predictor
from research.tasks import Adversarial
from research.tasks.sample_quality import frechet_distance, nearest
from rules import Ruleset

Images = NDArray[np.float32]

_SCORES = 1001  # quantiles of the critic's scores that are kept
_SHOWN = 8  # samples whose nearest training image is looked up


class DecidedSamples(NamedTuple):
    """Samples with their decisions.

    Attributes:
        images: `[N, 28, 28, 1]`, -1 to 1.
        seeds: that made them, `[N]`.
        table: one row per sample, see `Gate.decide`.
    """

    images: Images
    seeds: NDArray[np.uint32]
    table: pa.Table

    @property
    def accepted(self) -> NDArray[np.bool_]:
        """Whether each passed the gate, `[N]`."""
        return np.array([outcome == "accept" for outcome in self.table["outcome"].to_pylist()])


@dataclasses.dataclass(frozen=True, kw_only=True)
class Gate:
    """Decides tray by tray; a tray's images are compared with each other.

    Attributes:
        program: from seeds to decisions.
        inspection: what it measures.
    """

    program: Program
    inspection: Inspection

    def decide(
        self, seeds: NDArray[np.uint32], *, names: Sequence[str] | None = None
    ) -> DecidedSamples:
        """Makes the samples of some seeds `[N]` and decides on them, in this order.

        The table has `seed`, `item` and what the rules saw, beside what every table of
        decisions has.
        """
        decided: Decided = in_trays(self.program, {"seed": seeds})
        seen = decided.seen
        shown = {
            "seed": seeds,
            "item": np.array(CLASSES)[seen["item"]],
            **{name: array for name, array in seen.items() if name != "item"},
        }
        cases = [f"sample-{seed}" for seed in seeds] if names is None else names
        return DecidedSamples(
            images=decided.predictions["images"],
            seeds=seeds,
            table=decisions_table(cases, shown, decided, self.program),
        )

    def of_real(self, images: Images) -> float:
        """The share of real images `[N, 28, 28, 1]` that would pass the gate."""
        predictor, decider = self.program.predictor, self.program.decider
        task = cast(Adversarial, predictor.task)

        @jax.jit
        def outcome(columns: Any) -> Any:
            logits = task.discriminate(predictor.variables, columns["images"])
            return decider(self.inspection.present(columns["images"], logits, decider)).outcome

        outcomes = in_trays(outcome, {"images": images})
        return float((outcomes == decider.outcomes.index("accept")).mean())


def build(
    predictor: Predictor,
    ruleset: Ruleset,
    judge: Judge,
    data: Data,
    *,
    enough: float,
    strictness: float,
) -> Gate:
    """Compiles model, judge and rules, their limits set by held-out real garments.

    Args:
        predictor: of the GAN.
        ruleset: `quality.rules`, or one with the same params.
        judge: who looks at the samples.
        data: real garments: those for training may have been copied, those for validation
            tell what is usual.
        enough: confidence that the judge must have.
        strictness: share of the real garments that would be rejected for each other limit.

    Raises:
        TypeError, ValueError: when the rules don't fit.
    """
    task = cast(Adversarial, predictor.task)
    real = data.validation.images
    discriminate = jax.jit(functools.partial(task.discriminate, predictor.variables))
    logits = in_trays(lambda columns: discriminate(columns["images"]), {"images": real})
    scores = np.quantile(logits, np.linspace(0, 1, _SCORES))
    inspection = Inspection(
        judge=judge,
        training=jnp.asarray(thumbnails(data.train.images)),
        scores=jnp.asarray(scores, jnp.float32),
    )
    measured = measured_in_trays(inspection, real, logits)
    values = {"enough": enough, **limits(measured, strictness=strictness)}
    decider = rules.compile(rules.with_params(ruleset, values), fired=True, derived=("good",))
    program = Program(
        predictor=predictor,
        decider=decider,
        present=lambda predictions, columns: inspection.present(
            predictions["images"], predictions["logits"], decider
        ),
    )
    program.check({"seed": np.zeros(1, np.uint32)})
    return Gate(program=program, inspection=inspection)


def compare(decided: DecidedSamples, real: float, data: Data, judge: Judge) -> dict[str, Any]:
    """What the gate did to the samples.

    Args:
        decided: all samples.
        real: share of real garments that pass it.
        data: real garments.
        judge: gives the features.

    Returns:
        Plain data: `accepted` and `real`, the shares that pass; `frechet_all` and
        `frechet_accepted`, of as many samples each beside as many test images (None where
        fewer than two pass); `compared`, how many that are.
    """
    features = features_of(judge)(decided.images)
    accepted = decided.accepted
    count = int(accepted.sum())
    reference = features_of(judge)(data.test.images[:count]) if count > 1 else None
    return {
        "accepted": float(accepted.mean()),
        "real": real,
        "compared": count,
        "frechet_all": (
            None if reference is None else frechet_distance(features[:count], reference)
        ),
        "frechet_accepted": (
            None if reference is None else frechet_distance(features[accepted], reference)
        ),
    }


def neighbours(decided: DecidedSamples, data: Data) -> list[tuple[Images, Images]]:
    """Accepted samples with their nearest training images `[28, 28]`, the nearest pairs first."""
    samples = decided.images[decided.accepted]
    if not len(samples):
        return []
    found, positions = nearest(thumbnails(samples), thumbnails(data.train.images))
    return [
        (samples[row, ..., 0], data.train.images[positions[row], ..., 0])
        for row in np.argsort(found)[:_SHOWN]
    ]
