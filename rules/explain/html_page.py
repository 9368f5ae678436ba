"""An explanation as one HTML file: no script, nothing to fetch, readable when printed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from html import escape

from rules.explain.formats import fact_text, format_value
from rules.explain.obstacles import Obstacle
from rules.explain.other_outcome import WhyNot
from rules.explain.proof import Proof
from rules.explain.why import Explanation, made_by, outcome_text
from rules.language import ir

__all__ = ["page"]

OPEN_LEVELS = 3  # of the proof of the deciding rule


def page(explanation: Explanation, why_nots: Iterable[WhyNot] = ()) -> str:
    """The explanation of one case as a self-contained HTML document.

    Args:
        explanation: of a case.
        why_nots: of the same case, told beside it.
    """
    return "\n".join(_document(explanation, list(why_nots))) + "\n"


def _document(told: Explanation, why_nots: list[WhyNot]) -> Iterator[str]:
    title = escape(f"{told.headline} ({told.ruleset})")
    yield "<!doctype html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{title}</title><style>{_STYLE}</style></head><body><main>"
    yield f'<p class="quiet">{escape(told.ruleset)}</p>'
    yield f"<h1>{escape(outcome_text(told.outcome))}</h1>"
    yield f'<p class="by">{escape(made_by(told.rule))}</p>'
    yield f'<p class="reason">{escape(told.reason)}</p>'
    if told.needs:
        yield "<h2>To obtain</h2><ul>"
        yield from (f"<li><code>{escape(need)}</code></li>" for need in told.needed)
        yield "</ul>"
        if told.settling:
            yield "<p>Enough could be:</p><ul>"
            yield from (f"<li>{escape(str(one))}</li>" for one in told.settling)
            yield "</ul>"
    for why in why_nots:
        yield from _why_not(why)
    yield "<h2>Rules</h2>"
    for rule in sorted(told.rules, key=lambda rule: rule.name != told.rule):
        verdict = {True: "fires", False: "does not fire", None: "could fire"}[rule.fires]
        decides = rule.name == told.rule
        head = (
            f"{_mark(rule.fires)} <b>{escape(rule.name)}</b> {verdict}: {escape(rule.outcome)}"
            f'<span class="quiet"> {escape(rule.title)}{_place(rule.place)}</span>'
        )
        body = [rule.proof] if rule.fires else rule.failing
        inner = "".join(_proof(one, OPEN_LEVELS if decides else 1) for one in body)
        yield _details(head, f'<ul class="tree">{inner}</ul>', is_open=decides, kind="rule")
    if told.constraints:
        yield "<h2>Constraints</h2>"
    for item in told.constraints:
        verdict = "is violated" if item.violated else "is met"
        if item.applies is None:
            verdict = "could apply"
        elif item.applies is False:
            verdict = "does not apply"
        allowed = ", ".join(item.allowed) or "nothing"
        head = (
            f"{_mark(not item.violated if item.applies is not None else None)} "
            f"<b>{escape(item.title)}</b> {verdict}"
            f'<span class="quiet"> allows {escape(allowed)}'
            f"{'' if item.binding else ', only reported'}{_place(item.place)}</span>"
        )
        inner = f'<ul class="tree">{_proof(item.proof, 1)}</ul>'
        yield _details(head, inner, is_open=item.violated, kind="rule")
    yield "<h2>Values</h2>"
    yield _details("all values of this case", _values(told), is_open=False, kind="rule")
    yield f'<p class="quiet foot">rule set {escape(told.sha256)}</p>'
    yield "</main></body></html>"


def _why_not(why: WhyNot) -> Iterator[str]:
    if why.decided:
        yield f"<h2>{escape(why.asked)} did come out</h2>"
        return
    yield f"<h2>Why not {escape(why.asked)}</h2>"
    if not why.rules:
        yield f"<p>No rule gives {escape(why.asked)}, and it is not the default.</p>"
    for item in why.rules:
        name = "the default" if item.name is None else item.name
        verb = item.blocked or ("does not fire" if item.fires is False else "could fire")
        head = (
            f"{_mark(item.fires)} <b>{escape(name)}</b> {escape(verb)}"
            f'<span class="quiet"> {escape(item.title)}{_place(item.place)}</span>'
        )
        inner = "" if item.obstacle is None else f'<ul class="tree">{_obstacle(item.obstacle)}</ul>'
        if item.above and item.name is not None:
            names = escape(", ".join(item.above))
            inner += f"<p>Even then these would come before it: <b>{names}</b>.</p>"
        yield _details(head, inner, is_open=True, kind="rule")


def _proof(proof: Proof, levels: int) -> str:
    """A proof tree as list items, open down to some levels."""
    mark = _mark(proof.truth) if proof.condition else '<span class="mark"></span>'
    head = f"{mark} <code>{escape(proof.sentence)}</code>"
    if not proof.children:
        return f"<li>{head}</li>"
    inner = "".join(_proof(child, levels - 1) for child in proof.children)
    return f"<li>{_details(head, f'<ul>{inner}</ul>', is_open=levels > 0)}</li>"


def _obstacle(one: Obstacle) -> str:
    inner = "".join(_obstacle(part) for part in one.parts)
    text = f"<code>{escape(one.sentence)}</code>"
    return (
        f"<li>{_details(text, f'<ul>{inner}</ul>', is_open=True)}</li>"
        if inner
        else (f"<li>{_mark(one.held is one.wanted)} {text}</li>")
    )


def _values(told: Explanation) -> str:
    rows = []
    for name, value in told.values.items():
        type_ = told.types[name]
        if isinstance(value, Mapping):
            pairs = [(fact_text(name, about), one) for about, one in value.items()]
        else:
            pairs = [(name, value)]
        rows += [
            f"<tr><td><code>{escape(text)}</code></td><td>{_value(one, type_)}</td></tr>"
            for text, one in pairs
        ]
    return f"<table>{''.join(rows)}</table>"


def _value(value: float | int | bool | str | None, type_: ir.Type) -> str:
    text = escape(format_value(value, "", type_))
    return f'<span class="quiet">{text}</span>' if value is None else text


def _details(head: str, inner: str, *, is_open: bool, kind: str = "") -> str:
    if not inner:
        return f'<div class="{kind}">{head}</div>'
    opened = " open" if is_open else ""
    return f'<details class="{kind}"{opened}><summary>{head}</summary>{inner}</details>'


def _mark(held: bool | None) -> str:
    word, sign = {True: ("yes", "✓"), False: ("no", "✗"), None: ("open", "?")}[held]
    return f'<span class="mark {word}" title="{word}">{sign}</span>'


def _place(place: str | None) -> str:
    return "" if place is None else f" · {escape(place)}"


_STYLE = """
:root { color-scheme: light dark; --ink: #1c2430; --quiet: #687284; --line: #dde2ea;
  --page: #fbfcfd; --card: #fff; --yes: #16733c; --no: #a3262a; --open: #8a6100; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --quiet: #98a3b5;
  --line: #333c4a; --page: #14181f; --card: #1b212b; --yes: #62c98b; --no: #f08a8d;
  --open: #e0b555; } }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 54rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
h1 { font-size: 2.2rem; line-height: 1.2; margin: 0; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { margin: .25rem 0; }
.reason { font-size: 1.15rem; margin-top: .75rem; }
.quiet { color: var(--quiet); font-size: .9rem; }
.foot { margin-top: 3rem; overflow-wrap: anywhere; }
code { font: .9em/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
summary { cursor: pointer; padding: .1rem 0; }
.rule { background: var(--card); border: 1px solid var(--line); border-radius: .5rem;
  padding: .5rem .75rem; margin: .5rem 0; }
ul { margin: .25rem 0; padding-left: 1.25rem; }
.tree, .tree ul { list-style: none; padding-left: 1.1rem; }
.tree ul { border-left: 1px solid var(--line); margin-left: .35rem; }
.mark { display: inline-block; min-width: 1em; font-weight: 600; }
.yes { color: var(--yes); } .no { color: var(--no); } .open { color: var(--open); }
table { border-collapse: collapse; margin: .5rem 0; }
td { border-top: 1px solid var(--line); padding: .15rem 1.5rem .15rem 0; vertical-align: top; }
"""
