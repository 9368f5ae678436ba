"""Files of new cases, good and bad, through the command."""

import numpy as np
import pyarrow as pa
import pytest

from experiments import modes
from research.data.tables import read_table, write_table

pytestmark = pytest.mark.slow


@pytest.fixture
def decide(credit_run, tmp_path, capsys):
    """Decides a file of cases in this process; returns the decisions, stdout and stderr."""

    def run(path, *, fails=False):
        out = tmp_path / "decided.parquet"
        arguments = {
            "config_file": None,
            "config": lambda: None,
            "workdir": str(credit_run),
            "mode": "decide",
            "cases": str(path),
            "out": str(out),
        }
        if fails:
            with pytest.raises(SystemExit) as stop:
                modes.run(**arguments)
            assert stop.value.code == 2
            assert not out.exists()
            return capsys.readouterr().err
        modes.run(**arguments)
        captured = capsys.readouterr()
        return read_table(out), captured.out, captured.err

    return run


@pytest.fixture
def cases(credit):
    return credit.take(np.arange(50)).to_table()


def test_missing_columns_are_named(decide, cases, tmp_path):
    write_table(cases.rename_columns({"income": "incom"}).drop(["age"]), tmp_path / "c.csv")
    error = decide(tmp_path / "c.csv", fails=True)
    assert f"error: {tmp_path}/c.csv: found the columns" in error
    assert "no column 'income'; did you mean 'incom'?" in error
    assert "no column 'age'" in error


def test_extra_columns_change_nothing(decide, cases, tmp_path):
    write_table(cases, tmp_path / "plain.csv")
    more = cases.append_column("note", pa.array(["x"] * 50))
    write_table(more, tmp_path / "more.csv")
    plain, *_ = decide(tmp_path / "plain.csv")
    with_more, *_ = decide(tmp_path / "more.csv")
    assert plain.equals(with_more)


def test_wrong_types_are_named_by_row_and_value(decide, tmp_path, cases):
    write_table(cases, tmp_path / "c.csv")
    lines = (tmp_path / "c.csv").read_text().splitlines()
    lines[3] = lines[3].replace('"credit-0003",10', '"credit-0003","ten"')
    (tmp_path / "c.csv").write_text("\n".join(lines))
    assert "column 'seniority': row 3 has 'ten', expected a number" in decide(
        tmp_path / "c.csv", fails=True
    )


def test_nan_and_inf_are_missing_and_said(decide, cases, tmp_path):
    income = cases["income"].cast(pa.float64()).to_pylist()
    income[0], income[1], income[2] = None, float("nan"), float("inf")
    index = cases.schema.get_field_index("income")
    write_table(
        cases.set_column(index, "income", pa.array(income, pa.float64())), tmp_path / "c.parquet"
    )
    decided, _, warned = decide(tmp_path / "c.parquet")
    assert "warning: column 'income': 1 infinite values" in warned
    missing = decided.slice(0, 3)["rule"].to_pylist()
    assert set(missing) <= {"unknown", "income_not_stated", "very_high_risk", "adverse_and_risky"}


def test_an_empty_file_is_an_error_and_a_header_alone_is_not(decide, cases, tmp_path):
    (tmp_path / "empty.csv").touch()
    assert "the file is empty, expected a table" in decide(tmp_path / "empty.csv", fails=True)
    write_table(cases.slice(0, 0), tmp_path / "header.csv")
    decided, *_ = decide(tmp_path / "header.csv")
    assert decided.num_rows == 0


def test_one_row(decide, cases, tmp_path):
    write_table(cases.slice(7, 1), tmp_path / "one.jsonl")
    decided, printed, _ = decide(tmp_path / "one.jsonl")
    assert decided.num_rows == 1
    assert "100.0%" in printed


def test_a_hundred_thousand_rows(decide, credit, tmp_path):
    rows = np.arange(100_000) % len(credit)
    write_table(credit.take(rows).to_table(), tmp_path / "many.parquet")
    decided, *_ = decide(tmp_path / "many.parquet")
    assert decided.num_rows == 100_000
    first = decided.slice(0, len(credit)).drop(["case"])
    again = decided.slice(len(credit), len(credit)).drop(["case"])
    assert first["outcome"].equals(again["outcome"])
    assert first["reason"].equals(again["reason"])


def test_guarantors_in_the_file_count(decide, credit, tmp_path):
    write_table(credit.to_table(), tmp_path / "all.parquet")
    alone, *_ = decide(tmp_path / "all.parquet")
    row = alone["rule"].to_pylist().index("unaffordable")
    case = credit.take(np.array([row])).to_table()
    backed = case.append_column("signed", pa.array([["anna"]]))
    backed = backed.append_column("earns", pa.array([{"anna": 100_000.0}]))
    backed = backed.append_column("in_arrears", pa.array([[]], pa.list_(pa.string())))
    write_table(backed, tmp_path / "backed.parquet")
    decided, _, warned = decide(tmp_path / "backed.parquet")
    assert decided["rule"].to_pylist() == ["budget_on_guarantor"]
    assert "ignored" not in warned


def test_more_guarantors_than_the_policy_allows(decide, cases, tmp_path):
    case = cases.slice(0, 1)
    crowd = case.append_column("signed", pa.array([list("abcde")]))
    write_table(crowd, tmp_path / "crowd.parquet")
    error = decide(tmp_path / "crowd.parquet", fails=True)
    assert "crowd.parquet: " in error
    assert "Guarantor" in error


def test_other_mistakes(decide, tmp_path):
    assert "there is no file nowhere.csv" in decide("nowhere.csv", fails=True)
    (tmp_path / "cases.xls").touch()
    assert "found the suffix '.xls', expected one of .csv" in decide(
        tmp_path / "cases.xls", fails=True
    )
