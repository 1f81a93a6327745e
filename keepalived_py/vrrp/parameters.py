"""What one virtual router is configured to be: a value, compared and replaced, never changed."""

from keepalived_py.structure import structure
from keepalived_py.vrrp.authentication import HEADER_LENGTH, NO_AUTHENTICATION, Authentication, AuthenticationType
from keepalived_py.vrrp.signature import Signing
from keepalived_py.vrrp.timers import MISSED_ADVERTS, VERSION_2, VERSION_3

IPV4 = 4
IPV6 = 6
OWNER_PRIORITY = 255
"""Priority of the router that owns the addresses (RFC 9568 section 5.2.4)."""
MULTICAST_IPV4 = bytes((224, 0, 0, 18))
MULTICAST_IPV6 = bytes((0xFF, 0x02, *(0,) * 13, 0x12))
MULTICAST_TTL = 255
MOST_ADDRESSES = 255
"""The address count of the advert has eight bits (RFC 9568 section 5.2.5)."""
_ADDRESS_LENGTH = {IPV4: 4, IPV6: 16}
_HEADERS = {
    (IPV4, VERSION_2): 14 + 20 + 8 + 8,
    (IPV4, VERSION_3): 14 + 20 + 8,
    (IPV6, VERSION_2): 14 + 40 + 8,
    (IPV6, VERSION_3): 14 + 40 + 8,
}
"""Octets before and behind the addresses in one frame; keepalived counts the Ethernet header too."""


@structure
class UnicastPeer:
    """One `unicast_peer`.

    Attributes:
        address: 4 or 16 octets.
        min_ttl: least TTL or hop limit its adverts may arrive with.
        max_ttl: greatest.
    """

    address: bytes
    min_ttl: int = 0
    max_ttl: int = 255


