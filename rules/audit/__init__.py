"""The decision record: append-only, hash-chained, replayable.

with AuditLog("decisions.db") as log:
    log.record(rules.decide(policy, cases), checkpoint="runs/credit@1200")
    assert verify(log).sound
"""

import importlib.util

if importlib.util.find_spec("sqlalchemy") is None:
    raise ModuleNotFoundError(
        "the decision record needs SQLAlchemy, which is not installed; "
        "install it with: pip install rulax[audit]"
    )

from rules.audit.chain import GENESIS, Entry, link
from rules.audit.log import AuditError, AuditLog, Head
from rules.audit.replay import Difference, Replay, replay
from rules.audit.verification import Verification, verify

__all__ = [
    "GENESIS",
    "AuditError",
    "AuditLog",
    "Difference",
    "Entry",
    "Head",
    "Replay",
    "Verification",
    "link",
    "replay",
    "verify",
]
