import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from research.models import Network, Transformer, ops
from research.models.norm import LayerNorm
from research.models.transformer_block import FeedForward
from research.tasks import LanguageModel
from research.training.step import Step
from tests.research.models.arrays import filled

B, T, V = 2, 6, 11
TOKENS = arrays(np.int32, (B, T), elements=st.integers(1, V - 1))


def model(**options):
    options = {"width": 8, "layers": 2, "heads": 2} | options
    network = Network.from_nnx(lambda rngs: Transformer(V, rngs=rngs, **options))
    # Larger than it begins, so that an influence can't hide below the tolerance.
    return network, filled(network, scale=0.5)


@functools.cache
def jitted(**options):
    network, variables = model(**options)
    return jax.jit(lambda tokens: network.apply(variables, tokens, False, None)[0]["logits"])


@pytest.mark.parametrize("positions", ["rotary", "learned"])
@settings(max_examples=25)
@given(tokens=TOKENS, others=TOKENS, at=st.integers(0, T - 1))
def test_a_later_token_never_changes_an_earlier_logit(positions, tokens, others, at):
    run = jitted(positions=positions, length=T, key_value_heads=1)
    changed = np.where(np.arange(T) > at, others, tokens)
    before = slice(0, at + 1)
    np.testing.assert_allclose(
        run(changed)[:, before], run(tokens)[:, before], rtol=1e-4, atol=2e-4
    )


@pytest.mark.parametrize("causal", [True, False])
@settings(max_examples=25)
@given(tokens=TOKENS, others=TOKENS, lengths=arrays(np.int32, B, elements=st.integers(1, T)))
def test_padding_never_changes_a_result(causal, tokens, others, lengths):
    run = jitted(causal=causal, padding=0, feed_forward="gelu", tied=False)
    valid = np.arange(T) < lengths[:, None]
    padded = run(np.where(valid, tokens, 0))
    told = run({"tokens": np.where(valid, tokens, others), "lengths": lengths})
    longer = run(np.pad(np.where(valid, tokens, 0), ((0, 0), (0, 2))))[:, :T]
    for other in (told, longer):
        np.testing.assert_allclose(padded[valid], other[valid], rtol=1e-4, atol=2e-4)
    assert np.isfinite(padded).all()


def test_an_encoder_sees_later_tokens():
    tokens = np.array([[1, 2, 3, 4, 5, 6]], np.int32)
    changed = np.where(np.arange(T) == 5, 7, tokens)
    run = jitted(causal=False)
    assert not np.allclose(run(tokens)[0, 0], run(changed)[0, 0], rtol=1e-3)


@pytest.mark.parametrize("positions", ["rotary", "learned", "sinusoidal"])
def test_the_order_of_earlier_tokens_matters(positions):
    run = jitted(positions=positions, length=T, key_value_heads=1)
    one, other = (run(np.array([row], np.int32))[0, 3] for row in ([1, 2, 3, 4], [2, 1, 3, 4]))
    assert not np.allclose(one, other, rtol=1e-3)


def rms_norm(x, p):
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-6) * p["scale"]


def silu(x):
    return x / (1 + np.exp(-x))


def gelu(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def by_numpy(p, tokens, *, tied, feed_forward):
    """A decoder with learned positions, in float64."""
    p = jax.tree.map(np.float64, p)
    x = p["embedding"]["embedding"][tokens] + p["positions"]["embedding"][: len(tokens)]
    for _, layer in sorted(p["layers"].items()):
        normed, a = rms_norm(x, layer["attention_norm"]), layer["attention"]
        q, k, v = (
            np.einsum("td,dne->nte", normed, a[name]["kernel"])
            for name in ("query", "key", "value")
        )
        scores = q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1])
        scores[:, np.triu(np.ones((len(tokens),) * 2, bool), 1)] = -np.inf
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        x = x + np.einsum("nte,ned->td", weights @ v, a["output"]["kernel"])
        normed, f = rms_norm(x, layer["feed_forward_norm"]), layer["feed_forward"]
        up = normed @ f["up"]["kernel"]
        hidden = silu(normed @ f["gate"]["kernel"]) * up if feed_forward == "swiglu" else gelu(up)
        x = x + hidden @ f["down"]["kernel"]
    x = rms_norm(x, p["norm"])
    return x @ (p["embedding"]["embedding"].T if tied else p["readout"]["kernel"])


@pytest.mark.parametrize(("tied", "feed_forward"), [(True, "swiglu"), (False, "gelu")])
def test_the_whole_decoder_equals_numpy(tied, feed_forward):
    network, variables = model(positions="learned", length=T, tied=tied, feed_forward=feed_forward)
    tokens = np.random.default_rng(0).integers(0, V, size=(1, T)).astype(np.int32)
    outputs, _ = jax.jit(lambda x: network.apply(variables, x, False, None))(tokens)
    expected = by_numpy(variables.params, tokens[0], tied=tied, feed_forward=feed_forward)
    np.testing.assert_allclose(outputs["logits"][0], expected, rtol=1e-3, atol=1e-4)


