"""Compares `guideline.rules` with its CLIPS original, patient by patient.

    python -m experiments.cholesterol.compare --patients 5000

CLIPS runs through clipspy: `pip install 'rulax[oracles]'`.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib.util
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import rules
from experiments.cholesterol.patients import Patient, random_patient
from experiments.cholesterol.program import load_program
from research.data.sources import SourceError
from rules.decide import Engine

if TYPE_CHECKING:
    from experiments.cholesterol.oracle import End, Oracle

GUIDELINE = Path(__file__).with_name("guideline.rules")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Difference:
    """A patient whom the rules leave elsewhere than CLIPS.

    Attributes:
        box: where the rules leave the patient.
        rule: the rule that decided, None for a fall-back.
    """

    patient: Patient
    clips: End
    box: str
    rule: str | None

    def __str__(self) -> str:
        return (
            f"{self.patient}: CLIPS {self.clips.state} by {self.clips.rule}, "
            f"here {self.box} by {self.rule}"
        )


def compare(
    oracle: Oracle, ruleset: rules.Ruleset, patients: Sequence[Patient], engine: Engine = "auto"
) -> list[Difference]:
    """The patients about whom the two differ: in the box, or in the rule that led there.

    The tags of a rule name the CLIPS rules that may fire last where it decides.

    Args:
        oracle: the CLIPS program.
        ruleset: the guideline.
        patients: at least one.
        engine: see `rules.decide`.
    """
    tags = {rule.name: rule.tags for rule in ruleset.rules}
    cases = [patient.to_case() for patient in patients]
    table = rules.decide(ruleset, cases, engine=engine, missing_columns="unknown").to_table()
    found = []
    for patient, box, rule in zip(
        patients, table["outcome"].to_pylist(), table["rule"].to_pylist(), strict=True
    ):
        end = oracle(patient)
        if (end.state, True) != (box, end.rule in tags.get(rule, ())):
            found.append(Difference(patient=patient, clips=end, box=box, rule=rule))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the comparison: 0 without a difference, 1 with one, 2 where it cannot run."""
    parser = argparse.ArgumentParser(prog="python -m experiments.cholesterol.compare")
    parser.add_argument("--patients", type=int, default=5000, help="how many, at random")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--engine", choices=get_args(Engine), default="auto")
    options = parser.parse_args(arguments)
    if options.patients < 1:
        parser.error("--patients: at least 1")
    if not importlib.util.find_spec("clips"):
        print("needs clipspy: pip install 'rulax[oracles]'", file=sys.stderr)
        return 2
    from experiments.cholesterol.oracle import Oracle

    try:
        oracle = Oracle(load_program())
    except SourceError as error:
        print(f"needs the CLIPS example: {error}", file=sys.stderr)
        return 2
    source = random.Random(options.seed)
    patients = [random_patient(source) for _ in range(options.patients)]
    differences = compare(oracle, rules.load(GUIDELINE), patients, options.engine)
    for difference in differences[:10]:
        print(difference)
    print(f"{options.patients:,} patients, {len(differences):,} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
