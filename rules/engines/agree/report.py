"""What came of a run, as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from rules.engines.agree.census import CONSTRUCTS
from rules.engines.agree.running import Answer

__all__ = ["report"]


def report(answers: Sequence[Answer], *, constructs: bool = True) -> str:
    """Programs, comparisons, exclusions, constructs, and the disagreements at the end.

    Args:
        answers: as `run` returns them.
        constructs: whether to list how many programs have each construct.
    """
    return "\n".join(
        [*_totals(answers), *(_constructs(answers) if constructs else ()), *_findings(answers)]
    )


def _totals(answers: Sequence[Answer]) -> Iterator[str]:
    compared: Counter[str] = Counter()
    programs: Counter[str] = Counter()
    excluded: Counter[tuple[str, str]] = Counter()
    decided: Counter[str] = Counter()
    for answer in answers:
        compared.update(answer.get("compared", {}))
        programs.update(answer.get("compared", {}).keys())
        decided.update(answer.get("decided", {}))
        for engine, reason, count in answer.get("excluded", ()):
            excluded[engine, reason] += count
    wrong = Counter(finding["engine"] for answer in answers for finding in answer["findings"])
    cases, count = sum(decided.values()), wrong.total()
    told = f"{count:,} disagreement{'s' * (count != 1)}"
    yield f"{len(answers):,} programs, {cases:,} cases, {told}"
    if not answers:
        return
    if cases:
        shares = ", ".join(f"{name} {count / cases:.0%}" for name, count in decided.most_common())
        yield f"decided by: {shares}"
    yield ""
    yield f"{'engine':10} {'programs':>10} {'cases':>12} {'disagree':>9}"
    for name in compared:
        yield f"{name:10} {programs[name]:10,} {compared[name]:12,} {wrong[name]:9,}"
    for name in wrong.keys() - compared.keys():
        yield f"{name:10} {'':10} {'':12} {wrong[name]:9,}"
    if excluded:
        yield ""
        yield "Cases left out:"
        for (engine, reason), count in sorted(excluded.items()):
            yield f"{engine:10} {count:10,}  {reason}"


def _constructs(answers: Sequence[Answer]) -> Iterator[str]:
    having = Counter(name for answer in answers for name in answer.get("constructs", ()))
    yield ""
    yield "Programs with each construct:"
    cells = [f"{name} {having[name]:,}" for name in CONSTRUCTS]
    width = max(map(len, cells)) + 2
    columns = max(1, 100 // width)
    for start in range(0, len(cells), columns):
        yield "  " + "".join(cell.ljust(width) for cell in cells[start : start + columns]).rstrip()


def _findings(answers: Sequence[Answer]) -> Iterator[str]:
    for answer in answers:
        for finding in answer["findings"]:
            yield ""
            yield finding["text"]
