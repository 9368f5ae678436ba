"""What a rule set made of a tree has beside the rules of its leaves."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence

from rules.checks.proposals import PROPOSED
from rules.language.printer import member_text


@dataclasses.dataclass(frozen=True, kw_only=True)
class Form:
    """What a discovered rule set has beside its rules.

    Attributes:
        name: of the rule set.
        inputs: the members of each categorical input, None for a number.
        outcomes: that the tree decides between.
        unknown: decided where an input of `complete` is missing; one of `outcomes`, or
            another one.
        complete: inputs that no training case lacked.
        decided: name of what is decided.
    """

    name: str
    inputs: Mapping[str, Sequence[str] | None]
    outcomes: Sequence[str]
    unknown: str
    complete: Collection[str] = ()
    decided: str = "outcome"

    def header(self) -> str:
        """`ruleset` and inputs."""
        lines = [f"ruleset {self.name} version 1", ""]
        for name, members in self.inputs.items():
            type_ = "float" if members is None else f"{{{', '.join(map(member_text, members))}}}"
            lines.append(f"input {name}: {type_}")
        return "\n".join(lines) + "\n"

    def decision(self) -> str:
        """The `decide` block."""
        known = dict.fromkeys([*self.outcomes, self.unknown])
        return (
            f"decide {self.decided} in {{{', '.join(map(member_text, known))}}}\n"
            f"    policy  first\n    default {member_text(self.unknown)}\n"
            f"    unknown {member_text(self.unknown)}\n"
        )

    def incomplete(self) -> str:
        """The rule for cases that lack what no training case lacked."""
        names = [name for name in self.inputs if name in self.complete]
        return (
            f'rule incomplete "something is missing that was always there" [tags "{PROPOSED}"]\n'
            f"    {self.decided} = {member_text(self.unknown)}\n"
            f"    if {' or '.join(f'{name} is unknown' for name in names)}\n"
            f'    because "no training case lacked {", ".join(names)}"\n'
        )
