"""Fixtures of the tests of health checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keepalived_py.reactor import Reactor
from tests.unit.check.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def reactor() -> Iterator[Reactor]:
    """A loop."""
    made = Reactor(0.5)
    yield made
    made.close()


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A farm, stopped at the end."""
    made = Stage()
    yield made
    made.farm.stop(keep=True)
    made.reactor.close()
