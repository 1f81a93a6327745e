"""What the health-check process writes when it is asked by signal."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

from keepalived_py.observability import dump_file
from keepalived_py.observability.dump_names import names_of
from keepalived_py.observability.dump_writer import DumpWriter

if TYPE_CHECKING:
    from collections.abc import Callable

    from keepalived_py.check.farm import Farm
    from keepalived_py.child import Child
    from keepalived_py.config.model import Config
    from keepalived_py.reactor import Reactor

SUFFIX = "_check"


class Dumps:
    """Answers requests for dumps.

    Args:
        child: what the supervisor handed over.
        reactor: waits for the processes that write.
        farm: the virtual servers.
        config: returns the configuration in force.
    """

    def __init__(self, child: Child, reactor: Reactor, farm: Farm, config: Callable[[], Config]) -> None:
        self._child = child
        self._farm = farm
        self._config = config
        self._writer = DumpWriter(reactor.watch_child, child.log)

    @property
    def requests(self) -> dict[int, Callable[[], None]]:
        """What to do on each signal."""
        return {int(signal.SIGUSR1): self._write_state}

    def _write_state(self) -> None:
        self._child.log.info(f"Printing checker data for process({os.getpid()}) on signal")
        config = self._config()
        namespace = self._child.options.namespace or config.net_namespace
        names = names_of(config, namespace, dump_file.directory())
        self._writer.write(names.state(SUFFIX), self._state)

    def _state(self) -> str:
        from keepalived_py.check.state_dump import state  # noqa: PLC0415 - only dumps need it

        epoch = time.time() - time.monotonic()
        return state(self._config(), self._farm.virtuals.values(), self._farm.observations, epoch)
