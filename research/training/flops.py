"""Floating-point operations: of a step, of a device, and the share of one in the other.

Model FLOPs utilisation (MFU; Chowdhery et al., "PaLM", 2022, appendix B) is what the model's
matrix products need a second, over what the devices could do at most.
"""

from __future__ import annotations

import contextlib
import functools
import json
import math
import os
import platform
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from research.data.atomic import replacing
from research.data.sources import cache_directory

# FLOP/s of one device in bfloat16 (float16 where it has none), dense, by a word of
# `device_kind` in lower case; the first that is found counts. Sources: the "peak compute per
# chip" of cloud.google.com/tpu/docs (JAX sees two devices a chip on v2, v3 and 7x) and the data
# sheets of NVIDIA and AMD, which often print the double, for sparse matrices.
PEAKS: tuple[tuple[str, float], ...] = (
    ("tpu7x", 2307e12 / 2),
    ("tpu v6 lite", 918e12),
    ("tpu v6e", 918e12),
    ("tpu v5 lite", 197e12),
    ("tpu v5e", 197e12),
    ("tpu v5p", 459e12),
    ("tpu v5", 459e12),
    ("tpu v4", 275e12),
    ("tpu v3", 123e12 / 2),
    ("tpu v2", 46e12 / 2),
    ("b200", 2250e12),
    ("h200", 989e12),
    ("h100 nvl", 835e12),
    ("h100 pcie", 756e12),
    ("h100", 989e12),
    ("a100", 312e12),
    ("l40s", 362e12),
    ("l40", 181e12),
    ("l4", 121e12),
    ("a10g", 70e12),
    ("a10", 125e12),
    ("v100", 125e12),
    ("t4", 65e12),
    ("rtx 4090", 165e12),
    ("rtx 3090", 71e12),
    ("mi300x", 1307e12),
    ("mi250x", 383e12 / 2),
)

_CPU_FILE = "cpu-peak.json"
_CPU_SIZE = 1536
_CPU_REPEATS = 8


def executable_flops(compiled: jax.stages.Compiled) -> float | None:
    """What XLA counts in a compiled program, per device; None where it doesn't say.

    XLA counts the body of a loop once, however often it runs, and counts every operation;
    `model_flops` knows the lengths of loops, and counts only products.
    """
    try:
        costs: Any = compiled.cost_analysis()
    except (NotImplementedError, RuntimeError):
        return None
    counted = (costs or {}).get("flops")
    return float(counted) if counted and counted > 0 else None


def model_flops(jaxpr: Any) -> float:
    """Matrix products and convolutions of a traced program, two FLOPs a multiplication.

    A scan counts as often as it runs, `shard_map` and `pmap` once for each device, `cond` by
    its most expensive branch, and a `while_loop`, whose length nobody knows, once. What is
    rematerialised counts again, as in hardware FLOPs utilisation.

    Args:
        jaxpr: `jax.jit(step).trace(*arguments).jaxpr`; abstract arguments will do.
    """
    return sum(map(_of_equation, getattr(jaxpr, "jaxpr", jaxpr).eqns))


def peak(device: jax.Device) -> float | None:
    """FLOP/s that a device reaches at most; None where it isn't known.

    Accelerators by their makers' figures. For a CPU, the speed of a float32 matrix product,
    measured once and then kept in the cache directory; virtual devices share it.
    """
    if device.platform == "cpu":
        return _cpu_peak() / len(jax.local_devices(backend="cpu"))
    kind = device.device_kind.lower()
    return next((flops for word, flops in PEAKS if re.search(rf"\b{word}\b", kind)), None)


def utilisation(
    flops_per_step: float | None, steps_per_second: float | None, devices: Sequence[jax.Device]
) -> float | None:
    """Model FLOPs utilisation, 0 to 1; None if something isn't known.

    Args:
        flops_per_step: on all devices together.
        steps_per_second: as measured.
        devices: on which the step runs.
    """
    if not flops_per_step or not steps_per_second:
        return None
    peaks = [flops for device in devices if (flops := peak(device))]
    if not peaks or len(peaks) < len(devices):
        return None
    return flops_per_step * steps_per_second / sum(peaks)


def _of_equation(equation: Any) -> float:
    name, params = equation.primitive.name, equation.params
    shapes = [getattr(variable.aval, "shape", ()) for variable in equation.invars]
    out = [getattr(variable.aval, "shape", ()) for variable in equation.outvars]
    if name == "dot_general":
        contracted = params["dimension_numbers"][0][0]
        return 2.0 * math.prod(out[0]) * math.prod(shapes[0][axis] for axis in contracted)
    if name == "conv_general_dilated":
        features = shapes[1][params["dimension_numbers"].rhs_spec[0]]
        products = math.prod(out[0]) * math.prod(shapes[1]) / features
        # A strided convolution's gradient stretches its input with zeros; they are free.
        return 2.0 * products / math.prod(params["lhs_dilation"])
    inner = [model_flops(jaxpr) for jaxpr in inner_jaxprs(params)]
    if name == "cond":
        return max(inner, default=0.0)
    times = params["length"] if name == "scan" else 1
    if name == "shard_map":
        times = math.prod(params["mesh"].shape[axis] for axis in params["newly_manual_axes"])
    return float(times * sum(inner))


def inner_jaxprs(params: Mapping[str, Any]) -> Iterator[Any]:
    """The traced programs among an equation's parameters: branches, loop bodies, calls."""
    for value in params.values():
        for part in value if isinstance(value, tuple | list) else (value,):
            if hasattr(part, "eqns"):
                yield part


@functools.cache
def _cpu_peak() -> float:
    path = cache_directory() / _CPU_FILE
    key = f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        return float(json.loads(path.read_text(encoding="utf-8"))[key])
    measured = _measured()
    with contextlib.suppress(OSError), replacing(path) as temporary:
        temporary.write_text(json.dumps({key: measured}) + "\n", encoding="utf-8")
    return measured


def _measured() -> float:
    """FLOP/s of the fastest of a few float32 matrix products on one CPU device."""
    device = jax.local_devices(backend="cpu")[0]
    matrix = jax.device_put(np.ones((_CPU_SIZE, _CPU_SIZE), np.float32), device)
    product = jax.jit(jnp.dot).lower(matrix, matrix).compile()
    times = []
    for _ in range(_CPU_REPEATS):
        began = time.perf_counter()
        jax.block_until_ready(product(matrix, matrix))
        times.append(time.perf_counter() - began)
    return 2.0 * _CPU_SIZE**3 / min(times)
