"""The table says what the records say, and only what is missing runs."""

import dataclasses
import json

import pytest

from experiments.headline import Automation, Headline
from experiments.results import __main__ as command
from experiments.results.entries import ENTRIES
from experiments.results.record import Entry, Record
from experiments.results.table import interval, render
from research.arguments import ArgumentError

CREDIT = ENTRIES[0]
BEST = Entry(experiment="fashion", preset="best", seeds=1)


def record(seed, value, **changes):
    fields = {
        "seed": seed,
        "digest": CREDIT.digest(seed),
        "seconds": 12.4,
        "headline": Headline(
            data="credit, 891 held-out applications",
            parameters=20_866,
            metric="AUC",
            value=value,
            baseline="Logistic regression",
            baseline_value=0.846,
        ),
        "automation": Automation(decisions=891, automated=0.66, error=0.14),
        "versions": {"jax": "0.10.2"},
    }
    return Record(**fields | changes)


def test_a_row():
    rows = [(CREDIT, [record(0, 0.84), record(1, 0.85), record(2, 0.86)]), (BEST, [])]
    *_, row, empty, missing = render(rows).splitlines()
    assert row == (
        "| [credit](credit/config.py), 3 seeds | credit, 891 held-out applications | 20,866 | "
        "AUC ↑ **0.8500 ± 0.0248** | Logistic regression 0.8460 | 12 s | 891 | 66.0% | 14.00% |"
    )
    assert (empty, missing) == ("", "Not run yet: fashion (best).")


def test_one_seed_a_budget_and_a_published_baseline():
    one = record(0, 31.415)
    headline = dataclasses.replace(
        one.headline, better="lower", baseline_source="published, Someone 2020"
    )
    automation = Automation(decisions=10_000, automated=0.9, budget=0.01, error=0.0093)
    changed = dataclasses.replace(one, headline=headline, automation=automation, seconds=312.0)
    row = render([(BEST, [changed])]).splitlines()[-1]
    for part in (
        "[fashion (best)](fashion/config.py), 1 seed |",
        "AUC ↓ **31.41**",
        "0.8460 (published, Someone 2020)",
        "| 5.2 min | 10,000 | 90.0% | 0.93% (budget 1.0%) |",
    ):
        assert part in row


def test_nobody_can_tell_the_error():
    unknown = Automation(decisions=5, automated=1.0)
    row = render([(CREDIT, [record(0, 0.8, automation=unknown)])]).splitlines()[-1]
    assert row.endswith("| 5 | 100.0% | - |")


def test_the_interval_is_students():
    from scipy.stats import t

    mean, half = interval([1.0, 2.0, 4.0])
    low, high = t.interval(0.95, 2, loc=7 / 3, scale=(7 / 3) ** 0.5 / 3**0.5)
    assert mean == pytest.approx(7 / 3) and half == pytest.approx((high - low) / 2)
    assert interval([3.0]) == (3.0, None)


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "RECORDS", tmp_path / "records.json")
    monkeypatch.setattr(command, "PAGE", tmp_path / "README.md")
    return tmp_path


def test_only_what_is_missing_runs(files, monkeypatch):
    ran = []

    def run(entry, seed, home):
        ran.append((entry.name, seed))
        return record(seed, 0.8 + seed / 100)

    monkeypatch.setattr(command, "run", run)
    stale = record(0, 0.1, digest="of another configuration")
    (files / "records.json").write_text(json.dumps({"credit": [dataclasses.asdict(stale)]}))
    assert command.main(["credit", "--seeds", "2"]) == 0
    assert ran == [("credit", 0), ("credit", 1)]
    assert command.main(["credit"]) == 0
    assert ran[2:] == [("credit", 2)]
    assert command.main(["--table"]) == 0 and len(ran) == 3
    page = (files / "README.md").read_text()
    assert "AUC ↑ **0.8100 ± 0.0248**" in page and "Measured with jax 0.10.2." in page
    kept = command.read_records(files / "records.json")["credit"]
    assert [r.seed for r in kept] == [0, 1, 2]


def test_a_run_that_fails_keeps_the_others(files, monkeypatch, capsys):
    def run(entry, seed, home):
        if seed == 1:
            raise ArgumentError("launch.py ended with exit code 1")
        return record(seed, 0.8)

    monkeypatch.setattr(command, "run", run)
    assert command.main(["credit"]) == 2
    assert "error: launch.py ended with exit code 1" in capsys.readouterr().err
    assert [r.seed for r in command.read_records(files / "records.json")["credit"]] == [0]


def test_a_name_that_is_none(files, capsys):
    with pytest.raises(SystemExit):
        command.main(["credid"])
    assert "there is no experiment credid; did you mean 'credit'?" in capsys.readouterr().err
