"""Names that are declared twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rules.errors import RuleError
from rules.language import ir, syntax
from rules.language.ir import Source

__all__ = ["name_clashes", "place_of"]

# What files that are imported together may declare alike; `build` compares the types.
_SHARED = (syntax.EntityDeclaration, syntax.ParamDeclaration, syntax.InputDeclaration)


def name_clashes(
    declarations: Sequence[syntax.Declaration], files: Sequence[Source]
) -> Iterator[RuleError]:
    """An error for each declaration whose name is taken.

    Entities, params, inputs, derived names and the decision share one space of names; rules,
    constraints and tests have one each. Clauses of one truth share its name.

    Args:
        declarations: of all files.
        files: that of the rule set itself, then the imported ones.
    """
    decides = [node for node in declarations if isinstance(node, syntax.DecideDeclaration)]
    for extra in decides[1:]:
        first = decides[0].name
        yield RuleError(
            f"a rule set makes one decision, {first.text} "
            f"({place_of(first.span, extra.name.span, files)}); this is the second",
            span=extra.name.span,
            hint="put it in a file of its own",
        )
    yield from _repeated(_values(declarations), "", files)
    kinds: dict[str, list[syntax.Word]] = {"rule ": [], "constraint ": [], "test ": []}
    for node in declarations:
        match node:
            case syntax.RuleDeclaration():
                kinds["rule "].append(node.name)
            case syntax.ConstraintDeclaration():
                kinds["constraint "].append(node.title)
            case syntax.TestDeclaration():
                kinds["test "].append(node.title)
    for what, words in kinds.items():
        yield from _repeated(words, what, files)


def place_of(span: ir.Span, seen_from: ir.Span, files: Sequence[Source]) -> str:
    """`line 4`, or `common.rules:4` where that is another file."""
    if span.source == seen_from.source:
        return f"line {span.line}"
    return f"{files[span.source].filename}:{span.line}"


def _values(declarations: Sequence[syntax.Declaration]) -> Iterator[syntax.Word]:
    """The names of values, without repetitions that are fine."""
    first: dict[str, syntax.Declaration] = {}
    for node in declarations:
        match node:
            case syntax.DeriveDeclaration():
                earlier = first.setdefault(node.name.text, node)
                both = isinstance(earlier, syntax.DeriveDeclaration) and earlier.is_clause
                if earlier is node or not (both and node.is_clause):
                    yield node.name
            case syntax.EntityDeclaration() | syntax.ParamDeclaration() | syntax.InputDeclaration():
                earlier = first.setdefault(node.name.text, node)
                is_shared = (
                    isinstance(earlier, _SHARED)
                    and type(earlier) is type(node)
                    and earlier.span.source != node.span.source
                )
                if not is_shared:
                    yield node.name
            case syntax.DecideDeclaration():
                if first.setdefault("", node) is node:
                    yield node.name


def _repeated(
    words: Iterable[syntax.Word], what: str, files: Sequence[Source]
) -> Iterator[RuleError]:
    first: dict[str, syntax.Word] = {}
    for word in words:
        earlier = first.setdefault(word.text, word)
        if earlier is not word:
            place = place_of(earlier.span, word.span, files)
            yield RuleError(
                f"{what}{word.text} is declared twice, first in {place}", span=word.span
            )
