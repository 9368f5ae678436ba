"""How good the samples are, beside a baseline and beside real garments themselves."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from experiments.fashion_gan.baselines import PcaGaussian
from experiments.fashion_gan.data import Data
from experiments.fashion_gan.inspection import thumbnails
from experiments.fashion_gan.judge import Judge
from experiments.fashion_gan.trays import in_trays
from research.tasks.sample_quality import frechet_distance, nearest, precision_recall

Images = NDArray[np.float32]

QUANTILES = (0.01, 0.1, 0.5, 0.9)
_COMPONENTS = (30, 100, 300)
_NEIGHBOURED = 2000  # images whose nearest training images are looked for


def features_of(judge: Judge) -> Callable[[Images], NDArray[np.float32]]:
    """The judge's features `[N, D]` of any number of images, on the host."""
    compiled = jax.jit(judge)

    def features(images: Images) -> NDArray[np.float32]:
        rows: NDArray[np.float32] = in_trays(
            lambda columns: compiled(columns["images"]), {"images": images}
        )
        return rows

    return features


def measure(samples: Images, data: Data, judge: Judge, *, seed: int) -> dict[str, Any]:
    """Compares samples with as many test images, in the judge's features.

    Args:
        samples: `[N, 28, 28, 1]`, no more than there are test images.
        data: real garments.
        judge: trained on `data.train`.
        seed: of the baseline's samples.

    Returns:
        Plain data: `judge_accuracy`, `samples` (N), `generators` (`name`, `frechet`,
        `precision`, `recall`), and `copying`: quantiles of distances to the training images,
        of samples and of test images.
    """
    features, count = features_of(judge), len(samples)
    reference = features(data.test.images[:count])
    baseline, components = _baseline(data, features, seed=seed)
    candidates = {
        "Rulax DCGAN": samples,
        f"PCA Gaussians, {components} components": baseline.sample(
            count, components=components, seed=seed
        ),
        "Real training images": data.train.images[:count],
    }
    seen = {name: features(images) for name, images in candidates.items()}
    return {
        "judge_accuracy": _accuracy(judge, data),
        "samples": count,
        "generators": [
            {
                "name": name,
                "frechet": frechet_distance(rows, reference[: len(rows)]),
                **dataclasses.asdict(precision_recall(rows, reference)),
            }
            for name, rows in seen.items()
        ],
        "copying": _copying(samples, seen["Rulax DCGAN"], reference, data, features),
    }


def _baseline(
    data: Data, features: Callable[[Images], NDArray[np.float32]], *, seed: int
) -> tuple[PcaGaussian, int]:
    """The baseline, with the number of components that does best on validation images."""
    fitted = PcaGaussian.fit(data.train.images, data.train.labels)
    validation = features(data.validation.images)

    def distance(components: int) -> float:
        samples = fitted.sample(len(validation), components=components, seed=seed + 1)
        return frechet_distance(features(samples), validation)

    return fitted, min(_COMPONENTS, key=distance)


def _copying(
    samples: Images,
    sample_features: NDArray[np.float32],
    test_features: NDArray[np.float32],
    data: Data,
    features: Callable[[Images], NDArray[np.float32]],
) -> dict[str, Any]:
    few = slice(_NEIGHBOURED)
    pixels, seen = thumbnails(data.train.images), features(data.train.images)
    width = np.sqrt(pixels.shape[1])  # of a distance, to make a root mean square of it
    distances = {
        "pixels": {
            "samples": nearest(thumbnails(samples[few]), pixels)[0] / width,
            "test": nearest(thumbnails(data.test.images[few]), pixels)[0] / width,
        },
        "features": {
            "samples": nearest(sample_features[few], seen)[0],
            "test": nearest(test_features[few], seen)[0],
        },
    }
    return {
        space: {name: np.quantile(found, QUANTILES).tolist() for name, found in two.items()}
        for space, two in distances.items()
    }


def _accuracy(judge: Judge, data: Data) -> float:
    compiled = jax.jit(judge.look)
    judged = in_trays(
        lambda columns: compiled(columns["images"])["probabilities"], {"images": data.test.images}
    )
    return float((judged.argmax(-1) == data.test.labels).mean())
