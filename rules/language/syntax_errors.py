"""Syntax errors in plain words: what was found, what was expected, what to write."""

from __future__ import annotations

import re

import lark

from rules.errors import RuleError, code_points, did_you_mean
from rules.language.habits import habit
from rules.language.ir import Span
from rules.language.reserved import RESERVED

__all__ = ["explain_syntax_error"]

_WORDS = {
    "COLON": "':'",
    "COMMA": "','",
    "EQUAL": "'='",
    "ORDER": "a bound (< <= > >=)",
    "LPAR": "'('",
    "RPAR": "')'",
    "LBRACE": "'{'",
    "RBRACE": "'}'",
    "LSQB": "'['",
    "RSQB": "']'",
    "__ANON_0": "'..'",
    "NAME": "a name",
    "NUMBER": "a number",
    "DATE": "a date",
    "STRING": "a text in quotes",
}
_VALUE = {"NAME", "NUMBER", "LPAR", "MINUS"}
_ATOMS = {*_VALUE, "STRING", "DATE", "TRUE", "FALSE", "QUANTIFIER", "_NOT", "_IF"}
_OPERATORS = {
    *("ORDER", "EQUAL", "UNEQUAL", "PLUS", "MINUS", "TIMES", "DIVIDE", "MOD"),
    *("_IN", "_IS", "_AND", "_OR", "LPAR"),
}
_UNITS = ("day", "days", "week", "weeks")
_DECLARED = ("import", "entity", "param", "input", "derive", "decide", "rule", "constraint", "test")
_DECLARATIONS = {f"_{word.upper()}" for word in _DECLARED}


def explain_syntax_error(error: lark.UnexpectedInput, text: str) -> RuleError:
    """Lark's error as one that an author of rules understands.

    Args:
        error: what the parser raised.
        text: the text that was parsed.
    """
    start = error.pos_in_stream or 0
    if isinstance(error, lark.UnexpectedToken):
        return _unexpected_token(error.token, error.accepts or set(), text, start)
    if text[start] == '"':
        line_end = text.find("\n", start)
        return RuleError(
            "this text has no closing quote",
            span=_span(text, start, line_end if line_end >= 0 else len(text)),
            hint='a text ends with " on the same line; inside it write \\" for a quote',
        )
    word = re.compile(r"[^\W\d]\w*").match(text, start)
    found = word[0] if word else text[start]
    points = "" if found.isascii() else f" ({code_points(found)})"
    return RuleError(
        f"unexpected {found!r}{points}",
        span=_span(text, start, start + len(found)),
        hint=habit(text, start),
    )


def _unexpected_token(token: lark.Token, accepts: set[str], text: str, start: int) -> RuleError:
    if token.type == "$END":
        end = len(text.rstrip())
        return RuleError(
            f"the text ends here, expected {_expected(accepts)}",
            span=_span(text, end, end + 1),
            hint=_hint_for_missing(accepts, text) or _hint_for_test(accepts),
        )
    return RuleError(
        f"{_found(token, accepts)}, expected {_expected(accepts)}",
        span=_span(text, start, start + len(token)),
        hint=habit(text, start)
        or _hint_for_token(token, accepts, text[:start])
        or _hint_for_missing(accepts, text[:start]),
    )


def _found(token: lark.Token, accepts: set[str]) -> str:
    if str(token) in RESERVED and "NAME" in accepts and "NUMBER" not in accepts:
        return f"{token} is a reserved word"
    return f"found {token}" if token[0].isalnum() else f"found '{token}'"


def _expected(accepts: set[str]) -> str:
    rest = set(accepts) - {"$END", "UNIT"}
    wanted = []
    if rest >= _VALUE:
        wanted.append("a value")
        rest -= _ATOMS
    if "TIMES" in rest:
        wanted.append("an operator")
        rest -= _OPERATORS
    declares = rest >= _DECLARATIONS
    rest -= _DECLARATIONS if declares else set()
    wanted += sorted(_word(terminal) for terminal in rest)
    if declares:
        wanted.append(f"a declaration ({', '.join(_DECLARED[:-1])} or {_DECLARED[-1]})")
    if len(wanted) < 2:
        return "".join(wanted) or "the end of the text"
    return f"{', '.join(wanted[:-1])} or {wanted[-1]}"


