"""The ways of speaking VRRP that our router and Debian's keepalived try on each other."""

from __future__ import annotations

from dataclasses import dataclass

from tests.lab.configs import AH, FAST, PASS, SECOND, instance

UNICAST4 = ("192.168.0.201", "192.168.0.130")
UNICAST6 = ("2001:db8::201", "2001:db8::130")


@dataclass(frozen=True, slots=True)
class Protocol:
    """One instance on both nodes.

    Attributes:
        name: of the instance.
        vrid: its virtual router.
        lines: its configuration on both nodes.
        destination: of the first node's adverts.
        vips: its virtual addresses.
        peers: (first's, second's) address for unicast.
    """

    name: str
    vrid: int
    lines: tuple[str, ...]
    destination: str
    vips: tuple[str, str]
    peers: tuple[str, str] | None = None

    def config(self, priority: int, own: int, extra: tuple[str, ...] = ()) -> str:
        """The instance on the first (0) or second (1) node."""
        unicast: tuple[str, ...] = ()
        if self.peers:
            unicast = (f"unicast_src_ip {self.peers[own]}", "unicast_peer {", self.peers[1 - own], "}")
        lines = (*self.lines, *unicast, *extra)
        return instance(priority, lines, name=self.name, vrid=self.vrid, addresses=self.vips)


V2_PASS = Protocol("v2_pass", 51, (*SECOND, *PASS), "224.0.0.18", ("192.168.0.204/24", "192.168.0.205/24"))
V2_AH = Protocol("v2_ah", 52, (*SECOND, *AH), "224.0.0.18", ("192.168.0.206/24", "192.168.0.207/24"))
V2_UNICAST = Protocol("v2_unicast", 53, SECOND, UNICAST4[1], ("192.168.0.208/24", "192.168.0.209/24"), UNICAST4)
V3_IPV4 = Protocol("v3_ipv4", 54, FAST, "224.0.0.18", ("192.168.0.210/24", "192.168.0.211/24"))
V3_UNICAST = Protocol("v3_unicast", 55, FAST, UNICAST4[1], ("192.168.0.212/24", "192.168.0.213/24"), UNICAST4)
V3_IPV6 = Protocol("v3_ipv6", 56, FAST, "ff02::12", ("fe80::56:1/64", "2001:db8::56:2/64"))
V3_UNICAST6 = Protocol("v3_unicast6", 57, FAST, UNICAST6[1], ("fe80::57:1/64", "2001:db8::57:2/64"), UNICAST6)
V2_IPV6 = Protocol("v2_ipv6", 58, ("version 2", *SECOND), "ff02::12", ("fe80::58:1/64", "2001:db8::58:2/64"))


@dataclass(frozen=True, slots=True)
class Scene:
    """Instances of one interval that are tried at the same time.

    Attributes:
        interval: seconds.
        protocols: at least one.
    """

    interval: float
    protocols: tuple[Protocol, ...]

    def config(self, priority: int, own: int) -> str:
        """The file of the first (0) or second (1) node."""
        return "\n".join(protocol.config(priority, own) for protocol in self.protocols)

    def vips(self) -> list[str]:
        """Every virtual address, in the form that `ip address` shows."""
        return [vip for protocol in self.protocols for vip in protocol.vips]

    def down(self, priority: int) -> float:
        """Master_Down_Interval of a router (RFC 9568 section 6.1)."""
        return (3 + (256 - priority) / 256) * self.interval


SCENES = {
    "v2": Scene(1.0, (V2_PASS, V2_AH, V2_UNICAST)),
    "v2-ipv6": Scene(1.0, (V2_IPV6,)),
    "v3-ipv4": Scene(0.1, (V3_IPV4,)),
    "v3-ipv4-unicast": Scene(0.1, (V3_UNICAST,)),
    "v3-ipv6": Scene(0.1, (V3_IPV6,)),
    "v3-ipv6-unicast": Scene(0.1, (V3_UNICAST6,)),
}
