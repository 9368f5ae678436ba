"""What the program decides: passages of known worth, and what the model writes itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from ml_collections import ConfigDict

from experiments.austen import gate, output, passages
from experiments.austen.checks import broken
from experiments.austen.passages import Library
from experiments.austen.report import AustenReport, render
from experiments.austen.results import Results
from experiments.austen.samples import Continuations, continued, method_of, openings
from experiments.austen.surprise import surprises
from experiments.austen.writing import Audit, Writing
from experiments.decisions import (
    Program,
    case_identifiers,
    decisions_table,
    outcome_summary,
    write_decisions,
)
from experiments.headline import Automation, record
from research.data.tables import TableError, read_table
from research.data.text.bpe import BytePairEncoding
from research.inference import Predictor
from research.workdir import Workdir

_SHOWN = ("bits", "words", "real_words", "copied", "repeated")
_GALLERY = (
    {"temperature": 0.0, "top_p": 1.0},
    *({"temperature": t, "top_p": 0.95} for t in (0.6, 0.8, 1.2)),
)


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Deciding:
    """Model and rules, ready to write and to judge.

    Attributes:
        predictor: the language model.
        encoding: of its tokens.
        library: what the training text has.
        writing: the rules that writing obeys.
        gate: the program that judges passages.
        plain: the bits per character up to which it may accept.
    """

    predictor: Predictor
    encoding: BytePairEncoding
    library: Library
    writing: Writing
    gate: Program
    plain: float

    def write(
        self, config: ConfigDict, prompts: Sequence[str], *, ruled: bool, **method: Any
    ) -> Continuations:
        """Continues prompts as the configuration says, under the rules or freely."""
        chosen = {**config.generation.to_dict(), **method}
        return continued(
            self.predictor,
            self.encoding,
            prompts,
            length=config.generation.length,
            new=config.generation.new,
            method=method_of(chosen),
            seed=config.seed,
            constraint=self.writing.constraint if ruled else None,
        )

    def judge(
        self, config: ConfigDict, cases: Sequence[str], texts: Sequence[str], **more: Any
    ) -> pa.Table:
        """The gate's decisions on passages: columns `case`, `more`, what was seen, decisions."""
        columns = gate.columns(texts, self.encoding, self.library, slots=config.passages.slots)
        decided = self.gate(columns)
        shown = {**more, **{name: decided.seen[name] for name in _SHOWN}, "text": list(texts)}
        return decisions_table(cases, shown, decided, self.gate)

    def report(self, config: ConfigDict, found: Results, workdir: Workdir) -> AustenReport:
        """What is told of decisions."""
        return AustenReport.of(
            config,
            found,
            writing=self.writing.decider.ruleset,
            gate=self.gate.decider.ruleset,
            plain=self.plain,
            step=self.predictor.step,
            workdir=workdir,
        )

    def broken(self, config: ConfigDict, written: Continuations) -> list[list[str]]:
        """The rules that each text breaks, found without the rule engine."""
        params = {param.name: param.value for param in self.writing.decider.ruleset.params}
        return [
            broken(
                written.text(row),
                written.tokens(row),
                forbidden=config.generation.forbidden,
                longest_sentence=int(params["longest_sentence"]),
                longest_word=int(params["longest_word"]),
                repeats=config.generation.repeats,
            )
            for row in range(len(written.prompts))
        ]


