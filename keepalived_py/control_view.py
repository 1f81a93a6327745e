"""What `keepalivedctl status` and `history` print for people, in 80 columns."""

from __future__ import annotations

import textwrap
import time
from typing import TYPE_CHECKING, Any

from keepalived_py.control_servers import virtual_server_lines
from keepalived_py.control_text import count, duration, seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keepalived_py.control_client import State

WIDTH = 80
LABEL = 11
"""Columns before the text of a line about an instance."""
SHOWN = 20
"""Addresses and peers that people are shown; --json has all of them."""


def status_text(state: State) -> str:
    """Return the state of everything."""
    lines = [*_processes(state), *(f"! {problem}" for problem in state.problems)]
    for instance in state.instances:
        lines += ["", *instance_lines(instance)]
    for virtual in state.virtual_servers:
        lines += ["", *virtual_server_lines(virtual)]
    if state.scripts:
        lines.append("")
    for script in state.scripts:
        lines += script_lines(script)
    if state.records and not state.instances:
        lines += ["", "Its last records:", history_text(state)]
    return "\n".join(lines).rstrip("\n") + "\n"


def history_text(state: State) -> str:
    """Return the records, one paragraph each."""
    return "".join(f"{line}\n" for record in state.records for line in record_lines(record))


def _processes(state: State) -> Iterator[str]:
    parent = state.parent
    if parent is not None:
        reloading = ", reloading" if parent["reloading"] else ""
        yield f"{parent['version']}"
        yield f"parent {parent['pid']}, up {duration(parent['age'])}, configuration {parent['generation']}{reloading}"
    for child in state.children:
        if child["pid"] is None:
            yield f"{child['name']}: not running, {count(child['deaths'], 'death')}"
            continue
        died = f", {count(child['deaths'], 'death')} before" if child["deaths"] else ""
        beat = f"last sign of life {duration(child['heartbeat_age'])} ago"
        yield f"{child['name']} {child['pid']}, up {duration(child['age'])}, {beat}{died}"
    for warning in (state.vrrp or {}).get("warnings", ()):
        yield f"! {warning}"


def instance_lines(instance: dict[str, Any]) -> Iterator[str]:
    """Return the lines about one instance."""
    age = instance["age"]
    since = "" if age is None else f" for {duration(age)}"
    where = f"VRID {instance['vrid']} on {instance['interface'] or '-'}, VRRPv{instance['version']}"
    head = f"{instance['name']}  {instance['state']}{since}"
    yield f"{head}  ({where}, IPv{instance['family']})"
    yield from labelled("why", instance["cause"])
    yield from labelled("priority", _priority(instance))
    for rung in instance["ladder"]:
        yield from labelled("", _rung(rung))
    yield from labelled("master", _master(instance))
    yield from labelled("timers", _timers(instance))
    for fault in instance["faults"]:
        yield from labelled("fault", fault)
    if instance["group"]:
        yield from labelled("group", _group(instance["group"]))
    yield from _several("addresses", [_address(each) for each in instance["addresses"]])
    for address in instance["misplaced"]:
        yield from labelled("", f"{address} has no interface yet")
    if instance["rival"]:
        rival = instance["rival"]
        heard = f"found {duration(rival['age'])} ago"
        yield from labelled("WARNING", f"{rival['source']} is or was MASTER too ({heard}): {rival['reason']}")
    for destination, problem in instance["send_problems"].items():
        yield from labelled("WARNING", f"adverts to {destination} do not leave: {problem}")
    peers = sorted(instance["peers"], key=_last_heard)
    yield from _several("peers", [_peer(peer) for peer in peers])


def script_lines(script: dict[str, Any]) -> Iterator[str]:
    """Return the lines about one script: what it does, and its last run."""
    skipped = f", {script['skipped']} runs skipped" if script["skipped"] else ""
    yield f"script {script['name']}: {script['state']}{skipped}"
    for run in script["runs"][-1:]:
        said = f": {run['error_line']}" if run["error_line"] else ""
        when = f"{duration(run['age'])} ago, took {run['duration']:.3f} s"
        yield from labelled("last run", f"{run['detail']}{said} ({when})")


