"""When a scheduled reload is due: what the first line of `reload_time_file` says. Pure, but for the local time zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

_FORM = re.compile(r"(?:(\d{2}|\d{4})-(\d\d)-(\d\d) )?(\d\d):(\d\d):(\d\d)(Z?)", re.ASCII)
_LAST_YEAR_OF_2000 = 68
"""Two digits up to this one are a year from 2000 on, as strptime(3) has it."""


class BadTimeError(ValueError):
    """The line gives no moment that lies ahead; the text says why."""


class ReloadTime(NamedTuple):
    """A moment.

    Attributes:
        at: seconds since the epoch.
        dated: whether the line named a day; a time alone comes again every day.
    """

    at: float
    dated: bool

    @property
    def text(self) -> str:
        """The moment in local time, as the log shows it."""
        return datetime.fromtimestamp(self.at, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def reload_time(line: str, now: float) -> ReloadTime:
    """Return what `HH:MM:SS`, `YY-MM-DD HH:MM:SS` or `YYYY-MM-DD HH:MM:SS`, perhaps with a Z for UTC, means.

    Args:
        line: without its end.
        now: seconds since the epoch.

    Raises:
        BadTimeError: another form, no such time, or a past one.
    """
    match = _FORM.fullmatch(line)
    if match is None:
        raise BadTimeError("use HH:MM:SS, YY-MM-DD HH:MM:SS or YYYY-MM-DD HH:MM:SS, perhaps with a Z at the end")
    utc = bool(match[7])
    today = datetime.fromtimestamp(now, UTC) if utc else datetime.fromtimestamp(now, UTC).astimezone()
    day = (_year(match[1]), int(match[2]), int(match[3])) if match[1] else (today.year, today.month, today.day)
    try:
        moment = datetime(*day, int(match[4]), int(match[5]), int(match[6]))  # noqa: DTZ001 - the zone comes next
    except ValueError as problem:
        raise BadTimeError(str(problem)) from problem
    at = _seconds(moment, utc=utc)
    if at > now:
        return ReloadTime(at, bool(match[1]))
    if match[1]:
        raise BadTimeError("it is in the past")
    return ReloadTime(_seconds(moment + timedelta(days=1), utc=utc), dated=False)


def _year(digits: str) -> int:
    year = int(digits)
    if len(digits) > 2:
        return year
    return year + (2000 if year <= _LAST_YEAR_OF_2000 else 1900)


def _seconds(moment: datetime, *, utc: bool) -> float:
    """Return when a moment without zone is; BadTimeError for one that the clocks jump over."""
    known = moment.replace(tzinfo=UTC) if utc else moment.astimezone()
    if known.replace(tzinfo=None) != moment:
        raise BadTimeError("the clocks are put forward then: there is no such time")
    return known.timestamp()
