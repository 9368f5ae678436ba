"""Examples on disk as plain .npy files, read by memory map: more of them than memory holds.

A folder holds one file `NAME.npy` per array, of the shape `[N, ...]`, and `manifest.json`
with lengths, dtypes and checksums. The operating system keeps in memory what is used.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from research.data.feeds.feed import Arrays

_FORMAT = 1
_MANIFEST = "manifest.json"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_CHUNK = 1 << 24


class MappedError(Exception):
    """A folder of mapped examples that can't be written or read; the message says what to do."""


class Mapped:
    """An `ExampleSource` of a folder that `write_mapped` made.

    Pickles as its path, so that worker processes open the files themselves.

    Args:
        path: of the folder.

    Raises:
        MappedError: when the files are not what the manifest says. Contents are not read
            here: see `verify`.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path).absolute()
        self._size, self._checksums, shapes = _read_manifest(self.path)
        self._arrays = {
            name: _open(self.path / f"{name}.npy", dtype, (self._size, *shape))
            for name, (dtype, shape) in shapes.items()
        }

    def __len__(self) -> int:
        return self._size

    def __reduce__(self) -> tuple[type[Mapped], tuple[Path]]:
        return Mapped, (self.path,)

    @property
    def checksums(self) -> dict[str, str]:
        """The SHA-256 of each array's data, by name, as the manifest has it."""
        return dict(self._checksums)

    def take(self, indices: npt.NDArray[np.int64]) -> Arrays:
        """See `ExampleSource`."""
        return {name: np.take(array, indices, axis=0) for name, array in self._arrays.items()}

    def verify(self) -> None:
        """Reads everything and compares it with the checksums.

        Raises:
            MappedError: when an array was changed or damaged.
        """
        for name, array in self._arrays.items():
            digest = hashlib.sha256()
            for chunk in _chunks(array):
                digest.update(chunk)
            if digest.hexdigest() != self._checksums[name]:
                raise MappedError(
                    f"{self.path / name}.npy has the SHA-256 {digest.hexdigest()}, expected "
                    f"{self._checksums[name]}: it is damaged or was changed, write it again"
                )


