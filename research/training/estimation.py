"""Fitting what isn't trained by steps, once per workdir."""

from __future__ import annotations

import json
from typing import NamedTuple

from research.models.network import Variables
from research.tasks.estimator import Estimator
from research.tasks.task import Batch
from research.training.evaluation import Evaluator
from research.training.sharding import Parallel
from research.training.trained import load_model, save_model
from research.workdir import Workdir


class Estimated(NamedTuple):
    """An estimator's variables, and whether an earlier run had fitted them."""

    variables: Variables
    earlier: bool


def fit_estimator(
    estimator: Estimator, train: Batch, validation: Batch, *, seed: int, workdir: Workdir
) -> Estimated:
    """Fits, or takes what an earlier run fitted; leaves `model/` and `metrics.jsonl`.

    Under several processes, all of them call it with the same examples, and fit alike.

    Args:
        estimator: to fit.
        train: host arrays by name, `[N, ...]`.
        validation: the same, for what an estimator chooses by held-out examples.
        seed: of whatever is random in it.
        workdir: of the run.

    Raises:
        ArgumentError: for examples that it can't be fitted on.
        WorkdirError: when the workdir can't be written.
    """
    estimator.check(train)
    estimator.check(validation)
    if workdir.has(workdir.model.name):
        return Estimated(load_model(workdir, estimator)[0], True)
    variables = estimator.fit(train, validation, seed)
    parallel = Parallel()
    mesh = parallel.build_mesh()
    figures = {
        name: Evaluator(estimator, examples, mesh=mesh, axes=parallel.batch_axes)(variables)
        for name, examples in (("train", train), ("validation", validation))
    }
    workdir.write_text("metrics.jsonl", json.dumps({"step": 0, **figures}) + "\n")
    save_model(workdir, variables, step=0)
    return Estimated(variables, False)
