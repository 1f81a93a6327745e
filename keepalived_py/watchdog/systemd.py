"""What a service manager wants to hear (sd_notify(3)): one datagram per change, nothing without NOTIFY_SOCKET."""

import os
import socket
import time


class ServiceManager:
    """The service manager that started us, if one did.

    Args:
        address: value of NOTIFY_SOCKET; None or empty when there is nobody to tell.
    """

    def __init__(self, address: str | None) -> None:
        self._address = address

    @classmethod
    def from_environment(cls) -> "ServiceManager":
        """Take NOTIFY_SOCKET out of the environment, so that no script speaks in our name."""
        return cls(os.environ.pop("NOTIFY_SOCKET", None))

    def ready(self) -> None:
        """Say that the children run, or that a reload has ended."""
        self._tell(f"READY=1\nMAINPID={os.getpid()}")

    def reloading(self) -> None:
        """Say that a reload begins."""
        self._tell(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self) -> None:
        """Say that the daemon ends."""
        self._tell("STOPPING=1")

    def status(self, text: str) -> None:
        """Show one line in `systemctl status`."""
        self._tell(f"STATUS={text}")

    def _tell(self, text: str) -> None:
        if not self._address:
            return
        name = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK) as channel:
            try:
                channel.sendto(text.encode(), name)
            except OSError:
                # A service manager that is gone or full must not stop a failover daemon.
                return
