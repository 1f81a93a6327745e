"""Which sync daemons run when, and what IPVS is told as a whole, with a kernel in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from keepalived_py.check.director import Director
from keepalived_py.check.sync_daemons import configured_daemon, is_the_same, wanted_daemons
from keepalived_py.config.global_values import Timeouts as TimeoutsConfig
from keepalived_py.config.model import Config
from keepalived_py.config.model.globals import GlobalDefs, SyncDaemon
from keepalived_py.config.model.vrrp import VrrpInstance
from keepalived_py.kernel import ipvs
from keepalived_py.kernel.ipvs import SYNC_BACKUP, SYNC_MASTER, Timeouts
from keepalived_py.messages import InstanceState, Message, Subject
from keepalived_py.observability.log import Log
from keepalived_py.structure import replace

if TYPE_CHECKING:
    from keepalived_py.check.ipvs_sync import IpvsSync

INSTANCE = VrrpInstance(name="VI", interface="eth0", virtual_router_id=51)
FOLLOWING = Config(
    global_defs=GlobalDefs(lvs_sync_daemon=SyncDaemon(ifname="eth1", inst="VI")), vrrp_instances=(INSTANCE,)
)


class MemoryKernel:
    """IPVS as a whole."""

    def __init__(self, *daemons: ipvs.SyncDaemon) -> None:
        self.is_available = True
        self.running = {daemon.state: daemon for daemon in daemons}
        self.values = Timeouts(900, 120, 300)
        self.flushes = 0

    def flush(self) -> None:
        self.flushes += 1

    def timeouts(self) -> Timeouts:
        return self.values

    def set_timeouts(self, timeouts: Timeouts) -> None:
        self.values = Timeouts(*(new or old for new, old in zip(timeouts, self.values, strict=True)))

    def daemons(self) -> list[ipvs.SyncDaemon]:
        return list(self.running.values())

    def start_daemon(self, daemon: ipvs.SyncDaemon) -> bool:
        self.running.setdefault(daemon.state, daemon)
        return True

    def stop_daemon(self, state: int) -> None:
        self.running.pop(state, None)


def directed(kernel: MemoryKernel) -> Director:
    return Director(cast("IpvsSync", kernel), Log("x", syslog=False))


def told(name: str, state: InstanceState) -> Message:
    return Message(Subject.INSTANCE, name, state)


def test_daemon_follows_its_instance_and_no_other() -> None:
    kernel = MemoryKernel()
    director = directed(kernel)
    director.start(FOLLOWING, adopt=False)
    assert list(kernel.running) == [SYNC_BACKUP]
    director.instance_changed(told("OTHER", InstanceState.MASTER))
    assert list(kernel.running) == [SYNC_BACKUP]
    director.instance_changed(told("VI", InstanceState.MASTER))
    assert list(kernel.running) == [SYNC_MASTER]
    director.instance_changed(told("VI", InstanceState.FAULT))
    assert list(kernel.running) == [SYNC_BACKUP]
    assert kernel.running[SYNC_BACKUP].identity == 51
    director.stop(keep=False)
    assert kernel.running == {}


def test_successor_of_a_crashed_process_waits_for_the_state() -> None:
    [running] = wanted_daemons(FOLLOWING, InstanceState.MASTER)
    kernel = MemoryKernel(replace(running, longest=1460))
    director = directed(kernel)
    director.start(FOLLOWING, adopt=True)
    assert kernel.running == {SYNC_MASTER: replace(running, longest=1460)}
    director.instance_changed(told("VI", InstanceState.MASTER))
    assert kernel.running == {SYNC_MASTER: replace(running, longest=1460)}
    director.instance_changed(told("VI", InstanceState.BACKUP))
    assert list(kernel.running) == [SYNC_BACKUP]


def test_daemons_of_others_are_left_alone_without_the_keyword() -> None:
    stranger = ipvs.SyncDaemon(state=SYNC_MASTER, interface="eth9")
    kernel = MemoryKernel(stranger)
    director = directed(kernel)
    director.start(Config(), adopt=False)
    director.stop(keep=False)
    assert kernel.running == {SYNC_MASTER: stranger}


def test_reload_restarts_a_daemon_that_is_to_be_another() -> None:
    kernel = MemoryKernel()
    director = directed(kernel)
    director.start(Config(global_defs=GlobalDefs(lvs_sync_daemon=SyncDaemon(ifname="eth1"))), adopt=False)
    assert {one.interface for one in kernel.running.values()} == {"eth1"}
    director.reload(Config(global_defs=GlobalDefs(lvs_sync_daemon=SyncDaemon(ifname="eth2"))))
    assert {state: one.interface for state, one in kernel.running.items()} == {SYNC_MASTER: "eth2", SYNC_BACKUP: "eth2"}
    director.reload(Config())
    assert kernel.running == {}


def test_deprecated_keyword_of_an_instance_is_heard_unless_the_global_one_is_there() -> None:
    instance = VrrpInstance(name="VI", interface="eth0", virtual_router_id=7, lvs_sync_daemon_interface="eth3")
    found = configured_daemon(Config(vrrp_instances=(instance,)))
    assert found is not None
    assert (found.ifname, found.inst) == ("eth3", "VI")
    assert configured_daemon(FOLLOWING.changed(vrrp_instances=(instance,))) == FOLLOWING.global_defs.lvs_sync_daemon


def test_length_that_was_left_open_is_what_the_kernel_chose() -> None:
    [wanted] = wanted_daemons(FOLLOWING, InstanceState.BACKUP)
    assert is_the_same(wanted, replace(wanted, longest=1460))
    assert not is_the_same(replace(wanted, longest=1400), replace(wanted, longest=1460))
    assert not is_the_same(wanted, replace(wanted, ttl=9))


@pytest.mark.parametrize(("keep", "flushes"), [(False, 1), (True, 0)])
def test_option_to_keep_is_stronger_than_the_flush_at_the_stop(keep: bool, flushes: int) -> None:
    kernel = MemoryKernel()
    director = directed(kernel)
    director.start(Config(global_defs=GlobalDefs(lvs_flush_on_stop="ALL")), adopt=False)
    director.stop(keep=keep)
    assert kernel.flushes == flushes


@pytest.mark.parametrize(("adopt", "flushes"), [(False, 1), (True, 0)])
def test_crash_is_no_start_that_flushes(adopt: bool, flushes: int) -> None:
    kernel = MemoryKernel()
    directed(kernel).start(Config(global_defs=GlobalDefs(lvs_flush=True)), adopt=adopt)
    assert kernel.flushes == flushes


def test_timeouts_are_given_back() -> None:
    kernel = MemoryKernel()
    director = directed(kernel)
    director.start(Config(global_defs=GlobalDefs(lvs_timeouts=TimeoutsConfig(tcp=7200))), adopt=False)
    assert kernel.values == Timeouts(7200, 120, 300)
    director.reload(Config(global_defs=GlobalDefs(lvs_timeouts=TimeoutsConfig(udp=5))))
    assert kernel.values == Timeouts(900, 120, 5)
    director.stop(keep=False)
    assert kernel.values == Timeouts(900, 120, 300)
