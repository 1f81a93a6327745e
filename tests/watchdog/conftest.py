"""The daemon of a test, which ends with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.watchdog.watched_daemon import Daemon

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    daemon = Daemon(tmp_path)
    yield daemon
    if daemon.process is not None and daemon.process.poll() is None:
        daemon.stop()
