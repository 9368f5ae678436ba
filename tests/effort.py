"""How hard the tests try: `make test` runs a short slice, other targets run at length."""

import os

KILLS = int(os.environ.get("RULAX_KILLS", "2"))


def examples(count: int) -> int:
    """Examples for a property test: `count`, times RULAX_FUZZ."""
    return count * int(os.environ.get("RULAX_FUZZ", "1"))
