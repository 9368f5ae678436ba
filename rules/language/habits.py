"""What people write out of habit, from other languages or other versions of a thought."""

from __future__ import annotations

import re

__all__ = ["habit"]

# Looked for where the error is: pattern, what to write.
_HABITS = tuple(
    (re.compile(pattern), hint)
    for pattern, hint in (
        (r":-|<-", "write if between a head and its conditions"),
        (r"=<", "write <= for less or equal"),
        (r"=>", "write >= for greater or equal"),
        (r"≤", "write <="),
        (r"≥", "write >="),
        (r"<>|≠|!==|===", "write = for equal and != for different"),
        (r"&&?|\u2227", "write and"),
        (r"\|\|?|\u2228", "write or"),
        (r"!(?!=)|¬", "write not"),
        (r"∃", "write some g: condition"),
        (r"∀", "write all g: condition"),
        (r"%", "write mod for the remainder; as part of a number, % follows without a space"),
        (r"\*\*|\^", "there is no power; write x * x"),
        (r"//|/\*", "a comment starts with #"),
        (r"'|[\u201c\u201d\u2018\u2019]", 'put texts in straight double quotes: "like this"'),
        (r";", "leave it out; a declaration ends where the next one starts"),
        (r"\?", "write if condition then value else value"),
        (r"between\b", "write in and the range, for example in 0..1"),
        (r"(?i:elif|elsif|elseif)\b", "write else if"),
    )
)

_NAME = r"[^\W\d]\w*"
_SPAN_OF_DAYS = "durations are in days or weeks, for example 30 days"
_DATE = "a date is written 2026-01-31"
_COLON = "a colon follows the variables, for example some g: earns(g) > 100"
_ENTITY = "write entity Guarantor max 8, entity Month in 1..12 or entity Side in {left, right}"

# How far around an error its context is looked for: the patterns may take time squared in it.
_BEFORE, _AFTER = 1000, 100

