"""Tables of cases: read and written, and brought to a schema as arrays by name."""

from research.data.tables.arrow import TableError, as_table
from research.data.tables.conform import DataWarning, conform, labels
from research.data.tables.files import read_table, write_table

__all__ = [
    "DataWarning",
    "TableError",
    "as_table",
    "conform",
    "labels",
    "read_table",
    "write_table",
]