def _word(terminal: str) -> str:
    return _WORDS.get(terminal, terminal.strip("_").lower())


def _hint_for_token(token: lark.Token, accepts: set[str], before: str) -> str | None:
    word = str(token)
    if word == "," and _last_keyword(before) in ("if", "and", "or", "not"):
        return "join conditions with and"
    if re.search(r"\d\s+$", before) and did_you_mean(word, _UNITS):
        return did_you_mean(word, _UNITS)
    if token.type in _DECLARATIONS and _hint_for_test(accepts):
        return _hint_for_test(accepts)
    if token.type == "UNKNOWN" and "NUMBER" in accepts:
        return "to test for a missing value write x is unknown"
    if word == "not" and "TIMES" in accepts:
        return "write not (x in {...})"
    if "KNOWN" in accepts:
        return did_you_mean(word, ("known", "unknown")) or f"write = {word} instead of is {word}"
    if token.type == "NUMBER" and accepts == {"NAME", "STRING"}:
        return f'put it in quotes: "{word}"'
    if token.type == "_IF" and "LSQB" in accepts:
        return "say first what is decided, for example outcome = reject"
    if token.type == "STRING" and accepts == {"NAME"}:
        return "a name stands here, without quotes"
    if word in RESERVED:
        if accepts == {"NAME", "STRING"}:
            return f'put it in quotes: "{word}"'
        return f"choose another name, for example {word}_" if accepts == {"NAME"} else None
    if word != word.lower() and word.lower() in RESERVED:
        return f"keywords are lower case: write {word.lower()}"
    if accepts == {"STRING"}:
        return f'put it in quotes: "{word}"'
    keywords = [_word(terminal) for terminal in accepts if terminal not in _WORDS]
    return did_you_mean(word, keywords) if token.type == "NAME" else None


def _hint_for_missing(accepts: set[str], before: str) -> str | None:
    if accepts <= {"EQUAL", "LPAR"} and _last_keyword(before) == "given":
        given = re.search(r"\w+\s*\([^()]*\)\s*$", before)
        return f"give it a value, for example {given[0].strip() if given else 'late(3)'} = true"
    if accepts >= {"_THEN"} and re.search(r"\bconstraint\b[^#]*\bif\b(?!.*\bif\b)", before):
        return "a constraint is written if condition then outcome != approve"
    counted = re.search(r"\b(some|all|count)\s+(\w+)[^:]*\swhere\b[^:]*$", before)
    if counted and "COLON" in accepts:
        return f"where belongs to values; write {counted[1]} {counted[2]}: and the condition"
    if accepts & {"_THEN", "_ELSE"}:
        return "a choice is written if condition then value else value"
    if accepts == {"_RULESET"}:
        return "a rule text starts with a line like: ruleset credit version 1"
    if accepts == {"_VERSION"}:
        return "the first line is, for example, ruleset credit version 1"
    return None


def _hint_for_test(accepts: set[str]) -> str | None:
    if "_EXPECT" in accepts and len(accepts) <= 3:
        return "a test says what it expects, for example expect outcome = approve"
    return None


def _last_keyword(text: str) -> str:
    """The last reserved word of a text, comments and texts in quotes left aside."""
    plain = re.sub(r'"(?:\\.|[^"\\\n])*"|#[^\n]*', " ", text)
    return next((word for word in reversed(re.findall(r"\w+", plain)) if word in RESERVED), "")


def _span(text: str, start: int, end: int) -> Span:
    line = text.count("\n", 0, start) + 1
    column = start - (text.rfind("\n", 0, start) + 1) + 1
    return Span(line=line, column=column, end_line=line, end_column=column + max(1, end - start))
