"""`agree`: whether the engines say the same, on random programs or on a rule file."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from rules.cli.running import InputError, Subparsers

__all__ = ["add"]

DESCRIPTION = """\
Compare all engines, and independent programs, with the reference. Without FILE the rule sets
are random; a disagreement is shrunk and printed as a rule set with a test. The exit code is 1
when there is a disagreement."""


def add(subparsers: Subparsers) -> None:
    """Adds the command."""
    parser = subparsers.add_parser(
        "agree", help="search for a case on which engines disagree", description=DESCRIPTION
    )
    parser.add_argument("file", nargs="?", metavar="FILE", help="a rule file; else random ones")
    parser.add_argument("--programs", type=int, default=100, metavar="N")
    parser.add_argument("--seed", type=int, default=0, help="of the first program")
    parser.add_argument("--cases", type=int, default=16, metavar="N", help="for each program")
    parser.add_argument(
        "--engines", default="all", help="some of python, backward, numpy, xla, rete; all; none"
    )
    parser.add_argument("--oracles", default="", help="some of clingo, clips, problog; all")
    parser.add_argument(
        "--exhaustive", action="store_true", help="tiny programs, all cases of their domains"
    )
    parser.add_argument("--no-text", action="store_true", help="leave out printing and parsing")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes")
    parser.add_argument("--limit", type=float, default=300.0, help="seconds for one program")
    parser.add_argument("--log", type=Path, help="a file of answers; a run with it goes on")
    parser.set_defaults(run=_agree)


def _agree(arguments: argparse.Namespace) -> int:
    from rules.engines.agree.engines import ENGINES, ORACLES
    from rules.engines.agree.report import report
    from rules.engines.agree.running import Plan, run
    from rules.engines.agree.worker import Job

    engines = (
        *_chosen("--engines", arguments.engines, ENGINES),
        *_chosen("--oracles", arguments.oracles, ORACLES),
    )
    if not engines:
        raise InputError("nothing to compare; give --engines or --oracles")
    if arguments.programs < 1 or arguments.cases < 1 or arguments.jobs < 1:
        raise InputError("--programs, --cases and --jobs are at least 1")
    if arguments.file is not None:
        return _agree_on_file(arguments, engines)
    job = Job(
        engines=engines,
        cases=arguments.cases,
        text=not arguments.no_text,
        exhaustive=arguments.exhaustive,
    )
    plan = Plan(
        job=job,
        seeds=range(arguments.seed, arguments.seed + arguments.programs),
        processes=arguments.jobs,
        limit=arguments.limit,
        log=arguments.log,
    )
    answers = run(plan, _Progress(arguments.programs))
    print(report(answers))
    return int(any(answer["findings"] for answer in answers))


def _agree_on_file(arguments: argparse.Namespace, engines: tuple[str, ...]) -> int:
    from rules.cli.files import rule_file
    from rules.engines.agree.cases import cases
    from rules.engines.agree.checking import check_ruleset, settled
    from rules.engines.agree.engines import opened
    from rules.engines.agree.telling import shrunk, tell
    from rules.language.load import load

    ruleset = settled(load(rule_file(arguments.file)))
    if ruleset.decision is None:
        raise InputError(f"{arguments.file} decides nothing: it has no decide declaration")
    with opened(engines) as opinions:
        checked = check_ruleset(ruleset, cases(ruleset, arguments.seed, arguments.cases), opinions)
        for finding in checked.findings:
            print(tell(shrunk(finding, opinions, seconds=60.0), opinions), end="\n\n")
    counts = ", ".join(f"{name} {count}" for name, count in checked.compared.items())
    print(
        f"{arguments.file}: {arguments.cases} cases, {len(checked.findings)} disagreements; "
        f"compared: {counts}"
    )
    for (name, reason), count in checked.excluded.items():
        print(f"left out: {name} {count}, {reason}")
    return int(bool(checked.findings))


def _chosen(flag: str, text: str, known: tuple[str, ...]) -> tuple[str, ...]:
    if text == "all":
        return known
    names = tuple(name for name in text.split(",") if name and name != "none")
    for name in names:
        if name not in known:
            raise InputError(f"{flag} {name}: expected some of {', '.join(known)}, or all")
    return names


class _Progress:
    """A line on the terminal: how many programs, how fast, how long still."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.started = time.monotonic()
        self.done = 0  # in this run; others come from the log
        self.wrong = 0

    def __call__(self, done: int, answer: dict[str, object]) -> None:
        self.done += 1
        self.wrong += bool(answer["findings"])
        if answer["findings"] or self.done % 50 == 0 or done == self.total:
            rate = self.done / (time.monotonic() - self.started)
            left = (self.total - done) / rate
            print(
                f"{done:,} of {self.total:,} programs, {rate:.1f}/s, {self.wrong} disagree, "
                f"about {left / 60:.0f} min left",
                file=sys.stderr,
            )
