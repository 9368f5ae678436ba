"""Building blocks of a report: plain data in, one self-contained HTML page out."""

from __future__ import annotations

from experiments.report.blocks import (
    Card,
    badge,
    cards,
    code,
    definitions,
    details,
    figure,
    paragraph,
    share_bar,
    side_by_side,
)
from experiments.report.confusion import confusion_matrix
from experiments.report.figures import (
    learning_curves,
    reliability,
    risk_coverage_curve,
    roc,
)
from experiments.report.images import captioned, moving_picture, picture, strip
from experiments.report.markup import Html, element, escape, join
from experiments.report.outcome_figures import Balance, balance_bars, event_rates, outcome_bars
from experiments.report.page import Section, page
from experiments.report.provenance import provenance
from experiments.report.rule_table import RuleUse, rule_table, rule_usage, usage_in
from experiments.report.tables import Cell, Column, table
from experiments.report.tones import Tone
from research.inference.rates import Rate, wilson_interval

__all__ = [
    "Balance",
    "Card",
    "Cell",
    "Column",
    "Html",
    "Rate",
    "RuleUse",
    "Section",
    "Tone",
    "badge",
    "balance_bars",
    "captioned",
    "cards",
    "code",
    "confusion_matrix",
    "definitions",
    "details",
    "element",
    "escape",
    "event_rates",
    "figure",
    "join",
    "learning_curves",
    "moving_picture",
    "outcome_bars",
    "page",
    "paragraph",
    "picture",
    "provenance",
    "reliability",
    "risk_coverage_curve",
    "roc",
    "rule_table",
    "rule_usage",
    "share_bar",
    "side_by_side",
    "strip",
    "table",
    "usage_in",
    "wilson_interval",
]
