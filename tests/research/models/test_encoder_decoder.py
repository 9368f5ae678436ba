import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from research.inference.generation import generate
from research.models import EncoderDecoder, Network, Transformer
from tests.effort import examples
from tests.research.models.arrays import filled

B, S, T, V, D = 2, 5, 4, 7, 8
SOURCES = arrays(np.int32, (B, S), elements=st.integers(1, V - 1))
TOKENS = arrays(np.int32, (B, T), elements=st.integers(1, V - 1))


def build(rngs, *, width=D, **options):
    sizes = {"layers": 1, "heads": 2, "rngs": rngs} | options
    return EncoderDecoder(
        encoder=Transformer(V, width=width, causal=False, tied=None, padding=0, **sizes),
        decoder=Transformer(V, width=width, source_width=width, weights=True, **sizes),
    )


NETWORK = Network.from_nnx(build)
# Larger than it begins, so that an influence can't hide below the tolerance.
VARIABLES = filled(NETWORK, scale=0.5)


@jax.jit
def run(inputs):
    return NETWORK.apply(VARIABLES, inputs, False, None)[0]


@settings(max_examples=examples(10))
@given(source=SOURCES, tokens=TOKENS, others=TOKENS, at=st.integers(0, T - 1))
def test_the_decoder_does_not_see_the_future(source, tokens, others, at):
    changed = np.where(np.arange(T) > at, others, tokens)
    first, second = (run({"source": source, "tokens": x})["logits"] for x in (tokens, changed))
    np.testing.assert_allclose(first[:, : at + 1], second[:, : at + 1], rtol=1e-3, atol=2e-4)


@settings(max_examples=examples(10))
@given(
    source=SOURCES,
    others=SOURCES,
    tokens=TOKENS,
    lengths=arrays(np.int32, B, elements=st.integers(1, S)),
)
def test_padding_of_the_source_never_matters(source, others, tokens, lengths):
    valid = np.arange(S) < lengths[:, None]
    padded = run({"source": np.where(valid, source, 0), "tokens": tokens})
    junk = np.where(valid, source, others)
    told = run({"source": junk, "source_lengths": lengths, "tokens": tokens})
    np.testing.assert_allclose(padded["logits"], told["logits"], rtol=1e-3, atol=2e-4)
    weights = told["source_attention"]
    assert weights.shape == (B, 1, 2, T, S)
    assert (np.moveaxis(weights, 4, 1)[~valid] == 0).all()


def test_every_part_of_the_source_matters():
    source, tokens = np.array([[1, 2, 3, 4, 5]], np.int32), np.array([[1, 2, 3, 4]], np.int32)
    plain = run({"source": source, "tokens": tokens})
    for place in range(S):
        changed = np.where(np.arange(S) == place, 6, source)
        other = run({"source": changed, "tokens": tokens})
        assert not np.allclose(plain["logits"], other["logits"], rtol=1e-3)
    assert plain["encoded"].shape == (1, S, D)


def test_the_gradient_reaches_all_parameters():
    def loss(params):
        inputs = {"source": np.ones((1, S), np.int32), "tokens": np.array([[1, 2, 3, 4]])}
        outputs, _ = NETWORK.apply(VARIABLES._replace(params=params), inputs, True, None)
        return optax.softmax_cross_entropy_with_integer_labels(
            outputs["logits"], jnp.array([[2, 3, 4, 5]])
        ).mean()

    gradients = jax.jit(jax.grad(loss))(VARIABLES.params)
    still = [path for path, leaf in jax.tree.leaves_with_path(gradients) if not leaf.any()]
    # All tokens of the source are the same, so what is asked of it does not matter.
    assert all("source_attention" in str(path) or "encoder" in str(path) for path in still)
    for part in ("value", "output"):
        assert gradients["decoder"]["layers"]["0"]["source_attention"][part]["kernel"].any()
    assert gradients["encoder"]["embedding"]["embedding"].any()


def test_it_learns_to_reverse():
    """Read 3 tokens, write them from the last to the first."""
    network = Network.from_nnx(functools.partial(build, width=32))
    optimizer = optax.adam(1e-2)
    start = 0  # the first token of every answer; sources hold 1 to 6

    def objective(params, source):
        target = source[:, ::-1]
        begun = jnp.concatenate([jnp.full((len(source), 1), start), target[:, :-1]], axis=1)
        variables = first._replace(params=params)
        inputs = {"source": source, "tokens": begun}
        outputs, _ = network.apply(variables, inputs, False, None)
        losses = optax.softmax_cross_entropy_with_integer_labels(outputs["logits"], target)
        return losses.mean()

    @jax.jit
    def train(params, key):
        def step(carry, key):
            params, moments = carry
            source = jax.random.randint(key, (64, 3), 1, V)
            loss, gradients = jax.value_and_grad(objective)(params, source)
            updates, moments = optimizer.update(gradients, moments)
            return (optax.apply_updates(params, updates), moments), loss

        carry = (params, optimizer.init(params))
        return jax.lax.scan(step, carry, jax.random.split(key, 250))

    first = network.init(jax.random.key(0))
    (params, _), losses = train(first.params, jax.random.key(1))
    assert losses[-1] < losses[0] / 5
    source = np.random.default_rng(0).integers(1, V, size=(20, 3)).astype(np.int32)
    written = generate(
        network,
        first._replace(params=params),
        np.full((20, 1), start, np.int32),
        length=4,
        source={"source": source},
    )
    assert (np.asarray(written.tokens[:, 1:]) == source[:, ::-1]).mean() > 0.95


def parts(**changes):
    encoder = {"causal": False, "tied": None, "width": D} | changes.pop("encoder", {})
    decoder = {"source_width": D, "width": D} | changes.pop("decoder", {})
    make = functools.partial(Transformer, V, layers=1, heads=2, rngs=nnx.Rngs(0))
    return {"encoder": make(**encoder), "decoder": make(**decoder)}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"encoder": {"causal": True}}, r"the encoder is causal, expected Transformer\(causal=F"),
        ({"decoder": {"causal": False}}, "the decoder is not causal, expected"),
        ({"encoder": {"width": 4}}, "source_width is 8, expected the encoder's width 4"),
        ({"decoder": {"source_width": None}}, "source_width is None, expected the encoder's"),
    ],
)
def test_parts_that_do_not_fit(changes, message):
    with pytest.raises(ValueError, match=message):
        EncoderDecoder(**parts(**changes))


def test_a_source_is_needed():
    with pytest.raises(ValueError, match="found the inputs tokens, expected source and tokens"):
        run({"tokens": np.ones((1, 2), np.int32)})
