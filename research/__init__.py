"""Models, training and inference in JAX. Knows nothing of rules.

Subpackages load when first used, so `import research` is immediate:

    import research
    network = research.models.Network.from_nnx(build)
"""

from __future__ import annotations

import importlib
from types import ModuleType

__version__ = "0.1.0"
__all__ = ["__version__", "data", "inference", "models", "tasks", "training"]


def __getattr__(name: str) -> ModuleType:
    if name in __all__:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
