"""From the start of a process to 98 % of MNIST's test digits in PyTorch, eager."""

from __future__ import annotations

import os
import sys

import numpy as np
import torch
from torch.nn import functional

from benchmarks.contest import Work
from benchmarks.models import accuracy, start
from benchmarks.peers import torch_models as models


def reach(seed: int) -> Work:
    return Work(
        run=lambda: accuracy.process(__name__, seed, os.environ),
        answer=lambda: f"{accuracy.ACCURACY:.0%}",
    )


def _train(seed: int) -> int:
    """Trains until the accuracy is reached; says after how many steps."""
    (images, labels), (test, expected) = (
        (
            torch.from_numpy(part["inputs"]).permute(0, 3, 1, 2).contiguous(),
            torch.from_numpy(part["labels"]).long(),
        )
        for part in accuracy.arrays()
    )
    network = models.SmallCNN()
    models.begin(network, f"{seed}/")
    optimizer = torch.optim.Adam(network.parameters(), lr=start.LEARNING_RATE)
    random = np.random.default_rng(seed)
    step = 0
    while step < accuracy.MOST:
        order = torch.from_numpy(random.permutation(len(images)))
        for chosen in order.split(accuracy.BATCH)[: len(images) // accuracy.BATCH]:
            optimizer.zero_grad()
            loss = functional.cross_entropy(network(images[chosen]), labels[chosen])
            loss.backward()
            optimizer.step()
            step += 1
            if step % accuracy.EVERY == 0:
                with torch.no_grad():
                    logits = torch.cat([network(part) for part in test.split(1024)])
                found = float((logits.argmax(1) == expected).float().mean())
                print(step, f"{found:.4f}", flush=True)
                if found >= accuracy.ACCURACY:
                    return step
    raise RuntimeError(f"{found:.2%} after {step} steps, expected {accuracy.ACCURACY:.0%}")


if __name__ == "__main__":
    _train(int(sys.argv[1]))
