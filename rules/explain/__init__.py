"""Explanations: a sentence per case, and the whole proof of one."""

from rules.explain.why import Explanation, explain

__all__ = ["Explanation", "explain"]
