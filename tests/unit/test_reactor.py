"""The event loop against real descriptors, signals, children and clocks."""

from __future__ import annotations

import os
import select
import signal
import socket
import threading
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest

from keepalived_py import reactor as module
from keepalived_py.reactor import COALESCE, Reactor, Timer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def loop() -> Iterator[Reactor]:
    reactor = Reactor()
    yield reactor
    reactor.close()


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    one.setblocking(False)
    other.setblocking(False)
    yield one, other
    one.close()
    other.close()


def run(loop: Reactor, seconds: float) -> None:
    loop.call_later(seconds, loop.stop)
    loop.run_forever()


def steps(*calls: Callable[[], object]) -> Callable[[], None]:
    def run_all() -> None:
        for call in calls:
            call()

    return run_all


def iterate(loop: Reactor) -> None:
    """Run one iteration that does not wait."""
    loop.longest_sleep = 0.0
    loop.run_once()


def test_timer_fires_once_at_its_deadline(loop: Reactor) -> None:
    fired: list[float] = []
    due = loop.time() + 0.02
    loop.call_at(due, lambda: fired.append(loop.time()))
    run(loop, 0.05)
    assert len(fired) == 1
    assert fired[0] >= due - COALESCE


def test_timers_set_in_any_order_fire_in_the_order_of_their_deadlines(loop: Reactor) -> None:
    fired: list[str] = []
    now = loop.time()
    for name, delay in (("third", 0.03), ("first", 0.01), ("second", 0.02)):
        loop.call_at(now + delay, fired.append, name)
    run(loop, 0.04)
    assert fired == ["first", "second", "third"]


def test_timers_with_equal_deadlines_fire_in_the_order_in_which_they_were_set(loop: Reactor) -> None:
    fired: list[int] = []
    due = loop.time() + 0.01
    for number in range(5):
        loop.call_at(due, fired.append, number)
    run(loop, 0.02)
    assert fired == [0, 1, 2, 3, 4]


def test_timers_closer_than_the_coalescing_window_fire_in_one_iteration(loop: Reactor) -> None:
    iterations = 0

    def count(_now: float) -> None:
        nonlocal iterations
        iterations += 1

    fired: list[int] = []
    due = loop.time() + 0.02
    for number in range(3):
        loop.call_at(due + number * 0.0001, lambda: fired.append(iterations))
    loop.after_iteration.append(count)
    run(loop, 0.03)
    assert fired == [0, 0, 0]


def test_timer_moved_later_fires_only_at_the_later_deadline(loop: Reactor) -> None:
    fired: list[float] = []
    start = loop.time()
    timer = loop.call_at(start + 0.01, lambda: fired.append(loop.time() - start))
    timer.move(start + 0.03)
    run(loop, 0.05)
    assert len(fired) == 1
    assert fired[0] >= 0.03 - COALESCE


def test_timer_moved_later_pushes_nothing_until_it_comes_up(loop: Reactor) -> None:
    timer = loop.call_at(loop.time() + 1, list)
    for step in range(100):
        timer.move(loop.time() + 2 + step)
    assert len(loop._heap) == 1


def test_timer_moved_earlier_fires_once_at_the_earlier_deadline(loop: Reactor) -> None:
    fired: list[float] = []
    start = loop.time()
    timer = loop.call_at(start + 60, lambda: fired.append(loop.time() - start))
    timer.move(start + 0.01)
    run(loop, 0.05)
    assert len(fired) == 1
    assert fired[0] >= 0.01 - COALESCE


def test_timer_moved_earlier_leaves_an_entry_that_fires_nothing(loop: Reactor) -> None:
    fired: list[str] = []
    start = loop.time()
    timer = loop.call_at(start + 0.02, fired.append, "fired")
    timer.move(start + 0.01)
    run(loop, 0.04)
    assert fired == ["fired"]


def test_timer_moved_to_and_fro_onto_the_same_deadline_fires_once(loop: Reactor) -> None:
    fired: list[str] = []
    start = loop.time()
    late, early = start + 0.02, start + 0.01
    timer = loop.call_at(late, fired.append, "late")
    timer.move(early)
    loop.call_at(early - 0.005, lambda: timer.move(late))
    run(loop, 0.04)
    assert fired == ["late"]


