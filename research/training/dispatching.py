"""How many steps go into one dispatch."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from research.training.flops import inner_jaxprs
from research.training.sharding import bytes_per_device

if TYPE_CHECKING:
    from research.training.executors import Executor

AUTO = "auto"
_MOST = 100
# Some 10 ms of work, beside which the fraction of a millisecond that a dispatch costs is little.
_FLOPS = {"cpu": 1e9}
_FLOPS_ELSEWHERE = 2e10
# Measured, of an MLP: 7e6 and 0.1 MB gain 10 %, 7e7 and 1 MB nothing, 2e8 and 4 MB lose 15 %.
_SMALL_FLOPS, _SMALL_BYTES = 1e7, 2**20
_LOADED_BYTES = 2**26


def dispatch_length(
    machine: Executor, wanted: int | str, *, steps: int | None = None, every: Collection[int] = ()
) -> int:
    """Steps of a dispatch, K.

    Chosen by what a step computes and never by a clock: a run that goes on is cut into the
    same dispatches, and so ends with the same bits.

    Args:
        machine: that makes the steps.
        wanted: K, or "auto": as many steps as make about 10 ms of work, 100 at most; one where
            the step has a convolution that XLA's CPU compiler runs slowly inside a loop.
        steps: of the run.
        every: steps from one boundary to the next of each kind; "auto" divides them all.
    """
    if isinstance(wanted, int):
        return wanted
    platform, share = _platform(machine), _share(machine)
    if slow_in_a_loop(machine):
        return 1
    most = min(_MOST, _FLOPS.get(platform, _FLOPS_ELSEWHERE) // max(share, 1.0) + 1)
    if not machine.resident:  # the batches themselves wait in memory
        most = min(most, _LOADED_BYTES // machine.batch_bytes)
    if steps is not None:
        most = min(most, steps)
    between = math.gcd(*every)  # 0 for none, which everything divides
    return max(k for k in range(1, max(int(most), 1) + 1) if between % k == 0)


def slow_in_a_loop(machine: Executor) -> bool:
    """Whether a step has a convolution that XLA's CPU compiler runs slowly inside a loop."""
    platform = _platform(machine)
    found = _convolutions(machine.jaxpr, platform)
    return platform == "cpu" and any(map(_needs_the_main_computation, found))


def quicker_in_a_loop(machine: Executor) -> bool:
    """Whether a single step is best made as a loop of one.

    XLA's CPU runtime hands the parts of a program's main computation to several threads, those
    of a loop's body to none. For the smallest steps the handing over is most of the time.
    """
    small = _share(machine) < _SMALL_FLOPS and bytes_per_device(machine.abstract) < _SMALL_BYTES
    return _platform(machine) == "cpu" and small and not slow_in_a_loop(machine)


def _platform(machine: Executor) -> str:
    return str(next(iter(machine.mesh.devices.flat)).platform)


def _share(machine: Executor) -> float:
    """FLOPs of a step on one device."""
    return float(machine.flops_per_step / machine.mesh.devices.size)


def _convolutions(jaxpr: Any, platform: str) -> Iterator[Any]:
    """Parameters of the convolutions of a traced program, of its form for one platform."""
    for equation in getattr(jaxpr, "jaxpr", jaxpr).eqns:
        params = equation.params
        if equation.primitive.name == "conv_general_dilated":
            yield params
        for part in _inner(params, platform):
            yield from _convolutions(part, platform)


def _inner(params: Any, platform: str) -> Iterator[Any]:
    if offered := params.get("branches_platforms"):  # of `jax.lax.platform_dependent`
        named = [at for at, names in enumerate(offered) if names and platform in names]
        yield params["branches"][named[0] if named else offered.index(None)]
    else:
        yield from inner_jaxprs(params)


def _needs_the_main_computation(params: Any) -> bool:
    """Whether XLA's CPU compiler brings it into its quick form outside of loops only."""
    names = params["dimension_numbers"]
    last = len(names.lhs_spec) - 1
    spatial = tuple(range(1, last))
    quick = (
        names.lhs_spec == names.out_spec == (0, last, *spatial)
        and names.rhs_spec == (last, last - 1, *range(last - 1))
        and params["feature_group_count"] == params["batch_group_count"] == 1
    )
    return not quick
