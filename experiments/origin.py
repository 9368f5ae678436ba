"""What a report says of its own making."""

from __future__ import annotations

import datetime
import importlib.metadata
from typing import Any

_PACKAGES = ("jax", "flax", "optax", "numpy")


def origin(*, name: str, source: str, licence: str, rows: int) -> dict[str, Any]:
    """The fields `data`, `versions` and `created` of a report.

    Args:
        name: of the data set.
        source: whom to cite.
        licence: of the data.
        rows: how many examples it has.
    """
    return {
        "data": {"name": name, "source": source, "licence": licence, "rows": rows},
        "versions": {package: importlib.metadata.version(package) for package in _PACKAGES},
        "created": datetime.date.today().isoformat(),
    }
