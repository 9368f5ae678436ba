import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.arguments import ArgumentError
from research.models.network import Variables
from research.models.random import fold_in
from research.tasks import Objective, Update
from research.training import Stepping
from research.training.step import Step, first_not_finite

POSITIONS = jnp.arange(12, dtype=jnp.int32)
BATCH = {
    "x": np.random.default_rng(0).normal(size=(12, 3)).astype(np.float32),
    "weight": np.arange(1, 13, dtype=np.float32),
}


@dataclasses.dataclass(frozen=True)
class Regression:
    """Weighted least squares of noisy inputs: weights and noise are what can go wrong."""

    optimizer: optax.GradientTransformation = dataclasses.field(
        default_factory=lambda: optax.sgd(0.1)
    )
    noise: float = 0.5
    dtype: str = "float32"

    @property
    def updates(self):
        return (Update(loss=self.loss, optimizer=self.optimizer),)

    def init(self, key):
        return Variables({"w": jax.random.normal(key, (3,)), "b": jnp.zeros(())}, {"seen": 0.0})

    def loss(self, variables, batch, keys):
        noise = jax.vmap(lambda key: jax.random.normal(key, (3,)))(keys)
        x = (batch["x"] + self.noise * noise).astype(self.dtype)
        params = jax.tree.map(lambda leaf: leaf.astype(self.dtype), variables.params)
        error = (x @ params["w"] + params["b"] - 1).astype(jnp.float32)
        loss = (batch["weight"] * error**2).sum()
        weight = batch["weight"].sum()
        seen = {"seen": variables.statistics["seen"] + weight}
        return Objective(loss, weight, {"loss": loss}, seen)


def stepped(options=None, task=None, batch=BATCH, steps=1, change=lambda state: state):
    step = Step(task or Regression(), options or Stepping())
    state = change(step.init(0))
    for _ in range(steps):
        state, metrics = jax.jit(step)(state, batch, POSITIONS)
    return state, metrics


def test_a_step_is_the_weighted_mean_gradient():
    state, metrics = stepped(task=Regression(noise=0.0))
    before = Step(Regression()).init(0).variables.params
    x, weight = BATCH["x"].astype(np.float64), BATCH["weight"] / BATCH["weight"].sum()
    error = x @ np.asarray(before["w"], np.float64) - 1
    gradient = 2 * (weight * error) @ x
    np.testing.assert_allclose(state.variables.params["w"], before["w"] - 0.1 * gradient, rtol=1e-5)
    assert float(metrics["loss"]) == pytest.approx(float((weight * error**2).sum()), rel=1e-5)
    norm = np.sqrt((gradient**2).sum() + (2 * (weight * error).sum()) ** 2)
    assert float(metrics["gradient_norm"]) == pytest.approx(norm, rel=1e-5)
    assert int(state.step) == 1


@pytest.mark.parametrize("parts", [2, 3, 6, 12])
def test_accumulation_equals_the_whole_batch(parts):
    whole, metrics = stepped(steps=5)
    pieces, same = stepped(Stepping(accumulate=parts), steps=5)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-5), whole, pieces)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-5), metrics, same)


@given(st.permutations(range(12)))
def test_noise_belongs_to_the_position_in_the_batch(order):
    step, order = Step(Regression()), np.array(order)
    shuffled = jax.tree.map(lambda leaf: leaf[order], BATCH)
    plain, _ = step(step.init(0), BATCH, POSITIONS)
    moved, _ = step(step.init(0), shuffled, POSITIONS[order])
    np.testing.assert_allclose(
        plain.variables.params["w"], moved.variables.params["w"], rtol=1e-4, atol=1e-6
    )


def test_another_step_and_another_seed_draw_other_noise():
    step = Step(Regression())
    state = step.init(0)
    losses = {
        float(step(start, BATCH, POSITIONS)[1]["loss"])
        for start in (
            state,
            state._replace(step=jnp.int32(1)),
            state._replace(seed=jnp.uint32(1)),
        )
    }
    assert len(losses) == 3


