"""Rules that people own: checked, compiled, explained.

    >>> import rules
    >>> policy = rules.load("policy.rules")
    >>> decide = rules.compile(policy)         # a pure JAX function
    >>> one = rules.generate(policy)           # a Python function of one case
    >>> print(rules.explain(policy, {"income": 30_000}))

Everything is imported when it is first used: reading and checking rule texts needs neither
jax nor numpy.
"""

from __future__ import annotations

import importlib
import sys
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rules.checks import Finding, check
    from rules.decide import decide
    from rules.diff import diff
    from rules.engines.decisions import Decisions
    from rules.engines.generated import generate
    from rules.engines.xla import CompiledRuleset
    from rules.engines.xla import compile_ruleset as compile
    from rules.errors import RuleError, RuleErrors
    from rules.explain import explain, why_not
    from rules.explain.change import what_would_change
    from rules.language.builder import Builder
    from rules.language.formatter import format_text
    from rules.language.ir import Ruleset
    from rules.language.load import load, parse
    from rules.language.settings import in_force, with_params
    from rules.testing import run_tests

__all__ = [
    "Builder",
    "Decisions",
    "Finding",
    "RuleError",
    "RuleErrors",
    "Ruleset",
    "check",
    "compile",
    "decide",
    "diff",
    "explain",
    "format_text",
    "generate",
    "in_force",
    "load",
    "load_decider",
    "parse",
    "run_tests",
    "what_would_change",
    "why_not",
    "with_params",
]

_HOMES = types.MappingProxyType(
    {
        "Builder": ("rules.language.builder", "Builder"),
        "Decisions": ("rules.engines.decisions", "Decisions"),
        "Finding": ("rules.checks", "Finding"),
        "RuleError": ("rules.errors", "RuleError"),
        "RuleErrors": ("rules.errors", "RuleErrors"),
        "Ruleset": ("rules.language.ir", "Ruleset"),
        "check": ("rules.checks", "check"),
        "compile": ("rules.engines.xla", "compile_ruleset"),
        "decide": ("rules.decide", "decide"),
        "diff": ("rules.diff", "diff"),
        "explain": ("rules.explain", "explain"),
        "format_text": ("rules.language.formatter", "format_text"),
        "generate": ("rules.engines.generated", "generate"),
        "in_force": ("rules.language.settings", "in_force"),
        "load": ("rules.language.load", "load"),
        "parse": ("rules.language.load", "parse"),
        "run_tests": ("rules.testing", "run_tests"),
        "what_would_change": ("rules.explain.change", "what_would_change"),
        "why_not": ("rules.explain", "why_not"),
        "with_params": ("rules.language.settings", "with_params"),
    }
)


def load_decider(path: str | Path, **options: Any) -> CompiledRuleset:
    """Loads a rule file and compiles it: the entry point `rules` of `rulax.deciders`.

    Args:
        path: a rule file.
        **options: as for `compile`.

    Raises:
        OSError: the file cannot be read.
        RuleError: something is wrong in it.
    """
    from rules.engines.xla import compile_ruleset
    from rules.language.load import load

    return compile_ruleset(load(path), **options)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _HOMES[name]
    return getattr(importlib.import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Package(types.ModuleType):
    """Keeps `rules.decide` and `rules.explain` functions.

    There are submodules of these names, and the import system binds a submodule to its
    package when it is first imported, which would hide the function. `from rules.explain
    import why` works as ever; `import rules.explain.why as why` finds the function and fails.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOMES and isinstance(value, types.ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
