"""How much of a socket's queue is heard in one turn."""

from __future__ import annotations

from collections import deque
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from keepalived_py.vrrp.parameters import IPV4, Parameters
from keepalived_py.vrrp.pool import LINES_AT_ONCE, STALE_LIMIT, SocketPool
from keepalived_py.vrrp.router import VirtualRouter
from keepalived_py.vrrp.signature import Signing, SigningKey
from keepalived_py.vrrp.sockets import Received
from tests.conformance.signer import sequence, trailer
from tests.unit.vrrp.wire import ADDRESSES, GROUP, OURS, SENDER, in_ipv4, message_v2

if TYPE_CHECKING:
    from collections.abc import Iterable

KEY = bytes(range(32))
SECONDS = 1_784_000_000


class Turn:
    """A pool with routers behind one socket, and what waits in it.

    Attributes:
        queue: not heard yet.
        pool: under test.
        lines: of the log.
        routers: by VRID.
    """

    def __init__(self, vrids: Iterable[int], datagrams: Iterable[bytes]) -> None:
        self.queue = deque(Received(octets, SENDER, 255, GROUP) for octets in datagrams)
        signing = Signing((SigningKey(1, KEY),), 1)
        self.routers = {}
        for vrid in vrids:
            parameters = Parameters(
                name=f"VI_{vrid}", vrid=vrid, source_address=OURS, virtual_addresses=ADDRESSES, signing=signing
            )
            self.routers[vrid] = VirtualRouter(parameters, wall_clock=lambda: SECONDS * 1_000_000_000)
            self.routers[vrid].started(0.0)
        loop = cast("Any", SimpleNamespace(time=lambda: 1.0))
        self.lines: list[str] = []
        self.pool = SocketPool(loop, cast("Any", SimpleNamespace(info=self.lines.append)), lambda *_: None)
        running = {vrid: SimpleNamespace(router=router, arm=lambda: None) for vrid, router in self.routers.items()}
        receive = SimpleNamespace(
            key=SimpleNamespace(family=IPV4, interface_name="eth0"),
            receive=lambda: self.queue.popleft() if self.queue else None,
        )
        self._member = cast("Any", SimpleNamespace(sockets=receive, routers=running))

    def hear(self) -> None:
        self.pool._readable(self._member)

    def counted(self, vrid: int = 51) -> int:
        return self.routers[vrid].counters.advert_rcvd


def advert(age: int, vrid: int = 51, counter: int = 0) -> bytes:
    message = message_v2(vrid=vrid)
    return in_ipv4(message + trailer(KEY, 1, SENDER, message, sequence(SECONDS - age, 0, counter)))


def test_turn_ends_when_every_router_has_been_heard() -> None:
    turn = Turn((51, 52), [advert(0), advert(0, vrid=52), advert(0, counter=1)])
    turn.hear()
    assert (turn.counted(51), turn.counted(52), len(turn.queue)) == (1, 1, 1)


def test_turn_ends_at_the_second_advert_for_one_router() -> None:
    turn = Turn((51, 52), [advert(0), advert(0, counter=1), advert(0, counter=2), advert(0, vrid=52)])
    turn.hear()
    assert (turn.counted(51), turn.counted(52), len(turn.queue)) == (2, 0, 2)


def test_fresh_advert_behind_stale_ones_is_heard_in_the_same_turn() -> None:
    turn = Turn((51,), [*(advert(age) for age in range(60, 5, -1)), advert(5), advert(4)])
    turn.hear()
    router = turn.routers[51]
    assert (turn.counted(), router.counters.auth_ext_stale, len(turn.queue)) == (1, 55, 1)
    assert router.deadline_at > 4.0


@pytest.mark.parametrize("excess", [0, 10])
def test_flood_of_stale_adverts_ends_the_turn(excess: int) -> None:
    turn = Turn((51,), [advert(60)] * (STALE_LIMIT + 1 + excess))
    turn.hear()
    assert len(turn.queue) == excess


def test_advert_for_an_unknown_virtual_router_is_logged_only_when_that_is_configured() -> None:
    turn = Turn((51,), [advert(0, vrid=99)])
    turn.hear()
    assert turn.lines == []
    turn.queue.append(Received(advert(0, vrid=99), SENDER, 255, GROUP))
    turn.pool.log_unknown_vrids = True
    turn.hear()
    assert turn.lines == ["Unknown VRID(99) received on interface(eth0). ignoring..."]


def test_flood_for_unknown_virtual_routers_fills_no_log() -> None:
    turn = Turn((51,), [advert(0, vrid=99)] * (LINES_AT_ONCE + 30))
    turn.pool.log_unknown_vrids = True
    while turn.queue:
        turn.hear()
    assert len(turn.lines) == LINES_AT_ONCE
