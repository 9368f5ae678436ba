"""Many processes as one program: finding each other before JAX starts.

Every run is started this way, a single process too, so that one code path serves a laptop
and a pod. Nothing here starts a device: `initialise` must come before whatever does.
"""

from __future__ import annotations

import dataclasses
import logging
import os
import socket
from typing import Any, NamedTuple

import jax
from jax._src import clusters, distributed, xla_bridge  # no public way to ask what jax detects
from jax.experimental import multihost_utils

from research.arguments import require
from research.training.rendezvous import HostsError, Place, meet

_log = logging.getLogger(__name__)
_FOREVER = 2**31 - 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class Hosts:
    """Which processes make up a run.

    With nothing set, JAX's detection decides (Cloud TPU, SLURM, Open MPI, Kubernetes); where
    it finds nothing, the run is this one process.

    Attributes:
        coordinator: `host:port` of process 0, reachable from all; with it, `processes` and
            `process` are needed and nothing is detected.
        processes: how many there are.
        process: which this is, from 0.
        port: of the coordinator, instead of the one that detection chooses; open in firewalls.
        detect: False makes a single process even where more are detected.
        cpu_devices: virtual devices of this process on the CPU; for trials, not for speed.
        timeout_seconds: to wait for all processes.
        heartbeat_seconds: silence after which a process counts as dead, and the others end.
        shutdown_seconds: to wait at the end for the slowest process.
    """

    coordinator: str | None = None
    processes: int | None = None
    process: int | None = None
    port: int | None = None
    detect: bool = True
    cpu_devices: int | None = None
    timeout_seconds: int = 300
    heartbeat_seconds: int = 100
    shutdown_seconds: int = 300

    def __post_init__(self) -> None:
        for name in ("timeout_seconds", "heartbeat_seconds", "shutdown_seconds"):
            require(getattr(self, name) >= 1, f"{name} is {getattr(self, name)}, expected >= 1")
        require(
            self.cpu_devices is None or self.cpu_devices >= 1,
            f"cpu_devices is {self.cpu_devices}, expected 1 or more",
        )
        require(
            self.port is None or 0 < self.port < 2**16,
            f"port is {self.port}, expected 1 to 65535",
        )
        explicit = (self.coordinator, self.processes, self.process)
        if explicit == (None, None, None):
            return
        require(
            None not in explicit,
            f"coordinator is {self.coordinator}, processes is {self.processes}, process is "
            f"{self.process}: give all three, or none to detect them",
        )
        assert self.coordinator and self.processes is not None and self.process is not None
        require(self.processes >= 1, f"processes is {self.processes}, expected 1 or more")
        require(
            0 <= self.process < self.processes,
            f"process is {self.process}, expected 0 to {self.processes - 1}: they count from 0",
        )
        require(
            self.port is None or ":" not in self.coordinator,
            f"coordinator is {self.coordinator} and port {self.port}: give the port once",
        )
        _split(_address(self.coordinator, self.port))


class Member(NamedTuple):
    """A process among those of the run.

    Attributes:
        client: of the service that all share, with `key_value_set`, `key_value_try_get`,
            `blocking_key_value_get` and so on; None before `initialise`.
        process: from 0.
        processes: how many.
    """

    client: Any
    process: int
    processes: int


class _Found(NamedTuple):
    place: Place
    local_devices: list[int] | None


