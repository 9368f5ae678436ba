"""Processes that find each other."""

import logging

import jax
import pytest

from research.arguments import ArgumentError
from research.training import hosts
from research.training.hosts import Hosts, HostsError, free_port, initialise
from tests.research.training.hosts.harness import run_processes

SLURM = {
    "SLURM_JOB_ID": "77",
    "SLURM_STEP_NODELIST": "127.0.0.1,other",
    "SLURM_NTASKS": "2",
    "SLURM_PROCID": "1",
    "SLURM_LOCALID": "1",
}


def test_two_processes_share_one_array():
    said = run_processes("arrays")
    assert [s[0]["process"] for s in said] == [0, 1]
    for (one,) in said:
        assert one["devices"] == 8
        assert one["shape"] == [8]
        assert one["total"] == 6 + 406
        assert one["summed"] == 6 + 406


def test_slurm_tasks_find_each_other():
    said = run_processes(
        "joining",
        environment=lambda number: SLURM | {"SLURM_PROCID": str(number)},
        options={"port": free_port()},
    )
    assert said == [[{"process": number, "processes": 2}] for number in (0, 1)]


def test_a_single_process_is_initialised_too_and_keeps_its_signals():
    (said,) = run_processes("alone", processes=1, devices=3, options={})
    assert said == [
        {
            "initialised": True,
            "processes": 1,
            "devices": 3,
            "collectives": "None",
            "before": "0",  # the default, as if JAX had not been there
            "caught": True,
        }
    ]


def test_after_devices_it_is_too_late():
    (said,) = run_processes("too_late", processes=1, options={})
    assert said[0]["error"].startswith("JAX has started its devices already: call initialise()")


@pytest.fixture
def called(monkeypatch):
    """What `initialise` asks of JAX, which is not asked."""
    calls = []
    for name in SLURM:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("JAX_COORDINATOR_PORT", raising=False)
    monkeypatch.setattr(jax.distributed, "is_initialized", lambda: False)
    monkeypatch.setattr(hosts.xla_bridge, "backends_are_initialized", lambda: False)
    monkeypatch.setattr(jax.config, "update", lambda *pair: calls.append(pair))
    monkeypatch.setattr(hosts, "meet", lambda *given, **named: calls.append((*given, named)))
    monkeypatch.setattr(
        jax.distributed, "initialize", lambda *given, **named: calls.append((*given, named))
    )
    return calls


def test_what_jax_is_told_of_given_processes(called):
    initialise(
        Hosts(
            coordinator="example:99",
            processes=3,
            process=2,
            cpu_devices=5,
            timeout_seconds=11,
            heartbeat_seconds=12,
            shutdown_seconds=13,
        )
    )
    assert called[:2] == [("jax_num_cpu_devices", 5), ("jax_enable_preemption_service", False)]
    place, meeting = called[2]
    assert (place.coordinator, place.processes, place.process) == ("example:99", 3, 2)
    assert meeting == {"version": f"jax {jax.__version__}", "timeout_seconds": 11}
    *given, named = called[3]
    assert given == ["example:99", 3, 2]
    assert named == {
        "local_device_ids": None,
        "cluster_detection_method": "deactivate",
        "initialization_timeout": 11,
        "heartbeat_timeout_seconds": 12,
        "shutdown_timeout_seconds": 13,
    }


def test_what_jax_is_told_of_detected_ones(called, monkeypatch):
    for name, value in SLURM.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("JAX_COORDINATOR_PORT", "1")  # so that it is put back
    initialise(Hosts(port=4321))
    *given, named = called[-1]
    assert given == ["127.0.0.1:4321", 2, 1]
    assert named["local_device_ids"] == [1]  # one GPU a task, as JAX does under SLURM
    called.clear()
    initialise(Hosts(detect=False))
    assert called[-1][1:3] == (1, 0)


@pytest.mark.parametrize("given", [{}, {"coordinator": "example:99", "processes": 1, "process": 0}])
def test_a_single_process_needs_no_network(called, given):
    initialise(Hosts(**given))
    address, processes, process, named = called[-1]
    assert address.startswith("127.0.0.1:")
    assert (processes, process) == (1, 0)
    assert named["coordinator_bind_address"] == address
    assert ("jax_cpu_collectives_implementation", None) in called


def test_a_half_configured_cluster(called, monkeypatch):
    for name, value in (SLURM | {"SLURM_NTASKS": "many"}).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(HostsError, match="not who belongs to it .ValueError: .*'many'.*give "):
        initialise()


def test_tasks_without_srun_are_told(called, monkeypatch, caplog):
    monkeypatch.setenv("SLURM_NTASKS", "4")
    with caplog.at_level(logging.WARNING):
        initialise()
    assert "this SLURM job has 4 tasks" in caplog.text
    assert "srun" in caplog.text


def test_done_already_it_does_nothing(called, monkeypatch):
    monkeypatch.setattr(jax.distributed, "is_initialized", lambda: True)
    initialise()
    assert called == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"coordinator": "a:1"},
            "coordinator is a:1, processes is None, process is None: give",
        ),
        ({"processes": 2, "process": 0}, "coordinator is None, processes is 2, process is 0"),
        ({"coordinator": "a:1", "processes": 2, "process": 2}, "process is 2, expected 0 to 1"),
        ({"coordinator": "a:1", "processes": 2, "process": -1}, "process is -1, expected 0 to 1"),
        (
            {"coordinator": "a:1", "processes": 0, "process": 0},
            "processes is 0, expected 1",
        ),
        (
            {"coordinator": "a", "processes": 2, "process": 0},
            "coordinator is a, expected host:port",
        ),
        (
            {"coordinator": ":1", "processes": 2, "process": 0},
            "coordinator is :1, expected host:",
        ),
        ({"coordinator": "a:x", "processes": 2, "process": 0}, "coordinator is a:x, expected host"),
        ({"coordinator": "a:0", "processes": 2, "process": 0}, "coordinator is a:0, expected host"),
        (
            {"coordinator": "a:1", "processes": 2, "process": 0, "port": 2},
            "coordinator is a:1 and port 2: give the port once",
        ),
        ({"port": 70_000}, "port is 70000, expected 1 to 65535"),
        ({"cpu_devices": 0}, "cpu_devices is 0, expected 1 or more"),
        ({"timeout_seconds": 0}, "timeout_seconds is 0, expected >= 1"),
    ],
)
def test_what_can_not_be_meant(given, message):
    with pytest.raises(ArgumentError) as caught:
        Hosts(**given)
    assert str(caught.value).startswith(message)


def test_addresses():
    def address(**given):
        return hosts._found(Hosts(processes=2, process=0, **given)).place.coordinator

    assert address(coordinator="[2001:db8::1]:99") == "[2001:db8::1]:99"
    assert address(coordinator="example", port=99) == "example:99"
