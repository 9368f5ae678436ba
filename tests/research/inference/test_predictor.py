from types import SimpleNamespace
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from research.arguments import ArgumentError
from research.inference import Calibration, DecisionProgram, Predictor, load_decider, recode
from research.inference.predictor import in_batches
from research.models import MLP, Network
from research.tasks import Classification


class Verdict(NamedTuple):
    outcome: jax.Array
    rule: jax.Array


class Threshold:
    """The smallest decider there can be: research needs nothing of the rule engine."""

    sha256, outcomes, rules = "0" * 64, ("no", "yes"), ("above",)
    inputs: ClassVar = {
        "p": SimpleNamespace(),
        "colour": SimpleNamespace(members=("red", "blue", "green")),
    }

    def __call__(self, columns):
        yes = (columns["p"] > 0.5) & (columns["colour"] != -1)
        return Verdict(yes.astype(jnp.int32), jnp.where(yes, 0, -1))

    def reasons(self, columns, decisions):
        return ["because"] * len(decisions.outcome)


@pytest.fixture
def predictor():
    network = Network.from_nnx(lambda rngs: MLP(2, hidden=(4,), outputs=2, rngs=rngs))
    return Predictor(
        task=Classification(network=network, optimizer=optax.sgd(0.1)),
        variables=network.init(jax.random.key(0)),
        prepare=lambda columns: jnp.stack([columns["x"], columns["y"]], axis=-1),
        calibration=Calibration(scale=0.5),
        step=7,
    )


@pytest.fixture
def program(predictor):
    decider = Threshold()

    def present(predictions, columns):
        named = recode(columns, {"colour": ("green", "red")}, decider)
        return {**named, "p": predictions["probabilities"][:, 1]}

    return DecisionProgram(predictor=predictor, decider=decider, present=present)


def cases(count):
    random = np.random.default_rng(count)
    x, y = random.normal(size=(2, count)).astype(np.float32)
    return {"x": x, "y": y, "colour": random.integers(-1, 2, count).astype(np.int32)}


@pytest.mark.parametrize("count", [0, 1, 2, 3, 8, 100, 8192, 20_000])
def test_any_number_of_cases(program, count):
    columns = cases(count)
    decided = program(columns)
    assert decided.predictions["probabilities"].shape == (count, 2)
    assert decided.decisions.outcome.shape == (count,)
    np.testing.assert_array_equal(
        decided.decisions.outcome == 1, (decided.seen["p"] > 0.5) & (columns["colour"] != -1)
    )


def test_batching_changes_no_prediction(predictor):
    columns = cases(100)
    whole = predictor(columns)["probabilities"]
    single = [predictor({k: v[i : i + 1] for k, v in columns.items()}) for i in range(5)]
    np.testing.assert_allclose(
        np.concatenate([one["probabilities"] for one in single]), whole[:5], rtol=1e-5
    )


def test_few_shapes_are_compiled():
    shapes = set()

    def function(columns):
        shapes.add(columns["x"].shape)
        return columns["x"]

    for count in range(1, 300):
        array = np.arange(count)
        np.testing.assert_array_equal(in_batches(function, {"x": array}), array)
    assert shapes == {(1 << power,) for power in range(10)}


@pytest.mark.parametrize(("side", "rows"), [(28, 1024), (32, 512), (600, 2), (2000, 1)])
def test_large_cases_go_in_fewer_at_a_time(side, rows):
    shapes = set()

    def function(columns):
        shapes.add(columns["images"].shape[0])
        return columns["index"]

    index = np.arange(2 * rows + 1, dtype=np.int32)
    images = np.broadcast_to(np.uint8(0), (len(index), side, side))
    np.testing.assert_array_equal(in_batches(function, {"images": images, "index": index}), index)
    assert shapes == {rows}


def test_model_and_decider_are_one_program(program):
    columns = {name: jnp.asarray(array) for name, array in cases(4).items()}
    lowered = jax.jit(program.run).lower(program.predictor.variables, columns)
    assert lowered.as_text().count("func.func public") == 1


def test_calibration_is_applied(predictor):
    outputs = predictor(cases(10))
    np.testing.assert_allclose(
        outputs["probabilities"], jax.nn.softmax(outputs["logits"] * 0.5), rtol=1e-6
    )


def test_recode_follows_names_not_codes():
    codes = np.array([0, 1, -1, -5], np.int32)  # green, red, missing, missing
    named = recode({"colour": codes, "other": codes}, {"colour": ("green", "red")}, Threshold())
    assert named["colour"].tolist() == [2, 0, -1, -1]
    assert "other" not in named


def test_recode_refuses_what_the_rules_do_not_know():
    with pytest.raises(ValueError, match=r"colour can be black, which the rules don't list \(red"):
        recode({"colour": np.zeros(1)}, {"colour": ("red", "black")}, Threshold())


def test_recode_refuses_a_category_for_a_number():
    with pytest.raises(ValueError, match="p is categorical .* declare input p: {low, high}"):
        recode({"p": np.zeros(1)}, {"p": ("low", "high")}, Threshold())


def test_deciders_are_found_by_entry_point(monkeypatch, tmp_path):
    calls = []
    point = SimpleNamespace(name="mine", load=lambda: lambda path, **o: calls.append((path, o)))
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [point])
    load_decider(tmp_path / "policy.txt", plugin="mine", strict=True)
    assert calls == [(tmp_path / "policy.txt", {"strict": True})]
    with pytest.raises(LookupError, match=r"no decider plug-in named 'rules' .* \(found: mine\)"):
        load_decider("policy.rules")


def test_columns_must_fit_each_other(predictor):
    with pytest.raises(ArgumentError, match=r"differ in their number of cases: {'x': 5, 'y': 3}"):
        predictor({"x": np.zeros(5), "y": np.zeros(3)})
    with pytest.raises(ArgumentError, match="found no columns"):
        predictor({})
