"""Small decoders, and generation as anybody would write it: no cache, one token at a time."""

import functools

import jax
import numpy as np

from research.models import EncoderDecoder, Network, Transformer
from tests.research.models.arrays import filled

V, C = 5, 16


@functools.cache
def decoder(**options):
    options = {"width": 8, "layers": 1, "heads": 2, "length": 2 * C} | options
    network = Network.from_nnx(lambda rngs: Transformer(V, rngs=rngs, **options))
    # Larger than it begins, so that logits differ.
    return network, filled(network, scale=0.7)


@functools.cache
def translator():
    def build(rngs):
        sizes = {"width": 8, "layers": 1, "heads": 2, "rngs": rngs}
        encoder = Transformer(V, causal=False, tied=None, padding=0, **sizes)
        return EncoderDecoder(encoder=encoder, decoder=Transformer(V, source_width=8, **sizes))

    network = Network.from_nnx(build)
    return network, filled(network, scale=0.7)


@functools.cache
def _whole(network):
    return jax.jit(lambda variables, inputs: network.apply(variables, inputs, False, None)[0])


def logits_after(network, variables, tokens, source=None):
    """float64 `[V]` after a list of tokens, by the whole forward pass (causal, so padded)."""
    padded = np.zeros((1, C), np.int32)
    padded[0, : len(tokens)] = tokens
    inputs = padded if source is None else {**source, "tokens": padded}
    return np.float64(_whole(network)(variables, inputs)["logits"][0, len(tokens) - 1])


def log_softmax(logits):
    return logits - np.log(np.exp(logits - logits.max()).sum()) - logits.max()


def greedy(network, variables, prompt, *, new, stop=(), allowed=None, source=None):
    """Tokens, and ln of each new one's probability."""
    tokens, numbers = list(prompt), []
    while len(tokens) < min(len(prompt) + new, C):
        logits = logits_after(network, variables, tokens, source)
        usable = logits if allowed is None else np.where(allowed(tokens), logits, -np.inf)
        if (usable == -np.inf).all():
            break
        tokens.append(int(usable.argmax()))
        numbers.append(log_softmax(logits)[tokens[-1]])
        if tokens[-1] in stop:
            break
    return tokens, numbers
