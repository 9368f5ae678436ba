"""Operations and whole networks, in the forms that are quick on a CPU and in XLA's own."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from benchmarks.contest import Contestant, Row, Work
from benchmarks.models.training import VARIABLES
from research.models import Cell, GRUCell, LSTMCell, VanillaCell, ops
from research.models.convolution import Conv, ConvTranspose
from research.models.ops import normalisation
from research.models.ops.attention import plain as plain_attention
from research.models.ops.attention import products
from research.models.ops.recurrence import Weights
from research.models.transformer_block import FeedForward

BATCH = 32
SCANNED = 4  # steps of one dispatch within a scan


@dataclasses.dataclass(frozen=True, kw_only=True)
class Forms:
    """One side: the layers and the pooling that a network is built from."""

    conv: Callable[..., Any]
    conv_transpose: Callable[..., Any]
    max_pool: Callable[[jax.Array, int, int, str], jax.Array]


OURS = Forms(conv=Conv, conv_transpose=ConvTranspose, max_pool=ops.max_pool)
PLAIN = Forms(
    conv=nnx.Conv,
    conv_transpose=nnx.ConvTranspose,
    max_pool=lambda x, w, s, p: nnx.max_pool(x, (w, w), (s, s), p),
)


def small_cnn(forms: Forms) -> nnx.Module:
    """1 -> 32 -> 64 channels, 3x3, pooling, a dense layer: 28x28 to 10 logits."""
    rngs = nnx.Rngs(0)
    first, second = forms.conv(1, 32, (3, 3), rngs=rngs), forms.conv(32, 64, (3, 3), rngs=rngs)
    dense, readout = nnx.Linear(7 * 7 * 64, 128, rngs=rngs), nnx.Linear(128, 10, rngs=rngs)
    layers = nnx.List([first, second, dense, readout])

    class Net(nnx.Module):
        def __init__(self) -> None:
            self.layers = layers

        def __call__(self, images: jax.Array) -> jax.Array:
            first, second, dense, readout = self.layers
            hidden = forms.max_pool(nnx.relu(first(images)), 2, 2, "VALID")
            hidden = forms.max_pool(nnx.relu(second(hidden)), 2, 2, "VALID")
            return readout(nnx.relu(dense(hidden.reshape(hidden.shape[0], -1))))

    return Net()


def dcgan(forms: Forms) -> nnx.Module:
    """Generator 100 -> 4x4x256 -> 128 -> 64 -> 32x32x3, and the discriminator's reverse."""
    rngs, strided = nnx.Rngs(0), {"strides": (2, 2), "use_bias": False}

    class Net(nnx.Module):
        def __init__(self) -> None:
            self.project = nnx.Linear(100, 4 * 4 * 256, rngs=rngs)
            self.up = nnx.List(
                [
                    forms.conv_transpose(a, b, (4, 4), **strided, rngs=rngs)
                    for a, b in ((256, 128), (128, 64), (64, 3))
                ]
            )
            self.down = nnx.List(
                [
                    forms.conv(a, b, (4, 4), padding=1, **strided, rngs=rngs)
                    for a, b in ((3, 64), (64, 128), (128, 256))
                ]
            )
            self.readout = nnx.Linear(4 * 4 * 256, 1, rngs=rngs)

        def generate(self, noise: jax.Array) -> jax.Array:
            hidden = nnx.relu(self.project(noise)).reshape(-1, 4, 4, 256)
            for layer in self.up[:-1]:
                hidden = nnx.relu(layer(hidden))
            return jnp.tanh(self.up[-1](hidden))

        def __call__(self, images: jax.Array) -> jax.Array:
            for layer in self.down:
                images = nnx.leaky_relu(layer(images), 0.2)
            return self.readout(images.reshape(images.shape[0], -1))[:, 0]

    return Net()


def classification(net: nnx.Module, batch: tuple[jax.Array, jax.Array]) -> jax.Array:
    return optax.softmax_cross_entropy_with_integer_labels(net(batch[0]), batch[1]).mean()


def adversarial(net: nnx.Module, batch: tuple[jax.Array, jax.Array]) -> jax.Array:
    """Both players' losses; each gradient flows to its own player's weights only."""
    fakes = net.generate(batch[1])
    judge = nnx.merge(*jax.lax.stop_gradient(nnx.split(net)))
    critic = nnx.softplus(-net(batch[0])) + nnx.softplus(net(jax.lax.stop_gradient(fakes)))
    return (critic + nnx.softplus(-judge(fakes))).mean()