def record_lines(record: dict[str, Any]) -> Iterator[str]:
    """Return the lines about one record of the history."""
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record["wall"]))
    fraction = f"{record['wall'] % 1:.3f}"[1:]
    moved = record["kind"] in {"transition", "group"}
    what = f"{record['old']} -> {record['new']}" if moved else record["kind"]
    yield f"{when}{fraction}  {record['instance'] or '(all)'}  {what}"
    yield from _indented(record["cause"])
    if record["instance"]:
        yield from _indented(_circumstances(record))


def _circumstances(record: dict[str, Any]) -> str:
    before = record["old_priority"]
    changed = f" (was {before})" if before and before != record["priority"] else ""
    parts = [
        f"event: {record['event']}",
        f"priority {record['priority']}{changed}",
        f"advert interval {seconds(record['advertisement_interval'])}",
        f"master down interval {seconds(record['master_down_interval'])}",
    ]
    if record["master"]:
        parts.append(f"last master {record['master']}")
    if record["kind"] == "transition":
        parts.append(f"loop late by {1000 * max(0.0, record['lateness']):.3f} ms")
    return ", ".join(parts)


def _priority(instance: dict[str, Any]) -> str:
    configured, effective = instance["configured_priority"], instance["priority"]
    return str(effective) if configured == effective else f"{effective}, configured {configured}"


def _rung(rung: dict[str, Any]) -> str:
    sign = " reverse" if rung["reverse"] else ""
    weight = f"weight {rung['weight']}{sign}" if rung["weight"] else f"fault when down{sign}"
    group = f", group {rung['group']}" if rung["group"] else ""
    added = rung["fault"] or f"{rung['contribution']:+d}"
    return f"{rung['kind']} {rung['name']}: {rung['state']}, {weight}{group}: {added}"


def _master(instance: dict[str, Any]) -> str:
    if not instance["master"]:
        return "not known"
    whose = "this router, " if instance["state"] == "MASTER" else ""
    return f"{whose}{instance['master']}, priority {instance['master_priority']}"


def _timers(instance: dict[str, Any]) -> str:
    interval = f"advert interval {seconds(instance['advertisement_interval'])}"
    return f"{interval}, master down interval {seconds(instance['master_down_interval'])}"


def _group(group: dict[str, Any]) -> str:
    held = f", held down by {', '.join(group['held_down_by'])}" if group["held_down_by"] else ""
    return f"{group['name']} {group['state']}{held}"


def _address(address: dict[str, Any]) -> str:
    present = "present" if address["is_present"] else "not present"
    return f"{address['address']} on {address['interface']}: {present}"


def _last_heard(peer: dict[str, Any]) -> float:
    ages = [refused["age"] for refused in peer["refused"]]
    return min([*ages, *([] if peer["age"] is None else [peer["age"]])], default=float("inf"))


def _peer(peer: dict[str, Any]) -> str:
    if peer["age"] is None:
        text = str(peer["source"])
    else:
        heard = f"{count(peer['adverts'], 'advert')}, last {duration(peer['age'])} ago"
        text = f"{peer['source']}, priority {peer['priority']}, {heard}"
    for refused in peer["refused"]:
        dropped = f"{count(refused['total'], 'advert')} dropped, last {duration(refused['age'])} ago"
        text += f"; {dropped}: {refused['reason']}"
    return text


def _several(label: str, texts: list[str]) -> Iterator[str]:
    for index, text in enumerate(texts[:SHOWN]):
        yield from labelled("" if index else label, text)
    if len(texts) > SHOWN:
        yield from labelled("", f"and {len(texts) - SHOWN} more")


def labelled(label: str, text: str) -> Iterator[str]:
    """Return a text behind its label, wrapped."""
    begin = f"  {label}".ljust(LABEL) + " "
    wrapped = textwrap.wrap(text, WIDTH, initial_indent=begin, subsequent_indent=" " * (LABEL + 3))
    yield from wrapped or [begin.rstrip()]


def _indented(text: str) -> Iterator[str]:
    yield from textwrap.wrap(text, WIDTH, initial_indent="    ", subsequent_indent="      ")
