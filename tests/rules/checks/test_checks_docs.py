"""docs/checks.md: every text with the finding exactly as it is printed.

After a change `python -m tests.rules.checks.test_checks_docs` writes the outputs anew; read the
difference before you keep it.
"""

import re
from pathlib import Path

import pytest

import rules
from rules.checks.full import full_check, render_with_witness
from rules.checks.solver.codes import CODES

DOCS = Path(__file__).parents[3] / "docs" / "checks.md"
SECTION = re.compile(r"(?<=### )(\w\d+ .*)\n")
BLOCK = re.compile(r"```text\n(.*?)```\n", re.DOTALL)


def examples() -> dict[str, tuple[str, str]]:
    """The text and the output of each code."""
    found = {}
    for match in SECTION.finditer(text := DOCS.read_text(encoding="utf-8")):
        rule_text, output = BLOCK.findall(text, match.end())[:2]
        found[match[1]] = (rule_text, output)
    return found


def printed(title: str, text: str) -> str:
    """What `check` prints about this code."""
    ruleset = rules.parse(text, filename="policy.rules")
    found = [item for item in full_check(ruleset) if item.code == title.split()[0]]
    return "".join(f"{render_with_witness(finding, ruleset)}\n" for finding in found)


def without_values(output: str) -> str:
    """Which of the possible witnesses is found is the solver's choice."""
    return re.sub(r"(given|expect) .*", r"\1", output)


@pytest.mark.parametrize("title", examples())
def test_findings_are_as_printed(title: str) -> None:
    text, output = examples()[title]
    assert without_values(printed(title, text)) == without_values(output)
    assert rules.format_text(text) == text


@pytest.mark.parametrize("title", examples())
def test_the_witness_shown_is_one(title: str) -> None:
    text, output = examples()[title]
    if "\ntest " in output:
        block = output[output.index("\ntest ") :]
        result = rules.run_tests(rules.parse(text + block))[-1]
        assert result.passed


def test_all_codes_are_listed() -> None:
    assert list(examples()) == [f"{code} {meaning}" for code, meaning in CODES]


def test_the_example_of_a_change(capsys: pytest.CaptureFixture[str]) -> None:
    text = DOCS.read_text(encoding="utf-8")
    match = re.search(r"```python\n(.*?)```\n\n```text\n(.*?)```", text, re.DOTALL)
    assert match is not None
    exec(match[1], {})
    assert capsys.readouterr().out == match[2]


def main() -> None:
    """Writes the texts and outputs anew."""
    text = DOCS.read_text(encoding="utf-8")
    for title in examples():
        blocks = list(BLOCK.finditer(text, text.index(f"### {title}\n")))[:2]
        rule_text = rules.format_text(blocks[0][1])
        between = text[blocks[0].end(1) : blocks[1].start(1)]
        after = text[blocks[1].end(1) :]
        output = printed(title, rule_text)
        text = text[: blocks[0].start(1)] + rule_text + between + output + after
    DOCS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
