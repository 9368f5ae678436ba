"""From a trained model to predictions and decisions."""

from research.inference.calibration import Calibration
from research.inference.decider import Decider, load_decider, recode
from research.inference.predictor import Decided, DecisionProgram, Predictor

__all__ = [
    "Calibration",
    "Decided",
    "Decider",
    "DecisionProgram",
    "Predictor",
    "load_decider",
    "recode",
]
