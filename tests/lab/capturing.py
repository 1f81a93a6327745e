"""What programs inside a node have recorded so far: frames, answers to pings, addresses that came and went."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.lab import frames
from tests.lab.waiting import wait_for

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

ADDRESS_EVENT = re.compile(
    r"^\[(?P<at>\S+)\] (?P<gone>Deleted )?\d+: (?P<interface>[^\s@]+)\S*\s+inet6? (?P<address>\S+) "
)


@dataclass(frozen=True, slots=True)
class Recording:
    """A file that a process inside a node appends to.

    Attributes:
        child: the process.
        path: the file.
    """

    child: subprocess.Popen[str]
    path: Path

    def lines(self) -> list[str]:
        """The whole lines so far."""
        return [line for line in self.path.read_text(encoding="utf-8").splitlines(keepends=True) if line.endswith("\n")]


class Capture(Recording):
    """The frames of one interface."""

    def adverts(self, *, outgoing: bool | None = None) -> list[frames.Advert]:
        """VRRP adverts in the order of the wire; with `outgoing`, only those of one direction."""
        found = [frames.advert(*record) for record in frames.records(self.lines())]
        return [advert for advert in found if advert and outgoing in (None, advert.outgoing)]

    def frames_from(self, *prefixes: str) -> list[bytes]:
        """Every outgoing frame whose Ethernet source address begins with one of these (`00:00:5e:00:01`)."""
        begins = tuple(bytes.fromhex(prefix.replace(":", "")) for prefix in prefixes)
        return [
            frame for _at, outgoing, frame in frames.records(self.lines()) if outgoing and frame[6:].startswith(begins)
        ]

    def reports(self) -> list[tuple[str, str]]:
        """Destination and Ethernet source of every IGMP and MLD report."""
        found = [frames.membership_report(frame) for _at, _outgoing, frame in frames.records(self.lines())]
        return [report for report in found if report]

    def announcements(self, *, outgoing: bool | None = None) -> list[frames.Announcement]:
        """Gratuitous ARPs and unsolicited neighbour advertisements."""
        found = [frames.announcement(*record) for record in frames.records(self.lines())]
        return [frame for frame in found if frame and outgoing in (None, frame.outgoing)]


class Pings(Recording):
    """Echo requests of a client, and which were answered."""

    def answered(self) -> dict[int, float]:
        """Number of each answered request, and when (seconds since the epoch)."""
        found = [line.split() for line in self.lines()]
        return {int(number): float(at) for word, number, at in found if word == "got"}

    def sent(self) -> dict[int, float]:
        """Number of each request, and when it was sent (seconds since the epoch)."""
        found = [line.split() for line in self.lines()]
        return {int(number): float(at) for word, number, at in found if word == "sent"}

    def lost(self) -> list[int]:
        """Requests without an answer although a later one was answered."""
        answered = self.answered()
        last = max(answered, default=0)
        return [number for number in self.sent() if number < last and number not in answered]


@dataclass(frozen=True, slots=True)
class AddressEvent:
    """An address that came to an interface or left it.

    Attributes:
        at: seconds since the epoch.
        added: False when it left.
        interface: where.
        address: with prefix length.
    """

    at: float
    added: bool
    interface: str
    address: str


@dataclass(frozen=True, slots=True)
class AddressHistory(Recording):
    """Every address that came or went in a node, as `ip monitor` heard it.

    Attributes:
        ip: runs iproute2 in the node.
    """

    ip: Callable[..., str]
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def events(self, address: str) -> list[AddressEvent]:
        """What has happened to one address so far, given with its prefix length."""
        self.catch_up()
        return self._told(address)

    def catch_up(self) -> None:
        """Wait until `ip monitor` tells of something that happens now: what happened before is told by then."""
        number = next(self._numbers)
        probe = f"100.64.{number >> 8}.{number & 255}/32"

        def heard() -> bool:
            for verb in ("add", "del"):
                self.ip("address", verb, probe, "dev", "lo")
            return bool(self._told(probe))

        wait_for(heard, 10, "ip monitor tells of a moment ago")

    def _told(self, address: str) -> list[AddressEvent]:
        found = []
        for line in self.lines():
            match = ADDRESS_EVENT.match(line)
            if match and match["address"] == address:
                at = dt.datetime.fromisoformat(match["at"]).astimezone().timestamp()
                found.append(AddressEvent(at, not match["gone"], match["interface"], address))
        return found
