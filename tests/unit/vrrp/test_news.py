from __future__ import annotations

import json
from ipaddress import IPv4Address
from typing import Any

import pytest

from keepalived_py.config.arguments import Script
from keepalived_py.config.model.addresses import VirtualAddress
from keepalived_py.config.model.vrrp import SyncGroup, VrrpInstance
from keepalived_py.notify.event import Event, Kind, News
from keepalived_py.vrrp.cause import Cause
from keepalived_py.vrrp.cause import Event as CauseEvent
from keepalived_py.vrrp.news import MOST_ADDRESS_TEXT, address_list, group_details, instance_details, news_of, tasks_of
from keepalived_py.vrrp.parameters import Parameters
from keepalived_py.vrrp.router import VirtualRouter
from keepalived_py.vrrp.state import State, Transition

SCRIPTS: dict[str, Any] = {
    word: Script(words=(f"/{word}", "own"))
    for word in ("notify", "notify_master", "notify_backup", "notify_fault", "notify_stop", "notify_deleted")
}


def transition(old: State, new: State) -> Transition:
    return Transition(old, new, Cause("why", CauseEvent.FAULT, "eth0"), 1.0)


@pytest.mark.parametrize(
    ("old", "new", "stopping", "as_fault", "expected"),
    [
        (State.INIT, State.BACKUP, False, True, News.BACKUP),
        (State.BACKUP, State.MASTER, False, True, News.MASTER),
        (State.MASTER, State.FAULT, False, False, News.FAULT),
        (State.MASTER, State.INIT, True, True, News.STOP),
        (State.FAULT, State.INIT, True, False, News.STOP),
        (State.MASTER, State.INIT, False, False, News.DELETED),
        (State.FAULT, State.INIT, False, False, News.DELETED),
        (State.MASTER, State.INIT, False, True, News.FAULT),
        (State.FAULT, State.INIT, False, True, None),
    ],
)
def test_transition_is_called_what_keepalived_calls_it(
    old: State, new: State, stopping: bool, as_fault: bool, expected: News | None
) -> None:
    assert news_of(transition(old, new), stopping=stopping, deletion_is_fault=as_fault) is expected


def commands(news: News, *, deleted: bool = False, **scripts: Any) -> list[tuple[str, ...]]:
    config = VrrpInstance(name="VI_1", **scripts)
    event = Event(Kind.INSTANCE, "VI_1", news, 100, {})
    return [task.command for task in tasks_of(config, event, deleted=deleted)]


@pytest.mark.parametrize("news", [News.MASTER, News.BACKUP, News.FAULT, News.STOP, News.DELETED])
def test_script_of_the_state_comes_before_the_one_for_all_which_gets_four_words(news: News) -> None:
    assert commands(news, **SCRIPTS) == [
        (f"/notify_{news.lower()}", "own"),
        ("/notify", "own", "INSTANCE", "VI_1", news.value, "100"),
    ]


def test_deletion_that_is_told_as_fault_does_not_run_the_script_for_faults() -> None:
    assert commands(News.FAULT, deleted=True, **SCRIPTS) == [("/notify", "own", "INSTANCE", "VI_1", "FAULT", "100")]


def test_notify_deleted_without_a_script_runs_none() -> None:
    assert commands(News.DELETED, notify_deleted=Script(words=())) == []


def test_without_scripts_nothing_is_run() -> None:
    assert commands(News.MASTER) == []


def test_group_has_its_scripts_and_no_priority() -> None:
    config = SyncGroup(name="G", group=("A", "B"), notify=SCRIPTS["notify"], notify_master=SCRIPTS["notify_master"])
    event = Event(Kind.GROUP, "G", News.MASTER, 0, {})
    assert [task.command for task in tasks_of(config, event)] == [
        ("/notify_master", "own"),
        ("/notify", "own", "GROUP", "G", "MASTER", "0"),
    ]


def test_details_are_plain_texts_that_can_be_handed_to_another_process() -> None:
    config = VrrpInstance(
        name="VI_1",
        interface="eth0",
        virtual_router_id=51,
        virtual_ipaddress=(VirtualAddress(address=IPv4Address("10.0.0.100"), prefix_length=24),),
    )
    router = VirtualRouter(Parameters(name="VI_1", vrid=51, source_address=bytes((10, 0, 0, 1))))
    router.instance.master_address = bytes((10, 0, 0, 2))
    made = transition(State.MASTER, State.BACKUP)
    details = instance_details("7-1", config, router, "G", address_list(config), News.BACKUP, made)
    assert {type(text) for text in details.values()} == {str}
    assert details == {
        "KEEPALIVED_EVENT_ID": "7-1",
        "KEEPALIVED_EVENT": "BACKUP",
        "KEEPALIVED_KIND": "INSTANCE",
        "KEEPALIVED_OLD_STATE": "MASTER",
        "KEEPALIVED_NEW_STATE": "BACKUP",
        "KEEPALIVED_CAUSE": "why",
        "KEEPALIVED_CAUSE_EVENT": "fault found",
        "KEEPALIVED_CAUSE_SOURCE": "eth0",
        "KEEPALIVED_INSTANCE": "VI_1",
        "KEEPALIVED_GROUP": "G",
        "KEEPALIVED_INTERFACE": "eth0",
        "KEEPALIVED_VRID": "51",
        "KEEPALIVED_PRIORITY": "100",
        "KEEPALIVED_MASTER_ADDRESS": "10.0.0.2",
        "KEEPALIVED_VIPS": '["10.0.0.100/24"]',
        "KEEPALIVED_VIP_COUNT": "1",
    }


def test_details_of_a_group_name_its_members() -> None:
    details = group_details(
        "7-2", SyncGroup(name="G", group=("A", "B")), News.FAULT, transition(State.INIT, State.FAULT)
    )
    assert {type(text) for text in details.values()} == {str}
    assert (details["KEEPALIVED_GROUP"], details["KEEPALIVED_MEMBERS"]) == ("G", '["A", "B"]')
    assert details["KEEPALIVED_NEW_STATE"] == "FAULT"


def test_address_list_stays_a_list_that_exec_takes() -> None:
    addresses = tuple(
        VirtualAddress(address=IPv4Address(f"10.{number >> 8}.{number & 255}.1"), prefix_length=32)
        for number in range(20_000)
    )
    text = address_list(VrrpInstance(name="VI_1", virtual_ipaddress=addresses))
    assert len(text) <= MOST_ADDRESS_TEXT
    told = json.loads(text)
    assert len(told) > 1000
    assert told == [str(address) for address in addresses[: len(told)]]
