import json
import math
import os
import platform

import pytest

DEFAULT_TIMING = {
    "step": 40,
    "steps": 100,
    "monitor": "loss",
    "best_step": 40,
    "best_value": 0.25,
    "finished": None,
    "written": 0.0,
    "attempts": 2,
    "seconds": {"step": 60.0, "compile": 30.0, "data": 0.0},
    "lost": 10.0,
    "goodput": 0.6,
    "speeds": {"speed/steps_per_second": 12.5},
    "compile_cache": {"hits": 3, "misses": 1},
}


@pytest.fixture
def make(tmp_path):
    """Makes a workdir below `runs/`; every part can be replaced or left out (None)."""

    def made(name, *, config=None, timing=(), attempt=(), steps=4, rate=0.02):
        path = tmp_path / "runs" / name
        path.mkdir(parents=True)
        stored = {"seed": 0, "training": {"steps": 100, "monitor": "loss"}} | (config or {})
        (path / "config.json").write_text(json.dumps({"experiment": "e.py", "config": stored}))
        with (path / "metrics.jsonl").open("w") as file:
            for step in range(10, steps * 10 + 1, 10):
                loss = math.exp(-rate * step)
                record = {"step": step, "train": {"loss": loss}}
                if step % 20 == 0:
                    record["validation"] = {"loss": loss + 0.1, "accuracy": 1 - loss}
                file.write(json.dumps(record) + "\n")
        if timing is not None:
            (path / "timing.json").write_text(json.dumps(DEFAULT_TIMING | dict(timing)))
        if attempt is not None:
            entry = {
                "started": "2026-11-22T11:47:44+00:00",
                "host": platform.node(),
                "pid": 2**22 + os.getpid(),  # above what Linux gives
                "command": ["launch.py", "--config=e.py"],
                "git": {
                    "commit": "c" * 40,
                    "diff": {"file": "provenance.diff", "sha256": "d" * 64},
                },
                "python": "3.11.7",
                "packages": {"jax": "0.10.2", "flax": "0.12.8"},
                "devices": {"kind": "TPU v4", "count": 8},
            } | dict(attempt)
            manifest = {"attempts": [entry]}
            (path / "provenance.json").write_text(json.dumps(manifest))
        return path

    return made
