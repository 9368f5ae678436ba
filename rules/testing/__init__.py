"""Running the tests that a rule text carries."""

from rules.testing.run import Check, TestResult, run_tests

__all__ = ["Check", "TestResult", "run_tests"]
