"""All processes of a run meet at process 0 before JAX connects them.

JAX's own connection ends the process with a C++ stack trace when somebody is missing. Here
it is known who, and why: process 0 listens on the coordinator's port, the others report to
it, and when all are there it lets them go and JAX takes over the port.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

_log = logging.getLogger(__name__)
_GO = "go"
_TELL_SECONDS = 15.0
_LONGEST = 4096
_GRACE_SECONDS = 5.0


class HostsError(Exception):
    """The processes can't be brought together; the message says what to try."""


class Place(NamedTuple):
    """Where a process belongs.

    Attributes:
        host: of process 0, as the others reach it.
        port: on which it listens.
        processes: how many there are.
        process: which this is, from 0.
        by: who says so, for messages.
    """

    host: str
    port: int
    processes: int
    process: int
    by: str

    @property
    def coordinator(self) -> str:
        """`host:port`."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        return f"process {self.process} of {self.processes} ({self.by})"


def meet(place: Place, *, version: str, timeout_seconds: float) -> None:
    """Returns in all processes when all have come.

    Args:
        place: of this process.
        version: of what all must have the same, such as JAX.
        timeout_seconds: to wait at most.

    Raises:
        HostsError: when somebody is missing, or belongs to another run.
    """
    deadline = time.monotonic() + timeout_seconds
    if place.process == 0:
        _receive(place, version, deadline, timeout_seconds)
    else:
        _report(place, version, deadline, timeout_seconds)


def _receive(place: Place, version: str, deadline: float, timeout: float) -> None:
    waiting = _Waiting(f"{place}: waiting at {place.coordinator}")
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(_listener(place))
        guests: dict[int, tuple[str, socket.socket]] = {}
        while len(guests) < place.processes - 1:
            missing = [p for p in range(1, place.processes) if p not in guests]
            if time.monotonic() >= deadline:
                text = (
                    f"{place} waited {timeout:g} s at {place.coordinator}, but process "
                    f"{_list(missing)} did not come: look at their output; each must be started "
                    f"with processes={place.processes} and reach this port through firewalls; "
                    "raise timeout_seconds where hosts start slowly"
                )
                raise _refused(guests, text)
            waiting.tell(f"for process {_list(missing)}")
            listener.settimeout(max(min(deadline - time.monotonic(), 0.5), 0.01))
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            stack.enter_context(connection)
            hello = _hello(connection)
            if hello is None:  # somebody else's connection, such as a port scan
                connection.close()
                continue
            guests = {p: guest for p, guest in guests.items() if _alive(guest[1])}
            problem = _problem(hello, place, version, guests)
            if problem:
                guests[-1] = (hello["host"], connection)
                raise _refused(guests, problem)
            guests[hello["process"]] = (hello["host"], connection)
        _tell(guests, _GO)


def _report(place: Place, version: str, deadline: float, timeout: float) -> None:
    waiting = _Waiting(f"{place}: waiting for process 0 at {place.coordinator}")
    hello = {
        "process": place.process,
        "processes": place.processes,
        "version": version,
        "host": socket.gethostname(),
    }
    reason: Exception = TimeoutError("no time left")
    while time.monotonic() < deadline:
        try:
            with socket.create_connection((place.host, place.port), timeout=5) as connection:
                connection.sendall((json.dumps(hello) + "\n").encode())
                answer = _answer(connection, deadline, waiting)
            if answer == _GO:
                return
            if answer is not None:
                raise HostsError(answer)
            reason = ConnectionAbortedError("it closed the connection without an answer")
        except (OSError, UnicodeDecodeError) as error:
            reason = error
        waiting.tell(str(reason))
        time.sleep(0.2)
    raise HostsError(
        f"{place} could not meet process 0 at {place.coordinator} within {timeout:g} s "
        f"({reason}): {_advice(reason)}"
    )


def _advice(reason: Exception) -> str:
    if isinstance(reason, socket.gaierror):
        return "the name is not known here: use an address that every host resolves"
    if isinstance(reason, ConnectionRefusedError):
        return "the host answers, but process 0 does not run there, or listens on another port"
    if isinstance(reason, ConnectionAbortedError | ConnectionResetError):
        return "another program listens there, or process 0 ended: choose another port"
    return "the host is down, or a firewall blocks the port: open it or choose another"


def _listener(place: Place) -> socket.socket:
    try:
        if socket.has_dualstack_ipv6():
            return socket.create_server(
                ("", place.port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=1024
            )
        return socket.create_server(("", place.port), backlog=1024)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise HostsError(
            f"{place} can't listen on port {place.port} ({reason}): choose another port, or end "
            "the program that has it (an earlier run of yours?)"
        ) from None


def _hello(connection: socket.socket) -> dict[str, Any] | None:
    connection.settimeout(5)
    try:
        hello: dict[str, Any] = json.loads(_line(connection) or "")
        numbers = {name: int(hello[name]) for name in ("process", "processes")}
        return {**numbers, "version": str(hello["version"]), "host": str(hello["host"])}
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _problem(
    hello: dict[str, Any],
    place: Place,
    version: str,
    guests: dict[int, tuple[str, socket.socket]],
) -> str | None:
    who = f"process {hello['process']} on {hello['host']}"
    if hello["processes"] != place.processes:
        return (
            f"{who} was started for {hello['processes']} processes, process 0 for "
            f"{place.processes}: start all with the same number"
        )
    if hello["version"] != version:
        return f"{who} has {hello['version']}, process 0 has {version}: install the same"
    if hello["process"] in guests:
        return (
            f"{who} and one on {guests[hello['process']][0]} have the same number: give each "
            "process its own, from 0"
        )
    return None


def _alive(connection: socket.socket) -> bool:
    """Whether the one who reported has not hung up; a restarted process reports again."""
    connection.setblocking(False)
    try:
        return connection.recv(1, socket.MSG_PEEK) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def _refused(guests: dict[int, tuple[str, socket.socket]], text: str) -> HostsError:
    _tell(guests, text)
    return HostsError(text)


def _tell(guests: dict[int, tuple[str, socket.socket]], text: str) -> None:
    for _, connection in guests.values():
        with contextlib.suppress(OSError):  # it will find out
            connection.settimeout(5)
            connection.sendall((text + "\n").encode())


def _answer(connection: socket.socket, deadline: float, waiting: _Waiting) -> str | None:
    connection.settimeout(0.5)
    # Process 0, whose time ends too, says who is missing.
    while time.monotonic() < deadline + _GRACE_SECONDS:
        try:
            return _line(connection)
        except TimeoutError:
            waiting.tell("for the others")
    raise ConnectionAbortedError("it took the connection, but did not answer")


def _line(connection: socket.socket) -> str | None:
    data = b""
    for piece in _pieces(connection):
        data += piece
        if data.endswith(b"\n") or len(data) > _LONGEST:
            return data.decode().strip()
    return None


def _pieces(connection: socket.socket) -> Iterator[bytes]:
    while piece := connection.recv(1024):
        yield piece


class _Waiting:
    """Says now and then what is being waited for."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._told = time.monotonic()

    def tell(self, detail: str) -> None:
        if time.monotonic() - self._told >= _TELL_SECONDS:
            self._told = time.monotonic()
            _log.warning("%s %s", self._what, detail)


def _list(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:10]))
    return shown if len(numbers) <= 10 else f"{shown} and {len(numbers) - 10} more"
