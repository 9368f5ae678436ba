import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from research.arguments import ArgumentError
from research.training.optimizers import Optimizer, adamw, optimizer
from research.training.optimizers.methods import METHODS
from tests.research.training.optimizers import references
from tests.research.training.optimizers.problems import PROBLEMS, START, flat, nested

STEPS = 80
COSINE = {"name": "cosine", "warmup": 5}
# Learning rates (quadratic, logistic) and schedules. The papers' forms of momentum are the
# optimizers' only at a constant rate.
CASES = {
    "gradient_descent": (0.015, 0.2, "constant", {}),
    "sgd": (0.015, 0.2, COSINE, {}),
    "momentum": (0.01, 0.1, "constant", {"momentum": 0.8}),
    "nesterov": (0.005, 0.1, "constant", {}),
    "adagrad": (0.5, 0.5, COSINE, {"initial": 0.01}),
    "rmsprop": (0.05, 0.05, COSINE, {"decay": 0.95}),
    "adam": (0.1, 0.1, COSINE, {"b2": 0.98}),
    "adamw": (0.1, 0.1, COSINE, {}),
    "lion": (0.1, 0.05, COSINE, {"b1": 0.95, "b2": 0.98}),
    "adafactor": (0.1, 0.1, COSINE, {"factored_from": 2}),
    "muon": (0.4, 0.15, COSINE, {}),
}
MORE_OPTIONS = {
    "adafactor": {"factored_from": 128, "parameter_scale": False, "clip_rms": 1.5},
    "muon": {"rms": None, "momentum": 0.9},
}


def paths(tree):
    return {
        jax.tree_util.keystr(path, simple=True, separator="/"): leaf
        for path, leaf in jax.tree_util.tree_leaves_with_path(tree)
    }


def rate_at(step, peak, schedule):
    if schedule == "constant":
        return peak
    if step < 5:
        return peak * step / 5
    return peak * 0.5 * (1 + np.cos(np.pi * (step - 5) / (STEPS - 5)))


def trajectory(transformation, loss, dtype):
    params = nested({path: jnp.asarray(array, dtype) for path, array in START.items()})
    state = transformation.init(params)

    @jax.jit
    def step(params, state):
        gradient = jax.grad(lambda params: loss(flat(params)))(params)
        updates, state = transformation.update(gradient, state, params)
        return optax.apply_updates(params, updates), state

    for _ in range(STEPS):
        params, state = step(params, state)
        yield flat(params)


def assert_follows(name, problem, options, *, dtype, tolerance, **settings):
    loss, gradient = PROBLEMS[problem]
    peak = CASES[name][0 if problem == "quadratic" else 1] * settings.pop("slower", 1.0)
    schedule = settings.pop("schedule", CASES[name][2])
    ours = optimizer(
        name,
        learning_rate=peak,
        steps=STEPS,
        schedule=schedule,
        weight_decay=settings.get("decay", 0.0),
        clip=settings.get("clip"),
        multipliers=[(f"{path}$", factor) for path, factor in settings.get("factors", ())],
        **options,
    )
    rates = [rate_at(step, peak, schedule) for step in range(STEPS)]
    expected = references.train(name, START, gradient, rates, options=options, **settings)
    for step, (theirs, mine) in enumerate(
        zip(expected, trajectory(ours, loss, dtype), strict=True)
    ):
        for path, array in theirs.items():
            assert mine[path].dtype == dtype
            np.testing.assert_allclose(
                mine[path], array, rtol=tolerance, atol=tolerance, err_msg=f"step {step}: {path}"
            )
    return float(loss(mine))


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("name", METHODS)
def test_follows_its_paper_and_converges(name, problem):
    loss = assert_follows(name, problem, CASES[name][3], dtype=jnp.float32, tolerance=1e-4)
    first = float(PROBLEMS[problem][0]({path: jnp.asarray(a) for path, a in START.items()}))
    assert loss < (0.02 if problem == "quadratic" else 0.6) * first


