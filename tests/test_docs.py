"""Every Python block of README and docs runs, and prints what it says it prints."""

import re
import shlex
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
ELSEWHERE = {"rules.md"}  # tests/rules/test_docs.py runs it with its own files
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page):
    text = page.read_text(encoding="utf-8")
    for match in BLOCK.finditer(text):
        yield match[1], match[2], text.count("\n", 0, match.start()) + 2


@pytest.mark.parametrize(
    "page",
    [p for p in PAGES if p.name not in ELSEWHERE and any(b[0] == "python" for b in blocks(p))],
    ids=lambda p: p.name,
)
def test_python_blocks(page, tmp_path, monkeypatch):
    pytest.importorskip("sklearn", reason="needs scikit-learn")
    (tmp_path / "experiments").symlink_to(ROOT / "experiments")
    monkeypatch.chdir(tmp_path)  # what a page writes is not left in the repository
    namespace = {"tmp": tmp_path}
    printed = ""
    for language, code, line in blocks(page):
        if language == "python":
            output = StringIO()
            with redirect_stdout(output):
                exec(compile("\n" * (line - 1) + code, str(page), "exec"), namespace)
            printed = output.getvalue()
        elif language == "text" and printed:
            assert printed == code, f"{page.name}:{line} prints something else"
            printed = ""


def shell_lines(start):
    for page in PAGES:
        for language, code, _ in blocks(page):
            if language == "sh":
                for line in code.splitlines():
                    if line.startswith(start):
                        yield shlex.split(line, comments=True)


@pytest.mark.parametrize("command", list(shell_lines("python -m rules")), ids=" ".join)
def test_rule_commands(command):
    if not all((ROOT / word).exists() for word in command if word.endswith(".rules")):
        pytest.skip("needs the reader's own file")
    result = subprocess.run(
        [sys.executable, *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


def test_flags_of_launch_exist():
    known = (ROOT / "launch.py").read_text(encoding="utf-8")
    for command in shell_lines("python launch.py"):
        for flag in re.findall(r"--(\w+)", " ".join(command)):
            assert f'"{flag}"' in known


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_local_links_lead_somewhere(page):
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_named_make_targets_exist(page):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^\s*(?:\$ )?make ([a-z-]+)", page.read_text(encoding="utf-8"), re.M):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
