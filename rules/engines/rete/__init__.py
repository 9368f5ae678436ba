"""durable_rules as an engine, for facts that arrive one by one.

    >>> from rules.engines.rete import Rete
    >>> with Rete(ruleset) as engine:
    ...     session = engine.open()
    ...     session.tell("income", value=30_000)
    ...     session.tell("earns", "anna", value=80_000)
    ...     session.outcome()

See docs/rete.md.
"""

from rules.engines.rete.engine import Rete, Verdict
from rules.engines.rete.errors import ReteCrashError, ReteLimitError, ReteMissingError
from rules.engines.rete.matcher import Answer
from rules.engines.rete.server import Server
from rules.engines.rete.session import Session

__all__ = [
    "Answer",
    "Rete",
    "ReteCrashError",
    "ReteLimitError",
    "ReteMissingError",
    "Server",
    "Session",
    "Verdict",
]
