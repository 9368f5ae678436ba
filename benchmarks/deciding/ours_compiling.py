"""Our contestants on what comes before and around decisions: compiling, the model, sweeps."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import rules
from benchmarks.contest import Work
from benchmarks.deciding.cases import answer, columns, records, with_missing
from benchmarks.deciding.graphs import cutoffs
from benchmarks.deciding.policy import policy
from benchmarks.deciding.ruleset import ruleset
from research.models import CNN, MLP, Network
from rules.engines.generated import generate
from rules.language import ir

ROOT = Path(__file__).resolve().parents[2]
CASES = 1024


def ready(count: int, *, cached: bool = False) -> Work:
    """From the plain policy to the first answers, with nothing compiled.

    Args:
        count: rules.
        cached: with XLA's programs kept on disk, as from the second start on.
    """
    plain = policy(count)
    given = {name: jnp.asarray(c) for name, c in with_missing(columns(CASES), 0.0).items()}
    if cached:
        jax.config.update("jax_compilation_cache_dir", tempfile.mkdtemp())
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)

    def run() -> Any:
        jax.clear_caches()
        return jax.block_until_ready(rules.compile(ruleset(plain))(given))

    return Work(run=run, answer=lambda: answer(plain, np.asarray(run().rule)))


def ready_generated(count: int) -> Work:
    """From the plain policy to the first answer of the generated function."""
    plain = policy(count)
    (case,) = records(1)

    def run() -> int:
        return generate(ruleset(plain))(case).rule

    return Work(run=run, answer=lambda: answer(plain, [run()]))


def credit(rows: int, *, decided: bool) -> Work:
    """A network of two layers of 128, and the lending rules on its probabilities."""
    decider = rules.compile(rules.load(ROOT / "benchmarks" / "lending.rules"))
    network = Network.from_nnx(lambda rngs: MLP(32, hidden=(128, 128), outputs=2, rngs=rngs))
    variables = network.init(jax.random.key(0))
    inputs = jax.random.normal(jax.random.key(1), (rows, 32))
    given = {name: jnp.asarray(_random(item, rows)) for name, item in decider.inputs.items()}

    @jax.jit
    def predict(inputs: Any, given: Any) -> Any:
        outputs, _ = network.apply(variables, inputs, False, None)
        p = jax.nn.softmax(outputs["logits"])[:, 1]
        return p, decider({**given, "p_default": p}) if decided else None

    return _model(predict, inputs, given)


def digits(rows: int, *, decided: bool) -> Work:
    """A small convolutional network, and the rules on its two most likely digits."""
    decider = rules.compile(rules.load(ROOT / "experiments" / "digits" / "digit.rules"))
    network = Network.from_nnx(
        lambda rngs: CNN((8, 8, 1), channels=(32, 64), outputs=10, rngs=rngs)
    )
    variables = network.init(jax.random.key(0))
    inputs = jax.random.normal(jax.random.key(1), (rows, 8, 8, 1))

    @jax.jit
    def predict(inputs: Any, given: Any) -> Any:
        outputs, _ = network.apply(variables, inputs, False, None)
        p = jax.nn.softmax(outputs["logits"])
        likely, _ = jax.lax.top_k(p, 2)
        found = decider({"confidence": likely[:, 0], "runner_up": likely[:, 1]})
        return likely, found if decided else None

    return _model(predict, inputs, {})


def _model(predict: Any, inputs: Any, given: Any) -> Work:
    return Work(
        run=lambda: jax.block_until_ready(predict(inputs, given)),
        answer=lambda: np.asarray(predict(inputs, given)[0][:64]),
    )


def _random(type_: ir.Type, rows: int) -> np.ndarray:
    random = np.random.default_rng(0)
    if isinstance(type_, ir.EnumType):
        return random.integers(0, len(type_.members), rows).astype(np.int32)
    assert isinstance(type_, ir.FloatType)
    low, high = (type_.low or 0) + 1, type_.high or 1000
    return random.uniform(min(low, high / 2), high, rows).astype(np.float32)


SCREENING = """
ruleset screening version 1
param cutoff: prob = 50%
input p_fraud: prob
input amount: float
input is_vip: bool
decide outcome in {block, review, approve} policy first default approve unknown review
rule stop "likely fraud" outcome = block if p_fraud >= cutoff and not is_vip
rule ask "likely fraud of a good customer, or much money"
    outcome = review if p_fraud >= cutoff or amount > 9_000
"""


def sweep(rows: int, count: int) -> Work:
    """How many cases each of many cutoffs blocks and reviews, in one call."""
    decider = rules.compile(rules.parse(SCREENING))
    complete = with_missing(columns(rows), 0.0)
    given = {name: jnp.asarray(complete[name]) for name in ("p_fraud", "amount", "is_vip")}

    def counted(cutoff: Any) -> Any:
        outcome = decider(given, {"cutoff": cutoff}).outcome
        return jnp.stack([(outcome == code).sum() for code in (0, 1)])

    # One after the other: a `vmap` would write the outcomes of all to memory.
    swept = jax.jit(lambda tried: jax.lax.map(counted, tried))
    tried = jnp.asarray(cutoffs(count))
    return Work(
        run=lambda: swept(tried).block_until_ready(),
        answer=lambda: np.asarray(swept(tried))[:10],
    )
