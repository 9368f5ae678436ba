"""What docs/objects.md shows is what the program does."""

import re
from pathlib import Path

import rules

DOCS = Path(__file__).parents[3] / "docs"


def test_the_example_is_formatted_and_passes_its_tests() -> None:
    (text,) = re.findall(r"```text\n(.*?)```", (DOCS / "objects.md").read_text(), re.DOTALL)
    assert rules.format_text(text) == text
    ruleset = rules.parse(text)
    assert rules.check(ruleset) == ()
    assert [result.passed for result in rules.run_tests(ruleset)] == [True]
