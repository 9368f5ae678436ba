import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.inference.generation import Sampling
from research.inference.generation.sampling import choose, keep

V = 6
# Few different values, so that there are ties.
LOGITS = st.lists(st.sampled_from([-1.0, 0.0, 0.5, 2.0, -np.inf]), min_size=V, max_size=V).filter(
    lambda row: max(row) > -np.inf
)


def by_sorting(logits, *, top_k, top_p):
    """The set of tokens, taken one by one from the most probable on."""
    order = sorted((i for i in range(V) if logits[i] > -np.inf), key=lambda i: (-logits[i], i))
    order = order[:top_k]
    if top_p is None or top_p == 1:
        return set(order)
    total = sum(np.exp(logits[i]) for i in order)
    kept, mass = set(), 0.0
    for i in order:
        if mass >= top_p:
            break
        kept.add(i)
        mass += np.exp(logits[i]) / total
    return kept


KEEP = jax.jit(keep)


@given(
    row=LOGITS,
    top_k=st.none() | st.integers(1, V + 2),
    # No sums of these probabilities, where rounding would decide.
    top_p=st.none() | st.sampled_from([0.013, 0.371, 0.617, 0.893, 0.987, 1.0]),
)
def test_filters_keep_exactly_what_they_should(row, top_k, top_p):
    kept = KEEP(jnp.array([row], jnp.float32), top_k=top_k, top_p=top_p)[0]
    assert set(np.flatnonzero(kept).tolist()) == by_sorting(row, top_k=top_k, top_p=top_p)


def test_of_equals_the_first_are_kept():
    logits = jnp.array([[1.0, 2.0, 2.0, 2.0, 0.0]])
    np.testing.assert_array_equal(keep(logits, top_k=2)[0], [0, 1, 1, 0, 0])
    np.testing.assert_array_equal(keep(jnp.zeros((1, 5)), top_k=3)[0], [1, 1, 1, 0, 0])
    np.testing.assert_array_equal(keep(jnp.zeros((1, 4)), top_p=0.5)[0], [1, 1, 0, 0])


def test_draws_stay_within_the_filters():
    logits = jnp.tile(jnp.array([0.0, 1.0, 2.0, 3.0, -jnp.inf]), (500, 1))
    keys = jax.random.split(jax.random.key(0), 500)
    numbers = Sampling(top_k=2, temperature=5.0).numbers
    drawn = choose(logits, keys, jnp.zeros(500, jnp.int32), numbers)
    assert set(drawn.tolist()) == {2, 3}
    everything = choose(logits, keys, jnp.zeros(500, jnp.int32), {"temperature": 5.0})
    assert set(everything.tolist()) == {0, 1, 2, 3}


def test_a_position_draws_for_itself():
    logits, keys = jnp.zeros((8, 50)), jax.random.split(jax.random.key(0), 8)
    at = [choose(logits, keys, jnp.full(8, place), {"temperature": 1.0}) for place in (3, 4, 3)]
    np.testing.assert_array_equal(at[0], at[2])
    assert not np.array_equal(at[0], at[1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": 0}, r"temperature is 0, expected more than 0; Greedy\(\) is the limit"),
        ({"top_k": 0}, "top_k is 0, expected 1 or more"),
        ({"top_p": 0.0}, "top_p is 0.0, expected more than 0 and at most 1"),
        ({"top_p": 1.5}, "top_p is 1.5, expected more than 0 and at most 1"),
    ],
)
def test_numbers_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        Sampling(**options)