def results(config: ConfigDict, test: str, training: str, program: Deciding) -> Results:
    """Judges passages of the test text, and writes and judges new ones."""
    chosen = passages.compose(
        test,
        training,
        count=config.passages.count,
        words=config.passages.words,
        seed=config.seed,
    )
    known = program.judge(
        config,
        [f"{kind}-{row + 1}" for row, kind in enumerate(chosen.kinds)],
        chosen.texts,
        kind=list(chosen.kinds),
        expected=chosen.expected,
    )
    prompts = openings(test, count=config.generation.count, words=config.generation.prompt_words)
    ruled = program.write(config, prompts, ruled=True)
    free = program.write(config, prompts, ruled=False)
    cases = [f"text-{row + 1}" for row in range(len(prompts))]
    return Results(
        known=known,
        judged=program.judge(config, cases, ruled.texts),
        free=program.judge(config, cases, free.texts),
        ruled_texts=ruled,
        free_texts=free,
        meant=_meant(program.writing, ruled),
        free_rules_broken=program.broken(config, free),
        ruled_rules_broken=program.broken(config, ruled),
        real=_audited_text(config, test, program),
        names=program.writing.decider.rules,
        gallery=[
            (_named(method), program.write(config, prompts[:2], ruled=False, **method).texts)
            for method in _GALLERY
        ],
        surprise=surprises(test, program.gate, program.encoding, slots=config.passages.slots),
    )


def decided_test(
    config: ConfigDict, test: str, training: str, program: Deciding, workdir: Workdir
) -> str:
    """Decides, leaves tables and the report in the workdir, and returns a summary."""
    found = results(config, test, training, program)
    write_decisions(found.known, workdir.path / "decisions.parquet")
    write_decisions(found.judged, workdir.path / "written.parquet")
    record(
        workdir,
        Automation(
            decisions=found.known.num_rows,
            automated=float(found.automated.mean()),
            budget=config.error_budget,
            error=found.error_without_person,
        ),
    )
    report = program.report(config, found, workdir)
    workdir.write_text("report.html", render(report))
    return (
        f"{output.decision_summary(found)}\n"
        f"wrote {workdir.path}/decisions.parquet, written.parquet and report.html"
    )


def decided_cases(config: ConfigDict, cases: Path, program: Deciding, out: Path) -> str:
    """Continues the prompts of a file, and judges what came of them.

    Raises:
        TableError: when the file has no column `text`, or an empty prompt.
    """
    file = read_table(cases)
    if "text" not in file.column_names:
        raise TableError(
            f"{cases} has the columns {', '.join(file.column_names)}, expected text: the beginning "
            "of a paragraph, to be continued"
        )
    prompts = [text if isinstance(text, str) else "" for text in file["text"].to_pylist()]
    empty = [row for row, prompt in enumerate(prompts, 1) if not prompt.strip()]
    if empty:
        raise TableError(f"{cases}: row {empty[0]} has no text, expected some words to continue")
    # A token for the space belongs to the next word.
    written = program.write(config, [prompt.rstrip() for prompt in prompts], ruled=True)
    identifiers = case_identifiers(file, "id")
    table = program.judge(config, identifiers, written.texts, prompt=prompts)
    write_decisions(table, out)
    return f"{outcome_summary(table)}\nwrote {out}"


def _meant(writing: Writing, written: Continuations) -> Audit:
    """What the rules say of the tokens that the model wanted, where they kept it from them."""
    audit = writing.audit(
        written.generated.tokens,
        written.generated.lengths,
        written.prompt_lengths,
        written.generated.wanted,
    )
    return Audit(rule=np.where(written.differing, audit.rule, -1), judged=audit.judged)


def _audited_text(config: ConfigDict, text: str, program: Deciding) -> Audit:
    """What the rules say of a real text, paragraph by paragraph."""
    slots = config.generation.length
    read = [
        program.encoding.encode(gate.BREAK + paragraph)[:slots]
        for paragraph in text.split(gate.BREAK)
        if paragraph
    ]
    tokens = np.zeros((len(read), slots), np.int32)
    for row, paragraph in enumerate(read):
        tokens[row, : len(paragraph)] = paragraph
    return program.writing.audit(tokens, list(map(len, read)), np.ones(len(read), int))


def _named(method: dict[str, float]) -> str:
    if not method["temperature"]:
        return "Greedy: always the most probable token"
    return f"Nucleus of {method['top_p']:.0%}, temperature {method['temperature']:g}"
