import functools

import jax
import numpy as np
import pytest
from flax import nnx
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from research.models import RNN, GRUCell, LSTMCell, Network, SequenceClassifier, VanillaCell
from research.models.random import ExampleRngs
from tests.research.models.arrays import filled
from tests.research.models.cells_in_numpy import gru, lstm

B, T, V = 3, 6, 9


def test_two_layers_in_both_directions_equal_one_sequence_at_a_time():
    def build(rngs):
        return RNN(4, hidden=3, layers=2, cell=GRUCell, bidirectional=True, rngs=rngs)

    rnn = build(nnx.Rngs(0))
    params = jax.tree.map(np.float64, nnx.to_pure_dict(nnx.state(rnn)))["layers"]
    inputs = np.random.default_rng(0).normal(size=(B, T, 4)).astype(np.float32)
    lengths = np.array([6, 2, 4])
    states = jax.jit(rnn.__call__)(inputs, lengths)
    for row, length in enumerate(lengths):
        hidden = inputs[row : row + 1, :length]
        for layer in (params[0], params[1]):
            forward = gru(layer["forward"], hidden)
            backward = gru(layer["backward"], hidden[:, ::-1])[:, ::-1]
            hidden = np.concatenate([forward, backward], 2)
        close = functools.partial(np.testing.assert_allclose, rtol=1e-4, atol=1e-5)
        close(states["outputs"][row, :length], hidden[0])
        np.testing.assert_array_equal(states["outputs"][row, length:], 0)
        close(states["last"][row], np.concatenate([hidden[0, -1, :3], hidden[0, 0, 3:]]))


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
    for name in ("pooled", "logits"):
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
    np.testing.assert_allclose(outputs["pooled"][0], weights @ states, rtol=1e-4, atol=1e-6)
    kernel, bias = (params["readout"][name] for name in ("kernel", "bias"))
    np.testing.assert_allclose(
        outputs["logits"], outputs["pooled"] @ kernel + bias, rtol=1e-4, atol=1e-6
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


def test_dropout_is_between_layers_too():
    rnn = RNN(4, hidden=3, layers=2, dropout=0.5, rngs=nnx.Rngs(0))
    inputs, lengths = np.ones((B, T, 4), np.float32), np.full(B, T)
    rngs = ExampleRngs(jax.random.split(jax.random.key(0), B))
    dropped = rnn(inputs, lengths, train=True, rngs=rngs)["last"]
    assert not np.allclose(dropped, rnn(inputs, lengths)["last"])
    assert not np.allclose(dropped[0], dropped[1])


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
