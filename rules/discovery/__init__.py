"""A fitted decision tree as a rule set that decides identically, to be read and accepted."""

from rules.checks.proposals import PROPOSED, proposed
from rules.discovery.acceptance import accept
from rules.discovery.box import Box, Members, Range
from rules.discovery.discover import Discovered, discover
from rules.discovery.features import AtMost, Feature, Is
from rules.discovery.plain import plain_translation
from rules.discovery.tree import Leaf, Node, Split

__all__ = [
    "PROPOSED",
    "AtMost",
    "Box",
    "Discovered",
    "Feature",
    "Is",
    "Leaf",
    "Members",
    "Node",
    "Range",
    "Split",
    "accept",
    "discover",
    "plain_translation",
    "proposed",
]
