"""BFD sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.config.addresses import Address
from keepalived_py.config.arguments import Weight, WeightValue
from keepalived_py.config.fields import Alias, Record, attribute, keyword, record
from keepalived_py.config.scalars import Boolean, Flag, Integer, Seconds

if TYPE_CHECKING:
    from keepalived_py.config.addresses import IpAddress

ON = Flag()
INTERVAL = Seconds("1", "4294967", places=3, scale=1000, strict=True)


@record
class BfdInstance(Record):
    """A session with one neighbour; intervals in float seconds."""

    name: str = attribute()
    source_ip: IpAddress | None = keyword(Address(), "Own address", default=None)
    neighbor_ip: IpAddress | None = keyword(
        Address(),
        "Address of the neighbour",
        default=None,
        unset="none (required)",
        aliases=(Alias("neighbour_ip", "Same as neighbor_ip"),),
    )
    min_rx: float = keyword(INTERVAL, "Shortest interval at which we can receive", default=0.010)
    min_tx: float = keyword(INTERVAL, "Shortest interval at which we want to send", default=0.010)
    idle_tx: float = keyword(
        Seconds("1000", "4294967", places=3, scale=1000, strict=True), "Interval while the session is down", default=1.0
    )
    multiplier: int = keyword(Integer(1, 255, strict=True), "Missed packets until the session is down", default=5)
    passive: bool = keyword(ON, "Wait until the neighbour begins", default=False)
    ttl: int | None = keyword(
        Integer(1, 255, strict=True),
        "TTL of packets sent",
        default=None,
        unset="255 for IPv4, 64 for IPv6",
        aliases=(Alias("hoplimit", "Same as ttl"),),
    )
    max_hops: int = keyword(Integer(-1, 255, strict=True), "Hops that received packets may have made", default=0)
    multihop: bool = keyword(Boolean(), "Use the port of multihop BFD", default=False)
    weight: Weight = keyword(
        WeightValue(Integer(-253, 253)), "Priority added while the session is up", default=Weight(), unset="0"
    )
    vrrp: bool = keyword(ON, "Tell the VRRP process", default=False, unset="both processes")
    checker: bool = keyword(ON, "Tell the health-check process", default=False, unset="both processes")
