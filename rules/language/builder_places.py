"""Where in a Python program a rule, or a part of one, is written."""

from __future__ import annotations

import functools
import linecache
import sys
import types

from rules.errors import RuleError
from rules.language.ir import Source, Span

__all__ = ["Places"]

_OURS = "rules.language.builder"  # and the modules that start so


class Places:
    """The Python files that declare one rule set, numbered as spans number sources."""

    def __init__(self) -> None:
        self.sources: list[Source] = []

    def here(self) -> Span:
        """The expression that called the builder, in the innermost frame that is not ours."""
        frame: types.FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_globals.get("__name__", "").startswith(_OURS):
            frame = frame.f_back
        if frame is None:  # there is no Python below, as in an embedded interpreter
            return Span(line=1, column=1, end_line=1, end_column=2)
        source = self._source(frame.f_code.co_filename)
        line, end_line, column, end_column = _position(frame.f_code, frame.f_lasti // 2)
        line = line or frame.f_lineno or 1
        lines = self.sources[source - 1].text.split("\n")
        if end_line is None or column is None or end_column is None:  # python -X no_debug_ranges
            text = _line(lines, line)
            return Span(
                line=line,
                column=len(text) - len(text.lstrip()) + 1,
                end_line=line,
                end_column=len(text) + 1,
                source=source,
            )
        return Span(
            line=line,
            column=_characters(_line(lines, line), column) + 1,
            end_line=end_line,
            end_column=_characters(_line(lines, end_line), end_column) + 1,
            source=source,
        )

    def filename(self) -> str:
        """The file that `here` is in."""
        return self.sources[self.here().source - 1].filename

    def error(self, message: str, hint: str | None = None) -> RuleError:
        """An error at the place that `here` tells."""
        span = self.here()
        source = self.sources[span.source - 1] if span.source else Source(filename="?", text="")
        error = RuleError(message, span=span, hint=hint)
        return error.within(source.filename, source.text)

    def add(self, sources: tuple[Source, ...]) -> int:
        """Adds files that are no Python; the number of those before."""
        before = len(self.sources)
        self.sources.extend(sources)
        return before

    def _source(self, filename: str) -> int:
        for index, source in enumerate(self.sources, start=1):
            if source.filename == filename:
                return index
        text = "".join(linecache.getlines(filename))
        self.sources.append(Source(filename=filename, text=text))
        return len(self.sources)


_Position = tuple[int | None, int | None, int | None, int | None]


def _position(code: types.CodeType, index: int) -> _Position:
    positions = _positions(code)
    return positions[index] if index < len(positions) else (None, None, None, None)


@functools.lru_cache(maxsize=64)
def _positions(code: types.CodeType) -> tuple[_Position, ...]:
    return tuple(code.co_positions())


def _line(lines: list[str], number: int) -> str:
    return lines[number - 1] if 0 < number <= len(lines) else ""


def _characters(line: str, offset: int) -> int:
    """How many characters the first bytes of a line are."""
    return offset if line.isascii() else len(line.encode()[:offset].decode(errors="ignore"))
