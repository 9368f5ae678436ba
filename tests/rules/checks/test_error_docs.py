"""docs/errors.md: every text with the error exactly as it is printed.

After a change of messages `python -m tests.rules.checks.test_error_docs` writes them anew;
read the difference before you keep it.
"""

import re
from pathlib import Path

import pytest

import rules

DOCS = Path(__file__).parents[3] / "docs" / "errors.md"
BLOCK = re.compile(r"```text\n(.*?)```\n", re.DOTALL)
MAIN = "policy.rules"


def examples() -> dict[str, list[str]]:
    """The code blocks of each example: the text, perhaps another file, the output."""
    _, *sections = re.split(r"^### ", DOCS.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {section.split("\n")[0]: BLOCK.findall(section) for section in sections}


def printed(blocks: list[str], folder: Path) -> str:
    """What loading the text says, or deciding by it where it loads."""
    text, *others, _ = blocks
    (folder / MAIN).write_text(text, encoding="utf-8")
    for other in others:
        name = other.split("\n")[0].removeprefix("# ")
        (folder / name).write_text(other, encoding="utf-8")
    try:
        rules.decide(rules.load(MAIN), [{}], engine="reference")
    except ValueError as error:
        return f"{error}\n"
    raise AssertionError(f"no error: {text}")


@pytest.mark.parametrize("title", examples())
def test_errors_are_as_printed(title: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = examples()[title]
    assert printed(blocks, tmp_path) == blocks[-1]


def test_there_are_many() -> None:
    assert len(examples()) >= 40


def _rewrite() -> None:
    import contextlib
    import tempfile

    text = DOCS.read_text(encoding="utf-8")
    for title, blocks in examples().items():
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            output = printed(blocks, Path(folder))
        start = text.index(f"### {title}\n")
        end = text.find("\n### ", start + 1)
        section = text[start:] if end < 0 else text[start:end]
        old = list(BLOCK.finditer(section))[-1]
        new = section[: old.start(1)] + output + section[old.end(1) :]
        text = text.replace(section, new)
    DOCS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    _rewrite()
