"""`import rules` is fast, and reading rule texts needs neither jax nor numpy."""

import subprocess
import sys
from pathlib import Path

import pytest

import rules

ROOT = Path(__file__).parents[2]
EXAMPLE = Path(__file__).with_name("example.rules")
HEAVY = ("jax", "numpy", "pyarrow", "flax")


def modules_after(code: str) -> set[str]:
    script = f"{code}\nimport sys; print('\\n'.join(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {line.partition(".")[0] for line in result.stdout.splitlines()}


def test_import_loads_nothing_heavy() -> None:
    assert modules_after("import rules").isdisjoint({*HEAVY, "lark"})


def test_import_loads_nothing_but_the_standard_library() -> None:
    found = modules_after("import rules") - modules_after("") - sys.stdlib_module_names
    assert found == {"rules"}


def test_a_case_needs_no_arrays() -> None:
    code = f"""
import rules
ruleset = rules.load({str(EXAMPLE)!r})
rules.generate(ruleset)({{}})
"""
    assert modules_after(code).isdisjoint(HEAVY)


def test_the_language_needs_no_arrays() -> None:
    code = f"""
import rules
ruleset = rules.load({str(EXAMPLE)!r})
rules.check(ruleset), rules.format_text(ruleset.text), ruleset.sha256
"""
    assert modules_after(code).isdisjoint(HEAVY)


def test_rules_never_imports_research() -> None:
    sources = (ROOT / "rules").rglob("*.py")
    assert not [path for path in sources if "import research" in path.read_text()]
    assert not [path for path in sources if "from research" in path.read_text()]


@pytest.mark.parametrize("name", rules.__all__)
def test_public_names_exist(name: str) -> None:
    assert getattr(rules, name) is not None
    assert name in dir(rules)


def test_functions_are_not_hidden_by_modules_of_their_name() -> None:
    code = """
import rules.decide, rules.explain
from rules.decide import decide
from rules.explain import explain
import rules
assert rules.decide is decide and rules.explain is explain, (rules.decide, rules.explain)
"""
    modules_after(code)


def test_unknown_names() -> None:
    with pytest.raises(AttributeError, match="module 'rules' has no attribute 'parze'"):
        _ = rules.parze


def test_load_decider() -> None:
    decider = rules.load_decider(EXAMPLE, fired=True)
    assert decider.ruleset == rules.load(EXAMPLE)
