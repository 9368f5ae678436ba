"""DCGAN for 32x32 pictures: both players' Adam steps, on the non-saturating loss."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import optax
from flax import nnx

from benchmarks.contest import Work
from benchmarks.models import start, steps
from research.models import Discriminator, Generator, Network
from research.tasks import Adversarial

UP, DOWN = (256, 128, 64, 32), (64, 128, 256)
_TOLD = ("discriminator_loss", "generator_loss")


def ours(
    *,
    batch: int,
    side: int = 32,
    up: Sequence[int] = UP,
    down: Sequence[int] = DOWN,
    latent: int = 100,
    losses: int = start.LOSSES,
) -> Work:
    image = (side, side, 3)
    task = _task(
        Network.from_nnx(lambda rngs: Generator(latent, image=image, channels=up, rngs=rngs)),
        Network.from_nnx(lambda rngs: Discriminator(image, channels=down, rngs=rngs)),
        latent,
    )
    examples = start.images(batch, side=side, channels=3)
    return steps.ours(task, {"inputs": examples["inputs"]}, told=_TOLD, losses=losses)


def _task(generator: Network, discriminator: Network, latent: int) -> Adversarial:
    return Adversarial(
        generator=generator,
        discriminator=discriminator,
        latent=latent,
        generator_optimizer=steps.adam(),
        discriminator_optimizer=steps.adam(),
    )


class PlainUp(nnx.Module):
    """Upsampling by two, BatchNorm, ReLU."""

    def __init__(self, inputs: int, outputs: int, *, rngs: nnx.Rngs) -> None:
        self.upsample = nnx.ConvTranspose(
            inputs, outputs, (4, 4), strides=(2, 2), use_bias=False, rngs=rngs
        )
        self.norm = nnx.BatchNorm(outputs, momentum=0.9, rngs=rngs)

    def __call__(self, images: jax.Array) -> jax.Array:
        return nnx.relu(self.norm(self.upsample(images)))


class PlainGenerator(nnx.Module):
    """Noise `[B, Z]` to images."""

    def __init__(self, latent: int, side: int, up: Sequence[int], *, rngs: nnx.Rngs) -> None:
        small = side // 2 ** (len(up) - 1)
        self.smallest = (small, small, up[0])
        self.project = nnx.Linear(latent, small * small * up[0], use_bias=False, rngs=rngs)
        self.norm = nnx.BatchNorm(up[0], momentum=0.9, rngs=rngs)
        self.blocks = nnx.List([PlainUp(a, b, rngs=rngs) for a, b in pairwise(up)])
        self.readout = nnx.Conv(up[-1], 3, (3, 3), rngs=rngs)

    def __call__(
        self, noise: jax.Array, *, train: bool = True, rngs: Any = None
    ) -> dict[str, jax.Array]:
        hidden = nnx.relu(self.norm(self.project(noise).reshape(-1, *self.smallest)))
        for block in self.blocks:
            hidden = block(hidden)
        return {"images": jnp.tanh(self.readout(hidden))}


class PlainDown(nnx.Module):
    """Strided convolution, BatchNorm in all but the first, leaky ReLU."""

    def __init__(self, inputs: int, outputs: int, *, norm: bool, rngs: nnx.Rngs) -> None:
        self.convolution = nnx.Conv(
            inputs, outputs, (4, 4), strides=(2, 2), padding=1, use_bias=not norm, rngs=rngs
        )
        self.norm = nnx.BatchNorm(outputs, momentum=0.9, rngs=rngs) if norm else None

    def __call__(self, images: jax.Array) -> jax.Array:
        hidden = self.convolution(images)
        return nnx.leaky_relu(hidden if self.norm is None else self.norm(hidden), 0.2)


class PlainDiscriminator(nnx.Module):
    """Images to logits `[B]`."""

    def __init__(self, side: int, down: Sequence[int], *, rngs: nnx.Rngs) -> None:
        self.blocks = nnx.List(
            [
                PlainDown(a, b, norm=index > 0, rngs=rngs)
                for index, (a, b) in enumerate(pairwise((3, *down)))
            ]
        )
        self.readout = nnx.Linear((side // 2 ** len(down)) ** 2 * down[-1], 1, rngs=rngs)

    def __call__(
        self, images: jax.Array, *, train: bool = True, rngs: Any = None
    ) -> dict[str, jax.Array]:
        for block in self.blocks:
            images = block(images)
        return {"logits": self.readout(images.reshape(len(images), -1))[:, 0]}


def same_noise(
    *,
    batch: int,
    side: int = 32,
    up: Sequence[int] = UP,
    down: Sequence[int] = DOWN,
    latent: int = 100,
    losses: int = start.LOSSES,
) -> Work:
    """Flax's layers in our task, which draws the same noise for them."""
    task = _task(
        Network.from_nnx(lambda rngs: PlainGenerator(latent, side, up, rngs=rngs)),
        Network.from_nnx(lambda rngs: PlainDiscriminator(side, down, rngs=rngs)),
        latent,
    )
    examples = start.images(batch, side=side, channels=3)
    return steps.ours(task, {"inputs": examples["inputs"]}, told=_TOLD, losses=losses)


