"""Whether the engines agree: random rule sets and cases, independent oracles, shrinking."""

from rules.engines.agree.cases import cases
from rules.engines.agree.generator import generate

__all__ = ["cases", "generate"]
