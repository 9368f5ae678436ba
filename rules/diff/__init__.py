"""What an edit of a rule set means: which cases it decides differently."""

from rules.diff.compare import diff
from rules.diff.difference import CaseDifference, Difference, OutcomeChange

__all__ = ["CaseDifference", "Difference", "OutcomeChange", "diff"]
