"""Columns to one feature matrix: fitted on the training rows, applied inside jit."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from research.arguments import did_you_mean
from research.data.atomic import replacing
from research.data.schema import Column, Schema

_SKEWED = 2.0  # sample skewness above which a non-negative column is taken by its logarithm
_FORMAT = 1
_HUGE = float(np.finfo(np.float32).max)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Numeric:
    """A number, imputed by the median and standardised.

    Attributes:
        name: the column.
        log: whether `log(1 + x)` stands for x.
        median: takes the place of a missing value, before the logarithm.
        mean: of the training rows, after imputation and logarithm.
        std: likewise; 1 if the training rows do not vary.
        indicator: whether a feature says that the value was missing.
    """

    name: str
    log: bool
    median: float
    mean: float
    std: float
    indicator: bool

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The value, then perhaps the indicator."""
        return (self.name, f"{self.name} is missing")[: 1 + self.indicator]

    def __call__(self, values: Any, limit: float) -> jax.Array:
        """`[...]` numbers to `[..., 1 or 2]` float32."""
        raw = jnp.asarray(values, jnp.float32)
        known = jnp.isfinite(raw)
        filled = jnp.where(known, raw, np.float32(self.median))
        scale = jnp.log1p(jnp.maximum(filled, 0)) if self.log else filled
        # The difference can overflow, and XLA may divide by a large number by multiplying
        # with its inverse, which it flushes to zero: inf * 0 would be NaN.
        deviation = jnp.clip(scale - np.float32(self.mean), -_HUGE, _HUGE)
        parts = [jnp.clip(deviation / np.float32(self.std), -limit, limit)]
        if self.indicator:
            parts.append((~known).astype(jnp.float32))
        return jnp.stack(parts, axis=-1)


