"""From a task and examples to the best variables, resumable at any moment."""

from research.training.checkpoints import CheckpointError, Checkpoints
from research.training.loop import Diverged, Fitted, Progress, fit, load_model, read_metrics
from research.training.optimizers import adamw
from research.training.preemption import Preempted
from research.training.runtime import configure

__all__ = [
    "CheckpointError",
    "Checkpoints",
    "Diverged",
    "Fitted",
    "Preempted",
    "Progress",
    "adamw",
    "configure",
    "fit",
    "load_model",
    "read_metrics",
]