def test_timer_cancelled_does_not_fire_and_moves_back_to_life(loop: Reactor) -> None:
    fired: list[str] = []
    now = loop.time()
    cancelled = loop.call_at(now + 0.01, fired.append, "cancelled")
    revived = loop.call_at(now + 0.01, fired.append, "revived")
    cancelled.cancel()
    revived.cancel()
    revived.move(now + 0.02)
    run(loop, 0.03)
    assert fired == ["revived"]
    assert cancelled.cancelled()


def test_timer_at_rest_fires_when_it_is_moved(loop: Reactor) -> None:
    fired: list[str] = []
    timer = loop.timer(fired.append, "fired")
    assert timer.when is None
    timer.move(loop.time())
    run(loop, 0.01)
    assert fired == ["fired"]


def test_timer_cancelled_by_another_of_the_same_moment_does_not_fire(loop: Reactor) -> None:
    fired: list[str] = []
    due = loop.time() + 0.01
    canceller = loop.timer(lambda: cancelled.cancel())  # noqa: PLW0108 - it does not exist yet
    canceller.move(due)
    cancelled = loop.call_at(due, fired.append, "cancelled")
    run(loop, 0.02)
    assert fired == []


def test_timer_moved_by_another_of_the_same_moment_fires_once_later(loop: Reactor) -> None:
    fired: list[float] = []
    start = loop.time()
    timers: list[Timer] = []
    loop.call_at(start + 0.01, lambda: timers[0].move(start + 0.02))
    timers.append(loop.call_at(start + 0.01, lambda: fired.append(loop.time() - start)))
    run(loop, 0.04)
    assert len(fired) == 1
    assert fired[0] >= 0.02 - COALESCE


def test_timer_that_sets_itself_to_the_past_lets_sockets_be_read(
    loop: Reactor, pair: tuple[socket.socket, socket.socket]
) -> None:
    timer = loop.timer(lambda: timer.move(0.0))
    timer.move(0.0)
    pair[0].send(b"advert")
    loop.add_reader(pair[1], loop.stop)
    loop.run_forever()
    assert pair[1].recv(16) == b"advert"


def test_so_many_late_timers_fire_in_one_iteration_and_the_others_in_order_in_the_next(loop: Reactor) -> None:
    fired: list[int] = []
    late = loop.time() - 1.0
    for number in range(module.FIRE_AT_ONCE + 10):
        loop.call_at(late + number * 1e-6, fired.append, number)
    iterate(loop)
    assert fired == list(range(module.FIRE_AT_ONCE))
    iterate(loop)
    assert fired == list(range(module.FIRE_AT_ONCE + 10))


def test_many_cancelled_timers_leave_the_queue(loop: Reactor) -> None:
    for _ in range(10 * module.COMPACT_ABOVE):
        loop.call_later(100, list).cancel()
    kept = loop.call_later(100, list)
    iterate(loop)
    assert [entry[2] for entry in loop._heap] == [kept]


def test_compacted_timer_that_was_cancelled_fires_after_a_move(loop: Reactor) -> None:
    fired: list[str] = []
    timer = loop.call_later(100, fired.append, "fired")
    timer.cancel()
    for _ in range(module.COMPACT_ABOVE):
        loop.call_later(100, list).cancel()
    iterate(loop)
    timer.move(loop.time() + 0.01)
    run(loop, 0.02)
    assert fired == ["fired"]


def test_sockets_are_read_before_deadlines_fire_after_oversleeping(
    loop: Reactor, pair: tuple[socket.socket, socket.socket]
) -> None:
    order: list[str] = []

    def read() -> None:
        order.append(pair[1].recv(16).decode())

    loop.add_reader(pair[1], read)
    loop.call_later(0.005, steps(partial(order.append, "deadline"), loop.stop))
    for text in (b"one", b"two", b"three"):
        pair[0].send(text)
    time.sleep(0.01)
    loop.run_forever()
    assert order == ["one", "two", "three", "deadline"]


