"""Real data sets, one file each: `credit`, `digits`."""

from research.data.datasets import credit, digits
from research.data.datasets.errors import DatasetError

__all__ = ["DatasetError", "credit", "digits"]
