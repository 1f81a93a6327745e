"""A capture that runs, and what it saw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lab import frames

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path


class Capture:
    """The frames of one interface since the capture began; reading it again sees more.

    Args:
        child: the process that writes the file.
        path: the file.
    """

    def __init__(self, child: subprocess.Popen[str], path: Path) -> None:
        self.path = path
        self._child = child

    def adverts(self, *, outgoing: bool | None = None) -> list[frames.Advert]:
        """VRRP adverts in the order of the wire; with `outgoing`, only those of one direction."""
        found = [frames.advert(*record) for record in frames.records(self.path)]
        return [advert for advert in found if advert and outgoing in (None, advert.outgoing)]

    def announcements(self, *, outgoing: bool | None = None) -> list[frames.Announcement]:
        """Gratuitous ARPs and unsolicited neighbour advertisements."""
        found = [frames.announcement(*record) for record in frames.records(self.path)]
        return [frame for frame in found if frame and outgoing in (None, frame.outgoing)]
