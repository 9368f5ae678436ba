"""From a tree to a rule file that a person can read, and that decides identically."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from rules.checks.proposals import PROPOSED
from rules.discovery.box import Box, Range, boxes, everything, merged
from rules.discovery.conditions import condition
from rules.discovery.form import Form
from rules.discovery.plain import plain_translation
from rules.discovery.tree import Node, leaves, questions
from rules.language.formatter import format_text
from rules.language.load import parse
from rules.language.numbers import round_float32, shortest_float32
from rules.language.printer import member_text, quoted_text

if TYPE_CHECKING:
    from rules.diff import Difference
    from rules.language.ir import Ruleset


@dataclasses.dataclass(frozen=True, kw_only=True)
class Discovered:
    """Rules that a tree was turned into.

    Attributes:
        text: the rule file.
        ruleset: the same, read.
        boxes: what each rule covers, by its name, in the order of the text.
        leaves: of the tree, for comparison.
        tree: that was translated.
        form: see there.
        inputs: all that the tree asks about, also where it makes no difference.
    """

    text: str
    ruleset: Ruleset
    boxes: Mapping[str, Box]
    leaves: int
    tree: Node
    form: Form
    inputs: Mapping[str, Sequence[str] | None]

    def difference(self, *, timeout: float = 60.0) -> Difference:
        """What the solver finds between these rules and the tree itself, over all cases.

        Where it is `complete` and has no changes, the two are proved to decide identically.

        Raises:
            ModuleNotFoundError: z3 is not installed.
        """
        from rules.diff import diff

        return diff(parse(self.plain), self.ruleset, timeout=timeout)

    @property
    def plain(self) -> str:
        """The tree as a rule text, question by question."""
        return plain_translation(self.tree, dataclasses.replace(self.form, inputs=self.inputs))


def discover(
    tree: Node,
    *,
    name: str,
    inputs: Mapping[str, Sequence[str] | None],
    outcomes: Sequence[str],
    unknown: str,
    complete: Collection[str] = (),
    decided: str = "outcome",
    note: str = "",
) -> Discovered:
    """Turns a tree into rules, one for each group of leaves that a condition can describe.

    The rules decide identically: leaves of one outcome are united only where the union is
    exactly a condition. Each rule says how many training cases it covers and how often its
    outcome was right of them, has a test with a case of its own, and is tagged "proposed"
    until `accept` gives it an owner. The rules with the most training cases come first.

    Args:
        tree: grown on training cases.
        name: of the rule set.
        inputs: the members of each categorical input, None for a number; those that the tree
            does not ask about are left out.
        outcomes: that the tree decides between.
        unknown: decided where an input of `complete` is missing.
        complete: inputs that no training case lacked: of them the tree has not learned what
            a missing one means.
        decided: name of what is decided.
        note: a comment at the top, such as what the tree was grown on.

    Raises:
        ValueError: when a leaf decides an outcome, or a question is about an input, that is
            not listed; when all cases are decided alike.
    """
    asked = {question.column for question in questions(tree)}
    strange = sorted(asked - set(inputs))
    if strange:
        raise ValueError(f"the tree asks about {', '.join(strange)}: add it to inputs")
    others = sorted({leaf.outcome for leaf in leaves(tree)} - set(outcomes))
    if others:
        raise ValueError(f"the tree decides {', '.join(others)}: add it to outcomes")
    asks = {column: members for column, members in inputs.items() if column in asked}
    found = merged(boxes(tree, asks))
    if len(found) == 1:
        raise ValueError(
            f"the tree decides {found[0].outcome} for every case, there are no rules in it: grow "
            "it deeper, or on more cases"
        )
    used = {
        column: members
        for column, members in asks.items()
        if any(box.parts[column] != everything(members) for box in found)
    }
    form = Form(
        name=name,
        inputs=used,
        outcomes=outcomes,
        unknown=unknown,
        complete=[column for column in used if column in complete],
        decided=decided,
    )
    ranked = sorted(found, key=lambda box: -box.support)  # stable: the tree's order among equals
    named = _named(ranked, outcomes)
    lines = [f"# {line}" for line in note.splitlines()]
    lines += [form.header(), form.decision()]
    lines += [form.incomplete()] if form.complete else []
    lines += [_rule(rule, box, form) for rule, box in named.items()]
    lines += [_test(rule, box, form) for rule, box in named.items()]
    text = format_text("\n".join(lines))
    return Discovered(
        text=text,
        ruleset=parse(text, filename=f"{name}.rules"),
        boxes=named,
        leaves=sum(1 for _ in leaves(tree)),
        tree=tree,
        form=form,
        inputs=asks,
    )


def _named(ranked: Sequence[Box], outcomes: Sequence[str]) -> dict[str, Box]:
    named: dict[str, Box] = {}
    counts = dict.fromkeys(outcomes, 0)
    for box in ranked:
        counts[box.outcome] += 1
        word = "".join(c if c.isalnum() and c.isascii() else "_" for c in box.outcome.lower())
        named[f"to_{word}_{counts[box.outcome]}"] = box
    return named


def _rule(name: str, box: Box, form: Form) -> str:
    asked = condition(box, dict(form.inputs), form.complete)
    share = f"{box.support:,.0f} training cases, {box.confidence:.0%} of them {box.outcome}"
    return (
        f'rule {name} {quoted_text(share)} [tags "{PROPOSED}"]\n'
        f"    {form.decided} = {member_text(box.outcome)}\n    if {asked}\n"
        f"    because {quoted_text(_because(box))}\n"
    )


def _because(box: Box) -> str:
    said = f"of {box.support:,.0f} such cases {box.confidence:.0%} were {box.outcome}"
    return said.replace("{", "{{").replace("}", "}}")


def _test(name: str, box: Box, form: Form) -> str:
    given = []
    for column, members in form.inputs.items():
        part = box.parts[column]
        if isinstance(part, Range):
            value = None if part.low >= part.high else _inside(part)
            text = None if value is None else shortest_float32(value)
        else:
            text = next((member_text(m) for m in members or () if m in part.members), None)
        given.append(f"{column} = {'unknown' if text is None else text}")
    return (
        f'test "{name}"\n    given {", ".join(given)}\n'
        f"    expect {form.decided} = {member_text(box.outcome)}, {name} fires\n"
    )


def _inside(part: Range) -> float:
    """A number in the range, its upper end if it has one."""
    if part.high < math.inf:
        return part.high
    if part.low > -math.inf:
        above = math.floor(part.low) + 1.0
        return above if round_float32(above) > part.low else 2 * abs(part.low)
    return 0.0
