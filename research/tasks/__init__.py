"""What models are trained for: losses, metrics, predictions."""

from research.tasks.adversarial import Adversarial
from research.tasks.classification import Classification
from research.tasks.estimator import Estimator
from research.tasks.language_model import LanguageModel
from research.tasks.task import Objective, Task, Update

__all__ = [
    "Adversarial",
    "Classification",
    "Estimator",
    "LanguageModel",
    "Objective",
    "Task",
    "Update",
]
