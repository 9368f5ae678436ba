import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from hypothesis import given, settings
from hypothesis import strategies as st

from research.inference.generation import Constraint, Greedy, Sampling, generate, no_repeats
from research.inference.generation.generate import _generate
from research.models import Embedding, Network, Precision, apply_precision
from tests.effort import examples
from tests.research.inference.generation.decoders import (
    C,
    V,
    decoder,
    greedy,
    logits_after,
    translator,
)

PROMPTS = st.lists(st.lists(st.integers(0, V - 1), min_size=1, max_size=C), min_size=2, max_size=2)
KINDS = [
    {},
    {"layers": 2, "key_value_heads": 1, "positions": "learned", "tied": False},
    {"positions": "sinusoidal", "norm": "layer", "order": "post", "bias": True},
]


def rows(generated):
    return [
        list(row[:length])
        for row, length in zip(generated.tokens.tolist(), generated.lengths, strict=True)
    ]


@pytest.mark.parametrize("options", KINDS, ids=["rotary", "learned", "sinusoidal"])
@settings(max_examples=examples(8))
@given(prompts=PROMPTS, new=st.integers(0, C), stop=st.integers(0, V))
def test_greedy_is_the_argmax_of_the_whole_forward_pass(options, prompts, new, stop):
    network, variables = decoder(**options)
    generated = generate(network, variables, prompts, length=C, new=new, stop=[stop])
    for row, prompt in enumerate(prompts):
        tokens, numbers = greedy(network, variables, prompt, new=new, stop=[stop])
        assert rows(generated)[row] == tokens
        written = generated.log_probabilities[row, len(prompt) : len(tokens)]
        np.testing.assert_allclose(written, numbers, rtol=1e-3, atol=1e-3)
        assert (generated.log_probabilities[row, : len(prompt)] == 0).all()
        assert (generated.tokens[row, len(tokens) :] == 0).all()
    assert not generated.stuck.any()
    np.testing.assert_array_equal(generated.wanted, generated.tokens)


@settings(max_examples=examples(8))
@given(prompt=st.lists(st.integers(0, V - 1), min_size=1, max_size=C - 3), other=PROMPTS)
def test_neither_padding_nor_the_other_sequence_changes_a_sample(prompt, other):
    network, variables = decoder()
    keys = jax.random.split(jax.random.key(1), 2)
    options = {"length": C, "method": Sampling(temperature=0.8, top_p=0.9)}
    alone = generate(network, variables, [prompt, prompt], key=keys[jnp.array([0, 0])], **options)
    among = generate(network, variables, [other[0], prompt], key=keys[::-1], **options)
    assert rows(alone)[0] == rows(alone)[1] == rows(among)[1]
    padded = np.full((2, C), 3, np.int32)
    padded[0, : len(prompt)] = prompt
    padded[1, C - len(prompt) :] = prompt
    lengths = np.array([len(prompt), len(prompt)])
    for row, left in ((0, False), (1, True)):
        told = generate(
            network,
            variables,
            padded,
            lengths=lengths,
            left=left,
            key=keys[jnp.array([0, 0])],
            **options,
        )
        assert rows(told)[row] == rows(alone)[0]


def test_one_compilation_for_all_lengths_and_numbers():
    network, variables = decoder(heads=4)
    before = _generate._cache_size()
    key = jax.random.key(0)
    for prompt, new, temperature in (([1], 3, 1.0), ([1, 2, 3], 9, 0.5), (list(range(V)), C, 2.0)):
        method = Sampling(temperature=temperature)
        generate(network, variables, [prompt], length=C, new=new, method=method, key=key)
    assert _generate._cache_size() == before + 1


def test_draws_have_the_probabilities_of_the_model():
    network, variables = decoder()
    count = 4096
    generated = generate(
        network,
        variables,
        np.tile(np.array([1, 2, 3], np.int32), (count, 1)),
        length=4,
        method=Sampling(temperature=1.5),
        key=jax.random.key(0),
    )
    found = np.bincount(generated.tokens[:, 3], minlength=V) / count
    scaled = logits_after(network, variables, [1, 2, 3]) / 1.5
    expected = np.exp(scaled) / np.exp(scaled).sum()
    deviation = np.sqrt(expected * (1 - expected) / count)
    assert (abs(found - expected) < 4 * deviation + 1e-9).all()


def test_a_low_temperature_is_greedy():
    network, variables = decoder()
    prompts = [[1, 2], [3]]
    cold = generate(
        network,
        variables,
        prompts,
        length=C,
        method=Sampling(temperature=1e-4),
        key=jax.random.key(0),
    )
    assert rows(cold) == rows(generate(network, variables, prompts, length=C, method=Greedy()))


