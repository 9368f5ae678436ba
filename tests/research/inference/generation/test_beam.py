import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from research.inference.generation import beam_search, generate, no_repeats
from tests.research.inference.generation.decoders import C, V, decoder, log_softmax, logits_after

NEW = 3


def exhaustive(network, variables, prompt, *, stop, length_penalty):
    """Every continuation of up to NEW tokens with its score, the best first."""
    found = []
    frontier = [([], 0.0)]
    for _ in range(NEW):
        further = []
        for tokens, total in frontier:
            numbers = log_softmax(logits_after(network, variables, [*prompt, *tokens]))
            further += [([*tokens, token], total + numbers[token]) for token in range(V)]
        found += [item for item in further if item[0][-1] in stop]
        frontier = [item for item in further if item[0][-1] not in stop]
    scored = [
        (total / ((5 + len(tokens)) / 6) ** length_penalty, tokens, total)
        for tokens, total in found + frontier
    ]
    return sorted(scored, reverse=True)


@pytest.mark.parametrize(("stop", "length_penalty"), [((V, V), 0.0), ((2, V), 0.0), ((2, 4), 1.5)])
def test_a_beam_of_everything_finds_the_best_of_everything(stop, length_penalty):
    network, variables = decoder()
    prompts = [[1, 2, 3], [4]]
    # At most V^2 sequences have a future, and each of the others keeps its place.
    beams = beam_search(
        network,
        variables,
        prompts,
        length=C,
        new=NEW,
        width=V**NEW,
        stop=stop,
        length_penalty=length_penalty,
    )
    for row, prompt in enumerate(prompts):
        expected = exhaustive(network, variables, prompt, stop=stop, length_penalty=length_penalty)
        count = len(expected)
        np.testing.assert_allclose(
            beams.scores[row, :count], [score for score, _, _ in expected], rtol=1e-3, atol=1e-4
        )
        assert (beams.scores[row, count:] == -np.inf).all()
        for place, (_, tokens, total) in enumerate(expected[:3]):
            length = int(beams.lengths[row, place])
            assert beams.tokens[row, place, :length].tolist() == [*prompt, *tokens]
            np.testing.assert_allclose(beams.log_probabilities[row, place], total, rtol=1e-3)


PROMPTS = st.lists(st.lists(st.integers(0, V - 1), min_size=1, max_size=C), min_size=2, max_size=2)
CONSTRAINTS = {"free": None, "no repeats": no_repeats(1)}


@pytest.mark.parametrize("constraint", CONSTRAINTS)
@settings(max_examples=10)
@given(prompts=PROMPTS, stop=st.integers(0, V))
def test_a_beam_of_one_is_greedy(constraint, prompts, stop):
    network, variables = decoder()
    options = {"length": C, "stop": [stop], "constraint": CONSTRAINTS[constraint]}
    beams = beam_search(network, variables, prompts, width=1, **options)
    expected = generate(network, variables, prompts, **options)
    np.testing.assert_array_equal(beams.tokens[:, 0], expected.tokens)
    np.testing.assert_array_equal(beams.lengths[:, 0], expected.lengths)
    total = expected.log_probabilities.sum(1)
    np.testing.assert_allclose(beams.log_probabilities[:, 0], total, rtol=1e-3, atol=1e-3)


@settings(max_examples=10)
@given(prompts=PROMPTS)
def test_the_other_sequence_changes_nothing(prompts):
    network, variables = decoder()
    both = beam_search(network, variables, prompts, length=C, width=3, stop=[1])
    twice = beam_search(network, variables, [prompts[0]] * 2, length=C, width=3, stop=[1])
    np.testing.assert_array_equal(both.tokens[0], twice.tokens[0])
    assert (both.scores[:, :-1] >= both.scores[:, 1:]).all()


def test_no_beam_breaks_the_constraint():
    network, variables = decoder()
    beams = beam_search(
        network,
        variables,
        [[1], [2, 3]],
        length=C,
        new=5,
        width=3,
        constraint=CONSTRAINTS["no repeats"],
    )
    for row, beam in itertools.product(range(2), range(3)):
        tokens = beams.tokens[row, beam, : int(beams.lengths[row, beam])].tolist()
        assert len(tokens) == len(set(tokens))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 0}, "width is 0, expected 1 or more"),
        ({"length_penalty": -1}, "length_penalty is -1, expected 0 or more"),
    ],
)
def test_numbers_out_of_range(options, message):
    network, variables = decoder()
    with pytest.raises(ValueError, match=message):
        beam_search(network, variables, [[1]], length=C, **options)
