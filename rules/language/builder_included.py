"""Rule files and tables that a Python program takes in."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path

from rules.language import syntax
from rules.language.builder_clauses import is_bool
from rules.language.builder_handles import Relation, Rule
from rules.language.builder_places import Places
from rules.language.builder_terms import Entity, Term
from rules.language.imports import with_imports
from rules.language.ir import Span
from rules.language.spans import with_spans

__all__ = ["declared_names", "included"]


def included(path: str | os.PathLike[str], places: Places) -> tuple[syntax.Declaration, ...]:
    """The declarations of a file, without its tests.

    Args:
        path: relative to the Python file, or to the working directory in a notebook.
        places: gets the files that are read.

    Raises:
        RuleError: there is no such file, or it has errors.
    """
    here = places.here()
    program = places.sources[here.source - 1]
    name = program.filename
    if name.startswith("<") or not Path(name).exists():
        name = str(Path.cwd() / "program.py")
    word = syntax.Word(text=str(path), span=here, quoted=True)
    document = syntax.Document(
        name=word,
        version=syntax.Number(text="1", span=here),
        declarations=(syntax.ImportDeclaration(path=word, span=here),),
    )
    document, sources = with_imports(document, text=program.text, filename=name)
    before = places.add(sources)

    def moved(span: Span) -> Span:
        return dataclasses.replace(span, source=span.source + before)

    return tuple(with_spans(node, moved) for node in document.declarations)


def declared_names(
    nodes: Sequence[syntax.Declaration], places: Places
) -> dict[str, Term | Relation | Entity | Rule]:
    """What declarations declare, by name, as the builder would have handed it out."""
    found: dict[str, Term | Relation | Entity | Rule] = {}
    for node in nodes:
        match node:
            case syntax.EntityDeclaration():
                found[node.name.text] = Entity(node.name.text)
            case syntax.RuleDeclaration():
                found[node.name.text] = Rule(node.name.text, places)
            case syntax.InputDeclaration() if node.parameters:
                about = tuple(word.text for word in node.parameters)
                name, truth = node.name.text, is_bool(node.type)
                found[name] = Relation(name, about, truth, places)
            case syntax.DeriveDeclaration() if node.parameters:
                name, truth = node.name.text, node.is_clause
                entities = tuple(
                    None if item.entity is None else item.entity.text for item in node.parameters
                )
                found[name] = Relation(name, entities, truth, places)
            case syntax.InputDeclaration() | syntax.ParamDeclaration():
                found[node.name.text] = _value(node.name, is_bool(node.type), places)
            case syntax.DeriveDeclaration():
                found[node.name.text] = _value(node.name, node.is_clause, places)
            case syntax.DecideDeclaration():
                found[node.name.text] = _value(node.name, False, places)
    return found


def _value(word: syntax.Word, is_truth: bool, places: Places) -> Term:
    return Term(syntax.Name(text=word.text, span=word.span), places, is_truth=is_truth)
