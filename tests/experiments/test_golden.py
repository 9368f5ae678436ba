"""A number of an experiment, or the shape of a parameter, changes only on purpose.

To accept a change: RULAX_ACCEPT=1 pytest tests/experiments/test_golden.py, and read the diff.
"""

import json
import os
from pathlib import Path

import jax
import pytest

from experiments.experiment import load_experiment
from research.workdir import Workdir

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.mark.parametrize("name", ["credit", "digits", "fashion", "mnist"])
def test_configuration_and_parameters(name, request, tmp_path):
    experiment = load_experiment(f"experiments/{name}/config.py")
    config = experiment.get_config()
    workdir = Workdir(tmp_path)
    if name == "credit":
        request.getfixturevalue("credit")
        experiment.training_examples(config, experiment.load_data(config), workdir)
    variables = jax.eval_shape(
        lambda: experiment.build_task(config, workdir).init(jax.random.key(0))
    )
    leaves = jax.tree_util.tree_leaves_with_path(variables._asdict())
    found = {
        "config": config.to_dict(),
        "parameters": {
            jax.tree_util.keystr(path, simple=True, separator="."): list(leaf.shape)
            for path, leaf in leaves
        },
    }
    text = json.dumps(found, indent=1) + "\n"
    if os.environ.get("RULAX_ACCEPT"):
        (GOLDEN / f"{name}.json").write_text(text)
    assert text == (GOLDEN / f"{name}.json").read_text()