@pytest.mark.parametrize("name", METHODS)
def test_follows_its_paper_in_float64_with_everything_on(name):
    # Slower, because what bounces around the optimum doubles every rounding error. Optax
    # computes adafactor's decay in float32 whatever the dtype.
    tolerance = 1e-6 if name == "adafactor" else 1e-9
    with jax.enable_x64(True):
        for options in ({}, MORE_OPTIONS.get(name)):
            if options is not None:
                assert_follows(
                    name, "quadratic", options, dtype=jnp.float64, tolerance=tolerance,
                    schedule="constant", slower=0.1, decay=0.01, clip=30.0,
                    factors=[("dense/bias", 0.3)],
                )  # fmt: skip


@pytest.mark.parametrize(
    ("shape", "rms", "scale"),
    [((32, 8), 0.2, 0.2 * np.sqrt(32)), ((8, 32), 0.2, 0.2 * np.sqrt(32)), ((8, 32), None, 2.0)],
)
def test_muon_makes_the_singular_values_alike(shape, rms, scale):
    gradient = np.random.default_rng(0).normal(size=shape) * np.geomspace(0.03, 1, shape[1])
    left, before, right = np.linalg.svd(gradient, full_matrices=False)
    params = {"kernel": jnp.zeros(shape)}
    ours = optimizer("muon", learning_rate=1.0, rms=rms)
    updates, _ = jax.jit(ours.update)({"kernel": jnp.asarray(gradient)}, ours.init(params), params)
    after = left.T @ -np.asarray(updates["kernel"]) @ right.T / scale
    assert before[0] / before[-1] > 4
    assert ((np.diag(after) > 0.6) & (np.diag(after) < 1.25)).all()
    np.testing.assert_allclose(after - np.diag(np.diag(after)), 0, atol=1e-4)


def test_muon_moves_only_the_matrices_that_are_not_excluded():
    params = {
        "embedding": jnp.ones((6, 4)),
        "conv": {"kernel": jnp.ones((3, 3, 2, 2))},
        "dense": {"kernel": jnp.ones((4, 4)), "bias": jnp.ones(4)},
    }
    state = optimizer("muon", learning_rate=1.0, excluded=["^embedding$"]).init(params)
    first, second = (
        optax.tree.get(state, name, filtering=lambda path, _: True) for name in ("nu", "ns_coeffs")
    )
    assert set(paths(first)) == {"embedding", "conv/kernel", "dense/bias"}
    assert second.shape == (3,)
    with pytest.raises(ArgumentError, match="excluded: 'embeding' is found in no parameter path"):
        optimizer("muon", learning_rate=1.0, excluded=["embeding"]).init(params)


SETTINGS = {
    "plain": {},
    "all": {"frozen": ["^head/"], "weight_decay": 0.1, "clip": 1.0, "multipliers": [("bias", 2.0)]},
}


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("name", METHODS)
def test_state_leaves_are_found_by_the_parameters_paths(name, settings):
    """What sharding rules rely on: a moment's path ends with its parameter's."""
    params = {
        "layers": {"0": {"kernel": jnp.ones((256, 128)), "bias": jnp.ones(128)}},
        "head": {"kernel": jnp.ones((128, 4))},
    }
    shapes = {path: leaf.shape for path, leaf in paths(params).items()}
    state = jax.eval_shape(optimizer(name, learning_rate=0.1, **SETTINGS[settings]).init, params)
    others = []
    for path, leaf in paths(state).items():
        owner = next((known for known in shapes if path.endswith(f"/{known}")), None)
        assert settings == "plain" or owner != "head/kernel"
        if leaf.ndim > 0 and (owner is None or leaf.shape != shapes[owner]):
            others.append(leaf.shape)
    if name == "muon":
        assert others == [(3,)]
    elif name == "adafactor":
        assert sorted(set(others)) == [(1,), (128,), (256,)]
    else:
        assert others == []


