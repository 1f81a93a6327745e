"""Signals turned into bytes on a socket, so that a loop hears them like anything else."""

from __future__ import annotations

import signal
import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType


class SignalPipe:
    """Readable after a signal with a handler; main thread only. One at a time in a process."""

    def __init__(self) -> None:
        self._handlers: dict[int, tuple[Callable[..., object], tuple[Any, ...]]] = {}
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._previous = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)

    def fileno(self) -> int:
        """Return the descriptor that becomes readable."""
        return self._reader.fileno()

    def add(self, number: int, callback: Callable[..., object], arguments: tuple[Any, ...]) -> None:
        """Call `callback(*arguments)` from `dispatch` after signal `number`; unblocks the signal."""
        self._handlers[number] = (callback, arguments)
        signal.signal(number, _only_wake)
        signal.siginterrupt(number, False)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})

    def remove(self, number: int) -> bool:
        """Give signal `number` its default action back; True when it had a handler."""
        if self._handlers.pop(number, None) is None:
            return False
        signal.signal(number, signal.SIG_DFL)
        return True

    def dispatch(self) -> None:
        """Call the handlers of the signals that came, in the order in which they came."""
        try:
            numbers = self._reader.recv(4096)
        except BlockingIOError:
            return
        for number in numbers:
            entry = self._handlers.get(number)
            if entry is not None:
                entry[0](*entry[1])

    def close(self) -> None:
        """Give every signal its default action back and close both ends."""
        for number in tuple(self._handlers):
            self.remove(number)
        signal.set_wakeup_fd(self._previous)
        self._reader.close()
        self._writer.close()


def _only_wake(_number: int, _frame: FrameType | None) -> None:
    """Be a handler, so that the interpreter writes the number to the wake-up descriptor."""
