from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepalived_py.notify.event import Kind, News
from keepalived_py.notify.mail import Alert, compose, vrrp_alert
from keepalived_py.notify.mail_queue import (
    FIRST_PAUSE,
    GATHERING,
    LONGEST_PAUSE,
    LONGEST_WAIT,
    MOST_WAITING,
    MailQueue,
)

NOON = "12:00:00"


@pytest.mark.parametrize(
    ("news", "subject", "body"),
    [
        (News.MASTER, "Entering MASTER state", "=> VRRP Instance is now owning VRRP VIPs <="),
        (News.BACKUP, "Entering BACKUP state", "=> VRRP Instance is no longer owning VRRP VIPs <="),
        (News.FAULT, "Entering FAULT state", "=> VRRP Instance is no longer owning VRRP VIPs <="),
        (News.STOP, "Stopping", "=> VRRP Instance stopping <="),
        (News.DELETED, "Deleted", "=> VRRP Deleted at reload <="),
    ],
)
def test_mail_of_an_instance_is_worded_as_keepalived_words_it(news: News, subject: str, body: str) -> None:
    alert = vrrp_alert(Kind.INSTANCE, "VI_1", news, "", NOON)
    assert alert is not None
    assert compose([alert], "lb1") == (f"[lb1] VRRP Instance VI_1 - {subject}", f"{body}\n")


@pytest.mark.parametrize(
    ("news", "subject", "body"),
    [
        (News.MASTER, "Entering MASTER state", "=> All VRRP group instances are now in MASTER state <="),
        (News.BACKUP, "Entering BACKUP state", "=> All VRRP group instances are now in BACKUP state <="),
        (News.FAULT, "Entering FAULT state", "=> All VRRP group instances are now in FAULT state <="),
        (News.STOP, "Stopping", "=> All VRRP group instances are now stopping <="),
    ],
)
def test_mail_of_a_group_is_worded_as_keepalived_words_it(news: News, subject: str, body: str) -> None:
    alert = vrrp_alert(Kind.GROUP, "G", news, "", NOON)
    assert alert is not None
    assert compose([alert], "lb1") == (f"[lb1] VRRP Group G - {subject}", f"{body}\n")


def test_cause_follows_in_a_paragraph_of_its_own() -> None:
    alert = vrrp_alert(Kind.INSTANCE, "VI_1", News.STOP, "stopped", NOON)
    assert alert is not None
    assert alert.body == "=> VRRP Instance stopping <=\n\nstopped"


def test_no_mail_tells_of_priorities_and_lower_adverts() -> None:
    news = (News.MASTER_RX_LOWER_PRI, News.MASTER_PRIORITY, News.BACKUP_PRIORITY)
    assert [vrrp_alert(Kind.INSTANCE, "VI_1", each, "", NOON) for each in news] == [None] * 3


def test_several_alerts_are_one_mail_with_the_newest_in_its_subject() -> None:
    alerts = [Alert("one", "=> 1 <=", "12:00:00"), Alert("two", "=> 2 <=", "12:00:01")]
    assert compose(alerts, "lb1", 3) == (
        "[lb1] 2 alerts, the last: two",
        "12:00:00 one\n=> 1 <=\n\n12:00:01 two\n=> 2 <=\n\n3 older alerts could not be sent in time.\n",
    )


def alert(number: int) -> Alert:
    return Alert(f"alert {number}", "", NOON)


def test_alerts_of_a_moment_leave_together() -> None:
    queue = MailQueue()
    assert queue.due_at == inf
    queue.add(alert(1), 10.0)
    queue.add(alert(2), 10.5)
    assert queue.due_at == 10.0 + GATHERING
    assert queue.take(11.0) == [alert(1), alert(2)]
    assert queue.due_at == inf
    queue.sent(12.0)
    assert (queue.due_at, len(queue)) == (inf, 0)


def test_what_comes_while_a_mail_is_on_its_way_is_the_next_mail() -> None:
    queue = MailQueue()
    queue.add(alert(1), 10.0)
    queue.take(11.0)
    queue.add(alert(2), 11.5)
    assert queue.due_at == inf
    queue.sent(20.0)
    assert queue.due_at == 20.0 + GATHERING
    assert queue.take(21.0) == [alert(2)]


def test_failures_are_tried_again_after_longer_and_longer_pauses_with_all_that_came_meanwhile() -> None:
    queue = MailQueue()
    queue.add(alert(1), 0.0)
    now, pauses = 1.0, []
    for _ in range(9):
        queue.take(now)
        pauses.append(queue.failed(now))
        assert queue.due_at == now + pauses[-1]
        now = queue.due_at
    assert pauses == [FIRST_PAUSE * 2**n for n in range(6)] + [LONGEST_PAUSE] * 3
    queue.add(alert(2), now)
    assert queue.take(now) == [alert(1), alert(2)]
    queue.sent(now)
    queue.add(alert(3), now)
    queue.take(now + 1)
    assert queue.failed(now + 1) == FIRST_PAUSE


def test_old_alerts_are_given_up_and_counted() -> None:
    queue = MailQueue()
    queue.add(alert(1), 0.0)
    queue.add(alert(2), LONGEST_WAIT)
    assert queue.take(LONGEST_WAIT + 1.0) == [alert(2)]
    assert queue.take_given_up() == 1
    assert queue.take_given_up() == 0


def test_nothing_is_due_when_every_alert_was_too_old() -> None:
    queue = MailQueue()
    queue.add(alert(1), 0.0)
    assert queue.take(LONGEST_WAIT + 1.0) == []


@given(st.lists(st.sampled_from(["add", "take", "sent", "failed"]), max_size=600))
def test_any_history_keeps_a_bounded_number_in_order(steps: list[str]) -> None:
    queue, number, flying = MailQueue(), 0, False
    for now, step in enumerate(steps):
        if step == "add":
            number += 1
            queue.add(alert(number), float(now))
        elif step == "take" and not flying:
            taken = queue.take(float(now))
            flying = True
            assert taken == sorted(taken, key=lambda one: int(one.subject.split()[1]))
        elif step == "sent" and flying:
            queue.sent(float(now))
            flying = False
        elif step == "failed" and flying:
            queue.failed(float(now))
            flying = False
        assert len(queue) <= 2 * MOST_WAITING
    if len(queue) and not flying:
        assert queue.due_at < inf
