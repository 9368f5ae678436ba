"""Generative adversarial networks: two networks, two losses, one step."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float

from research.arguments import require, require_names
from research.models.network import Network, Tree, Variables
from research.models.random import fold_in
from research.tasks.sample_quality import kernel_distance
from research.tasks.task import Batch, Metrics, Objective, Update

_NOISE, _GENERATOR, _REAL, _GENERATED, _BETWEEN = range(5)
_DISCRIMINATOR_PART, _GENERATOR_PART = "discriminator", "generator"


class Losses(NamedTuple):
    """One adversarial game, per example, in terms of the discriminator's logits `[B]`."""

    real: Any
    generated: Any
    fooling: Any


_LOSSES = MappingProxyType(
    {
        # Goodfellow et al., "Generative Adversarial Nets" (2014)
        "non-saturating": Losses(
            real=lambda logits: jax.nn.softplus(-logits),
            generated=jax.nn.softplus,
            fooling=lambda logits: jax.nn.softplus(-logits),
        ),
        # Lim and Ye, "Geometric GAN" (2017)
        "hinge": Losses(
            real=lambda logits: jax.nn.relu(1 - logits),
            generated=lambda logits: jax.nn.relu(1 + logits),
            fooling=jnp.negative,
        ),
        # Gulrajani et al., "Improved Training of Wasserstein GANs" (2017)
        "wasserstein": Losses(
            real=jnp.negative, generated=lambda logits: logits, fooling=jnp.negative
        ),
    }
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Adversarial:
    """Trains a discriminator to tell real images from generated ones, and a generator to fool it.

    A batch holds `inputs`, real images float32 `[B, H, W, C]` between -1 and 1. Parameters
    and statistics are under `discriminator` and `generator`; each update moves its own.

    The images that the discriminator judges in its last update of a step are those by which the
    generator is judged after it, as in PyTorch's example of DCGAN, so they are made once.
    Goodfellow et al.'s algorithm draws others for the generator.

    Attributes:
        generator: maps noise `[B, Z]` to `images` `[B, H, W, C]`.
        discriminator: maps images to `logits` `[B]`, positive for real.
        latent: width Z of the noise, drawn from the standard normal distribution.
        generator_optimizer: any optax transformation.
        discriminator_optimizer: any optax transformation.
        loss: "non-saturating", "hinge" or "wasserstein".
        gradient_penalty: weight of (|gradient of the logit by the image| - 1)^2, at a random
            point between a real and a generated image; 10 is usual with "wasserstein".
        discriminator_steps: updates of the discriminator per update of the generator.
        label_smoothing: share by which "real" is less than certain for the discriminator of
            the "non-saturating" loss, one-sided (Salimans et al., 2016); 0.1 is usual.
        features: of images `[B, H, W, C]`, `[B, D]`, pure; with them, evaluation tells
            how far generated images are from real ones, whatever the discriminator thinks.

    Raises:
        ArgumentError: when a value can't be used.
    """

    generator: Network
    discriminator: Network
    latent: int
    generator_optimizer: optax.GradientTransformation
    discriminator_optimizer: optax.GradientTransformation
    loss: str = "non-saturating"
    gradient_penalty: float = 0.0
    discriminator_steps: int = 1
    label_smoothing: float = 0.0
    features: Callable[[Array], Array] | None = None

    def __post_init__(self) -> None:
        require(
            self.loss in _LOSSES, f"loss is {self.loss!r}, expected one of {', '.join(_LOSSES)}"
        )
        require(
            self.gradient_penalty >= 0,
            f"gradient_penalty is {self.gradient_penalty}, expected 0 or more",
        )
        require(
            self.discriminator_steps >= 1,
            f"discriminator_steps is {self.discriminator_steps}, expected 1 or more",
        )
        require(
            0 <= self.label_smoothing < 0.5,
            f"label_smoothing is {self.label_smoothing}, expected 0 or more and less than 0.5",
        )
        require(
            self.label_smoothing == 0 or self.loss == "non-saturating",
            f"label_smoothing is {self.label_smoothing}, but the loss {self.loss!r} has no labels: "
            "leave it 0",
        )

    @property
    def updates(self) -> tuple[Update, Update]:
        """See `Task.updates`: the discriminator's, then the generator's.

        Metrics `discriminator_loss` (without the penalty), `gradient_penalty` where there is
        one, and `generator_loss`.
        """
        return (
            Update(
                loss=self._discriminating,
                optimizer=self.discriminator_optimizer,
                part=_DISCRIMINATOR_PART,
                repeat=self.discriminator_steps,
            ),
            Update(loss=self._generating, optimizer=self.generator_optimizer, part=_GENERATOR_PART),
        )

    def check(self, examples: Batch) -> None:
        """See `Task.check`: images of the generator's shape, between -1 and 1."""
        require_names(examples, "inputs")
        images = np.asarray(examples["inputs"])
        variables = jax.eval_shape(self.init, jax.random.key(0))
        noise = jax.ShapeDtypeStruct((1, self.latent), jnp.float32)
        shape = jax.eval_shape(self.predict, variables, noise)["images"].shape[1:]
        require(
            images.shape[1:] == shape and images.dtype.kind == "f",
            f"inputs are {images.dtype} {images.shape}, expected floats [N, "
            f"{', '.join(map(str, shape))}], as the generator makes them",
        )
        require(
            bool((np.abs(images) <= 1).all()),
            f"inputs run from {images.min()} to {images.max()}, expected -1 to 1: rescale them",
        )
        require(
            not self.gradient_penalty or self._judges_alone(shape),
            "the discriminator judges an image by the rest of the batch (BatchNorm), but a "
            'gradient penalty is a matter of each image: build it with norm="none" or "spectral"',
        )

    def init(self, key: jax.Array) -> Variables:
        """See `Task.init`."""
        discriminator = self.discriminator.init(jax.random.fold_in(key, 0))
        generator = self.generator.init(jax.random.fold_in(key, 1))
        return Variables(*map(_parts, discriminator, generator))

    def _judges_alone(self, shape: tuple[int, ...]) -> bool:
        """Whether an image's logit in training is the same without a second image."""

        @jax.jit
        def logits() -> tuple[jax.Array, jax.Array]:
            one = self.discriminator.init(jax.random.key(0))
            variables = Variables(*({_DISCRIMINATOR_PART: tree} for tree in one))
            keys = jax.random.split(jax.random.key(1), 2)
            images = jax.random.uniform(jax.random.key(2), (2, *shape), minval=-1)
            both, _ = self._discriminate(variables, images, keys)
            alone, _ = self._discriminate(variables, images[:1], keys[:1])
            return both[0], alone[0]

        together, by_itself = logits()
        return bool(np.allclose(together, by_itself, rtol=1e-3, atol=1e-6))

    def _discriminating(self, variables: Variables, batch: Batch, keys: jax.Array) -> Objective:
        real = jnp.asarray(batch["inputs"])
        noise = _noise(fold_in(keys, _NOISE), self.latent)
        generated, _ = self._generate(variables, noise, fold_in(keys, _GENERATOR))
        # Apart, not as one batch: BatchNorm would give them away (Chintala's GAN hacks).
        real_logits, moved = self._discriminate(variables, real, fold_in(keys, _REAL))
        generated_logits, moved = self._discriminate(moved, generated, fold_in(keys, _GENERATED))
        losses = _LOSSES[self.loss]
        on_real = (1 - self.label_smoothing) * losses.real(real_logits)
        if self.label_smoothing:
            on_real += self.label_smoothing * losses.generated(real_logits)
        loss = (on_real + losses.generated(generated_logits)).sum()
        metrics = {"discriminator_loss": loss}
        if self.gradient_penalty:
            penalty = self._penalty(variables, real, generated, fold_in(keys, _BETWEEN)).sum()
            metrics["gradient_penalty"] = penalty
            loss = loss + self.gradient_penalty * penalty
        return Objective(
            loss=loss,
            weight=jnp.float32(len(real)),
            metrics=metrics,
            statistics=moved.statistics,
        )

    def _generating(self, variables: Variables, batch: Batch, keys: jax.Array) -> Objective:
        noise = _noise(fold_in(keys, _NOISE), self.latent)
        generated, moved = self._generate(variables, noise, fold_in(keys, _GENERATOR))
        logits, _ = self._discriminate(variables, generated, fold_in(keys, _GENERATED))
        loss = _LOSSES[self.loss].fooling(logits).sum()
        return Objective(
            loss=loss,
            weight=jnp.float32(len(noise)),
            metrics={"generator_loss": loss},
            statistics=moved.statistics,
        )

    def evaluate(self, variables: Variables, batch: Batch) -> Metrics:
        """See `Task.evaluate`: the discriminator's losses.

        Sums of `real_loss`, `generated_loss` and `loss`, both together; with `features`, of
        `kernel_distance` between the batch's images and as many generated ones, which falls
        as they get better, as the losses need not. The noise of an example comes from its
        own pixels, so that the figures are the same at each call and for any number of
        devices.
        """
        real, weight = jnp.asarray(batch["inputs"]), jnp.asarray(batch["weight"])
        generated, _ = self._generate(variables, _noise(_pixel_keys(real), self.latent), None)
        losses = _LOSSES[self.loss]
        sums = {
            "real_loss": losses.real(self.discriminate(variables, real)) @ weight,
            "generated_loss": (losses.generated(self.discriminate(variables, generated)) @ weight),
        }
        sums["loss"] = sum(sums.values())
        if self.features is not None:
            distance = kernel_distance(self.features(generated), self.features(real), weight)
            sums["kernel_distance"] = distance * weight.sum()
        return sums | {"weight": weight.sum()}

    def predict(self, variables: Variables, inputs: Any) -> Metrics:
        """See `Task.predict`: of noise `[B, Z]`, `images` `[B, H, W, C]` and `logits` `[B]`.

        The logits are the discriminator's, of these images.
        """
        images, _ = self._generate(variables, jnp.asarray(inputs), None)
        return {"images": images, "logits": self.discriminate(variables, images)}

    def discriminate(
        self, variables: Variables, images: Float[Array, "B H W C"]
    ) -> Float[Array, " B"]:
        """How real images look to the discriminator: logits, positive for real."""
        return self._discriminate(variables, images, None)[0]

    def _generate(
        self, variables: Variables, noise: Float[Array, "B Z"], keys: jax.Array | None
    ) -> tuple[Float[Array, "B H W C"], Variables]:
        outputs, moved = _applied(self.generator, _GENERATOR_PART, variables, noise, keys)
        return outputs["images"], moved

    def _discriminate(
        self, variables: Variables, images: Float[Array, "B H W C"], keys: jax.Array | None
    ) -> tuple[Float[Array, " B"], Variables]:
        outputs, moved = _applied(self.discriminator, _DISCRIMINATOR_PART, variables, images, keys)
        return outputs["logits"].astype(jnp.float32), moved

    def _penalty(
        self,
        variables: Variables,
        real: Float[Array, "B H W C"],
        generated: Float[Array, "B H W C"],
        keys: jax.Array,
    ) -> Float[Array, " B"]:
        """Squared distance from 1 of the gradient's norm, `[B]`."""
        shares = jax.vmap(jax.random.uniform)(fold_in(keys, 0))[:, None, None, None]
        between = shares * real + (1 - shares) * generated

        def total(images: jax.Array) -> jax.Array:
            return self._discriminate(variables, images, fold_in(keys, 1))[0].sum()

        gradient = jax.grad(total)(between)
        # The square root has no gradient at 0, where a discriminator of zeros begins.
        norms = jnp.sqrt((gradient**2).sum(axis=(1, 2, 3)) + 1e-12)
        return (norms - 1) ** 2


def _applied(
    network: Network, part: str, variables: Variables, inputs: jax.Array, keys: jax.Array | None
) -> tuple[Any, Variables]:
    """The network's outputs, and all variables with the statistics that it moved."""
    own = Variables(variables.params[part], variables.statistics[part])
    outputs, statistics = network.apply(own, inputs, keys is not None, keys)
    moved = {**variables.statistics, part: statistics}
    return outputs, variables._replace(statistics=moved)


def _parts(discriminator: Tree, generator: Tree) -> Tree:
    return {_DISCRIMINATOR_PART: discriminator, _GENERATOR_PART: generator}


def _noise(keys: jax.Array, latent: int) -> Float[Array, "B Z"]:
    return jax.vmap(lambda key: jax.random.normal(key, (latent,)))(keys)


def _pixel_keys(images: jax.Array) -> jax.Array:
    bits = jax.lax.bitcast_convert_type(images.astype(jnp.float32), jnp.uint32)
    sums = bits.reshape(len(images), -1).sum(axis=1, dtype=jnp.uint32)
    return jax.vmap(jax.random.key)(sums)