def initialise(hosts: Hosts | None = None) -> None:
    """Brings the processes of a run together; afterwards `jax.devices()` lists all of them.

    Done already, it does nothing. Signals stay Python's: JAX's own SIGTERM handler is left
    out, see `failures` for how processes stop together.

    Raises:
        HostsError: when they don't find each other within `timeout_seconds`, when a port is
            taken, or when JAX has started devices before.
    """
    hosts = Hosts() if hosts is None else hosts
    if jax.distributed.is_initialized():
        return
    if xla_bridge.backends_are_initialized():
        raise HostsError(
            "JAX has started its devices already: call initialise() first, before jax.devices(), "
            "jax.random.key() or any array is made (imports that make arrays count too)"
        )
    if hosts.cpu_devices is not None:
        jax.config.update("jax_num_cpu_devices", hosts.cpu_devices)
    jax.config.update("jax_enable_preemption_service", False)
    found = _found(hosts)
    if found is None or found.place.processes == 1:
        _alone()
        return
    place = found.place
    _log.info("%s, coordinator %s", place, place.coordinator)
    meet(place, version=f"jax {jax.__version__}", timeout_seconds=hosts.timeout_seconds)
    # Whoever is still missing here died just now.
    jax.distributed.initialize(
        place.coordinator,
        place.processes,
        place.process,
        local_device_ids=found.local_devices,
        cluster_detection_method="deactivate",
        initialization_timeout=hosts.timeout_seconds,
        heartbeat_timeout_seconds=hosts.heartbeat_seconds,
        shutdown_timeout_seconds=hosts.shutdown_seconds,
    )


def membership() -> Member:
    """Which process this is. Unlike `jax.process_index()` it starts no device."""
    state = distributed.global_state
    return Member(state.client, state.process_id, state.num_processes)


def wait_for_all(name: str) -> None:
    """Returns when every process of the run has come here; `name` is the same in all."""
    if jax.process_count() > 1:
        multihost_utils.sync_global_devices(name)


def free_port() -> int:
    """A TCP port of this machine that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def _alone() -> None:
    # gloo would carry what virtual devices of one process exchange over TCP: 5 to 10 times
    # slower than within the process.
    jax.config.update("jax_cpu_collectives_implementation", None)
    jax.config.update("jax_check_proxy_envs", False)
    address = f"127.0.0.1:{free_port()}"
    jax.distributed.initialize(
        address,
        1,
        0,
        cluster_detection_method="deactivate",
        coordinator_bind_address=address,
        # Nobody else can die; a laptop that slept for an hour is not dead either.
        heartbeat_timeout_seconds=_FOREVER,
    )


def _found(hosts: Hosts) -> _Found | None:
    if hosts.coordinator is not None:
        assert hosts.processes is not None and hosts.process is not None
        host, port = _split(_address(hosts.coordinator, hosts.port))
        return _Found(Place(host, port, hosts.processes, hosts.process, "as given"), None)
    if not hosts.detect:
        return None
    if hosts.port is not None:
        os.environ["JAX_COORDINATOR_PORT"] = str(hosts.port)
    try:
        coordinator, processes, process, devices = (
            clusters.ClusterEnv.auto_detect_unset_distributed_params(
                None, None, None, None, None, hosts.timeout_seconds
            )
        )
    except Exception as error:  # whatever a half-configured cluster makes of it
        raise HostsError(
            f"a cluster was detected, but not who belongs to it ({type(error).__name__}: {error}): "
            "give coordinator, processes and process yourself, or detect=False for one process"
        ) from error
    if coordinator is None or processes is None or process is None:
        _warn_of_batch_script()
        return None
    place = Place(*_split(coordinator), processes, process, "detected")
    return _Found(place, None if devices is None else list(devices))


def _warn_of_batch_script() -> None:
    tasks = os.environ.get("SLURM_NTASKS", "1")
    if tasks not in ("", "1"):
        _log.warning(
            "this SLURM job has %s tasks, but this process was not started by srun: it runs alone. "
            "Put srun in front of the command",
            tasks,
        )


def _address(coordinator: str, port: int | None) -> str:
    return coordinator if port is None else f"{coordinator}:{port}"


def _split(address: str) -> tuple[str, int]:
    host, colon, port = address.rpartition(":")
    require(
        bool(host and colon) and port.isdecimal() and 0 < int(port) < 2**16,
        f"coordinator is {address}, expected host:port, such as 10.0.0.1:8476",
    )
    return host.strip("[]"), int(port)
