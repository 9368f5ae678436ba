"""Numbers written with real scans, read by a CNN, judged by their check digit."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from experiments.digits import numbers
from research.data.tables import read_table, write_table
from tests.experiments.test_modes import command

CONFIG = "--config=experiments/digits/config.py"


@pytest.fixture(scope="module")
def scans():
    pytest.importorskip("sklearn", reason="needs scikit-learn")
    pytest.importorskip("matplotlib", reason="needs matplotlib")
    from research.data.datasets import digits

    return digits.load()


@pytest.fixture(scope="module")
def digits_run(launch, scans, tmp_path_factory):
    workdir = tmp_path_factory.mktemp("runs") / "digits"
    return workdir, launch(CONFIG, f"--workdir={workdir}").stdout


@pytest.mark.slow
def test_the_held_out_fifth_is_read_as_promised(digits_run):
    evaluation = json.loads((digits_run[0] / "evaluation.json").read_text())
    assert evaluation["examples"]["test"] >= 1797 // 5
    assert evaluation["models"][0]["name"] == "Rulax CNN"
    assert evaluation["models"][0]["accuracy"] >= 0.985


@pytest.mark.slow
def test_the_rules_lower_the_error_rate(digits_run):
    table = pq.read_table(digits_run[0] / "decisions.parquet")
    assert table.num_rows == 1000
    by_hand = {"accept": 0, "repair": 0, "human": 0}
    for outcome, read, number in zip(
        *(table[name].to_pylist() for name in ("outcome", "read", "number")), strict=True
    ):
        by_hand[outcome] += 1
        changed = sum(a != b for a, b in zip(read, number, strict=True))
        assert changed == (1 if outcome == "repair" else 0)
        if outcome != "human":
            weights = [1, 3] * 6 + [1]
            assert sum(int(d) * w for d, w in zip(number, weights, strict=True)) % 10 == 0
    assert by_hand["accept"] > 700
    assert by_hand["repair"] > 20
    assert "that need no person" in digits_run[1]


@pytest.mark.slow
def test_numbers_from_a_file(launch, digits_run, scans, tmp_path, capsys):
    written = numbers.compose(scans.labels, np.arange(len(scans)), count=3, seed=1)
    pixels = (scans.images[written.scans][..., 0] * 16).astype(int)
    table = pa.table({"id": ["a", "b", "c"], "scans": [row.tolist() for row in pixels]})
    write_table(table, tmp_path / "numbers.jsonl")
    launch(f"--workdir={digits_run[0]}", "--mode=decide", f"--cases={tmp_path}/numbers.jsonl")
    decided = read_table(tmp_path / "numbers-decisions.parquet")
    assert decided["case"].to_pylist() == ["a", "b", "c"]
    truth = numbers.as_text(written.digits)
    automated = [
        (number, true)
        for outcome, number, true in zip(
            decided["outcome"].to_pylist(), decided["number"].to_pylist(), truth, strict=True
        )
        if outcome != "human"
    ]
    assert automated
    assert all(number == true for number, true in automated)
    for bad, message in [
        ({"pictures": [1]}, "has no column scans"),
        ({"scans": [[1, 2, 3]]}, "must hold 13 x 8 x 8 numbers"),
        ({"scans": [[99] * 832]}, "pixels must be numbers from 0 to 16"),
    ]:
        write_table(pa.table(bad), tmp_path / "bad.parquet")
        bad_cases = {"cases": f"{tmp_path}/bad.parquet", "code": 2}
        command(digits_run[0], mode="decide", config_file=None, **bad_cases)
        assert message in capsys.readouterr().err


def test_composed_numbers_pass_their_check(scans):
    written = numbers.compose(scans.labels, np.arange(100, 400), count=50, seed=3)
    assert (written.digits @ np.array([1, 3] * 6 + [1]) % 10 == 0).all()
    assert (scans.labels[written.scans] == written.digits).all()
    assert written.scans.min() >= 100
    assert written.scans.max() < 400
    again = numbers.compose(scans.labels, np.arange(100, 400), count=50, seed=3)
    np.testing.assert_array_equal(written.scans, again.scans)


def test_the_best_correction_is_the_one_by_hand():
    import itertools

    import rules

    decider = rules.compile(
        rules.load("experiments/digits/number.rules"), fired=True, derived=("valid",)
    )
    random = np.random.default_rng(0)
    probabilities = random.dirichlet(np.full(10, 0.2), (20, 13)).astype(np.float32)
    seen = {k: np.asarray(v) for k, v in numbers.present(probabilities, decider).items()}
    weights = [1, 3] * 6 + [1]
    for row in range(20):
        read = probabilities[row].argmax(-1)
        options = []
        for place, digit in itertools.product(range(13), range(10)):
            candidate = read.copy()
            candidate[place] = digit
            if digit != read[place] and candidate @ weights % 10 == 0:
                odds = probabilities[row, place, digit] / probabilities[row, place].max()
                options.append((odds, place, digit))
        if read @ weights % 10 == 0:  # any change of one digit breaks a valid number
            assert options == []
            assert seen["repair_odds"][row] == seen["rival_odds"][row] == 0
            continue
        best, second = sorted(options, reverse=True)[:2]
        assert seen["repair_odds"][row] == pytest.approx(best[0], rel=1e-5)
        assert seen["rival_odds"][row] == pytest.approx(second[0], rel=1e-5)
        assert (seen["repair_place"][row], seen["repair_digit"][row]) == best[1:]
