"""What a run says on the console beside its results."""

from __future__ import annotations

import logging
import sys
import warnings
from typing import Any

from research.data.tables import DataWarning


def plain_messages() -> None:
    """Shows the library's messages and warnings in a line each, without places in the code.

    Whoever runs a command wants to know where its data came from, and has no use for the
    line number of the warning.
    """
    logger = logging.getLogger("research")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.handlers = [_ToStandardError()]
    warnings.showwarning = _show_warning


class _ToStandardError(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        kind = "" if record.levelno < logging.WARNING else f"{record.levelname.lower()}: "
        print(f"{kind}{record.getMessage()}", file=sys.stderr)


def _show_warning(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
    kind = "" if category is DataWarning else f"{category.__name__}: "
    print(f"warning: {kind}{message}", file=sys.stderr)
