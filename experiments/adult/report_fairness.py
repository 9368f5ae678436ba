"""The section on groups: how the model alone treats them, and what is left after the rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from experiments.report import (
    Cell,
    Column,
    Html,
    Rate,
    Section,
    element,
    figure,
    join,
    table,
)
from experiments.report.formats import NOTHING, count, percent, signed
from experiments.report.svg import Colour, draw
from research.inference.fairness import GroupFigures, gaps

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["section"]

Groups = Sequence[GroupFigures]
_MEASURES = {
    "selected": "Said to earn above 50k",
    "found": "Found, of those who do",
    "suspected": "Suspected, of those who don't",
}


def section(
    before: Mapping[str, Groups],
    after: Mapping[str, Groups],
    referred: Mapping[str, Sequence[Rate]],
) -> Section:
    """Selection, errors and calibration by group, before and after the rules.

    Args:
        before: by attribute, figures of the model alone: a probability of 50 % decides.
        after: the same of the people that the rules decide on without a person.
        referred: the share of each group of `before` that is left to a person.
    """
    return Section(
        title="How groups are treated",
        lede=(
            "By sex and by race, which the model is not told (it may guess: husbands and wives are "
            "told apart). People of some groups had high incomes more often in 1994, so no "
            "classifier that isn't perfect can be equal by every measure; what to make equal is "
            "not for a program to settle. The rules can't make the groups alike. They leave "
            "doubtful cases to a person, and here it shows whose those are."
        ),
        body=join(
            (
                *(
                    figure(
                        _rates(attribute, before[attribute], after[attribute]),
                        title=f"By {attribute}",
                        caption="Above, in grey: the model alone. Below, in colour: among those "
                        "decided without a person. Bars are 95% Wilson intervals.",
                    )
                    for attribute in before
                ),
                *(
                    _members(attribute, before[attribute], after[attribute], referred[attribute])
                    for attribute in before
                ),
                _gaps(before, after),
            )
        ),
    )


def _rates(attribute: str, before: Groups, after: Groups) -> Html:
    later = {group.group: group for group in after}
    names = [group.group for group in before]

    def paint(figure: Figure) -> None:
        panels = figure.subplots(1, len(_MEASURES), sharey=True)
        for axes, (measure, title) in zip(panels, _MEASURES.items(), strict=True):
            for row, group in enumerate(before):
                own = later.get(group.group)
                for shift, source, colour in (
                    (-0.14, group, Colour.NEUTRAL.value),
                    (0.14, own, Colour.ACCENT.value),
                ):
                    rate: Rate | None = getattr(source, measure, None)
                    if rate is None or not rate.cases:
                        continue
                    axes.plot(
                        rate.interval, [row + shift] * 2, color=colour, linewidth=3, alpha=0.5
                    )
                    axes.plot(rate.share, row + shift, "o", color=colour, markersize=7)
            axes.set_title(title, fontsize=11)
            axes.set_xlim(0, 1)
            axes.set_xticks([0, 0.5, 1])
            axes.xaxis.set_major_formatter(lambda value, _: percent(value, 0))
            axes.grid(visible=False, axis="y")
        panels[0].set_yticks(range(len(names)), [name.replace("_", " ") for name in names])
        panels[0].set_ylim(len(names) - 0.5, -0.5)
        panels[0].tick_params(axis="y", labelcolor=Colour.INK.value)

    listed = "; ".join(
        f"{group.group}: {', '.join(f'{m} {percent(getattr(group, m).share)}' for m in _MEASURES)}"
        for group in before
    )
    return draw(
        paint,
        name=f"groups-{attribute}",
        label=f"Rates by {attribute}, the model alone. {listed}.",
        width=860,
        height=90 + 46 * len(names),
    )


def _members(attribute: str, before: Groups, after: Groups, referred: Sequence[Rate]) -> Html:
    later = {group.group: group for group in after}
    rows: list[list[Cell | str]] = []
    for group, left in zip(before, referred, strict=True):
        decided = later.get(group.group)
        rows.append(
            [
                group.group.replace("_", " "),
                count(group.positives.cases),
                _share(group.positives),
                NOTHING if group.predicted is None else percent(group.predicted),
                signed(100 * group.calibration_gap) + (" *" if group.miscalibrated else ""),
                _share(group.found),
                _share(group.suspected),
                _share(left),
                NOTHING if decided is None else _share(decided.found),
                NOTHING if decided is None else _share(decided.suspected),
            ]
        )
    columns = [
        Column(title=attribute.capitalize()),
        Column(title="People", number=True, minor=True),
        Column(title="Above 50k", number=True, hint="As observed, with its 95% interval"),
        Column(title="Predicted", number=True, hint="Mean probability", minor=True),
        Column(title="Off by", number=True, hint="Points; * outside the observed share's interval"),
        Column(title="Found", number=True, hint="True positive rate of the model alone"),
        Column(title="Suspected", number=True, hint="False positive rate of the model alone"),
        Column(title="Referred", number=True, hint="Left to a person by the rules"),
        Column(title="Found after", number=True, hint="Among those decided without a person"),
        Column(title="Suspected after", number=True, hint="Among those decided without a person"),
    ]
    return table(columns, rows, caption=f"By {attribute}: the model alone, then under the rules")


def _gaps(before: Mapping[str, Groups], after: Mapping[str, Groups]) -> Html:
    rows: list[list[Cell | str]] = []
    for attribute in before:
        for name, figures in (
            ("the model alone", before[attribute]),
            ("decided without a person", after[attribute]),
        ):
            found = gaps(figures)
            rows.append(
                [
                    f"{attribute}, {name}",
                    percent(found.demographic_parity),
                    percent(found.equal_opportunity),
                    percent(found.equalised_odds),
                ]
            )
    columns = [
        Column(title="Largest difference between groups"),
        Column(title="Demographic parity", number=True, hint="Of the shares said to earn more"),
        Column(title="Equal opportunity", number=True, hint="Of true positive rates"),
        Column(title="Equalised odds", number=True, hint="Of true or false positive rates"),
    ]
    return table(columns, rows, caption="0 is equal; small groups make differences by chance")


def _share(rate: Rate) -> Cell:
    if not rate.cases:
        return Cell(content=NOTHING)
    low, high = (percent(bound, 0) for bound in rate.interval)
    interval = element("div", f"{low} to {high}", class_="quiet")
    return Cell(content=join((percent(rate.share), interval)))
