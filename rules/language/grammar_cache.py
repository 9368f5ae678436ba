"""Where the tables of the compiled grammar are kept, so that only the first start builds them."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def grammar_cache() -> str | None:
    """A file of this user's and this Python's; lark checks that it is of the same grammar.

    In `$RULAX_CACHE`, else `$XDG_CACHE_HOME/rulax`, else `~/.cache/rulax`; None where that can't
    be made.
    """
    own, shared = os.environ.get("RULAX_CACHE"), os.environ.get("XDG_CACHE_HOME", "~/.cache")
    try:
        directory = Path(own or f"{shared}/rulax").expanduser()
        directory.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # a read-only disk; nobody's home
        return None
    version = ".".join(map(str, sys.version_info[:2]))
    return str(directory / f"grammar-python{version}")
