from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pyarrow as pa
import pytest

from research.data.tables import TableError, as_table

EXPECTED = {"a": [1.0, None], "b": ["x", "y"]}


@pytest.mark.parametrize(
    "cases",
    [
        pa.table({"a": [1.0, None], "b": ["x", "y"]}),
        {"a": [1.0, None], "b": ["x", "y"]},
        {"a": np.array([1.0, np.nan]), "b": np.array(["x", "y"])},
        {"a": jnp.array([1.0, jnp.nan]), "b": ("x", "y")},
        {"a": pa.array([1.0, None]), "b": pa.chunked_array([["x"], ["y"]])},
        [{"a": 1.0, "b": "x"}, {"b": "y"}],
    ],
)
def test_many_forms_of_one_table(cases: object) -> None:
    assert as_table(cases).to_pydict() == EXPECTED  # type: ignore[arg-type]


def test_pandas() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1.0, None], "b": ["x", "y"]}, index=[5, 3])
    assert as_table(frame).to_pydict() == EXPECTED
    nullable = frame.astype({"a": "Float64", "b": "string"})
    assert as_table(nullable).to_pydict() == EXPECTED
    categories = frame.astype({"b": "category"})
    assert as_table(categories).to_pydict() == EXPECTED


def test_mixed_columns_become_texts() -> None:
    assert as_table({"a": [1, "x", None]}).to_pydict() == {"a": ["1", "x", None]}
    assert as_table({"a": [2**70]}).to_pydict() == {"a": [str(2**70)]}


def test_no_rows() -> None:
    assert as_table([]).num_rows == 0
    assert as_table({"a": []}).num_rows == 0


def test_lengths_must_agree() -> None:
    with pytest.raises(TableError, match=r"one length, found {'a': 1, 'b': 2}"):
        as_table({"a": [1], "b": [1, 2]})


@pytest.mark.parametrize("value", [3, "text", b"bytes", None])
def test_a_column_needs_one_value_per_row(value: object) -> None:
    with pytest.raises(TableError, match=r"column 'a': found .*, expected one value per row"):
        as_table({"a": value})


@pytest.mark.parametrize("shape", [(), (2, 2)])
def test_columns_have_one_dimension(shape: tuple[int, ...]) -> None:
    with pytest.raises(TableError, match="column 'a': found "):
        as_table({"a": np.zeros(shape)})


@pytest.mark.parametrize("cases", [3, "text", [1, 2], None])
def test_other_things_are_refused(cases: object) -> None:
    with pytest.raises(TypeError, match=r"expected a pyarrow\.Table, columns by name"):
        as_table(cases)  # type: ignore[arg-type]
