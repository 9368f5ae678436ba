"""A disagreement as people want it: a small rule set with a test block, and who said what."""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections.abc import Iterator, Mapping
from typing import Any

from rules.engines.agree.checking import Finding, check_ruleset, round_trip
from rules.engines.agree.comparison import Excluded, Failed, Said, show
from rules.engines.agree.engines import Case, Engine
from rules.engines.agree.shrinking import shrink
from rules.engines.values import Value
from rules.engines.world import Objects, admit_case, relation_entries
from rules.language import ir

__all__ = ["shrunk", "tell", "with_test"]


def shrunk(finding: Finding, engines: Mapping[str, Engine], *, seconds: float) -> Finding:
    """The same disagreement about the smallest rule set and case that shows one."""
    if finding.case is None:
        return finding
    named = {name: engines[name] for name in ("reference", finding.engine)}
    printable = round_trip(finding.ruleset) is None

    def again(ruleset: ir.Ruleset, case: Case) -> Finding | None:
        if printable and round_trip(ruleset) is not None:
            return None
        checked = check_ruleset(ruleset, [case], named)
        return next((item for item in checked.findings if item.engine == finding.engine), None)

    ruleset, case = shrink(
        finding.ruleset, finding.case, lambda *smaller: again(*smaller) is not None, seconds=seconds
    )
    return again(ruleset, case) or finding


def tell(finding: Finding, engines: Mapping[str, Engine]) -> str:
    """A rule set with the case as a test block, then what each engine says of it."""
    from rules.language.ruleset_printer import ruleset_text

    ruleset = finding.ruleset
    try:
        text = ruleset_text(with_test(ruleset, finding.case, engines["reference"]))
    except Exception as error:
        text = f"# The rule set cannot be printed ({error}):\n# {ruleset!r}\n"
    lines = [f"{finding.engine} disagrees: {'; '.join(finding.told)}", "", text]
    if finding.case is not None:
        lines += [f"The case: {_json(finding.case)}", ""]
        lines += _answers(ruleset, finding.case, engines)
    return "\n".join(lines)


def _answers(ruleset: ir.Ruleset, case: Case, engines: Mapping[str, Engine]) -> Iterator[str]:
    for name, engine in engines.items():
        (answer,) = engine(ruleset, [case])
        match answer:
            case Said():
                told = ", ".join(_told(answer))
            case Failed(message=message):
                told = f"fails: {message}"
            case Excluded(reason=reason):
                told = f"does not take it: {reason}"
        yield f"  {name:10} {told}"


def _told(answer: Said) -> Iterator[str]:
    for name in ("outcome", "rule", "truths", "fired", "violated", "margin"):
        value = getattr(answer, name)
        if value is not None and value != ():
            yield f"{name} {show(value)}"
    for name, facts in (answer.derived or {}).items():
        yield f"{name} {show(facts)}"


def with_test(ruleset: ir.Ruleset, case: Case | None, reference: Engine) -> ir.Ruleset:
    """The rule set with the case as a test of what the reference says.

    A test cannot say that an object is there of which nothing is known, nor that it may be
    there; the case itself tells.
    """
    if case is None:
        return ruleset
    (answer,) = reference(ruleset, [case])
    if not isinstance(answer, Said) or not isinstance(answer.outcome, str):
        return ruleset
    test = ir.Test(
        title="the engines disagree",
        given=tuple(_given(ruleset, case)),
        expectations=(ir.ExpectOutcome(op="=", outcome=answer.outcome),),
    )
    return dataclasses.replace(ruleset, tests=(test,))


def _given(ruleset: ir.Ruleset, case: Case) -> Iterator[ir.Given]:
    for entity in ruleset.entities:
        if entity.domain is None and not case.get(entity.name, True):
            yield ir.Given(name=entity.name, empty=True)
    values = admit_case(ruleset, case).values
    for item in ruleset.inputs:
        raw = case.get(item.name)
        if raw is None:
            continue
        if not item.parameters:
            value = values[item.name]
            assert not isinstance(value, Mapping)
            yield ir.Given(name=item.name, value=value)
            continue
        entries: Mapping[Objects, Value | None] = relation_entries(ruleset, item, raw)
        if not entries:
            yield ir.Given(name=item.name, empty=True)
        for objects, value in entries.items():
            yield ir.Given(name=item.name, arguments=objects, value=value)


def _json(case: Case) -> str:
    def plain(value: Any) -> Any:
        if isinstance(value, datetime.date):
            return value.isoformat()
        if isinstance(value, Mapping):
            return {_key(key): plain(item) for key, item in value.items()}
        return [plain(item) for item in value] if isinstance(value, list) else value

    return json.dumps(plain(case), ensure_ascii=False)


def _key(key: Any) -> str:
    return ", ".join(map(str, key)) if isinstance(key, tuple) else str(key)
