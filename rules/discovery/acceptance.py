"""Rules that a program has proposed, until a person accepts them."""

from __future__ import annotations

import re
from collections.abc import Collection

from rules.checks.proposals import PROPOSED, proposed
from rules.language import ir
from rules.language.load import parse
from rules.language.printer import quoted_text

_HEADER = re.compile(
    r"""(?P<start>\brule\s+(?P<name>\w+)\s+"(?:[^"\\]|\\.)*"\s*)\[(?P<notes>[^\]]*)\]"""
)
_NOTE = re.compile(r"""\s*(?P<key>\w+)\s+(?P<value>"(?:[^"\\]|\\.)*"|[^,]+?)\s*(?:,|$)""")


def _proposed_here(ruleset: ir.Ruleset) -> list[str]:
    """Without those of imported files."""
    own = {rule.name for rule in ruleset.rules if rule.span is None or rule.span.source == 0}
    return [name for name in proposed(ruleset) if name in own]


def accept(
    text: str,
    *,
    owner: str,
    names: Collection[str] | None = None,
    filename: str = "<rules>",
) -> str:
    """The text with proposed rules accepted: a person answers for them from now on.

    Args:
        text: of a rule file; comments and layout stay.
        owner: who has read them and answers for them.
        names: of the rules that are accepted; None accepts all that are proposed.
        filename: of the text, for what it imports and for errors.

    Raises:
        RuleError: when the text has errors.
        ValueError: when a name is no proposed rule, or there is none.
    """
    if not owner.strip():
        raise ValueError("the owner is empty: name who answers for the rules")
    waiting = _proposed_here(parse(text, filename=filename))
    chosen = set(waiting if names is None else names)
    strange = sorted(chosen - set(waiting))
    if strange or not chosen:
        raise ValueError(
            f"found no proposed rule {', '.join(strange)}: proposed are "
            f"{', '.join(waiting) or 'none'}"
            if strange
            else "found no proposed rule: everything has an owner"
        )

    def accepted(match: re.Match[str]) -> str:
        if match["name"] not in chosen:
            return match[0]
        notes = {note["key"]: note["value"] for note in _NOTE.finditer(match["notes"])}
        if "tags" not in notes or "#" in match["notes"]:
            return match[0]
        tags = [tag for tag in re.split(r"[,\s]+", notes["tags"].strip('"')) if tag]
        kept = [tag for tag in tags if tag != PROPOSED]
        notes |= {"owner": quoted_text(owner), "tags": quoted_text(", ".join(kept))}
        if not kept:
            del notes["tags"]
        said = ", ".join(f"{key} {value}" for key, value in notes.items())
        return f"{match['start']}[{said}]"

    result = _HEADER.sub(accepted, text)
    left = set(_proposed_here(parse(result, filename=filename)))
    if left & chosen:  # a comment within the header, which the pattern doesn't know
        raise ValueError(
            f"the brackets of {', '.join(sorted(left & chosen))} can't be edited: replace the tag "
            f'"{PROPOSED}" by owner {quoted_text(owner)} yourself'
        )
    return result
