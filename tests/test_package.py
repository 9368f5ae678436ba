"""The wheel, installed away from the checkout."""

import importlib.metadata
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow

SMOKE = """
import jax.numpy as jnp
import research, rules
from research.inference import load_decider

assert "site" in rules.__file__ and "site" in research.__file__, rules.__file__
decide = load_decider("policy.rules")
print(*[decide.outcomes[code] for code in decide({"p": jnp.array([0.1, 0.9, jnp.nan])}).outcome])
"""
POLICY = """
ruleset smoke version 1
input p: prob
decide outcome in {stay, go, ask}
    policy  first
    default stay
    unknown ask
rule high "It is high"
    outcome = go
    if p > 0.5
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    if int(importlib.metadata.version("setuptools").split(".")[0]) < 77:
        pytest.skip("needs setuptools 77 or newer")
    source = tmp_path_factory.mktemp("source")
    for name in ("research", "rules", "experiments", "tests"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    pip("wheel", "--no-deps", "--no-build-isolation", "-w", source / "dist", source)
    (built,) = (source / "dist").glob("*.whl")
    return built


def pip(*arguments):
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    environment = {k: v for k, v in os.environ.items() if k != "PIP_CONSTRAINT"}
    subprocess.run([*command, *map(str, arguments)], check=True, env=environment)


def test_the_wheel_holds_the_packages_and_their_data_only(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {"rules/py.typed", "research/py.typed", "rules/language/grammar.lark"} <= set(names)
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {
        "research",
        "rules",
    }


def test_it_works_from_outside_the_checkout(wheel, tmp_path):
    pip("install", "--no-deps", "--target", tmp_path / "site", wheel)
    (tmp_path / "policy.rules").write_text(POLICY)
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "site")}

    def run(*arguments):
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    assert run("-c", SMOKE) == "stay go ask\n"
    assert "1 rule, 0 findings" in run("-m", "rules", "check", "policy.rules")
