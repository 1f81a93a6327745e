"""Adverts of every kind, damaged and whole, for routers of every kind."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

from keepalived_py.vrrp.authentication import Authentication, AuthenticationType
from keepalived_py.vrrp.packet import vrid_of
from keepalived_py.vrrp.parameters import IPV4, IPV6, MULTICAST_IPV4, MULTICAST_IPV6, Parameters, UnicastPeer
from keepalived_py.vrrp.router import VirtualRouter
from keepalived_py.vrrp.signature import SignatureMode, Signing, SigningKey
from keepalived_py.vrrp.state import State
from tests.fuzz.mutation import mutate_octets

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

KEYS = (SigningKey(1, bytes(range(32))), SigningKey(2, bytes(range(64))))
EPOCH_NS = 1_784_000_000_000_000_000
OURS = {IPV4: bytes((10, 0, 0, 2)), IPV6: bytes.fromhex("fe80") + bytes(13) + b"\x02"}
THEIRS = {IPV4: bytes((10, 0, 0, 1)), IPV6: bytes.fromhex("fe80") + bytes(13) + b"\x01"}
STRANGERS = {IPV4: bytes((10, 0, 0, 9)), IPV6: bytes.fromhex("fe80") + bytes(13) + b"\x09"}
GROUPS = {IPV4: MULTICAST_IPV4, IPV6: MULTICAST_IPV6}
MOST_SOURCES = 256


def _kinds() -> list[dict[str, Any]]:
    authentications = [Authentication(kind, b"secret") for kind in AuthenticationType]
    signings = [Signing(KEYS, 1, mode, window) for mode in SignatureMode for window in (5, None)]
    kinds: list[dict[str, Any]] = [{"version": 2, "authentication": one} for one in authentications]
    kinds += [
        {"version": 2, "family": IPV6},
        {"version": 3},
        {"version": 3, "v3_checksum_as_v2": True},
        {"version": 3, "family": IPV6},
    ]
    for base in ({"version": 2}, {"version": 2, "family": IPV6}, {"version": 3}, {"version": 3, "family": IPV6}):
        kinds += [{**base, "signing": signing} for signing in signings]
    return kinds


KINDS = _kinds()


class PacketBlocks:
    """A block is one router that hears two hundred datagrams while its time goes on."""

    name = "packets"
    size = 200
    limit = 2.0

    def __init__(self) -> None:
        self._life: _Life | None = None

    def begin(self, random: Random) -> Callable[[], object]:
        """Make a router and those that speak to it."""
        self._life = _Life(random)
        return self._life.next

    def evidence(self) -> str:
        """The router and the octets."""
        assert self._life is not None
        return self._life.evidence()


class _Life:
    """One router under fire."""

    def __init__(self, random: Random) -> None:
        self._random = random
        kind = random.choice(KINDS)
        family = kind.get("family", IPV4)
        unicast = random.random() < 0.3
        self._family = family
        self._now = 1000.0
        self._router = self._make(kind, OURS[family], THEIRS[family] if unicast else b"", random.choice((100, 255)))
        self._sender = self._make(kind, THEIRS[family], OURS[family] if unicast else b"", random.choice((1, 150, 254)))
        # Somebody who speaks another kind of VRRP, by mistake.
        other = random.choice([each for each in KINDS if each.get("family", IPV4) == family])
        self._other = self._make(other, THEIRS[family], OURS[family] if unicast else b"", 200)
        self._destination = OURS[family] if unicast else GROUPS[family]
        self._genuine: set[bytes] = set()
        self._datagram = b""
        self._before = b""
        self._router.started(self._now)

    def _make(self, kind: dict[str, Any], source: bytes, peer: bytes, priority: int) -> VirtualRouter:
        parameters = Parameters(
            **kind,
            name="VI_1",
            vrid=51,
            priority=priority,
            source_address=source,
            unicast_peers=(UnicastPeer(peer),) if peer else (),
            virtual_addresses=tuple(
                source[:-1] + bytes((100 + index,)) for index in range(self._random.choice((1, 20)))
            ),
            preempt_mode=self._random.random() < 0.5,
            skip_check_adv_addr=self._random.random() < 0.5,
            check_unicast_source=self._random.random() < 0.5,
        )
        return VirtualRouter(parameters, wall_clock=self._wall_clock)

    def _wall_clock(self) -> int:
        return EPOCH_NS + int(self._now * 1_000_000_000)

    def evidence(self) -> str:
        return f"{self._router.parameters!r}\nstate {self._router.state.name}, octets {self._datagram.hex()}"

    def next(self) -> object:
        """Let time go on, make a datagram, deliver it, look at the router."""
        random, router = self._random, self._router
        self._now += random.choice((0.0, 0.001, 0.1, 1.0, 1.0, 4.0))
        effects: list[object] = [router.deadline_reached(self._now)]
        whole = self._whole()
        damaged = whole if random.random() < 0.1 else mutate_octets(random, whole)
        self._datagram = random.choice((damaged, damaged, self._before)) if random.random() < 0.1 else damaged
        self._before = whole
        source = random.choice((THEIRS, THEIRS, THEIRS, STRANGERS))[self._family]
        accepted = router.counters.advert_rcvd
        vrid = vrid_of(self._datagram, self._family)
        ttl = random.choice((255, 255, 255, 64, -1))
        if self._family == IPV4:
            effects.append(router.datagram_received(self._now, self._datagram))
        else:
            effects.append(router.datagram_received(self._now, self._datagram, source, ttl, self._destination))
        self._check(is_accepted=router.counters.advert_rcvd > accepted)
        return (vrid, effects, router.state, router.deadline_at, router.last_rejection, router.counters)

    def _whole(self) -> bytes:
        """An advert as it ought to be, mostly of the kind that the router expects."""
        sender = self._other if self._random.random() < 0.15 else self._sender
        ((_, octets),) = sender.adverts_to_send(resigning=self._random.random() < 0.1)
        signing = sender.parameters.signing
        if signing is not None and signing.trailer_length:
            self._genuine.add(self._signed_part(octets))
        return octets

    def _signed_part(self, octets: bytes) -> bytes:
        """Source, message without its checksum, and trailer: what no damage may get past a signature."""
        start = (octets[0] & 15) * 4 if self._family == IPV4 and octets else 0
        return octets[start : start + 6] + octets[start + 8 :]

    def _check(self, *, is_accepted: bool) -> None:
        router = self._router
        signing = router.parameters.signing
        if is_accepted and signing is not None and signing.mode is SignatureMode.ENFORCE:
            total = int.from_bytes(self._datagram[2:4]) if self._family == IPV4 else len(self._datagram)
            assert self._signed_part(self._datagram[:total]) in self._genuine, "a forged advert was believed"
        assert router.state in {State.BACKUP, State.MASTER}
        assert router.deadline_at < inf
        assert len(router.heard_at) <= MOST_SOURCES
        router.instance.notes.clear()
        assert len(router.adverts_to_send()) == 1
