"""Our networks and the plain ones train alike, at tiny size; every row's contestants exist."""

import importlib

import numpy as np
import pytest

from benchmarks.models import accuracy, curves, start, training

TINY = {
    "cnn": {"batch": 4, "side": 8, "channels": (3, 4), "hidden": 5},
    "dcgan": {"batch": 4, "side": 8, "up": (8, 4), "down": (4, 6), "latent": 3},
    "mlp": {"batch": 4, "features": 3, "hidden": (5, 4)},
    "rnn": {"batch": 4, "cell": "rnn", "layers": 2, "length": 5, "features": 3, "hidden": 6},
    "lstm": {"batch": 4, "cell": "lstm", "length": 5, "features": 3, "hidden": 6},
    "gru": {"batch": 4, "cell": "gru", "length": 5, "features": 3, "hidden": 6},
    "transformer": {
        "batch": 4,
        "layers": 1,
        "width": 8,
        "heads": 2,
        "length": 6,
        "vocabulary": 7,
    },
}
MODULES = {"rnn": "recurrent", "lstm": "recurrent", "gru": "recurrent"}


def answers(network, form, **options):
    module = importlib.import_module(f"benchmarks.models.{MODULES.get(network, network)}")
    return getattr(module, form)(**TINY[network], **options).answer()


SLOW = ("cnn", "dcgan", "transformer")  # to compile


@pytest.mark.parametrize("network", [n for n in TINY if n not in SLOW])
def test_ours_and_the_plain_form_are_the_same_training(network):
    ours, plain = (answers(network, form, losses=2) for form in ("ours", "plain"))
    assert plain["parameters"] == ours["parameters"]
    np.testing.assert_allclose(plain["losses"], ours["losses"], rtol=1e-4)
    assert ours["losses"][0] != ours["losses"][1]  # it moves


@pytest.mark.slow
@pytest.mark.parametrize("network", SLOW)
def test_a_step_of_ours_is_finite_and_the_plain_form_has_as_many_parameters(network):
    ours, plain = answers(network, "ours", losses=1), answers(network, "plain", losses=0)
    assert plain["parameters"] == ours["parameters"]
    assert np.isfinite(ours["losses"]).all()


def test_steps_of_a_dispatch_are_the_steps_one_by_one():
    single = answers("mlp", "plain", losses=4)["losses"]
    for form in ("ours", "plain"):
        pairs = answers("mlp", form, losses=2, count=2)["losses"]
        np.testing.assert_allclose(pairs, np.reshape(single, (2, 2)).mean(1), rtol=1e-5)


def test_weights_depend_on_the_path_and_have_the_variance_of_the_inputs():
    first = start.weight("layers/0/kernel", (3, 3, 32, 64))
    assert np.array_equal(first, start.weight("layers/0/kernel", (3, 3, 32, 64)))
    assert not np.array_equal(first, start.weight("layers/1/kernel", (3, 3, 32, 64)))
    np.testing.assert_allclose(first.var() * 3 * 3 * 32, 1, rtol=0.05)
    assert not start.weight("layers/0/bias", (4,)).any()
    assert start.weight("norm/scale", (4,)).all()


@pytest.mark.parametrize("group", [training, curves, accuracy])
def test_entries_of_our_environment_exist(group):
    rows = group.rows()
    assert len({row.name for row in rows}) == len(rows)
    for row in rows:
        for contestant in row.contestants:
            if contestant.environment == "ours":
                module, function = contestant.entry.split(":")
                assert callable(getattr(importlib.import_module(module), function))
