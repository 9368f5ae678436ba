"""Data: sources, schemas, tables, features, splits and batches.

Data sets are in `research.data.datasets`, ways to fetch files in `research.data.sources`.
"""

from research.data.features import Features
from research.data.loading import Batches, Padded, padded
from research.data.schema import Column, Schema
from research.data.shuffle import permute
from research.data.sources import Source, SourceError, cache_directory
from research.data.splits import split
from research.data.tables import (
    DataWarning,
    TableError,
    as_table,
    conform,
    labels,
    read_table,
    write_table,
)
from research.data.tabular import TabularDataset

__all__ = [
    "Batches",
    "Column",
    "DataWarning",
    "Features",
    "Padded",
    "Schema",
    "Source",
    "SourceError",
    "TableError",
    "TabularDataset",
    "as_table",
    "cache_directory",
    "conform",
    "labels",
    "padded",
    "permute",
    "read_table",
    "split",
    "write_table",
]
