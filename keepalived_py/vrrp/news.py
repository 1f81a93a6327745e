"""What the outside is told of an instance or a group, and which scripts are told it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from keepalived_py.config.model.addresses import address_words
from keepalived_py.notify.event import Event, Kind, News
from keepalived_py.notify.queue import Task
from keepalived_py.vrrp.reception import address_text
from keepalived_py.vrrp.state import State

if TYPE_CHECKING:
    from keepalived_py.config.arguments import Script
    from keepalived_py.config.model.vrrp import SyncGroup, VrrpInstance
    from keepalived_py.vrrp.router import VirtualRouter
    from keepalived_py.vrrp.state import Transition

_SCRIPTS = {
    News.MASTER: "notify_master",
    News.BACKUP: "notify_backup",
    News.FAULT: "notify_fault",
    News.STOP: "notify_stop",
    News.DELETED: "notify_deleted",
}


def news_of(transition: Transition, *, stopping: bool, deletion_is_fault: bool = False) -> News | None:
    """Return what a transition is called outside; None when nothing is told.

    Args:
        transition: of an instance or a group.
        stopping: whether the daemon stops, so that an end is not a deletion.
        deletion_is_fault: whether a deletion is told as FAULT, as it is without `notify_deleted`.
    """
    if transition.new is not State.INIT:
        return News[transition.new.name]
    if stopping:
        return News.STOP
    if not deletion_is_fault:
        return News.DELETED
    return None if transition.old is State.FAULT else News.FAULT


MOST_ADDRESS_TEXT = 65_536
"""Characters of addresses that a variable holds; exec takes 128 KiB for one (MAX_ARG_STRLEN, linux/binfmts.h)."""


def address_list(config: VrrpInstance) -> str:
    """Return the virtual addresses of an instance as a JSON array, as many of them as a variable can hold."""
    texts = [address_words(one) for one in (*config.virtual_ipaddress, *config.virtual_ipaddress_excluded)]
    while (told := json.dumps(texts)) and len(told) > MOST_ADDRESS_TEXT:
        del texts[len(texts) // 2 :]
    return told


def instance_details(
    number: str,
    config: VrrpInstance,
    router: VirtualRouter,
    group: str,
    addresses: str,
    news: News,
    transition: Transition | None,
) -> dict[str, str]:
    """Return the environment variables for a script that is told about an instance.

    Args:
        number: of the event; no other has it.
        config: of the instance.
        router: its machine.
        group: its sync group; empty for none.
        addresses: as `address_list` returns them.
        news: what happened.
        transition: the change of state, if it was one.
    """
    instance = router.instance
    is_master = router.state is State.MASTER
    return {
        **_general(number, Kind.INSTANCE, news, router.state, transition),
        "KEEPALIVED_INSTANCE": config.name,
        "KEEPALIVED_GROUP": group,
        "KEEPALIVED_INTERFACE": config.interface or "",
        "KEEPALIVED_VRID": str(config.virtual_router_id),
        "KEEPALIVED_PRIORITY": str(instance.priority),
        "KEEPALIVED_MASTER_ADDRESS": _text(instance.source_address if is_master else instance.master_address),
        "KEEPALIVED_VIPS": addresses,
        "KEEPALIVED_VIP_COUNT": str(len(config.virtual_ipaddress) + len(config.virtual_ipaddress_excluded)),
    }


def group_details(number: str, config: SyncGroup, news: News, transition: Transition) -> dict[str, str]:
    """Return the environment variables for a script that is told about a sync group."""
    return {
        **_general(number, Kind.GROUP, news, transition.new, transition),
        "KEEPALIVED_GROUP": config.name,
        "KEEPALIVED_MEMBERS": json.dumps(list(config.group)),
    }


def _general(number: str, kind: Kind, news: News, state: State, transition: Transition | None) -> dict[str, str]:
    old = transition.old if transition else state
    return {
        "KEEPALIVED_EVENT_ID": number,
        "KEEPALIVED_EVENT": news.value,
        "KEEPALIVED_KIND": kind.value,
        "KEEPALIVED_OLD_STATE": old.name,
        "KEEPALIVED_NEW_STATE": news.value if transition else state.name,
        "KEEPALIVED_CAUSE": str(transition.cause) if transition else "",
        "KEEPALIVED_CAUSE_EVENT": transition.event.value if transition else "",
        "KEEPALIVED_CAUSE_SOURCE": transition.source if transition else "",
    }


def _text(address: bytes) -> str:
    return address_text(address) if address else ""


def tasks_of(config: VrrpInstance | SyncGroup, event: Event, *, deleted: bool = False) -> list[Task]:
    """Return the scripts for a change of state, the one for that state before the one for all.

    Args:
        config: of the instance or group.
        event: the change.
        deleted: whether it is told as FAULT only because a deletion is: `notify_fault` is not run for that.
    """
    own: Script | None = None if deleted else getattr(config, _SCRIPTS[event.news], None)
    tasks = [Task(event, own)] if own is not None and own.words else []
    return [*tasks, Task(event, config.notify, event.words)] if config.notify is not None else tasks
