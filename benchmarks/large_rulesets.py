"""How fast large rule sets compile and decide: python benchmarks/large_rulesets.py [--counts N,M]

Generated rules in three strata: 60 % join two or three comparisons of eight inputs, 20 % a
comparison and two such truths, 20 % decide by priority. Two in a hundred values are missing.
Both forms of the XLA engine and NumPy; answers are compared before anything is timed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from random import Random

import jax
import jax.numpy as jnp
import numpy as np

from rules.engines.arrays import decide_numpy
from rules.engines.xla import Form, compile_ruleset
from rules.language import ir

INPUTS: dict[str, ir.Type] = {
    "p_fraud": ir.PROB,
    "p_suspicious": ir.PROB,
    "amount": ir.FloatType(),
    "age": ir.IntType(0, 120),
    "region": ir.IntType(0, 31),
    "earlier": ir.IntType(0, 1000),
    "is_new": ir.BOOL,
    "is_vip": ir.BOOL,
}
LARGEST = {"amount": 10_000.0, "age": 90, "region": 31, "earlier": 20}
ROUNDS = 7
CHECKED = 2048
FUSED = 300  # rules, beyond which the fused form would take minutes


def comparison(random: Random) -> ir.Expr:
    """A comparison of an input with a constant."""
    name = random.choice(list(INPUTS))
    type_ = INPUTS[name]
    ref = ir.Ref(name=name, type=type_)
    op = random.choice(("<", "<=", ">", ">="))
    if isinstance(type_, ir.BoolType):
        return random.choice((ref, ir.Not(operand=ref)))
    if isinstance(type_, ir.FloatType):
        value = random.randrange(1, 1024) / 1024 * LARGEST.get(name, 1.0)
        return ir.Compare(op=op, left=ref, right=ir.Const(value=value, type=ir.FloatType()))
    constant = ir.Const(value=random.randrange(1, int(LARGEST[name])), type=ir.IntType())
    return ir.Compare(op="=" if name == "region" else op, left=ref, right=constant)


def join(random: Random, count: int, truths: list[str]) -> ir.Expr:
    """Some comparisons, and two of the truths."""
    parts = [comparison(random) for _ in range(count)]
    parts += [ir.Ref(name=n, type=ir.BOOL) for n in random.sample(truths, min(2, len(truths)))]
    return parts[0] if len(parts) == 1 else ir.And(operands=tuple(parts))


def stratum(
    random: Random, prefix: str, rules: int, counts: list[int], truths: list[str]
) -> tuple[ir.Derived, ...]:
    """Truths of two or three clauses each."""
    derived: list[ir.Derived] = []
    while rules > 0:
        clauses = min(rules, random.choice((2, 3)))
        joined = tuple(join(random, random.choice(counts), truths) for _ in range(clauses))
        derived.append(ir.Derived(name=f"{prefix}{len(derived)}", type=ir.BOOL, clauses=joined))
        rules -= clauses
    return tuple(derived)


def generate(count: int) -> ir.Ruleset:
    """A rule set of so many clauses and rules."""
    random = Random(count)
    deciding = max(1, count // 5)
    lower = stratum(random, "a", count - 2 * deciding, [2, 3], [])
    upper = stratum(random, "b", deciding, [1], [item.name for item in lower])
    truths = [item.name for item in (*lower, *upper)]
    outcomes = ("block", "review", "approve")
    return ir.Ruleset(
        name="generated",
        version=1,
        inputs=tuple(ir.Input(name=name, type=type_) for name, type_ in INPUTS.items()),
        derived=(*lower, *upper),
        decision=ir.Decision(
            name="outcome",
            outcomes=outcomes,
            policy="priority",
            default="approve",
            unknown="review",
        ),
        rules=tuple(
            ir.Rule(
                name=f"r{number}",
                title="",
                outcome=random.choice(outcomes),
                condition=join(random, random.choice((1, 2)), truths),
                because=(),
                priority=random.randrange(100),
            )
            for number in range(deciding)
        ),
    )


def cases(rows: int) -> dict[str, np.ndarray]:
    """Columns of random cases."""
    random = np.random.default_rng(0)
    columns: dict[str, np.ndarray] = {}
    for name, type_ in INPUTS.items():
        missing = random.random(rows) < 0.02
        if isinstance(type_, ir.FloatType):
            values = random.integers(0, 1025, rows) / 1024 * LARGEST.get(name, 1.0)
            columns[name] = np.where(missing, np.nan, values).astype(np.float32)
        elif isinstance(type_, ir.BoolType):
            columns[name] = np.where(missing, -1, random.integers(0, 2, rows)).astype(np.int8)
        else:
            whole = random.integers(0, int(LARGEST[name]), rows)
            columns[name] = np.where(missing, -(2**31), whole).astype(np.int32)
    return columns


def measure(ruleset: ir.Ruleset, form: Form, columns: dict[str, np.ndarray]) -> str:
    """Seconds to the first answer, and decisions per second after it."""
    decider = compile_ruleset(ruleset, form=form)
    on_device = {name: jnp.asarray(column) for name, column in columns.items()}
    began, worked = time.perf_counter(), time.process_time()
    decisions = jax.block_until_ready(decider(on_device))
    ready, work = time.perf_counter() - began, time.process_time() - worked
    some = {name: column[:CHECKED] for name, column in columns.items()}
    assert (np.asarray(decisions.rule)[:CHECKED] == decide_numpy(ruleset, some).rule).all()
    spent = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        jax.block_until_ready(decider(on_device))
        spent.append(time.perf_counter() - began)
    rate = len(columns["age"]) / statistics.median(spent) / 1e6
    best = len(columns["age"]) / min(spent) / 1e6
    return f"ready in {ready:6.2f} s ({work:6.2f} s of CPU)  {rate:8.2f} M/s, best {best:8.2f}"


def main() -> None:
    """Prints a line for each rule set and form."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=131_072)
    parser.add_argument("--counts", default="10,100,1000,3000,5000")
    options = parser.parse_args()
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"jax {jax.__version__}, {options.rows:,} cases, {os.cpu_count()} cores, load {load}")
    columns = cases(options.rows)
    for count in map(int, options.counts.split(",")):
        ruleset = generate(count)
        forms: tuple[Form, ...] = ("fused", "table") if count <= FUSED else ("table",)
        for form in forms:
            print(f"{count:6} rules  {form:6} {measure(ruleset, form, columns)}", flush=True)


if __name__ == "__main__":
    main()
