"""Sequence to sequence: an encoder reads the source, a decoder writes with its eyes on it."""

from __future__ import annotations

from typing import Any

from flax import nnx

from research.arguments import require
from research.models.sequences import Sequences
from research.models.transformer import Transformer


class EncoderDecoder(nnx.Module):
    """An encoder and a decoder that attends to its hidden states (Vaswani et al., 2017).

    Inputs are a dictionary: `source`, tokens int32 `[B, S]`, with `source_lengths` int32
    `[B]` or the encoder's padding id; and `tokens`, `lengths`, `cache` and `start` for the
    decoder, as `Transformer` takes them. Padding of the source never changes a result.

    Args:
        encoder: `Transformer(..., causal=False, tied=None)`.
        decoder: `Transformer(..., source_width=...)` of the encoder's width.

    Raises:
        ArgumentError: when the two don't fit together.
    """

    def __init__(self, *, encoder: Transformer, decoder: Transformer) -> None:
        require(not encoder.causal, "the encoder is causal, expected Transformer(causal=False)")
        require(decoder.causal, "the decoder is not causal, expected Transformer(causal=True)")
        require(
            decoder.source_width == encoder.width,
            f"the decoder's source_width is {decoder.source_width}, expected the encoder's width "
            f"{encoder.width}",
        )
        self.encoder, self.decoder = encoder, decoder

    def __call__(
        self, inputs: Any, *, train: bool = False, rngs: nnx.Rngs | None = None
    ) -> dict[str, Any]:
        """Maps source and tokens to the decoder's outputs, and `encoded` `[B, S, C]`.

        With a filled cache no source is needed, and there is no `encoded`.
        """
        parts = dict(inputs)
        require(
            "source" in parts or bool(parts.get("cache")),
            f"found the inputs {', '.join(sorted(parts)) or '(none)'}, expected source and tokens",
        )
        encoded = {}
        if not parts.get("cache"):
            source: Any = parts["source"]
            if "source_lengths" in parts:
                source = {"tokens": source, "lengths": parts["source_lengths"]}
            tokens, lengths = Sequences.of(source, padding=self.encoder.padding)
            read = {"tokens": tokens, "lengths": lengths}
            encoded = {"encoded": self.encoder(read, train=train, rngs=rngs)["hidden"]}
            parts |= {"source": encoded["encoded"], "source_lengths": lengths}
        return self.decoder(parts, train=train, rngs=rngs) | encoded