def training(build: Any, loss: Any, batch: Any, *, scanned: int) -> Callable[[], Any]:
    """Steps of Adam from the same weights; returns the losses."""
    structure, params = nnx.split(build)
    optimizer = optax.adam(1e-3)

    def step(carry: Any, _: None) -> tuple[Any, jax.Array]:
        params, state = carry
        value, gradient = jax.value_and_grad(
            lambda params: loss(nnx.merge(structure, params, copy=True), batch)
        )(params)
        updates, state = optimizer.update(gradient, state)
        return (optax.apply_updates(params, updates), state), value

    carry = (params, optimizer.init(params))
    many = jax.jit(lambda carry: jax.lax.scan(step, carry, length=scanned))
    one = jax.jit(lambda carry: step(carry, None))
    return lambda: (many if scanned else one)(carry)


def ours_over_time(cell: Cell, inputs: jax.Array) -> jax.Array:
    """All states `[T, B, H]`."""
    bias = cell.recurrent.bias
    weights = Weights(
        input=cell.input.kernel[...],
        input_bias=cell.input.bias[...],
        state=cell.recurrent.kernel[...],
        state_bias=None if bias is None else bias[...],
    )
    start = cell.start(inputs.shape[0], inputs.dtype)
    valid = jnp.ones(inputs.shape[:2], bool)
    outputs, _ = ops.recurrence(
        cell.combine, cell.activations, cell.advance, weights, start, inputs, valid
    )
    return outputs.swapaxes(0, 1)


def plain_over_time(cell: Cell, inputs: jax.Array) -> jax.Array:
    """The same, differentiated by jax."""
    projected = cell.project(inputs).swapaxes(0, 1)
    return jax.lax.scan(cell.step, cell.start(inputs.shape[0], projected.dtype), projected)[1]


def operations(batch: int) -> dict[str, tuple[Callable[[], Any], Callable[[], Any]]]:
    """Values and gradients of single layers."""
    rows: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {}
    layers = {
        "conv 3x3, 28x28, 1 to 32": ((28, 28, 1), "conv", (1, 32, (3, 3)), {}),
        "conv 3x3, 14x14, 32 to 64": ((14, 14, 32), "conv", (32, 64, (3, 3)), {}),
        "conv 1x1, 14x14, 64 to 128": ((14, 14, 64), "conv", (64, 128, (1, 1)), {}),
        "conv 3x3, 28x28, 64 to 1": ((28, 28, 64), "conv", (64, 1, (3, 3)), {}),
        "conv 4x4 / 2, 14x14, 64 to 128": (
            (14, 14, 64),
            "conv",
            (64, 128, (4, 4)),
            {"strides": 2, "padding": 1},
        ),
        "depthwise 3x3, 14x14, 64": (
            (14, 14, 64),
            "conv",
            (64, 64, (3, 3)),
            {"feature_group_count": 64},
        ),
        "depthwise 7x7, 14x14, 96": (
            (14, 14, 96),
            "conv",
            (96, 96, (7, 7)),
            {"feature_group_count": 96},
        ),
        "transposed 4x4 / 2, 8x8, 128 to 64": (
            (8, 8, 128),
            "conv_transpose",
            (128, 64, (4, 4)),
            {"strides": (2, 2)},
        ),
    }

    def differentiated(function: Callable[..., jax.Array], *arguments: Any) -> Callable[[], Any]:
        run = jax.jit(
            jax.value_and_grad(
                lambda *values: jnp.square(function(*values)).mean(), range(len(arguments))
            )
        )
        return lambda: run(*arguments)

    for label, (size, kind, shape, options) in layers.items():
        images = jax.random.normal(jax.random.key(0), (batch, *size))

        def side(forms: Forms, kind=kind, shape=shape, options=options, images=images) -> Any:
            layer = getattr(forms, kind)(*shape, use_bias=False, rngs=nnx.Rngs(0), **options)
            structure, params = nnx.split(layer)
            return differentiated(lambda p, x: nnx.merge(structure, p)(x), params, images)

        rows[label] = side(OURS), side(PLAIN)
    images = jax.random.normal(jax.random.key(0), (batch, 28, 28, 32))
    for label, arguments in (
        ("max pool 2x2 / 2, 28x28, 32", (2, 2, "VALID")),
        ("max pool 3x3 / 2, 28x28, 32", (3, 2, "SAME")),
    ):
        rows[label] = tuple(
            differentiated(lambda x, f=forms, a=arguments: f.max_pool(x, *a), images)
            for forms in (OURS, PLAIN)
        )
    rows |= of_a_transformer(batch, differentiated)
    tokens = jax.random.normal(jax.random.key(0), (batch, 100, 128))
    for cell in (VanillaCell, GRUCell, LSTMCell):
        structure, params = nnx.split(cell(128, 256, rngs=nnx.Rngs(0)))
        rows[f"{cell.__name__} 128 to 256, 100 steps"] = tuple(
            differentiated(lambda p, x, r=run, s=structure: r(nnx.merge(s, p), x), params, tokens)
            for run in (ours_over_time, plain_over_time)
        )
    return rows


