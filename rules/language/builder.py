"""Rule sets written in Python: the same language, the same checks, the same identity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from rules.checks.build import build_ruleset
from rules.errors import RuleError
from rules.language import syntax
from rules.language.builder_clauses import (
    Type,
    annotation_nodes,
    entity_syntax,
    is_bool,
    name_word,
    quoted,
    type_syntax,
)
from rules.language.builder_handles import Firing, Relation, Rule
from rules.language.builder_included import declared_names, included
from rules.language.builder_places import Places
from rules.language.builder_quantifiers import Over, Quantifiers, bound
from rules.language.builder_terms import Entity, Term, Variable, expression
from rules.language.builder_tests import given_items
from rules.language.builder_values import literal
from rules.language.ir import Ruleset, Span
from rules.language.load import parse
from rules.language.refusals import check_depth
from rules.language.ruleset_printer import ruleset_text

__all__ = ["Builder", "Entity", "Firing", "Relation", "Rule", "Term", "Variable"]


class Builder(Quantifiers):
    """Collects declarations; `ruleset` checks them.

    Example:
        >>> R = rules.Builder("credit", version=3)
        >>> p, income = R.input("p_default", "prob"), R.input("income", float, gt=0)
        >>> amount = R.input("amount", float, ge=0)
        >>> stretched = R.derive("stretched", amount > 3 * income)
        >>> outcome = R.decide("outcome", ["refer", "approve"], policy="first",
        ...                    default="approve", unknown="refer")
        >>> R.rule("risky", outcome == "refer", (p >= 0.4) & stretched)
        >>> policy = R.ruleset()

    Errors are `RuleError`s that name the Python file and line of the declaration.
    """

    def __init__(self, name: str, *, version: int = 1) -> None:
        super().__init__(Places())
        self._name = name_word(name, self._places)
        self._version = syntax.Number(text=str(version), span=self._name.span)
        self._declarations: list[syntax.Declaration] = []
        self._entities: dict[str, Entity] = {}
        self._relations: dict[str, Relation] = {}
        self._forward: dict[str, Span] = {}

    # ---------------------------------------------------------------- declarations

    def entity(
        self, name: str, objects: range | Sequence[str] | None = None, *, max: int | None = None
    ) -> Entity:
        """What there can be several of in one case.

        Args:
            name: of the entity.
            objects: numbers in a row or names, where they are the same in every case.
            max: how many a case may have; without it and `objects`, any number.
        """
        self._add(entity_syntax(name, objects, max, self._places))
        self._entities[name] = Entity(name)
        return self._entities[name]

    def param(self, name: str, type: Type, value: object, **bounds: object) -> Term:
        """A named constant that `with_params` can set anew; `bounds` as for `input`."""
        word, type_ = name_word(name, self._places), self._type(type, bounds)
        node = literal(value, word.span)
        self._add(syntax.ParamDeclaration(name=word, type=type_, value=node, span=word.span))
        return self._value(name, type_)

    def input(
        self,
        name: str,
        type: Type,
        *,
        actionable: bool = False,
        weight: float | None = None,
        **bounds: object,
    ) -> Term:
        """A value that each case gives.

        Args:
            name: of the column.
            type: float, int, bool, str, datetime.date, a list of members, an entity with fixed
                objects, or as in a rule text: "prob", "float in 0..1".
            actionable: whether someone could change it.
            weight: what changing it costs.
            **bounds: gt, ge, lt and le, for numbers and dates.
        """
        type_ = self._type(type, bounds)
        self._input(name, type_, (), actionable, weight)
        return self._value(name, type_)

    def relation(
        self,
        name: str,
        *entities: Entity,
        type: Type = bool,
        actionable: bool = False,
        weight: float | None = None,
        **bounds: object,
    ) -> Relation:
        """A relation, or a value for each object: `earns = R.relation("earns", Guarantor,
        type=float)` is called like a function, `earns(g)`.
        """
        type_ = self._type(type, bounds)
        about = self._about(name, entities)
        self._input(name, type_, about, actionable, weight)
        return self._related(name, about, type_)

    def forward(self, name: str, *entities: Entity, type: Type = bool) -> Any:
        """Names something that is derived further down, for recursion among several names."""
        self._forward[name] = self._places.here()
        type_ = self._type(type, {})
        if not entities:
            return self._value(name, type_)
        return self._related(name, self._about(name, entities), type_)

    def variables(self, names: str, entity: Entity) -> tuple[Variable, ...]:
        """Variables over the objects of an entity: `x, y = R.variables("x y", Person)`."""
        words = names.replace(",", " ").split()
        return tuple(Variable(name_word(w, self._places).text, entity, self._places) for w in words)

    def derive(
        self, name: str | Term | Relation, value: object, type: Type | None = None, *, of: Over = ()
    ) -> Any:
        """A derived value or truth, or one more clause of a truth.

        Args:
            name: a new one, or what an earlier clause returned.
            value: a condition or a calculation; with `of`, also a function of its objects.
            type: of a value, where it does not follow: float, int, a list of members.
            of: variables or, for a function, entities: what it is about.

        Returns:
            A value, or a relation to call, as Any so that type checkers accept both.
        """
        word = name_word(str(name), self._places)
        variables, (body,) = bound(of, (value,), self._places)
        node = expression(body, self._places)
        is_truth = body.is_truth if isinstance(body, Term) else isinstance(body, bool)
        is_clause = is_truth and type in (None, bool)
        type_ = None if type is None or is_clause else self._type(type, {})
        self._check(node)
        self._add(
            syntax.DeriveDeclaration(
                name=word,
                parameters=tuple(item.parameter for item in variables),
                type=type_,
                value=node,
                is_clause=is_clause,
                span=word.span,
            )
        )
        self._forward.pop(word.text, None)
        if not variables:
            return Term(
                syntax.Name(text=word.text, span=word.span), self._places, is_truth=is_truth
            )
        about = tuple(item.entity.name for item in variables)
        self._relations[word.text] = Relation(word.text, about, is_truth, self._places)
        return self._relations[word.text]

    def decide(
        self,
        name: str,
        outcomes: Sequence[str],
        *,
        policy: str,
        unknown: str,
        default: str | None = None,
        dated: Term | str | None = None,
    ) -> Term:
        """The decision; `== "reject"` of what it returns is what a rule decides."""
        word = name_word(name, self._places)
        said = {"policy": policy, "default": default, "unknown": unknown, "dated": dated}
        clauses = [
            syntax.Clause(keyword=key, word=quoted(str(text), self._places), span=word.span)
            for key, text in said.items()
            if text is not None
        ]
        self._add(
            syntax.DecideDeclaration(
                name=word,
                outcomes=tuple(quoted(item, self._places) for item in outcomes),
                clauses=tuple(clauses),
                span=word.span,
            )
        )
        return Term(syntax.Name(text=name, span=word.span), self._places)

    def rule(
        self,
        name: str,
        then: Term,
        condition: Term | bool,
        *,
        title: str | None = None,
        because: str | None = None,
        **notes: object,
    ) -> Rule:
        """If `condition` then the decision may be as `then` says: `outcome == "reject"`.

        Args:
            name: of the rule.
            then: the decision compared with an outcome.
            condition: a truth; variables that nothing binds stand for some objects.
            title: in words; by default the name.
            because: a template, `"risk {p_default:.0%}"`, without an f before it.
            **notes: priority, owner, since, until (dates), weight, tags (a text or a list).
        """
        word = name_word(name, self._places)
        match then.node if isinstance(then, Term) else None:
            case syntax.Comparison(
                operators=("=",), operands=(syntax.Name() as decision, syntax.Text() as outcome)
            ):
                pass
            case _:
                raise TypeError(f'the second argument of rule {name} is outcome == "...": {then!r}')
        node = expression(condition, self._places)
        self._check(node)
        self._add(
            syntax.RuleDeclaration(
                name=word,
                title=quoted(name.replace("_", " ") if title is None else title, self._places),
                annotations=annotation_nodes(notes, self._places),
                decision=syntax.Word(text=decision.text, span=then.node.span),
                outcome=syntax.Word(text=outcome.text, span=outcome.span, quoted=True),
                condition=node,
                because=None if because is None else quoted(because, self._places),
                span=word.span,
            )
        )
        return Rule(name, self._places)

    def constraint(
        self, title: str, condition: Term | bool, consequence: Term, *, weight: float | None = None
    ) -> None:
        """What no decision may break: `R.constraint("...", fraud, outcome != "approve")`."""
        notes = {} if weight is None else {"weight": weight}
        node = expression(condition, self._places)
        self._check(node)
        self._add(
            syntax.ConstraintDeclaration(
                title=quoted(title, self._places),
                annotations=annotation_nodes(notes, self._places),
                condition=node,
                consequence=expression(consequence, self._places),
                span=self._places.here(),
            )
        )

    def test(
        self, title: str, *, given: Mapping[str, object], expect: Sequence[Term | Firing] | Term
    ) -> None:
        """An example case and what must come of it.

        Args:
            title: in words.
            given: a case, as `rules.decide` takes it: {"income": 30_000, "earns": {"anna": 3}};
                None is unknown, an empty relation or entity is `no earns`.
            expect: truths, and what rules do: `outcome == "approve"`, `risky.fires()`.
        """
        span = self._places.here()
        items = [expect] if isinstance(expect, Term | Firing) else expect
        self._add(
            syntax.TestDeclaration(
                title=quoted(title, self._places),
                given=given_items(given, {*self._relations, *self._entities}, span),
                expectations=tuple(
                    item.node
                    if isinstance(item, Firing)
                    else syntax.Holds(condition=expression(item, self._places), span=item.node.span)
                    for item in items
                ),
                span=span,
            )
        )

    def include(self, path: str | Path) -> Mapping[str, Any]:
        """Takes in a rule file or a decision table; paths are relative to the Python file.

        Returns:
            What it declares, by name: values, relations, entities, the decision, rules.
        """
        nodes = included(path, self._places)
        self._declarations.extend(nodes)
        found = declared_names(nodes, self._places)
        self._entities |= {n: item for n, item in found.items() if isinstance(item, Entity)}
        self._relations |= {n: item for n, item in found.items() if isinstance(item, Relation)}
        return MappingProxyType(found)

    def ruleset(self) -> Ruleset:
        """The checked rule set. Its text is what the language has for what was built.

        Raises:
            RuleError: everything wrong, each with its Python file and line.
        """
        shown = f"<{self._name.text}>"
        for name, span in self._forward.items():
            source = self._places.sources[span.source - 1]
            raise RuleError(
                f"{name} is named in advance and never derived",
                span=span,
                hint=f'add R.derive("{name}", ...)',
            ).within(source.filename, source.text)
        document = syntax.Document(
            name=self._name, version=self._version, declarations=tuple(self._declarations)
        )
        built = build_ruleset(document, text="", filename=shown, sources=self._places.sources)
        return parse(ruleset_text(built), filename=shown)

    # ---------------------------------------------------------------------- private

    def _add(self, node: syntax.Declaration) -> None:
        self._declarations.append(node)

    def _check(self, node: syntax.Expression) -> None:
        try:
            check_depth(node)
        except RuleError as error:
            raise self._places.error(error.message, error.hint) from None

    def _type(self, type: Type, bounds: Mapping[str, object]) -> syntax.TypeExpression:
        return type_syntax(type, bounds, self._places)

    def _input(
        self,
        name: str,
        type_: syntax.TypeExpression,
        about: tuple[str, ...],
        actionable: bool,
        weight: float | None,
    ) -> None:
        word = name_word(name, self._places)
        notes: dict[str, object] = {"actionable": None} if actionable else {}
        if weight is not None:
            notes["weight"] = weight
        self._add(
            syntax.InputDeclaration(
                name=word,
                parameters=tuple(syntax.Word(text=item, span=word.span) for item in about),
                type=type_,
                annotations=annotation_nodes(notes, self._places),
                span=word.span,
            )
        )

    def _about(self, name: str, entities: Sequence[Entity]) -> tuple[str, ...]:
        for item in entities:
            if not isinstance(item, Entity):
                raise TypeError(
                    f"{name} is about entities, not {item!r}: write what R.entity(...) returned"
                )
        return tuple(item.name for item in entities)

    def _value(self, name: str, type_: syntax.TypeExpression) -> Term:
        node = syntax.Name(text=name, span=self._places.here())
        return Term(node, self._places, is_truth=is_bool(type_))

    def _related(self, name: str, about: tuple[str, ...], type_: syntax.TypeExpression) -> Relation:
        if not about:
            raise TypeError(f"a relation is about entities: write R.input({name!r}, ...)")
        self._relations[name] = Relation(name, about, is_bool(type_), self._places)
        return self._relations[name]
