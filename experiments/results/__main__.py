"""See the package: the command."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from experiments.experiment import REPOSITORY
from experiments.results.entries import ENTRIES
from experiments.results.record import Record, run
from experiments.results.table import render, versions
from research.arguments import ArgumentError, did_you_mean
from research.data.atomic import replacing

RECORDS = REPOSITORY / "experiments" / "results" / "records.json"
PAGE = REPOSITORY / "experiments" / "README.md"

_INTRODUCTION = """# Experiments

Each is a folder with a `config.py`: real data, a model, rules that decide, a report.

```sh
python launch.py --config=experiments/credit/config.py --workdir=runs/credit
python launch.py --config=experiments/credit/config.py --workdir=runs/quick --fast
```

`--fast` runs all of it in under a minute, with a smaller model or less data.
[Running experiments](../docs/experiments.md) has the flags.

## Results

On held-out data, mean and 95 % interval over the seeds (Student's t; a seed also draws the split
where the data has none). Time is that of the whole command on 2 cores, from loading to the report.
`make results` runs what is missing and writes this page.

"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs what is missing, records it, and writes the page."""
    parser = argparse.ArgumentParser(prog="python -m experiments.results", description=__doc__)
    parser.add_argument("names", nargs="*", help="experiments, such as credit; by default all")
    parser.add_argument("--table", action="store_true", help="run nothing")
    parser.add_argument("--seeds", type=int, help="at most so many runs of each")
    parser.add_argument("--home", type=Path, default=REPOSITORY / "runs" / "results")
    arguments = parser.parse_args(argv)
    known = {entry.experiment for entry in ENTRIES}
    for name in arguments.names:
        if name not in known:
            parser.error(f"there is no experiment {name}{did_you_mean(name, known)}")
    records = read_records(RECORDS)
    chosen = [e for e in ENTRIES if not arguments.names or e.experiment in arguments.names]
    try:
        for entry in [] if arguments.table else chosen:
            for seed in range(min(entry.seeds, arguments.seeds or entry.seeds)):
                kept = records.setdefault(entry.name, [])
                if any(r.seed == seed and r.digest == entry.digest(seed) for r in kept):
                    continue
                print(f"{entry.name}, seed {seed}", flush=True)
                found = run(entry, seed, arguments.home)
                others = [record for record in kept if record.seed != seed]
                records[entry.name] = sorted([*others, found], key=lambda record: record.seed)
                write(records)
    except ArgumentError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    write(records)
    return 0


def read_records(path: Path) -> dict[str, list[Record]]:
    """Records by entry; none where there is no file yet."""
    if not path.exists():
        return {}
    stored = json.loads(path.read_text(encoding="utf-8"))
    return {name: [Record.from_json(data) for data in rows] for name, rows in stored.items()}


def write(records: dict[str, list[Record]]) -> None:
    """Replaces the records and the page."""
    stored = {name: [dataclasses.asdict(r) for r in rows] for name, rows in records.items()}
    rows = [(entry, records.get(entry.name, [])) for entry in ENTRIES]
    everything = [record for _, found in rows for record in found]
    page = f"{_INTRODUCTION}{render(rows)}\n\nMeasured with {versions(everything)}.\n"
    for path, text in ((RECORDS, json.dumps(stored, indent=1) + "\n"), (PAGE, page)):
        with replacing(path) as temporary:
            temporary.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
