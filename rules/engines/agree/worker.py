"""The child process of a long run: seeds in, what came of each program out, as JSON lines.

A process of its own can be ended when a compiler hangs or an engine crashes, and renewed
before it has grown large. Its first argument is a JSON object, see `Job`.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import time
from collections.abc import Mapping
from typing import Any, TextIO

from rules.engines.agree.cases import cases
from rules.engines.agree.census import constructs
from rules.engines.agree.checking import Checked, Finding, check_ruleset, round_trip, settled
from rules.engines.agree.engines import Engine, opened
from rules.engines.agree.generator import generate
from rules.engines.agree.telling import shrunk, tell
from rules.language import ir

__all__ = ["Job", "check_program", "main"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Job:
    """What to do with each seed.

    Attributes:
        engines: and oracles, by name.
        cases: how many for each program.
        text: whether to print, parse and export each program, too.
        exhaustive: whether to take tiny programs and all cases of their domains.
        shrink: how many seconds to spend on making a disagreement small.
    """

    engines: tuple[str, ...]
    cases: int
    text: bool = True
    exhaustive: bool = False
    shrink: float = 60.0


def check_program(job: Job, seed: int, engines: Mapping[str, Engine]) -> dict[str, Any]:
    """Draws a program and cases, and compares the engines; the result is plain data."""
    started = time.monotonic()
    if job.exhaustive:
        from rules.engines.agree.exhaustive import all_cases, generate_tiny

        ruleset = settled(generate_tiny(seed))
        chosen = list(all_cases(ruleset))
    else:
        ruleset = settled(generate(seed))
        chosen = cases(ruleset, seed, job.cases)
    checked = check_ruleset(ruleset, chosen, engines)
    findings = [*checked.findings]
    if job.text:
        findings += filter(None, [round_trip(ruleset)])
    told = [_told(job, seed, finding, engines) for finding in findings]
    return _plain(seed, ruleset, checked, told, time.monotonic() - started)


def _told(job: Job, seed: int, finding: Finding, engines: Mapping[str, Engine]) -> dict[str, str]:
    small = shrunk(finding, engines, seconds=job.shrink)
    return {"engine": finding.engine, "text": f"seed {seed}: {tell(small, engines)}"}


def _plain(
    seed: int, ruleset: ir.Ruleset, checked: Checked, told: list[dict[str, str]], seconds: float
) -> dict[str, Any]:
    return {
        "seed": seed,
        "seconds": round(seconds, 4),
        "compared": dict(checked.compared),
        "excluded": [[*key, count] for key, count in checked.excluded.items()],
        "decided": dict(checked.decided),
        "constructs": sorted(constructs(ruleset)),
        "findings": told,
    }


def main(arguments: list[str], answers: TextIO) -> None:
    """Reads seeds, one a line, and answers each with one line."""
    form = json.loads(arguments[0])
    job = Job(**{**form, "engines": tuple(form["engines"])})
    with opened(job.engines) as engines:
        for line in sys.stdin:
            print(json.dumps(check_program(job, int(line), engines)), file=answers, flush=True)


if __name__ == "__main__":
    # What libraries print must not get between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    try:
        main(sys.argv[1:], answers)
    except BrokenPipeError:  # nobody is left to tell
        os._exit(1)
