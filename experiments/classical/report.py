"""What the experiment shows: the families side by side, what the chosen one relies on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table

from experiments.classical.knowledge import Knowledge
from experiments.credit.report import CreditReport
from experiments.credit.report import render as render_credit
from experiments.decisions import rendered
from experiments.report import (
    Cell,
    Column,
    Html,
    Section,
    code,
    details,
    figure,
    join,
    reliability,
    roc,
    side_by_side,
    table,
)
from experiments.report.formats import NOTHING, count, decimal, percent, signed
from experiments.report.svg import Colour, draw

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["render", "summary"]

_CURVES = 4
_LARGEST_SHOWN = 10


def summary(evaluation: Mapping[str, Any]) -> str:
    """The families side by side, for the console."""
    view = Table(box=None, pad_edge=False)
    view.add_column(f"test ({evaluation['examples']['test']} applications)")
    for heading in ("AUC", "Brier", "log-loss", "fit s", "XLA ms", "scikit-learn ms"):
        view.add_column(heading, justify="right")
    chosen, baseline = evaluation["models"]
    for family in evaluation["families"]:
        figures = [f"{family[name]:.4f}" for name in ("auc", "brier", "log_loss")]
        seconds = (family["xla_seconds"], family["scikit_seconds"])
        times = [f"{family['fit_seconds']:.2f}", *(_milliseconds(taken) for taken in seconds)]
        style = "bold" if family["name"] == chosen["name"] else None
        view.add_row(family["name"], *figures, *times, style=style)
    before, after = (evaluation["calibration"][name]["error"] for name in ("before", "after"))
    return (
        f"{rendered(view)}\n{baseline['name']}: AUC {baseline['auc']:.4f}; "
        f"calibration error {before:.4f} before, {after:.4f} after"
    )


def render(report: CreditReport, *, knowledge: Mapping[str, Knowledge]) -> str:
    """The report as one HTML page: the credit report, with sections on these models.

    Args:
        report: its `evaluation` as `experiments.classical.config.evaluate` returns it.
        knowledge: `discovered` from how loans ended, `distilled` from the model.
    """
    evaluation = report.evaluation
    name = evaluation["models"][0]["name"]
    sections = (
        _families(evaluation),
        _speed(evaluation["families"]),
        _model(report),
        _knowledge(**knowledge),
    )
    return render_credit(report, model=f"a classical model ({name.lower()})", sections=sections)


def _families(evaluation: Mapping[str, Any]) -> Section:
    families, chosen = evaluation["families"], evaluation["models"][0]["name"]
    measures: dict[str, tuple[str, Callable[..., Any], str]] = {
        "auc": ("AUC ↑", max, "Chance that a default is ranked above a good loan"),
        "brier": ("Brier score ↓", min, "Mean squared error of the probability"),
        "log_loss": ("Log-loss ↓", min, "Mean negative log-likelihood, in nats"),
    }
    best = {key: pick(f[key] for f in families) for key, (_, pick, _) in measures.items()}
    columns = [Column(title="Model")]
    columns += [Column(title=title, number=True, hint=hint) for title, _, hint in measures.values()]
    columns += [
        Column(title="Calibration error ↓", number=True, hint="0 is perfect", minor=True),
        Column(title="Numbers fitted", number=True, minor=True),
    ]
    rows: list[list[Cell | str]] = [
        [
            f"{family['name']} (decides here)" if family["name"] == chosen else family["name"],
            *(Cell(content=decimal(family[k]), best=family[k] == best[k]) for k in measures),
            decimal(family["reliability"]["error"]),
            count(family["parameters"]),
        ]
        for family in families
    ]
    return Section(
        title="Eight families of models",
        lede=(
            "All learn from the same applications and features, are calibrated on the same "
            "validation part, and are compared on applications that none of them has seen."
        ),
        body=table(columns, rows, caption="Test set; the best of each column stands out"),
    )


def _speed(families: Sequence[Mapping[str, Any]]) -> Section:
    slowest = max(
        seconds
        for family in families
        for seconds in (family["xla_seconds"], family["scikit_seconds"] or 0.0)
    )
    columns = [
        Column(title="Model"),
        Column(title="XLA, ms", number=True),
        Column(title="scikit-learn, ms", number=True),
        Column(title="Times as fast", number=True),
        Column(title="Largest difference", number=True, minor=True),
        Column(title="Fitted in, s", number=True, minor=True),
    ]
    rows: list[list[Cell | str]] = []
    for family in families:
        ours, theirs, apart = (
            family[name] for name in ("xla_seconds", "scikit_seconds", "difference")
        )
        rows.append(
            [
                family["name"],
                Cell(content=_milliseconds(ours), bar=ours / slowest),
                Cell(
                    content=_milliseconds(theirs),
                    bar=None if theirs is None else theirs / slowest,
                ),
                NOTHING if theirs is None else decimal(theirs / ours, 1),
                NOTHING if apart is None else f"{apart:.0e}".replace("-", "\N{MINUS SIGN}"),
                decimal(family["fit_seconds"], 2),
            ]
        )
    return Section(
        title="Predicting in XLA, beside scikit-learn",
        lede=(
            "Trees, support vectors and coefficients are arrays in the same compiled program as "
            "the rules. Here all test applications are predicted at once, both ways in turns."
        ),
        body=table(
            columns,
            rows,
            caption="Median of seven runs; the difference is that of what both say of an "
            "application, a probability or an SVM's score",
        ),
    )


def _model(report: CreditReport) -> Section:
    evaluation = report.evaluation
    calibration = evaluation["calibration"]
    chosen = evaluation["models"][0]["name"]
    return Section(
        title="How good the model is that decides",
        lede=(
            "The rules rest on the predicted probability of default: it must rank applications "
            "well, and its percentages must mean what they say."
        ),
        body=side_by_side(
            (
                figure(
                    roc(_curves(evaluation["families"], chosen)),
                    title="Ranking",
                    caption="Defaults found against good loans suspected, over all "
                    "thresholds; beside it the best of the others.",
                ),
                figure(
                    reliability(
                        calibration["before"],
                        calibration["after"],
                        predictions=report.decisions["p_default"].to_numpy(),
                    ),
                    title="Calibration",
                    caption="On the diagonal, of loans with a predicted risk of 30% "
                    "three in ten default.",
                ),
                figure(
                    _importance(evaluation["importance"]),
                    title="What it relies on",
                    caption="How much the AUC drops when a column is shuffled, and its "
                    "deviation over five shuffles.",
                ),
            )
        ),
    )


def _knowledge(discovered: Knowledge, distilled: Knowledge) -> Section:
    proof = {
        True: ", proved by z3 to decide every case as the tree does",
        False: ", not proved to decide as the tree does",
        None: "",
    }[discovered.proved]
    return Section(
        title="What was learned, as rules",
        lede=(
            f"A decision tree grown on how loans ended, {discovered.leaves} leaves read as "
            f"{discovered.rules} rules{proof}: right about {percent(discovered.agreement)} of the "
            f"test applications. And the model that decides, distilled to {distilled.rules} rules "
            f"about whether a loan is worth its risk: they say what the model says of "
            f"{percent(distilled.agreement)}."
        ),
        body=join(
            details(f"{title}: proposed, they decide nothing until a person accepts them", block)
            for title, block in (
                ("From the loans", code(discovered.text, label="Rules of the tree")),
                ("From the model", code(distilled.text, label="Rules distilled from the model")),
            )
        ),
    )


def _curves(families: Sequence[Mapping[str, Any]], chosen: str) -> dict[str, Any]:
    ordered = sorted(families, key=lambda family: (family["name"] != chosen, -family["auc"]))
    return {f["name"]: (f["roc"]["false"], f["roc"]["true"]) for f in ordered[:_CURVES]}


def _importance(entries: Sequence[Mapping[str, Any]]) -> Html:
    shown = entries[:_LARGEST_SHOWN]

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        places = range(len(shown))
        axes.barh(
            places,
            [entry["drop"] for entry in shown],
            xerr=[entry["deviation"] for entry in shown],
            height=0.6,
            color=Colour.ACCENT.value,
            ecolor=Colour.MUTED.value,
        )
        axes.set_yticks(places, [entry["column"].replace("_", " ") for entry in shown])
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)
        axes.set_xlabel("drop in AUC")

    listed = ", ".join(f"{entry['column']} {signed(entry['drop'], 3)}" for entry in shown)
    return draw(paint, name="importance", label=f"Drop in AUC when shuffled: {listed}.", height=340)


def _milliseconds(seconds: float | None) -> str:
    return NOTHING if seconds is None else decimal(1000 * seconds, 2)
