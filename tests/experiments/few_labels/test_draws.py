import numpy as np
import pytest

from experiments.few_labels import draws
from experiments.few_labels.config import get_config
from experiments.few_labels.report import mean_interval
from research.arguments import ArgumentError
from research.data.datasets.digits import Digits
from research.tasks import Classification
from research.tasks.semi_supervised import SemiSupervised

SCANS = Digits(
    images=np.random.default_rng(0).random((200, 8, 8, 1)).astype(np.float32),
    labels=(np.arange(200) % 10).astype(np.int32),
)
ROWS = np.arange(20, 180)


def test_every_class_has_as_many_labels():
    chosen = draws.drawn(SCANS, ROWS, each=3, draw=0)
    assert np.bincount(SCANS.labels[chosen]).tolist() == [3] * 10
    assert set(chosen) <= set(ROWS)
    np.testing.assert_array_equal(chosen, draws.drawn(SCANS, ROWS, each=3, draw=0))
    assert set(chosen) != set(draws.drawn(SCANS, ROWS, each=3, draw=1))
    with pytest.raises(ArgumentError, match="labels is 17 a class, one has only 16"):
        draws.drawn(SCANS, ROWS, each=17, draw=0)


def test_labels_that_are_not_known_are_not_there():
    labelled = draws.drawn(SCANS, ROWS, each=1, draw=0)
    made = draws.examples(SCANS, ROWS, labelled, repeat=4)
    assert len(made["inputs"]) == 160 + 40
    assert (made["labels"][~made["labelled"]] == 0).all()
    assert made["labelled"].sum() == 40
    np.testing.assert_array_equal(made["inputs"][:160], SCANS.images[ROWS])
    np.testing.assert_array_equal(made["labels"][160:], np.tile(SCANS.labels[labelled], 4))


def test_methods():
    config = get_config()
    assert isinstance(draws.build(config, "supervised"), Classification)
    fixmatch, pseudo = (draws.build(config, name) for name in ("fixmatch", "pseudo_labels"))
    assert isinstance(fixmatch, SemiSupervised) and fixmatch.strong is not None
    assert isinstance(pseudo, SemiSupervised) and pseudo.strong is None
    with pytest.raises(ArgumentError, match="method is 'fix', expected one of fixmatch"):
        draws.build(config, "fix")


def test_intervals_of_means():
    assert mean_interval([0.5]) == (0.5, 0.5, 0.5)
    mean, _, high = mean_interval([0.9, 0.92, 0.94])
    assert mean == pytest.approx(0.92)
    assert high - mean == pytest.approx(4.303 * 0.02 / np.sqrt(3), rel=1e-3)
    assert mean_interval([0.5, 1.0])[1:] == (0.0, 1.0)