# Habits that show only with what stands around the error, which the group `here` marks.
_CONTEXTS = tuple(
    (re.compile(pattern), hint)
    for pattern, hint in (
        (r"\b\d{1,2}\.\d{1,2}(?P<here>\.)\d{4}\b", _DATE),
        (r"\d(?P<here>,)\s?\d", "write 30_000 for thousands; the decimal sign is a point"),
        (r"\d,(?P<here>\d)", "write 30_000 for thousands; the decimal sign is a point"),
        (r"(?P<here>\.)\d", "a point stands between digits: write 0.4 or 4.0"),
        (r"\d(?P<here>\.)(?!\.)", "a point stands between digits: write 0.4 or 4.0"),
        (r"\[[^\]]*?\b\d{1,4}(?P<here>[-/.])\d{1,2}\b", _DATE),
        (r"\d{4}-\d\d-\d\d(?P<here>T\d*)", "a date has no time of day"),
        (r"\bin\s+(\d+)\s*(?P<here>-)\s*(\d+)", r"write \1..\3"),
        (r"\[[^\]]*\b(since|until|weight|priority|owner|tags)\s*(?P<here>[:=])",
         r"leave it out: \1 and its value, without a sign between"),
        (r"\[[^\]]*(?:\d|\"|\bactionable\s+\w+)\s+(?P<here>[^\s,\]]+)",
         "annotations stand apart by commas"),
        (r"(?P<here>\bactionable\b)", "annotations: write [actionable]"),
        (r"\d\s*(?P<here>(?:months?|years?|hours?|minutes?|d|w|y)\b)", _SPAN_OF_DAYS),
        (r",\s*(?P<here>[\])}]|(?:given|expect|if|because|policy)\b)", "leave out the comma"),
        (r"\bin\s*\([^(){}]*(?P<here>,)", "list values in braces: write in {a, b}"),
        (r"\bentity\s+\w+\s+in\s*(?P<here>[\[(])", _ENTITY),
        (r"\bentity\s+\w+\s*(?P<here>[:(\[={0-9])", _ENTITY),
        (r"\bentity\s+\w+\s+max\s+(?P<here>\S)", "max tells how many, for example max 8"),
        (r"\bin\s*(?P<here>\[)", "list values in braces: write in {a, b}"),
        (r"\b(\w+)\s+is\s+(?P<here>not)\s+unknown\b", r"write \1 is known"),
        (r"\b(\w+)\s+is\s+(?P<here>not)\s+known\b", r"write \1 is unknown"),
        (r"\b(\w+)\s+is\s+(?P<here>not)\s+(\S+)", r"write \1 != \3"),
        (r"\bnot\s+(\w+)\s+(?P<here>fires)\b", r"write \1 does not fire"),
        (r"\b(\w+)\s+(?P<here>not)\s+fires?\b", r"write \1 does not fire"),
        (r"\brule\s+\w+\s+(?P<here>\w+)\s*=", "a rule has a title in quotes after its name"),
        (r"\bconstraint\s+(?P<here>\w+)", "a constraint has a title in quotes and no name"),
        (r'\bconstraint\s+"[^"]*"\s*(?:\[[^\]]*\]\s*)?(?P<here>[^\s\["])', "write if and when it "
         "applies, then what holds, for example if fraud then outcome != approve"),
        (r'"\s*(priority|owner|tags|since|until|weight)\s+(?P<here>[^\s=]+)',
         r"annotations: write [\1 \2]"),
        (rf"\b(?:exists?|(?<!policy )any|there\s+is|(?:some|any)one)\s+(?P<here>{_NAME})\b",
         r"write some \g<here>: condition"),
        (rf"\b(?:forall|for\s+all|every|each)\s+(?P<here>{_NAME})\b",
         r"write all \g<here>: condition"),
        (rf"\bfor\s+(?P<here>all|each|every)\s+({_NAME})\b", r"write all \2: condition"),
        (rf"\b(?:average|avg)\s+(?P<here>{_NAME})\b", r"write mean \g<here>: value"),
        (rf"\bnumber\s+(?P<here>of)\s+({_NAME})\b", r"write count \2: condition"),
        (rf"\b(count|sum|mean|min|max)\(\s*({_NAME})\s*(?P<here>:|in\b|where\b)",
         r"write (\1 \2: ...) with the parenthesis before \1"),
        (rf"\b(count|sum|mean|min|max|some|all)\s+{_NAME}\s*(?P<here>\()",
         r"name the variable first: \1 g: and then what is said of g"),
        (r"\b(some|all|count|sum|mean|min|max)\s+(?P<here>where\b|\d)",
         r"name the variable first: \1 g: and then what is said of g"),
        (rf"\b(?:some|all|count|sum|mean|min|max)\s+{_NAME}\s+(?P<here>of|from)\s+({_NAME})",
         r"write in \2"),
        (rf"\b(?:some|all|count|sum|mean|min|max)\s+{_NAME}(?:\s+in\s+{_NAME})?"
         rf"(?:\s*,\s*{_NAME}(?:\s+in\s+{_NAME})?)*\s*(?P<here>[^\s:,])", _COLON),
        (rf"\b(?:some|all)\s+{_NAME}(?:\s+in\s+{_NAME})?\s*(?P<here>\.|\||such\b)", _COLON),
        (rf"\b(?:if|and|or|not)\s+no\s+(?P<here>{_NAME})",
         r"write not, or not some g: \g<here>(g)"),
        (rf"\bderive\s+\w+\s*\([^()]*?({_NAME})\s*(?P<here>:)\s*({_NAME})", r"write \1 in \3"),
        (rf"\bderive\s+({_NAME})\s*\([^()]*?(?P<here>[\d\"])",
         r"a head lists variables: write derive \1(m) if m = ... and the rest"),
        (rf"\binput\s+({_NAME})\s*(?P<here>\[)\s*({_NAME})\s*\]", r"write input \1(\3): ..."),
        (rf"\binput\s+({_NAME})\s*\(\s*{_NAME}\s*(?P<here>:|in\b)",
         r"an input lists entities: input \1(Guarantor): ..."),
        (rf"\b({_NAME})\(\s*(?P<here>\))",
         r"leave out (); what is not in the rules comes as an input, for example input \1: date"),
        (r"\bimport\s+(?P<here>[^\s\"]+)", r'put the file in quotes: import "\g<here>"'),
        (rf"\bparam\s+({_NAME})\s*(?P<here>=)", r"say its type: param \1: float = ..."),
        (r"\bparam\s+\w+\s*:[^=#]*=\s*[^\s#]+\s*(?P<here>[-+*/(]|mod\b)",
         "a param is one number, date, text or truth; compute with derive"),
        (r"\bgiven\s(?:[^#]*,)?\s*(?P<here>not)\b",
         "write late(3) = false for one object, no late for none at all"),
        (r"\b(?:given|,)\s*no\s*(?P<here>[^\s=(]+)",
         "say what there is none of, for example no late"),
        (rf"\bno\s+{_NAME}\s*(?P<here>[(=])", "no is followed by the name of a relation or an "
         "entity alone; for one object write late(3) = false"),
    )
)  # fmt: skip


def habit(text: str, start: int) -> str | None:
    """What to write instead of a habit that led to an error, or None.

    Args:
        text: a rule text.
        start: the offset of the error.
    """
    for context, hint in _CONTEXTS:
        for match in context.finditer(text, max(0, start - _BEFORE), start + _AFTER):
            if match.start("here") == start:
                return match.expand(hint)
    for pattern, hint in _HABITS:
        # The parser accepts the first character of `=<` and stumbles over the second.
        for position in (start, start - 1):
            found = pattern.match(text, position) if position >= 0 else None
            if found and found.end() > start:
                return found.expand(hint)
    return None
