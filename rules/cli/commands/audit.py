"""`audit`: what was decided, whether the record is whole, and whether it would come out again."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rules.cli.files import writable
from rules.cli.running import InputError, Subparsers, counted
from rules.cli.settings import add_settings, load_ruleset

if TYPE_CHECKING:
    from rules.audit import AuditLog

__all__ = ["add"]

_SUFFIXES = (".jsonl",)


def add(subparsers: Subparsers) -> None:
    """Adds the command."""
    parser = subparsers.add_parser("audit", help="verify, replay and read a decision record")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, run, text in (
        ("verify", _verify, "find what was altered, removed, reordered or cut off (then exit 1)"),
        ("replay", _replay, "decide again and report differences (then exit 1)"),
        ("show", _show, "one entry, with the reason made anew"),
        ("head", _head, "the end of the chain, to keep elsewhere for verify --head"),
        ("export", _export, "all entries as jsonl"),
    ):
        action = actions.add_parser(name, help=text)
        action.add_argument("record", help="an SQLite file, or a URL: postgresql+psycopg://...")
        action.set_defaults(run=_opened(run))
        _add_options(name, action)


def _add_options(name: str, action: argparse.ArgumentParser) -> None:
    match name:
        case "verify":
            action.add_argument("--head", help="SEQUENCE:HASH, as `audit head` printed it earlier")
        case "replay":
            action.add_argument("--engine", default="reference", help="what decides now")
            action.add_argument("--ruleset", help="other rules, to see what they would change")
            action.add_argument("--after", type=int, default=0, help="begin after this entry")
            action.add_argument("--limit", type=int, default=20, help="differences to print")
            add_settings(action)
        case "show":
            action.add_argument("sequence", type=int, help="the number of the entry")
        case "export":
            action.add_argument("--out", required=True, help="a jsonl file")


def _opened(
    run: Callable[[AuditLog, argparse.Namespace], int],
) -> Callable[[argparse.Namespace], int]:
    def opened(arguments: argparse.Namespace) -> int:
        try:
            from rules.audit import AuditLog

            with AuditLog(arguments.record, create=False) as log:
                return run(log, arguments)
        except (ImportError, ValueError) as error:
            raise InputError(str(error)) from error

    return opened


def _verify(log: AuditLog, arguments: argparse.Namespace) -> int:
    from rules.audit import Head, verify

    head = None if arguments.head is None else Head.parse(arguments.head)
    found = verify(log, head=head)
    if found.problem is not None:
        print(f"{log.place}: {found.problem}")
        print(f"sound up to {found.head}")
        return 1
    print(f"{log.place}: {counted_entries(found.entries)}, sound; head {found.head}")
    return 0


def _replay(log: AuditLog, arguments: argparse.Namespace) -> int:
    from rules.audit import replay

    ruleset = None
    if arguments.ruleset is not None:
        ruleset = load_ruleset(arguments.ruleset, arguments)
    elif arguments.params or arguments.on is not None:
        raise InputError(
            "--param and --on are settings of other rules: name them with --ruleset; the recorded "
            "ones decide with the settings of the time"
        )
    found = replay(
        log,
        engine=arguments.engine,
        ruleset=ruleset,
        after=arguments.after,
        limit=arguments.limit,
    )
    for difference in found.differences:
        print(difference)
    for (old, new), count in found.changes.most_common():
        print(f"{old} -> {new}: {count}")
    total = found.changes.total()
    print(f"{counted(found.decisions, 'decision')} made again, {total or 'none'} different")
    return 1 if total else 0


def _show(log: AuditLog, arguments: argparse.Namespace) -> int:
    from rules.audit.inputs import case_of
    from rules.explain import explain

    content = log.entry(arguments.sequence).content
    if content["kind"] == "ruleset":
        print(content["text"] or json.dumps(content["form"], indent=2))
        return 0
    print(_listing(content), end="\n\n")
    ruleset = log.ruleset(content["ruleset"])
    print(explain(ruleset, case_of(ruleset, content["inputs"])))
    return 0


def _listing(content: dict[str, Any]) -> str:
    """JSON with a line for each field and each input."""
    inputs = ",\n".join(
        f"    {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}"
        for name, value in content["inputs"].items()
    )
    fields = {
        name: f"{{\n{inputs}\n  }}" if name == "inputs" else json.dumps(value, ensure_ascii=False)
        for name, value in content.items()
    }
    return "{\n" + ",\n".join(f'  "{name}": {text}' for name, text in fields.items()) + "\n}"


def _head(log: AuditLog, _: argparse.Namespace) -> int:
    print(log.head)
    return 0


def _export(log: AuditLog, arguments: argparse.Namespace) -> int:
    out = writable(arguments.out, _SUFFIXES)
    draft = out.with_name(f".{out.name}.draft")
    count = 0
    try:
        with draft.open("w", encoding="utf-8", newline="\n") as lines:
            for entry in log.entries():
                count += 1
                lines.write(f'{{"hash":"{entry.hash}",{entry.record[1:]}\n')
        draft.replace(out)
    finally:
        draft.unlink(missing_ok=True)
    print(f"wrote {counted_entries(count)} to {out}")
    return 0


def counted_entries(number: int) -> str:
    """`1 entry`, `2 entries`."""
    return "1 entry" if number == 1 else f"{number} entries"
