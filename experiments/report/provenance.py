"""Where a report comes from: the end of the page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from experiments.report.blocks import code, definitions, details
from experiments.report.markup import join
from experiments.report.page import Section

__all__ = ["provenance"]


def provenance(facts: Mapping[str, str], *, config: Mapping[str, Any], rules: str) -> Section:
    """Facts in two columns, then the configuration and the rule text, folded.

    Args:
        facts: what to know, by name, in the order to show.
        config: of the run, plain data.
        rules: the whole rule text; empty leaves it out.
    """
    parts = [
        definitions(facts),
        details("Configuration", code(_plain_json(config), label="Configuration")),
    ]
    if rules:
        parts.append(details("Rules, in full", code(rules.strip(), label="Rules")))
    return Section(title="How it was made", body=join(parts))


def _plain_json(config: Mapping[str, Any]) -> str:
    return json.dumps(config, indent=2, default=str, ensure_ascii=False)
