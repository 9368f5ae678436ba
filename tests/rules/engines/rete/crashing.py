"""A process of durable_rules that dies, hangs or stumbles over certain cases."""

from __future__ import annotations

import os
import signal
import sys
import time

from rules.engines.rete import worker
from rules.engines.rete.matcher import Answer
from rules.engines.rete.network import load_engine
from rules.engines.world import World

SEGFAULT, HANG, STUMBLE, ONCE = 666.0, 777.0, 888.0, 999.0  # amounts


class Crashing(worker.Worker):
    """Does by the amount of a case what a process should not."""

    def _disturb(self, world: World) -> None:
        match world.values.get("amount"):
            case 666.0:
                os.kill(os.getpid(), signal.SIGSEGV)
            case 777.0:
                time.sleep(60)
            case 888.0:
                load_engine().assert_fact(1, '{"t": 1e-05}')
            case 999.0 if not os.path.exists(sys.argv[1]):  # noqa: PTH110
                open(sys.argv[1], "w").close()  # noqa: PTH123
                os.kill(os.getpid(), signal.SIGKILL)

    def _decide(self, key: int, world: World) -> Answer:
        self._disturb(world)
        return super()._decide(key, world)

    def _ask(self, key: tuple[int, int], world: World) -> Answer:
        self._disturb(world)
        return super()._ask(key, world)


if __name__ == "__main__":
    worker.Worker = Crashing  # type: ignore[misc]
    worker.main()
