"""Losses of 50 training steps: ours and plain flax, from the same weights on the same batch.

As a picture: python -m benchmarks.models.curves FILE.svg
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.contest import Contestant, Row, Work
from benchmarks.models.training import VARIABLES

STEPS = 50
# Module, plain form, options. The plain DCGAN is given our noise, so that both see the same.
NETWORKS: Mapping[str, tuple[str, str, dict[str, Any]]] = {
    "CNN": ("cnn", "plain", {"batch": 16}),
    "DCGAN": (
        "dcgan",
        "same_noise",
        {"batch": 16, "side": 16, "up": (64, 32, 16), "down": (16, 32)},
    ),
    "RNN": ("recurrent", "plain", {"batch": 8, "cell": "rnn", "layers": 2, "hidden": 128}),
    "LSTM": ("recurrent", "plain", {"batch": 8, "cell": "lstm", "hidden": 128}),
    "GRU": ("recurrent", "plain", {"batch": 8, "cell": "gru", "hidden": 128}),
    "Transformer": ("transformer", "plain", {"batch": 4, "layers": 2, "length": 64}),
}


def rows() -> tuple[Row, ...]:
    """A row for each network: answers that differ by more than 1 % of the first loss fail."""
    return tuple(
        Row(
            name=f"{name}, losses of {STEPS} steps",
            contestants=(
                Contestant(name="ours", entry=f"{__name__}:ours", options={"network": name}),
                Contestant(name="plain flax", entry=f"{__name__}:plain", options={"network": name}),
            ),
            tolerance=0.01,
            variables=VARIABLES,
            block=0.2,
        )
        for name in NETWORKS
    )


def ours(network: str) -> Work:
    return _work(network, "ours")


def plain(network: str) -> Work:
    """Tells how far from ours its losses are."""
    work = _work(network, "plain")
    theirs = np.array(work.answer()["losses"])
    expected = np.array(_work(network, "ours").answer()["losses"])
    farthest = np.max(np.abs(theirs - expected) / np.abs(expected))
    answer = {"losses": theirs}
    return Work(
        run=work.run, answer=lambda: answer, facts={"largest relative difference": farthest}
    )


def _work(network: str, form: str) -> Work:
    module, plain, options = NETWORKS[network]
    function = "ours" if form == "ours" else plain
    entry = getattr(importlib.import_module(f"benchmarks.models.{module}"), function)
    work: Work = entry(**options, losses=STEPS)
    return work


def draw(path: Path) -> None:
    """Trains all of them again and draws the losses, ours over theirs."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, 3, figsize=(9, 4.6), layout="constrained", sharex=True)
    steps = range(1, STEPS + 1)
    for place, name in zip(axes.flat, NETWORKS, strict=True):
        expected, theirs = (
            np.array(_work(name, form).answer()["losses"]) for form in ("ours", "plain")
        )
        place.plot(steps, theirs, label="plain flax", color="tab:orange", linewidth=5, alpha=0.5)
        place.plot(steps, expected, label="ours", color="tab:blue", linewidth=1.2)
        farthest = np.max(np.abs(theirs - expected) / np.abs(expected))
        place.set_title(f"{name}: at most {farthest:.1g} apart", fontsize=10)
        place.spines[["top", "right"]].set_visible(False)
    for place in axes[1]:
        place.set_xlabel("step")
    for place in axes[:, 0]:
        place.set_ylabel("loss")
    axes[0, 0].legend(frameon=False)
    figure.savefig(path)
    pyplot.close(figure)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    draw(parser.parse_args().path)
