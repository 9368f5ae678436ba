"""Processes that find each other."""

from tests.research.training.hosts.harness import run_processes


def test_two_processes_share_one_array():
    said = run_processes("arrays")
    assert [s[0]["process"] for s in said] == [0, 1]
    for (one,) in said:
        assert one["devices"] == 8
        assert one["shape"] == [8]
        assert one["total"] == 6 + 406
        assert one["summed"] == 6 + 406
