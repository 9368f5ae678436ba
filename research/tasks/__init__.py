"""What models are trained for: losses, metrics, predictions."""

from research.tasks.classification import Classification
from research.tasks.task import Task, TrainState

__all__ = ["Classification", "Task", "TrainState"]
