"""Flax modules, one file per family: a batch in, named outputs out; no training code."""

from research.models.cells import Cell, GRUCell, LSTMCell, VanillaCell
from research.models.cnn import CNN
from research.models.embedding import Embedding
from research.models.gan import Discriminator, Generator
from research.models.mlp import MLP
from research.models.network import Network, Variables
from research.models.norm import BatchNorm
from research.models.precision import Precision, apply_precision
from research.models.random import Dropout, ExampleRngs
from research.models.rnn import RNN, SequenceClassifier
from research.models.sequences import Sequences
from research.models.transformer import Transformer

__all__ = [
    "CNN",
    "MLP",
    "RNN",
    "BatchNorm",
    "Cell",
    "Discriminator",
    "Dropout",
    "Embedding",
    "ExampleRngs",
    "GRUCell",
    "Generator",
    "LSTMCell",
    "Network",
    "Precision",
    "SequenceClassifier",
    "Sequences",
    "Transformer",
    "VanillaCell",
    "Variables",
    "apply_precision",
]
