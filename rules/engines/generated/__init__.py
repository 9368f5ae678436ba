"""Rule sets as generated Python functions: for single cases, without jax or numpy.

    decide = generate(ruleset)
    outcome, rule = decide({"income": 30_000, "amount": 5_000})

A case about single values of which all are known takes a two-valued function, made of plain
Python expressions; any other the three-valued one.
"""

from rules.engines.generated.function import GeneratedRuleset, Verdict, generate

__all__ = ["GeneratedRuleset", "Verdict", "generate"]
