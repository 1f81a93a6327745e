"""The text of `keepalived.stats`: the counters of every instance, spelled and ordered as in keepalived."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keepalived_py.observability.counters import VrrpCounters
    from keepalived_py.vrrp.running import RunningInstance

_SECTIONS: Final = (
    ("Advertisements", (("Received", "advert_rcvd"), ("Sent", "advert_sent"))),
    ("Became master", "become_master"),
    ("Released master", "release_master"),
    (
        "Packet Errors",
        (
            ("Length", "packet_len_err"),
            ("TTL", "ip_ttl_err"),
            ("Invalid Type", "invalid_type_rcvd"),
            ("Advertisement Interval", "advert_interval_err"),
            ("Address List", "addr_list_err"),
        ),
    ),
    (
        "Authentication Errors",
        (("Invalid Type", "invalid_authtype"), ("Type Mismatch", "authtype_mismatch"), ("Failure", "auth_failure")),
    ),
    (
        "Authentication Extension Errors",
        (
            ("Missing", "auth_ext_missing"),
            ("Malformed", "auth_ext_malformed"),
            ("Unknown Key", "auth_ext_unknown_key"),
            ("Invalid HMAC", "auth_ext_invalid_hmac"),
            ("Stale", "auth_ext_stale"),
            ("Replay", "auth_ext_replay"),
        ),
    ),
    ("Priority Zero", (("Received", "pri_zero_rcvd"), ("Sent", "pri_zero_sent"))),
)
"""Heading, and the counter that stands beside it or the lines below it."""


def statistics(instances: Iterable[RunningInstance]) -> str:
    """Return the whole file.

    Args:
        instances: in configured order.
    """
    return "".join(
        f"{line}\n"
        for running in instances
        for line in (f"VRRP Instance: {running.name}", *_counters(running.router.counters))
    )


def _counters(counters: VrrpCounters) -> Iterator[str]:
    for heading, content in _SECTIONS:
        if isinstance(content, str):
            yield f"  {heading}: {getattr(counters, content)}"
            continue
        yield f"  {heading}:"
        for key, name in content:
            yield f"    {key}: {getattr(counters, name)}"