def test_the_average_follows_the_parameters():
    state, _ = stepped(Stepping(ema=0.5), steps=1)
    first = Step(Regression()).init(0).variables.params
    decay = 1 / 10  # the warm-up of the decay at step 0
    expected = jax.tree.map(
        lambda old, new: decay * old + (1 - decay) * new, first, state.variables.params
    )
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5), state.average, expected)
    assert state.evaluated.params is state.average
    assert stepped()[0].average is None


def poisoned(value):
    return {**BATCH, "x": np.where(np.arange(36).reshape(12, 3) == 17, value, BATCH["x"])}


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
def test_the_guard_stops_before_the_update(value):
    start = Step(Regression()).init(0)
    state, _ = stepped(batch=poisoned(np.float32(value)), steps=3)
    assert int(state.health.bad_step) == 0 == int(state.step)
    jax.tree.map(np.testing.assert_array_equal, state.variables, start.variables)


def test_the_guard_skips_the_update_and_goes_on():
    options = Stepping(guard="skip", ema=0.9)
    step = jax.jit(Step(Regression(), options))
    state = Step(Regression(), options).init(0)
    good, _ = step(state, BATCH, POSITIONS)
    skipped, _ = step(good, poisoned(np.float32(np.nan)), POSITIONS)
    assert int(skipped.step) == 2
    assert (int(skipped.health.skipped), int(skipped.health.in_a_row)) == (1, 1)
    for name in ("variables", "optimizer", "average"):
        jax.tree.map(np.testing.assert_array_equal, getattr(good, name), getattr(skipped, name))
    after, _ = step(skipped, BATCH, POSITIONS)
    assert (int(after.health.in_a_row), int(after.health.bad_step)) == (0, -1)
    assert not np.array_equal(after.variables.params["w"], good.variables.params["w"])


def test_too_many_skips_in_a_row_stop():
    state, _ = stepped(Stepping(guard="skip", skips=3), batch=poisoned(np.float32(np.nan)), steps=8)
    assert (int(state.health.bad_step), int(state.step)) == (3, 3)


def test_without_a_guard_everything_is_lost():
    state, _ = stepped(Stepping(guard="off"), batch=poisoned(np.float32(np.nan)), steps=2)
    assert int(state.step) == 2
    assert np.isnan(state.variables.params["w"]).any()


def test_a_fixed_scale_skips_for_ever_without_a_guard():
    options = Stepping(guard="off", loss_scale=8.0)
    state, _ = stepped(options, batch=poisoned(np.float32(np.nan)), steps=30)
    assert (int(state.health.bad_step), int(state.health.skipped)) == (-1, 30)
    assert np.isfinite(state.variables.params["w"]).all()


def test_an_explosion_is_a_bad_step():
    options = Stepping(explosion=10.0)
    calm, _ = stepped(options, steps=5)
    assert int(calm.health.bad_step) == -1
    step = jax.jit(Step(Regression(), options))
    exploded, metrics = step(calm, poisoned(np.float32(1e4)), POSITIONS)
    assert float(metrics["loss"]) > 10 * float(calm.health.loss)
    assert int(exploded.health.bad_step) == 5
    tolerant, _ = jax.jit(Step(Regression()))(calm, poisoned(np.float32(1e4)), POSITIONS)
    assert int(tolerant.health.bad_step) == -1


def test_loss_scaling_changes_nothing_in_float32():
    plain, metrics = stepped(steps=3)
    for scale in ("dynamic", 128.0):
        scaled, same = stepped(Stepping(loss_scale=scale), steps=3)
        np.testing.assert_allclose(
            plain.variables.params["w"], scaled.variables.params["w"], rtol=1e-6
        )
        assert float(same["loss"]) == pytest.approx(float(metrics["loss"]), rel=1e-6)


def test_float16_gradients_vanish_without_scaling():
    task = Regression(dtype="float16", noise=0.0, optimizer=optax.sgd(1e6))
    tiny = {"x": BATCH["x"] * np.float32(1e-4), "weight": BATCH["weight"] * np.float32(1e-5)}
    start = Step(task).init(0).variables.params["w"]
    plain, _ = stepped(Stepping(), task, tiny)
    scaled, _ = stepped(Stepping(loss_scale=1024.0), task, tiny)
    exact, _ = stepped(Stepping(), dataclasses.replace(task, dtype="float32"), tiny)
    moved = exact.variables.params["w"] - start
    error = [np.abs(s.variables.params["w"] - start - moved).max() for s in (plain, scaled)]
    assert error[1] < error[0] / 4


