from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from research.data.features import Features, Numeric, OneHot
from research.data.schema import Column, Schema
from tests.effort import examples

INCOME = Column(name="income", kind="numeric")
AGE = Column(name="age", kind="numeric")
HOME = Column(name="home", kind="categorical", categories=("rent", "owner", "other"))
SCHEMA = Schema(columns=(INCOME, HOME, AGE))
NAN = np.float32(np.nan)

wild = st.floats(width=32) | st.sampled_from([0.0, -0.0, 1e-45, 3.4e38, -3.4e38, np.inf])
case = st.tuples(wild, st.integers(-2, 4), wild)
rows = st.lists(case, min_size=1, max_size=12)
four = st.lists(case, min_size=4, max_size=4)  # one shape, so that JAX compiles once


def columns_of(rows: list[tuple[float, int, float]]) -> dict[str, Any]:
    income, home, age = zip(*rows, strict=True)
    return {
        "income": np.array(income, np.float32),
        "home": np.array(home, np.int32),
        "age": np.array(age, np.float32),
    }


def fittable(rows: list[tuple[float, int, float]]) -> bool:
    income, home, age = columns_of(rows).values()
    known = [np.isfinite(income), (home >= 0) & (home < 3), np.isfinite(age)]
    return all(part.any() for part in known)


def test_values_by_hand() -> None:
    train = {
        "income": np.array([1, 3, NAN, 8], np.float32),
        "home": np.array([0, 1, 1, -1], np.int32),
        "age": np.array([20, 40, 20, 40], np.float32),
    }
    features = Features.fit(train, SCHEMA)
    assert features.feature_names == (
        "income",
        "income is missing",
        "home = rent",
        "home = owner",
        "home = other",
        "home is missing",
        "age",
    )
    assert features.feature_columns == ("income",) * 2 + ("home",) * 4 + ("age",)
    assert features.dim == 7
    filled = np.array([1, 3, 3, 8])  # the median of 1, 3, 8 is 3
    standard = (filled - filled.mean()) / filled.std()
    expected = [
        [standard[0], 0, 1, 0, 0, 0, -1],
        [standard[1], 0, 0, 1, 0, 0, 1],
        [standard[2], 1, 0, 1, 0, 0, -1],
        [standard[3], 0, 0, 0, 0, 1, 1],
    ]
    np.testing.assert_allclose(features(train), expected, rtol=1e-6)


@given(four.filter(fittable), four)
@settings(max_examples=examples(150))
def test_nothing_but_finite_float32_comes_out(train: list[Any], cases: list[Any]) -> None:
    features = Features.fit(columns_of(train), SCHEMA)
    for batch in (train, cases):
        matrix = np.asarray(features(columns_of(batch)))
        assert matrix.dtype == np.float32
        assert matrix.shape == (len(batch), features.dim)
        assert np.all(np.isfinite(matrix))
        assert np.abs(matrix).max() <= features.limit


@pytest.mark.parametrize("compiled", [False, True])
def test_differences_beyond_float32_stay_finite(compiled: bool) -> None:
    huge = float(np.finfo(np.float32).max)
    features = Features.fit({"age": np.float32([0, -huge])}, Schema(columns=(AGE,)))
    apply = jax.jit(features) if compiled else features
    assert np.all(np.isfinite(apply({"age": np.float32([huge, -huge, np.inf, 0])})))


@given(rows.filter(fittable), st.randoms())
def test_the_order_of_rows_does_not_matter(train: list[Any], random: Any) -> None:
    shuffled = list(train)
    random.shuffle(shuffled)
    assert Features.fit(columns_of(train), SCHEMA) == Features.fit(columns_of(shuffled), SCHEMA)


@given(rows.filter(fittable), rows)
def test_fitting_reads_only_the_rows_given(train: list[Any], others: list[Any]) -> None:
    everything = columns_of([*train, *others])
    given_rows = {name: values[: len(train)] for name, values in everything.items()}
    features = Features.fit(given_rows, SCHEMA)
    for values in everything.values():
        values[len(train) :] = 0
    assert Features.fit(columns_of(train), SCHEMA) == features


@given(rows.filter(fittable))
def test_files_are_exact(tmp_path_factory: pytest.TempPathFactory, train: list[Any]) -> None:
    path = tmp_path_factory.mktemp("features") / "features.json"
    features = Features.fit(columns_of(train), SCHEMA)
    features.save(path)
    assert Features.load(path) == features


