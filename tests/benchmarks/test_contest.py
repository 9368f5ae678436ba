"""The harness of the benchmarks: turns, answers, figures, what is kept."""

import json

import numpy as np
import pytest

from benchmarks.contest import PEERS, Contestant, Row, results
from benchmarks.contest.answers import difference
from benchmarks.contest.measure import Figure, measure
from benchmarks.contest.plot import speeds

HERE = "tests.benchmarks.contestants:"


def contestant(name, function, environment="ours", variables=(), **options):
    return Contestant(
        name=name,
        entry=HERE + function,
        options=options,
        environment=environment,
        variables=dict(variables),
    )


def measured(*contestants, **row):
    row = {"name": "a row", "block": 0.01} | row
    figures = measure(Row(contestants=contestants, **row), rounds=2, peers=None)
    return {figure.name: figure for figure in figures}


def test_who_takes_longer_has_the_larger_ratio():
    found = measured(
        contestant("quick", "tells", seconds=2.0), contestant("slow", "tells", seconds=9.0)
    )
    quick, slow = found["quick"], found["slow"]
    assert (quick.seconds, quick.ratio, quick.rate) == (2.0, None, None)
    assert (slow.seconds, slow.ratio, slow.least, slow.most) == (9.0, 4.5, 9.0, 9.0)
    assert quick.facts == {"ready": 0.25}


def test_the_clock_is_around_the_run():
    assert measured(contestant("ours", "waits", seconds=0.01))["ours"].least >= 0.01


def test_rates_count_what_each_has_done():
    found = measured(
        contestant("ours", "tells", seconds=2.0),
        contestant("theirs", "tells", seconds=1.0, amount=0.5),
        unit="cases",
        amount=10,
    )
    assert (found["ours"].rate, found["theirs"].rate, found["theirs"].ratio) == (5, 0.5, 10)


def test_another_answer_is_not_timed():
    found = measured(
        contestant("ours", "waits", seconds=0.001, answer=[1, 2]),
        contestant("wrong", "waits", seconds=0.001, answer=[1, 3]),
        contestant("near", "waits", seconds=0.001, answer=[1, 2.0001]),
        tolerance=0.001,
    )
    assert found["wrong"].seconds is None
    assert found["wrong"].failed == "another answer: 1 of 2 differ, 3 for our 2 at (1,)"
    assert found["near"].failed == ""


@pytest.mark.parametrize(
    ("function", "environment", "said"),
    [
        ("has_no_package", "ours", "ModuleNotFoundError: No module named 'no_such_package'"),
        ("dies", "ours", "exit code 3"),
        ("prints", PEERS, "no environment for peers"),
    ],
)
def test_who_fails_is_told_and_the_others_go_on(function, environment, said):
    found = measured(
        contestant("ours", "waits", seconds=0.001),
        contestant("theirs", function, environment=environment),
        contestant("another", "waits", seconds=0.001),
    )
    assert found["theirs"].failed == said
    assert found["another"].ratio > 0


def test_a_row_without_ours_is_an_error():
    with pytest.raises(ValueError, match="a row: ours failed: ModuleNotFoundError"):
        measured(contestant("ours", "has_no_package"), contestant("theirs", "prints"))


def test_what_a_contestant_prints_disturbs_nothing():
    assert measured(contestant("loud", "prints"))["loud"].seconds < 0.1


def test_variables_of_the_row_and_of_the_contestant():
    found = measured(
        contestant("ours", "waits", seconds=0.001, answer="row"),
        contestant("row", "says_variable", variable="RULAX_TRIED"),
        contestant(
            "own", "says_variable", variable="RULAX_TRIED", variables={"RULAX_TRIED": "own"}
        ),
        variables={"RULAX_TRIED": "row"},
    )
    assert not found["row"].failed and "another answer" in found["own"].failed


