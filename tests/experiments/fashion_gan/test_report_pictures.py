"""The pictures of the report, from decisions made up for it."""

import numpy as np
import pyarrow as pa
import pytest

import rules
from experiments.experiment import REPOSITORY
from experiments.fashion_gan import deciding, output, report_pictures
from experiments.fashion_gan.data import Data, Part
from experiments.fashion_gan.deciding import DecidedSamples

RULESET = rules.load(REPOSITORY / "experiments/fashion_gan/quality.rules")
RANDOM = np.random.default_rng(0)


def decided(outcomes, deciders):
    count = len(outcomes)
    return DecidedSamples(
        images=RANDOM.uniform(-1, 1, size=(count, 28, 28, 1)).astype(np.float32),
        seeds=np.arange(count, dtype=np.uint32),
        table=pa.table(
            {
                "outcome": outcomes,
                "rule": deciders,
                "reason": [f"because <{rule}>" for rule in deciders],
                "item": ["bag"] * count,
                "realism": RANDOM.uniform(size=count),
            }
        ),
    )


MIXED = decided(
    ["accept", "reject", "reject", "accept", "reject"],
    ["passes", "unreal", "twin", "passes", "unreal"],
)


def test_what_passed_is_shown_by_kind():
    section = report_pictures.passed(MIXED)
    assert "bag: 2" in section.body and "trouser" not in section.body
    none = decided(["reject"], ["unreal"])
    assert "No sample passed the gate." in report_pictures.passed(none).body


def test_rejected_samples_have_reasons_in_the_order_of_the_rules():
    body = report_pictures.rejected(MIXED, RULESET).body
    assert body.index("The critic sees through it: 2 (40.0%)") < body.index("Too much like")
    assert "because &lt;twin&gt;" in body and "passes" not in body
    every = decided(["accept"], ["passes"])
    assert "Every sample passed." in report_pictures.rejected(every, RULESET).body


@pytest.mark.parametrize("count", [1, 2, 3, 9])
def test_learning_shows_the_last_grid_and_the_first(count):
    grids = {10 * (k + 1): np.full((4, 4), k / 10) for k in range(count)}
    body = report_pictures.learning(grids).body
    assert f"Step {10 * count}" in body and "Step 10<" in body
    assert body.count("<figure>") == 1 + min(count, 3)
    assert "No grids were kept." in report_pictures.learning({}).body


def test_walks_and_neighbours():
    walk = RANDOM.uniform(-1, 1, size=(10, 28, 28, 1)).astype(np.float32)
    assert report_pictures.walks([walk, walk]).body.count("<img") == 2
    assert "Fewer than two" in report_pictures.walks([]).body
    pairs = [(walk[0, ..., 0], walk[1, ..., 0])] * 3
    assert report_pictures.beside(pairs).count("<img") == 3
    assert "No sample passed" in report_pictures.beside([])


def test_neighbours_are_the_nearest_pairs_first():
    part = Part(images=RANDOM.uniform(-1, 1, size=(6, 28, 28, 1)).astype(np.float32), labels=None)
    data = Data(train=part, validation=part, test=part)
    images = np.concatenate([-part.images[:1], part.images[4:5]])
    found = deciding.neighbours(
        decided(["accept"] * 2, ["passes"] * 2)._replace(images=images), data
    )
    np.testing.assert_array_equal(found[0][0], found[0][1])
    np.testing.assert_array_equal(found[0][1], part.images[4, ..., 0])
    assert len(found) == 2
    assert deciding.neighbours(decided(["reject"], ["unreal"]), data) == []


def test_the_summary_tells_what_the_gate_did_to_the_distance():
    figures = {"accepted": 0.4, "real": 0.9, "compared": 2}
    said = output.decision_summary(
        MIXED.table, figures | {"frechet_all": 1.5, "frechet_accepted": 0.75}
    )
    assert "accepts 40.0% of the samples, and 90.0% of real test images" in said
    assert "Frechet distance of 2 samples: 1.500 before the gate, 0.750 after it" in said
    few = output.decision_summary(
        MIXED.table, figures | {"frechet_all": None, "frechet_accepted": None}
    )
    assert "Frechet" not in few
