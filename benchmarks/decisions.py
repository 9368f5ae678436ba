"""What rules cost: python benchmarks/decisions.py [--rows N]

Real applications, repeated to a million rows, decided by a lending policy. All
contestants run in turns in one process; answers are compared before anything is timed.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import rules
from research.data.datasets import credit
from research.data.features import Features
from research.inference import recode
from research.models import MLP, Network

POLICY = Path(__file__).with_name("lending.rules")
ROUNDS = 9


def by_hand(c: dict[str, np.ndarray]) -> np.ndarray:
    """The policy as a careful NumPy programmer writes it, for complete cases only."""
    instalment = c["amount"] / c["months"]
    coverage = (c["income"] - c["expenses"] - c["debt"] / np.float32(60)) / instalment
    p, secured, adverse = c["p_default"], c["assets"] >= 5 * c["amount"], c["records"] == 1
    thin = ((c["seniority"] < 1) & (c["job"] != 0)) | (c["age"] < 21)
    reject, refer, approve = 0, 1, 2
    choices = [
        (c["age"] < 18, reject),
        (p >= np.float32(0.65), reject),
        (adverse & (p >= np.float32(0.45)), reject),
        ((coverage < 1) & ~secured, reject),
        ((coverage < 1) & secured, refer),
        (c["age"] + c["months"] / np.float32(12) > 75, refer),
        (c["amount"] / c["price"] > 1, refer),
        (c["amount"] > 3000, refer),
        (adverse & (p >= np.float32(0.2)), refer),
        (thin & (p >= np.float32(0.3)), refer),
        ((coverage < 2) & (p >= np.float32(0.15)), refer),
        ((p >= np.float32(0.4)) | ((p >= np.float32(0.25)) & ~secured), refer),
        ((p < np.float32(0.12)) & (coverage >= 2), approve),
        (secured & (p < np.float32(0.4)), approve),
        ((p < np.float32(0.25)) & (coverage >= 1), approve),
    ]
    return np.select([c for c, _ in choices], [o for _, o in choices], refer)


def medians(contestants: dict[str, Any]) -> dict[str, float]:
    """Seconds per call, the contestants taking turns; medians over the rounds."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for round_ in range(ROUNDS + 2):
        for name, call in contestants.items():
            began = time.perf_counter()
            jax.block_until_ready(call())
            if round_ >= 2:
                times[name].append(time.perf_counter() - began)
    return {name: statistics.median(spent) for name, spent in times.items()}


def main() -> None:
    """Prints two tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows

    applications = credit.load()
    complete = applications.take(
        np.logical_and.reduce(
            [np.isfinite(c) & (c != -1) for c in applications.columns.values()]
        ).nonzero()[0]
    )
    many = complete.take(np.arange(rows) % len(complete))
    policy = rules.load(POLICY)
    outcome, fired = rules.compile(policy), rules.compile(policy, fired=True)
    p_default = np.random.default_rng(0).uniform(size=rows).astype(np.float32)
    categories = {c.name: c.categories for c in many.schema.columns if c.categories}
    named = recode(many.columns, categories, outcome) | {"p_default": jnp.asarray(p_default)}
    on_host = {name: np.asarray(column) for name, column in named.items()}
    named = {name: jnp.asarray(column) for name, column in named.items()}
    assert (np.asarray(outcome(named).outcome) == by_hand(on_host)).all()

    print(
        f"jax {jax.__version__}, numpy {np.__version__}, {rows:,} cases, {len(policy.rules)} rules"
    )
    spent = medians(
        {
            "NumPy by hand, no missing values": lambda: by_hand(on_host),
            "rules, outcome and deciding rule": lambda: outcome(named),
            "rules, and all rules that fire": lambda: fired(named),
        }
    )
    slowest = max(spent.values())
    for name, seconds in spent.items():
        print(f"{name:36} {rows / seconds / 1e6:8.1f} M/s  {slowest / seconds:5.1f} x")

    features = Features.fit(complete.columns, complete.schema)
    network = Network.from_nnx(
        lambda rngs: MLP(features.dim, hidden=(128, 128), outputs=2, rngs=rngs)
    )
    variables = network.init(jax.random.key(0))
    columns = {name: jnp.asarray(column) for name, column in many.columns.items()}

    def predict(columns: Any) -> Any:
        outputs, _ = network.apply(variables, features(columns), False, None)
        return jax.nn.softmax(outputs["logits"])[:, 1]

    @jax.jit
    def decide(columns: Any) -> Any:
        p = predict(columns)
        return p, outcome({**recode(columns, categories, outcome), "p_default": p}).rule

    model = jax.jit(predict)
    spent = medians({"model": lambda: model(columns), "model and rules": lambda: decide(columns)})
    extra = spent["model and rules"] / spent["model"] - 1
    print(f"{'model alone':36} {rows / spent['model'] / 1e6:8.1f} M/s")
    print(
        f"{'model and rules in one program':36} {rows / spent['model and rules'] / 1e6:8.1f} M/s"
        f"  {extra:+.1%} time"
    )


if __name__ == "__main__":
    main()
