"""What the Python builder hands out: values and truths, variables, entities.

Operators on them write rules down instead of computing. Python lets `and`, `or`, `not`,
chains of comparisons, `if` and `in` not be written down so; they, and whatever else would
silently mean something different, are a TypeError that tells what to write.
"""

from __future__ import annotations

import abc
import dataclasses
import numbers
from typing import NoReturn

from rules.language import syntax
from rules.language.builder_places import Places
from rules.language.builder_values import literal
from rules.language.syntax_printer import syntax_text

__all__ = ["Entity", "Handle", "Term", "Variable", "expression"]

_NO_TRUTH = (
    "it is not known yet whether {0} holds: a rule expression is written down, not computed. "
    "For `a and b`, `a or b`, `not a` write (a) & (b), (a) | (b), ~(a); for a < x < b write "
    "(a < x) & (x < b) or x.between(a, b); for `a if condition else b` write "
    "R.if_else(condition, a, b); for `x in [...]` write x.is_in(...); for max(a, b) write "
    "R.maximum(a, b)"
)


class Term:
    """A value or a truth: an input, something derived, a calculation, a comparison.

    Attributes:
        node: its syntax.
        is_truth: whether it is known to be a truth.
    """

    __slots__ = ("is_truth", "node", "places")
    __array_ufunc__ = None  # numpy numbers on the left leave the operator to us

    def __init__(self, node: syntax.Expression, places: Places, *, is_truth: bool = False) -> None:
        self.node = node
        self.places = places
        self.is_truth = is_truth

    # ------------------------------------------------------------------ comparisons

    def __eq__(self, other: object) -> Term:  # type: ignore[override]
        if other is None:
            raise TypeError(f"for a missing value write ({self!r}).is_unknown() instead of == None")
        return self._compared("=", other)

    def __ne__(self, other: object) -> Term:  # type: ignore[override]
        if other is None:
            raise TypeError(f"for a value that is there write ({self!r}).is_known(), not != None")
        return self._compared("!=", other)

    def __lt__(self, other: object) -> Term:
        return self._compared("<", other)

    def __le__(self, other: object) -> Term:
        return self._compared("<=", other)

    def __gt__(self, other: object) -> Term:
        return self._compared(">", other)

    def __ge__(self, other: object) -> Term:
        return self._compared(">=", other)

    def _compared(self, op: str, other: object) -> Term:
        span = self.places.here()
        if isinstance(other, list | tuple | set | frozenset | dict):
            raise TypeError(f"to compare with several values write ({self!r}).is_in(a, b, ...)")
        operands = (expression(self, self.places), expression(other, self.places))
        node = syntax.Comparison(operators=(op,), operands=operands, span=span)
        return Term(node, self.places, is_truth=True)

    def is_in(self, *values: object) -> Term:
        """Whether it is one of some values."""
        if len(values) == 1 and isinstance(values[0], list | tuple | set | frozenset | range):
            several = values[0]
            values = tuple(sorted(several) if isinstance(several, set | frozenset) else several)
        if not values:
            raise TypeError("is_in needs at least one value")
        members = tuple(expression(value, self.places) for value in values)
        node = syntax.Member(operand=self.node, members=members, span=self.places.here())
        return Term(node, self.places, is_truth=True)

    def between(self, low: object, high: object) -> Term:
        """Whether it is within two bounds, both included."""
        node = syntax.Within(
            operand=self.node,
            low=expression(low, self.places),
            high=expression(high, self.places),
            span=self.places.here(),
        )
        return Term(node, self.places, is_truth=True)

    def is_unknown(self) -> Term:
        """Whether it is missing."""
        return self._known(False)

    def is_known(self) -> Term:
        """Whether it is there."""
        return self._known(True)

    def _known(self, known: bool) -> Term:
        node = syntax.Known(operand=self.node, known=known, span=self.places.here())
        return Term(node, self.places, is_truth=True)

    # ------------------------------------------------------------------- connectives

    def __and__(self, other: object) -> Term:
        return self._joined(syntax.Conjunction, self, other, "&")

    def __rand__(self, other: object) -> Term:
        return self._joined(syntax.Conjunction, other, self, "&")

    def __or__(self, other: object) -> Term:
        return self._joined(syntax.Disjunction, self, other, "|")

    def __ror__(self, other: object) -> Term:
        return self._joined(syntax.Disjunction, other, self, "|")

    def __invert__(self) -> Term:
        node = syntax.Negation(operand=self.node, span=self.places.here())
        return Term(node, self.places, is_truth=True)

    def _joined(
        self,
        kind: type[syntax.Conjunction] | type[syntax.Disjunction],
        left: object,
        right: object,
        sign: str,
    ) -> Term:
        operands: list[syntax.Expression] = []
        for side in (left, right):
            if isinstance(side, numbers.Number) and not isinstance(side, bool):
                raise TypeError(
                    f"{side!r} beside {sign} is a number: {sign} binds tighter than a comparison "
                    f"in Python, so put each comparison in parentheses: (a >= 1) {sign} (b < 2)"
                )
            node = expression(side, self.places)
            # Flat, so that a loop can join many; the language has them flat, too.
            operands.extend(node.operands if isinstance(node, kind) else [node])
        node = kind(operands=tuple(operands), span=self.places.here())
        return Term(node, self.places, is_truth=True)

    # -------------------------------------------------------------------- arithmetic

    def __add__(self, other: object) -> Term:
        return self._binary("+", self, other)

    def __radd__(self, other: object) -> Term:
        return self._binary("+", other, self)

    def __sub__(self, other: object) -> Term:
        return self._binary("-", self, other)

    def __rsub__(self, other: object) -> Term:
        return self._binary("-", other, self)

    def __mul__(self, other: object) -> Term:
        return self._binary("*", self, other)

    def __rmul__(self, other: object) -> Term:
        return self._binary("*", other, self)

    def __truediv__(self, other: object) -> Term:
        return self._binary("/", self, other)

    def __rtruediv__(self, other: object) -> Term:
        return self._binary("/", other, self)

    def __mod__(self, other: object) -> Term:
        return self._binary("mod", self, other)

    def __rmod__(self, other: object) -> Term:
        return self._binary("mod", other, self)

    def __neg__(self) -> Term:
        return Term(syntax.Negative(operand=self.node, span=self.places.here()), self.places)

    def __pos__(self) -> Term:
        return self

    def __abs__(self) -> Term:
        return self._applied("abs")

    def __floor__(self) -> Term:
        return self._applied("floor")

    def __ceil__(self) -> Term:
        return self._applied("ceil")

    def __round__(self, digits: int | None = None) -> Term:
        if digits is not None:
            raise TypeError("round() rounds to whole numbers: write round(100 * x) / 100")
        return self._applied("round")

    def _binary(self, op: str, left: object, right: object) -> Term:
        span = self.places.here()
        first, second = expression(left, self.places), expression(right, self.places)
        return Term(syntax.Binary(op=op, left=first, right=second, span=span), self.places)

    def _applied(self, function: str) -> Term:
        span = self.places.here()
        word = syntax.Word(text=function, span=span)
        return Term(syntax.Apply(function=word, arguments=(self.node,), span=span), self.places)

    # ------------------------------------------------------------------------- traps

    def __bool__(self) -> NoReturn:
        raise TypeError(_NO_TRUTH.format(repr(self)))

    def __contains__(self, item: object) -> NoReturn:
        raise TypeError(
            f"for {item!r} in ... write ({self!r}).is_in(...) or ({self!r}) == {item!r}"
        )

    def __iter__(self) -> NoReturn:
        raise TypeError(
            f"{self!r} is one value, there is nothing to go through; about all objects of an "
            "entity write R.some(Guarantor, lambda g: ...), R.all(...) or R.sum(...)"
        )

    def __len__(self) -> NoReturn:
        raise TypeError(f"{self!r} has no length; to count write R.count(Guarantor, lambda g: ...)")

    def __getitem__(self, item: object) -> NoReturn:
        raise TypeError(f"{self!r} has no items; a relation is called: earns(g)")

    def __call__(self, *arguments: object) -> NoReturn:
        """Refuses: only relations are called."""
        raise TypeError(
            f"{self!r} is about the case itself, not about objects: write it without parentheses; "
            'a relation is declared by R.relation("earns", Guarantor, type=float)'
        )

    def __hash__(self) -> NoReturn:
        raise TypeError(
            f"{self!r} cannot be a key or a member of a set, as == does not compare it: use its "
            f'name, as in given={{"income": 30_000}}'
        )

    def __format__(self, spec: str) -> NoReturn:
        raise TypeError(
            f"{self!r} has no value to put in a text yet: leave out the f before the quotes, "
            'because="risk {p_default:.0%}" is filled in for each case'
        )

    def __float__(self) -> NoReturn:
        raise TypeError(
            f"{self!r} has no value yet: a rule expression is written down, not computed"
        )

    __int__ = __index__ = __complex__ = __float__

    def __pow__(self, other: object) -> NoReturn:
        raise TypeError("there is no power: write x * x")

    def __floordiv__(self, other: object) -> NoReturn:
        raise TypeError("there is no //: write math.floor(a / b)")

    __rpow__, __rfloordiv__ = __pow__, __floordiv__

    def __xor__(self, other: object) -> NoReturn:
        raise TypeError("there is no ^: for either, but not both, write a != b")

    __rxor__ = __xor__

    def __repr__(self) -> str:
        return syntax_text(self.node)


