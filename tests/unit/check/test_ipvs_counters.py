"""What is told of the kernel's counters, for programs and for people, and that nobody waits for it."""

from __future__ import annotations

import errno
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any, cast

from keepalived_py.check.answers import Answers
from keepalived_py.check.ipvs_counters import IpvsCounters
from keepalived_py.config.model import Config
from keepalived_py.config.model.check import GroupEntry, VirtualServerGroup
from keepalived_py.control_servers import counter_lines
from keepalived_py.errors import NetlinkError
from keepalived_py.kernel import ipvs
from keepalived_py.kernel.ipvs_statistics import NAMES
from keepalived_py.kernel.message import HEADER_LENGTH, Message, attribute, attributes, message, split
from tests.unit.check.stage import LOOPBACK, Stage, real, virtual

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from keepalived_py.kernel.netlink import NetlinkSocket

COUNTED = range(1, 11)
FAMILY = 27
OTHER = IPv4Address("127.0.0.2")


def statistics(factor: int) -> bytes:
    return b"".join(attribute(kind, (factor * kind).to_bytes(8, "little")) for kind in COUNTED)


class Kernel:
    """Answers as the kernel does; each service has counted 1, 2, ... and its destination at port 7 tenfold."""

    def __init__(self, *absent: int) -> None:
        self.absent = absent
        self.asked: list[int] = []
        self.is_open = True

    def ask(self, request: bytes, take: Callable[[Message, bytes], object]) -> None:
        outer = attributes(request, HEADER_LENGTH + 4, len(request))
        wanted = attributes(outer[ipvs.CMD_SERVICE], 0, len(outer[ipvs.CMD_SERVICE]))
        port = int.from_bytes(wanted[ipvs.SVC_PORT], "big")
        self.asked.append(port)
        if port in self.absent:
            raise NetlinkError(errno.ESRCH, "No such process")
        inner = outer[ipvs.CMD_SERVICE] + attribute(ipvs.SVC_STATS64, statistics(1))
        self._answer(attribute(ipvs.CMD_SERVICE, inner), take)

    def parts_of_dump(self, request: bytes, take: Callable[[Message, bytes], object]) -> Iterator[bool]:
        del request
        for port, factor in ((7, 10), (99, 1000)):
            inner = attribute(ipvs.DEST_ADDR, LOOPBACK.packed) + attribute(ipvs.DEST_PORT, port.to_bytes(2, "big"))
            inner += attribute(ipvs.DEST_ACTIVE_CONNS, (3).to_bytes(4, "little"))
            self._answer(attribute(ipvs.CMD_DEST, inner + attribute(ipvs.DEST_STATS64, statistics(factor))), take)
            yield True

    def _answer(self, body: bytes, take: Callable[[Message, bytes], object]) -> None:
        answer = message(FAMILY, 0, bytes(4) + body)
        take(next(split(answer)), answer)

    def close(self) -> None:
        self.is_open = False


def config() -> Config:
    server = real(7, tcp_check=())
    group = VirtualServerGroup(
        name="web", entries=(GroupEntry(address=LOOPBACK, port=81), GroupEntry(address=OTHER, port=82))
    )
    return Config(
        virtual_servers=(
            virtual(server, real(8, tcp_check=())),
            virtual(server, address=None, port=0, group="web"),
        ),
        virtual_server_groups=(group,),
    )


def answers(stage: Stage, kernel: Kernel) -> Answers:
    stage.farm.start(config())
    return Answers(stage.farm, stage.reactor.time, lambda: IpvsCounters(cast("NetlinkSocket", kernel), FAMILY))


def counters(values: list[dict[str, Any]], kind: str) -> list[dict[str, int] | None]:
    return [value[kind]["counters"] for value in values if kind in value]


def test_counters_stand_beside_each_server_and_those_of_a_group_are_added_up(stage: Stage) -> None:
    kernel = Kernel()
    values = list(answers(stage, kernel).answer("counters"))
    once, twice = (dict(zip(NAMES.values(), (factor * kind for kind in COUNTED), strict=True)) for factor in (1, 2))
    assert counters(values, "virtual_server") == [once, twice]
    now = {"active": 3, "inactive": 0, "persistent": 0}
    tenfold = {name: 10 * value for name, value in once.items()} | now
    of_group = {name: 2 * value for name, value in tenfold.items()}
    assert counters(values, "real_server") == [tenfold, None, of_group]
    assert values[-1] == {"end": "counters"}
    assert not kernel.is_open


def test_others_have_their_turn_after_each_answer_of_the_kernel(stage: Stage) -> None:
    kernel = Kernel()
    answer = answers(stage, kernel).answer("counters 192.0.2.1:80")
    assert kernel.asked == []
    kinds = [next(iter(value), "") for value in answer]
    assert kinds == ["answer", "", "", "", "virtual_server", "real_server", "real_server", "end"]
    assert kernel.asked == [80]


def test_answer_that_nobody_waits_for_any_more_leaves_no_socket(stage: Stage) -> None:
    kernel = Kernel()
    answer = answers(stage, kernel).answer("counters")
    next(answer)
    del answer
    assert not kernel.is_open


def test_service_that_the_kernel_does_not_have_has_no_counters(stage: Stage) -> None:
    values = list(answers(stage, Kernel(80, 82)).answer("counters"))
    first, second = counters(values, "virtual_server")
    assert first is None
    assert second is not None
    assert second["connections"] == 1  # of the other address of the group
    assert counters(values, "real_server")[:2] == [None, None]


def test_without_ipvs_there_are_no_counters_and_status_never_asks(stage: Stage) -> None:
    stage.farm.start(config())
    given = Answers(stage.farm, stage.reactor.time)
    assert counters(list(given.answer("counters")), "virtual_server") == [None, None]
    shown = [one for value in given.answer("status") for one in value.values() if isinstance(one, dict)]
    assert len(shown) == 5
    assert not any("counters" in one for one in shown)


def test_people_read_counters_rates_and_connections() -> None:
    values = dict(zip(NAMES.values(), (1, 2, 1200, 999, 1_500_000, 0, 1, 2, 3, 45_600), strict=True))
    assert list(counter_lines(values, "  ")) == [
        "  1 connection, in 2 packets 999 B, out 1200 packets 1.5 MB",
        "  0 connections/s, in 1 packet/s 3 B/s, out 2 packets/s 45.6 kB/s",
    ]
    now = {"active": 3, "inactive": 12, "persistent": 1}
    assert list(counter_lines(values | now, ""))[2:] == ["now 3 active, 12 inactive, 1 persistent"]
    assert list(counter_lines(values | now | {"persistent": 0}, ""))[2:] == ["now 3 active, 12 inactive"]
    assert list(counter_lines(None, "  ")) == ["  not in IPVS"]
    assert list(counter_lines({}, "  ")) == []
