"""Flax modules, one file per family: a batch in, named outputs out; no training code."""

from research.models.autoencoder import Autoencoder
from research.models.cells import Cell, GRUCell, LSTMCell, VanillaCell
from research.models.cnn import CNN
from research.models.convnext import ConvNeXt
from research.models.embedding import Embedding
from research.models.encoder_decoder import EncoderDecoder
from research.models.gan import Discriminator, Generator
from research.models.mean import Mean
from research.models.mlp import MLP, TabularMLP
from research.models.network import Network, Variables
from research.models.norm import BatchNorm
from research.models.precision import Precision, apply_precision
from research.models.random import Dropout, ExampleRngs
from research.models.resnet import ResNet
from research.models.rnn import RNN
from research.models.separable import SeparableCNN
from research.models.sequence_classifier import SequenceClassifier
from research.models.sequences import Sequences
from research.models.stochastic_depth import StochasticDepth
from research.models.transformer import Transformer

__all__ = [
    "CNN",
    "MLP",
    "RNN",
    "Autoencoder",
    "BatchNorm",
    "Cell",
    "ConvNeXt",
    "Discriminator",
    "Dropout",
    "Embedding",
    "EncoderDecoder",
    "ExampleRngs",
    "GRUCell",
    "Generator",
    "LSTMCell",
    "Mean",
    "Network",
    "Precision",
    "ResNet",
    "SeparableCNN",
    "SequenceClassifier",
    "Sequences",
    "StochasticDepth",
    "TabularMLP",
    "Transformer",
    "VanillaCell",
    "Variables",
    "apply_precision",
]
