"""Models that are fitted in one go on the host, and evaluated as arrays inside jit."""

from research.models.classical.boosting import Boosting
from research.models.classical.decision_tree import DecisionTree
from research.models.classical.linear import LinearRegression
from research.models.classical.logistic import LogisticRegression
from research.models.classical.model import ClassicalModel
from research.models.classical.random_features import RandomFeatureSVM
from research.models.classical.random_forest import RandomForest
from research.models.classical.svm import KernelSVM, LinearSVM
from research.models.classical.trees import Tree, stacked, unstacked

__all__ = [
    "Boosting",
    "ClassicalModel",
    "DecisionTree",
    "KernelSVM",
    "LinearRegression",
    "LinearSVM",
    "LogisticRegression",
    "RandomFeatureSVM",
    "RandomForest",
    "Tree",
    "stacked",
    "unstacked",
]
