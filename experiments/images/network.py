"""The network of an image experiment: pixels as they are in the file in, logits out."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from ml_collections import ConfigDict

from experiments.experiment import ExperimentError
from research.data import augmentation
from research.models import CNN, ConvNeXt, Network, ResNet, SeparableCNN, Variables

_FAMILIES = ("cnn", "resnet", "convnext", "separable")
_SIDE = 28


def build_network(config: ConfigDict, classes: int) -> Network:
    """A network from pixels uint8 `[B, 28, 28, 1]` to `features` `[B, D]` and `logits` `[B, K]`.

    Args:
        config: has `model`: `family`, `channels` of each stage, `blocks` (of the CNN:
            convolutions, but for the first) in each stage, `dropout` (depth rate of a ResNet or
            ConvNeXt), and `mirrored`: average the logits of a picture and of its mirror image
            when predicting.
        classes: K.

    Raises:
        ExperimentError: for an unknown family.
    """
    inner = Network.from_nnx(
        functools.partial(_module, config.model, classes), outputs=("features", "logits")
    )

    def apply(
        variables: Variables, pixels: Any, train: bool, keys: jax.Array | None
    ) -> tuple[Any, Any]:
        # Mean and spread of both data sets are about so.
        inputs = (jnp.asarray(pixels, jnp.float32) / 255 - 0.2) / 0.33
        outputs, statistics = inner.apply(variables, inputs, train, keys)
        if config.model.mirrored and not train:
            mirrored, _ = inner.apply(variables, inputs[..., ::-1, :], False, None)
            outputs = {name: (outputs[name] + mirrored[name]) / 2 for name in outputs}
        return outputs, statistics

    return dataclasses.replace(inner, apply=apply)


def build_augmentation(config: ConfigDict) -> Any:
    """Random shifts, mirror images and squares cut out, as `config.augmentation` says."""
    settings = config.augmentation
    changes: list[Any] = [functools.partial(augmentation.shift, pixels=settings.shift)]
    if settings.flip:
        changes.append(augmentation.flip)
    if settings.cutout:
        changes.append(functools.partial(augmentation.cutout, size=settings.cutout))
    return augmentation.chain(*changes)


def _module(model: ConfigDict, classes: int, rngs: nnx.Rngs) -> nnx.Module:
    channels, blocks, dropout = tuple(model.channels), model.blocks, model.dropout
    stages = len(channels)
    if model.family == "cnn":
        return CNN(
            (_SIDE, _SIDE, 1),
            channels=channels,
            # A second convolution at full size would cost as much as a stage.
            convolutions=(1, *[blocks] * (stages - 1)),
            outputs=classes,
            dropout=dropout,
            rngs=rngs,
        )
    if model.family == "resnet":
        return ResNet(
            1,
            blocks=(blocks,) * stages,
            widths=channels,
            outputs=classes,
            depth_rate=dropout,
            rngs=rngs,
        )
    if model.family == "convnext":
        return ConvNeXt(
            1,
            blocks=(blocks,) * stages,
            widths=channels,
            outputs=classes,
            patch=2,
            depth_rate=dropout,
            rngs=rngs,
        )
    if model.family == "separable":
        return SeparableCNN(
            1,
            stem=channels[0],
            widths=[width for width in channels for _ in range(blocks)],
            strides=[
                2 if stage and not block else 1
                for stage in range(stages)
                for block in range(blocks)
            ],
            outputs=classes,
            dropout=dropout,
            rngs=rngs,
        )
    raise ExperimentError(
        f"config.model.family is {model.family!r}, expected {', '.join(_FAMILIES)}"
    )
