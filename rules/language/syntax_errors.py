"""Syntax errors in plain words: what was found, what was expected, what to write."""

from __future__ import annotations

import re

import lark

from rules.errors import RuleError, code_points, did_you_mean
from rules.language.ir import Span
from rules.language.reserved import RESERVED

__all__ = ["explain_syntax_error"]

# Habits from other languages, looked for where the error is: pattern, what to write.
_HABITS = (
    (r"=<", "write <= for less or equal"),
    (r"=>", "write >= for greater or equal"),
    (r"≤", "write <="),
    (r"≥", "write >="),
    (r"<>|≠|!==|===", "write = for equal and != for different"),
    (r"&&?", "write and"),
    (r"\|\|?", "write or"),
    (r"!(?!=)|¬", "write not"),
    (r"%", "write mod for the remainder; as part of a number, % follows without a space"),
    (r"\*\*|\^", "there is no power; write x * x"),
    (r"//|/\*", "a comment starts with #"),
    (r"'|[\u201c\u201d\u2018\u2019]", 'put texts in straight double quotes: "like this"'),
    (r";", "leave it out; a declaration ends where the next one starts"),
    (r"\?", "write if condition then value else value"),
    (r"between\b", "write in and the range, for example in 0..1"),
    (r"(?i:elif|elsif|elseif)\b", "write else if"),
    (r"(entity|constraint)\b", r"\1 is reserved for a later version; choose another name"),
)

# Habits that show only with what stands before the error, which the group `here` marks.
_CONTEXTS = tuple(
    (re.compile(pattern), hint)
    for pattern, hint in (
        (r"\d(?P<here>,)\s?\d", "write 30_000 for thousands; the decimal sign is a point"),
        (r"\d,(?P<here>\d)", "write 30_000 for thousands; the decimal sign is a point"),
        (r"(?P<here>\.)\d", "a point stands between digits: write 0.4 or 4.0"),
        (r"\d(?P<here>\.)", "a point stands between digits: write 0.4 or 4.0"),
        (r",\s*(?P<here>[\])}]|(?:given|expect|if|because|policy)\b)", "leave out the comma"),
        (r"\bin\s*\([^(){}]*(?P<here>,)", "list values in braces: write in {a, b}"),
        (r"\bin\s*(?P<here>\[)", "list values in braces: write in {a, b}"),
        (r"\b(\w+)\s+is\s+(?P<here>not)\s+unknown\b", r"write \1 is known"),
        (r"\b(\w+)\s+is\s+(?P<here>not)\s+known\b", r"write \1 is unknown"),
        (r"\b(\w+)\s+is\s+(?P<here>not)\s+(\S+)", r"write \1 != \3"),
        (r"\bnot\s+(\w+)\s+(?P<here>fires)\b", r"write \1 does not fire"),
        (r"\b(\w+)\s+(?P<here>not)\s+fires?\b", r"write \1 does not fire"),
        (r"\brule\s+\w+\s+(?P<here>\w+)\s*=", "a rule has a title in quotes after its name"),
        (r'"\s*(priority|owner|tags)\s+(?P<here>[^\s=]+)', r"annotations: write [\1 \2]"),
        (r"\[[^\]]*\d{4}(?P<here>-)\d\d-\d\d", "there are no dates, nor an annotation since"),
    )
)

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
    "STRING": "a text in quotes",
}
_VALUE = {"NAME", "NUMBER", "LPAR", "MINUS"}
_ATOMS = {*_VALUE, "STRING", "TRUE", "FALSE", "_NOT", "_IF"}
_OPERATORS = {
    *("ORDER", "EQUAL", "UNEQUAL", "PLUS", "MINUS", "TIMES", "DIVIDE", "MOD"),
    *("_IN", "_IS", "_AND", "_OR", "LPAR"),
}
_DECLARATIONS = {"_INPUT", "_DERIVE", "_DECIDE", "_RULE", "_TEST"}


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
        hint=_habit(text, start),
    )


def _unexpected_token(token: lark.Token, accepts: set[str], text: str, start: int) -> RuleError:
    if token.type == "$END":
        end = len(text.rstrip())
        return RuleError(
            f"the text ends here, expected {_expected(accepts)}",
            span=_span(text, end, end + 1),
            hint=_hint_for_missing(accepts) or _hint_for_test(accepts),
        )
    return RuleError(
        f"{_found(token, accepts)}, expected {_expected(accepts)}",
        span=_span(text, start, start + len(token)),
        hint=_habit(text, start) or _hint_for_token(token, accepts) or _hint_for_missing(accepts),
    )


def _found(token: lark.Token, accepts: set[str]) -> str:
    if str(token) in RESERVED and "NAME" in accepts and "NUMBER" not in accepts:
        return f"{token} is a reserved word"
    return f"found {token}" if token[0].isalnum() else f"found '{token}'"


def _expected(accepts: set[str]) -> str:
    rest = set(accepts) - {"$END"}
    wanted = []
    if rest >= _VALUE:
        wanted.append("a value")
        rest -= _ATOMS
    if "TIMES" in rest:
        wanted.append("an operator")
        rest -= _OPERATORS
    if rest >= _DECLARATIONS:
        wanted.append("a declaration (input, derive, decide, rule or test)")
        rest -= _DECLARATIONS
    wanted += sorted(_word(terminal) for terminal in rest)
    if len(wanted) < 2:
        return "".join(wanted) or "the end of the text"
    return f"{', '.join(wanted[:-1])} or {wanted[-1]}"


def _word(terminal: str) -> str:
    return _WORDS.get(terminal, terminal.strip("_").lower())


def _hint_for_token(token: lark.Token, accepts: set[str]) -> str | None:
    word = str(token)
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


def _hint_for_missing(accepts: set[str]) -> str | None:
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


def _habit(text: str, start: int) -> str | None:
    for context, hint in _CONTEXTS:
        for match in context.finditer(text):
            if match.start("here") == start:
                return match.expand(hint)
    for pattern, hint in _HABITS:
        # The parser accepts the first character of `=<` and stumbles over the second.
        for position in (start, start - 1):
            found = re.compile(pattern).match(text, position) if position >= 0 else None
            if found and found.end() > start:
                return found.expand(hint)
    return None


def _span(text: str, start: int, end: int) -> Span:
    line = text.count("\n", 0, start) + 1
    column = start - (text.rfind("\n", 0, start) + 1) + 1
    return Span(line=line, column=column, end_line=line, end_column=column + max(1, end - start))
