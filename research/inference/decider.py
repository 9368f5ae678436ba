"""Where models and rules meet: the protocol of a decider, and how one is found.

A decider is any object of this shape. The rule engine's compiled rule set is one; other
packages offer theirs under the entry point group `rulax.deciders`, as a function
`path -> Decider`.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np

Columns = Mapping[str, Any]


class Decisions(Protocol):
    """Arrays `[B]`: `outcome` and `rule` int32 codes; see the decider for their meaning."""

    @property
    def outcome(self) -> Any:
        """Index into the decider's `outcomes`."""
        ...

    @property
    def rule(self) -> Any:
        """Index into the decider's `rules`; negative when no single rule decided."""
        ...


class Decider(Protocol):
    """Turns named arrays into decisions, as a pure JAX function.

    Attributes:
        sha256: identity of what decides, for the record.
        outcomes: names of the outcomes, by code.
        rules: names of the rules, by rank.
        inputs: type by input name; a type with `members` is categorical, and its codes
            are positions in that tuple.
    """

    @property
    def sha256(self) -> str: ...  # noqa: D102
    @property
    def outcomes(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def rules(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def inputs(self) -> Mapping[str, Any]: ...  # noqa: D102

    def __call__(self, columns: Columns) -> Decisions:
        """Decides cases given as arrays with a common leading axis B.

        Missing values: NaN in floats, negative codes in categorical columns.
        """
        ...

    def reasons(self, columns: Columns, decisions: Any) -> list[str]:
        """One sentence per case, on the host."""
        ...


def load_decider(path: str | Path, *, plugin: str = "rules", **options: Any) -> Decider:
    """Loads a decider through its entry point.

    Args:
        path: what the plug-in reads, such as a `.rules` file.
        plugin: name in the entry point group `rulax.deciders`.
        **options: passed on to the plug-in.

    Raises:
        LookupError: when no installed package offers that plug-in.
    """
    found = {e.name: e for e in importlib.metadata.entry_points(group="rulax.deciders")}
    if plugin not in found:
        raise LookupError(
            f"no decider plug-in named {plugin!r} is installed (found: "
            f"{', '.join(sorted(found)) or 'none'}): install the package that offers it; "
            "for `rules` that is rulax itself, pip install rulax"
        )
    decider: Decider = found[plugin].load()(path, **options)
    return decider


def recode(
    columns: Columns, categories: Mapping[str, Sequence[str]], decider: Decider
) -> dict[str, jax.Array]:
    """Translates categorical codes of a data set into the decider's own; runs inside jit.

    Args:
        columns: arrays by name; categorical ones hold codes, negative for missing.
        categories: names by code, for each categorical column of the data.
        decider: whose categorical inputs are to be fed.

    Returns:
        The columns that the decider reads.

    Raises:
        ValueError: when the data has a category that the decider doesn't know.
    """
    named = {name: array for name, array in columns.items() if name in decider.inputs}
    for name in [name for name in named if name in categories]:
        members = getattr(decider.inputs[name], "members", None)
        if members is None:
            raise ValueError(
                f"the data's {name} is categorical ({', '.join(categories[name])}) but the rules "
                f"declare it as a number: declare input {name}: {{{', '.join(categories[name])}}}"
            )
        strange = [value for value in categories[name] if value not in members]
        if strange:
            raise ValueError(
                f"the data's {name} can be {', '.join(strange)}, which the rules don't list "
                f"({', '.join(members)}): add it to the input's declaration"
            )
        # The last entry is reached by code -1: missing stays missing.
        codes = np.array([*(members.index(value) for value in categories[name]), -1], np.int32)
        named[name] = jnp.asarray(codes)[jnp.where(named[name] < 0, -1, named[name])]
    return named