@pytest.mark.parametrize(
    ("ours", "theirs", "tolerance", "said"),
    [
        ({"a": 1, "b": "x"}, {"a": 1, "c": 2}, 0, ""),
        ({"a": 1}, {"a": 2}, 0, "a: 1 of 1 differ, 2 for our 1"),
        (np.zeros(3), np.zeros(2), 0, "shape (2,), ours (3,)"),
        (["yes", "no"], ["yes", "yes"], 0.5, "1 of 2 differ, yes for our no at (1,)"),
        ([100.0, 1.0], [101.0, 1.0], 0.01, ""),
        ([100.0, 1.0], [102.0, 1.0], 0.01, "1 of 2 differ, 102.0 for our 100.0 at (0,)"),
        (np.array([True]), np.array([1]), 0, ""),
    ],
)
def test_differences(ours, theirs, tolerance, said):
    assert difference(ours, theirs, tolerance) == said


def row(name, **ratios):
    figures = [Figure(name="ours", seconds=1e-3, least=1e-3, most=2e-3, rate=2e6)]
    figures += [
        Figure(name=n, seconds=1.5, least=1.0, most=2.0, rate=3.0, ratio=r, disturbed=1)
        for n, r in ratios.items()
    ]
    contestants = tuple(Contestant(name=f.name, entry="") for f in figures)
    shown = Row(name=name, unit="cases", contestants=contestants, goals={"theirs": 2}, note="So.")
    return results.record(shown, tuple(figures))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "RESULTS", tmp_path / "results")
    return tmp_path / "results"


MACHINE = {"processor": "P", "cores": 2, "system": "S", "ours": {"jax": "1"}, "peers": {}}


def test_rows_are_replaced_by_name_and_the_others_stay(folder):
    results.write("group", "A title", MACHINE, [row("one", theirs=2.0), row("two")])
    results.write("group", "A title", MACHINE, [row("one", theirs=4.0)])
    kept = json.loads((folder / "group.json").read_text())
    assert [r["name"] for r in kept["rows"]] == ["one", "two"]
    assert kept["rows"][0]["figures"][1]["ratio"] == 4.0
    shown = (folder / "README.md").read_text()
    assert "## A title\n\nP, 2 cores, S; ours: jax 1\n" in shown
    assert "| ours | 1 ms | 1 ms, 2 ms | 2 M |  |  |" in shown
    assert "| theirs | 1.5 s | 1 s, 2 s (1 disturbed) | 3 | 4.00 x | 2.00 x |" in shown
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "group.json"]


def test_a_failure_is_a_line_of_the_table():
    kept = row("one")
    kept["figures"].append({"name": "peer", "failed": "no | such\nthing " + "x" * 200})
    line = results.table(kept).splitlines()[-3]
    assert line.startswith("| peer | no / such thing xxx") and line.endswith("... | | | | |")


def test_durations_and_rates():
    said = [results.seconds(value) for value in (90.0, 0.5, 2.5e-3, 3e-6, 4e-9)]
    assert said == ["90 s", "500 ms", "2.5 ms", "3 µs", "4 ns"]
    said = [results.amount(value) for value in (None, 12.0, 1500.0, 2e6, 3.21e9)]
    assert said == ["", "12", "1.5 k", "2 M", "3.21 G"]
    said = [results.times(value) for value in (None, 0.5, 0.000771, 123456.0)]
    assert said == ["", "0.50 x", "0.00077 x", "123,456 x"]


def test_a_loss_is_shown_as_lost():
    shown = results.table(row("one", theirs=0.5, **{"ours, otherwise": 0.5}))
    assert "| 3 | **0.50 x** | 2.00 x |" in shown and "| 3 | 0.50 x |  |" in shown


def test_speeds_of_a_picture_are_times_of_its_base():
    assert speeds(row("one", base=4.0, other=8.0), "base") == {"ours": 4, "base": 1, "other": 0.5}
    assert speeds(row("one"), "base") == {}
