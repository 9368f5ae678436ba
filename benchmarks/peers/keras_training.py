"""Training in Keras, on the backend that KERAS_BACKEND names: `fit` over copies of one batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers

from benchmarks.contest import Work
from benchmarks.models import start

_NAMES = {
    "gamma": "scale",
    "beta": "bias",
    "embeddings": "embedding",
    "attention_output": "output",
    "recurrent_kernel": "recurrent/kernel",
}


def cnn(
    *,
    batch: int,
    side: int = 28,
    channels: Sequence[int] = (32, 64),
    hidden: int = 128,
    **how: Any,
) -> Work:
    inputs = images = keras.Input((side, side, 1))
    made = _Made()
    for index, width in enumerate(channels):
        layer = layers.Conv2D(width, 3, padding="same", activation="relu")
        images = layers.MaxPooling2D(2)(made(f"convolutions/{index}", layer, images))
    flat = layers.Flatten()(images)
    dense = made("dense", layers.Dense(hidden, activation="relu"), flat)
    model = keras.Model(inputs, made("readout", layers.Dense(10), dense))
    return _work(model, made, start.images(batch, side=side, channels=1), **how)


def mlp(*, batch: int, features: int = 100, hidden: Sequence[int] = (64, 64), **how: Any) -> Work:
    inputs = found = keras.Input((features,))
    made = _Made()
    for index, width in enumerate(hidden):
        layer = layers.Dense(width, activation=_gelu)
        found = made(f"layers/{index}", layer, found)
    model = keras.Model(inputs, made("readout", layers.Dense(10), found))
    return _work(model, made, start.features(batch, features), **how)


def lstm(
    *, batch: int, length: int = 100, features: int = 128, hidden: int = 256, **how: Any
) -> Work:
    inputs = keras.Input((length, features))
    made = _Made()
    last = made("rnn/layers/0/forward", layers.LSTM(hidden), inputs)
    model = keras.Model(inputs, made("readout", layers.Dense(10), last))
    return _work(model, made, start.features(batch, length, features), **how)


def transformer(
    *,
    batch: int,
    count: int = 4,
    width: int = 128,
    heads: int = 4,
    length: int = 128,
    vocabulary: int = 256,
    **how: Any,
) -> Work:
    tokens = keras.Input((length,), dtype="int32")
    made = _Made()

    def norm(path: str, hidden: Any) -> Any:
        return made(path, layers.LayerNormalization(epsilon=1e-6), hidden)

    hidden = made("embedding", layers.Embedding(vocabulary, width), tokens)
    hidden = made("positions", _Positions(), hidden)
    for index in range(count):
        at = f"layers/{index}"
        read = norm(f"{at}/attention_norm", hidden)
        attention = layers.MultiHeadAttention(heads, width // heads)
        hidden += made(f"{at}/attention", attention, read, read, use_causal_mask=True)
        read = norm(f"{at}/feed_forward_norm", hidden)
        up = layers.Dense(4 * width, activation=_gelu)
        read = made(f"{at}/feed_forward/up", up, read)
        hidden += made(f"{at}/feed_forward/down", layers.Dense(width), read)
    readout = layers.Dense(vocabulary, use_bias=False)
    model = keras.Model(tokens, made("readout", readout, norm("norm", hidden)))
    sequences = start.tokens(batch, length=length, vocabulary=vocabulary)["inputs"]
    examples = {"inputs": sequences[:, :-1], "labels": sequences[:, 1:]}
    return _work(model, made, examples, **how)


def _gelu(inputs: Any) -> Any:
    return keras.activations.gelu(inputs, approximate=True)


class _Positions(layers.Layer):
    """Adds a vector for each position."""

    def build(self, shape: tuple[int, ...]) -> None:
        self.vectors = self.add_weight(shape=shape[1:], name="embedding")

    def call(self, inputs: Any) -> Any:
        return inputs + self.vectors


class _Made:
    """Layers by our paths."""

    def __init__(self) -> None:
        self.layers: dict[str, Any] = {}

    def __call__(self, path: str, layer: Any, *inputs: Any, **options: Any) -> Any:
        self.layers[path] = layer
        return layer(*inputs, **options)

    def begin(self) -> None:
        """Gives all of them our starting values."""
        for path, layer in self.layers.items():
            for variable in layer.trainable_variables:
                *_, owner, last = variable.path.split("/")
                parts = [path, *([owner] if isinstance(layer, layers.MultiHeadAttention) else [])]
                if isinstance(layer, layers.LSTM) and last == "kernel":
                    parts.append("input")
                name = "/".join(_NAMES.get(part, part) for part in (*parts, last))
                variable.assign(start.weight(name, tuple(variable.shape)))


def _work(
    model: Any,
    made: _Made,
    examples: start.Examples,
    *,
    copies: int = 8,
    count: int = 1,
    losses: int = start.LOSSES,
) -> Work:
    """`copies` batches a call of `fit`, `count` steps in one dispatch."""
    made.begin()
    model.compile(
        optimizer=keras.optimizers.Adam(start.LEARNING_RATE, epsilon=1e-8),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        steps_per_execution=count,
    )
    size = len(examples["inputs"])

    ready = {name: np.concatenate([array] * copies) for name, array in examples.items()}

    def fit(batches: int) -> float:
        inputs, labels = (ready[name][: batches * size] for name in ("inputs", "labels"))
        told = model.fit(inputs, labels, batch_size=size, shuffle=False, verbose=0)
        return told.history["loss"][0]

    return Work(
        run=lambda: fit(copies),
        answer=lambda: {
            "parameters": str(model.count_params()),
            "losses": [fit(count) for _ in range(losses)],
        },
        amount=float(copies * size),
    )