def of_a_transformer(batch: int, differentiated: Callable[..., Any]) -> dict[str, Any]:
    """Its parts: 4 heads of width 32, 128 tokens."""
    size = (batch, 128, 4, 32)
    heads = [jax.random.normal(jax.random.key(seed), size) for seed in range(3)]
    hidden = heads[0].reshape(batch, 128, 128)
    layer = FeedForward(
        128, 512, kind="gelu", output_init=nnx.initializers.lecun_normal(), rngs=nnx.Rngs(0)
    )
    structure, params = nnx.split(layer)

    def apart(params: Any, hidden: jax.Array) -> jax.Array:
        layer = nnx.merge(structure, params)
        return layer.down(nnx.gelu(layer.up(hidden)))

    norm = [hidden, jnp.ones(128), jnp.zeros(128)]
    return {
        "attention, causal": tuple(
            differentiated(
                lambda q, k, v, form=form: form(q, k, v, None, None, causal=True), *heads
            )
            for form in (products, plain_attention)
        ),
        "layer normalisation": tuple(
            differentiated(functools.partial(form, 1e-5), *norm)
            for form in (normalisation.products, normalisation.plain)
        ),
        "feed-forward, 128 to 512": (
            differentiated(lambda p, x: nnx.merge(structure, p)(x), params, hidden),
            differentiated(apart, params, hidden),
        ),
    }


def steps(batch: int, *, scanned: int) -> dict[str, tuple[Callable[[], Any], Callable[[], Any]]]:
    """Training steps of whole networks."""
    random = np.random.default_rng(0)

    def normal(*shape: int) -> jax.Array:
        return jnp.asarray(random.normal(size=shape), jnp.float32)

    batches = {
        "small CNN, 28x28": (
            small_cnn,
            classification,
            (normal(batch, 28, 28, 1), jnp.asarray(random.integers(0, 10, batch))),
        ),
        "DCGAN, 32x32": (dcgan, adversarial, (normal(batch, 32, 32, 3), normal(batch, 100))),
    }
    return {
        label: tuple(training(build(forms), loss, data, scanned=scanned) for forms in (OURS, PLAIN))
        for label, (build, loss, data) in batches.items()
    }


def kinds() -> dict[str, tuple[dict[str, Any], int]]:
    """Kinds of rows, and how many steps one run of theirs is."""
    return {
        "values and gradients": (operations(BATCH), 1),
        "step": (steps(BATCH, scanned=0), 1),
        "step within lax.scan": (steps(BATCH, scanned=SCANNED), SCANNED),
    }


def rows() -> tuple[Row, ...]:
    return tuple(
        Row(
            name=f"{label}: {kind}",
            contestants=tuple(
                Contestant(
                    name=name,
                    entry="benchmarks.ops:side",
                    options={"kind": kind, "label": label, "at": at},
                )
                for at, name in enumerate(("ours", "plain"))
            ),
            amount=count,
            tolerance=1e-3,
            variables=VARIABLES,
        )
        for kind, (pairs, count) in kinds().items()
        for label in pairs
    )


def side(kind: str, label: str, at: int) -> Work:
    """One side of a row: 0 is ours."""
    pairs, _ = kinds()[kind]
    run = pairs[label][at]

    def answer() -> dict[str, np.ndarray]:
        found = run() if kind == "values and gradients" else run()[1]  # of a step, its loss
        return {str(at): np.asarray(leaf) for at, leaf in enumerate(jax.tree.leaves(found))}

    return Work(run=lambda: jax.block_until_ready(run()), answer=answer)
