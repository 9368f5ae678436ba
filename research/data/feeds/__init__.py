"""Batches for training: the same ones from memory, from files, from worker processes."""

from research.data.feeds.evaluation import in_order
from research.data.feeds.feed import ExampleSource, Feed
from research.data.feeds.resident import InMemory, Resident
from research.data.feeds.streamed import Streamed
from research.data.feeds.workers import WorkerDied, WorkersUnavailable

__all__ = [
    "ExampleSource",
    "Feed",
    "InMemory",
    "Resident",
    "Streamed",
    "WorkerDied",
    "WorkersUnavailable",
    "in_order",
]
