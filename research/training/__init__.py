"""From a task and examples to the best variables, resumable at any moment.

Names load when first used, so that one of them does not cost the time of all.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from research.training.checkpoints import CheckpointError as CheckpointError
    from research.training.checkpoints import Checkpoints as Checkpoints
    from research.training.diagnosis import Diverged as Diverged
    from research.training.dry_run import plan as plan
    from research.training.estimation import fit_estimator as fit_estimator
    from research.training.judging import Progress as Progress
    from research.training.loop import fit as fit
    from research.training.optimizers import adamw as adamw
    from research.training.optimizers import optimizer as optimizer
    from research.training.options import Watching as Watching
    from research.training.options import defaults as defaults
    from research.training.options import fit_options as fit_options
    from research.training.partial import load_into as load_into
    from research.training.preemption import Preempted as Preempted
    from research.training.retention import Saving as Saving
    from research.training.run import Fitted as Fitted
    from research.training.runtime import configure as configure
    from research.training.sharding import Parallel as Parallel
    from research.training.step import Stepping as Stepping
    from research.training.trained import load_model as load_model

_HOMES = {
    "CheckpointError": "checkpoints",
    "Checkpoints": "checkpoints",
    "Saving": "retention",
    "Diverged": "diagnosis",
    "plan": "dry_run",
    "fit_estimator": "estimation",
    "Fitted": "run",
    "Progress": "judging",
    "fit": "loop",
    "Watching": "options",
    "defaults": "options",
    "fit_options": "options",
    "Preempted": "preemption",
    "configure": "runtime",
    "Parallel": "sharding",
    "Stepping": "step",
    "load_into": "partial",
    "load_model": "trained",
    "adamw": "optimizers",
    "optimizer": "optimizers",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
