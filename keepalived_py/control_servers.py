"""What `keepalivedctl status` prints about virtual servers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keepalived_py.control_text import count, duration, size

if TYPE_CHECKING:
    from collections.abc import Iterator

SHOWN = 50
"""Real servers of one virtual server that people are shown; --json has all of them."""


def virtual_server_lines(virtual: dict[str, Any]) -> Iterator[str]:
    """Return the lines about one virtual server."""
    quorum = "UP" if virtual["has_quorum"] else "DOWN"
    protocol = f"{virtual['protocol']} " if virtual["protocol"] else ""
    numbers = f"weight {virtual['live_weight']} of quorum {virtual['quorum']}"
    yield f"{virtual['name']}  {quorum}  ({protocol}{virtual['scheduler'] or 'wlc'}, {numbers})"
    if virtual["suspended"]:
        yield "  its checks rest: this host does not have the address"
    if virtual["sorry_server"]:
        stands = "stands in" if virtual["sorry_server_in"] else "is not needed"
        yield f"  sorry server {virtual['sorry_server']} {stands}"
    yield from counter_lines(virtual.get("counters", {}), "  ")
    for real in virtual["real_servers"][:SHOWN]:
        yield from real_server_lines(real)
    if len(virtual["real_servers"]) > SHOWN:
        yield f"  and {len(virtual['real_servers']) - SHOWN} more"


def real_server_lines(real: dict[str, Any]) -> Iterator[str]:
    """Return the lines about one real server and its checks."""
    yield f"  {real['name']}  {'up' if real['is_alive'] else 'DOWN'}, {_weight(real)}"
    yield from counter_lines(real.get("counters", {}), "    ")
    yield from (f"    {_check(check)}" for check in real["checks"])


def counter_lines(counters: dict[str, int] | None, blanks: str) -> Iterator[str]:
    """Return the lines about what IPVS has counted; an empty dictionary was not asked for, None is not there."""
    if counters is None:
        yield f"{blanks}not in IPVS"
    if not counters:
        return
    yield (
        f"{blanks}{count(counters['connections'], 'connection')},"
        f" in {count(counters['packets_in'], 'packet')} {size(counters['bytes_in'])},"
        f" out {count(counters['packets_out'], 'packet')} {size(counters['bytes_out'])}"
    )
    yield (
        f"{blanks}{count(counters['connection_rate'], 'connection')}/s,"
        f" in {count(counters['packet_rate_in'], 'packet')}/s {size(counters['byte_rate_in'])}/s,"
        f" out {count(counters['packet_rate_out'], 'packet')}/s {size(counters['byte_rate_out'])}/s"
    )
    if "active" in counters:
        persistent = f", {counters['persistent']} persistent" if counters["persistent"] else ""
        yield f"{blanks}now {counters['active']} active, {counters['inactive']} inactive{persistent}"


def _weight(real: dict[str, Any]) -> str:
    text = f"weight {real['weight']}"
    if real["ordered_weight"] == 0:
        return "drained"
    if real["ordered_weight"] is not None:
        text += ", as ordered"
    if real["weight"] != real["configured_weight"]:
        text += f", configured {real['configured_weight']}"
    if real["slow_start_weight"] is not None:
        text += f", {real['slow_start_weight']} for now (slow start)"
    return text


def _check(check: dict[str, Any]) -> str:
    begin = f"{check['kind']} {check['where']}: {'up' if check['is_up'] else 'DOWN'}"
    if check["result"] is None:
        return f"{begin}, has not run yet"
    when = f" {duration(check['age'])} ago" if check["age"] is not None else ""
    took = f" after {1000 * check['duration']:.1f} ms" if check["duration"] is not None else ""
    runs = "" if check["runs"] is None else f"; {count(check['runs'], 'run')}, {check['failures']} without success"
    return f"{begin}, {check['result']}{took}{when}{runs}"
