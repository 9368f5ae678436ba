import jax.numpy as jnp
import numpy as np
import pytest

from research.inference.generation.prompts import prompts


@pytest.mark.parametrize("xp", [np, jnp])
def test_all_ways_to_give_prompts_are_the_same(xp):
    lists = prompts([[1, 2, 3], [4]], slots=5)
    right = prompts(xp.array([[1, 2, 3], [4, 9, 9]]), lengths=xp.array([3, 1]), slots=5)
    left = prompts(xp.array([[1, 2, 3], [9, 9, 4]]), lengths=xp.array([3, 1]), slots=5, left=True)
    for found in (lists, right, left):
        np.testing.assert_array_equal(found.tokens, [[1, 2, 3, 0, 0], [4, 0, 0, 0, 0]])
        np.testing.assert_array_equal(found.lengths, [3, 1])
        assert found.tokens.dtype == found.lengths.dtype == np.int32
    whole = prompts(np.array([[1, 2]]), slots=2)
    assert whole.lengths.tolist() == [2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sequences": [[1]], "lengths": [1]}, "found lengths of lists of tokens"),
        ({"sequences": np.ones((1, 2))}, r"prompts are float64 \[1, 2\], expected integers"),
        ({"sequences": np.ones(3, int)}, r"prompts are int64 \[3\], expected integers \[B, P\]"),
        (
            {"sequences": np.ones((2, 3), int), "lengths": np.array([3])},
            r"lengths have the shape \[1\], expected \[2\]: one per prompt",
        ),
        (
            {"sequences": np.ones((1, 3), int), "lengths": np.array([4])},
            "a prompt's length is 4, the array has 3 tokens a row",
        ),
    ],
)
def test_prompts_that_cannot_be_read(arguments, message):
    with pytest.raises(ValueError, match=message):
        prompts(**arguments, slots=5)
