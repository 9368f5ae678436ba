"""Start-up: imports, and from the command to the first step."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.contest import PEERS, Contestant, Row, Work

HERE = "benchmarks.start:"
POLICY = "benchmarks/lending.rules"
CASE = {
    **{"p_default": 0.3, "age": 40, "seniority": 3, "job": "fixed", "records": "no"},
    **{"income": 2000, "expenses": 500, "assets": 0, "debt": 0},
    **{"amount": 1000, "price": 1200, "months": 24},
}
FIRST_STEP = """
import os, runpy, sys
import research.training.executors
Executor = sys.modules["research.training.executors.executor"].Executor
dispatch = Executor.__call__
def first(self, *arguments, **options):
    import jax
    jax.block_until_ready(dispatch(self, *arguments, **options))
    os._exit(0)
Executor.__call__ = first
sys.argv[0] = "launch.py"
runpy.run_path("launch.py", run_name="__main__")
"""


def rows() -> tuple[Row, ...]:
    """Imports, and first steps with a compile cache and without."""
    imports = {
        "import research": "import research",
        "all that training needs": "import research; research.training.fit",
        "jax": "import jax",
        "jax, flax and optax": "import jax, flax.nnx, optax",
        "jax, flax, optax and orbax": "import jax, flax.nnx, optax, orbax.checkpoint",
    }
    return (
        Row(
            name="imports",
            block=0.1,
            contestants=(
                *(
                    Contestant(name=name, entry=f"{HERE}python", options={"code": code})
                    for name, code in imports.items()
                ),
                Contestant(
                    name="torch",
                    entry=f"{HERE}python",
                    options={"code": "import torch"},
                    environment=PEERS,
                ),
            ),
            note="A whole process, with Python's own start.",
        ),
        Row(
            name="rules and its commands",
            block=0.1,
            contestants=(
                Contestant(
                    name="import rules", entry=f"{HERE}python", options={"code": "import rules"}
                ),
                Contestant(name="Python itself", entry=f"{HERE}python", options={"code": "pass"}),
                *(
                    Contestant(
                        name=f"python -m rules {command[0]}",
                        entry=f"{HERE}command",
                        options={"arguments": command},
                    )
                    for command in (
                        ["check", "--no-solver", POLICY],
                        ["decide", POLICY, "--cases", "CASE"],
                        ["explain", POLICY, "--cases", "CASE"],
                    )
                ),
            ),
            note="One case, 12 inputs, 16 rules; a whole process each.",
        ),
        *(
            Row(
                name=f"{name}, from the command to the first step",
                block=0.1,
                contestants=(
                    Contestant(
                        name="compiled before",
                        entry=f"{HERE}first_step",
                        options={"experiment": name},
                    ),
                    Contestant(
                        name="never compiled",
                        entry=f"{HERE}first_step",
                        options={"experiment": name, "cold": True},
                    ),
                ),
            )
            for name in ("credit", "digits")
        ),
    )


def python(*, code: str) -> Work:
    """A process that does no more than this."""

    def run() -> None:
        subprocess.run([sys.executable, "-c", code], check=True)

    return Work(run=run, answer=dict)


def command(*, arguments: list[str]) -> Work:
    """`python -m rules`; CASE in its arguments is a file with one case."""
    kept = tempfile.TemporaryDirectory()
    case = Path(kept.name) / "case.jsonl"
    case.write_text(json.dumps(CASE))
    words = [str(case) if word == "CASE" else word for word in arguments]

    def run() -> object:
        subprocess.run(
            [sys.executable, "-m", "rules", *words], check=True, stdout=subprocess.DEVNULL
        )
        return kept

    return Work(run=run, answer=dict)


def first_step(*, experiment: str, cold: bool = False) -> Work:
    """`launch.py --mode=train`, ended when the first dispatch has come back."""
    kept = tempfile.TemporaryDirectory()

    def run() -> object:
        with tempfile.TemporaryDirectory() as folder:
            cache = Path(folder if cold else kept.name) / "xla"
            began = time.perf_counter()
            subprocess.run(
                [
                    *(sys.executable, "-c", FIRST_STEP, "--mode=train"),
                    f"--config=experiments/{experiment}/config.py",
                    f"--workdir={folder}/run",
                ],
                check=True,
                capture_output=True,
                env={
                    **os.environ,
                    "PYTHONPATH": str(Path.cwd()),
                    "JAX_COMPILATION_CACHE_DIR": str(cache),
                    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
                    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
                },
            )
            seconds[0] = time.perf_counter() - began
        return kept

    seconds = [0.0]
    run()  # the first one fills the cache
    return Work(run=run, answer=dict, seconds=lambda: seconds[0])
