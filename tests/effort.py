"""How hard the tests try: `make test` runs a short slice, other targets run at length."""

import os

import pytest

KILLS = int(os.environ.get("RULAX_KILLS", "2"))


def examples(count: int) -> int:
    """Examples for a property test: `count`, times RULAX_FUZZ."""
    return count * int(os.environ.get("RULAX_FUZZ", "1"))


HOSTS = "RULAX_HOSTS" in os.environ
at_length_on_hosts = pytest.mark.skipif(not HOSTS, reason="needs RULAX_HOSTS: make test-hosts")
"""For a family of networks under a second executor, and what a test of the command shows, too."""

whole_experiment = pytest.mark.skipif(
    "RULAX_EXPERIMENTS" not in os.environ, reason="needs RULAX_EXPERIMENTS: make test-experiments"
)
"""For tests that train and decide at length what `test_every_experiment` does in two steps."""
