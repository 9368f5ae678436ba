"""Running the tests that a rule text carries, and finding out what they would notice."""

from rules.testing.coverage import Coverage, Seen, coverage
from rules.testing.junit import junit_xml
from rules.testing.mutants import Mutant, mutants
from rules.testing.mutation import MutationReport, Survivor, mutate
from rules.testing.run import Check, TestResult, run_tests

__all__ = [
    "Check",
    "Coverage",
    "Mutant",
    "MutationReport",
    "Seen",
    "Survivor",
    "TestResult",
    "coverage",
    "junit_xml",
    "mutants",
    "mutate",
    "run_tests",
]
