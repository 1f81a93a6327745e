"""Ports on loopback for the servers of a test."""

from __future__ import annotations

import random
import socket

RANGE = range(20_000, 32_000)
"""Below those that the kernel gives to connections, so that none of another test takes it meanwhile."""


def free_port() -> int:
    """A port at which nobody listens, one of many: two tests at once will not choose the same."""
    for port in random.sample(RANGE, 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port among a hundred of {RANGE}")
