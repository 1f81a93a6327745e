"""What checks that ask nobody are judged by: numbers in tracked files and states of BFD sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from keepalived_py.check.health import HIGHEST_WEIGHT
from keepalived_py.check.probe import UP, ProbeResult, failed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keepalived_py.config.arguments import Weight
    from keepalived_py.config.model.tracking import TrackFile

FAULT: Final = -HIGHEST_WEIGHT - 1
"""A product this low is a failure (upstream's IPVS_WEIGHT_FAULT)."""
FILE, SESSION = "FILE_CHECK", "BFD_CHECK"
Subject = tuple[str, str]
"""FILE or SESSION, and the name of the track_file or bfd_instance."""


class Observations:
    """The newest of everything that was seen.

    Attributes:
        files: the number in each tracked file, by the name of its track_file.
        sessions: whether each BFD session is up, by name.
    """

    def __init__(self) -> None:
        self.files: dict[str, int] = {}
        self.sessions: dict[str, bool] = {}
        self._weights: dict[str, Weight] = {}

    def configure(self, definitions: Iterable[TrackFile]) -> None:
        """Take the weights of files whose checks have none."""
        self._weights = {one.name: one.weight for one in definitions}

    def result_of(self, keyword: str, record: Any) -> ProbeResult | None:
        """Return what a FILE_CHECK or BFD_CHECK finds now; None for any other check and before anything was seen."""
        if keyword == SESSION:
            is_up = self.sessions.get(record.name or "")
            return None if is_up is None else UP if is_up else failed("session is down")
        name = record.track_file if keyword == FILE else None
        if name not in self.files:
            return None
        weight = record.weight if record.weight is not None else self._weights.get(name)
        return None if weight is None else judged(self.files[name], weight)


def subject_of(keyword: str, record: Any) -> Subject | None:
    """Return what a check depends on; None for a check that asks for itself."""
    if keyword == FILE:
        return FILE, record.track_file or ""
    return (SESSION, record.name or "") if keyword == SESSION else None


def judged(number: int, weight: Weight) -> ProbeResult:
    """Return what a number in a file means.

    With a weight the product of both is added to the weight of the server; without one every number but 0 is a failure,
    or with `reverse` 0 is.
    """
    if not weight.weight:
        is_failure = (number != 0) is not weight.reverse
        return failed(f"the number is {number}") if is_failure else ProbeResult(ok=True, added=0)
    product = number * weight.weight * (-1 if weight.reverse else 1)
    if product <= FAULT:
        return failed(f"the number is {number}")
    return ProbeResult(ok=True, added=min(product, HIGHEST_WEIGHT))
