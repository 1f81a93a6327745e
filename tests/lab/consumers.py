"""How programs of others read the dumps: parsers written anew after what each of them is known to rely on."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

_STATES = {"INIT": 0, "BACKUP": 1, "MASTER": 2, "FAULT": 3}


class ScrapedInstance(NamedTuple):
    """What an exporter that reads the text files keeps of one instance."""

    name: str
    state: int
    wanted: int
    interface: str
    delay: int
    vrid: int
    addresses: tuple[tuple[str, str], ...]
    excluded: tuple[tuple[str, str], ...]


def scrape_state(text: str) -> tuple[dict[str, ScrapedInstance], dict[str, tuple[str, str]]]:
    """Read `keepalived.data` as the text-mode exporter does: instances, and of scripts (status, state).

    A section begins with one blank, its keys stand behind three, items of a list behind five; a line with another
    indentation ends an instance, unless it is one of the two that are known to stand there.
    """
    instances: dict[str, ScrapedInstance] = {}
    scripts: dict[str, dict[str, str]] = {}
    current: dict[str, Any] | None = None
    script: dict[str, str] | None = None
    items: list[tuple[str, str]] | None = None
    found: list[dict[str, Any]] = []
    for line in text.split("\n"):
        if line.startswith(("-----<", "------<")):
            current = script = None
        elif line.startswith(" VRRP Instance = "):
            current = {"name": line.removeprefix(" VRRP Instance = "), "vips": [], "evips": []}
            found.append(current)
            script = None
        elif line.startswith(" VRRP Script = "):
            current, script = None, scripts.setdefault(line.removeprefix(" VRRP Script = "), {})
        elif script is not None and line.startswith("   "):
            key, _, value = line.strip().partition(" = ")
            script[key] = value
        elif current is not None and line.startswith("     ") and items is not None:
            fields = line.strip().split(" ")
            items.append((fields[0], fields[2]))
        elif current is not None and line.startswith("   ") and not line.startswith("    "):
            items = _take_key(current, line.strip())
        elif current is not None and not line.startswith((" VRRP Version", "     ")):
            current = None
    for one in found:
        instances[one["name"]] = ScrapedInstance(
            one["name"],
            _STATES[one["State"]],
            _STATES[one["Wantstate"]],
            one["Interface"],
            int(one["Gratuitous ARP delay"]),
            int(one["Virtual Router ID"]),
            tuple(one["vips"]),
            tuple(one["evips"]),
        )
    return instances, {name: (keys["Status"], keys["State"]) for name, keys in scripts.items()}


def _take_key(current: dict[str, Any], line: str) -> list[tuple[str, str]] | None:
    """Store `Key = value`; return the list that a heading begins."""
    if re.match(r"Virtual IP \(\d+\):", line):
        return current["vips"]  # type: ignore[no-any-return]
    if line.startswith("Virtual IP Excluded :"):
        return current["evips"]  # type: ignore[no-any-return]
    key, separator, value = line.partition(" = ")
    if separator:
        current[key] = value
    return None


def scrape_statistics(text: str) -> dict[str, dict[str, int]]:
    """Read `keepalived.stats`: every value must be an integer; keys of sections are `Section/Key`."""
    instances: dict[str, dict[str, int]] = {}
    current: dict[str, int] = {}
    section = ""
    for line in text.splitlines():
        if line.startswith("VRRP Instance: "):
            current = instances.setdefault(line.removeprefix("VRRP Instance: "), {})
        elif line.startswith("    "):
            key, _, value = line.strip().partition(": ")
            current[f"{section}/{key}"] = int(value)
        elif line.startswith("  ") and line.endswith(":"):
            section = line.strip()[:-1]
        elif line.startswith("  "):
            key, _, value = line.strip().partition(": ")
            current[key] = int(value)
        else:
            raise ValueError(f"unknown line {line!r}")
    return instances


_WHOLE_NUMBERS = (
    "advert_rcvd", "advert_sent", "become_master", "release_master", "packet_len_err", "advert_interval_err",
    "ip_ttl_err", "invalid_type_rcvd", "addr_list_err", "invalid_authtype", "authtype_mismatch", "auth_failure",
    "pri_zero_rcvd", "pri_zero_sent",
)  # fmt: skip


def decode_strictly(text: str) -> dict[str, dict[str, Any]]:
    """Read `keepalived.json` as a typed decoder does: an integer field with `5.0` in it fails the whole file."""
    instances = {}
    for one in json.loads(text):
        data, statistics = one["data"], one["stats"]
        for name in ("state", "wantstate", "vrid", "garp_delay"):
            if type(data[name]) is not int:
                raise TypeError(f"{name} is {data[name]!r}")
        for name in _WHOLE_NUMBERS:
            if type(statistics[name]) is not int:
                raise TypeError(f"{name} is {statistics[name]!r}")
        if not isinstance(data["last_transition"], float | int):
            raise TypeError("last_transition is no number")
        instances[data["iname"]] = data
    return instances


def states_after_topology(text: str) -> list[str]:
    """What `grep -A 6 'VRRP Topology' | awk -F= '/State/{print $2}'` prints."""
    lines = text.splitlines()
    first = next(index for index, line in enumerate(lines) if "VRRP Topology" in line)
    return [line.split("=")[1] for line in lines[first : first + 7] if "State" in line]


def times_master(text: str) -> list[str]:
    """What `grep 'Became master' | awk '{print $3}'` prints."""
    return [line.split()[2] for line in text.splitlines() if "Became master" in line]


def keys_and_values(text: str, name: str) -> dict[str, str]:
    """What a reader finds that looks for `VRRP Instance = NAME` and then for `(.*?) = (.*)` line by line."""
    found: dict[str, str] = {}
    inside = False
    for line in text.splitlines():
        if line.startswith((" VRRP Instance = ", "------<")):
            inside = line == f" VRRP Instance = {name}"
        match = re.match(r"\s*(.*?) = (.*)", line)
        if inside and match:
            found[match[1]] = match[2]
    return found


def group_states(text: str) -> dict[str, str]:
    """What a reader finds that looks for `VRRP Sync Group = NAME, STATE`."""
    return dict(re.findall(r"^ VRRP Sync Group = (.*), (\w+)$", text, re.MULTILINE))