def layer_norm(x, p):
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-6) * p["scale"] + p["bias"]


def affine(x, p, axes=1):
    return np.tensordot(x, p["kernel"], axes) + p["bias"]


def test_a_post_norm_encoder_equals_numpy():
    """BERT's layers, as far from the decoder above as the options go, in float64."""
    options = {"causal": False, "positions": "sinusoidal", "norm": "layer", "order": "post"}
    network, variables = model(feed_forward="gelu_exact", bias=True, tied=None, **options)
    tokens = np.random.default_rng(0).integers(0, V, size=(1, T)).astype(np.int32)
    outputs, _ = jax.jit(lambda x: network.apply(variables, x, False, None))(tokens)
    p = jax.tree.map(np.float64, variables.params)
    angles = np.arange(T)[:, None] / 10_000 ** (np.arange(4) / 4)
    x = p["embedding"]["embedding"][tokens[0]] + np.hstack([np.sin(angles), np.cos(angles)])
    x = layer_norm(x, p["embedding_norm"])
    for index in range(2):
        layer = p["layers"][str(index)]
        q, k, v = (affine(x, layer["attention"][name]) for name in ("query", "key", "value"))
        scores = np.einsum("tne,sne->nts", q, k) / np.sqrt(q.shape[-1])
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        attended = np.einsum("nts,sne->tne", weights / weights.sum(-1, keepdims=True), v)
        x = layer_norm(
            x + affine(attended, layer["attention"]["output"], 2), layer["attention_norm"]
        )
        up = affine(x, layer["feed_forward"]["up"])
        exact = up * (1 + np.vectorize(math.erf)(up / math.sqrt(2))) / 2
        x = layer_norm(x + affine(exact, layer["feed_forward"]["down"]), layer["feed_forward_norm"])
        np.testing.assert_allclose(outputs["layers"][0, index], x, rtol=1e-3, atol=1e-4)
    np.testing.assert_array_equal(outputs["hidden"], outputs["layers"][:, -1])
    np.testing.assert_allclose(outputs["features"][0], x.mean(0), rtol=1e-3, atol=1e-4)
    assert outputs.keys() == {"hidden", "layers", "features"}


def test_features_are_of_the_last_token_in_a_decoder():
    network, variables = model()
    tokens, lengths = np.ones((B, T), np.int32), np.array([2, 6])
    inputs = {"tokens": tokens, "lengths": lengths}
    outputs = jax.jit(lambda x: network.apply(variables, x, False, None)[0])(inputs)
    expected = [outputs["hidden"][row, length - 1] for row, length in enumerate(lengths)]
    np.testing.assert_array_equal(outputs["features"], np.stack(expected))


def test_attention_weights_on_request():
    network, variables = model(weights=True)
    tokens = np.ones((B, T), np.int32)
    outputs = jax.jit(lambda x: network.apply(variables, x, False, None)[0])(tokens)
    assert outputs["attention"].shape == (B, 2, 2, T, T)
    np.testing.assert_allclose(outputs["attention"].sum(-1), 1, rtol=1e-5)
    np.testing.assert_allclose(outputs["logits"], jitted()(tokens), rtol=1e-3, atol=1e-4)


def test_gradients_are_the_same_when_blocks_are_computed_again():
    options = {"width": 8, "layers": 2, "heads": 2}

    def loss(remat):
        build = functools.partial(Transformer, V, **options)
        network = Network.from_nnx(lambda rngs: build(rngs=rngs), remat=remat)
        variables = filled(network)

        def one(params):
            tokens = np.arange(T, dtype=np.int32)[None]
            outputs, _ = network.apply(variables._replace(params=params), tokens, True, None)
            return (outputs["logits"] ** 2).mean()

        return jax.jit(jax.grad(one))(variables.params)

    again = loss(r"layers/\d+")
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5), loss(None), again
    )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        # attention 4 D^2, SwiGLU 3 D F with F = 8/3 D rounded up to 24, two norms
        ({}, V * 8 + 2 * (4 * 64 + 3 * 8 * 24 + 16) + 8),
        # half the keys and values; GELU 2 D (4 D); read-out and positions of their own
        (
            {"key_value_heads": 1, "feed_forward": "gelu", "tied": False}
            | {"positions": "learned", "length": 9},
            2 * V * 8 + 9 * 8 + 2 * (3 * 64 + 8 * 64 + 16) + 8,
        ),
        ({"hidden": 5}, V * 8 + 2 * (4 * 64 + 3 * 8 * 5 + 16) + 8),
    ],
)
def test_parameter_count(options, expected):
    _, variables = model(**options)
    assert sum(leaf.size for leaf in jax.tree.leaves(variables.params)) == expected


