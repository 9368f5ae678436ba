import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from research.models import GRUCell, LSTMCell, Network, SequenceClassifier, VanillaCell
from tests.research.models.arrays import filled
from tests.research.models.cells_in_numpy import lstm

B, T, V = 3, 6, 9


def classifier(**options):
    options = {"vocabulary": V, "features": 4, "hidden": 3, "outputs": 2} | options
    network = Network.from_nnx(lambda rngs: SequenceClassifier(rngs=rngs, **options))
    return network, filled(network)


@functools.cache
def jitted(cell, bidirectional, pooling):
    network, variables = classifier(
        cell=cell, bidirectional=bidirectional, pooling=pooling, layers=1 + bidirectional
    )
    return jax.jit(lambda inputs: network.apply(variables, inputs, False, None)[0])


@pytest.mark.parametrize(
    ("cell", "bidirectional", "pooling"),
    [
        (LSTMCell, True, "last"),
        (GRUCell, False, "attention"),
        (VanillaCell, False, "mean"),
    ],
)
@given(
    tokens=arrays(np.int32, (B, T), elements=st.integers(1, V - 1)),
    lengths=arrays(np.int32, B, elements=st.integers(0, T)),
)
def test_padding_never_changes_a_result(cell, bidirectional, pooling, tokens, lengths):
    run = jitted(cell, bidirectional, pooling)
    padded = np.where(np.arange(T) < lengths[:, None], tokens, 0)
    by_padding = run(padded)
    longer = run(np.pad(padded, ((0, 0), (0, 3))))
    # What stands in the padding does not matter when the lengths are told.
    by_lengths = run({"tokens": tokens, "lengths": lengths})
    for name in ("features", "logits"):
        np.testing.assert_allclose(by_padding[name], longer[name], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(by_padding[name], by_lengths[name], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("pooling", ["mean", "last", "attention"])
def test_the_classifier_pools_and_reads_out(pooling):
    network, variables = classifier(pooling=pooling, layers=1)
    tokens = np.array([[4, 5, 6, 0]], np.int32)
    outputs, _ = jax.jit(lambda x: network.apply(variables, x, False, None))(tokens)
    params = jax.tree.map(np.float64, variables.params)
    embedded = params["embedding"]["embedding"][tokens[:, :3]]
    states = lstm(params["rnn"]["layers"]["0"]["forward"], embedded)[0]
    weights = {
        "mean": np.full(3, 1 / 3),
        "last": np.array([0, 0, 1]),
        "attention": np.asarray(outputs.get("attention", np.zeros((1, 4))))[0, :3],
    }[pooling]
    np.testing.assert_allclose(weights.sum(), 1, rtol=1e-6)
    np.testing.assert_allclose(outputs["features"][0], weights @ states, rtol=1e-4, atol=1e-6)
    kernel, bias = (params["readout"][name] for name in ("kernel", "bias"))
    np.testing.assert_allclose(
        outputs["logits"], outputs["features"] @ kernel + bias, rtol=1e-4, atol=1e-6
    )


def test_features_need_no_embedding():
    network, variables = classifier(vocabulary=None)
    assert "embedding" not in variables.params
    features = np.random.default_rng(0).normal(size=(B, T, 4)).astype(np.float32)
    run = jax.jit(lambda inputs: network.apply(variables, inputs, False, None)[0])
    short, outputs = run(features[:, :4]), run({"features": features, "lengths": np.full(B, 4)})
    np.testing.assert_allclose(outputs["logits"], short["logits"], rtol=1e-5)


def test_parameter_count():
    _, variables = classifier(layers=2, bidirectional=True, pooling="attention")
    lstm = [2 * (4 * 3 * (d + 1) + 4 * 3 * 3) for d in (4, 6)]
    count = sum(leaf.size for leaf in jax.tree.leaves(variables.params))
    assert count == V * 4 + sum(lstm) + (6 * 6 + 6 + 6) + (6 * 2 + 2)
    assert sorted(variables.params["rnn"]["layers"]["1"]) == ["backward", "forward"]


def test_gradients_are_finite_even_where_all_is_padding():
    network, variables = classifier(layers=2, bidirectional=True, pooling="attention", dropout=0.5)
    tokens = np.array([[1, 2, 3], [0, 0, 0]], np.int32)

    @jax.jit
    @jax.grad
    def gradient(params):
        keys = jax.random.split(jax.random.key(1), 2)
        outputs, _ = network.apply(variables._replace(params=params), tokens, True, keys)
        return (outputs["logits"] ** 2).sum()

    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(gradient(variables.params)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pooling": "max"}, "pooling is 'max', expected one of mean, last, attention"),
        ({"layers": 0}, "layers is 0, expected 1 or more"),
        ({"hidden": 0}, "hidden is 0, expected a positive width"),
        ({"dropout": 1.0}, "dropout is 1.0"),
    ],
)
def test_options_that_cannot_be_used(options, message):
    with pytest.raises(ValueError, match=message):
        classifier(**options)


def test_inputs_of_the_other_kind():
    network, variables = classifier()
    with pytest.raises(ValueError, match=r"inputs are float \(3, 6, 4\), expected tokens"):
        network.apply(variables, np.zeros((B, T, 4), np.float32), False, None)
    network, variables = classifier(vocabulary=None)
    with pytest.raises(ValueError, match=r"inputs are tokens \(3, 6\), but vocabulary is None"):
        network.apply(variables, np.zeros((B, T), np.int32), False, None)


PARTS = np.array(
    [
        [[4, 1, 2], [1, 3, 0], [5, 0, 0], [0, 0, 0]],
        [[0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0]],
    ],
    np.int32,
)


def test_words_know_how_they_are_spelt():
    network, variables = classifier(buckets=5, pooling="mean")
    tables = variables.params["embedding"]
    words, parts = (np.asarray(tables[name]["embedding"]) for name in ("words", "parts"))
    vectors = np.stack([words[4] + parts[[1, 2]].mean(0), words[1] + parts[3], words[5]])
    states = lstm(
        jax.tree.map(np.float64, variables.params["rnn"]["layers"]["0"]["forward"]), vectors[None]
    )
    outputs, _ = network.apply(variables, jnp.asarray(PARTS), False, None)
    np.testing.assert_allclose(outputs["states"][0, :3], states[0], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(outputs["features"][0], states[0].mean(0), rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(outputs["features"][1], 0)


def test_a_number_beside_the_classes_or_instead_of_them():
    tokens = jnp.array([[4, 5, 6, 0]])
    network, variables = classifier(regression=True)
    outputs, _ = network.apply(variables, tokens, False, None)
    kernel, bias = (variables.params["mean"][name] for name in ("kernel", "bias"))
    assert outputs["mean"].shape == (1,)
    np.testing.assert_allclose(
        outputs["mean"], (outputs["features"] @ kernel + bias)[:, 0], rtol=1e-4, atol=1e-6
    )
    alone, variables = classifier(regression=True, outputs=None)
    assert "readout" not in variables.params
    assert sorted(alone.apply(variables, tokens, False, None)[0]) == ["features", "mean", "states"]


def test_whole_positions_are_dropped_in_training():
    network, variables = classifier(vocabulary=None, features=4, position_dropout=0.5)
    features = jnp.ones((8, T, 4))
    keys = jax.random.split(jax.random.key(0), 8)

    @jax.jit
    def first_states(inputs, keys=None):
        outputs, _ = network.apply(variables, inputs[:, :1], keys is not None, keys)
        return outputs["states"][:, 0]

    kept, nothing, doubled = (first_states(features * scale)[0] for scale in (1, 0, 2))
    assert not np.allclose(kept, nothing, atol=1e-3)
    states = first_states(features, keys)
    which = [[np.allclose(state, one, atol=1e-6) for one in (nothing, doubled)] for state in states]
    assert all(sum(found) == 1 for found in which)
    assert {tuple(found) for found in which} == {(True, False), (False, True)}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"outputs": None}, "outputs is None without regression"),
        ({"vocabulary": None, "buckets": 3}, "buckets needs a vocabulary"),
    ],
)
def test_heads_and_parts_that_cannot_be(options, message):
    with pytest.raises(ValueError, match=message):
        classifier(**options)


def test_words_without_their_parts():
    network, variables = classifier(buckets=5)
    with pytest.raises(ValueError, match=r"int32 \(1, 4\), expected int \[B, T, 1 \+ S\]"):
        network.apply(variables, jnp.ones((1, 4), jnp.int32), False, None)
