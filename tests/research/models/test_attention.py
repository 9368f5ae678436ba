import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from research.models.attention import Attention

B, T, D, E = 2, 5, 12, 3


def attention(**options):
    options = {"heads": 4, "causal": True, "rotary": False} | options
    init = nnx.initializers.lecun_normal()
    return Attention(D, output_init=init, rngs=nnx.Rngs(0), **options)


def projected(part, x):
    bias = 0 if part.bias is None else np.float64(part.bias[...])
    return np.einsum("btd,dne->btne", x, np.float64(part.kernel[...])) + bias


def by_numpy(module, x, *, causal, lengths, source=None):
    """Head by head, position by position, in float64."""
    read = x if source is None else source
    q, k, v = projected(module.query, x), projected(module.key, read), projected(module.value, read)
    heads, groups = q.shape[2], k.shape[2]
    attended = np.zeros_like(q)
    for b in range(B):
        for n in range(heads):
            group = n // (heads // groups)
            for t in range(T):
                seen = np.arange(k.shape[1]) < lengths[b]
                if causal:
                    seen &= np.arange(k.shape[1]) <= t
                scores = k[b, seen, group] @ q[b, t, n] / np.sqrt(q.shape[3])
                weights = np.exp(scores) / np.exp(scores).sum()
                attended[b, t, n] = weights @ v[b, seen, group]
    bias = 0 if module.output.bias is None else np.float64(module.output.bias[...])
    return np.einsum("btne,ned->btd", attended, np.float64(module.output.kernel[...])) + bias


@pytest.mark.parametrize("groups", [None, 2, 1])
@pytest.mark.parametrize("causal", [True, False])
def test_attention_equals_numpy(groups, causal):
    module = attention(key_value_heads=groups, causal=causal)
    inputs = np.random.default_rng(0).normal(size=(B, T, D))
    lengths = np.array([5, 3])
    actual = module(jnp.float32(inputs), jnp.arange(T), jnp.array(lengths))
    expected = by_numpy(module, inputs, causal=causal, lengths=lengths)
    np.testing.assert_allclose(actual.output, expected, rtol=1e-3, atol=1e-5)
    assert actual.cache is None and actual.weights is None


def test_grouped_heads_share_keys_and_values():
    shapes = jax.tree.map(np.shape, nnx.to_pure_dict(nnx.state(attention(key_value_heads=2))))
    assert shapes == {
        "query": {"kernel": (D, 4, E)},
        "key": {"kernel": (D, 2, E)},
        "value": {"kernel": (D, 2, E)},
        "output": {"kernel": (4, E, D)},
    }


def biased(module):
    """With biases that are not zero, as they begin."""
    for part in (module.query, module.key, module.value, module.output):
        part.bias[...] = jax.random.normal(jax.random.key(part.bias.size), part.bias.shape)
    return module


@pytest.mark.parametrize("weights", [True, False])
def test_attention_to_a_source_equals_numpy(weights):
    module = biased(attention(causal=False, key_value_heads=2, bias=True, source_width=7))
    random = np.random.default_rng(0)
    inputs, source = random.normal(size=(B, T, D)), random.normal(size=(B, 3, 7))
    lengths = np.array([3, 1])
    attended = module(
        jnp.float32(inputs),
        jnp.arange(T),
        jnp.array(lengths),
        source=jnp.float32(source),
        weights=weights,
    )
    expected = by_numpy(module, inputs, causal=False, lengths=lengths, source=source)
    np.testing.assert_allclose(attended.output, expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("causal", [True, False])
def test_weights_are_distributions_over_what_is_seen(causal):
    module = attention(key_value_heads=2, causal=causal)
    inputs = jnp.float32(np.random.default_rng(0).normal(size=(B, T, D)))
    lengths = jnp.array([5, 3])
    asked = module(inputs, jnp.arange(T), lengths, weights=True)
    assert asked.weights.shape == (B, 4, T, T)
    np.testing.assert_allclose(asked.weights.sum(-1), 1, rtol=1e-5)
    assert (asked.weights[1, :, :, 3:] == 0).all()
    assert causal == bool((asked.weights[0, :, 0, 1:] == 0).all())
    plain = module(inputs, jnp.arange(T), lengths)
    np.testing.assert_allclose(asked.output, plain.output, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("weights", [True, False])
def test_a_cache_continues_where_it_was_left(weights):
    module = attention(key_value_heads=1, rotary=True, heads=2)
    run = jax.jit(lambda x, at, cache: module(x, at, cache=cache, weights=weights))
    inputs = jnp.float32(np.random.default_rng(0).normal(size=(B, T, D)))
    whole = run(inputs, jnp.arange(T), {})
    empty = jax.tree.map(jnp.zeros_like, whole.cache)
    # Each sequence is at another place: 2 tokens, then 1, are read from 0 and from 1 on.
    cache, starts = empty, jnp.array([0, 1])
    cache = run(inputs[:, :2], jnp.array([[0, 1], [0, 1]]), cache).cache
    for at, size in ((starts, 2), (starts + 2, 1)):
        positions = at[:, None] + jnp.arange(size)
        part = jnp.take_along_axis(inputs, positions[..., None], axis=1)
        attended = run(part, positions, cache)
        cache = attended.cache
        expected = jnp.take_along_axis(whole.output, positions[..., None], axis=1)
        np.testing.assert_allclose(attended.output, expected, rtol=1e-4, atol=1e-5)


def test_a_cache_of_a_source_is_read_as_it_is():
    module = attention(causal=False, source_width=7)
    random = np.random.default_rng(0)
    inputs, source = (jnp.float32(random.normal(size=(B, s, d))) for s, d in ((T, D), (3, 7)))
    first = module(inputs, jnp.arange(T), source=source, cache={})
    again = module(inputs[:, 2:3], jnp.full((B, 1), 2), cache=first.cache)
    np.testing.assert_allclose(again.output, first.output[:, 2:3], rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(again.cache["key"], first.cache["key"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"heads": 5}, "width is 12 and heads 5, expected a width divisible by the heads"),
        ({"key_value_heads": 3}, "heads is 4 and key_value_heads 3, expected heads divisible"),
        ({"rotary": True}, "width 12 / heads 4 is 3, rotary positions need an even number"),
    ],
)
def test_sizes_that_do_not_fit(options, message):
    with pytest.raises(ValueError, match=message):
        attention(**options)
