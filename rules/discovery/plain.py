"""The tree itself as a rule set: every question nested as the tree has it.

Nobody wants to read it. It is what the readable rules are proved to be equal to.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from rules.discovery.features import AtMost, Feature
from rules.discovery.form import Form
from rules.discovery.tree import Leaf, Node
from rules.language.numbers import shortest_float32
from rules.language.printer import member_text


def plain_translation(tree: Node, form: Form) -> str:
    """A rule text that asks the tree's questions in the tree's order."""
    outcomes, code = form.outcomes, f"{form.decided}_by_tree"
    lines = [form.header(), f"derive {code}: int = {_choice(tree, outcomes)}", form.decision()]
    lines += [form.incomplete()] if form.complete else []
    lines += [
        f'rule decides_{number} "the tree decides so"\n'
        f"    {form.decided} = {member_text(outcome)}\n    if {code} = {number}\n"
        for number, outcome in enumerate(outcomes)
    ]
    return "\n".join(lines)


def _choice(node: Node, outcomes: Sequence[str]) -> str:
    if isinstance(node, Leaf):
        return str(outcomes.index(node.outcome))
    yes, no = (_choice(child, outcomes) for child in (node.yes, node.no))
    return f"(if {_holds(node.question)} then {yes} else {no})"


def _holds(question: Feature) -> str:
    name = question.column
    if isinstance(question, AtMost):
        below = f"{name} <= {shortest_float32(question.bound)}"
        if math.isinf(question.bound):
            below = "true" if question.bound > 0 else "false"
        if question.missing:
            return f"({name} is unknown or {below})"
        return f"({name} is known and {below})"
    return f"({name} is known and {name} = {member_text(question.member)})"
