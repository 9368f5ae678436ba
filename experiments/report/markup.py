"""HTML that escapes by construction: plain text goes in escaped, `Html` goes in as it is."""

from __future__ import annotations

import html
from collections.abc import Iterable

__all__ = ["Html", "element", "escape", "join"]

_VOID = frozenset({"br", "col", "hr", "img", "meta"})


class Html(str):
    """A piece of finished HTML; any other string is text and gets escaped."""

    __slots__ = ()


def escape(text: str) -> Html:
    """Text as HTML, quotes included; `Html` comes back unchanged."""
    return text if isinstance(text, Html) else Html(html.escape(text))


def join(parts: Iterable[str], separator: str = "") -> Html:
    """The parts one after the other, each escaped unless it is `Html`."""
    return Html(escape(separator).join(escape(part) for part in parts))


def element(tag: str, /, *children: str, **attributes: str | bool | None) -> Html:
    """One element.

    Args:
        tag: its name.
        *children: text, which is escaped, or `Html`.
        **attributes: `class_` gives `class` and `aria_label` gives `aria-label`; True gives
            the bare name, None and False leave the attribute out.

    Raises:
        ValueError: a void element, such as `img`, was given children.
    """
    opening = f"<{tag}{''.join(_attribute(*item) for item in attributes.items())}>"
    if tag in _VOID:
        if children:
            raise ValueError(f"<{tag}> cannot hold anything, found {len(children)} children")
        return Html(opening)
    return Html(f"{opening}{join(children)}</{tag}>")


def _attribute(name: str, value: str | bool | None) -> str:
    name = name.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{html.escape(value)}"'
