"""Skew_Time and Master_Down_Interval (RFC 3768 section 6.1, RFC 9568 section 6.1), rounded as keepalived rounds.

keepalived computes in whole microseconds and cuts what is below one; so do these, and then divide once.
"""

VERSION_2 = 2
VERSION_3 = 3
MISSED_ADVERTS = 3
"""Adverts a master may miss before it is believed dead (RFC 9568 section 6.1)."""

_SECOND_US = 1_000_000
_CENTISECOND_US = 10_000


def skew_time(version: int, priority: int, master_interval: float) -> float:
    """Seconds that a router of this priority waits longer than one of priority 256 would.

    Version 2: (256 - priority) / 256 s; version 3: the same share of the master's interval.

    Args:
        version: 2 or 3.
        priority: own effective priority, 1 to 255.
        master_interval: seconds between the master's adverts; only version 3 looks at it.
    """
    if version == VERSION_3:
        return (256 - priority) * centiseconds(master_interval) * 625 // 16 / _SECOND_US
    return (256 - priority) * _SECOND_US // 256 / _SECOND_US


def master_down_interval(version: int, priority: int, master_interval: float, adverts: int = MISSED_ADVERTS) -> float:
    """Seconds of silence after which the master is believed dead.

    Args:
        version: 2 or 3.
        priority: own effective priority, 1 to 255.
        master_interval: seconds between the master's adverts.
        adverts: `down_timer_adverts`, how many of them may be missed.
    """
    silence_us = adverts * round(master_interval * _SECOND_US)
    return silence_us / _SECOND_US + skew_time(version, priority, master_interval)


def centiseconds(interval: float) -> int:
    """An interval in the unit of the version 3 packet."""
    return round(interval * _SECOND_US) // _CENTISECOND_US
