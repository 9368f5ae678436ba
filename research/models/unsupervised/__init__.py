"""What is learned without labels, in closed form or by a few sweeps: PCA, k-means."""

from research.models.unsupervised.kmeans import KMeans
from research.models.unsupervised.pca import PCA

__all__ = ["PCA", "KMeans"]
