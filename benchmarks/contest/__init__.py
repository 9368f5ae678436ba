"""Contests: ours and the peers' on the same data, in turns, answers compared first."""

from benchmarks.contest.contestant import OURS, PEERS, Contestant, Work
from benchmarks.contest.row import Row

__all__ = ["OURS", "PEERS", "Contestant", "Row", "Work"]
