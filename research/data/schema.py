"""What the columns of a table are: names, kinds, categories, the key and the target."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any, Literal, get_args

from research.arguments import did_you_mean

Kind = Literal["numeric", "categorical"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a table.

    A numeric column is held as float32 `[N]` with NaN for a missing value, a categorical
    one as int32 `[N]`: the index into `categories`, or -1 for a missing value.

    Attributes:
        name: the column's name in files and in arrays by name.
        kind: "numeric" or "categorical".
        categories: the values of a categorical column, in the order of their codes.
        description: one line for people.
        unit: the unit of a numeric column ("years"), empty if it has none.

    Raises:
        ValueError: if the parts do not fit together.
    """

    name: str
    kind: Kind
    categories: tuple[str, ...] = ()
    description: str = ""
    unit: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("a column needs a name, found an empty text")
        if self.kind not in get_args(Kind):
            raise ValueError(
                f"column {self.name!r}: kind is {self.kind!r}, expected one of {get_args(Kind)}"
                f"{did_you_mean(str(self.kind), get_args(Kind))}"
            )
        if self.kind == "numeric" and self.categories:
            raise ValueError(f"column {self.name!r} is numeric but lists categories")
        if self.kind == "categorical" and not self.categories:
            raise ValueError(f"column {self.name!r} is categorical but lists no categories")
        _reject_duplicates(f"column {self.name!r}: categories", self.categories)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Schema:
    """The columns a model reads, in order, with the key and the target beside them.

    Attributes:
        columns: the input columns; the key and the target are not among them.
        key: the name of the column that identifies a row, if there is one.
        target: the name of the column to predict, if there is one.
        classes: the target's values in the order of their codes (empty without a target).

    Raises:
        ValueError: without columns, on duplicate names, or on classes without a target.
    """

    columns: tuple[Column, ...]
    key: str | None = None
    target: str | None = None
    classes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.columns:
            raise ValueError("a schema needs at least one column")
        beside = tuple(name for name in (self.key, self.target) if name is not None)
        _reject_duplicates("schema: column names", (*self.names, *beside))
        _reject_duplicates("schema: classes", self.classes)
        if (self.target is None) != (not self.classes):
            raise ValueError(
                f"schema: target is {self.target!r} and classes are {self.classes}; "
                "give both or neither"
            )

    @functools.cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the input columns, in order."""
        return tuple(column.name for column in self.columns)

    def __getitem__(self, name: str) -> Column:
        """The input column called `name`; a KeyError with a suggestion if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"no column {name!r} in the schema{did_you_mean(name, self.names)}")

    def to_json(self) -> dict[str, Any]:
        """Plain data for `json.dump`; `from_json` reads it back to an equal schema."""
        form = dataclasses.asdict(self)
        form["columns"] = [
            {**column, "categories": list(column["categories"])} for column in form["columns"]
        ]
        return {**form, "classes": list(self.classes)}

    @classmethod
    def from_json(cls, form: Mapping[str, Any]) -> Schema:
        """The schema that `to_json` wrote.

        Raises:
            ValueError: if `form` is not such data.
        """
        try:
            columns = tuple(
                Column(**{**column, "categories": tuple(column.get("categories", ()))})
                for column in form["columns"]
            )
            rest = {name: value for name, value in form.items() if name != "columns"}
            return cls(columns=columns, **{**rest, "classes": tuple(rest.get("classes", ()))})
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"not a schema as Schema.to_json writes it: {error!r}") from error


def _reject_duplicates(what: str, names: tuple[str, ...]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{what} must differ, found more than once: {', '.join(twice)}")
