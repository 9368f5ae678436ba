"""`# rulax: ignore W104 because ...`: findings that somebody has looked at and accepts."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Sequence

from rules.checks.finding import Finding
from rules.errors import did_you_mean
from rules.language import ir

__all__ = ["suppressed"]

_TEXT_OR_COMMENT = re.compile(r'"(?:\\.|[^"\\\n])*"|(?P<comment>#[^\n]*)')
_SUPPRESSION = re.compile(r"#\s*rulax:\s*ignore\b(?P<rest>.*)")
_CODES = re.compile(r"\s*(?P<codes>[A-Z]\d+(?:\s*,\s*[A-Z]\d+)*)\s*(?P<rest>.*)")
_BECAUSE = re.compile(r"because\s+\S")


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Suppression:
    codes: tuple[str, ...]
    reason: bool
    span: ir.Span


def suppressed(
    ruleset: ir.Ruleset, findings: Sequence[Finding], codes: Iterable[str]
) -> tuple[Finding, ...]:
    """The findings that nobody has accepted, and what is wrong with the suppressions.

    A suppression stands in the line of the finding or in the line before, and gives its
    reason: `# rulax: ignore W104 because the rule comes into force in May`.

    Args:
        ruleset: with its text.
        findings: of this rule set.
        codes: all that were looked for; suppressions of others are let be.
    """
    looked_for = set(codes)
    accepted: set[int] = set()
    remarks: list[Finding] = []
    for item in _suppressions(ruleset):
        unused = set(item.codes)
        for index, finding in enumerate(findings):
            if finding.code in item.codes and _meant(item, finding):
                unused.discard(finding.code)
                if item.reason:
                    accepted.add(index)
        remarks.extend(_remarks(item, unused & looked_for or unused - _known(looked_for)))
    kept = [finding for index, finding in enumerate(findings) if index not in accepted]
    return (*kept, *remarks)


def _known(looked_for: set[str]) -> set[str]:
    from rules.checks.finding import CODES
    from rules.checks.solver.codes import CODES as SOLVER_CODES

    return looked_for | {code for code, _ in (*CODES, *SOLVER_CODES)}


def _meant(item: _Suppression, finding: Finding) -> bool:
    span = finding.span
    if span is None or span.source != item.span.source:
        return False
    return span.line in (item.span.line, item.span.line + 1)


def _remarks(item: _Suppression, unused: set[str]) -> Iterator[Finding]:
    if not item.codes:
        yield Finding(
            code="W115",
            message="this suppression names no finding",
            span=item.span,
            hint="write # rulax: ignore W104 because ...",
        )
    elif not item.reason:
        yield Finding(
            code="W115",
            message="this suppression gives no reason, so it has no effect",
            span=item.span,
            hint=f"write # rulax: ignore {', '.join(item.codes)} because ...",
        )
    for code in sorted(unused):
        known = sorted(_known(set()))
        hint = "remove it" if code in known else did_you_mean(code, known)
        yield Finding(
            code="W116", message=f"nothing here is found as {code}", span=item.span, hint=hint
        )


def _suppressions(ruleset: ir.Ruleset) -> Iterator[_Suppression]:
    texts = [ruleset.text, *(source.text for source in ruleset.sources)]
    for source, text in enumerate(texts):
        for match in _TEXT_OR_COMMENT.finditer(text):
            found = _SUPPRESSION.match(match["comment"] or "")
            if found is not None:
                codes = _CODES.match(found["rest"])
                line = text.count("\n", 0, match.start()) + 1
                column = match.start() - (text.rfind("\n", 0, match.start()) + 1) + 1
                yield _Suppression(
                    codes=tuple(re.split(r"\s*,\s*", codes["codes"])) if codes else (),
                    reason=codes is not None and _BECAUSE.match(codes["rest"]) is not None,
                    span=ir.Span(
                        line=line,
                        column=column,
                        end_line=line,
                        end_column=column + len(match["comment"].rstrip()),
                        source=source,
                    ),
                )
