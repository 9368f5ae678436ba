"""Two processes of four devices train like one device."""

import itertools
import pickle
from types import SimpleNamespace

import pytest

from research.training.sharding import EXECUTORS
from tests.effort import HOSTS
from tests.research.training.families import FAMILIES
from tests.research.training.hosts.harness import run_processes
from tests.research.training.test_executors import assert_alike, on_one_device


def assert_all_alike(folder, pairs):
    run_processes("executors", str(folder), *(f"{a}-{b}" for a, b in pairs), timeout=600)
    for family, kind in pairs:
        for process in (0, 1):
            path = folder / f"{family}-{kind}-{process}.pickle"
            metrics, variables = pickle.loads(path.read_bytes())
            found = metrics, SimpleNamespace(variables=variables)
            assert_alike(found, on_one_device(family))


def test_two_processes_train_like_one_device(tmp_path):
    assert_all_alike(tmp_path, [("mlp", kind) for kind in EXECUTORS])


@pytest.mark.slow
def test_every_family(tmp_path):
    some = [("cnn", "shard_map")]
    every = itertools.product(sorted(set(FAMILIES) - {"mlp"}), EXECUTORS)
    assert_all_alike(tmp_path, list(every) if HOSTS else some)
