"""Writing, reading and verifying the decision record."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import rules
from rules.audit import GENESIS, AuditError, AuditLog, Head, link, replay, verify

TEXT = """
ruleset loans version 2
entity Guarantor max 3
input income: float > 0
input asked_on: date
input country: string
input earns(Guarantor): float
derive rescued if some g: earns(g) > 50_000
decide outcome in {reject, refer, approve}
    policy first
    default approve
    unknown refer
rule poor "little income"
    outcome = reject
    if income < 10_000 and not rescued
rule abroad "from abroad"
    outcome = refer
    if country != "NL" or asked_on < 2026-01-01
"""
CASES = [
    {"income": 0.1, "asked_on": date(2026, 3, 1), "country": "NL", "earns": {"anna": 60_000.1}},
    {"income": 9_000, "asked_on": date(2026, 3, 1), "country": "NL", "Guarantor": []},
    {"income": 30_000, "asked_on": date(2025, 3, 1), "country": "Åland", "earns": {"bo": None}},
    {"income": None, "asked_on": None, "country": None},
]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def policy() -> rules.Ruleset:
    return rules.parse(TEXT)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "decisions.db"


@pytest.fixture
def log(place: Path, policy: rules.Ruleset) -> Iterator[AuditLog]:
    with AuditLog(place) as log:
        decided = rules.decide(policy, CASES)
        log.record(decided, engine="auto", checkpoint="runs/loans@100", at=NOON)
        log.record(decided, references=["a", "b", None, "d"], at=NOON)
        yield log


def test_entries(log: AuditLog, policy: rules.Ruleset) -> None:
    contents = [entry.content for entry in log.entries()]
    assert [content["kind"] for content in contents] == ["ruleset", *["decision"] * 8]
    assert contents[0]["text"] == TEXT
    assert contents[1] == {
        "sequence": 2,
        "kind": "decision",
        "time": "2026-03-01T12:00:00.000000+00:00",
        "ruleset": policy.sha256,
        "engine": "auto",
        "checkpoint": "runs/loans@100",
        "reference": None,
        "inputs": {
            "income": 0.1,
            "asked_on": "2026-03-01",
            "country": "NL",
            "Guarantor": contents[1]["inputs"]["Guarantor"],
            "earns": [[["anna"], 60000.1]],
        },
        "outcome": "approve",
        "rule": "default",
        "fired": [],
    }
    assert [content["reference"] for content in contents[5:]] == ["a", "b", None, "d"]
    assert [content["outcome"] for content in contents[1:5]] == [
        "approve",
        "reject",
        "refer",
        "refer",
    ]


def test_the_chain_is_what_the_documentation_says(log: AuditLog) -> None:
    previous = GENESIS
    for entry in log.entries():
        assert entry.hash == link(previous, entry.record)
        assert entry.record == json.dumps(
            json.loads(entry.record), sort_keys=True, separators=(",", ":")
        )
        assert entry.record.isascii()
        previous = entry.hash
    assert log.head == Head(sequence=9, hash=previous)


def test_reopened(log: AuditLog, place: Path, policy: rules.Ruleset) -> None:
    with AuditLog(place) as again:
        head = again.record(rules.decide(policy, CASES[:1]))
        assert head.sequence == 10  # the rule set is not written twice
        assert again.ruleset(policy.sha256) == policy
        assert verify(again).sound
        assert verify(again, head=log.head).sound


def test_several_rule_sets(log: AuditLog) -> None:
    other = rules.parse(TEXT.replace("10_000", "20_000"))
    log.record(rules.decide(other, CASES))
    assert log.head.sequence == 14
    assert verify(log).sound
    assert log.ruleset(other.sha256).sha256 == other.sha256
    assert replay(log).decisions == 12


def test_nothing_to_record(log: AuditLog, policy: rules.Ruleset) -> None:
    before = log.head
    assert log.record(rules.decide(policy, [], missing_columns="unknown")) == before


# ------------------------------------------------------------------- tampering

FIELDS = ("outcome", "rule", "inputs", "time", "ruleset", "reference", "checkpoint")


def tampered(place: Path, *statements: str) -> str | None:
    with sqlite3.connect(place) as connection:
        connection.execute("DROP TRIGGER audit_no_update")
        connection.execute("DROP TRIGGER audit_no_delete")
        for statement in statements:
            connection.execute(statement)
    with AuditLog(place, create=False) as log:
        return verify(log).problem


@pytest.mark.parametrize("field", FIELDS)
def test_an_altered_field(log: AuditLog, place: Path, field: str) -> None:
    record = log.entry(4).content | {field: "other"}
    text = json.dumps(record, sort_keys=True, separators=(",", ":"))
    problem = tampered(place, f"UPDATE audit_entries SET record = '{text}' WHERE sequence = 4")
    assert problem is not None and problem.startswith("entry 4 was altered")


def test_an_altered_rule_text(log: AuditLog, place: Path) -> None:
    problem = tampered(
        place,
        "UPDATE audit_entries SET record = replace(record, '10_000', '90_000') WHERE sequence = 1",
    )
    assert problem is not None and problem.startswith("entry 1 was altered")


def test_an_altered_hash(log: AuditLog, place: Path) -> None:
    problem = tampered(place, "UPDATE audit_entries SET hash = '0' WHERE sequence = 3")
    assert problem is not None and problem.startswith("entry 3 was altered")


def test_a_record_altered_with_its_hash(log: AuditLog, place: Path) -> None:
    record = log.entry(4).record.replace('"outcome":"refer"', '"outcome":"approve"')
    digest = link(log.entry(3).hash, record)
    problem = tampered(
        place,
        f"UPDATE audit_entries SET record = '{record}', hash = '{digest}' WHERE sequence = 4",
    )
    assert problem is not None and problem.startswith("entry 5 was altered")


def test_a_removed_entry(log: AuditLog, place: Path) -> None:
    problem = tampered(place, "DELETE FROM audit_entries WHERE sequence = 5")
    assert problem == "entry 5 is missing: after 4 comes 6"


def test_a_removed_entry_that_is_papered_over(log: AuditLog, place: Path) -> None:
    problem = tampered(
        place,
        "DELETE FROM audit_entries WHERE sequence = 5",
        "UPDATE audit_entries SET sequence = sequence - 1 WHERE sequence > 5",
    )
    assert problem is not None and problem.startswith("entry 5 was altered")


def test_swapped_entries(log: AuditLog, place: Path) -> None:
    problem = tampered(
        place,
        "UPDATE audit_entries SET sequence = 100 WHERE sequence = 3",
        "UPDATE audit_entries SET sequence = 3 WHERE sequence = 6",
        "UPDATE audit_entries SET sequence = 6 WHERE sequence = 100",
    )
    assert problem is not None and problem.startswith("entry 3 was altered")


def test_an_inserted_entry(log: AuditLog, place: Path) -> None:
    last = log.entry(9)
    problem = tampered(place, f"INSERT INTO audit_entries VALUES (10, '{last.record}', 'x')")
    assert problem is not None and problem.startswith("entry 10 was altered")


def test_an_appended_copy_in_the_chain(log: AuditLog, place: Path) -> None:
    last = log.entry(9)
    digest = link(last.hash, last.record)
    problem = tampered(place, f"INSERT INTO audit_entries VALUES (10, '{last.record}', '{digest}')")
    assert problem == "entry 10 says that it is number 9"


def test_a_foreign_entry_in_the_chain(log: AuditLog, place: Path) -> None:
    digest = link(log.head.hash, "{}")
    problem = tampered(place, f"INSERT INTO audit_entries VALUES (10, '{{}}', '{digest}')")
    assert problem == "entry 10 is no record of a decision or a rule set"


def test_a_wrong_index(log: AuditLog, place: Path) -> None:
    problem = tampered(place, "UPDATE audit_rulesets SET sequence = 2")
    assert problem == "the index of rule sets does not match the entries that hold them"


def test_a_tail_cut_off_needs_a_head_kept_elsewhere(log: AuditLog, place: Path) -> None:
    head = log.head
    assert tampered(place, "DELETE FROM audit_entries WHERE sequence > 7") is None
    with AuditLog(place, create=False) as cut:
        problem = verify(cut, head=head).problem
    assert problem == ("the record ends with entry 7, expected at least 9: entries were cut off")


def test_a_record_made_anew_needs_a_head_kept_elsewhere(
    log: AuditLog, tmp_path: Path, policy: rules.Ruleset
) -> None:
    with AuditLog(tmp_path / "other.db") as other:
        for _ in range(2):
            other.record(rules.decide(policy, CASES))
        assert verify(other).sound
        problem = verify(other, head=log.head).problem
    assert problem is not None and problem.startswith("entry 9 is not the one that was kept")


def test_the_database_refuses_changes(log: AuditLog, place: Path) -> None:
    with sqlite3.connect(place) as connection:
        for statement in ("DELETE FROM audit_entries", "UPDATE audit_entries SET hash = ''"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                connection.execute(statement)


# ---------------------------------------------------------------------- replay


@pytest.mark.parametrize("engine", ["reference", "python", "numpy", "backward"])
def test_replay(log: AuditLog, engine: rules.Engine) -> None:
    found = replay(log, engine=engine)
    assert found.decisions == 8
    assert found.differences == ()


def test_replay_finds_what_was_decided_otherwise(log: AuditLog, place: Path) -> None:
    record = log.entry(4).record.replace('"outcome":"refer"', '"outcome":"approve"')
    tampered(place, f"UPDATE audit_entries SET record = '{record}' WHERE sequence = 4")
    found = replay(log)
    assert found.changes == {("approve", "refer"): 1}
    assert str(found.differences[0]) == "entry 4: recorded approve (abroad), now refer (abroad)"


def test_replay_by_other_rules(log: AuditLog) -> None:
    other = rules.parse(TEXT.replace("10_000", "5_000"))
    found = replay(log, ruleset=other)
    assert found.changes == {("reject", "approve"): 2}
    assert [item.sequence for item in found.differences] == [3, 7]
    assert len(replay(log, ruleset=other, limit=1).differences) == 1
    assert replay(log, ruleset=other, after=5).decisions == 4


# ---------------------------------------------------------------------- errors


def test_errors(log: AuditLog, tmp_path: Path, policy: rules.Ruleset) -> None:
    with pytest.raises(FileNotFoundError, match=r"no\.db: no such decision record"):
        AuditLog(tmp_path / "no.db", create=False)
    with pytest.raises(ValueError, match="found nonsense, expected SQLite or PostgreSQL"):
        AuditLog("nonsense://x")
    with pytest.raises(AuditError, match="there is no entry 99; the last is 9"):
        log.entry(99)
    with pytest.raises(AuditError, match="there is no rule set abc"):
        log.ruleset("abc")
    with pytest.raises(ValueError, match="3 references for 4 decisions"):
        log.record(rules.decide(policy, CASES), references=["a", "b", "c"])
    with pytest.raises(ValueError, match="with a time zone"):
        log.record(rules.decide(policy, CASES), at=datetime(2026, 1, 1))
    with pytest.raises(ValueError, match="expected SEQUENCE:HASH"):
        Head.parse("9:abc")
    assert Head.parse(str(log.head)) == log.head


def test_without_sqlalchemy() -> None:
    code = (
        "import importlib.util as u, builtins\n"
        "find = u.find_spec\n"
        "u.find_spec = lambda name: None if name == 'sqlalchemy' else find(name)\n"
        "import rules.audit"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "pip install rulax[audit]" in run.stderr
