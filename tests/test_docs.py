"""Every Python block of README and docs runs, and prints what it says it prints."""

import os
import re
import shlex
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pyarrow.parquet
import pytest

from research.training import defaults
from research.workdir import flat_config
from rules.cases import read_cases
from rules.cli import main

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
ELSEWHERE = {"rules.md"}  # tests/rules/test_docs.py runs it with its own files
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page):
    text = page.read_text(encoding="utf-8")
    for match in BLOCK.finditer(text):
        yield match[1], match[2], text.count("\n", 0, match.start()) + 2


POLICY = next(c for _, c, _ in blocks(ROOT / "docs/rules.md") if c.startswith("# A comment"))
FOUND = next(c for _, c, _ in blocks(ROOT / "docs/discovery.md") if c.startswith("# Grown on"))


@pytest.mark.parametrize(
    "page",
    [p for p in PAGES if p.name not in ELSEWHERE and any(b[0] == "python" for b in blocks(p))],
    ids=lambda p: p.name,
)
def test_python_blocks(page, tmp_path, monkeypatch):
    pytest.importorskip("sklearn", reason="needs scikit-learn")
    (tmp_path / "experiments").symlink_to(ROOT / "experiments")
    (tmp_path / "policy.rules").write_text(POLICY)
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


CASES = """\
{"p_default": 0.2, "income": 30000, "amount": 60000, "age": 40, "purpose": "car", "late": [3, 5], \
"country": "DE", "applied_on": "2026-03-01"}
{"p_default": 0.6, "income": 30000, "amount": 120000, "age": 40, "guarantor": false, "late": [], \
"country": "DE", "applied_on": "2026-03-01"}
"""


def rule_commands():
    for page in PAGES:
        for language, code, _ in blocks(page):
            lines = code.splitlines() if language == "sh" else []
            yield from (
                line.split(" #")[0].strip() for line in lines if line.startswith("python -m rules")
            )


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A directory of a reader who has typed off what the pages show."""
    desk = tmp_path_factory.mktemp("desk")
    (desk / "experiments").symlink_to(ROOT / "experiments")
    table = next(code for lang, code, _ in blocks(ROOT / "docs/tables.md") if lang == "csv")
    (desk / "policy.rules").write_text(POLICY)
    (desk / "limits.csv").write_text(table)
    for name in ("discovered.rules", "distilled.rules"):
        (desk / name).write_text(FOUND)
    (desk / "cases.jsonl").write_text(CASES)
    pyarrow.parquet.write_table(read_cases(desk / "cases.jsonl"), desk / "cases.parquet")
    run(desk, "python -m rules export policy.rules > policy.json")
    for file in ("policy.rules", "policy.rules --param cutoff=70%"):
        run(desk, f"python -m rules decide {file} --cases cases.jsonl --audit decisions.db")
    return desk


def run(folder, command):
    """The exit code and what is printed; in this process, as far as no shell is needed."""
    if not re.search(r"[$*>]", command):
        printed = StringIO()
        with chdir(folder), redirect_stdout(printed), redirect_stderr(printed):
            return main(shlex.split(command)[3:]), printed.getvalue()
    environment = dict(os.environ, PYTHONPATH=str(ROOT), JAX_PLATFORMS="cpu")
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    result = subprocess.run(
        ["bash", "-c", command],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return result.returncode, result.stdout + result.stderr


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(command, marks=[pytest.mark.slow] if "--mutate" in command else [])
        for command in sorted(set(rule_commands()))
    ],
)
def test_rule_commands(command, desk):
    pytest.importorskip("sqlalchemy", reason="needs SQLAlchemy")
    code, printed = run(desk, command)
    # 1 is an answer: that tests miss something, or that an edit changes decisions.
    assert code in (0, 1), printed
    assert "Traceback" not in printed and (code == 0 or printed)


HEAD = """\
ruleset credit version 1
input p_default: prob
input income: float > 0
decide outcome in {reject, approve}
    policy priority
    default approve
    unknown reject
"""


def test_the_finding_of_the_readme(tmp_path):
    pytest.importorskip("z3", reason="needs z3")
    shown = [code for _, code, _ in blocks(ROOT / "README.md")]
    (index,) = [index for index, code in enumerate(shown) if code.startswith("rule risky")]
    (tmp_path / "policy.rules").write_text(HEAD + shown[index])
    code, printed = run(tmp_path, "python -m rules check policy.rules")
    assert code == 0 and shown[index + 1] in printed, printed


def test_flags_of_launch_exist():
    known = flags_of_launch()
    for command in shell_lines("python launch.py"):
        assert set(re.findall(r"--(\w+)", " ".join(command))) <= known


def test_all_flags_and_training_options_are_told():
    page = (ROOT / "docs/experiments.md").read_text(encoding="utf-8")
    assert {name for name in flags_of_launch() if f"`--{name}" not in page} == set()
    options = flat_config(defaults())
    assert {name for name in options if f"`{name.split('.')[-1]}`" not in page} == set()


def flags_of_launch():
    text = (ROOT / "experiments/flags.py").read_text(encoding="utf-8")
    return set(re.findall(r'DEFINE_\w+\(\s*"(\w+)"', text))


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_local_links_lead_somewhere(page):
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_named_make_targets_exist(page):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    commands = "\n".join(code for language, code, _ in blocks(page) if language == "sh")
    for target in re.findall(r"^(?:\$ )?make ([a-z-]+)", commands, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
