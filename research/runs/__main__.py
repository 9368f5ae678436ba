"""The command: python -m research.runs list|show|compare|plot DIR..."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from research.arguments import ArgumentError
from research.runs.compare import compare, compared
from research.runs.plot import curves_html, curves_png
from research.runs.run import Run, find_runs
from research.runs.texts import listed, shown

_KINDS = {".png": curves_png, ".html": curves_html}


def main(argv: Sequence[str] | None = None) -> int:
    """Does what the arguments say; returns the exit code, 2 for what a user can mend."""
    arguments = _parser().parse_args(argv)
    runs, skipped = find_runs(arguments.directories)
    for reason in skipped:
        print(f"skipped: {reason}", file=sys.stderr)
    try:
        if runs:
            print(_answer(arguments, runs))
    except (ArgumentError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0 if runs else 2


def _answer(arguments: argparse.Namespace, runs: Sequence[Run]) -> str:
    if arguments.command == "plot":
        out: Path = arguments.out
        if out.suffix not in _KINDS:
            raise ArgumentError(f"--out is {out}, expected a name that ends in .png or .html")
        _KINDS[out.suffix](
            runs,
            out,
            metrics=arguments.metric,
            logarithmic=arguments.log,
            smoothing=arguments.smooth,
        )
        return f"wrote {out}"
    if arguments.command == "compare":
        return _json(compare(runs)) if arguments.json else compared(runs)
    if arguments.command == "list":
        return _json([run.to_json() for run in runs]) if arguments.json else listed(runs)
    if not arguments.json:
        return "\n\n".join(map(shown, runs))
    return _json(
        [
            {
                **run.to_json(),
                "config": run.config,
                "timing": run.timing,
                "last_metrics": run.last(),
                "provenance": run.attempts,
            }
            for run in runs
        ]
    )


def _json(data: object) -> str:
    return json.dumps(data, indent=2)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m research.runs", description="Looks at runs by their workdirs."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    texts = {
        "list": "a table of runs",
        "show": "one run: configuration, time split, last metrics, origin",
        "compare": "what differs between runs, and their metrics side by side",
        "plot": "training curves as a picture or a page",
    }
    for name, text in texts.items():
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument(
            "directories",
            nargs="+",
            type=Path,
            metavar="DIR",
            help="a workdir, or a folder with some below it",
        )
        if name != "plot":
            command.add_argument("--json", action="store_true", help="for machines")
            continue
        command.add_argument(
            "--out",
            type=Path,
            default=Path("curves.html"),
            help=".html or .png (default: %(default)s)",
        )
        command.add_argument(
            "--metric", action="append", default=[], help="a panel each; default: the monitored one"
        )
        command.add_argument("--log", action="store_true", help="logarithmic axis")
        command.add_argument(
            "--smooth", type=float, default=0.0, metavar="W", help="moving average, 0 to below 1"
        )
    return parser


if __name__ == "__main__":
    sys.exit(main())
