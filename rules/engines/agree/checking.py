"""One rule set, some cases, all engines: what each says otherwise than the reference."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from rules.engines.agree.comparison import Excluded, Failed, Said, differences
from rules.engines.agree.engines import Case, Engine, Spoken
from rules.engines.decisions import STATUS
from rules.language import ir
from rules.language.settings import EPOCH, in_force, undated

__all__ = ["Checked", "Finding", "check_ruleset", "round_trip", "settled"]

DAY = date.fromordinal(EPOCH + 20_000)  # for rule sets that ask which day it is


@dataclasses.dataclass(frozen=True, kw_only=True)
class Finding:
    """A disagreement, as it was found.

    Attributes:
        engine: who disagrees with the reference; `text` when it is the printer or parser,
            `reference` when the reference fails.
        ruleset: what it is about.
        case: the case, None when the disagreement is about no case.
        told: what is different.
    """

    engine: str
    ruleset: ir.Ruleset
    case: Case | None
    told: tuple[str, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Checked:
    """What came of one rule set.

    Attributes:
        compared: by engine, how many cases it answered.
        excluded: by engine and reason, how many cases it could not take.
        decided: how the reference decided: by `rule`, `default`, `unknown`, ...
        findings: at most one for each engine.
    """

    compared: Mapping[str, int]
    excluded: Mapping[tuple[str, str], int]
    decided: Mapping[str, int]
    findings: tuple[Finding, ...]


def settled(ruleset: ir.Ruleset) -> ir.Ruleset:
    """The rule set as of one day, where it needs to be told a day."""
    return in_force(ruleset, DAY) if undated(ruleset) else ruleset


def check_ruleset(
    ruleset: ir.Ruleset, cases: Sequence[Case], engines: Mapping[str, Engine]
) -> Checked:
    """Compares engines with the reference.

    Args:
        ruleset: a checked rule set.
        cases: as `rules.decide` takes them.
        engines: by name, the `reference` among them; see `opened`.
    """
    expected = engines["reference"](ruleset, cases)
    findings = _failures(ruleset, cases, expected)
    compared: Counter[str] = Counter()
    excluded: Counter[tuple[str, str]] = Counter()
    for name, engine in engines.items():
        if name == "reference":
            continue
        found = None
        spoken = engine(ruleset, cases)
        for case, wanted, answer in zip(cases, expected, spoken, strict=True):
            if isinstance(answer, Excluded):
                excluded[name, answer.reason] += 1
            elif isinstance(wanted, Said):
                compared[name] += 1
                told = differences(wanted, answer)
                if told and found is None:
                    found = Finding(
                        engine=name, ruleset=ruleset, case=case, told=tuple(map(str, told))
                    )
        findings += [] if found is None else [found]
    decided = Counter(
        STATUS.get(answer.rule, "rule") for answer in expected if isinstance(answer, Said)
    )
    return Checked(compared=compared, excluded=excluded, decided=decided, findings=tuple(findings))


def _failures(
    ruleset: ir.Ruleset, cases: Sequence[Case], expected: Iterable[Spoken]
) -> list[Finding]:
    for case, answer in zip(cases, expected, strict=True):
        if isinstance(answer, Failed):
            told = (answer.message,)
            return [Finding(engine="reference", ruleset=ruleset, case=case, told=told)]
    return []


def round_trip(ruleset: ir.Ruleset) -> Finding | None:
    """Whether text and JSON say what the rule set says."""
    from rules.language.interchange import from_json, to_json
    from rules.language.load import parse
    from rules.language.ruleset_printer import ruleset_text

    ways: list[Callable[[], ir.Ruleset]] = [
        lambda: parse(ruleset_text(ruleset)),
        lambda: from_json(to_json(ruleset)),
    ]
    try:
        for way in ways:
            back = way()
            if dataclasses.replace(back, filename=ruleset.filename) != ruleset:
                told = f"{', '.join(_unlike(ruleset, back))} come back otherwise"
                return Finding(engine="text", ruleset=ruleset, case=None, told=(told,))
    except Exception as error:
        told = f"{type(error).__name__}: {error}"
        return Finding(engine="text", ruleset=ruleset, case=None, told=(told,))
    return None


def _unlike(one: ir.Ruleset, other: ir.Ruleset) -> list[str]:
    def differ(field: dataclasses.Field[Any]) -> bool:
        return field.compare and getattr(one, field.name) != getattr(other, field.name)

    return [field.name for field in dataclasses.fields(one) if differ(field)]
