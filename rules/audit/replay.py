"""Deciding again what was decided: with another engine, or by other rules."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from rules.audit.chain import Entry
from rules.audit.inputs import case_of
from rules.audit.log import AuditLog
from rules.decide import Engine, decide
from rules.decided import Decided
from rules.language import ir

__all__ = ["Difference", "Replay", "replay"]

_BATCH = 10_000


@dataclasses.dataclass(frozen=True, kw_only=True)
class Difference:
    """A decision that came out differently.

    Attributes:
        sequence: of its entry.
        outcome: what is recorded; under `collect` a sorted list.
        rule: the deciding rule that is recorded.
        new_outcome: what came out now.
        new_rule: the rule that decided now.
    """

    sequence: int
    outcome: str | list[str]
    rule: str
    new_outcome: str | list[str]
    new_rule: str

    def __str__(self) -> str:
        return (
            f"entry {self.sequence}: recorded {_shown(self.outcome)} ({self.rule}), "
            f"now {_shown(self.new_outcome)} ({self.new_rule})"
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Replay:
    """What `replay` found.

    Attributes:
        decisions: how many were decided again.
        differences: those that came out differently, at most as many as asked for.
        changes: how many went from which outcome to which.
    """

    decisions: int
    differences: tuple[Difference, ...]
    changes: Counter[tuple[str, str]]


def replay(
    log: AuditLog,
    *,
    engine: Engine = "reference",
    ruleset: ir.Ruleset | None = None,
    after: int = 0,
    limit: int = 100,
    progress: Callable[[int], None] | None = None,
) -> Replay:
    """Decides recorded cases again and compares.

    Args:
        log: the record.
        engine: what decides now.
        ruleset: other rules, to see what they would have changed; by default each case is
            decided by the rule set that its entry names, and any difference is a fault.
        after: the number of the last entry to leave out.
        limit: how many differences to keep.
        progress: called with the number of decisions made so far.

    Raises:
        AuditError: a rule set is not in the record.
        ValueError, TypeError: cases that the other rule set cannot decide.
    """
    differences: list[Difference] = []
    changes: Counter[tuple[str, str]] = Counter()
    count = 0
    for sha256, batch in _batches(log, after):
        rules = ruleset or log.ruleset(sha256)
        contents = [entry.content for entry in batch]
        cases = [case_of(rules, content["inputs"]) for content in contents]
        decided = decide(rules, cases, engine=engine, fired=False, missing_columns="unknown")
        for content, outcome, rule in _pairs(contents, decided):
            # The name of the rule may change with the rules; the outcome may not.
            same = content["outcome"] == outcome
            if not same or (ruleset is None and content["rule"] != rule):
                changes[_shown(content["outcome"]), _shown(outcome)] += 1
                if len(differences) < limit:
                    differences.append(
                        Difference(
                            sequence=content["sequence"],
                            outcome=content["outcome"],
                            rule=content["rule"],
                            new_outcome=outcome,
                            new_rule=rule,
                        )
                    )
        count += len(batch)
        if progress is not None:
            progress(count)
    return Replay(decisions=count, differences=tuple(differences), changes=changes)


def _batches(log: AuditLog, after: int) -> Iterator[tuple[str, list[Entry]]]:
    """Decisions in runs by one rule set."""
    decisions = (
        (content["ruleset"], entry)
        for entry in log.entries(after=after)
        if (content := entry.content)["kind"] == "decision"
    )
    for sha256, run in itertools.groupby(decisions, key=lambda item: item[0]):
        entries = (entry for _, entry in run)
        while batch := list(itertools.islice(entries, _BATCH)):
            yield sha256, batch


def _pairs(
    contents: list[dict[str, Any]], decided: Decided
) -> Iterator[tuple[dict[str, Any], str | list[str], str]]:
    for content, outcome, rule in zip(contents, decided.outcomes, decided.rules, strict=True):
        yield content, outcome if isinstance(outcome, str) else sorted(outcome), rule


def _shown(outcome: str | list[str]) -> str:
    return outcome if isinstance(outcome, str) else f"{{{', '.join(outcome)}}}"
