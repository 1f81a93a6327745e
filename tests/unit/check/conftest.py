"""Fixtures of the tests of health checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keepalived_py.reactor import Reactor

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def reactor() -> Iterator[Reactor]:
    """A loop."""
    made = Reactor(0.5)
    yield made
    made.close()
