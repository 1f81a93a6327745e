"""What one seeded history starts from: the routers' parameters and the manners of their LAN."""

from dataclasses import dataclass
from random import Random
from typing import Any

from keepalived_py.vrrp.authentication import NO_AUTHENTICATION, Authentication, AuthenticationType
from keepalived_py.vrrp.parameters import IPV4, IPV6, OWNER_PRIORITY, Parameters, UnicastPeer
from keepalived_py.vrrp.signature import Signing, SigningKey

_KINDS = (
    *("v2", "v2 password", "v2 header", "v2 signed"),
    *("v3", "v3 IPv6", "v3 checksum as v2", "v3 signed", "v3 IPv6 signed"),
)
_AUTHENTICATIONS = {
    "v2 password": Authentication(AuthenticationType.PASSWORD, b"1111"),
    "v2 header": Authentication(AuthenticationType.HEADER, b"secret"),
}
_SIGNING_KEY = SigningKey(1, bytes(range(32)))
_INTERVALS = (0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0)
_VRID = 51


@dataclass(frozen=True, slots=True)
class Scenario:
    """Parameters of two to five routers and what their LAN does on a good day. Times are seconds.

    Attributes:
        kind: protocol version, family and authentication in words.
        routers: one per node.
        min_delay: least time a datagram is under way.
        max_delay: greatest, while the network is calm.
        lateness: greatest time by which a timer fires late.
        receive_buffer: datagrams that wait for a paused process; what arrives beyond is lost.
    """

    kind: str
    routers: tuple[Parameters, ...]
    min_delay: float
    max_delay: float
    lateness: float
    receive_buffer: int

    @property
    def shortest_interval(self) -> float:
        """Seconds between the adverts of the busiest router."""
        return min(router.advertisement_interval for router in self.routers)

    @property
    def longest_interval(self) -> float:
        """Seconds between the adverts of the laziest router."""
        return max(router.advertisement_interval for router in self.routers)


def make_scenario(random: Random) -> Scenario:
    """Draw a scenario; the same state of `random` gives the same one."""
    kind = random.choice(_KINDS)
    count = random.choice((2, 2, 3, 3, 4, 5))
    intervals = _draw_intervals(random, kind, count)
    shared = _draw_shared(random, kind, intervals)
    priorities = _draw_priorities(random, count)
    is_unicast = random.random() < 0.25
    routers = tuple(
        Parameters(
            name=f"VI_{index}",
            vrid=_VRID,
            source_address=_address(index, shared["family"]),
            priority=priorities[index],
            advertisement_interval=intervals[index],
            unicast_peers=_peers(index, count, shared["family"]) if is_unicast else (),
            check_unicast_source=is_unicast and random.random() < 0.5,
            owner_ignore_adverts=priorities.count(OWNER_PRIORITY) == 1 and random.random() < 0.25,
            timer_expired_backup=random.choice((0, 0, 0, *priorities[:index], *priorities[index + 1 :])),
            **_draw_habits(random, intervals[index], is_owner=priorities[index] == OWNER_PRIORITY),
            **shared,
        )
        for index in range(count)
    )
    shortest = min(intervals)
    max_delay = shortest * random.choice((0.002, 0.02, 0.1, 0.2))
    return Scenario(
        kind=kind,
        routers=routers,
        min_delay=max_delay * random.choice((0.05, 0.5)),
        max_delay=max_delay,
        lateness=shortest * random.choice((0.001, 0.01, 0.05)),
        receive_buffer=random.choice((1, 4, 16, 256)),
    )


def _draw_intervals(random: Random, kind: str, count: int) -> list[float]:
    """Version 2 routers must agree, version 3 routers learn their master's interval."""
    if kind.startswith("v2"):
        return [1.0] * count
    interval = random.choice(_INTERVALS)
    if random.random() < 0.8:
        return [interval] * count
    return [interval * random.choice((1, 2, 4)) for _ in range(count)]


def _draw_priorities(random: Random, count: int) -> list[int]:
    spread = random.choice((range(1, 255), range(90, 111), range(100, 103)))
    priorities = [random.choice(spread) for _ in range(count)]
    if random.random() < 0.2:
        # Two owners are a configuration error, with which the routers have to live.
        for index in random.sample(range(count), random.choice((1, 1, 1, 2))):
            priorities[index] = OWNER_PRIORITY
    return priorities


def _draw_shared(random: Random, kind: str, intervals: list[float]) -> dict[str, Any]:
    family = IPV6 if kind.startswith("v3 IPv6") else IPV4
    # A paused router may find adverts in its socket that are as old as its sleep was long.
    window = random.choice((300, None))
    return {
        "family": family,
        "version": int(kind[1]),
        "authentication": _AUTHENTICATIONS.get(kind, NO_AUTHENTICATION),
        "signing": Signing((_SIGNING_KEY,), 1, time_window=window) if kind.endswith("signed") else None,
        "v3_checksum_as_v2": kind == "v3 checksum as v2",
        "virtual_addresses": tuple(_address(100 + index, family) for index in range(random.choice((1, 2, 20)))),
        "down_timer_adverts": random.choice((2, 3, 3, 3, 5)),
        "startup_delay": intervals[0] * random.choice((0, 0, 0, 0, 2.5)),
        # The parting advert of a busier master would make others impatient with the one that stays.
        "higher_prio_send_advert": len(set(intervals)) == 1 and random.random() < 0.5,
    }


def _draw_habits(random: Random, interval: float, *, is_owner: bool) -> dict[str, Any]:
    """Options in which the routers of one VRID may differ; an address owner always preempts, at once."""
    preempts = is_owner or random.random() < 0.75
    delays = preempts and not is_owner and random.random() < 0.25
    return {
        "preempt_mode": preempts,
        "preempt_delay": interval * random.choice((0.5, 4, 12)) if delays else 0.0,
        "garp_master_delay": interval * random.choice((0, 1, 5)),
        "garp_master_refresh": interval * random.choice((0, 0, 3, 7.5)),
        "garp_lower_prio_delay": interval * random.choice((0, 1, 5)),
        "garp_lower_prio_repeat": random.choice((0, 1, 5, 5, 5)),
        "lower_prio_no_advert": random.random() < 0.25,
        "skip_check_adv_addr": random.random() < 0.25,
    }


def _address(index: int, family: int) -> bytes:
    if family == IPV4:
        return bytes((10, 0, 0, 1 + index))
    return bytes((0xFE, 0x80, *(0,) * 13, 1 + index))


def _peers(index: int, count: int, family: int) -> tuple[UnicastPeer, ...]:
    return tuple(UnicastPeer(_address(other, family)) for other in range(count) if other != index)
