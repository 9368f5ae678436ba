"""How parameters move: optimizers and learning-rate schedules by name, rules by path."""

from research.training.optimizers.average import ema
from research.training.optimizers.by_name import Optimizer, adamw, optimizer
from research.training.optimizers.schedules import schedule_by_name

__all__ = ["Optimizer", "adamw", "ema", "optimizer", "schedule_by_name"]
