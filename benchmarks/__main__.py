"""All benchmarks: python -m benchmarks [GROUP ...] [--only TEXT] [--rounds N] [--peers PYTHON]"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from pathlib import Path

from benchmarks.contest import Row, machine, results
from benchmarks.contest.measure import measure

# A group is a module with `rows()`; its docstring's first line heads the tables.
GROUPS = {
    "limits": "benchmarks.machine_limits",
    "training": "benchmarks.models.training",
    "curves": "benchmarks.models.curves",
    "accuracy": "benchmarks.models.accuracy",
    "ops": "benchmarks.ops",
    "classical": "benchmarks.classical",
    "loop": "benchmarks.loop",
    "start": "benchmarks.start",
    "deciding": "benchmarks.deciding.bulk",
    "one": "benchmarks.deciding.one",
    "graph": "benchmarks.deciding.graph",
    "proving": "benchmarks.deciding.proving",
    "compiling": "benchmarks.deciding.compiling",
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=", ".join(GROUPS))
    parser.add_argument("--only", default="", help="rows whose name has this text")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each contestant")
    parser.add_argument(
        "--peers", help="the peers' Python; without it, only ours is run, and nothing kept"
    )
    parser.add_argument("--list", action="store_true", help="name the rows and end")
    arguments = parser.parse_args()
    for group in arguments.groups:
        if group not in GROUPS:
            parser.error(f"there is no group {group}: expected some of {', '.join(GROUPS)}")
    if arguments.peers and not Path(arguments.peers).exists():
        parser.error(f"--peers: no file {arguments.peers}: `make bench` makes the environment")
    described = machine.described(arguments.peers)
    for group in arguments.groups or GROUPS:
        module = importlib.import_module(GROUPS[group])
        chosen = [row for row in module.rows() if arguments.only.lower() in row.name.lower()]
        if arguments.list:
            print("\n".join(f"{group}: {row.name}" for row in chosen))
        elif chosen:
            title = (module.__doc__ or group).strip().splitlines()[0].rstrip(".")
            _measured(group, title, chosen, described, arguments)


def _measured(
    group: str,
    title: str,
    rows: list[Row],
    described: dict[str, object],
    arguments: argparse.Namespace,
) -> None:
    print(f"# {title}\n{results.machine_line(described)}\n", flush=True)
    began = time.perf_counter()
    for number, row in enumerate(rows):
        left = (time.perf_counter() - began) / number * (len(rows) - number) if number else None
        _progress("" if left is None else f"{row.name}, about {left:.0f} s left in {group}")
        try:
            figures = measure(row, rounds=arguments.rounds, peers=arguments.peers)
        except ValueError as error:  # such as data that can't be had: the other rows go on
            _progress("")
            print(f"### {error}\n", flush=True)
            continue
        _progress("")
        kept = results.record(row, figures)
        print(results.table(kept), flush=True)
        if arguments.peers:
            results.write(group, title, described, [kept])  # an ended run keeps what it has


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
