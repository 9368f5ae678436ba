"""Random trees, and cases at and around what they ask."""

import numpy as np
from hypothesis import strategies as st

from rules.discovery import AtMost, Is, Leaf, Split
from rules.discovery.box import boxes

INPUTS = {"income": None, "age": None, "job": ("fixed", "part_time", "other"), "home": ("a", "b")}
OUTCOMES = ("approve", "reject", "refer")
BOUNDS = [-1.5, 0.0, 0.1, 30.0, 30.000002, 16777217.0]

questions = st.one_of(
    st.builds(
        AtMost,
        column=st.sampled_from(["income", "age"]),
        bound=st.sampled_from([*BOUNDS, np.inf, -np.inf]),
        missing=st.booleans(),
    ),
    st.builds(Is, column=st.just("job"), member=st.sampled_from(INPUTS["job"])),
    st.builds(Is, column=st.just("home"), member=st.sampled_from(INPUTS["home"])),
)
leaves = st.builds(
    Leaf,
    cases=st.fixed_dictionaries({name: st.integers(0, 40) for name in OUTCOMES}),
)
trees = st.recursive(
    leaves, lambda inner: st.builds(Split, question=questions, yes=inner, no=inner), max_leaves=12
).filter(lambda tree: len({box.outcome for box in boxes(tree, INPUTS)}) > 1)


def edges(bound):
    """The bound and its float32 neighbours; the language has no subnormal numbers."""
    one = np.float32(bound)
    neighbours = [np.nextafter(one, np.float32(end)) for end in (-9e9, 9e9)]
    return [float(one), *(float(v) if bound else float(np.sign(v)) * 1e-30 for v in neighbours)]


numbers = st.sampled_from([None, *[value for bound in BOUNDS for value in edges(bound)]])
cases = st.fixed_dictionaries(
    {
        "income": numbers,
        "age": numbers,
        "job": st.sampled_from([None, *INPUTS["job"]]),
        "home": st.sampled_from([None, *INPUTS["home"]]),
    }
)


def decide(tree, case):
    """The tree's outcome, question by question; None or NaN is missing."""
    while isinstance(tree, Split):
        tree = tree.yes if answer(tree.question, case[tree.question.column]) else tree.no
    return tree.outcome


def answer(question, value):
    missing = value is None or value != value
    if isinstance(question, AtMost):
        return question.missing if missing else np.float32(value) <= np.float32(question.bound)
    return not missing and value == question.member
