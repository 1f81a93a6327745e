"""What a child process is handed by its supervisor: the whole contract between the two.

A child starts with the supervisor's signals (TERM INT HUP CHLD USR1 USR2 RTMIN+2 RTMAX-1) blocked and all others
ignored, so that nothing is lost before it has handlers: `Reactor.add_signal_handler` unblocks what it handles. Programs
that a child runs inherit both and must give them back. An exception that leaves `run` is logged with its
traceback, and the child replaced; a KeepalivedError ends it with its exit code, and only its text is logged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from keepalived_py.structure import structure

if TYPE_CHECKING:
    from collections.abc import Generator
    from socket import socket

    from keepalived_py.config.model import Config
    from keepalived_py.observability.log import Log
    from keepalived_py.options import Options


class Heartbeat(Protocol):
    """The child's side of its slot in the supervisor's shared memory."""

    def beat(self, now: float) -> None:
        """Stamp that the child's loop is alive at `now` (seconds, monotonic). Costs one struct store."""

    def acknowledge(self, generation: int) -> None:
        """Say that configuration `generation` is in effect here (the supervisor coalesces reloads on it)."""


class ConfigSource(Protocol):
    """Where a child gets the newest configuration that its supervisor has accepted."""

    def current(self, *, servers: bool = True) -> tuple[int, Config]:
        """Return (generation, configuration) from the shared snapshot; parses nothing.

        Args:
            servers: False for a configuration without its virtual servers, however many there are.
        """

    def loading(self, *, servers: bool = True) -> Generator[None, None, tuple[int, Config]]:
        """Load what `current` returns, in steps of some milliseconds at most."""

    @property
    def size(self) -> int:
        """Bytes that the newest configuration takes in the shared snapshot."""


@structure
class ControlPoint:
    """Where a child answers questions.

    Attributes:
        listener: a listening unix socket that outlives the child.
        group: number of the group whose members may ask besides root; None for root only.
    """

    listener: socket
    group: int | None


@structure
class Post:
    """How a child and the others tell each other what happened (`messages`, `mailbox`).

    The parent keeps all ends open: what is sent while a child is being replaced waits for its successor.

    Attributes:
        inbox: what the others send arrives here.
        outboxes: by process (`vrrp`, `checkers`, `bfd`), for those that run.
    """

    inbox: socket
    outboxes: dict[str, socket]


@structure
class Child:
    """Everything that `vrrp.process.run` and `check.process.run` need; made after the fork.

    Attributes:
        options: the command line.
        config: the configuration in force at the fork.
        generation: its number, counting from 1.
        source: newer configurations, read on SIGHUP.
        heartbeat: to be stamped at least once a second.
        log: already open under the child's ident.
        record: shared memory that outlives the child (crash adoption); its layout is the child's business.
        history: shared memory for what happened (`observability.history`), which outlives the child too.
        respawned: True when an earlier child of this kind died without having been told to stop.
        control: where it answers questions; None when it answers none.
        post: how it reaches the other children; None when it is alone.
    """

    options: Options
    config: Config
    generation: int
    source: ConfigSource
    heartbeat: Heartbeat
    log: Log
    record: memoryview
    history: memoryview
    respawned: bool
    control: ControlPoint | None = None
    post: Post | None = None
