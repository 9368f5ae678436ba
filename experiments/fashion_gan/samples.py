"""Samples by their seeds, and grids of them while the GAN learns."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import cast

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from experiments.fashion_gan.trays import in_trays
from experiments.report.png import png
from research.inference import Predictor
from research.models import Variables
from research.tasks import Adversarial
from research.workdir import Workdir

Images = NDArray[np.float32]

_FOLDER = "samples"
_SIDE = 8  # images in a row and in a column of a grid


def noise(seeds: jax.typing.ArrayLike, width: int) -> jax.Array:
    """The noise `[B, Z]` that seeds `[B]` stand for; pure.

    A sample is named by its seed, so that any of them can be made again.
    """
    keys = jax.vmap(jax.random.key)(jnp.asarray(seeds, jnp.uint32))
    return jax.vmap(lambda key: jax.random.normal(key, (width,)))(keys)


def made(predictor: Predictor, count: int, *, first: int = 0) -> tuple[Images, Images]:
    """The samples of the seeds `first`, `first + 1`, ...: images and the critic's logits."""
    seeds = np.arange(first, first + count, dtype=np.uint32)
    outputs = in_trays(predictor, {"seed": seeds})
    return outputs["images"], outputs["logits"]


def grid(images: Images, *, columns: int) -> NDArray[np.float32]:
    """Images `[N, H, W, 1]` from -1 to 1 in rows, as one `[h, w]` from 0 to 1; gaps are 0."""
    count, height, width, _ = images.shape
    rows = -(-count // columns)
    whole = np.zeros((rows * columns, height, width), np.float32)
    whole[:count] = (images[..., 0] + 1) / 2
    whole = whole.reshape(rows, columns, height, width).swapaxes(1, 2)
    return whole.reshape(rows * height, columns * width)


def watch(task: Adversarial, workdir: Workdir) -> Callable[[int, Variables], None]:
    """Draws a grid of the same samples at each evaluation, `samples/step-000430.png`."""
    seeds = np.arange(_SIDE * _SIDE)
    generate = jax.jit(lambda variables: task.predict(variables, noise(seeds, task.latent)))

    def draw(step: int, variables: Variables) -> None:
        images = np.asarray(generate(variables)["images"])
        grey = np.round(255 * (1 - grid(images, columns=_SIDE))).astype(np.uint8)
        with workdir.write(f"{_FOLDER}/step-{step:06d}.png") as temporary:
            temporary.write_bytes(png(grey))

    return draw


def drawn(workdir: Workdir) -> dict[int, NDArray[np.float32]]:
    """The grids by step, `[h, w]` from 0 (paper) to 1 (ink)."""
    from matplotlib.image import imread

    files: list[Path] = sorted((workdir.path / _FOLDER).glob("step-*.png"))
    return {int(file.stem.removeprefix("step-")): 1 - imread(file) for file in files}


def between(predictor: Predictor, seeds: NDArray[np.uint32], *, steps: int = 10) -> list[Images]:
    """Walks from each seed's noise to the next one's, `[steps, 28, 28, 1]` each.

    On the sphere, where noise lies: halfway on a straight line it would be too short
    (White, "Sampling Generative Networks", 2016).
    """
    task = cast(Adversarial, predictor.task)
    generate = jax.jit(lambda points: task.predict(predictor.variables, points)["images"])
    ends = np.asarray(noise(seeds, task.latent), np.float64)
    return [
        np.asarray(generate(jnp.asarray(_arc(start, end, steps), jnp.float32)))
        for start, end in pairwise(ends)
    ]


def _arc(start: NDArray[np.float64], end: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
    lengths = np.linalg.norm(start), np.linalg.norm(end)
    angle = np.arccos(np.clip(start @ end / np.prod(lengths), -1, 1))
    share = np.linspace(0, 1, steps)[:, None]
    arc: NDArray[np.float64] = (
        np.sin((1 - share) * angle) * start + np.sin(share * angle) * end
    ) / np.sin(angle)
    return arc