def test_numpy_jax_jit_and_single_cases_agree() -> None:
    rng = np.random.default_rng(0)
    columns = {
        "income": np.where(rng.random(50) < 0.2, np.nan, rng.lognormal(3, 2, 50)).astype("f4"),
        "home": rng.integers(-1, 3, 50).astype(np.int32),
        "age": rng.normal(40, 9, 50).astype(np.float32),
    }
    features = Features.fit(columns, SCHEMA)
    expected = np.asarray(features(columns))
    arrays = jax.tree.map(jnp.asarray, columns)
    np.testing.assert_array_equal(features(arrays), expected)
    np.testing.assert_allclose(jax.jit(features)(arrays), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(jax.vmap(features)(arrays), expected, rtol=1e-5, atol=1e-6)
    for row in (0, 7):
        case = {name: values[row] for name, values in columns.items()}
        np.testing.assert_allclose(features(case), expected[row], rtol=1e-5, atol=1e-6)
    assert features({name: values[:0] for name, values in columns.items()}).shape == (
        0,
        7,
    )


def test_features_are_hashable_so_they_can_be_static_under_jit() -> None:
    features = Features(
        columns=(Numeric(name="a", log=False, median=0, mean=0, std=2, indicator=False),)
    )
    apply = jax.jit(lambda features, columns: features(columns), static_argnums=0)
    np.testing.assert_array_equal(apply(features, {"a": np.float32([4])}), [[2]])


def test_gradients_pass_missing_values_without_nan() -> None:
    columns = {"income": jnp.array([1.0, NAN, 30.0]), "age": jnp.array([1.0, 2, 3])}
    columns["home"] = jnp.array([0, 1, -1])
    features = Features.fit(columns, SCHEMA, log=("income",))

    def total(income: jax.Array) -> jax.Array:
        return features({**columns, "income": income}).sum()

    gradient = jax.grad(total)(columns["income"])
    assert np.all(np.isfinite(gradient))
    assert gradient[1] == 0


def test_skewed_columns_are_taken_by_their_logarithm() -> None:
    skewed = np.array([0.0] * 40 + [1e4, 2e5], np.float32)
    schema = Schema(columns=(INCOME, AGE))
    columns = {"income": skewed, "age": -skewed}
    income, age = Features.fit(columns, schema).columns
    assert isinstance(income, Numeric) and income.log
    assert isinstance(age, Numeric) and not age.log
    logs = np.log1p(skewed.astype(np.float64))
    assert income.mean == pytest.approx(logs.mean())
    chosen = Features.fit({**columns, "age": skewed}, schema, log=("age",)).columns
    assert [column.log for column in chosen if isinstance(column, Numeric)] == [
        False,
        True,
    ]
    # A negative number is below all that was seen: as if it were 0.
    features = Features.fit(columns, schema)
    low, zero = features({"income": np.float32([-5, 0]), "age": np.float32([0, 0])})
    assert low[0] == zero[0]


def test_columns_that_do_not_vary() -> None:
    columns = {"income": np.float32([7, 7, 7]), "age": np.float32([1, 2, 3])}
    features = Features.fit(columns, Schema(columns=(INCOME, AGE)))
    np.testing.assert_array_equal(features(columns)[:, 0], 0)


def test_unseen_missing_values_are_imputed_without_an_indicator() -> None:
    train = {"income": np.float32([1, 2, 6]), "home": np.int32([0, 1, 2])}
    features = Features.fit(train, Schema(columns=(INCOME, HOME)))
    assert features.dim == 4
    missing, median = features({"income": np.float32([np.nan, 2]), "home": np.int32([-1, 99])})
    np.testing.assert_array_equal(missing, median)
    np.testing.assert_array_equal(missing[1:], 0)


def test_statistics_are_float64() -> None:
    values = (1e7 + np.arange(1000)).astype(np.float32)
    (column,) = Features.fit({"age": values}, Schema(columns=(AGE,))).columns
    assert isinstance(column, Numeric)
    assert column.mean == pytest.approx(values.astype(np.float64).mean(), rel=1e-15)
    assert column.std == pytest.approx(values.astype(np.float64).std(), rel=1e-9)


@pytest.mark.parametrize(
    ("columns", "log", "message"),
    [
        (
            {"incme": [1.0]},
            "auto",
            r"no column 'income' among incme; did you mean 'incme'\?",
        ),
        (
            {"income": [NAN, np.inf]},
            "auto",
            "'income' has no known value in the training rows",
        ),
        ({"income": []}, "auto", "'income' has no known value"),
        ({"income": [-1.0, 2.0]}, ("income",), r"negative values \(lowest: -1\)"),
        (
            {"income": [1.0]},
            ("incom",),
            "'incom' is not a numeric column .*did you mean 'income'",
        ),
        ({"income": [1.0]}, "income", "log is 'income', expected \"auto\" or a list"),
    ],
)
def test_what_cannot_be_fitted(columns: Any, log: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Features.fit(columns, Schema(columns=(INCOME,)), log=log)


def test_a_category_never_seen_cannot_be_fitted() -> None:
    with pytest.raises(ValueError, match="'home' has no known value"):
        Features.fit({"home": np.int32([-1, 3])}, Schema(columns=(HOME,)))


def test_what_cannot_be_applied() -> None:
    features = Features(columns=(OneHot(name="home", categories=("a", "b"), indicator=False),))
    with pytest.raises(ValueError, match=r"no column 'home' among \(none\)"):
        features({})
    with pytest.raises(TypeError, match="found float32, expected int32 codes"):
        features({"home": np.float32([1])})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "features.json: "),
        ("[]", "not features"),
        ("{}", "not features"),
        ('{"format": 2}', "found features of format 2, expected 1"),
        (
            '{"format": 1, "limit": 1, "columns": [{"is": "Spline"}]}',
            "found a column of kind",
        ),
        (
            '{"format": 1, "limit": 1, "columns": [{"is": "OneHot", "name": "a"}]}',
            "not features",
        ),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "features.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        Features.load(path)


def test_json_is_plain() -> None:
    features = Features(columns=(OneHot(name="home", categories=("a",), indicator=True),), limit=3)
    form = json.loads(json.dumps(features.to_json()))
    assert form == {
        "format": 1,
        "limit": 3,
        "columns": [{"is": "OneHot", "name": "home", "categories": ["a"], "indicator": True}],
    }
    assert Features.from_json(form) == features
