"""The records as a table in Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

from experiments.results.record import Entry, Record

_HEADINGS = (
    "experiment",
    "data",
    "parameters",
    "figure",
    "baseline",
    "time",
    "decisions",
    "automated",
    "wrong among them",
)


def render(rows: Iterable[tuple[Entry, Sequence[Record]]]) -> str:
    """The table; entries without a record are named below it."""
    lines = [_line(_HEADINGS), _line(["---", "---", *["---:"] * (len(_HEADINGS) - 2)])]
    missing = []
    for entry, records in rows:
        if records:
            lines.append(_line(_cells(entry, records)))
        else:
            missing.append(entry.name)
    if missing:
        lines += ["", f"Not run yet: {', '.join(missing)}."]
    return "\n".join(lines)


def interval(values: Sequence[float]) -> tuple[float, float | None]:
    """Mean, and half the width of its 95 % interval by Student's t; None for one value."""
    mean = statistics.fmean(values)
    if len(values) < 2:
        return mean, None
    from scipy.stats import t

    spread = statistics.stdev(values) / len(values) ** 0.5
    return mean, float(t.ppf(0.975, len(values) - 1)) * spread


def _cells(entry: Entry, records: Sequence[Record]) -> list[str]:
    first = records[0].headline
    decided = [record.automation for record in records]
    seeds = f", {len(records)} seed{'s' * (len(records) > 1)}"
    source = "" if first.baseline_source == "measured" else f" ({first.baseline_source})"
    arrow = {"higher": "↑", "lower": "↓"}[first.better]
    budget = decided[0].budget
    return [
        f"[{entry.name}]({entry.experiment}/config.py){seeds}",
        first.data,
        f"{first.parameters:,}",
        f"{first.metric} {arrow} **{_figure([r.headline.value for r in records])}**",
        f"{first.baseline} {_figure([r.headline.baseline_value for r in records])}{source}",
        _duration(statistics.median(record.seconds for record in records)),
        f"{decided[0].decisions:,}",
        f"{statistics.fmean(part.automated for part in decided):.1%}",
        _error([part.error for part in decided], budget),
    ]


def _figure(values: Sequence[float]) -> str:
    mean, half = interval(values)
    digits = 2 if abs(mean) >= 10 else 4
    return f"{mean:.{digits}f}" + (f" ± {half:.{digits}f}" if half else "")


def _error(errors: Sequence[float | None], budget: float | None) -> str:
    known = [error for error in errors if error is not None]
    if not known:
        return "-"
    allowed = "" if budget is None else f" (budget {budget:.1%})"
    return f"{statistics.fmean(known):.2%}{allowed}"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.1f} min"


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def versions(records: Iterable[Record]) -> str:
    """The packages that the records were made with."""
    found: dict[str, set[str]] = {}
    for record in records:
        for name, number in record.versions.items():
            found.setdefault(name, set()).add(number)
    return ", ".join(f"{name} {' and '.join(sorted(v))}" for name, v in found.items())
