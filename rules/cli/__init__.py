"""The command `python -m rules`.

One module of `rules.cli.commands` per command; a new one is a new file there.
"""

from rules.cli.main import main

__all__ = ["main"]