class Variable(Term):
    """Stands for any object of an entity, until something binds it."""

    __slots__ = ("entity",)

    def __init__(self, name: str, entity: Entity, places: Places) -> None:
        super().__init__(syntax.Name(text=name, span=places.here()), places)
        self.entity = entity

    @property
    def parameter(self) -> syntax.Parameter:
        """Where it is bound."""
        span = self.places.here()
        entity = syntax.Word(text=self.entity.name, span=span)
        name = syntax.Word(text=str(self), span=span)
        return syntax.Parameter(name=name, entity=entity, span=span)


class Handle(abc.ABC):
    """Something with a name that is no value; using it as one is a TypeError."""

    @abc.abstractmethod
    def advice(self) -> str:
        """What to write instead of using it as a value."""

    def _refuse(self, *_: object) -> NoReturn:
        raise TypeError(self.advice())

    __lt__ = __le__ = __gt__ = __ge__ = __and__ = __rand__ = __or__ = __ror__ = __invert__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = _refuse
    __rtruediv__ = __mod__ = __rmod__ = __neg__ = __bool__ = __iter__ = __getitem__ = _refuse
    __contains__ = __len__ = __format__ = __float__ = __int__ = __abs__ = _refuse
    __eq__ = __ne__ = _refuse
    __hash__ = _refuse


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Entity(Handle):
    """What there can be several of in one case."""

    name: str

    def advice(self) -> str:
        """As told above."""
        return (
            f"{self.name} is an entity, not a value: a variable ranges over its objects, "
            f"R.some({self.name}, lambda x: ...)"
        )

    def __repr__(self) -> str:
        return self.name


def expression(value: object, places: Places) -> syntax.Expression:
    """The syntax of a term, or of a Python value.

    Raises:
        TypeError: it is no value of the language.
    """
    if isinstance(value, Term):
        if value.places is not places:
            raise TypeError(f"{value!r} belongs to another Builder")
        # A name stands where it is used, not where it was declared.
        if isinstance(value.node, syntax.Name):
            return syntax.Name(text=value.node.text, span=places.here())
        return value.node
    if isinstance(value, Handle):
        raise TypeError(value.advice())
    return literal(value, places.here())
