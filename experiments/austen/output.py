"""What the Austen experiment says on the console."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from experiments.austen.results import Results
from experiments.decisions import outcome_summary, rendered


def evaluation_summary(evaluation: dict[str, Any]) -> str:
    """The models side by side."""
    view = Table(box=None, pad_edge=False)
    view.add_column(f"bits per character ({evaluation['characters']['test']:,} characters)")
    for heading in ("test", "validation"):
        view.add_column(heading, justify="right")
    for model in evaluation["models"]:
        validation = model["validation"]
        view.add_row(
            model["name"],
            f"{model['bits']:.3f}",
            "" if validation is None else f"{validation:.3f}",
        )
    return rendered(view)


def decision_summary(results: Results) -> str:
    """Outcomes of passages, and what the rules did to the writing."""
    written = results.ruled_texts
    error = "none accepted" if results.error is None else f"{results.error:.1%} of those accepted"
    return "\n".join(
        [
            "passages of known worth",
            outcome_summary(results.known, rate=("wrong", results.wrong)),
            f"decided without a person: {results.automated.mean():.1%}; wrongly accepted: {error}",
            "passages written under the rules",
            outcome_summary(results.judged),
            f"the rules changed {sum(results.interventions.values()):,} of "
            f"{results.written_tokens:,} tokens, at "
            f"{written.cost:.4f} bits per character",
            f"texts that break a rule: {int(results.free_broken.sum())} of "
            f"{len(results.free_broken)} written freely, {int(results.ruled_broken.sum())} of "
            f"{len(results.ruled_broken)} under the rules",
        ]
    )
