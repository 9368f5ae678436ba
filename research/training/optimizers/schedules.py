"""Learning rates as pure functions of the step.

Every schedule begins with `warmup` steps of linear increase from zero, counted in what
its other numbers count: step 0 is the first update, `steps` the length of the training.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import jax
import optax

from research.arguments import did_you_mean, require

Schedule = Callable[[jax.typing.ArrayLike], jax.typing.ArrayLike]


def constant(peak: float, *, warmup: int = 0) -> Schedule:
    """`peak` throughout."""
    _check(peak, warmup)
    return _warmed_up(optax.constant_schedule(peak), peak, warmup)


def cosine(peak: float, *, steps: int, warmup: int = 0, final: float = 0.0) -> Schedule:
    """Half a cosine from `peak` to `final * peak` at `steps` (Loshchilov and Hutter, 2017)."""
    _check(peak, warmup, steps, final)
    return _warmed_up(optax.cosine_decay_schedule(peak, steps - warmup, final), peak, warmup)


def linear(peak: float, *, steps: int, warmup: int = 0, final: float = 0.0) -> Schedule:
    """A straight line from `peak` to `final * peak` at `steps`."""
    _check(peak, warmup, steps, final)
    return _warmed_up(optax.linear_schedule(peak, final * peak, steps - warmup), peak, warmup)


def wsd(
    peak: float, *, steps: int, warmup: int = 0, decay: int | None = None, final: float = 0.0
) -> Schedule:
    """Warm-up, stable, decay (Hu et al., "MiniCPM", 2024): `peak`, and a straight line at the end.

    A run that was saved in its stable phase can be continued for any number of steps.

    Args:
        peak: of the stable phase.
        steps: length of all three phases.
        warmup: steps of the first.
        decay: steps of the last; a tenth of `steps` where None.
        final: where the last phase ends, as a share of `peak`.
    """
    _check(peak, warmup, steps, final)
    decay = max(1, steps // 10) if decay is None else decay
    _require_whole("decay", decay, least=1)
    require(
        warmup + decay <= steps,
        f"warmup is {warmup} and decay {decay}, expected together no more than {steps=}",
    )
    parts = [optax.constant_schedule(peak), optax.linear_schedule(peak, final * peak, decay)]
    return _warmed_up(optax.join_schedules(parts, [steps - decay - warmup]), peak, warmup)


def step(
    peak: float, *, boundaries: Sequence[int], factor: float = 0.1, warmup: int = 0
) -> Schedule:
    """`peak`, multiplied by `factor` from each of the steps `boundaries` on."""
    _check(peak, warmup)
    for boundary in boundaries:
        _require_whole("a boundary", boundary, least=1)
    require(
        list(boundaries) == sorted(set(boundaries)) and len(boundaries) > 0,
        f"boundaries are {list(boundaries)}, expected one or more steps that increase",
    )
    require(
        boundaries[0] > warmup, f"the first boundary is {boundaries[0]}, expected after {warmup=}"
    )
    require(factor > 0 and math.isfinite(factor), f"factor is {factor}, expected more than 0")
    levels = [optax.constant_schedule(peak * factor**i) for i in range(len(boundaries) + 1)]
    shifted = [boundary - warmup for boundary in boundaries]
    return _warmed_up(optax.join_schedules(levels, shifted), peak, warmup)


SCHEDULES: Mapping[str, Callable[..., Schedule]] = MappingProxyType(
    {schedule.__name__: schedule for schedule in (constant, cosine, linear, wsd, step)}
)


def schedule_by_name(
    spec: str | Mapping[str, Any], peak: float, *, steps: int | None = None
) -> Schedule:
    """A schedule from plain data.

    Args:
        spec: a name (`constant`, `cosine`, `linear`, `wsd`, `step`), or a mapping with
            `name` and that schedule's arguments.
        peak: the learning rate after the warm-up.
        steps: length of the training, for the schedules that end, unless `spec` has it.

    Raises:
        ArgumentError: for an unknown name or argument, a missing one, or a number out of
            its range.
    """
    arguments: dict[str, Any] = {"name": spec} if isinstance(spec, str) else dict(spec)
    name = str(arguments.pop("name", None))
    require(
        name in SCHEDULES,
        f"schedule is {name!r}, expected {', '.join(SCHEDULES)}{did_you_mean(name, SCHEDULES)}",
    )
    schedule = SCHEDULES[name]
    if "steps" in inspect.signature(schedule).parameters:
        arguments.setdefault("steps", steps)
        require(
            arguments["steps"] is not None,
            f"schedule {name!r} needs steps, the length of the training",
        )
    require_options(schedule, arguments, f"schedule {name!r}", given=1)
    return schedule(peak, **arguments)


def require_options(
    function: Callable[..., Any], options: Mapping[str, Any], what: str, *, given: int = 0
) -> None:
    """Checks the keyword arguments for a function that a name has chosen.

    Args:
        function: that takes them.
        options: by name.
        what: the function's name in errors.
        given: how many first parameters others fill in.

    Raises:
        ArgumentError: for an unknown or a missing one.
    """
    parameters = dict(list(inspect.signature(function).parameters.items())[given:])
    for option in options:
        require(
            option in parameters,
            f"{what} has no option {option!r}, it has {', '.join(parameters) or 'none'}"
            f"{did_you_mean(option, parameters)}",
        )
    for option, parameter in parameters.items():
        require(
            option in options or parameter.default is not parameter.empty,
            f"{what} needs {option}",
        )


def _warmed_up(schedule: Schedule, peak: float, warmup: int) -> Schedule:
    """The schedule after `warmup` steps of linear increase, its own step 0 being their end."""
    if warmup == 0:
        return schedule
    joined: Schedule = optax.join_schedules(
        [optax.linear_schedule(0.0, peak, warmup), schedule], [warmup]
    )
    return joined


def _check(peak: float, warmup: int, steps: int | None = None, final: float = 0.0) -> None:
    require(
        peak > 0 and math.isfinite(peak),
        f"learning_rate is {peak}, expected a finite number above 0",
    )
    _require_whole("warmup", warmup, least=0)
    require(0 <= final <= 1, f"final is {final}, expected 0 to 1, a share of the peak")
    if steps is not None:
        _require_whole("steps", steps, least=1)
        require(warmup < steps, f"warmup is {warmup}, expected 0 or more and less than {steps=}")


def _require_whole(name: str, value: int, *, least: int) -> None:
    require(
        isinstance(value, int) and value >= least,
        f"{name} is {value!r}, expected a whole number of steps, {least} or more",
    )
