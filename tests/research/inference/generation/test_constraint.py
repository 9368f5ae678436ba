import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.inference.generation import Step, no_repeats

V, C = 4, 9


def by_reading(tokens, size):
    """The tokens that would end a run of `size` tokens that is there already."""
    if len(tokens) < size - 1:
        return set()
    ending = tokens[len(tokens) - (size - 1) :]
    runs = [tokens[i : i + size] for i in range(len(tokens) - size + 1)]
    return {run[-1] for run in runs if run[:-1] == ending}


ALLOWED = {size: jax.jit(no_repeats(size).allowed) for size in (1, 2, 3)}


@pytest.mark.parametrize("size", ALLOWED)
@given(tokens=st.lists(st.integers(0, V - 1), min_size=1, max_size=C), junk=st.integers(0, V - 1))
def test_a_run_is_never_repeated(size, tokens, junk):
    row = np.full((1, C), junk, np.int32)
    row[0, : len(tokens)] = tokens
    step = Step(jnp.array(row), jnp.array([len(tokens)]), jnp.zeros((1, V)))
    forbidden = np.flatnonzero(~ALLOWED[size]((), step)[0])
    assert set(forbidden.tolist()) == by_reading(tokens, size)


def test_a_size_that_cannot_be():
    with pytest.raises(ValueError, match="size is 0, expected 1 or more"):
        no_repeats(0)
