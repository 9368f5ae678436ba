"""The engines and oracles, all called alike: what is said of each case of a rule set."""

from __future__ import annotations

import contextlib
import importlib
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from rules.engines.agree.comparison import Excluded, Facts, Failed, Said
from rules.language import ir

__all__ = ["ENGINES", "ORACLES", "Case", "Engine", "Spoken", "opened"]

ENGINES = ("python", "backward", "numpy", "xla", "table", "rete")
ORACLES = ("clingo", "clips", "problog")

Case: TypeAlias = Mapping[str, Any]
Spoken: TypeAlias = Said | Failed | Excluded
Engine: TypeAlias = Callable[[ir.Ruleset, Sequence[Case]], Sequence[Spoken]]

ROWS = 16  # batches are filled up to a multiple, so that few shapes are compiled


@contextlib.contextmanager
def opened(names: Sequence[str]) -> Iterator[Mapping[str, Engine]]:
    """The reference and some engines and oracles by name, until the end of the `with` block.

    Raises:
        ImportError: the package of one is not installed.
    """
    with contextlib.ExitStack() as stack:
        engines: dict[str, Engine] = {"reference": reference}
        for name in names:
            if name == "rete":
                engines[name] = stack.enter_context(_rete())
            elif name in ORACLES:
                oracle = importlib.import_module(f"rules.engines.agree.oracles.{name}")
                engines[name] = _guarded(oracle.answer)
            else:
                engines[name] = _guarded(_ENGINES[name])
        yield engines


def _guarded(engine: Engine) -> Engine:
    """An engine whose exceptions are answers: each is a finding, to be told with its case."""

    def answer(ruleset: ir.Ruleset, cases: Sequence[Case]) -> Sequence[Spoken]:
        try:
            return engine(ruleset, cases)
        except Exception as error:
            return [_failed(error)] * len(cases)

    return answer


def _each(answer: Callable[[Case], Said], cases: Sequence[Case]) -> list[Spoken]:
    said: list[Spoken] = []
    for case in cases:
        try:
            said.append(answer(case))
        except Exception as error:
            said.append(_failed(error))
    return said


def _failed(error: Exception) -> Failed:
    return Failed(message=f"{type(error).__name__}: {error}")


# ----------------------------------------------------------------------------- on the host


def reference(ruleset: ir.Ruleset, cases: Sequence[Case]) -> Sequence[Spoken]:
    """The specification."""
    from rules.engines.reference import evaluate

    def answer(case: Case) -> Said:
        told = evaluate(ruleset, case)
        return Said(
            outcome=told.outcome,
            rule=told.rule,
            fired=tuple(truth is True for truth in told.truths),
            truths=told.truths,
            violated=told.violated,
            margin=told.margin,
            derived=_facts(ruleset, told.values),
        )

    return _each(answer, cases)


def _facts(ruleset: ir.Ruleset, values: Mapping[str, Any]) -> Facts:
    return {
        item.name: values[item.name] if item.parameters else {(): values[item.name]}
        for item in ruleset.derived
    }


def _backward(ruleset: ir.Ruleset, cases: Sequence[Case]) -> Sequence[Spoken]:
    """Goal by goal: the decision first, then everything else, the last derived first."""
    from rules.engines.backward import Query

    def answer(case: Case) -> Said:
        query = Query(ruleset, case)
        outcome, rule = query.decide()
        truths = tuple(query.holds(item.name) for item in ruleset.ranked)
        derived = {
            item.name: {
                objects: query.ask(item.name, *objects)
                for objects in itertools.product(
                    *(query.objects[binding.entity] for binding in item.parameters)
                )
            }
            for item in reversed(ruleset.derived)
        }
        return Said(outcome=outcome, rule=rule, truths=truths, derived=derived)

    return _each(answer, cases)


def _python(ruleset: ir.Ruleset, cases: Sequence[Case]) -> Sequence[Spoken]:
    from rules.engines.generated import generate

    decide = generate(ruleset)

    def answer(case: Case) -> Said:
        outcome, rule = decide(case)
        return Said(outcome=outcome, rule=rule)

    return _each(answer, cases)


@contextlib.contextmanager
def _rete() -> Iterator[Engine]:
    from rules.engines.rete.engine import Rete
    from rules.engines.rete.errors import ReteLimitError
    from rules.engines.rete.matcher import Answer
    from rules.engines.rete.server import Server

    with Server() as server:

        def answer(ruleset: ir.Ruleset, cases: Sequence[Case]) -> Sequence[Spoken]:
            def told(result: Answer | Exception) -> Spoken:
                if isinstance(result, ReteLimitError):
                    return Excluded(reason="a case beyond the limits of durable_rules")
                if isinstance(result, Exception):
                    return _failed(result)
                return Said(
                    outcome=result.outcome,
                    rule=result.rule,
                    truths=result.truths,
                    violated=result.violated,
                    derived=_facts(ruleset, result.derived),
                )

            try:
                with Rete(ruleset, server=server) as engine:
                    return [told(result) for result in engine.attempt(cases)]
            except ReteLimitError:
                return [Excluded(reason="beyond the limits of durable_rules")] * len(cases)

        yield _guarded(answer)


# ------------------------------------------------------------------------------ on arrays


def _numpy(ruleset: ir.Ruleset, cases: Sequence[Case]) -> Sequence[Spoken]:
    from rules.engines.arrays import Extras, decide_numpy

    names = tuple(item.name for item in ruleset.derived)
    extras = Extras(fired=True, margin=True, derived=names, violated=True)
    return _arrays(ruleset, cases, lambda columns: decide_numpy(ruleset, columns, extras))


def _xla(ruleset: ir.Ruleset, cases: Sequence[Case]) -> Sequence[Spoken]:
    names = tuple(item.name for item in ruleset.derived)
    return _arrays(ruleset, cases, _compiled(ruleset, margin=True, derived=names))


def _table(ruleset: ir.Ruleset, cases: Sequence[Case]) -> Sequence[Spoken]:
    """The XLA engine's form for many rules, which few random rule sets would get otherwise."""
    return _arrays(ruleset, cases, _compiled(ruleset, form="table"))


def _compiled(ruleset: ir.Ruleset, **options: Any) -> Callable[[Mapping[str, Any]], Any]:
    def decide(columns: Mapping[str, Any]) -> Any:
        import jax
        import numpy as np

        from rules.engines.xla import compile_ruleset

        compiled = compile_ruleset(ruleset, fired=True, violated=True, **options)
        return jax.tree.map(np.asarray, compiled(columns))

    return decide


def _arrays(
    ruleset: ir.Ruleset, cases: Sequence[Case], decide: Callable[[Mapping[str, Any]], Any]
) -> Sequence[Spoken]:
    from rules.engines.agree.columns import encode_worlds, said
    from rules.engines.world import admit_case

    if any(entity.size is None for entity in ruleset.entities):
        return [Excluded(reason="an entity without bound")] * len(cases)
    worlds = [admit_case(ruleset, case) for case in cases]
    decisions = decide(encode_worlds(ruleset, worlds, -(-len(cases) // ROWS) * ROWS))
    return [said(ruleset, world, decisions, row) for row, world in enumerate(worlds)]


_ENGINES: Mapping[str, Engine] = {
    "python": _python,
    "backward": _backward,
    "numpy": _numpy,
    "xla": _xla,
    "table": _table,
}
