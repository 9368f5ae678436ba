"""Deliberate faults, one small change of code each, spread over the engines."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import inspect
import textwrap
import types
from collections.abc import Iterator


@dataclasses.dataclass(frozen=True)
class Fault:
    """A change in the code of one function.

    Attributes:
        what: goes wrong.
        engine: the engine that disagrees with the reference because of it; a fault in what
            the reference is made of shows in any other.
        place: `module:function` or `module:Class.method`.
        old: text in its source, once; what stands there instead is `new`.
        construct: what a program must have for the fault to show, to save time.
    """

    what: str
    engine: str
    place: str
    old: str
    new: str
    construct: str = ""

    @property
    def part(self) -> str:
        return self.place.partition(":")[0].removeprefix("rules.engines.").removeprefix("rules.")


@contextlib.contextmanager
def planted(fault: Fault) -> Iterator[None]:
    """The code with the fault, until the end of the `with` block."""
    function = _function(fault.place)
    source = textwrap.dedent(inspect.getsource(function))
    assert source.count(fault.old) == 1, f"{fault.place} has changed: choose another text"
    name = function.__name__
    scope: dict[str, types.FunctionType] = {}
    code = compile(source.replace(fault.old, fault.new), f"<{fault.what}>", "exec")
    exec(code, function.__globals__, scope)
    original, function.__code__ = function.__code__, scope[name].__code__
    try:
        yield
    finally:
        function.__code__ = original


def _function(place: str) -> types.FunctionType:
    module, _, path = place.partition(":")
    found: object = importlib.import_module(f"rules.{module}")
    for name in path.split("."):
        found = getattr(found, name)
    assert isinstance(found, types.FunctionType)
    return found


FAULTS = (
    # What the reference and the backward engine are made of.
    Fault(
        "`and` takes unknown for true",
        "numpy",
        "engines.semantics:conjunction",
        "return None if unknown else True",
        "return True",
    ),
    Fault(
        "`some` and `all` ignore who may be there",
        "numpy",
        "engines.semantics:_counted",
        "held if present or held is not some else None",
        "held",
    ),
    Fault(
        "float sums go backwards",
        "numpy",
        "engines.semantics:_aggregate",
        "return _sum(numbers)",
        "return _sum(numbers[::-1])",
        "sum float",
    ),
    Fault(
        "the mean of nobody is 0",
        "numpy",
        "engines.semantics:_aggregate",
        "case _:\n            return None",
        'case "mean":\n            return 0.0\n        case _:\n            return None',
        "mean float",
    ),
    Fault(
        "a fixpoint ends one round too early",
        "numpy",
        "engines.fixpoint:Fixpoint.settle",
        "if self._can_rise(reader)",
        "if False",
        "recursion",
    ),
    Fault(
        "what is derived about somebody who may be there is true",
        "numpy",
        "engines.semantics:derive",
        "return conjunction((present, held))",
        "return held",
        "parameters 1",
    ),
    Fault(
        "an unknown rule counts after the first that fires",
        "numpy",
        "engines.hit_policy:undecided",
        "r < winner and ",
        "",
    ),
    Fault(
        "an unknown constraint is passed over",
        "numpy",
        "engines.hit_policy:constrain",
        "if None in binding:",
        "if False:",
        "constraint",
    ),
    Fault(
        "two rules of one outcome are no conflict under `unique`",
        "numpy",
        "engines.hit_policy:_conflict",
        "return len(fires) > 1",
        "return len({outcomes[rank] for rank in fires}) > 1",
        "policy unique",
    ),
    # NumPy, and XLA with it, since both are lowered alike.
    Fault(
        "`<` is `<=`",
        "numpy",
        "engines.array_numbers:Numbers._order",
        '"<": self.ops.less,',
        '"<": self.ops.less_equal,',
    ),
    Fault(
        "`all` asks for people who are not there",
        "numpy",
        "engines.lowering:Lowering._quantified",
        "some = self.joins.some([*failing, *self.present(bound)], bound)",
        "some = self.joins.some(failing, bound)",
    ),
    Fault(
        "months are off by one",
        "numpy",
        "engines.lowering:Lowering._variable",
        "low = expr.type.low if",
        "low = expr.type.low + 1 if",
        "variable as int",
    ),
    Fault(
        "a constant argument is always the first object",
        "numpy",
        "engines.lowering:Lowering._object",
        "return np.uint32(domain.index(constant.value))",
        "return np.uint32(0)",
        "constant argument",
    ),
    Fault(
        "who may count does not",
        "numpy",
        "engines.array_aggregates:_count",
        "None if unknown is None else ops.invert(ops.some(unknown))",
        "None",
        "count",
    ),
    Fault(
        "the least of nobody is infinite",
        "numpy",
        "engines.array_aggregates:_extreme_float",
        "ops.disjoin(unknown, nobody)",
        "unknown",
    ),
    Fault(
        "subnormal results are kept",
        "numpy",
        "engines.array_numbers:Numbers._canonical",
        "np.float32(TINY)",
        "np.float32(0)",
    ),
    Fault(
        "mod by zero is known",
        "numpy",
        "engines.array_numbers:Numbers.arithmetic",
        "both(ops, known, ops.invert(zero))",
        "known",
        "arithmetic int mod",
    ),
    Fault(
        "dates go on after 9999",
        "numpy",
        "engines.array_numbers:Numbers.arithmetic",
        "if isinstance(type_, ir.DateType) else",
        "if False else",
        "arithmetic date +",
    ),
    Fault(
        "soft constraints bind",
        "numpy",
        "engines.array_constraints:constrain",
        "if item.weight is None:",
        "if True:",
        "soft constraint",
    ),
    Fault(
        "a fixpoint ends after one round",
        "numpy",
        "engines.array_ops:_fixpoint",
        "while any(",
        "while False and any(",
        "recursion",
    ),
    Fault(
        "`not` loses what is possible",
        "numpy",
        "engines.kleene:negation",
        "None if truth.possible is None else ops.invert(truth.true)",
        "None",
    ),
    Fault(
        "an unknown rule with the default's outcome leaves `unique` undecided",
        "numpy",
        "engines.verdict:_Rules.contested_unique",
        "if code != self.default",
        "if True",
        "policy unique",
    ),
    # Generated Python.
    Fault(
        "priorities are ignored",
        "python",
        "engines.generated.single:SingleValues._plane_lines",
        "rule in self._in_order:",
        "rule in [*self._in_order[-2::-1], self._in_order[-1]]:",
        "policy priority",
    ),
    Fault(
        "`all` loses what is unknown",
        "python",
        "engines.generated.kleene_code:KleeneCode.quantified",
        "is None: t = None",
        "is None: pass",
    ),
    Fault(
        "recursive facts are not settled",
        "python",
        "engines.generated.kleene_code:KleeneCode.reference",
        "}].answer((",
        "}].truth_of((",
        "recursion",
    ),
    Fault(
        "the greatest is the least",
        "python",
        "engines.generated.kleene_code:KleeneCode.aggregate",
        'better = "<" if node.function == "min" else ">"',
        'better = "<"',
    ),
    Fault(
        "`>` is `>=` at a threshold",
        "python",
        "engines.generated.thresholds:first_above",
        "strict=True",
        "strict=False",
        "compare float >",
    ),
    Fault(
        "soft constraints bind",
        "python",
        "engines.generated.single:SingleValues._limits",
        "item.weight is None and outcome not in item.allowed",
        "outcome not in item.allowed",
        "soft constraint",
    ),
    # Backward.
    Fault(
        "a second rule of one outcome is not looked at",
        "backward",
        "engines.backward:Query.decide",
        'decision.policy in ("any", "collect") and outcome in fired',
        "outcome in fired",
        "policy unique",
    ),
    Fault(
        "constraints are ignored",
        "backward",
        "engines.backward:Query._constrain",
        "if item.weight is None and not came <= set(item.allowed)",
        "if False",
        "constraint",
    ),
    Fault(
        "recursive facts are not settled",
        "backward",
        "engines.backward:Query._find",
        "rising.answer(fact)",
        "rising.truth_of(fact)",
        "recursion",
    ),
    # XLA alone.
    Fault(
        "mod has the sign of the dividend",
        "xla",
        "engines.lax_ops:_modulo",
        "return _select(wrong, lax.add(rest, right), rest)",
        "return rest",
        "arithmetic int mod",
    ),
    Fault(
        "float sums go backwards",
        "xla",
        "engines.lax_ops:_fold",
        "range(len(terms))",
        "range(len(terms) - 1, -1, -1)",
        "sum float",
    ),
    Fault(
        "a fixpoint ends before it begins",
        "xla",
        "engines.lax_ops:_fixpoint",
        "return last",
        "return start",
        "recursion",
    ),
    # The table form alone.
    Fault(
        "what is negated is not",
        "table",
        "engines.table_circuit:_Builder._node",
        "return self.node(operand, not wanted)",
        "return self.node(operand, wanted)",
        "not",
    ),
    # durable_rules.
    Fault(
        "a negation is dropped",
        "rete",
        "engines.rete.conjunctions:Conjunctions.parts",
        "return self.parts(operand, scope, not truth, sure)",
        "return self.parts(operand, scope, truth, sure)",
    ),
    Fault(
        "`all` is `some`",
        "rete",
        "engines.rete.conjunctions:_example",
        'kind="some", body=ir.Not(operand=expr.body)',
        'kind="some", body=expr.body',
    ),
    Fault(
        "who may be there is there",
        "rete",
        "engines.rete.normal_form:Normaliser._clause",
        'kind = "present" if item.sure and not fixed else "listed"',
        'kind = "listed"',
    ),
    # Printing.
    Fault(
        "parentheses are lost",
        "text",
        "language.printer:_Printer.last",
        'else (f"({text})", False)',
        "else (text, False)",
    ),
)