def test_a_scale_that_is_too_large_is_halved_and_the_step_not_made():
    step = Step(Regression(dtype="float16", noise=0.0), Stepping(loss_scale="dynamic"))
    state = step.init(0)
    state = state._replace(scale=state.scale._replace(factor=jnp.float32(2.0**24)))
    state, _ = jax.jit(step)(state, BATCH, POSITIONS)
    assert float(state.scale.factor) == 2.0**23
    assert (int(state.health.bad_step), int(state.health.skipped)) == (-1, 1)
    jax.tree.map(np.testing.assert_array_equal, state.variables, step.init(0).variables)


def test_a_scale_that_was_right_for_long_is_doubled():
    step = Step(Regression(), Stepping(loss_scale="dynamic"))
    state = step.init(0)
    state = state._replace(scale=state.scale._replace(good_steps=jnp.int32(1999)))
    state, _ = step(state, BATCH, POSITIONS)
    assert (float(state.scale.factor), int(state.scale.good_steps)) == (2.0**16, 0)


@dataclasses.dataclass(frozen=True)
class Duel:
    """Two players on a product: the second moves after it has seen the first move."""

    repeat: int = 1

    @property
    def updates(self):
        return (
            Update(loss=self.first, optimizer=optax.sgd(0.5), part="a", repeat=self.repeat),
            Update(loss=self.second, optimizer=optax.adam(0.1), part="b"),
        )

    def init(self, key):
        return Variables({"a": {"v": jnp.float32(1.0)}, "b": {"v": jnp.float32(2.0)}}, {})

    def first(self, variables, batch, keys):
        product = variables.params["a"]["v"] * variables.params["b"]["v"]
        return Objective(12 * product, jnp.float32(12), {"product": 12 * product}, {})

    def second(self, variables, batch, keys):
        product = variables.params["a"]["v"] * variables.params["b"]["v"]
        noise = jax.vmap(jax.random.normal)(fold_in(keys, 1)).sum()
        return Objective(-12 * product, jnp.float32(12), {"noise": noise}, {})


def test_updates_are_made_in_order_each_on_its_part():
    step = Step(Duel())
    state, metrics = step(step.init(0), BATCH, POSITIONS)
    # a: 1 - .5 * b = 0, so the second player's gradient -a is 0 and Adam stays.
    assert float(state.variables.params["a"]["v"]) == 0.0
    assert float(state.variables.params["b"]["v"]) == 2.0
    assert float(metrics["a_gradient_norm"]) == 2.0 and float(metrics["b_gradient_norm"]) == 0.0
    assert {"product", "noise"} < set(metrics)


def test_an_update_may_be_repeated():
    step = Step(Duel(repeat=3))
    state, _ = step(step.init(0), BATCH, POSITIONS)
    assert float(state.variables.params["a"]["v"]) == -2.0


def test_learning_rates_are_reported_where_the_optimizer_tells_them():
    from research.training.optimizers import optimizer

    task = Regression(optimizer=optimizer("sgd", learning_rate=0.25))
    assert float(stepped(task=task)[1]["learning_rate"]) == 0.25
    assert "learning_rate" not in stepped()[1]


def test_the_first_leaf_that_is_not_finite():
    tree = {"a": {"b": jnp.ones(2)}, "c": {"d": jnp.array([1.0, jnp.nan]), "n": jnp.int32(1)}}
    assert first_not_finite(tree) == "c/d"
    assert first_not_finite({"a": jnp.ones(3)}) is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"accumulate": 0}, "accumulate is 0, expected 1 or more"),
        ({"ema": 1.0}, "ema is 1.0, expected None or 0 < ema < 1"),
        ({"loss_scale": "big"}, "loss_scale is 'big', expected None, 'dynamic'"),
        ({"guard": "halt"}, "guard is 'halt', expected stop, skip or off"),
        ({"explosion": 0.5}, "explosion is 0.5, expected None or more than 1"),
        ({"skips": 0}, "skips is 0"),
    ],
)
def test_options_that_cannot_be_used(options, message):
    with pytest.raises(ArgumentError, match=message):
        Stepping(**options)
