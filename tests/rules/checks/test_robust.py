"""Whatever is wrong with a text: an error with a place, and nothing else."""

import random
import re
from pathlib import Path

import pytest

import rules
from rules.errors import RuleError
from tests.effort import examples

FOLDER = Path(__file__).parents[1]
EXAMPLE = FOLDER / "example_objects.rules"
PARTS = re.compile(r'"[^"\n]*"|#[^\n]*|\d{4}-\d\d-\d\d|[\w.%]+|\s+|[<>!=]=|\.\.|.')


def kind(part: str) -> str:
    for name, pattern in (
        ("word", r"[^\W\d]"),
        ("number", r"\d"),
        ("text", '"'),
        ("gap", r"[\s#]"),
    ):
        if re.match(pattern, part):
            return name
    return "symbol"


PIECES = PARTS.findall(EXAMPLE.read_text(encoding="utf-8"))
PLACES = [index for index, piece in enumerate(PIECES) if kind(piece) != "gap"]


def broken(rng: random.Random) -> str:
    """The example with a few words, numbers or signs exchanged for others of their kind."""
    pieces = list(PIECES)
    for _ in range(rng.choice([1, 1, 2, 3])):
        place = rng.choice(PLACES)
        alike = [PIECES[other] for other in PLACES if kind(PIECES[other]) == kind(pieces[place])]
        pieces[place] = rng.choice([*alike, ""]) if rng.random() < 0.9 else rng.choice(PIECES)
    return "".join(pieces)


@pytest.mark.parametrize("seed", range(examples(60)))
def test_broken_texts_have_errors_and_nothing_worse(seed: int) -> None:
    text = broken(random.Random(seed))
    try:
        ruleset = rules.parse(text, filename=str(FOLDER / "broken.rules"))
    except RuleError as error:
        assert error.errors
        for item in error.errors:
            assert item.span is not None and item.message and str(item)
    else:
        rules.check(ruleset)


def test_the_example_itself() -> None:
    ruleset = rules.load(EXAMPLE)
    assert rules.check(ruleset) == ()
    assert all(result.passed for result in rules.run_tests(ruleset))
    assert rules.format_text(ruleset.text) == ruleset.text
