import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from hypothesis import given
from hypothesis import strategies as st

from research.models.attention import Attention, rotate

B, T, D, E = 2, 5, 12, 3


def attention(**options):
    options = {"heads": 4, "causal": True, "rotary": False} | options
    init = nnx.initializers.lecun_normal()
    return Attention(D, output_init=init, rngs=nnx.Rngs(0), **options)


def by_numpy(module, x, *, causal, lengths):
    """Head by head, position by position, in float64."""
    q, k, v = (
        np.einsum("btd,dne->btne", x, np.float64(part.kernel[...]))
        for part in (module.query, module.key, module.value)
    )
    heads, groups = q.shape[2], k.shape[2]
    attended = np.zeros_like(q)
    for b in range(B):
        for n in range(heads):
            group = n // (heads // groups)
            for t in range(T):
                seen = np.arange(T) < lengths[b]
                if causal:
                    seen &= np.arange(T) <= t
                scores = k[b, seen, group] @ q[b, t, n] / np.sqrt(q.shape[3])
                weights = np.exp(scores) / np.exp(scores).sum()
                attended[b, t, n] = weights @ v[b, seen, group]
    return np.einsum("btne,ned->btd", attended, np.float64(module.output.kernel[...]))


@pytest.mark.parametrize("groups", [None, 2, 1])
@pytest.mark.parametrize("causal", [True, False])
def test_attention_equals_numpy(groups, causal):
    module = attention(key_value_heads=groups, causal=causal)
    inputs = np.random.default_rng(0).normal(size=(B, T, D))
    lengths = np.array([5, 3])
    actual = module(jnp.float32(inputs), jnp.arange(T), lengths)
    expected = by_numpy(module, inputs, causal=causal, lengths=lengths)
    np.testing.assert_allclose(actual, expected, rtol=1e-3, atol=1e-5)


def test_grouped_heads_share_keys_and_values():
    shapes = jax.tree.map(np.shape, nnx.to_pure_dict(nnx.state(attention(key_value_heads=2))))
    assert shapes == {
        "query": {"kernel": (D, 4, E)},
        "key": {"kernel": (D, 2, E)},
        "value": {"kernel": (D, 2, E)},
        "output": {"kernel": (4, E, D)},
    }


def test_rotation_equals_complex_multiplication():
    heads = np.random.default_rng(0).normal(size=(1, 4, 2, 6)).astype(np.float32)
    positions = np.array([0, 1, 7, 100])
    numbers = heads[..., :3] + 1j * heads[..., 3:]
    frequencies = 10_000.0 ** (-2 * np.arange(3) / 6)
    turned = numbers * np.exp(1j * positions[:, None, None] * frequencies)
    expected = np.concatenate([turned.real, turned.imag], -1)
    np.testing.assert_allclose(rotate(heads, positions), expected, rtol=1e-4, atol=1e-5)


@given(at=st.integers(0, 500), distance=st.integers(0, 20), moved=st.integers(0, 500))
def test_rotated_products_depend_on_the_distance_only(at, distance, moved):
    query, key = np.random.default_rng(1).normal(size=(2, 1, 1, 1, 8)).astype(np.float32)

    def product(position):
        q = rotate(query, np.array([position + distance]))
        return np.vdot(q, rotate(key, np.array([position])))

    np.testing.assert_allclose(product(at), product(at + moved), rtol=1e-3, atol=2e-3)


def test_positions_are_told_apart_in_bfloat16():
    heads = jnp.ones((1, 2, 1, 4), jnp.bfloat16)
    turned = rotate(heads, jnp.array([256, 257]))
    assert turned.dtype == jnp.bfloat16
    assert not np.array_equal(turned[0, 0], turned[0, 1])


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