def parity():
    """Forbids the token that is equal to the number of tokens drawn so far, modulo V."""

    def allowed(state, step):
        return jnp.arange(V) != state["drawn"][:, None] % V

    return Constraint(
        start=lambda tokens, lengths: {"drawn": jnp.zeros_like(lengths)},
        allowed=allowed,
        advance=lambda state, tokens: {"drawn": state["drawn"] + 1},
    )


PARITY = parity()


@settings(max_examples=examples(8))
@given(prompts=PROMPTS)
def test_a_constraint_is_asked_at_every_step(prompts):
    network, variables = decoder()
    generated = generate(network, variables, prompts, length=C, constraint=PARITY)
    for row, prompt in enumerate(prompts):

        def allowed(tokens, prompt=prompt):
            return np.arange(V) != (len(tokens) - len(prompt)) % V

        tokens, _ = greedy(network, variables, prompt, new=C, allowed=allowed)
        assert rows(generated)[row] == tokens
        for at in range(len(prompt), C):
            logits = logits_after(network, variables, tokens[:at])
            assert int(generated.wanted[row, at]) == logits.argmax()
            probabilities = np.exp(logits) / np.exp(logits).sum()
            cost = np.log(probabilities[allowed(tokens[:at])].sum())
            np.testing.assert_allclose(generated.log_allowed[row, at], cost, rtol=1e-3, atol=1e-4)


def test_a_sequence_ends_where_nothing_is_allowed():
    network, variables = decoder()
    generated = generate(network, variables, [[1, 2, 2], [4]], length=C, constraint=no_repeats(1))
    # Each of the V tokens may come once.
    assert [len(row) for row in rows(generated)] == [V + 1, V]
    assert all(sorted(set(row)) == list(range(V)) for row in rows(generated))
    assert generated.stuck.all()


@settings(max_examples=examples(8))
@given(
    sources=st.lists(
        st.lists(st.integers(1, V - 1), min_size=1, max_size=5), min_size=2, max_size=2
    )
)
def test_a_source_is_attended_to_without_its_padding(sources):
    network, variables = translator()
    padded = np.zeros((2, 5), np.int32)
    for row, source in zip(padded, sources, strict=True):
        row[: len(source)] = source
    lengths = np.array([len(source) for source in sources])
    filled = np.where(padded == 0, 3, padded)
    for told in ({"source": padded}, {"source": filled, "source_lengths": lengths}):
        generated = generate(network, variables, [[1], [2, 3]], length=C, new=4, source=told)
        for row, prompt in enumerate([[1], [2, 3]]):
            alone = np.zeros((1, 8), np.int32)
            alone[0, : len(sources[row])] = sources[row]
            tokens, _ = greedy(network, variables, prompt, new=4, source={"source": alone})
            assert rows(generated)[row] == tokens


def test_it_works_inside_jit():
    network, variables = decoder()

    @jax.jit
    def program(tokens, lengths):
        return generate(network, variables, tokens, lengths=lengths, left=True, length=C).tokens

    tokens = jnp.array([[0, 1, 2], [3, 4, 1]])
    inside = program(tokens, jnp.array([2, 3]))
    outside = generate(network, variables, [[1, 2], [3, 4, 1]], length=C)
    np.testing.assert_array_equal(inside, outside.tokens)


def test_a_network_of_lower_precision_keeps_a_cache_of_its_own_type():
    network, variables = decoder()
    precision = Precision(params="float32", compute="bfloat16", output="float32")
    low = apply_precision(network, precision)
    generated = generate(low, variables, [[1, 2]], length=C)
    assert int(generated.lengths[0]) == C


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"prompts": [[1, 2], []]}, "a prompt is empty, expected a token to begin with"),
        ({"prompts": []}, "found no prompts, expected one or more"),
        ({"prompts": [[1] * 17]}, "prompts have 17 tokens, there is room for 16"),
        ({"method": Sampling()}, "Sampling draws: expected a key, such as"),
        (
            {"method": Sampling(), "key": jax.random.split(jax.random.key(0), 3)},
            r"keys are \[3\], expected one or \[1\]",
        ),
        ({"length": 99}, "sequences have 99 tokens, the model's length is 32"),
    ],
)
def test_arguments_that_cannot_be_used(options, message):
    network, variables = decoder()
    options = {"prompts": [[1]], "length": C} | options
    with pytest.raises(ValueError, match=message):
        generate(network, variables, options.pop("prompts"), **options)


def test_a_network_without_a_cache():
    network = Network.from_nnx(Memoryless)
    with pytest.raises(ValueError, match="the network's outputs are logits, expected a cache"):
        generate(network, network.init(jax.random.key(0)), [[1]], length=C)


class Memoryless(nnx.Module):
    def __init__(self, rngs):
        self.embedding = Embedding(V, V, rngs=rngs)

    def __call__(self, inputs, *, train=False, rngs=None):
        return {"logits": self.embedding(inputs["tokens"])}
