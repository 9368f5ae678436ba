"""Flax modules, one file per family: a batch in, named outputs out; no training code."""

from research.models.cnn import CNN
from research.models.mlp import MLP
from research.models.network import Network, Variables

__all__ = ["CNN", "MLP", "Network", "Variables"]
