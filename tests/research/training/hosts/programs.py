"""What the processes of a multi-process test run: `python -m ...programs NAME ARGUMENT...`.

Where the process belongs comes by the environment, see `harness`.
"""

import json
import os
import pickle
import signal
import sys
import threading
from pathlib import Path

from research.training.failures import failing_together
from research.training.hosts import Hosts, HostsError, initialise, membership


def say(**values):
    """One line of JSON that the test reads; C++ libraries write to stdout too."""
    print("SAID " + json.dumps(values), flush=True)


def hosts(**options):
    given = json.loads(os.environ["TEST_HOSTS"])
    return Hosts(**{"timeout_seconds": 40, "shutdown_seconds": 20} | given | options)


def arrays():
    """A global array from what each process has, and a sum over all devices."""
    import jax
    import numpy as np
    from jax.sharding import AxisType, NamedSharding, PartitionSpec

    initialise(hosts())
    devices = jax.devices()
    mesh = jax.make_mesh((len(devices),), ("data",), (AxisType.Auto,))
    split = NamedSharding(mesh, PartitionSpec("data"))
    local = np.arange(len(jax.local_devices())) + 100.0 * jax.process_index()
    rows = jax.make_array_from_process_local_data(split, local)
    summed = jax.shard_map(
        lambda part: jax.lax.psum(part, "data"),
        mesh=mesh,
        in_specs=PartitionSpec("data"),
        out_specs=PartitionSpec(),
    )
    say(
        process=jax.process_index(),
        devices=len(devices),
        shape=rows.shape,
        total=float(jax.jit(lambda x: x.sum())(rows)),
        summed=float(jax.jit(summed)(rows)[0]),
    )


def alone():
    """A single process: what it is, and that signals are Python's."""
    initialise(hosts())
    initialise(hosts())  # does nothing
    import jax

    before = str(signal.getsignal(signal.SIGTERM))
    caught = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: caught.set())
    os.kill(os.getpid(), signal.SIGTERM)
    say(
        initialised=jax.distributed.is_initialized(),
        processes=jax.process_count(),
        devices=len(jax.devices()),
        collectives=str(jax.config.jax_cpu_collectives_implementation),
        before=before,
        caught=caught.wait(5),
    )


def joining():
    """Who this is, once all are there."""
    initialise(hosts())
    say(process=membership().process, processes=membership().processes)


def too_late():
    """Devices before hosts."""
    import jax

    jax.devices()
    try:
        initialise(hosts())
    except HostsError as error:
        say(error=str(error))


def summing():
    """`one_more()` sums over all devices and so waits for every other process."""
    import jax
    import numpy as np
    from jax.sharding import AxisType, NamedSharding, PartitionSpec

    mesh = jax.make_mesh((len(jax.devices()),), ("data",), (AxisType.Auto,))
    split = NamedSharding(mesh, PartitionSpec("data"))
    ones = np.ones(len(jax.local_devices()), np.float32)
    rows = jax.make_array_from_process_local_data(split, ones)
    total = jax.jit(lambda x: x.sum())
    return lambda: float(total(rows))


def failing(how, who):
    """All step together, until process `who` fails."""
    initialise(hosts(heartbeat_seconds=10))
    with failing_together():
        one_more = summing()
        for step in range(10_000):
            one_more()
            if step == 5:
                say(stepping=True)
                if membership().process == int(who):
                    if how == "exception":
                        raise ValueError("the examples are missing")
                    if how == "code":
                        sys.exit(2)
                    os.kill(os.getpid(), signal.SIGKILL)


def executors(folder, *pairs):
    """Trains families under executors, "mlp-jit"; one file of results each, by this process."""
    initialise(hosts())
    from research.training import Parallel
    from tests.research.training.families import FAMILIES
    from tests.research.training.test_executors import trained

    for pair in pairs:
        family, kind = pair.split("-")
        metrics, state = trained(*FAMILIES[family](), Parallel(executor=kind))
        path = Path(folder, f"{pair}-{membership().process}.pickle")
        path.write_bytes(pickle.dumps((metrics, state.variables)))


def fitting(workdir, steps="400", every="40"):
    """`fit` as launch.py runs it, on all devices of all processes."""
    initialise(hosts(heartbeat_seconds=10))
    import jax

    from research.training import Preempted, Saving, Watching, fit
    from research.workdir import Workdir
    from tests.research.training.problems import examples, task

    with failing_together():
        try:
            fitted = fit(
                task(),
                examples(0),
                examples(1, 50),
                steps=int(steps),
                batch_size=16,
                evaluate_every=int(every),
                saving=Saving(every_steps=int(every)),
                watching=Watching(hang_minutes=None),
                workdir=Workdir(Path(workdir)),
            )
        except Preempted as stop:
            say(preempted=stop.step)
            sys.exit(75)
        leaves = jax.tree.leaves(fitted.variables)
        say(
            resumed_at=fitted.resumed_at,
            step=fitted.progress.step,
            records=len(fitted.history),
            sum=[float(leaf.sum()) for leaf in leaves],
        )


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
