"""Two processes of four devices train like one device."""

import pickle
from types import SimpleNamespace

import pytest

from tests.research.training.families import FAMILIES
from tests.research.training.hosts.harness import run_processes
from tests.research.training.test_executors import assert_alike, on_one_device


def assert_all_alike(folder, families):
    run_processes("executors", str(folder), *families, timeout=300)
    for family in families:
        for kind in ("jit", "shard_map", "pmap"):
            for process in (0, 1):
                path = folder / f"{family}-{kind}-{process}.pickle"
                metrics, variables = pickle.loads(path.read_bytes())
                found = metrics, SimpleNamespace(variables=variables)
                assert_alike(found, on_one_device(family))


def test_two_processes_train_like_one_device(tmp_path):
    assert_all_alike(tmp_path, ["mlp"])


@pytest.mark.slow
def test_every_family(tmp_path):
    assert_all_alike(tmp_path, sorted(set(FAMILIES) - {"mlp"}))
