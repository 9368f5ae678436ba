"""What an image experiment shows on the console, and the figures it shows everywhere."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from rich.table import Table

from experiments.decisions import outcome_summary, rendered
from research.inference.rates import Rate


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Results:
    """Decisions on the test pictures, and whether they are right.

    Attributes:
        table: one row per picture, with `kind`, `confidence` and `outcome`.
        labels: what is on each, int32 `[N]`.
        classes: names of the labels.
        budget: the share of wrong ones that may be among the accepted.
    """

    table: pa.Table
    labels: NDArray[np.int32]
    classes: tuple[str, ...]
    budget: float

    @functools.cached_property
    def outcomes(self) -> NDArray[np.str_]:
        """By picture, `[N]`."""
        return np.asarray(self.table["outcome"].to_pylist(), np.str_)

    @functools.cached_property
    def read(self) -> NDArray[np.int64]:
        """What the network takes each picture for, `[N]`."""
        position = {name: index for index, name in enumerate(self.classes)}
        return np.array([position[name] for name in self.table["kind"].to_pylist()])

    @functools.cached_property
    def mistaken(self) -> NDArray[np.bool_]:
        """Whether the network is wrong, `[N]`."""
        return self.read != self.labels

    @property
    def accepted(self) -> Rate:
        """Accepted ones among all pictures."""
        return Rate(events=int((self.outcomes == "accept").sum()), cases=len(self.outcomes))

    @property
    def wrong(self) -> Rate:
        """Wrong ones among the accepted pictures."""
        return self.wrong_among("accept")

    def wrong_among(self, outcome: str) -> Rate:
        """How many the network reads wrongly, of one outcome."""
        mistaken = self.mistaken[self.outcomes == outcome]
        return Rate(events=int(mistaken.sum()), cases=len(mistaken))


class Decided(Protocol):
    """Pictures that nobody should accept, and what was decided."""

    @property
    def decisions(self) -> pa.Table:
        """One row per picture."""
        ...


def evaluation_summary(evaluation: Mapping[str, Any]) -> str:
    """The models side by side, and how well pictures of something else are told apart."""
    view = Table(box=None, pad_edge=False)
    view.add_column(f"test ({evaluation['examples']['test']:,} pictures)")
    for heading in ("accuracy", "log-loss"):
        view.add_column(heading, justify="right")
    for model in evaluation["models"]:
        loss = "infinite" if model["log_loss"] is None else f"{model['log_loss']:.4f}"
        view.add_row(model["name"], f"{model['accuracy']:.4f}", loss)
    for figure in evaluation["published"]:
        view.add_row(f"{figure['name']} (published)", f"{figure['accuracy']:.3f}", "", style="dim")
    usable = evaluation["usability"]
    return (
        f"{rendered(view)}\n"
        f"the baselines learnt from {evaluation['baselines_fitted_on']:,} pictures\n"
        f"pictures of something else are told apart with an AUC of {usable['auc']:.3f}; a limit "
        f"beyond which {usable['refused']:.1%} of our own are has {usable['foreign_refused']:.1%} "
        "of them beyond it"
    )


def decision_summary(results: Results, strangers: Mapping[str, Decided]) -> str:
    """Outcomes, errors beside the budget, and what became of pictures of nothing known."""
    view = Table(box=None, pad_edge=False)
    view.add_column("shows")
    for heading in ("pictures", "accept", "human", "reject"):
        view.add_column(heading, justify="right")
    for name, decided in strangers.items():
        shares = outcome_shares(decided.decisions)
        view.add_row(
            name,
            f"{decided.decisions.num_rows:,}",
            *(f"{shares[o]:.1%}" for o in ("accept", "human", "reject")),
        )
    wrong, accepted = results.wrong, "nothing is accepted: no limit would surely keep"
    if wrong.cases:
        accepted = f"accepted: {results.accepted.share:.1%}, {wrong.share:.2%} of them wrong, at"
    return "\n".join(
        [
            outcome_summary(results.table, rate=("misread", results.mistaken)),
            f"{accepted} the budget of {results.budget:.2%}; of all pictures the network misreads "
            f"{results.mistaken.mean():.2%}",
            "pictures that should not be accepted",
            rendered(view),
        ]
    )


def outcome_shares(table: pa.Table) -> dict[str, float]:
    """Share of each outcome in a table of decisions."""
    outcomes = np.asarray(table["outcome"].to_pylist(), np.str_)
    return {name: float((outcomes == name).mean()) for name in ("accept", "human", "reject")}
