"""The groups of people that the report and one rule look at: by sex, and by race."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from research.data.datasets import adult
from research.data.schema import Schema
from research.inference.fairness import GroupFigures, group_figures

ATTRIBUTES = ("sex", "race")
GapsByGroup = Mapping[str, Mapping[str, float]]

# A model may be told the columns of this schema, unless the configuration says otherwise.
UNPROTECTED = dataclasses.replace(
    adult.SCHEMA,
    columns=tuple(column for column in adult.SCHEMA.columns if column.name not in ATTRIBUTES),
)


def seen_by_model(people: adult.Adult, schema: Schema) -> adult.Adult:
    """The people with the columns of a schema only."""
    columns = {name: people.columns[name] for name in schema.names}
    return dataclasses.replace(people, columns=columns, schema=schema)


def by_attribute(
    people: adult.Adult,
    selected: NDArray[np.bool_],
    probabilities: NDArray[np.floating[Any]] | None = None,
    *,
    among: NDArray[np.bool_] | None = None,
) -> dict[str, tuple[GroupFigures, ...]]:
    """The figures of the groups of each attribute.

    Args:
        people: `[N]`.
        selected: whether somebody is predicted, or decided, to earn more, `[N]`.
        probabilities: of that, `[N]`.
        among: whom to count, `[N]`; None for all.
    """
    among = np.ones(len(people), bool) if among is None else among
    return {
        attribute: group_figures(
            people.columns[attribute][among],
            people.target[among],
            selected[among],
            names=adult.SCHEMA[attribute].categories,
            probabilities=None if probabilities is None else probabilities[among],
        )
        for attribute in ATTRIBUTES
    }


def calibration_gaps(
    people: adult.Adult, probabilities: NDArray[np.floating[Any]]
) -> dict[str, dict[str, float]]:
    """How far each group's mean probability is from its share of high incomes.

    0 where that share's 95 % interval holds it. By attribute and group; a group that nobody
    is in has no entry.
    """
    figures = by_attribute(people, probabilities >= 0.5, probabilities)
    return {
        attribute: {group.group: group.miscalibrated for group in members}
        for attribute, members in figures.items()
    }


def lookup(found: GapsByGroup) -> Callable[[Mapping[str, Any]], jax.Array]:
    """A pure function from codes of `ATTRIBUTES` `[B]` to the worst of their groups' gaps `[B]`.

    NaN, which rules read as missing, where an attribute is missing or its group was not seen.
    """
    tables = {
        attribute: np.array(
            [found[attribute].get(name, np.nan) for name in adult.SCHEMA[attribute].categories]
            + [np.nan],  # reached by the code -1
            np.float32,
        )
        for attribute in ATTRIBUTES
    }

    def worst(columns: Mapping[str, Any]) -> jax.Array:
        gaps = [jnp.asarray(tables[name])[columns[name]] for name in ATTRIBUTES]
        return jnp.stack(gaps).max(0)

    return worst
