"""A small task of every family of networks, with noise of every kind, for 20 steps."""

import numpy as np
import optax

from research.data import augmentation
from research.models import CNN, MLP, Network
from research.models.gan import Discriminator, Generator
from research.models.random import fold_in
from research.models.sequence_classifier import SequenceClassifier
from research.models.transformer import Transformer
from research.tasks import Classification
from research.tasks.adversarial import Adversarial
from research.tasks.language_model import LanguageModel

STEPS, BATCH_SIZE, SEED = 20, 16, 3
RANDOM = np.random.default_rng(0)
COUNT = 56  # no multiple of the batch size

VECTORS = RANDOM.normal(size=(COUNT, 6)).astype(np.float32)
IMAGES = RANDOM.normal(size=(COUNT, 8, 8, 1)).astype(np.float32)
TOKENS = RANDOM.integers(1, 11, size=(COUNT, 7)).astype(np.int32)
TOKENS[:, 4:] *= RANDOM.integers(0, 2, size=(COUNT, 1), dtype=np.int32)  # 0 pads
LABELS = RANDOM.integers(0, 2, size=COUNT).astype(np.int32)


def mlp():
    network = Network.from_nnx(lambda rngs: MLP(6, hidden=(8,), outputs=2, dropout=0.3, rngs=rngs))
    task = Classification(network=network, optimizer=optax.adam(0.01))
    return task, {"inputs": VECTORS, "labels": LABELS}


def cnn():
    """With BatchNorm, dropout and augmentation."""

    def augment(keys, images):
        shifted = augmentation.shift(fold_in(keys, 0), images, pixels=1)
        return augmentation.noise(fold_in(keys, 1), shifted, scale=0.1)

    network = Network.from_nnx(
        lambda rngs: CNN((8, 8, 1), channels=(4,), outputs=2, dropout=0.3, rngs=rngs)
    )
    task = Classification(network=network, optimizer=optax.adam(0.01), augment=augment)
    return task, {"inputs": IMAGES, "labels": LABELS}


def lstm():
    network = Network.from_nnx(
        lambda rngs: SequenceClassifier(
            vocabulary=11, features=4, hidden=5, outputs=2, dropout=0.3, padding=0, rngs=rngs
        )
    )
    task = Classification(network=network, optimizer=optax.adam(0.01))
    return task, {"inputs": TOKENS, "labels": LABELS}


def transformer():
    """With sequences of different lengths, so that examples weigh differently."""
    network = Network.from_nnx(
        lambda rngs: Transformer(11, width=8, layers=1, heads=2, dropout=0.3, padding=0, rngs=rngs)
    )
    task = LanguageModel(network=network, optimizer=optax.adam(0.01), padding=0)
    return task, {"inputs": TOKENS}


def gan():
    """Two networks with BatchNorm, two optimizers, noise for each example."""
    task = Adversarial(
        generator=Network.from_nnx(
            lambda rngs: Generator(3, image=(8, 8, 1), channels=(4, 4), rngs=rngs)
        ),
        discriminator=Network.from_nnx(
            lambda rngs: Discriminator((8, 8, 1), channels=(4, 4), rngs=rngs)
        ),
        latent=3,
        generator_optimizer=optax.sgd(0.02),
        discriminator_optimizer=optax.sgd(0.02),
        discriminator_steps=2,
    )
    return task, {"inputs": np.tanh(IMAGES)}


FAMILIES = {"mlp": mlp, "cnn": cnn, "lstm": lstm, "transformer": transformer, "gan": gan}