@dataclasses.dataclass(frozen=True, kw_only=True)
class OneHot:
    """A category: one feature for each, all zero when it is missing.

    Attributes:
        name: the column.
        categories: in the order of their codes.
        indicator: whether a feature says that the value was missing.
    """

    name: str
    categories: tuple[str, ...]
    indicator: bool

    @property
    def feature_names(self) -> tuple[str, ...]:
        """One for each category, then perhaps the indicator."""
        names = tuple(f"{self.name} = {category}" for category in self.categories)
        return (*names, f"{self.name} is missing") if self.indicator else names

    def __call__(self, values: Any, limit: float) -> jax.Array:
        """`[...]` codes to `[..., categories + 0 or 1]` float32."""
        del limit  # already between 0 and 1
        codes = jnp.asarray(values)
        count = len(self.categories)
        if self.indicator:  # the code `count` is "missing"
            codes = jnp.where((codes < 0) | (codes >= count), count, codes)
        return jax.nn.one_hot(codes, count + self.indicator, dtype=jnp.float32)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Features:
    """A fitted map from columns by name to a float32 matrix `[..., D]` without NaN or inf.

    Hashable plain data: it can be closed over or passed as a static argument under jit.

    Attributes:
        columns: how each column is taken, in the order of the schema.
        limit: standardised numbers are clipped to plus and minus this many deviations, so
            that a slip of the keyboard in one field cannot drown all the others.
    """

    columns: tuple[Numeric | OneHot, ...]
    limit: float = 10.0

    @classmethod
    def fit(
        cls,
        columns: Mapping[str, npt.ArrayLike],
        schema: Schema,
        *,
        log: Literal["auto"] | Collection[str] = "auto",
        limit: float = 10.0,
    ) -> Features:
        """Takes medians, means and deviations from `columns`, which are the training rows.

        Computed in float64 from sorted values: the order of the rows does not matter, not
        even in the last bit.

        Args:
            columns: float32 `[N]` or int32 `[N]` by name, as `conform` gives them.
            schema: which of them are features.
            log: the numeric columns to take by `log(1 + x)`; "auto" takes those without
                negative values whose sample skewness (Fisher-Pearson, of the known values)
                is above 2.
            limit: see the class.

        Raises:
            ValueError: if a column is not there, has no known value, or is negative but
                listed in `log`; if `log` lists something that is not a numeric column.
        """
        if isinstance(log, str) and log != "auto":
            raise ValueError(f'log is {log!r}, expected "auto" or a list of column names')
        numeric = [column.name for column in schema.columns if column.kind == "numeric"]
        for name in () if log == "auto" else log:
            if name not in numeric:
                raise ValueError(
                    f"log: {name!r} is not a numeric column of the schema"
                    f"{did_you_mean(name, numeric)}"
                )
        fitted = tuple(
            _fit_numeric(_column(columns, column.name), column, log)
            if column.kind == "numeric"
            else _fit_one_hot(_column(columns, column.name), column)
            for column in schema.columns
        )
        return cls(columns=fitted, limit=limit)

    @functools.cached_property
    def feature_names(self) -> tuple[str, ...]:
        """`[D]` names: "income", "income is missing", "home = owner"."""
        return tuple(name for column in self.columns for name in column.feature_names)

    @functools.cached_property
    def feature_columns(self) -> tuple[str, ...]:
        """`[D]` the column that each feature comes from."""
        return tuple(column.name for column in self.columns for _ in column.feature_names)

    @property
    def dim(self) -> int:
        """D, the number of features."""
        return len(self.feature_names)

    def __call__(self, columns: Mapping[str, Any]) -> jax.Array:
        """The features of `columns` (numpy or JAX arrays `[...]` by name): float32 `[..., D]`.

        Pure and jittable. A missing, infinite or unseen value gives finite features.

        Raises:
            ValueError: if a column is not there.
            TypeError: if a categorical column does not hold integer codes.
        """
        parts = []
        for column in self.columns:
            values = _column(columns, column.name)
            if isinstance(column, OneHot) and not jnp.issubdtype(
                jnp.result_type(values), jnp.integer
            ):
                raise TypeError(
                    f"column {column.name!r}: found {jnp.result_type(values)}, expected int32 "
                    "codes of its categories; `conform` makes them"
                )
            parts.append(column(values, self.limit))
        return jnp.concatenate(parts, axis=-1)

    def to_json(self) -> dict[str, Any]:
        """Plain data for `json.dump`; floats survive exactly."""
        columns = [
            {"is": type(column).__name__, **dataclasses.asdict(column)} for column in self.columns
        ]
        return {"format": _FORMAT, "limit": self.limit, "columns": columns}

    @classmethod
    def from_json(cls, form: Mapping[str, Any]) -> Features:
        """The features that `to_json` wrote.

        Raises:
            ValueError: if `form` is not such data.
        """
        try:
            if form["format"] != _FORMAT:
                raise ValueError(f"found features of format {form['format']}, expected {_FORMAT}")
            columns = tuple(_column_from_json(column) for column in form["columns"])
            return cls(columns=columns, limit=form["limit"])
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"not features as Features.to_json writes: {error!r}") from error

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the features as JSON; the file appears whole or not at all."""
        with replacing(path) as temporary:
            temporary.write_text(json.dumps(self.to_json(), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Features:
        """Reads what `save` wrote.

        Raises:
            FileNotFoundError: if there is no such file.
            ValueError: if the file holds something else.
        """
        try:
            return cls.from_json(json.loads(Path(path).read_text(encoding="utf-8")))
        except ValueError as error:  # json's and Unicode's errors are ValueErrors
            raise ValueError(f"{path}: {error}") from error


def _column_from_json(form: Mapping[str, Any]) -> Numeric | OneHot:
    fields = {name: value for name, value in form.items() if name != "is"}
    if form["is"] == "Numeric":
        return Numeric(**fields)
    if form["is"] == "OneHot":
        return OneHot(**{**fields, "categories": tuple(fields["categories"])})
    raise ValueError(f"found a column of kind {form['is']!r}, expected 'Numeric' or 'OneHot'")


def _column(columns: Mapping[str, Any], name: str) -> Any:
    if name not in columns:
        raise ValueError(
            f"no column {name!r} among {', '.join(columns) or '(none)'}"
            f"{did_you_mean(name, columns)}"
        )
    return columns[name]


def _fit_numeric(
    values: npt.ArrayLike, column: Column, log: Literal["auto"] | Collection[str]
) -> Numeric:
    # Through float32 first: statistics of the numbers that `__call__` will see.
    raw = np.asarray(values, np.float32).astype(np.float64)
    known = np.sort(raw[np.isfinite(raw)])
    _require_values(known.size, column)
    take_log = _is_skewed(known) if log == "auto" else column.name in log
    if take_log and known[0] < 0:
        raise ValueError(
            f"log: column {column.name!r} has negative values (lowest: {known[0]:g}); "
            "leave it out of `log`"
        )
    median = float(np.median(known))
    filled = np.sort(np.concatenate([known, np.full(raw.size - known.size, median)]))
    scale = np.log1p(filled) if take_log else filled
    std = float(scale.std())
    varies = scale[0] < scale[-1] and std >= np.finfo(np.float32).tiny
    return Numeric(
        name=column.name,
        log=take_log,
        median=median,
        mean=float(scale.mean()),
        std=std if varies else 1.0,
        indicator=known.size < raw.size,
    )


def _fit_one_hot(values: npt.ArrayLike, column: Column) -> OneHot:
    codes = np.asarray(values)
    known = (codes >= 0) & (codes < len(column.categories))
    _require_values(int(known.sum()), column)
    return OneHot(name=column.name, categories=column.categories, indicator=not bool(known.all()))


def _require_values(count: int, column: Column) -> None:
    if count == 0:
        raise ValueError(
            f"column {column.name!r} has no known value in the training rows, so nothing can be "
            "fitted; check the split, or leave the column out of the schema"
        )


def _is_skewed(known: npt.NDArray[np.float64]) -> bool:
    deviation = known - known.mean()
    variance = np.mean(deviation**2)
    if known[0] < 0 or variance == 0:
        return False
    return bool(np.mean(deviation**3) / variance**1.5 > _SKEWED)
