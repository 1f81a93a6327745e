"""Fixtures of the tests that need a lab; property tests try the same examples in every run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.lab.topology import Lab, why_not

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def lab_is_possible() -> None:
    """Skip where the machine has no namespaces for us."""
    reason = why_not()
    if reason:
        pytest.skip(reason)


@pytest.fixture
def lab(lab_is_possible: None) -> Iterator[Lab]:
    """An empty lab that ends with the test."""
    with Lab() as made:
        yield made
