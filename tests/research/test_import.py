"""What importing costs, and who may import whom."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def imports(package):
    for path in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                yield path.relative_to(ROOT), name.split(".")[0]


@pytest.mark.parametrize(
    ("package", "forbidden"),
    [
        ("research", {"rules", "experiments", "launch"}),
        ("rules", {"research", "experiments", "launch"}),
    ],
)
def test_dependencies_point_one_way(package, forbidden):
    found = list(imports(package))
    assert found
    assert [pair for pair in found if pair[1] in forbidden] == []


@pytest.mark.parametrize("module", ["research", "research.models", "research.training"])
def test_importing_needs_no_extra(module):
    code = (
        "import sys;"
        "sys.modules.update(dict.fromkeys(['pandas', 'sklearn', 'matplotlib', 'durable']));"
        f"import {module}"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_import_research_is_light():
    code = "import sys, research; print(*[m for m in ('jax', 'flax', 'numpy') if m in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True, text=True
    )
    assert result.stdout.strip() == ""


def test_no_file_is_too_long():
    files = [
        p
        for top in ("research", "rules", "experiments", "tests")
        for p in (ROOT / top).rglob("*.py")
    ]
    assert [str(p) for p in files if len(p.read_text(encoding="utf-8").splitlines()) > 400] == []
    assert len((ROOT / "launch.py").read_text(encoding="utf-8").splitlines()) <= 60
