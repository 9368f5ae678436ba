"""What the solver finds, by code."""

from __future__ import annotations

__all__ = ["CODES"]

# A code keeps its meaning for ever. E must not ship, W is probably a mistake, I is good to know.
CODES = (
    ("I101", "cases that no rule decides: the default does"),
    ("W102", "cases that no rule decides, and a default that is no answer"),
    ("W103", "cases that lack nothing and stay undecided"),
    ("W104", "rule that can never fire"),
    ("W105", "rule that fires but never matters"),
    ("W106", "rules of one priority that contradict each other"),
    ("E107", "rules that break the hit policy"),
    ("E108", "constraints that leave no outcome"),
    ("E109", "rule that breaks a constraint whenever it decides"),
    ("I110", "rule that a constraint overrules in some cases"),
    ("W111", "fall-back that may break a constraint"),
    ("W112", "constraint that never applies"),
    ("E113", "test that cannot hold"),
    ("I114", "not checked"),
    ("W115", "suppression without a reason"),
    ("W116", "suppression of nothing"),
)
