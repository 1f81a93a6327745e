"""Tells the outside what became of instances and groups: scripts, pipes, mails."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from keepalived_py.notify.event import Event, Kind, News
from keepalived_py.notify.mail import vrrp_alert
from keepalived_py.notify.pipes import NotifyPipes, Wish
from keepalived_py.notify.queue import Task
from keepalived_py.notify.scripts import NotifyScripts
from keepalived_py.notify.smtp_alert import SmtpAlerts
from keepalived_py.vrrp.follower import Follower
from keepalived_py.vrrp.news import address_list, group_details, instance_details, news_of, tasks_of
from keepalived_py.vrrp.state import State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from keepalived_py.config.model import Config
    from keepalived_py.config.model.globals import GlobalDefs
    from keepalived_py.config.model.vrrp import SyncGroup, VrrpInstance
    from keepalived_py.observability.log import Log
    from keepalived_py.program import Programs
    from keepalived_py.reactor import Reactor
    from keepalived_py.vrrp.running import RunningInstance
    from keepalived_py.vrrp.state import Transition


SCRIPTS = (
    *("notify", "notify_master", "notify_backup", "notify_fault"),
    *("notify_stop", "notify_deleted", "notify_master_rx_lower_pri"),
)
"""The words for scripts of an instance; a group has the first five."""


class Notifier(Follower):
    """The follower that tells scripts, pipes and mails.

    Args:
        reactor: clock and timers.
        log: of the process.
        programs: starts scripts and mailers.
    """

    def __init__(self, reactor: Reactor, log: Log, programs: Programs) -> None:
        self._reactor = reactor
        self._programs = programs
        self._scripts = NotifyScripts(reactor, log, programs)
        self._pipes = NotifyPipes(reactor, log, programs)
        self._mails = SmtpAlerts(reactor, log, programs)
        self._no_faults_by_mail = False
        self._repeats_states = False
        self._stopping = False
        self._groups: dict[str, SyncGroup] = {}
        self._mailed: dict[tuple[Kind, str], News] = {}
        self._told: set[tuple[Kind, str]] = set()
        self._addresses: dict[str, tuple[VrrpInstance, str]] = {}
        self._count = 0
        self._began = int(time.time())

    # The process

    def configure(self, config: Config) -> None:
        """Take a configuration, before its instances begin or are changed."""
        defaults = config.global_defs
        self._scripts.parallel = defaults.notify_mode == "parallel"
        self._mails.configure(defaults)
        self._no_faults_by_mail = defaults.no_email_faults
        self._repeats_states = defaults.fifo_write_vrrp_states_on_reload
        self._groups = {group.name: group for group in config.vrrp_sync_groups}
        self._told.clear()
        if _starts_programs(config):
            self._programs.prepare()
        self._pipes.configure(_wishes(defaults))

    def reloaded(self, instances: Iterable[RunningInstance], groups: Iterable[tuple[str, State]]) -> None:
        """A reload is finished: with `fifo_write_vrrp_states_on_reload` the pipes hear of states that did not change.

        Args:
            instances: all that run.
            groups: name and state of the sync groups.
        """
        if not self._repeats_states:
            return
        for name, state in groups:
            if state is not State.INIT and (Kind.GROUP, name) not in self._told:
                self._pipes.write(Event(Kind.GROUP, name, News[state.name], 0, {}).line)
        for running in instances:
            state, priority = running.router.state, running.router.instance.priority
            if state is not State.INIT and (Kind.INSTANCE, running.name) not in self._told:
                self._pipes.write(Event(Kind.INSTANCE, running.name, News[state.name], priority, {}).line)

    def stopping(self) -> None:
        """The process ends: readers of pipes are ended, and what ends from now on is told as STOP."""
        self._stopping = True
        self._pipes.stop_readers()

    def finish(self, finished: Callable[[], None]) -> None:
        """Everything has been told: call `finished` when it has been passed on, in a moment at the latest."""
        self._mails.finish()
        self._pipes.close()
        self._scripts.finish(finished)

    # Instances

    def transition_made(self, running: RunningInstance, transition: Transition) -> None:
        """An instance changed its state."""
        config = running.config
        as_fault = config.notify_deleted is None
        news = news_of(transition, stopping=self._stopping, deletion_is_fault=as_fault)
        if news is None:
            return
        deleted = as_fault and transition.new is State.INIT and not self._stopping
        event = self._instance_event(running, news, transition)
        self._told.add((Kind.INSTANCE, running.name))
        self._scripts.run(tasks_of(config, event, deleted=deleted))
        self._pipes.write(event.line)
        self._mail(event, transition, wanted=config.smtp_alert)

    def lower_priority_heard(self, running: RunningInstance) -> None:
        """A master heard an advert with a lower priority."""
        event = self._instance_event(running, News.MASTER_RX_LOWER_PRI, None)
        script = running.config.notify_master_rx_lower_pri
        if script is not None:
            self._scripts.run([Task(event, script)])
        self._pipes.write(event.line)

    def priority_changed(self, running: RunningInstance, _old: int, new: int) -> None:
        """An instance has another effective priority: that is for pipes only."""
        if running.config.notify_priority_changes:
            is_master = running.router.state is State.MASTER
            news = News.MASTER_PRIORITY if is_master else News.BACKUP_PRIORITY
            self._pipes.write(Event(Kind.INSTANCE, running.name, news, new, {}).line)

    # Groups

    def group_transition_made(self, name: str, transition: Transition) -> None:
        """A sync group changed its state."""
        config = self._groups.get(name)
        news = news_of(transition, stopping=self._stopping)
        if config is None or news is None or news is News.DELETED:
            return
        self._told.add((Kind.GROUP, name))
        self._count += 1
        details = group_details(self._number(), config, news, transition)
        event = Event(Kind.GROUP, name, news, 0, details)
        self._scripts.run(tasks_of(config, event))
        self._pipes.write(event.line)
        self._mail(event, transition, wanted=config.smtp_alert)

    # Everything

    def _instance_event(self, running: RunningInstance, news: News, transition: Transition | None) -> Event:
        self._count += 1
        config, router = running.config, running.router
        details = {}
        if _has_scripts(config):
            group = next((group.name for group in self._groups.values() if running.name in group.group), "")
            addresses = self._addresses_of(config)
            details = instance_details(self._number(), config, router, group, addresses, news, transition)
        return Event(Kind.INSTANCE, running.name, news, router.instance.priority, details)

    def _addresses_of(self, config: VrrpInstance) -> str:
        """Return the addresses as text, made once for a configuration: there may be thousands."""
        known = self._addresses.get(config.name)
        if known is None or known[0] is not config:
            known = self._addresses[config.name] = (config, address_list(config))
        return known[1]

    def _number(self) -> str:
        return f"{self._began}-{self._count}"

    def _mail(self, event: Event, transition: Transition, *, wanted: bool) -> None:
        key = event.kind, event.name
        unwanted_fault = self._no_faults_by_mail and event.news is News.FAULT
        if not wanted or not self._mails.wanted or unwanted_fault or self._mailed.get(key) is event.news:
            return
        moment = time.strftime("%Y-%m-%d %H:%M:%S %z")
        alert = vrrp_alert(event.kind, event.name, event.news, str(transition.cause), moment)
        if alert is not None:
            self._mailed[key] = event.news
            self._mails.add(alert)


def _wishes(defaults: GlobalDefs) -> list[Wish]:
    pairs = (
        (defaults.notify_fifo, defaults.notify_fifo_script, ""),
        (defaults.vrrp_notify_fifo, defaults.vrrp_notify_fifo_script, "vrrp_"),
    )
    return [Wish(fifo, script, label) for fifo, script, label in pairs if fifo is not None]


def _has_scripts(config: VrrpInstance | SyncGroup) -> bool:
    return any(getattr(config, word, None) is not None for word in SCRIPTS)


def _starts_programs(config: Config) -> bool:
    """Return whether a configuration has anything for which programs are started when something happens."""
    subjects: list[VrrpInstance | SyncGroup] = [*config.vrrp_instances, *config.vrrp_sync_groups]
    defaults = config.global_defs
    has_mails = defaults.smtp_server is not None and bool(defaults.notification_email)
    return any(_has_scripts(each) or (has_mails and each.smtp_alert) for each in subjects)
