import jax
import jax.numpy as jnp
import numpy as np
import pytest

from research.arguments import ArgumentError
from research.training.optimizers import optimizer
from research.training.optimizers.methods import METHODS

PARAMS = {
    "encoder": {"0": {"kernel": jnp.full((4, 4), 2.0), "bias": jnp.full(4, 2.0)}},
    "head": {"kernel": jnp.full((4, 2), 2.0), "bias": jnp.full(2, 2.0)},
}
ONES = jax.tree.map(jnp.ones_like, PARAMS)


def updates_of(gradients, **settings):
    ours = optimizer(**{"name": "sgd", "learning_rate": 1.0, **settings})
    updates, _ = jax.jit(ours.update)(gradients, ours.init(PARAMS), PARAMS)
    return updates


def means(updates):
    return {
        jax.tree_util.keystr(path, simple=True, separator="/"): float(leaf.mean())
        for path, leaf in jax.tree_util.tree_leaves_with_path(updates)
    }


def test_the_first_multiplier_found_counts():
    updates = updates_of(ONES, multipliers=[("^encoder/.*bias", 3.0), ("^encoder", 0.5)])
    assert means(updates) == {
        "encoder/0/bias": -3.0,
        "encoder/0/kernel": -0.5,
        "head/bias": -1.0,
        "head/kernel": -1.0,
    }


def test_a_multiplier_counts_for_the_decay_too():
    updates = updates_of(ONES, multipliers=[("head", 0.1)], weight_decay=0.5, name="lion")
    assert means(updates)["head/kernel"] == pytest.approx(-0.1 * (1 + 0.5 * 2))


def test_matrices_decay_unless_rules_say_what_does():
    zeros = jax.tree.map(jnp.zeros_like, PARAMS)
    decayed = {
        path: value < 0 for path, value in means(updates_of(zeros, weight_decay=0.1)).items()
    }
    assert decayed == {
        "encoder/0/bias": False,
        "encoder/0/kernel": True,
        "head/bias": False,
        "head/kernel": True,
    }
    told = means(updates_of(zeros, weight_decay=0.1, decayed=["bias"]))
    assert {path for path, value in told.items() if value < 0} == {"encoder/0/bias", "head/bias"}
    assert set(means(updates_of(zeros, weight_decay=0.1, decayed=())).values()) == {0.0}


@pytest.mark.parametrize("name", METHODS)
def test_what_is_frozen_neither_moves_nor_takes_memory(name):
    settings = {"name": name, "learning_rate": 0.1, "weight_decay": 0.1}
    ours = optimizer(**settings, frozen=["^encoder/"])
    state = ours.init(PARAMS)
    updates, after = jax.jit(ours.update)(ONES, state, PARAMS)
    assert all((leaf == 0).all() for leaf in jax.tree.leaves(updates["encoder"]))
    assert all((leaf != 0).all() for leaf in jax.tree.leaves(updates["head"]))
    assert jax.tree.structure(after) == jax.tree.structure(state)

    alone = optimizer(**settings)
    head = {"head": PARAMS["head"]}
    expected, alone_state = jax.jit(alone.update)({"head": ONES["head"]}, alone.init(head), head)
    for leaf, other in zip(*map(jax.tree.leaves, (updates["head"], expected)), strict=True):
        np.testing.assert_allclose(leaf, other, rtol=1e-6)
    assert [leaf.shape for leaf in jax.tree.leaves(state)] == [
        leaf.shape for leaf in jax.tree.leaves(alone_state)
    ]


def test_what_is_frozen_does_not_count_in_the_norm_even_as_nan():
    gradients = {"encoder": jax.tree.map(lambda leaf: leaf * jnp.nan, ONES["encoder"])}
    gradients["head"] = {"kernel": jnp.zeros((4, 2)), "bias": jnp.array([3.0, 4.0])}
    updates = updates_of(gradients, frozen=["^encoder/"], clip=1.0)
    np.testing.assert_allclose(updates["head"]["bias"], [-0.6, -0.8], rtol=1e-6)
    assert means(updates)["encoder/0/kernel"] == 0.0


@pytest.mark.parametrize(
    "settings",
    [{"frozen": ["^decoder"]}, {"multipliers": [("^decoder", 0.1)]}, {"decayed": ["^decoder"]}],
    ids=str,
)
def test_a_rule_that_finds_nothing_names_what_there_is(settings):
    what = next(iter(settings))
    message = (
        rf"^{what}: '\^decoder' is found in no parameter path; there are "
        r"encoder/0/bias, encoder/0/kernel, head/bias, head/kernel$"
    )
    ours = optimizer("adamw", learning_rate=0.1, weight_decay=0.1, **settings)
    with pytest.raises(ArgumentError, match=message):
        ours.init(PARAMS)


def test_long_lists_of_paths_are_cut():
    params = {f"p{i:02}": jnp.ones(1) for i in range(15)}
    ours = optimizer("adamw", learning_rate=0.1, frozen=["q"])
    with pytest.raises(ArgumentError, match="p10, p11, and 3 more$"):
        ours.init(params)
    with pytest.raises(ArgumentError, match="there are none$"):
        ours.init({})
