"""Where a report comes from: the end of the page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from experiments.report.blocks import code, definitions, details
from experiments.report.formats import count
from experiments.report.markup import join
from experiments.report.page import Section
from rules import Ruleset

__all__ = ["Reported", "provenance"]


class Reported(Protocol):
    """A report's fields that `experiments.origin.origin` gives, and the configuration."""

    @property
    def config(self) -> Mapping[str, Any]: ...  # noqa: D102
    @property
    def data(self) -> Mapping[str, Any]: ...  # noqa: D102
    @property
    def versions(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def created(self) -> str: ...  # noqa: D102


def provenance(
    report: Reported,
    *,
    examples: str,
    rulesets: Sequence[Ruleset],
    step: int,
    more: Mapping[str, str] | None = None,
) -> Section:
    """Facts in two columns, then the configuration and the rule texts, folded.

    Args:
        report: says what it was made from.
        examples: what the rows of the data are, such as "applications".
        rulesets: that decided.
        step: of the checkpoint.
        more: facts of this report only.
    """
    facts = {
        "Data": f"{report.data['name']}: {count(report.data['rows'])} {examples}",
        "Source": str(report.data["source"]),
        "Licence of the data": str(report.data["licence"]),
        **{f"Rule set {r.name}": f"version {r.version}, SHA-256 {r.sha256}" for r in rulesets},
        "Checkpoint": f"step {count(step)}",
        **(more or {}),
        "Versions": ", ".join(f"{name} {version}" for name, version in report.versions.items()),
        "Date of the run": report.created,
    }
    texts = "\n\n".join(ruleset.text.strip() for ruleset in rulesets)
    parts = [
        definitions(facts),
        details("Configuration", code(_plain_json(report.config), label="Configuration")),
        details("Rules, in full", code(texts, label="Rules")),
    ]
    return Section(title="How it was made", body=join(parts))


def _plain_json(config: Mapping[str, Any]) -> str:
    return json.dumps(config, indent=2, default=str, ensure_ascii=False)
