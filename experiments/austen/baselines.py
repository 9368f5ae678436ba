"""What characters cost without a network: n-grams, and programs that compress."""

from __future__ import annotations

import gzip
import lzma
from collections.abc import Sequence
from typing import Any

from experiments.austen.ngrams import CharacterNgrams


def measured(
    training: str, validation: str, test: str, *, orders: Sequence[int]
) -> list[dict[str, Any]]:
    """Bits per character of the test text, by baseline.

    Args:
        training: n-grams are counted in it; and xz is asked how much more it needs for both
            texts than for this one alone.
        validation: to compare orders by; precedes the test text, as context.
        test: that is measured.
        orders: of the n-gram models.

    Returns:
        Records `name`, `bits` (on the test text) and `validation` (None for compressors).
    """
    records: list[dict[str, Any]] = []
    for order in orders:
        model = CharacterNgrams.fit(training, order=order)
        records.append(
            {
                "name": f"{order}-grams of characters (interpolated Kneser-Ney)",
                "bits": float(model.bits(test, before=validation[-order:]).mean()),
                "validation": float(model.bits(validation, before=training[-order:]).mean()),
            }
        )
    read = training.encode()
    sizes = {
        "xz, after the training text": len(lzma.compress(read + test.encode()))
        - len(lzma.compress(read)),
        "xz": len(lzma.compress(test.encode())),
        "gzip": len(gzip.compress(test.encode())),
    }
    for name, size in sizes.items():
        records.append({"name": name, "bits": 8 * size / len(test), "validation": None})
    return records
