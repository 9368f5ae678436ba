"""From a trained model to predictions and decisions."""

from research.inference.calibration import Calibration
from research.inference.decider import Decider, load_decider, recode
from research.inference.predictor import Decided, DecisionProgram, Predictor
from research.inference.selective import RiskCoverage, Threshold, risk_coverage, threshold_for

__all__ = [
    "Calibration",
    "Decided",
    "Decider",
    "DecisionProgram",
    "Predictor",
    "RiskCoverage",
    "Threshold",
    "load_decider",
    "recode",
    "risk_coverage",
    "threshold_for",
]