def plain(
    *,
    batch: int,
    side: int = 32,
    up: Sequence[int] = UP,
    down: Sequence[int] = DOWN,
    latent: int = 100,
    losses: int = start.LOSSES,
) -> Work:
    """By hand: the generated pictures of a step serve both players, as in PyTorch's example."""
    rule = optax.adam(start.LEARNING_RATE)

    def player(module: nnx.Module, name: str) -> tuple[Any, Any]:
        split: Any = nnx.split(module, nnx.Param, ...)
        structure, params, moved = split
        steps.begin(params, {"": f"{name}/"})
        return structure, (params, moved, rule.init(params))

    maker, making = player(PlainGenerator(latent, side, up, rngs=nnx.Rngs(0)), "generator")
    judge, judging = player(PlainDiscriminator(side, down, rngs=nnx.Rngs(0)), "discriminator")

    def apply(structure: Any, params: Any, moved: Any, inputs: jax.Array) -> tuple[Any, Any]:
        module = nnx.merge(structure, params, moved, copy=True)
        (output,) = module(inputs).values()
        return output, nnx.state(module, nnx.Not(nnx.Param))

    def improved(params: Any, gradient: Any, state: Any) -> tuple[Any, Any]:
        updates, state = rule.update(gradient, state)
        return optax.apply_updates(params, updates), state

    @functools.partial(jax.jit, donate_argnums=0)
    def step(carry: Any, real: jax.Array) -> tuple[Any, jax.Array]:
        (params, moved, state), (their, theirs, their_state), key = carry
        key, own = jax.random.split(key)
        noise = jax.random.normal(own, (batch, latent))
        images, back, moved = jax.vjp(
            lambda params: apply(maker, params, moved, noise), params, has_aux=True
        )

        def judged(their: Any) -> tuple[jax.Array, Any]:
            on_real, after = apply(judge, their, theirs, real)
            on_made, after = apply(judge, their, after, images)
            return (nnx.softplus(-on_real) + nnx.softplus(on_made)).mean(), after

        (found, theirs), gradient = jax.value_and_grad(judged, has_aux=True)(their)
        their, their_state = improved(their, gradient, their_state)
        fooled, gradient = jax.value_and_grad(
            lambda images: nnx.softplus(-apply(judge, their, theirs, images)[0]).mean()
        )(images)
        params, state = improved(params, back(gradient)[0], state)
        return ((params, moved, state), (their, theirs, their_state), key), found + fooled

    carry = (making, judging, jax.random.key(0))
    real = jnp.asarray(start.images(batch, side=side, channels=3)["inputs"])
    return steps.carried(step, carry, real, steps.count((making[0], judging[0])), losses)
