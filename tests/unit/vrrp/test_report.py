"""What is shown and recorded of an instance."""

import json

from keepalived_py.config.model.vrrp import VrrpInstance
from keepalived_py.kernel.rtnl import AF_INET, AddressRequest
from keepalived_py.observability.history import SLOT_SIZE, History
from keepalived_py.observability.json_text import json_text
from keepalived_py.reactor import Reactor
from keepalived_py.vrrp.recorder import Recorder
from keepalived_py.vrrp.report import (
    AddressReport,
    GroupReport,
    PeerReport,
    Refused,
    addresses_of,
    as_values,
    peers_of,
    plain,
    report_of,
)
from keepalived_py.vrrp.running import RunningInstance
from keepalived_py.vrrp.source import SourceKind
from keepalived_py.vrrp.takeover import PlacedAddress, Takeover
from keepalived_py.vrrp.tracked_item import Rung
from tests.unit.vrrp.wire import in_ipv4, listening, message_v2

PLACED = PlacedAddress(AddressRequest(AF_INET, bytes((192, 168, 0, 205)), 24, 7), "eth0", "192.168.0.205", b"")
RUNG = Rung(SourceKind.SCRIPT, "chk", -20, False, "", "bad", -20, "")


def running_instance() -> RunningInstance:
    running = RunningInstance(VrrpInstance(name="VI_1", interface="eth0"), listening())
    running.takeover = Takeover((PLACED,))
    running.router.datagram_received(1.0, in_ipv4(message_v2()))
    running.router.datagram_received(2.0, in_ipv4(message_v2(), ttl=1))
    running.router.datagram_received(4.0, in_ipv4(message_v2(), ttl=1))
    return running


def test_report_of_a_backup_names_its_master_its_peers_and_what_is_on_the_interface() -> None:
    report = report_of(running_instance(), 5.0, (RUNG,), GroupReport("VG", "FAULT", ("VI_2",)))
    assert (report.name, report.state, report.age, report.cause) == ("VI_1", "BACKUP", 5.0, "started")
    assert (report.event, report.master, report.master_priority, report.priority) == ("started", "10.0.0.1", 150, 100)
    assert (report.addresses, report.peers) == (1, 1)
    assert report.refused == {"TTL or hop limit": 2}
    assert report.counters["ip_ttl_err"] == 2


def test_report_as_values_has_every_field_and_is_json() -> None:
    report = report_of(running_instance(), 5.0, (RUNG,), GroupReport("VG", "FAULT", ("VI_2",)))
    values = json.loads(json_text(as_values(report)))
    assert list(values) == list(report.__match_args__)
    assert values["ladder"] == [
        {
            "kind": "script",
            "name": "chk",
            "weight": -20,
            "reverse": False,
            "group": "",
            "state": "bad",
            "contribution": -20,
            "fault": "",
        }
    ]
    assert values["group"] == {"name": "VG", "state": "FAULT", "held_down_by": ["VI_2"]}


def test_addresses_and_peers_are_told_one_by_one() -> None:
    running = running_instance()
    assert list(addresses_of(running, lambda _: False)) == [AddressReport("192.168.0.205/24", "eth0", False)]
    refused = Refused("TTL or hop limit is not 255", 2, 2, 2.0, 1.0)
    [peer] = peers_of(running, 5.0)
    assert peer == PeerReport("10.0.0.1", 1, 4.0, 150, 1.0, (refused,))
    assert plain(peer)["refused"] == [
        {"reason": "TTL or hop limit is not 255", "count": 2, "total": 2, "lasting": 2.0, "age": 1.0}
    ]


def test_master_that_hears_another_reports_it_as_its_rival() -> None:
    running = running_instance()
    running.router.deadline_reached(running.router.deadline_at)
    running.router.datagram_received(5.0, in_ipv4(message_v2(), ttl=1))
    report = report_of(running, 6.0)
    assert (report.master, report.rival) == ("10.0.0.2", ("10.0.0.1", "TTL or hop limit is not 255", 1.0))
    assert as_values(report)["rival"] == {"source": "10.0.0.1", "reason": "TTL or hop limit is not 255", "age": 1.0}


def test_recorder_stores_causes_with_their_circumstances() -> None:
    history = History(memoryview(bytearray(8 * SLOT_SIZE)))
    reactor = Reactor()
    reactor.lateness = 0.25
    recorder = Recorder(reactor, history)
    running = running_instance()
    recorder.process("start", "started")
    running.router.deadline_reached(running.router.deadline_at)
    transition = running.router.transition
    assert transition is not None
    recorder.witnessed(running, transition)
    recorder.transition_made(running, transition)
    recorder.priority_changed(running, 100, 80)
    running.router.datagram_received(5.0, in_ipv4(message_v2(), ttl=1))
    assert running.router.rival is not None
    recorder.dual_master_found(running, running.router.rival)
    recorder.lower_priority_heard(running)
    recorder.lower_priority_heard(running)
    recorder.adopted(running)
    reactor.close()
    started, became, changed, rival, lower, adopted = history.newest()
    assert (started.kind, started.instance, started.cause) == ("start", "", "started")
    assert became[:8] == (
        *("transition", "VI_1", "BACKUP", "MASTER", "no advert heard", "10.0.0.1", "10.0.0.1"),
        "no advert from 10.0.0.1 for 3.609 s (priority 100)",
    )
    assert (became.at, became.old_priority, became.priority) == (transition.at, 0, 100)
    assert (became.advertisement_interval, became.master_down_interval, became.lateness) == (1.0, 3.609375, 0.25)
    assert (changed.kind, changed.old_priority, changed.cause) == ("priority", 100, "effective priority 100 -> 80")
    assert (rival.event, rival.source) == ("another master heard", "10.0.0.1")
    assert rival.cause == "10.0.0.1 adverts too: TTL or hop limit is not 255"
    assert (lower.kind, lower.event) == ("lower priority", "lower priority heard as master")
    assert (adopted.kind, adopted.event) == ("adoption", "crashed process replaced")
