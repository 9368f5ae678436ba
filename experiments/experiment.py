"""What an experiment is to the modes: a file with these functions."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, cast, runtime_checkable

from ml_collections import ConfigDict

from research.inference import Predictor
from research.models import Variables
from research.tasks import Estimator, Task
from research.workdir import Workdir
from rules import Ruleset

REPOSITORY = Path(__file__).resolve().parent.parent


class ExperimentError(Exception):
    """An experiment that can't be found or run as asked."""


class Experiment(Protocol):
    """The functions of an experiment file; `data` is what its own `load_data` returns.

    Those of `Initialised` and `Watched` may be there, too.
    """

    @property
    def AFTER_TRAINING(self) -> Collection[str]:  # noqa: N802
        """Top-level keys of the configuration that have no part in the training."""
        ...

    @property
    def PRESETS(self) -> Mapping[str, Mapping[str, Any]]:  # noqa: N802
        """Changes to the configuration by dotted key, by name; "fast" takes under a minute."""
        ...

    def get_config(self) -> ConfigDict:
        """Every number of the experiment, plain data; `policy` names its rule files."""
        ...

    def load_data(self, config: ConfigDict) -> Any:
        """Fetches, cleans and splits."""
        ...

    def training_examples(
        self, config: ConfigDict, data: Any, workdir: Workdir
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Training and validation examples; what prediction needs again goes to the workdir."""
        ...

    def build_task(self, config: ConfigDict, workdir: Workdir) -> Task | Estimator:
        """The network, loss and optimizer, or what is fitted in one go."""
        ...

    def build_prepare(self, config: ConfigDict, workdir: Workdir) -> Any:
        """The pure function from named columns to the model's inputs."""
        ...

    def evaluate(self, config: ConfigDict, data: Any, predictor: Predictor) -> dict[str, Any]:
        """Measures the held-out test set beside baselines.

        Returns:
            Plain data; `summary` is for the console, `headline` the fields of a `Headline`.
        """
        ...

    def build_program(
        self,
        config: ConfigDict,
        predictor: Predictor,
        policy: Sequence[Ruleset],
        workdir: Workdir,
    ) -> Any:
        """Model and rules as one program; `policy` holds the rule sets of `config.policy`.

        Raises:
            PolicyError: when a rule set doesn't fit; before anything is decided.
        """
        ...

    def decide_test(self, config: ConfigDict, data: Any, program: Any, workdir: Workdir) -> str:
        """Decides the test set, writes decisions, report and `Automation`; returns a summary."""
        ...

    def decide_cases(self, config: ConfigDict, cases: Path, program: Any, out: Path) -> str:
        """Decides the cases of a file; returns a summary."""
        ...


@runtime_checkable
class Initialised(Protocol):
    """An experiment whose training begins with what something else has learned."""

    def initial_variables(self, config: ConfigDict, task: Task, workdir: Workdir) -> Variables:
        """The variables before the first step."""
        ...


@runtime_checkable
class Watched(Protocol):
    """An experiment that looks on while it trains."""

    def watch_training(
        self, config: ConfigDict, task: Task, workdir: Workdir
    ) -> Callable[[int, Variables], None]:
        """A function of step and variables, called after each evaluation."""
        ...


def load_experiment(path: str) -> Experiment:
    """Imports an experiment file, wherever it lies.

    Args:
        path: relative to the current directory or to the checkout.

    Raises:
        ExperimentError: when there is no such file, or it lacks one of the functions.
    """
    file = located(path)
    name = "experiment_" + "_".join(file.with_suffix("").parts[-2:])
    if file.is_relative_to(REPOSITORY):
        name = ".".join(file.relative_to(REPOSITORY).with_suffix("").parts)
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, file)
        if spec is None or spec.loader is None:
            raise ExperimentError(f"{path} is not a Python file")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            del sys.modules[name]
            raise ExperimentError(f"{path} fails: {type(error).__name__}: {error}") from error
    module = sys.modules[name]
    required = [member for member in vars(Experiment) if not member.startswith("_")]
    missing = [member for member in required if not hasattr(module, member)]
    if missing:
        raise ExperimentError(
            f"{path} has no {', '.join(missing)}: an experiment file needs "
            f"{', '.join(required)} (experiments/credit/config.py is an example)"
        )
    return cast(Experiment, module)


def located(path: str) -> Path:
    """A path given relative to the current directory, or else to the checkout.

    Raises:
        ExperimentError: when there is neither.
    """
    for candidate in (Path(path), REPOSITORY / path):
        if candidate.exists():
            return candidate.resolve()
    raise ExperimentError(f"there is no file {path}, here or in the checkout of Rulax")


def stored_name(path: str) -> str:
    """How a workdir remembers a file: relative to the checkout where possible."""
    file = located(path)
    if file.is_relative_to(REPOSITORY):
        return file.relative_to(REPOSITORY).as_posix()
    return str(file)
