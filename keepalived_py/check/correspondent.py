"""What the health-check child hears from the other children."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.mailbox import Inbox, Outbox
from keepalived_py.messages import Message, Subject

if TYPE_CHECKING:
    from collections.abc import Callable

    from keepalived_py.child import Post
    from keepalived_py.reactor import Reactor


class Correspondent:
    """Asks the others at the beginning for everything that they know, and hears of every change from then on.

    Args:
        reactor: calls us.
        post: the ends of this process; None when there is no other.

    Attributes:
        readers: called with the messages about their subject.
    """

    def __init__(self, reactor: Reactor, post: Post | None) -> None:
        self.readers: dict[Subject, list[Callable[[Message], object]]] = {}
        self._reactor = reactor
        self._post = post
        self._inbox: Inbox | None = None

    def begin(self) -> None:
        """Read the post."""
        if self._post is None:
            return
        self._inbox = Inbox(self._post.inbox, self._reactor, self._received)
        for end in self._post.outboxes.values():
            Outbox(end, self._reactor).send(Message(Subject.REPEAT))

    def stop(self) -> None:
        """Read no more."""
        if self._inbox is not None:
            self._inbox.close()

    def _received(self, message: Message) -> None:
        for reader in self.readers.get(message.subject, ()):
            reader(message)
