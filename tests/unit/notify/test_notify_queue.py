from math import inf

from hypothesis import given
from hypothesis import strategies as st

from keepalived_py.config.arguments import Script
from keepalived_py.notify.event import LAST, STATES, Event, Kind, News
from keepalived_py.notify.queue import MOST_LEFT, MOST_WAITING, PATIENCE, ScriptQueue, Task


def task(news: News, program: str = "any") -> Task:
    return Task(Event(Kind.INSTANCE, "VI_1", news, 100, {}), Script(words=(f"/{program}",)), ("x",))


def pair(news: News) -> tuple[Task, Task]:
    """The scripts of one change: the one for its state, then the one for all."""
    return task(news, news.lower()), task(news)


def test_idle_queue_starts_the_first_script_at_once_and_the_second_when_it_has_ended() -> None:
    queue = ScriptQueue()
    first, second = pair(News.MASTER)
    assert queue.add((first, second), 1.0) is first
    assert queue.ended(first, 2.0) is second
    assert queue.ended(second, 3.0) is None
    assert queue.is_idle


def test_states_that_pass_while_a_script_runs_are_skipped_for_the_newest() -> None:
    queue = ScriptQueue()
    first, second = pair(News.MASTER)
    queue.add((first, second), 1.0)
    assert queue.add(pair(News.BACKUP), 1.1) is None
    assert queue.add(pair(News.MASTER), 1.2) is None
    newest = pair(News.BACKUP)
    assert queue.add(newest, 1.3) is None
    assert [event.news for event in queue.skipped] == [News.BACKUP, News.MASTER]
    assert queue.ended(first, 2.0) is second
    assert queue.ended(second, 2.1) is newest[0]
    assert queue.ended(newest[0], 2.2) is newest[1]
    assert queue.ended(newest[1], 2.3) is None


def test_state_that_returns_while_its_own_script_runs_is_told_again() -> None:
    queue = ScriptQueue()
    first, again = task(News.MASTER), task(News.MASTER)
    queue.add((first,), 1.0)
    queue.add((task(News.BACKUP),), 1.1)
    queue.add((again,), 1.2)
    assert queue.ended(first, 2.0) is again


def test_news_of_one_kind_wait_once_and_a_new_state_makes_them_pointless() -> None:
    queue = ScriptQueue()
    first = task(News.MASTER)
    queue.add((first,), 1.0)
    lower = [task(News.MASTER_RX_LOWER_PRI) for _ in range(3)]
    for one in lower:
        queue.add((one,), 1.1)
    assert [event.news for event in queue.skipped] == [News.MASTER_RX_LOWER_PRI] * 2
    backup = task(News.BACKUP)
    queue.add((backup,), 1.2)
    assert queue.ended(first, 2.0) is backup
    assert queue.ended(backup, 2.1) is None


def test_news_behind_a_waiting_state_come_after_it() -> None:
    queue = ScriptQueue()
    first, master, lower = task(News.BACKUP), task(News.MASTER), task(News.MASTER_RX_LOWER_PRI)
    for one in (first, master, lower):
        queue.add((one,), 1.0)
    assert queue.ended(first, 2.0) is master
    assert queue.ended(master, 2.0) is lower


def test_last_state_is_told_although_a_new_instance_of_that_name_begins() -> None:
    queue = ScriptQueue()
    first, deleted, backup = task(News.MASTER), task(News.DELETED), task(News.BACKUP)
    for one in (first, deleted, backup):
        queue.add((one,), 1.0)
    assert queue.ended(first, 2.0) is deleted
    assert queue.ended(deleted, 2.0) is backup
    assert queue.skipped == []


def test_slow_script_is_left_alone_when_nothing_waits() -> None:
    queue = ScriptQueue()
    queue.add((task(News.MASTER),), 1.0)
    assert queue.deadline_at == inf
    assert queue.overdue(1e9) == (None, None)


def test_hanging_script_holds_up_the_newest_state_for_its_patience_only() -> None:
    queue = ScriptQueue()
    hanging, rest = pair(News.MASTER)
    queue.add((hanging, rest), 1.0)
    backup = task(News.BACKUP)
    queue.add((backup,), 5.0)
    assert queue.deadline_at == 1.0 + PATIENCE
    assert queue.overdue(PATIENCE) == (None, None)
    assert queue.overdue(1.0 + PATIENCE) == (backup, None)
    assert queue.ended(hanging, 100.0) is None
    assert queue.running is backup
    assert queue.ended(backup, 101.0) is None
    assert queue.is_idle


def test_only_so_many_hanging_scripts_are_left_alone() -> None:
    queue = ScriptQueue()
    tasks = [task(News.MASTER if index % 2 else News.BACKUP) for index in range(MOST_LEFT + 2)]
    queue.add((tasks[0],), 0.0)
    ended = []
    for one in tasks[1:]:
        queue.add((one,), queue.deadline_at if queue.deadline_at != inf else 0.0)
        started, too_many = queue.overdue(queue.deadline_at)
        assert started is one
        ended.append(too_many)
    assert ended == [None] * MOST_LEFT + [tasks[0]]


def test_hurry_gives_everything_that_was_not_started_in_order() -> None:
    queue = ScriptQueue()
    first, second = pair(News.MASTER)
    stop = pair(News.STOP)
    queue.add((first, second), 1.0)
    queue.add(stop, 2.0)
    assert queue.hurry() == [second, *stop]
    assert queue.hurry() == []
    assert queue.ended(first, 3.0) is None


STEPS = st.lists(st.one_of(st.sampled_from(list(News)), st.sampled_from(["ended", "wait"])), max_size=120)


@given(STEPS)
def test_any_history_runs_one_at_a_time_in_order_and_ends_with_the_newest_state(steps: list[News | str]) -> None:
    queue, now = ScriptQueue(), 0.0
    added: list[Task] = []
    started: list[Task] = []
    left: set[int] = set()

    def note(one: Task | None) -> None:
        if one is not None:
            started.append(one)

    for step in steps:
        now += 1.0
        if step == "ended" and queue.running is not None:
            note(queue.ended(queue.running, now))
        elif step == "wait":
            now += PATIENCE
            running = queue.running
            one, _ = queue.overdue(now)
            if one is not None and running is not None:
                left.add(id(running))
            note(one)
        elif isinstance(step, News):
            made = task(step)
            added.append(made)
            note(queue.add((made,), now))
    assert len(queue._waiting) <= MOST_WAITING
    while queue.running is not None:
        note(queue.ended(queue.running, now))
    order = {id(one): index for index, one in enumerate(added)}
    assert [order[id(one)] for one in started] == sorted({order[id(one)] for one in started}), "in order, none twice"
    states = [one for one in added if one.event.news in STATES]
    if states:
        assert states[-1] in started, "the newest state is told"
    finals = [one for one in added if one.event.news in LAST]
    if len(finals) <= MOST_WAITING:
        assert all(one in started for one in finals)
    assert len(started) + len(queue.skipped) == len(added)
