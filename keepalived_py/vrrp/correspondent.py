"""What the VRRP child hears from the other children, and what it tells them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.mailbox import Inbox, Outbox
from keepalived_py.messages import InstanceState, Message, SessionState, Subject
from keepalived_py.vrrp.follower import Follower

if TYPE_CHECKING:
    from collections.abc import Callable

    from keepalived_py.child import Post
    from keepalived_py.reactor import Reactor
    from keepalived_py.vrrp.roster import Roster
    from keepalived_py.vrrp.running import RunningInstance
    from keepalived_py.vrrp.state import Transition

CHECKERS, BFD = "checkers", "bfd"


class Correspondent(Follower):
    """A follower of the instances that tells the health-check child of them, and hears of BFD sessions.

    Args:
        reactor: clock; calls us.
        post: the ends of this process; None when there is no other.
        roster: the instances and what they track.
    """

    def __init__(self, reactor: Reactor, post: Post | None, roster: Roster) -> None:
        self._reactor = reactor
        self._roster = roster
        self._sessions: dict[str, Message] = {}
        self._inbox: Inbox | None = None
        outboxes = {} if post is None else {name: Outbox(end, reactor) for name, end in post.outboxes.items()}
        self._checkers, self._bfd = outboxes.get(CHECKERS), outboxes.get(BFD)
        self._begin: Callable[[], None] = lambda: None
        if post is not None:
            self._begin = lambda: self._open(post)

    def begin(self) -> None:
        """Read the post; ask for the state of every BFD session."""
        self._begin()

    def take(self) -> None:
        """A reload: what is known of sessions counts for those who track them now, too."""
        for message in self._sessions.values():
            self._session_changed(message)

    def stop(self) -> None:
        """Read no more; what is sent still leaves."""
        if self._inbox is not None:
            self._inbox.close()

    def _open(self, post: Post) -> None:
        self._inbox = Inbox(post.inbox, self._reactor, self._received)
        if self._bfd is not None:
            self._bfd.send(Message(Subject.REPEAT))
        self._tell_all()

    def _received(self, message: Message) -> None:
        if message.subject is Subject.BFD_SESSION:
            self._sessions[message.name] = message
            self._session_changed(message)
        elif message.subject is Subject.REPEAT:
            self._tell_all()

    def _session_changed(self, message: Message) -> None:
        tracking = self._roster.tracking
        names = tracking.bfd_changed(self._reactor.time(), message.name, is_up=message.state == SessionState.UP)
        if names:
            self._roster.sources_changed(names)

    def _tell_all(self) -> None:
        for running in self._roster.instances.values():
            self._tell(running, running.router.state)

    def _tell(self, running: RunningInstance, state: int) -> None:
        if self._checkers is not None:
            instance = running.router.instance
            self._checkers.send(
                Message(
                    Subject.INSTANCE,
                    running.name,
                    InstanceState(state),
                    self._reactor.time(),
                    instance.priority,
                    running.config.virtual_router_id or 0,
                )
            )

    # As a follower

    def transition_made(self, running: RunningInstance, transition: Transition) -> None:
        """An instance changed its state."""
        self._tell(running, transition.new)
