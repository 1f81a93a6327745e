"""How an instance begins: adopted from a crashed process, at once, or when its scripts have told what they have to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.vrrp.adoption import NO_LEGACY
from keepalived_py.vrrp.state import State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from keepalived_py.observability.log import Log
    from keepalived_py.reactor import Reactor
    from keepalived_py.vrrp.adoption import Legacy
    from keepalived_py.vrrp.defender import Defender
    from keepalived_py.vrrp.effects import Effects
    from keepalived_py.vrrp.executor import Executor
    from keepalived_py.vrrp.groups import Groups
    from keepalived_py.vrrp.running import RunningInstance
    from keepalived_py.vrrp.tracking import Tracking


class Launcher:
    """Starts prepared instances.

    Args:
        reactor: the clock.
        log: of the process.
        executor: adopts and removes addresses.
        defender: knows which addresses are there.
        tracking: knows which scripts have not ended yet.
        groups: whose members begin together.
        perform: carries out what a machine asks for.
    """

    def __init__(
        self,
        reactor: Reactor,
        log: Log,
        executor: Executor,
        defender: Defender,
        tracking: Tracking,
        groups: Groups,
        perform: Callable[[RunningInstance, Effects, float], None],
    ) -> None:
        self._reactor = reactor
        self._log = log
        self._executor = executor
        self._defender = defender
        self._tracking = tracking
        self._groups = groups
        self._perform = perform
        self._waiting: list[RunningInstance] = []

    def launch(self, running: RunningInstance, legacy: Legacy, *, waits: bool = True) -> None:
        """Begin, unless there is something to wait for.

        An instance that may be kept in FAULT by a script must not become master before it is known, and its group not
        without it. One that is in FAULT anyway, or goes on as the master that it was, does not wait.

        Args:
            running: prepared.
            legacy: what a crashed process left of it.
            waits: False to begin in any case.
        """
        now = self._reactor.time()
        awaited = self._awaited(running) if waits else []
        is_adopted = running.router.instance.may_be_adopted(now, legacy.last_sent_at)
        if awaited and not running.router.instance.faults and not is_adopted:
            self._waiting.append(running)
            scripts = ", ".join(awaited)
            self._log.info(f"({running.name}) waits for the first result of script {scripts}")
            self._remove_leftovers(running)
            return
        self._begin(running, legacy, now)

    def sources_changed(self) -> None:
        """Begin whoever need not wait any longer."""
        while (running := next(filter(self._is_ready, self._waiting), None)) is not None:
            self._waiting.remove(running)
            if not running.ended:
                self._begin(running, NO_LEGACY, self._reactor.time())

    def _is_ready(self, running: RunningInstance) -> bool:
        return running.ended or bool(running.router.instance.faults) or not self._awaited(running)

    def _awaited(self, running: RunningInstance) -> list[str]:
        """Return the scripts whose first result an instance and the members of its group wait for."""
        names: Iterable[str] = self._groups.partners(running.name)
        return list(dict.fromkeys(script for name in names for script in self._tracking.awaited(name)))

    def _begin(self, running: RunningInstance, legacy: Legacy, now: float) -> None:
        router = running.router
        self._perform(running, router.adopted(now, legacy.last_sent_at, legacy.sequence), now)
        if router.state is State.MASTER and router.transition is None:
            self._adopt(running)
        elif router.state is not State.MASTER:
            self._remove_leftovers(running)
        running.arm()

    def _adopt(self, running: RunningInstance) -> None:
        self._executor.adopt(running)
        if self._executor.recorder is not None:
            self._executor.recorder.adopted(running)
        self._log.info(
            f"({running.name}) goes on as MASTER where the crashed process stopped: addresses kept, no transition"
        )

    def _remove_leftovers(self, running: RunningInstance) -> None:
        """Remove virtual addresses that an earlier run, which could not clean up, left on the interfaces."""
        present = [placed for placed in running.takeover.addresses if self._defender.is_present(placed)]
        foreign = [placed.text for placed in present if placed.foreign]
        leftovers = [placed for placed in present if not placed.foreign and not self._executor.is_held(placed)]
        if foreign:
            self._log.info(f"({running.name}) not put there by keepalived, left alone: {', '.join(foreign)}")
        if leftovers:
            texts = ", ".join(placed.text for placed in leftovers[:5]) + (", ..." if len(leftovers) > 5 else "")
            self._log.info(f"({running.name}) removing addresses left by an earlier run: {texts}")
            self._executor.remove_leftovers(running, leftovers)
        if running.holdings is not None:
            self._executor.installer().remove_leftovers(running.holdings)