def write_mapped(
    path: str | os.PathLike[str], batches: Iterable[Mapping[str, npt.ArrayLike]]
) -> Mapped:
    """Writes examples batch by batch into a new folder, which appears whole or not at all.

    Args:
        path: of the folder, which must not exist.
        batches: arrays `[M, ...]` by name, M being free to vary: booleans or numbers. All
            have the names, dtypes and further axes of the first.

    Raises:
        MappedError: when the folder exists, there is no example, or a batch does not fit.
    """
    path = Path(path)
    if path.exists():
        raise MappedError(f"{path} exists: delete it or choose another folder")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    temporary.mkdir()
    try:
        with contextlib.ExitStack() as stack:
            columns: dict[str, _Column] = {}
            for number, batch in enumerate(batches):
                arrays = {name: np.asarray(values) for name, values in batch.items()}
                if not columns:
                    columns = {
                        name: _Column.create(stack, temporary, name, array)
                        for name, array in arrays.items()
                    }
                _require_fitting(number, arrays, columns)
                for name, array in arrays.items():
                    columns[name].append(array)
            size = next((column.length for column in columns.values()), 0)
            if size == 0:
                raise MappedError(f"found no example to write to {path}")
            described = {name: column.finish() for name, column in columns.items()}
        manifest = {"format": _FORMAT, "examples": size, "arrays": described}
        with (temporary / _MANIFEST).open("w", encoding="utf-8") as file:
            json.dump(manifest, file, indent=2)
            _flush(file)
        try:
            temporary.rename(path)
        except OSError as error:
            raise MappedError(f"cannot make {path}: {error.strerror}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return Mapped(path)


@dataclasses.dataclass(eq=False)
class _Column:
    """One .npy file being written."""

    file: IO[bytes]
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    digest: Any
    length: int = 0

    @classmethod
    def create(
        cls, stack: contextlib.ExitStack, folder: Path, name: str, array: npt.NDArray[Any]
    ) -> _Column:
        if not _NAME.fullmatch(name):
            raise MappedError(f"{name!r} can't be a file name: use letters, digits, '_', '-', '.'")
        if array.dtype.kind not in "biufc" or array.ndim == 0:
            raise MappedError(
                f"{name!r} is {array.dtype} {list(array.shape)}, expected booleans or numbers, "
                "one row for each example"
            )
        dtype = array.dtype.newbyteorder("<")
        file = stack.enter_context((folder / f"{name}.npy").open("wb"))
        column = cls(file, dtype, array.shape[1:], hashlib.sha256())
        column._write_header()
        return column

    def append(self, array: npt.NDArray[Any]) -> None:
        rows = np.ascontiguousarray(array, self.dtype)
        self.file.write(rows.data)
        self.digest.update(rows.data)
        self.length += len(rows)

    def finish(self) -> dict[str, Any]:
        self.file.seek(0)
        self._write_header()
        _flush(self.file)
        return {
            "dtype": self.dtype.str,
            "shape": list(self.shape),
            "sha256": self.digest.hexdigest(),
        }

    def _write_header(self) -> None:
        # numpy pads the header so that the first axis can grow in place.
        header = {
            "descr": np.lib.format.dtype_to_descr(self.dtype),
            "fortran_order": False,
            "shape": (self.length, *self.shape),
        }
        np.lib.format.write_array_header_1_0(self.file, header)


def _require_fitting(number: int, arrays: Arrays, columns: Mapping[str, _Column]) -> None:
    found = {
        name: (array.dtype.newbyteorder("<"), array.shape[1:]) for name, array in arrays.items()
    }
    expected = {name: (column.dtype, column.shape) for name, column in columns.items()}
    lengths = {name: len(array) for name, array in arrays.items()}
    if found != expected:
        raise MappedError(f"batch {number} has {_listed(found)}, the first one {_listed(expected)}")
    if len(set(lengths.values())) > 1:
        raise MappedError(f"batch {number} has the lengths {lengths}, expected one and the same")


def _listed(columns: Mapping[str, tuple[np.dtype[Any], tuple[int, ...]]]) -> str:
    return ", ".join(
        f"{name}: {dtype} {['M', *shape]}".replace("'", "")
        for name, (dtype, shape) in columns.items()
    )


def _read_manifest(
    folder: Path,
) -> tuple[int, dict[str, str], dict[str, tuple[np.dtype[Any], tuple[int, ...]]]]:
    path = folder / _MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        if manifest["format"] != _FORMAT:
            raise MappedError(
                f"{path} has the format {manifest['format']}, expected {_FORMAT}: write the "
                "examples again with this version"
            )
        arrays = manifest["arrays"]
        return (
            int(manifest["examples"]),
            {name: str(array["sha256"]) for name, array in arrays.items()},
            {
                name: (np.dtype(array["dtype"]), tuple(array["shape"]))
                for name, array in arrays.items()
            },
        )
    except FileNotFoundError as error:
        raise MappedError(f"{path} is missing: make the folder with write_mapped") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise MappedError(
            f"{path} is damaged ({type(error).__name__}: {error}): write the examples again"
        ) from error


def _open(path: Path, dtype: np.dtype[Any], shape: tuple[int, ...]) -> npt.NDArray[Any]:
    try:
        # The plain array: numpy's memmap class makes every small operation slower.
        array = np.asarray(np.lib.format.open_memmap(path, mode="r"))
    except (OSError, ValueError) as error:
        raise MappedError(f"cannot map {path}: {error}: write the examples again") from error
    if (array.dtype, array.shape) != (dtype, shape):
        raise MappedError(
            f"{path} holds {array.dtype} {list(array.shape)}, the manifest says {dtype} "
            f"{list(shape)}: write the examples again"
        )
    return array


def _chunks(array: npt.NDArray[Any]) -> Iterator[bytes]:
    flat = array.reshape(-1).view(np.uint8)
    for start in range(0, flat.size, _CHUNK):
        yield flat[start : start + _CHUNK].tobytes()


def _flush(file: IO[Any]) -> None:
    file.flush()
    os.fsync(file.fileno())
