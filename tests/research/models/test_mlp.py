"""The tabular MLP against NumPy: embedded categories, periodic numbers, residual blocks."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from research.arguments import ArgumentError
from research.models import Network
from research.models.mlp import TabularMLP
from research.models.random import example_keys
from tests.research.models.arrays import filled

BLOCKS = ((1, 3), (5, 2))  # of features 0 to 7; numbers are 0, 4 and 7


def network(**options):
    return Network.from_nnx(
        lambda rngs: TabularMLP(8, categories=BLOCKS, width=4, outputs=2, rngs=rngs, **options)
    )


def rows(count=5):
    random = np.random.default_rng(1)
    inputs = random.normal(size=(count, 8)).astype(np.float32)
    for first, size in BLOCKS:
        inputs[:, first : first + size] = np.eye(size, dtype=np.float32)[
            random.integers(size, size=count)
        ]
    return inputs


def applied(net):
    return jax.jit(lambda variables, inputs: net.apply(variables, inputs, False, None)[0])


def gelu(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def normed(x, layer):
    centred = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-6)
    return centred * layer["scale"] + layer["bias"]


def dense(x, layer):
    return x @ layer["kernel"] + layer.get("bias", 0)


@pytest.mark.parametrize(("frequencies", "layer_norm"), [(0, True), (3, False)])
def test_equals_numpy(frequencies, layer_norm):
    net = network(blocks=2, embedding=2, frequencies=frequencies, layer_norm=layer_norm)
    variables = filled(net)
    held = jax.tree.map(np.asarray, variables.params)
    inputs = rows()
    numbers = inputs[:, [0, 4, 7]]
    parts = [numbers]
    if frequencies:
        waves = held["periodic"]
        for number in range(3):
            angle = 2 * np.pi * numbers[:, number, None] * waves["frequencies"][number]
            wave = np.concatenate([np.sin(angle), np.cos(angle)], 1)
            parts.append(np.maximum(wave @ waves["kernel"][number] + waves["bias"][number], 0))
    for index, (first, size) in enumerate(BLOCKS):
        table = held["embeddings"][str(index)]["kernel"]
        parts.append(table[inputs[:, first : first + size].argmax(1)])  # a look-up
    hidden = embedded = np.concatenate(parts, 1)
    hidden = dense(hidden, held["stem"])
    for block in (held["blocks"]["0"], held["blocks"]["1"]):
        inner = normed(hidden, block["norm"]) if layer_norm else hidden
        hidden = hidden + dense(gelu(dense(inner, block["widen"])), block["narrow"])
    features = gelu(normed(hidden, held["norm"]) if layer_norm else hidden)
    outputs = applied(net)(variables, inputs)
    np.testing.assert_allclose(outputs["embedded"], embedded, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(outputs["features"], features, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(
        outputs["logits"], dense(features, held["readout"]), rtol=1e-3, atol=1e-4
    )


def test_a_missing_category_embeds_to_zeros():
    net = network(blocks=0, embedding=2)
    inputs = rows(1)
    inputs[:, 1:4] = 0
    outputs = applied(net)(filled(net), inputs)
    np.testing.assert_array_equal(outputs["embedded"][0, 3:5], 0)


def test_dropout_is_an_examples_own():
    net = network(blocks=1, dropout=0.5)
    variables, inputs = filled(net), rows(6)
    keys = example_keys(jnp.uint32(0), jnp.int32(0), jnp.arange(6))
    apply = jax.jit(lambda rows, own: net.apply(variables, rows, True, own)[0]["logits"])
    whole, part = apply(inputs, keys), apply(inputs[2:4], keys[2:4])
    np.testing.assert_allclose(whole[2:4], part, rtol=1e-5, atol=1e-6)
    still = applied(net)(variables, inputs)["logits"]
    assert not np.allclose(whole, still)


def test_embedding_widths_and_no_numbers():
    net = Network.from_nnx(
        lambda rngs: TabularMLP(
            43, categories=((0, 2), (2, 41)), frequencies=4, outputs=2, rngs=rngs
        )
    )
    shapes = jax.eval_shape(net.init, jax.random.key(0)).params
    assert [shapes["embeddings"][i]["kernel"].shape for i in "01"] == [(2, 1), (41, 8)]
    assert "periodic" not in shapes  # there is no number


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"categories": ((0, 3), (2, 2))}, "one behind the other, within 8 features"),
        ({"categories": ((6, 3),)}, "within 8 features"),
        ({"categories": ((3, 0),)}, "categories are"),
        ({"categories": (), "width": 0}, "width is 0, expected 1 or more"),
        ({"categories": (), "blocks": -1}, "blocks is -1, expected 0 or more"),
        ({"categories": (), "frequencies": -1}, "frequencies is -1"),
    ],
)
def test_what_cannot_be_built(options, message):
    with pytest.raises(ArgumentError, match=message):
        Network.from_nnx(lambda rngs: TabularMLP(8, outputs=2, rngs=rngs, **options))
