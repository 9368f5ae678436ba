"""What models are trained for: losses, metrics, predictions."""

from research.tasks.adversarial import Adversarial
from research.tasks.classification import Classification
from research.tasks.estimator import Estimator
from research.tasks.fitted import FittedClassifier, FittedRegressor
from research.tasks.graded import Graded
from research.tasks.language_model import LanguageModel
from research.tasks.reconstruction import Reconstruction
from research.tasks.regression import Regression
from research.tasks.semi_supervised import SemiSupervised
from research.tasks.task import Objective, Task, Update

__all__ = [
    "Adversarial",
    "Classification",
    "Estimator",
    "FittedClassifier",
    "FittedRegressor",
    "Graded",
    "LanguageModel",
    "Objective",
    "Reconstruction",
    "Regression",
    "SemiSupervised",
    "Task",
    "Update",
]
