"""Records between children, and the boxes that carry them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepalived_py import channel
from keepalived_py.mailbox import Inbox, Outbox
from keepalived_py.messages import NAME_BYTES, SIZE, InstanceState, Message, SessionState, Subject, unpack
from keepalived_py.reactor import Reactor
from keepalived_py.watchdog.post_office import PostOffice
from tests.unit.looping import run_until

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

MESSAGES = st.builds(
    Message,
    st.sampled_from(Subject),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=NAME_BYTES // 4),
    st.integers(0, 255),
    st.floats(0, 1e9),
    st.integers(0, 65535),
    st.integers(0, 65535),
)


@given(MESSAGES)
def test_message_survives_its_record(message: Message) -> None:
    record = message.pack()
    assert len(record) == SIZE
    assert unpack(record) == message


@given(st.binary(max_size=2 * SIZE) | st.binary(min_size=SIZE, max_size=SIZE))
def test_any_bytes_are_a_message_or_nothing(record: bytes) -> None:
    message = unpack(record)
    assert message is None or message.subject in Subject


def test_name_that_is_too_long_is_cut() -> None:
    message = unpack(Message(Subject.INSTANCE, "x" * 500, InstanceState.MASTER).pack())
    assert message is not None
    assert message.name == "x" * NAME_BYTES


@pytest.fixture
def loop() -> Iterator[Reactor]:
    made = Reactor(longest_sleep=0.02)
    yield made
    made.close()


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    pair = channel.pair()
    yield pair
    for end in pair:
        end.close()


def test_messages_arrive_in_order_and_garbage_does_not(
    loop: Reactor, ends: tuple[socket.socket, socket.socket]
) -> None:
    heard: list[Message] = []
    Inbox(ends[0], loop, heard.append)
    outbox = Outbox(ends[1], loop)
    sent = [Message(Subject.BFD_SESSION, f"s{number}", SessionState.UP, float(number)) for number in range(100)]
    for message in sent[:50]:
        outbox.send(message)
    ends[1].send(b"garbage")
    for message in sent[50:]:
        outbox.send(message)
    run_until(loop, lambda: len(heard) == 100)
    assert heard == sent


def test_full_box_keeps_the_newest_of_each(loop: Reactor, ends: tuple[socket.socket, socket.socket]) -> None:
    outbox = Outbox(ends[1], loop)
    count = 0
    while not outbox._waiting:
        outbox.send(Message(Subject.INSTANCE, "filler", priority=count % 65536))
        count += 1
    for priority in range(10):
        outbox.send(Message(Subject.INSTANCE, "one", priority=priority))
        outbox.send(Message(Subject.INSTANCE, "two", priority=priority))
    assert len(outbox._waiting) == 3
    heard: list[Message] = []
    Inbox(ends[0], loop, heard.append)
    run_until(loop, lambda: len(heard) == count + 2)
    assert [(message.name, message.priority) for message in heard[-2:]] == [("one", 9), ("two", 9)]


def test_message_waits_for_the_successor_of_a_process(loop: Reactor) -> None:
    office = PostOffice(["vrrp", "checkers"])
    vrrp, checkers = office.post("vrrp"), office.post("checkers")
    assert vrrp is not None
    assert checkers is not None
    assert set(vrrp.outboxes) == {"checkers"}
    first: list[Message] = []
    reader = Inbox(checkers.inbox, loop, first.append)
    outbox = Outbox(vrrp.outboxes["checkers"], loop)
    outbox.send(Message(Subject.INSTANCE, "VI_1", InstanceState.MASTER))
    run_until(loop, lambda: first)
    reader.close()
    outbox.send(Message(Subject.INSTANCE, "VI_1", InstanceState.BACKUP))
    second: list[Message] = []
    Inbox(checkers.inbox, loop, second.append)
    run_until(loop, lambda: second)
    assert [message.state for message in (*first, *second)] == [InstanceState.MASTER, InstanceState.BACKUP]
    loop.remove_reader(checkers.inbox)
    office.close()


def test_child_keeps_its_own_end_and_those_that_it_writes_to() -> None:
    office = PostOffice(["vrrp", "checkers", "bfd"])
    office.keep_only("vrrp")
    open_ends = {name: tuple(end.fileno() >= 0 for end in pair) for name, pair in office._pairs.items()}
    assert open_ends == {"vrrp": (True, False), "checkers": (False, True), "bfd": (False, True)}
    office.close()


def test_only_child_has_nobody_to_write_to() -> None:
    assert PostOffice(["vrrp"]).post("vrrp") is None
