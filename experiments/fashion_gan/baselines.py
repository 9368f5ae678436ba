"""A generator without a network: a Gaussian per class, in the space of its principal components."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class PcaGaussian:
    """Per class, what its images have in common and how they vary.

    Attributes:
        means: `[K, P]` over P pixels.
        directions: principal ones `[K, P, C]`, each as long as the deviation along it.
        shares: of each class `[K]`.
        image: shape of an image.
    """

    means: Floats
    directions: Floats
    shares: Floats
    image: tuple[int, ...]

    @classmethod
    def fit(cls, images: NDArray[np.float32], labels: NDArray[np.int32]) -> PcaGaussian:
        """Fits on images `[N, H, W, C]` with all components, the strongest first."""
        flat = images.reshape(len(images), -1).astype(np.float64)
        means, directions = [], []
        classes, counts = np.unique(labels, return_counts=True)
        for label in classes:
            rows = flat[labels == label]
            means.append(rows.mean(0))
            values, vectors = np.linalg.eigh(np.cov(rows, rowvar=False))
            directions.append((vectors * np.sqrt(np.maximum(values, 0)))[:, ::-1])
        return cls(
            means=np.stack(means),
            directions=np.stack(directions),
            shares=counts / counts.sum(),
            image=images.shape[1:],
        )

    def sample(self, count: int, *, components: int, seed: int) -> NDArray[np.float32]:
        """Images float32 `[count, H, W, C]`, classes in their shares, clipped to -1 to 1."""
        random = np.random.Generator(np.random.PCG64(seed))
        labels = random.choice(len(self.shares), size=count, p=self.shares)
        flat = self.means[labels]
        for label in range(len(self.shares)):
            rows = labels == label
            steps = random.normal(size=(int(rows.sum()), components))
            flat[rows] += steps @ self.directions[label, :, :components].T
        return np.clip(flat, -1, 1).astype(np.float32).reshape(count, *self.image)
