"""Real data sets, one file each."""

from research.data.datasets import adult, credit, digits, fashion, mnist, sentiment
from research.data.datasets.errors import DatasetError

__all__ = ["DatasetError", "adult", "credit", "digits", "fashion", "mnist", "sentiment"]
