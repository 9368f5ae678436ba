"""Imports: rule files and decision tables that a rule text builds on.

Their declarations take the place of the import; a file that is imported on several ways is
read once. Tests stay with the file that carries them. Every span remembers its file, by
position among the sources.
"""

from __future__ import annotations

import dataclasses
import importlib
import os
from pathlib import Path
from typing import TypeVar

from rules.errors import RuleError, did_you_mean
from rules.language import syntax
from rules.language.ir import Source
from rules.language.parser import parse_document
from rules.language.source import TABLES, read_text
from rules.language.spans import with_spans

__all__ = ["with_imports"]

RULES = (".rules",)

_Node = TypeVar("_Node")


def with_imports(
    document: syntax.Document, *, text: str, filename: str
) -> tuple[syntax.Document, tuple[Source, ...]]:
    """Puts what a text imports in place of its imports.

    Args:
        document: the syntax tree of the text.
        text: the source, for messages.
        filename: where it came from; paths are relative to its folder.

    Returns:
        The whole document and the sources of the imported files; `Span.source` counts them
        from 1.

    Raises:
        RuleError: a file cannot be read, has an error, or imports itself in the end.
    """
    if not any(isinstance(node, syntax.ImportDeclaration) for node in document.declarations):
        return document, ()
    reader = _Reader()
    path = Path(filename).resolve() if _has_folder(filename) else None
    declarations = reader.expand(document, Source(filename=filename, text=text), (path,))
    return dataclasses.replace(document, declarations=declarations), tuple(reader.sources)


def _has_folder(filename: str) -> bool:
    return not filename.startswith("<")  # <rules>, <stdin>


class _Reader:
    def __init__(self) -> None:
        self.sources: list[Source] = []
        self.read: set[Path] = set()

    def expand(
        self, document: syntax.Document, source: Source, stack: tuple[Path | None, ...]
    ) -> tuple[syntax.Declaration, ...]:
        """The declarations of a file with those of the files that it imports."""
        found: list[syntax.Declaration] = []
        for node in document.declarations:
            if isinstance(node, syntax.ImportDeclaration):
                found.extend(self.imported(node, source, stack))
            elif len(stack) == 1 or not isinstance(node, syntax.TestDeclaration):
                found.append(node)
        return tuple(found)

    def imported(
        self, node: syntax.ImportDeclaration, source: Source, stack: tuple[Path | None, ...]
    ) -> tuple[syntax.Declaration, ...]:
        try:
            shown, path = self.found(node.path, source.filename, stack)
        except RuleError as error:
            raise error.within(source.filename, source.text) from None
        if path in self.read:
            return ()
        self.read.add(path)
        try:
            if path.suffix.lower() in TABLES:
                return self.table(path, shown)
            return self.rules(path, shown, stack)
        except OSError as error:
            unreadable = _unreadable(node.path, path, shown, error)
            raise unreadable.within(source.filename, source.text) from None

    def found(
        self, word: syntax.Word, filename: str, stack: tuple[Path | None, ...]
    ) -> tuple[str, Path]:
        """How the path of an import is shown, and where it leads."""
        shown = _beside(word, filename)
        path = Path(shown).resolve()
        if path in stack:
            names = [item.name for item in stack[stack.index(path) :] if item is not None]
            raise RuleError(
                f"this import leads back to itself: {' -> '.join([*names, path.name])}",
                span=word.span,
                hint="move what both need to a file of its own, and import that",
            )
        if path.suffix.lower() not in (*RULES, *TABLES):
            raise RuleError(
                f"this is neither a rule file nor a table: {word.text}",
                span=word.span,
                hint=f"files that can be imported end in {', '.join((*RULES, *TABLES))}",
            )
        return shown, path

    def rules(
        self, path: Path, shown: str, stack: tuple[Path | None, ...]
    ) -> tuple[syntax.Declaration, ...]:
        source = Source(filename=shown, text=read_text(shown))
        document = parse_document(source.text, filename=shown)
        self.sources.append(source)
        document = _in_source(document, len(self.sources))
        return self.expand(document, source, (*stack, path))

    def table(self, path: Path, shown: str) -> tuple[syntax.Declaration, ...]:
        read_table = importlib.import_module("rules.tables").read_table  # few files need it
        declarations, text = read_table(path)
        self.sources.append(Source(filename=shown, text=text))
        return _in_source(declarations, len(self.sources))


def _beside(word: syntax.Word, filename: str) -> str:
    """A path as written, relative to the folder of the file that names it."""
    if Path(word.text).is_absolute():
        return word.text
    if not _has_folder(filename):
        raise RuleError(
            "this text is in no folder, so there is nothing to import from",
            span=word.span,
            hint="use rules.load(path), or rules.parse(text, filename=path)",
        )
    return os.path.normpath(Path(filename).parent / word.text)


def _unreadable(word: syntax.Word, path: Path, shown: str, error: OSError) -> RuleError:
    if not isinstance(error, FileNotFoundError):
        reason = error.strerror or "it cannot be read"
        return RuleError(f"cannot import {shown}: {reason}", span=word.span)
    siblings = []
    if path.parent.is_dir():
        siblings = sorted(item.name for item in path.parent.iterdir() if item.suffix)
    near = did_you_mean(path.name, siblings)
    return RuleError(
        f"there is no file {shown}",
        span=word.span,
        hint=near or "paths are relative to the file that imports",
    )


def _in_source(node: _Node, source: int) -> _Node:
    """The same syntax with spans that say which file they are in."""
    return with_spans(node, lambda span: dataclasses.replace(span, source=source))
