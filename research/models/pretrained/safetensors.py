"""Files of named arrays in the safetensors format, read with every claim checked.

Eight bytes with the header's length (little-endian), the header (JSON: for each name `dtype`,
`shape` and `data_offsets`), then the arrays' bytes, little-endian, one after the other without
gaps (https://github.com/huggingface/safetensors, "Format").
"""

from __future__ import annotations

import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

_LONGEST_HEADER = 100_000_000  # bytes, as in the format's own implementation
_DTYPES: dict[str, Any] = {
    "BOOL": np.bool_,
    "U8": np.uint8,
    "I8": np.int8,
    "U16": np.uint16,
    "I16": np.int16,
    "U32": np.uint32,
    "I32": np.int32,
    "U64": np.uint64,
    "I64": np.int64,
    "F16": np.float16,
    "BF16": jnp.bfloat16,
    "F32": np.float32,
    "F64": np.float64,
}


class SafetensorsError(ValueError):
    """A file that breaks the format; the message says where."""


def read(path: Path | str) -> dict[str, np.ndarray]:
    """The arrays of a file by name, read-only.

    Raises:
        SafetensorsError: when the file is no whole and sound safetensors file.
        OSError: when it can't be read.
    """
    path = Path(path)
    return parse(path.read_bytes(), name=path.name)


def parse(content: bytes, *, name: str = "the file") -> dict[str, np.ndarray]:
    """`read` for bytes; `name` is what errors call them."""
    if len(content) < 8:
        raise SafetensorsError(f"{name} has {len(content)} bytes, expected 8 or more")
    size = int.from_bytes(content[:8], "little")
    if size > min(len(content) - 8, _LONGEST_HEADER):
        raise SafetensorsError(
            f"{name}: the header should have {size} bytes, the file has {len(content) - 8} "
            f"after its first 8, and the format allows {_LONGEST_HEADER}: not safetensors, or "
            "not the whole file"
        )
    try:
        header = json.loads(content[8 : 8 + size].decode("utf-8"), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise SafetensorsError(f"{name}: the header can't be read as JSON: {error}") from error
    if not isinstance(header, dict):
        raise SafetensorsError(f"{name}: the header is no JSON object")
    header.pop("__metadata__", None)
    data = memoryview(content)[8 + size :]
    spans: list[tuple[int, int]] = []
    arrays: dict[str, np.ndarray] = {}
    for key, entry in header.items():
        dtype, shape, (first, last) = _checked(f"{name}: {key!r}", entry)
        expected = math.prod(shape) * dtype.itemsize
        if not (0 <= first <= last <= len(data) and last - first == expected):
            raise SafetensorsError(
                f"{name}: {key!r} is said to be at bytes {first} to {last} of {len(data)}, "
                f"expected {expected} bytes for {dtype} {list(shape)}"
            )
        spans.append((first, last))
        arrays[key] = _array(data[first:last], dtype, shape)
    ends = [(0, 0), *sorted(spans), (len(data), len(data))]
    for (_, before), (after, _) in pairwise(ends):
        if before != after:
            raise SafetensorsError(
                f"{name}: after byte {before} of the data comes an array at {after}, expected "
                "arrays without gaps and overlaps up to the end"
            )
    return arrays


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is there twice")
    return found


def _checked(name: str, entry: Any) -> tuple[np.dtype[Any], tuple[int, ...], tuple[int, int]]:
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise SafetensorsError(f"{name} is {entry!r:.80}, expected dtype, shape and data_offsets")
    kind, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(kind, str) or kind not in _DTYPES:
        raise SafetensorsError(f"{name} has dtype {kind!r}, expected one of {', '.join(_DTYPES)}")
    if not _counts(shape):
        raise SafetensorsError(f"{name} has shape {shape!r:.80}, expected a list of sizes")
    if not _counts(offsets) or len(offsets) != 2:
        raise SafetensorsError(f"{name} has data_offsets {offsets!r:.80}, expected two numbers")
    return np.dtype(_DTYPES[kind]), tuple(shape), (offsets[0], offsets[1])


def _counts(values: Any) -> bool:
    return isinstance(values, list) and all(type(value) is int and value >= 0 for value in values)


def _array(data: memoryview, dtype: np.dtype[Any], shape: tuple[int, ...]) -> np.ndarray:
    flat = np.frombuffer(data, dtype.newbyteorder("<")) if len(data) else np.zeros(0, dtype)
    return flat.astype(dtype, copy=False).reshape(shape)
