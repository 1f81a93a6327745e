"""Records the wire vectors from the machine's keepalived: `python -m tests.conformance.vectors.record`.

One JSON file per case: the sender's program, the instance's configuration text, its first three adverts and its
resignation (priority 0). Each has source, destination, ttl, protocol, and in hexadecimal `datagram`, starting at the
IP header, and `payload`, starting at the VRRP header (after an authentication header if there is one).
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tests.lab.daemon import REAL
from tests.lab.topology import Lab
from tests.lab.waiting import wait_for

if TYPE_CHECKING:
    from tests.lab.frames import Advert

HERE = Path(__file__).parent
SENDER = ("192.168.0.201/24", "2001:db8::201/64")
PEER = ("192.168.0.130/24", "2001:db8::130/64")
PASS = "authentication {\n        auth_type PASS\n        auth_pass 1111\n    }"
AH = "authentication {\n        auth_type AH\n        auth_pass secret\n    }"
UNICAST = "unicast_src_ip 192.168.0.201\n    unicast_peer {\n        192.168.0.130\n    }"
UNICAST6 = "unicast_src_ip 2001:db8::201\n    unicast_peer {\n        2001:db8::130\n    }"

CASES: dict[str, tuple[str, tuple[str, ...]]] = {
    "v2-pass": ("4", ("version 2", "advert_int 1", PASS)),
    "v2-ah": ("4", ("version 2", "advert_int 1", AH)),
    "v2-none": ("4", ("version 2", "advert_int 1")),
    "v2-interval-3": ("4", ("version 2", "advert_int 3")),
    "v2-unicast": ("4", ("version 2", "advert_int 1", UNICAST)),
    "v3-ipv4": ("4", ("version 3", "advert_int 1")),
    "v3-ipv4-100ms": ("4", ("version 3", "advert_int 0.1")),
    "v3-ipv4-unicast": ("4", ("version 3", "advert_int 1", UNICAST)),
    "v3-ipv6": ("6", ("version 3", "advert_int 1")),
    "v3-ipv6-unicast": ("6", ("version 3", "advert_int 1", UNICAST6)),
}


def addresses(family: str, count: int, vrid: int) -> list[str]:
    """Virtual addresses of a case; the first of IPv6 is link-local, as RFC 9568 5.2.9 wants it."""
    if family == "4":
        return [f"10.{vrid}.0.{number}/24" for number in range(1, count + 1)]
    return [f"fe80::{vrid}:1/64", *(f"2001:db8:{vrid}::{number}/64" for number in range(2, count + 1))]


def instance(name: str, count: int, vrid: int) -> str:
    """The vrrp_instance block of a case."""
    family, lines = CASES[name]
    body = "\n    ".join(
        (f"virtual_router_id {vrid}", "interface eth0", "state MASTER", f"priority {100 + vrid}", *lines)
    )
    listed = "\n        ".join(addresses(family, count, vrid))
    return f"vrrp_instance {name}-{count} {{\n    {body}\n    virtual_ipaddress {{\n        {listed}\n    }}\n}}\n"


def packet(advert: Advert) -> dict[str, str | int]:
    """An advert as JSON."""
    return {
        "source": advert.source,
        "destination": advert.destination,
        "ttl": advert.ttl,
        "protocol": 51 if advert.authentication_header else 112,
        "datagram": advert.datagram.hex(),
        "payload": advert.payload.hex(),
    }


def record() -> None:
    """Run every case at once in one keepalived and write the files."""
    cases = dict(enumerate(((name, count) for name in CASES for count in (1, 20)), 1))
    texts = {vrid: instance(name, count, vrid) for vrid, (name, count) in cases.items()}
    said = subprocess.run(["/usr/sbin/keepalived", "-v"], capture_output=True, text=True, check=True)
    sender = said.stderr.splitlines()[0]
    with Lab() as lab:
        node, _peer = lab.add(sender=SENDER, peer=PEER)
        node.start_syslog()
        node.configure("\n".join(texts.values()))
        capture = node.capture()
        node.install(REAL)
        node.start()

        def heard(vrid: int) -> list[Advert]:
            return [advert for advert in capture.adverts(outgoing=True) if advert.vrid == vrid]

        wait_for(lambda: all(len(heard(vrid)) >= 3 for vrid in cases), 30, lambda: "adverts\n" + "\n".join(node.log()))
        node.stop()
        wait_for(lambda: all(heard(vrid)[-1].priority == 0 for vrid in cases), 5, "resignations")
        for vrid, (name, count) in cases.items():
            found = heard(vrid)
            vector = {
                "sender": sender,
                "config": texts[vrid],
                "adverts": [packet(advert) for advert in found[:3]],
                "resignation": packet(found[-1]),
            }
            text = json.dumps(vector, indent=1)
            (HERE / f"{name}-{count}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    record()