@pytest.mark.parametrize("name", METHODS)
def test_the_same_on_sharded_parameters(name):
    mesh = jax.make_mesh((8,), ("data",), (AxisType.Auto,))
    params = {"kernel": jnp.linspace(-1, 1, 256 * 128).reshape(256, 128), "bias": jnp.ones(128)}
    gradient = jax.tree.map(jnp.cos, params)
    ours = optimizer(name, learning_rate=0.1, weight_decay=0.1, clip=1.0)

    @jax.jit
    def run(params, gradient):
        state = ours.init(params)
        for _ in range(3):
            updates, state = ours.update(gradient, state, params)
            params = optax.apply_updates(params, updates)
        return params

    rows = NamedSharding(mesh, PartitionSpec("data"))
    alone, together = run(params, gradient), run(*jax.device_put((params, gradient), rows))
    for path, leaf in paths(alone).items():
        np.testing.assert_allclose(paths(together)[path], leaf, rtol=1e-4, atol=1e-5, err_msg=path)


def test_an_optimizer_is_optax_and_knows_its_learning_rate():
    ours = optimizer("adam", learning_rate=0.4, steps=100, schedule="linear")
    assert isinstance(ours, Optimizer) and isinstance(ours, optax.GradientTransformation)
    init, update = ours
    assert (init, update) == (ours.init, ours.update)
    assert float(ours.learning_rate(25)) == pytest.approx(0.3)
    assert float(jax.jit(ours.learning_rate)(jnp.int32(75))) == pytest.approx(0.1)
    chained = optax.chain(optax.zero_nans(), ours)
    params = {"bias": jnp.ones(2)}
    updates, _ = chained.update({"bias": jnp.array([jnp.nan, 1.0])}, chained.init(params), params)
    np.testing.assert_allclose(updates["bias"], [0.0, -0.4], rtol=1e-5)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("frozen", [(), ["kernel"]])
def test_the_learning_rate_of_a_state_is_that_of_its_next_update(name, frozen):
    params = {"kernel": jnp.ones((2, 2)), "bias": jnp.ones(2)}
    ours = optimizer(name, learning_rate=0.4, steps=100, schedule="linear", frozen=frozen)
    state, rates = jax.eval_shape(ours.init, params), []
    state = jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), state)
    for _ in range(3):
        rates.append(float(ours.learning_rate_of(state)))
        state = optax.tree.set(state, count=len(rates))
    np.testing.assert_allclose(rates, [0.4, 0.396, 0.392], rtol=1e-6)


@pytest.mark.parametrize("name", ["momentum", "nesterov", "adam", "adamw", "lion", "muon"])
def test_moments_can_be_kept_in_bfloat16(name):
    params = {"kernel": jnp.ones((4, 4)), "bias": jnp.ones(4)}
    ours = optimizer(name, learning_rate=0.1, mu_dtype="bfloat16")
    state = jax.eval_shape(ours.init, params)
    updates, after = jax.eval_shape(ours.update, params, state, params)
    before = [leaf.dtype for leaf in jax.tree.leaves(state)]
    assert before.count(jnp.bfloat16) == 2
    assert [leaf.dtype for leaf in jax.tree.leaves(after)] == before
    assert {leaf.dtype for leaf in jax.tree.leaves(updates)} == {jnp.dtype("float32")}


def test_adamw_is_what_optax_composes():
    params = {"kernel": jnp.ones((3, 2)), "bias": jnp.ones(2)}
    ours = adamw(learning_rate=0.1, steps=20, warmup=4, weight_decay=0.3, clip=0.5)
    schedule = optax.warmup_cosine_decay_schedule(0.0, 0.1, 4, 20)
    theirs = optax.chain(
        optax.clip_by_global_norm(0.5),
        optax.adamw(schedule, weight_decay=0.3, mask={"kernel": True, "bias": False}),
    )
    (a, b), (p, q) = (ours.init(params), theirs.init(params)), (params, params)
    ours_update, theirs_update = jax.jit(ours.update), jax.jit(theirs.update)
    for step in range(22):
        gradient = optax.tree.scale(jnp.cos(step), p)
        updates, a = ours_update(gradient, a, p)
        p = optax.apply_updates(p, updates)
        updates, b = theirs_update(gradient, b, q)
        q = optax.apply_updates(q, updates)
        assert all((p[name] == q[name]).all() for name in p), step
        assert float(ours.learning_rate(step)) == float(schedule(step))