@pytest.mark.parametrize(
    ("reading_takes", "limit", "expected"), [(0.0, 60.0, module.DRAIN_ROUNDS + 1), (0.002, module.DRAIN_TIME, 2)]
)
def test_flood_on_a_socket_holds_deadlines_back_for_a_bounded_time(
    loop: Reactor,
    pair: tuple[socket.socket, socket.socket],
    monkeypatch: pytest.MonkeyPatch,
    reading_takes: float,
    limit: float,
    expected: int,
) -> None:
    monkeypatch.setattr(module, "DRAIN_TIME", limit)
    reads = 0

    def read() -> None:
        nonlocal reads
        reads += 1
        pair[1].recv(16)
        pair[0].send(b"again")
        time.sleep(reading_takes)

    loop.add_reader(pair[1], read)
    pair[0].send(b"first")
    loop.call_at(loop.time(), loop.stop)
    loop.run_forever()
    assert reads == expected


def test_timer_descriptor_is_set_only_when_the_earliest_deadline_changes(
    loop: Reactor, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments: list[float | None] = []
    descriptor_set = loop._timer.set

    class Spy:
        def set(self, when: float | None) -> None:
            moments.append(when)
            descriptor_set(when)

        def fileno(self) -> int:
            return -1

        def close(self) -> None:
            """Leave the real one to the fixture."""

    real = loop._timer
    monkeypatch.setattr(loop, "_timer", Spy())
    far = loop.time() + 100
    loop.call_at(far, list)
    for _ in range(3):
        iterate(loop)
    loop.call_at(far + 1, list)
    iterate(loop)
    monkeypatch.setattr(loop, "_timer", real)
    assert moments == [far]


def test_writer_is_called_while_there_is_room_until_it_is_removed(
    loop: Reactor, pair: tuple[socket.socket, socket.socket]
) -> None:
    calls: list[str] = []

    def write() -> None:
        calls.append("write")
        assert loop.remove_writer(pair[0]) is True

    loop.add_writer(pair[0], write)
    run(loop, 0.01)
    assert calls == ["write"]
    assert loop.remove_writer(pair[0]) is False


def test_reader_and_writer_of_one_descriptor_are_independent(
    loop: Reactor, pair: tuple[socket.socket, socket.socket]
) -> None:
    calls: set[str] = set()
    loop.add_reader(pair[0], lambda: calls.add(pair[0].recv(16).decode()))
    loop.add_writer(pair[0], steps(partial(calls.add, "writable"), partial(loop.remove_writer, pair[0])))
    pair[1].send(b"readable")
    run(loop, 0.01)
    assert calls == {"readable", "writable"}
    assert loop.remove_reader(pair[0]) is True


def test_second_reader_of_a_descriptor_replaces_the_first(
    loop: Reactor, pair: tuple[socket.socket, socket.socket]
) -> None:
    calls: list[str] = []
    loop.add_reader(pair[0], calls.append, "first")
    loop.add_reader(pair[0], lambda: calls.append(pair[0].recv(16).decode()))
    pair[1].send(b"second")
    run(loop, 0.01)
    assert calls == ["second"]


def test_reader_removed_by_another_in_the_same_round_is_not_called(loop: Reactor) -> None:
    pairs = [socket.socketpair() for _ in range(2)]
    calls: list[int] = []

    def read(own: int, other: int) -> None:
        calls.append(own)
        loop.remove_reader(pairs[own][0])
        loop.remove_reader(pairs[other][0])

    loop.add_reader(pairs[0][0], read, 0, 1)
    loop.add_reader(pairs[1][0], read, 1, 0)
    for _, sender in pairs:
        sender.send(b"x")
    run(loop, 0.01)
    for one, other in pairs:
        one.close()
        other.close()
    assert len(calls) == 1


def test_reader_is_called_when_the_other_end_hangs_up(loop: Reactor) -> None:
    one, other = socket.socketpair()
    loop.add_reader(one, loop.stop)
    other.close()
    loop.run_forever()
    assert one.recv(1) == b""
    loop.remove_reader(one)
    one.close()


def test_reader_of_a_closed_descriptor_is_refused_and_not_kept(loop: Reactor) -> None:
    one, other = socket.socketpair()
    number = one.fileno()
    one.close()
    other.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        loop.add_reader(number, list)
    assert loop.remove_reader(number) is False


def test_wait_that_is_over_already_ends_in_the_next_iteration_without_epoll(
    loop: Reactor, pair: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[int] = []
    monkeypatch.setattr(loop, "_epoll", Unasked(loop._epoll))
    loop.wait(pair[0].fileno(), select.POLLOUT, heard.append)
    iterate(loop)
    iterate(loop)
    assert heard == [select.POLLOUT]


class Unasked:
    """An epoll that watches nothing new."""

    def __init__(self, real: select.epoll) -> None:
        self.poll, self.close = real.poll, real.close

    def register(self, number: int, events: int) -> None:
        raise AssertionError(f"{number} is watched for {events}")


def test_waits_that_take_longer_end_once_each_however_often_the_descriptor_is_waited_for(
    loop: Reactor, pair: tuple[socket.socket, socket.socket]
) -> None:
    heard: list[tuple[int, bytes]] = []

    def hear(events: int) -> None:
        heard.append((events, pair[0].recv(16)))
        if len(heard) == 1:
            loop.wait(pair[0].fileno(), select.POLLIN, hear)

    loop.wait(pair[0].fileno(), select.POLLIN, hear)
    for delay, text in ((0.01, b"first"), (0.02, b"second"), (0.03, b"nobody waits")):
        loop.call_later(delay, pair[1].send, text)
    run(loop, 0.05)
    assert heard == [(select.POLLIN, b"first"), (select.POLLIN, b"second")]
    assert pair[0].recv(16) == b"nobody waits"


@pytest.mark.parametrize("iterations", [0, 1])
def test_forgotten_wait_does_not_end(loop: Reactor, pair: tuple[socket.socket, socket.socket], iterations: int) -> None:
    heard: list[int] = []
    loop.wait(pair[0].fileno(), select.POLLIN, heard.append)
    for _ in range(iterations):
        iterate(loop)
    loop.forget(pair[0].fileno())
    loop.forget(pair[0].fileno())
    pair[1].send(b"x")
    run(loop, 0.01)
    assert heard == []


@pytest.mark.parametrize("watched", [False, True])
def test_event_of_a_closed_descriptor_is_not_told_to_who_waits_for_its_number_now(loop: Reactor, watched: bool) -> None:
    pairs = [socket.socketpair() for _ in range(2)]
    heard: list[str] = []
    made: list[tuple[socket.socket, socket.socket]] = []

    def replace(own: int, other: int, _events: int) -> None:
        heard.append("first")
        loop.forget(pairs[other][0].fileno())
        number = pairs[other][0].fileno()
        pairs[other][0].close()
        made.append(socket.socketpair())
        assert made[0][0].fileno() == number
        loop.wait(number, select.POLLIN, lambda _events: heard.append("silent"))

    loop.wait(pairs[0][0].fileno(), select.POLLIN, partial(replace, 0, 1))
    loop.wait(pairs[1][0].fileno(), select.POLLIN, partial(replace, 1, 0))
    if watched:
        iterate(loop)
    for _, sender in pairs:
        sender.send(b"x")
    run(loop, 0.02)
    assert heard == ["first"]
    loop.forget(made[0][0].fileno())
    for one, other in pairs + made:
        one.close()
        other.close()


def test_wait_for_a_connection_that_is_refused_says_that_there_is_an_error(loop: Reactor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = closed.getsockname()
    heard: list[int] = []
    with socket.socket() as refused:
        refused.setblocking(False)
        refused.connect_ex(address)
        loop.wait(refused.fileno(), select.POLLOUT, heard.append)
        run(loop, 0.02)
    assert len(heard) == 1
    assert heard[0] & select.POLLERR


def test_callbacks_of_call_soon_run_in_order_and_new_ones_in_the_next_iteration(loop: Reactor) -> None:
    calls: list[str] = []
    loop.call_soon(steps(partial(calls.append, "one"), partial(loop.call_soon, calls.append, "three")))
    loop.call_soon(calls.append, "two")
    iterate(loop)
    assert calls == ["one", "two"]
    iterate(loop)
    assert calls == ["one", "two", "three"]


def test_exception_in_a_callback_leaves_the_loop(loop: Reactor) -> None:
    def fail() -> None:
        raise LookupError("bug")

    loop.call_later(0.001, fail)
    with pytest.raises(LookupError, match="bug"):
        loop.run_forever()


def test_hooks_run_in_order_after_every_iteration_with_the_time(loop: Reactor) -> None:
    calls: list[tuple[str, float]] = []
    loop.after_iteration.append(lambda now: calls.append(("heartbeat", now)))
    loop.after_iteration.append(lambda now: calls.append(("flush", now)))
    before = loop.time()
    iterate(loop)
    assert [name for name, _ in calls] == ["heartbeat", "flush"]
    assert before <= calls[0][1] <= loop.time()


def test_idle_loop_ends_an_iteration_after_its_longest_sleep() -> None:
    loop = Reactor(longest_sleep=0.01)
    before = loop.time()
    loop.run_once()
    slept = loop.time() - before
    loop.close()
    assert 0.009 <= slept < 30


def test_signal_calls_its_handler_in_the_loop_and_wakes_it(loop: Reactor) -> None:
    calls: list[str] = []
    loop.add_signal_handler(signal.SIGUSR1, steps(partial(calls.append, "usr1"), loop.stop))
    os.kill(os.getpid(), signal.SIGUSR1)
    assert calls == []
    loop.run_forever()
    assert calls == ["usr1"]


def test_blocked_signal_is_heard_once_it_has_a_handler(loop: Reactor) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
    # To this thread: whoever runs the tests may have others, which do not block the signal.
    signal.pthread_kill(threading.get_ident(), signal.SIGUSR2)
    loop.add_signal_handler(signal.SIGUSR2, loop.stop)
    loop.run_forever()
    assert signal.SIGUSR2 not in signal.pthread_sigmask(signal.SIG_BLOCK, set())


def test_removed_signal_handler_gives_the_default_action_back(loop: Reactor) -> None:
    loop.add_signal_handler(signal.SIGUSR1, loop.stop)
    assert loop.remove_signal_handler(signal.SIGUSR1) is True
    assert loop.remove_signal_handler(signal.SIGUSR1) is False
    assert signal.getsignal(signal.SIGUSR1) == signal.SIG_DFL


@pytest.mark.parametrize(("program", "expected"), [("exit 7", 7), ("kill -9 $$", -9)])
def test_child_that_ends_is_reaped_with_its_exit_code(loop: Reactor, program: str, expected: int) -> None:
    ended: list[tuple[int, int]] = []
    pid = os.posix_spawn("/bin/sh", ["sh", "-c", program], {})

    def note(number: int, code: int) -> None:
        ended.append((number, code))
        loop.stop()

    loop.watch_child(pid, note)
    loop.run_forever()
    assert ended == [(pid, expected)]
    with pytest.raises(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def test_new_loop_after_a_fork_does_not_see_its_parents_descriptors(
    loop: Reactor, pair: tuple[socket.socket, socket.socket]
) -> None:
    loop.add_reader(pair[0], list)
    pair[1].send(b"for the parent")
    pid = os.fork()
    if pid == 0:
        child = Reactor()
        woken: list[str] = []
        child.call_later(0.01, child.stop)
        child.after_iteration.append(lambda _now: woken.append("x"))
        child.run_forever()
        os._exit(len(woken))
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 1
    assert pair[0].recv(32) == b"for the parent"


def test_timer_within_its_slack_fires_with_an_earlier_one(loop: Reactor) -> None:
    fired: list[str] = []
    start = loop.time()
    loop.call_at(start + 0.5, fired.append, "later").slack = 0.495
    loop.call_at(start + 0.01, fired.append, "earlier")
    loop.call_at(start + 0.01, loop.stop)
    loop.run_forever()
    assert fired == ["earlier", "later"]


def test_timer_alone_does_not_use_its_slack(loop: Reactor) -> None:
    fired: list[float] = []
    due = loop.time() + 0.02
    loop.call_at(due, lambda: fired.append(loop.time())).slack = 0.02
    run(loop, 0.05)
    assert len(fired) == 1
    assert fired[0] >= due


def test_deadline_missed_by_more_than_asked_is_reported_before_it_fires(loop: Reactor) -> None:
    events: list[object] = []
    loop.report_lateness(0.05, events.append)
    loop.call_at(loop.time() - 0.2, events.append, "fired")
    iterate(loop)
    assert events[1:] == ["fired"]
    assert isinstance(events[0], float)
    assert 0.2 <= events[0] < 60


def test_deadline_missed_by_less_than_asked_is_not_reported(loop: Reactor) -> None:
    events: list[object] = []
    loop.report_lateness(60.0, events.append)
    loop.call_at(loop.time() - 0.2, events.append, "fired")
    iterate(loop)
    assert events == ["fired"]
