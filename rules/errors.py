"""Errors of rule texts: where, what was found, what was expected, what to do."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Sequence

from rules.language.ir import Span

__all__ = ["RuleError", "RuleErrors", "annotate", "code_points", "did_you_mean", "grouped"]


class RuleError(ValueError):
    """Something is wrong in a rule text.

    Attributes:
        message: what is wrong, in one sentence.
        span: the place in the text; None only where there is no text (tables, builders).
        hint: what to do about it, or None.
        filename: where the text came from.
        text: the whole source text.
    """

    def __init__(
        self,
        message: str,
        *,
        span: Span | None = None,
        hint: str | None = None,
        filename: str = "<rules>",
        text: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.span = span
        self.hint = hint
        self.filename = filename
        self.text = text

    @property
    def errors(self) -> tuple[RuleError, ...]:
        """Every error found: this one, or the members of a group."""
        return (self,)

    def within(self, filename: str, text: str) -> RuleError:
        """The same error, told with its source: `filename:line:column` and the line itself."""
        return RuleError(self.message, span=self.span, hint=self.hint, filename=filename, text=text)

    def __str__(self) -> str:
        return annotate(
            "error",
            self.message,
            span=self.span,
            hint=self.hint,
            filename=self.filename,
            text=self.text,
        )


class RuleErrors(RuleError):
    """Several errors of one text, in the order of the text."""

    def __init__(self, errors: Sequence[RuleError]) -> None:
        first = errors[0]
        super().__init__(
            f"{len(errors)} errors",
            span=first.span,
            hint=first.hint,
            filename=first.filename,
            text=first.text,
        )
        self._errors = tuple(errors)

    @property
    def errors(self) -> tuple[RuleError, ...]:
        """The members of the group."""
        return self._errors

    def __str__(self) -> str:
        return "\n\n".join(map(str, self._errors))


def grouped(errors: Sequence[RuleError]) -> RuleError:
    """One error for several, in the order of the texts; a single one is returned as it is.

    The same error at the same place counts once.

    Args:
        errors: at least one.
    """
    # What is wrong in the header of a table is found in each of its rows.
    errors = list({(error.message, error.span): error for error in errors}.values())
    places = [
        (error.span.source, error.span.line, error.span.column) if error.span else (0, 0, 0)
        for error in errors
    ]
    order = sorted(range(len(errors)), key=places.__getitem__)
    return RuleErrors([errors[index] for index in order]) if len(errors) > 1 else errors[0]


def annotate(
    label: str,
    message: str,
    *,
    span: Span | None,
    hint: str | None = None,
    filename: str = "<rules>",
    text: str = "",
) -> str:
    """A message as compilers print it: place, message, source line, caret, hint.

    Args:
        label: `error`, or `warning W001` and the like.
        message: one sentence.
        span: the place; without it the line and the caret are left out.
        hint: what to do.
        filename: where the text came from.
        text: the source text.
    """
    if span is None:
        return "\n".join([f"{filename}: {label}: {message}", *_hint_lines(hint)])
    head = f"{filename}:{span.line}:{span.column}: {label}: {message}"
    return "\n".join([head, *_source_lines(span, text), *_hint_lines(hint)])


def _hint_lines(hint: str | None) -> list[str]:
    return [] if hint is None else [f"hint: {hint}"]


def _source_lines(span: Span, text: str) -> list[str]:
    # Not splitlines: a form feed or a Unicode separator does not start a new line here.
    lines = text.split("\n")
    if span.line > len(lines):
        return []
    line = lines[span.line - 1].rstrip("\r")
    # Tabs stay tabs under the line, so that the caret stands where the eye expects it.
    lead = "".join(char if char == "\t" else " " for char in line[: span.column - 1])
    end = span.end_column if span.end_line == span.line else len(line) + 1
    width = max(1, min(end, len(line) + 1) - span.column)
    return [f"    {line}", f"    {lead}^{'~' * (width - 1)}"]


def did_you_mean(word: str, candidates: Iterable[str]) -> str | None:
    """The hint `did you mean X?` for a misspelt word, or None when nothing is close.

    Characters outside ASCII that no candidate has are named: on the screen they may look
    like one that a candidate does have.
    """
    options = list(dict.fromkeys(candidates))
    near = _nearest(word, options)
    hints = [f"did you mean {near}?"] if near else []
    strange = "".join(char for char in word if not any(char in option for option in options))
    if not strange.isascii():
        hints.append(f"{word} is written with {code_points(strange)}")
    return "; ".join(hints) or None


def _nearest(word: str, options: Sequence[str]) -> str | None:
    folded = {option.casefold(): option for option in options}
    if word.casefold() in folded:
        return folded[word.casefold()]
    close = difflib.get_close_matches(word, options, n=1, cutoff=0.6)
    return close[0] if close else None


def code_points(text: str) -> str:
    """The characters outside ASCII by number and name: `U+0440 CYRILLIC SMALL LETTER ER`."""
    return ", ".join(
        f"U+{ord(char):04X} {unicodedata.name(char, 'without a name')}"
        for char in dict.fromkeys(text)
        if not char.isascii()
    )
