"""Rule sets as JSON, for other programs.

The form is that of the IR (docs/ir.schema.json), with its version under `format`. What that
number promises:

- A form of this format means the same in every later version of Rulax.
- A field may be added without a new number if rule sets that do not use it look as before
  (fields that have their default are left out).
- Fields that a version does not know are refused, not skipped: they could decide.
- Anything else is a new number; a version reads every format since 2, its first one.

JSON is another way of writing the same language: a form is accepted if and only if it says
what some rule text says, and the same checks tell what is wrong with it.
"""

from __future__ import annotations

import bisect
import dataclasses
import itertools
import json
from collections.abc import Mapping, Sequence
from typing import Any

from rules.errors import RuleError
from rules.language import ir
from rules.language.json_form import FORMAT, form_fields, to_form
from rules.language.json_reading import read_form
from rules.language.ruleset_printer import declarations

__all__ = ["canonical_json", "from_json", "to_json"]

_TEXTS = frozenset({"text", "filename", "sources"})


def to_json(ruleset: ir.Ruleset, *, spans: bool = False) -> dict[str, Any]:
    """A rule set as values that `json.dumps` takes.

    Args:
        ruleset: a checked rule set.
        spans: keep the source text, and of every node its place in it.
    """
    form = to_form(ruleset, without=frozenset() if spans else _TEXTS | {"span"})
    return {"format": FORMAT, **form}


def canonical_json(ruleset: ir.Ruleset) -> str:
    """What the identity of a rule set is computed from: all that decides and all that is said.

    JSON with sorted keys, without spans, tests and source texts.
    """
    form = to_json(dataclasses.replace(ruleset, tests=()))
    return json.dumps(form, sort_keys=True, separators=(",", ":"))


def from_json(form: Mapping[str, Any], *, filename: str = "<json>") -> ir.Ruleset:
    """The rule set that a form describes.

    Args:
        form: as made by `to_json`, after `json.loads`.
        filename: where it came from, for messages; a form with its source text brings its own.

    Returns:
        A checked rule set. If the form has no source text, its text is the one that
        `ruleset_text` prints.

    Raises:
        RuleError: the form is not one of a rule set that passes the checks; the message starts
            with the place, as in `$.rules[2].condition`.
    """
    from rules.language.load import parse  # the checks are built on this package

    try:
        ruleset = read_form(form)
        places = list(declarations(ruleset))
        text = "\n".join(declared for _, declared in places)
        try:
            parsed = parse(text, filename=filename)
        except RuleError as group:
            raise _located(group.errors[0], places) from None
        _refuse_differences(ruleset, parsed, dict(places))
    except RuleError as error:
        raise error.within(filename, "") from None
    return ruleset if ruleset.text else parsed


def _located(error: RuleError, places: Sequence[tuple[str, str]]) -> RuleError:
    """An error of the printed text as one of the form."""
    line = error.span.line if error.span else 1
    starts = list(itertools.accumulate((text.count("\n") + 1 for _, text in places), initial=1))
    path, text = places[bisect.bisect_right(starts, line, hi=len(places)) - 1]
    return RuleError(f"{path}: {error.message}; as text: {text}", hint=error.hint)


def _refuse_differences(found: ir.Ruleset, parsed: ir.Ruleset, texts: Mapping[str, str]) -> None:
    """Checks that the printed text means what the form says.

    Raises:
        RuleError: a node has a type, an order or a name that its text would not give it.
    """
    for name in form_fields(ir.Ruleset):
        left, right = getattr(found, name), getattr(parsed, name)
        if name in _TEXTS or left == right:
            continue
        path = f"$.{name}"
        if isinstance(left, tuple):
            pairs = enumerate(itertools.zip_longest(left, right))
            index = next(index for index, pair in pairs if pair[0] != pair[1])
            path += f"[{index}]"
        shown = [text for place, text in texts.items() if place.startswith(path)]
        raise RuleError(
            f"{path}: this is not what its text means; as text: {' '.join(shown)}",
            hint="give every node the type that the text gives it, int operands beside floats a "
            "ToFloat, and put derived values after those that they read",
        )
