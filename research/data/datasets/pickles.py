"""Tables in somebody's pickle, read without trusting it."""

from __future__ import annotations

import io
import pickle
from typing import Any

# All that a pandas.DataFrame of numbers and texts needs. Each only builds data; nothing here
# calls what the pickle hands it.
_ADMITTED = frozenset(
    {
        ("builtins", "slice"),
        ("numpy", "dtype"),
        ("numpy", "ndarray"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy._core.numeric", "_frombuffer"),
        ("pandas._libs.internals", "_unpickle_block"),
        ("pandas.core.frame", "DataFrame"),
        ("pandas.core.indexes.base", "Index"),
        ("pandas.core.indexes.base", "_new_Index"),
        ("pandas.core.indexes.range", "RangeIndex"),
        ("pandas.core.internals.managers", "BlockManager"),
    }
)


def load_frame(data: bytes) -> Any:
    """The pandas.DataFrame in a pickle that holds nothing else.

    Raises:
        pickle.UnpicklingError: if the pickle is broken, or names any class or function
            beyond those that such a frame needs; nothing of it is run then.
    """
    try:
        frame = _FrameUnpickler(io.BytesIO(data)).load()
    except pickle.UnpicklingError:
        raise
    except Exception as error:  # a damaged pickle can raise nearly anything
        raise pickle.UnpicklingError(f"the pickle is damaged: {error!r}") from error
    if type(frame).__name__ != "DataFrame":
        raise pickle.UnpicklingError(f"found a {type(frame).__name__}, expected a DataFrame")
    return frame


class _FrameUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        # numpy 2 moved its internals; the old names still work but warn.
        module = module.replace("numpy.core", "numpy._core", 1)
        if (module, name) not in _ADMITTED:
            raise pickle.UnpicklingError(
                f"the pickle names {module}.{name}, which a table does not need: not loaded"
            )
        return super().find_class(module, name)