def test_it_begins_as_ignorant_as_it_should():
    network = Network.from_nnx(lambda rngs: Transformer(V, width=32, layers=2, heads=4, rngs=rngs))
    tokens = np.random.default_rng(0).integers(0, V, size=(8, 16)).astype(np.int32)

    @jax.jit
    def surprise():
        outputs, _ = network.apply(network.init(jax.random.key(0)), tokens, False, None)
        return -jax.nn.log_softmax(outputs["logits"]).mean()

    np.testing.assert_allclose(surprise(), np.log(V), rtol=0.02)


def test_dropout_draws_for_each_example():
    network, variables = model(dropout=0.5)
    tokens = np.ones((2, T), np.int32)
    keys = jax.random.split(jax.random.key(0), 2)
    outputs, _ = jax.jit(lambda keys: network.apply(variables, tokens, True, keys))(keys)
    assert not np.allclose(outputs["logits"][0], outputs["logits"][1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"positions": "sine"}, "positions is 'sine', expected one of rotary, learned, sinusoidal"),
        ({"positions": "learned"}, "learned positions need a length, found None"),
        (
            {"feed_forward": "relu"},
            "feed_forward is 'relu', expected one of swiglu, gelu, gelu_exact",
        ),
        ({"layers": 0}, "layers is 0, expected 1 or more"),
        ({"norm": "batch"}, "norm is 'batch', expected one of rms, layer"),
        ({"order": "sandwich"}, "order is 'sandwich', expected one of pre, post"),
        (
            {"positions": "sinusoidal", "width": 3, "heads": 3},
            "width is 3, sinusoidal positions need an even number",
        ),
    ],
)
def test_options_that_cannot_be_used(options, message):
    with pytest.raises(ValueError, match=message):
        model(**options)


TOKENS_ONE = np.ones((1, 2), np.int32)


@pytest.mark.parametrize(
    ("options", "inputs", "message"),
    [
        ({}, {"lengths": [1]}, "found the inputs lengths, expected tokens and any of cache, len"),
        ({}, {"tokens": TOKENS_ONE, "source": 1}, "found the inputs source, tokens, expected"),
        (
            {"causal": False},
            {"tokens": TOKENS_ONE, "cache": {}},
            "expected tokens and any of lengths",
        ),
        ({"source_width": 3}, TOKENS_ONE, "found no source, expected one: the model has a source"),
        ({}, {"tokens": TOKENS_ONE, "start": [0]}, "expected a filled cache and start together"),
    ],
)
def test_parts_that_do_not_belong_together(options, inputs, message):
    network, variables = model(**options)
    with pytest.raises(ValueError, match=message):
        network.apply(variables, inputs, False, None)


def test_inputs_that_cannot_be_used():
    run = jitted(positions="learned", length=T, key_value_heads=1)
    with pytest.raises(ValueError, match="sequences have 7 tokens, the model's length is 6"):
        run(np.ones((1, 7), np.int32))
    with pytest.raises(ValueError, match=r"inputs are float \(1, 2, 3\), expected tokens"):
        run(np.ones((1, 2, 3), np.float32))


def test_training_is_that_of_the_plain_forms(monkeypatch):
    """Loss by loss, Adam's division by small gradients included."""
    tokens = np.random.default_rng(0).integers(0, 7, (4, 9))

    def curve():
        network = Network.from_nnx(
            lambda rngs: Transformer(
                7,
                width=8,
                layers=2,
                heads=2,
                feed_forward="gelu",
                norm="layer",
                bias=True,
                rngs=rngs,
            )
        )
        task = LanguageModel(network=network, optimizer=optax.adam(1e-2))
        step, losses = jax.jit(Step(task)), []
        state = Step(task).init(0)
        for _ in range(25):
            state, metrics = step(state, {"inputs": jnp.asarray(tokens)}, jnp.arange(4))
            losses.append(metrics["loss"])
        return np.array(losses)

    ours = curve()
    monkeypatch.setattr(ops, "attention", plain_attention)
    monkeypatch.setattr(LayerNorm, "__call__", nnx.LayerNorm.__call__)
    monkeypatch.setattr(FeedForward, "__call__", plain_feed_forward)
    plain = curve()
    assert plain[-1] < plain[0]
    np.testing.assert_allclose(ours, plain, rtol=1e-4)


def plain_attention(query, key, value, *, causal, lengths, seen):
    assert lengths is None and seen is None
    return jax.nn.dot_product_attention(query, key, value, is_causal=causal)


def plain_feed_forward(layer, inputs):
    return layer.down(nnx.gelu(layer.up(inputs)))
