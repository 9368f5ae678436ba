import jax.numpy as jnp
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from research.models.positions import following, rotate, sinusoids


def test_rotation_equals_complex_multiplication():
    heads = np.random.default_rng(0).normal(size=(1, 4, 2, 6)).astype(np.float32)
    positions = np.array([0, 1, 7, 100])
    numbers = heads[..., :3] + 1j * heads[..., 3:]
    frequencies = 10_000.0 ** (-2 * np.arange(3) / 6)
    turned = numbers * np.exp(1j * positions[:, None, None] * frequencies)
    expected = np.concatenate([turned.real, turned.imag], -1)
    np.testing.assert_allclose(
        rotate(jnp.array(heads), jnp.array(positions)), expected, rtol=1e-4, atol=1e-5
    )


@given(at=st.integers(0, 500), distance=st.integers(0, 20), moved=st.integers(0, 500))
def test_rotated_products_depend_on_the_distance_only(at, distance, moved):
    query, key = np.random.default_rng(1).normal(size=(2, 1, 1, 1, 8)).astype(np.float32)

    def product(position):
        q = rotate(jnp.array(query), jnp.array([position + distance]))
        return np.vdot(q, rotate(jnp.array(key), jnp.array([position])))

    np.testing.assert_allclose(product(at), product(at + moved), rtol=1e-3, atol=2e-3)


def test_positions_are_told_apart_in_bfloat16():
    heads = jnp.ones((1, 2, 1, 4), jnp.bfloat16)
    turned = rotate(heads, jnp.array([256, 257]))
    assert turned.dtype == jnp.bfloat16
    assert not np.array_equal(turned[0, 0], turned[0, 1])


def test_sequences_are_rotated_by_their_own_positions():
    heads = jnp.float32(np.random.default_rng(0).normal(size=(2, 3, 2, 4)))
    positions = jnp.array([[0, 1, 2], [7, 8, 9]])
    each = [rotate(heads[i : i + 1], positions[i])[0] for i in range(2)]
    np.testing.assert_allclose(rotate(heads, positions), np.stack(each), rtol=1e-6)


def test_sinusoids_equal_the_formula():
    positions = np.array([[0, 3], [100, 511]])
    table = np.zeros((2, 2, 6))
    for index, position in np.ndenumerate(positions):
        for k in range(3):
            angle = position / 10_000 ** (2 * k / 6)
            table[index][k], table[index][3 + k] = np.sin(angle), np.cos(angle)
    np.testing.assert_allclose(sinusoids(jnp.array(positions), 6), table, rtol=1e-4, atol=1e-5)


def test_following_positions():
    np.testing.assert_array_equal(following(jnp.array([0, 5]), 3), [[0, 1, 2], [5, 6, 7]])
