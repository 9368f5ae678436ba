"""From texts to the pieces of words that the pretrained encoder knows."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from experiments.transfer.heads import Heads
from research.models.pretrained.wordpiece import WordPiece


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pieces:
    """A `Reader` of pieces of words.

    Attributes:
        tokenizer: the encoder's.
        length: pieces read of a text at most, the marks of its beginning and end included.
        heads: what the frozen encoder's embeddings say, before anything was fine-tuned.
    """

    tokenizer: WordPiece
    length: int
    heads: Heads

    def __call__(self, columns: Mapping[str, Any]) -> Any:
        """See `Reader`: the column `read`."""
        return columns["read"]

    def columns(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """See `Reader`; `read` are tokens int32 `[N, T]`."""
        tokens, lengths = self.tokenizer.encode(texts)
        read = np.full((len(texts), self.length), self.tokenizer.padding, np.int32)
        width = min(tokens.shape[1], self.length)
        read[:, :width] = tokens[:, :width]
        unread = np.maximum(lengths - self.length, 0).astype(np.int32)
        read[unread > 0, -1] = self.tokenizer.vocabulary["[SEP]"]
        unknown = (read == self.tokenizer.vocabulary["[UNK]"]).sum(1)
        words = np.maximum(np.minimum(lengths, self.length) - 2, 1)
        return {"read": read, "unread": unread, "unseen": (unknown / words).astype(np.float32)}

    def read(self, text: str) -> list[str]:
        """See `Reader`; the encoder's attention is not shown, so the text stays whole."""
        return [text]
