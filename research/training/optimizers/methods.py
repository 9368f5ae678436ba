"""What the optimizers' names stand for: from a gradient to a direction, by optax."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import optax
from optax.contrib import MuonDimensionNumbers, scale_by_muon

from research.arguments import require
from research.training.optimizers import paths


class Method(NamedTuple):
    """What a name stands for.

    Attributes:
        direction: options to the transformation from a gradient to a direction (ascent).
        decoupled: whether weight decay is added to the direction, not to the gradient.
    """

    direction: Callable[..., optax.GradientTransformation]
    decoupled: bool = False


def _sgd() -> optax.GradientTransformation:
    return optax.identity()


def _momentum(*, momentum: float = 0.9, mu_dtype: str | None = None) -> Any:
    """Polyak (1964)."""
    _require_decay(momentum=momentum)
    return optax.trace(momentum, accumulator_dtype=mu_dtype)


def _nesterov(*, momentum: float = 0.9, mu_dtype: str | None = None) -> Any:
    """Nesterov (1983), as Sutskever et al. (2013) write it."""
    _require_decay(momentum=momentum)
    return optax.trace(momentum, nesterov=True, accumulator_dtype=mu_dtype)


def _adagrad(*, initial: float = 0.1, eps: float = 1e-7) -> Any:
    """Duchi et al. (2011)."""
    require_number("initial", initial, least=0.0)
    require_number("eps", eps, least=0.0)
    return optax.scale_by_rss(initial, eps)


def _rmsprop(*, decay: float = 0.9, eps: float = 1e-8) -> Any:
    """Tieleman and Hinton (2012)."""
    _require_decay(decay=decay)
    require_number("eps", eps, least=0.0)
    return optax.scale_by_rms(decay, eps)


def _adam(
    *, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8, mu_dtype: str | None = None
) -> Any:
    """Kingma and Ba (2015)."""
    _require_decay(b1=b1, b2=b2)
    require_number("eps", eps, least=0.0)
    return optax.scale_by_adam(b1, b2, eps, mu_dtype=mu_dtype)


def _lion(*, b1: float = 0.9, b2: float = 0.99, mu_dtype: str | None = None) -> Any:
    """Chen et al. (2023)."""
    _require_decay(b1=b1, b2=b2)
    return optax.scale_by_lion(b1, b2, mu_dtype)


def _adafactor(
    *,
    decay_exponent: float = 0.8,
    clip_rms: float = 1.0,
    parameter_scale: bool = True,
    factored_from: int = 128,
    eps: float = 1e-30,
) -> Any:
    """Shazeer and Stern (2018), without momentum.

    Second moments of a matrix are two vectors where its two largest dimensions are at
    least `factored_from`. With `parameter_scale` the learning rate is relative to each
    parameter's root mean square.
    """
    require(0 < decay_exponent <= 1, f"decay_exponent is {decay_exponent}, expected 0 to 1")
    require_number("clip_rms", clip_rms, least=1.0)
    require_number("eps", eps, least=0.0)
    require(factored_from >= 2, f"factored_from is {factored_from}, expected 2 or more")
    parts = [
        optax.scale_by_factored_rms(True, decay_exponent, 0, factored_from, eps),
        optax.clip_by_block_rms(clip_rms),
    ]
    return optax.chain(*parts, *([optax.scale_by_param_block_rms()] if parameter_scale else []))


def _muon(
    *,
    momentum: float = 0.95,
    iterations: int = 5,
    rms: float | None = 0.2,
    excluded: Sequence[str] = (),
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
    mu_dtype: str | None = None,
) -> Any:
    """Jordan et al. (2024): Nesterov momentum, orthogonalised by Newton-Schulz iterations.

    For parameters of exactly two dimensions whose paths have none of the `excluded` rules
    (name embeddings and the output layer there); AdamW moves all others. `rms` is the root
    mean square of an update, .2 being what AdamW's is about, so that one learning rate
    suits both (Liu et al., 2025); None scales by sqrt(max(1, columns / rows)) instead.
    """
    _require_decay(momentum=momentum)
    require(iterations >= 1, f"iterations is {iterations}, expected 1 or more")
    if rms is not None:
        require(rms > 0, f"rms is {rms}, expected more than 0, or None")
    rules = paths.compiled(excluded, "excluded")

    def labels(params: Any) -> Any:
        paths.require_found(rules, params, "excluded")
        return jax.tree.map(
            lambda leaf, kept_out: "muon" if leaf.ndim == 2 and not kept_out else "adamw",
            params,
            paths.found(rules)(params),
        )

    def plain(params: Any) -> Any:
        return jax.tree.map(lambda _: MuonDimensionNumbers(), params)

    def scaled(updates: Any, params: Any) -> Any:
        def factor(rows: int, columns: int) -> float:
            # An orthogonal matrix has the root mean square 1 / sqrt(max(rows, columns)).
            if rms is not None:
                return rms * math.sqrt(max(rows, columns))
            return math.sqrt(max(1, columns / rows))

        return jax.tree.map(lambda leaf: leaf * factor(*leaf.shape), updates)

    orthogonal = scale_by_muon(
        ns_steps=iterations,
        beta=momentum,
        eps=eps,
        mu_dtype=mu_dtype,
        weight_dimension_numbers=plain,
    )
    return optax.partition(
        {
            "muon": optax.chain(orthogonal, optax.stateless(scaled)),
            "adamw": _adam(b1=b1, b2=b2, eps=eps, mu_dtype=mu_dtype),
        },
        labels,
    )


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "gradient_descent": Method(_sgd),
        "sgd": Method(_sgd),
        "momentum": Method(_momentum),
        "nesterov": Method(_nesterov),
        "adagrad": Method(_adagrad),
        "rmsprop": Method(_rmsprop),
        "adam": Method(_adam),
        "adamw": Method(_adam, decoupled=True),
        "lion": Method(_lion, decoupled=True),
        "adafactor": Method(_adafactor, decoupled=True),
        "muon": Method(_muon, decoupled=True),
    }
)


def require_number(name: str, value: float, *, least: float) -> None:
    """Raises `ArgumentError` unless the value is finite, `least` or more."""
    require(
        value >= least and math.isfinite(value), f"{name} is {value}, expected {least:g} or more"
    )


def _require_decay(**values: float) -> None:
    for name, value in values.items():
        require(0 <= value < 1, f"{name} is {value}, expected 0 or more and less than 1")
