"""Where the metrics of a run go: JSON lines and CSV always, trackers by name."""

from research.writers.composite import TRACKERS, Writers, open_writers
from research.writers.json_lines import kept_records
from research.writers.writer import TrackerError, Writer, flat

__all__ = [
    "TRACKERS",
    "TrackerError",
    "Writer",
    "Writers",
    "flat",
    "kept_records",
    "open_writers",
]