@structure(kw_only=True)
class Parameters:
    """One VRID of one family on one interface. Times are float seconds, addresses packed octets.

    Attributes:
        name: instance name for the log.
        family: 4 or 6.
        version: 2 or 3; version 2 for IPv6 is no standard, but keepalived speaks it, without authentication.
        vrid: 1 to 255.
        priority: configured priority, 1 to 255; 255 is the address owner.
        advertisement_interval: seconds; whole ones for version 2, hundredths for version 3.
        virtual_addresses: those that go into the advert, in configured order; at most 255.
        source_address: source of our adverts; empty while the interface has none.
        multicast_destination: group, unless there are unicast peers.
        unicast_peers: receivers of our adverts instead of the group.
        ttl: TTL or hop limit we send with.
        check_unicast_source: accept adverts from configured peers only, and within their TTL limits.
        preempt_mode: a higher priority takes over from a lower one (not `nopreempt`).
        preempt_delay: seconds to leave a lower-priority master alone after it was first heard.
        startup_delay: seconds after the start in which adverts are neither sent nor believed.
        down_timer_adverts: adverts a master may miss.
        garp_master_delay: seconds between the first and the second announcement; 0 for none.
        garp_master_repeat: frames per address in each of both.
        garp_master_refresh: seconds between refreshing announcements; 0 for none.
        garp_master_refresh_repeat: frames per address in a refresh.
        garp_extra_interval: seconds between announcements on interfaces without adverts; 0 for none.
        garp_lower_prio_delay: seconds until a lower-priority advert is answered the second time; 0 for none.
        garp_lower_prio_repeat: frames per address then; 0 for no answer.
        lower_prio_no_advert: a master does not answer a lower-priority advert with its own.
        higher_prio_send_advert: a master answers a higher-priority advert before it yields.
        skip_check_adv_addr: addresses of the master already known are not compared again.
        v3_checksum_as_v2: IPv4 version 3 checksum without the pseudo-header (RFC 9568 section 5.2.8).
        old_unicast_checksum: IPv4 version 3 checksums of unicast adverts are made as if they went to the group, as
            keepalived before 1.3.6 did: True for always, False for never, None to accept both and send what the
            peers send.
        owner_ignore_adverts: an address owner discards every advert.
        timer_expired_backup: priority of the best other router when configured; 0 to learn it from its adverts.
        authentication: version 2 only.
        signing: keys and rules of signed adverts; None for none.
    """

    name: str
    family: int = IPV4
    version: int = VERSION_2
    vrid: int
    priority: int = 100
    advertisement_interval: float = 1.0
    virtual_addresses: tuple[bytes, ...] = ()
    source_address: bytes = b""
    multicast_destination: bytes = b""
    unicast_peers: tuple[UnicastPeer, ...] = ()
    ttl: int = MULTICAST_TTL
    check_unicast_source: bool = False
    preempt_mode: bool = True
    preempt_delay: float = 0.0
    startup_delay: float = 0.0
    down_timer_adverts: int = MISSED_ADVERTS
    garp_master_delay: float = 5.0
    garp_master_repeat: int = 5
    garp_master_refresh: float = 0.0
    garp_master_refresh_repeat: int = 1
    garp_extra_interval: float = 0.0
    garp_lower_prio_delay: float = 5.0
    garp_lower_prio_repeat: int = 5
    lower_prio_no_advert: bool = False
    higher_prio_send_advert: bool = False
    skip_check_adv_addr: bool = False
    v3_checksum_as_v2: bool = False
    old_unicast_checksum: bool | None = None
    owner_ignore_adverts: bool = False
    timer_expired_backup: int = 0
    authentication: Authentication = NO_AUTHENTICATION
    signing: Signing | None = None

    def __post_init__(self) -> None:
        """Refuse what no configuration may produce.

        Raises:
            ValueError: the combination cannot be put on the wire.
        """
        length = _ADDRESS_LENGTH[self.family]
        addresses = (*self.virtual_addresses, *self.destinations)
        if any(len(address) != length for address in addresses) or len(self.source_address) not in {0, length}:
            raise ValueError(f"{self.name}: an address is not of family {self.family}")
        if self.version not in {VERSION_2, VERSION_3}:
            raise ValueError(f"{self.name}: no VRRP version {self.version} for family {self.family}")
        if (self.family, self.version) != (IPV4, VERSION_2) and self.authentication.type is not AuthenticationType.NONE:
            raise ValueError(f"{self.name}: version {self.version} for family {self.family} has no authentication")
        if self.signing is not None and self.authentication.type is not AuthenticationType.NONE:
            raise ValueError(f"{self.name}: signatures and authentication exclude each other")
        if not (1 <= self.vrid <= 255 and 1 <= self.priority <= 255 and len(self.virtual_addresses) <= MOST_ADDRESSES):
            raise ValueError(f"{self.name}: virtual router id, priority or number of addresses out of range")

    @property
    def destinations(self) -> tuple[bytes, ...]:
        """Where adverts go: the unicast peers in configured order, else the group."""
        if self.unicast_peers:
            return tuple(peer.address for peer in self.unicast_peers)
        return (self.multicast_destination or (MULTICAST_IPV4 if self.family == IPV4 else MULTICAST_IPV6),)

    @property
    def knows_old_checksum(self) -> bool:
        """Whether there are two ways to make a checksum: for IPv4, version 3 and unicast only."""
        return bool(self.unicast_peers) and self.family == IPV4 and self.version == VERSION_3

    @property
    def is_owner(self) -> bool:
        """Whether this router owns the addresses."""
        return self.priority == OWNER_PRIORITY


def most_addresses(family: int, version: int, mtu: int, *, header: bool = False, trailer: int = 0) -> int:
    """How many addresses an advert may list; keepalived treats those beyond as excluded ones.

    Args:
        family: 4 or 6.
        version: 2 or 3.
        mtu: octets that fit into one frame of the interface.
        header: whether there is an authentication header.
        trailer: octets of a signature.
    """
    room = mtu - _HEADERS[family, version] - (HEADER_LENGTH if header else 0) - trailer
    return max(0, min(room // _ADDRESS_LENGTH[family], MOST_ADDRESSES))
