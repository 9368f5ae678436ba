"""What an outcome means to the reader: a colour and, for who cannot see it, a sign."""

from __future__ import annotations

import enum

__all__ = ["Tone"]


class Tone(enum.Enum):
    """The tone of an outcome; its value names the CSS variable and class."""

    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    CHANGED = "changed"
    NEUTRAL = "neutral"

    @property
    def sign(self) -> str:
        """The sign that goes with the colour, so that colour is never alone."""
        return {"good": "✓", "warn": "?", "bad": "✕", "changed": "↻", "neutral": "·"}[self.value]