@pytest.mark.parametrize(
    ("clip_by", "expected"),
    [("norm", [0.6, -0.8]), ("value", [1.0, -1.0]), ("adaptive", [3.0, -4.0])],
)
def test_clipping(clip_by, expected):
    params = {"bias": jnp.array([6.0, 8.0])}  # of norm 10, so the gradient's 5 is within 1 * 10
    ours = optimizer("sgd", learning_rate=1.0, clip=1.0, clip_by=clip_by)
    updates, _ = ours.update({"bias": jnp.array([3.0, -4.0])}, ours.init(params), params)
    np.testing.assert_allclose(updates["bias"], -np.array(expected), rtol=1e-6)


def test_adaptive_clipping_bounds_each_unit_by_its_parameters():
    params = {"kernel": jnp.array([[3.0, 0.0], [4.0, 0.0]])}
    gradient = {"kernel": jnp.array([[30.0, 3.0], [40.0, 4.0]])}
    ours = optimizer("sgd", learning_rate=1.0, clip=0.1, clip_by="adaptive")
    updates, _ = ours.update(gradient, ours.init(params), params)
    # Norms 50 and 5; bounds .1 * 5 and .1 * .001.
    expected = [[0.3, 0.6e-4], [0.4, 0.8e-4]]
    np.testing.assert_allclose(updates["kernel"], -np.array(expected), rtol=1e-5)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"name": "adamv"}, "optimizer is 'adamv', expected .*; did you mean 'adam"),
        ({"name": "sgd", "b1": 0.9}, "optimizer 'sgd' has no option 'b1', it has none"),
        ({"name": "adam", "beta1": 0.9}, "has no option 'beta1', it has b1, b2, eps, mu_dtype"),
        ({"b2": 1.0}, "b2 is 1.0, expected 0 or more and less than 1"),
        ({"eps": -1e-8}, "eps is -1e-08, expected 0 or more"),
        ({"name": "momentum", "momentum": -0.1}, "momentum is -0.1, expected 0 or more and less"),
        ({"name": "adagrad", "initial": float("nan")}, "initial is nan, expected 0 or more"),
        ({"name": "adafactor", "decay_exponent": 0}, "decay_exponent is 0, expected"),
        ({"name": "adafactor", "clip_rms": 0.5}, "clip_rms is 0.5, expected 1 or more"),
        ({"name": "adafactor", "factored_from": 1}, "factored_from is 1, expected 2 or more"),
        ({"name": "muon", "iterations": 0}, "iterations is 0, expected 1 or more"),
        ({"name": "muon", "rms": 0}, "rms is 0, expected more than 0, or None"),
        ({"learning_rate": 0.0}, "learning_rate is 0.0, expected a finite number above 0"),
        ({"learning_rate": float("inf")}, "learning_rate is inf, expected a finite number above 0"),
        ({"weight_decay": -0.1}, "weight_decay is -0.1, expected 0 or more"),
        ({"clip": 0.0}, "clip is 0.0, expected more than 0, or None for no clipping"),
        ({"clip": 1.0, "clip_by": "size"}, "clip_by is 'size', expected norm, value, adaptive"),
        ({"schedule": "cosine"}, "schedule 'cosine' needs steps, the length of the training"),
        ({"multipliers": [("bias", -1.0)]}, "the multiplier of 'bias' is -1.0, expected 0 or more"),
        ({"multipliers": ("bias", 0.1)}, "multipliers has 'bias', expected pairs"),
        ({"frozen": "bias"}, r"frozen is the text 'bias', expected a list .*: \('bias',\)"),
        ({"decayed": ["(" ]}, r"decayed: '\(' is no regular expression: missing \)"),
        ({"frozen": [3]}, "frozen: 3 is no regular expression"),
    ],
)  # fmt: skip
def test_errors(settings, message):
    with pytest.raises(ArgumentError, match=message):
        optimizer(**{"name": "adamw", "learning_rate": 0.1, **settings})
