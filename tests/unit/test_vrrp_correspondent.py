"""The VRRP child's end of the post, with stand-ins for the other children."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from keepalived_py.mailbox import Inbox, Outbox
from keepalived_py.messages import InstanceState, Message, SessionState, Subject
from keepalived_py.reactor import Reactor
from keepalived_py.vrrp.correspondent import Correspondent
from keepalived_py.vrrp.state import State, Transition
from keepalived_py.vrrp.tracking import Tracking
from keepalived_py.watchdog.post_office import PostOffice
from tests.config.checking import check_text, instance_text
from tests.unit.looping import run_until

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIG = "bfd_instance session {\n neighbor_ip 10.0.0.9\n}\n" + instance_text("track_bfd {\n session\n}")


class StandIns:
    """A roster of one instance, a BFD process and a health-check process."""

    def __init__(self) -> None:
        self.loop = Reactor(longest_sleep=0.02)
        self.office = PostOffice(["vrrp", "checkers", "bfd"])
        self.tracking = Tracking()
        self.tracking.reconfigured(check_text(CONFIG)[0])
        self.concerned: list[tuple[str, ...]] = []
        router = SimpleNamespace(state=State.BACKUP, instance=SimpleNamespace(priority=150))
        config = SimpleNamespace(virtual_router_id=51)
        self.running: Any = SimpleNamespace(name="VI_1", router=router, config=config)
        roster: Any = SimpleNamespace(
            tracking=self.tracking, instances={"VI_1": self.running}, sources_changed=self.concerned.append
        )
        bfd, checkers = self.office.post("bfd"), self.office.post("checkers")
        assert bfd is not None
        assert checkers is not None
        self.bfd = Outbox(bfd.outboxes["vrrp"], self.loop)
        self.checkers = Outbox(checkers.outboxes["vrrp"], self.loop)
        self.heard_by_bfd: list[Message] = []
        self.heard_by_checkers: list[Message] = []
        self.inboxes = [
            Inbox(bfd.inbox, self.loop, self.heard_by_bfd.append),
            Inbox(checkers.inbox, self.loop, self.heard_by_checkers.append),
        ]
        self.correspondent = Correspondent(self.loop, self.office.post("vrrp"), roster)

    def close(self) -> None:
        self.correspondent.stop()
        for inbox in self.inboxes:
            inbox.close()
        self.office.close()
        self.loop.close()


@pytest.fixture
def others() -> Iterator[StandIns]:
    made = StandIns()
    yield made
    made.close()


def session(state: SessionState) -> Message:
    return Message(Subject.BFD_SESSION, "session", state)


def test_beginning_asks_for_all_sessions_and_tells_all_instances(others: StandIns) -> None:
    others.correspondent.begin()
    run_until(others.loop, lambda: others.heard_by_bfd and others.heard_by_checkers)
    assert others.heard_by_bfd == [Message(Subject.REPEAT)]
    (told,) = others.heard_by_checkers
    assert told._replace(at=0.0) == Message(Subject.INSTANCE, "VI_1", InstanceState.BACKUP, 0.0, 150, 51)


def test_session_that_goes_down_is_a_fault_and_one_that_comes_up_is_none(others: StandIns) -> None:
    others.correspondent.begin()
    others.bfd.send(session(SessionState.DOWN))
    run_until(others.loop, lambda: others.concerned)
    assert others.concerned == [("VI_1",)]
    assert list(others.tracking.faults("VI_1")) == ["BFD session session is down"]
    others.bfd.send(session(SessionState.UP))
    run_until(others.loop, lambda: len(others.concerned) == 2)
    assert others.tracking.faults("VI_1") == {}


def test_session_that_nobody_tracks_concerns_nobody_until_a_reload_tracks_it(others: StandIns) -> None:
    others.tracking.reconfigured(check_text(instance_text(""))[0])
    others.correspondent.begin()
    others.bfd.send(session(SessionState.DOWN))
    others.checkers.send(Message(Subject.REPEAT))
    run_until(others.loop, lambda: len(others.heard_by_checkers) == 2)
    assert others.concerned == []
    others.tracking.reconfigured(check_text(CONFIG)[0])
    others.correspondent.take()
    assert others.concerned == [("VI_1",)]


def test_transition_is_told_to_the_health_checker(others: StandIns) -> None:
    others.correspondent.begin()
    others.correspondent.transition_made(others.running, Transition(State.BACKUP, State.MASTER, "test", 0.0))
    run_until(others.loop, lambda: len(others.heard_by_checkers) == 2)
    assert [message.state for message in others.heard_by_checkers] == [InstanceState.BACKUP, InstanceState.MASTER]


def test_states_have_the_numbers_of_the_machine() -> None:
    assert {state.value: state.name for state in InstanceState} == {
        **{state.value: state.name for state in State if state is not State.INIT},
        State.INIT.value: "STOP",
    }


def test_process_without_others_tells_nobody() -> None:
    loop = Reactor()
    roster: Any = SimpleNamespace(instances={}, tracking=None)
    correspondent = Correspondent(loop, None, roster)
    correspondent.begin()
    correspondent.take()
    correspondent.stop()
    loop.close()
