import re

import pytest

from keepalived_py.notify.event import LAST, STATES, Event, Kind, News

CONSUMER = re.compile(r'^(\w+) "([\w-]+)" (\w+) (\d+)$')
"""How VyOS reads a line."""


@pytest.mark.parametrize("news", list(News))
def test_line_is_what_consumers_of_the_pipe_parse(news: News) -> None:
    line = Event(Kind.INSTANCE, "VI-1", news, 254, {}).line.decode()
    found = CONSUMER.match(line)
    assert found is not None
    assert found.groups() == ("INSTANCE", "VI-1", news.value, "254")
    assert line.endswith("\n")
    assert "\0" not in line


def test_line_of_a_group_has_priority_0() -> None:
    assert Event(Kind.GROUP, "G", News.FAULT, 0, {}).line == b'GROUP "G" FAULT 0\n'


def test_words_are_the_four_of_notify() -> None:
    assert Event(Kind.INSTANCE, "VI_1", News.MASTER, 100, {}).words == ("INSTANCE", "VI_1", "MASTER", "100")


def test_bytes_of_a_name_that_are_not_utf_8_come_out_as_they_went_in() -> None:
    name = b"caf\xe9".decode("utf-8", "surrogateescape")
    assert Event(Kind.INSTANCE, name, News.STOP, 1, {}).line == b'INSTANCE "caf\xe9" STOP 1\n'


def test_events_within_a_state_are_no_states() -> None:
    assert set(News) - STATES == {News.MASTER_RX_LOWER_PRI, News.MASTER_PRIORITY, News.BACKUP_PRIORITY}
    assert LAST < STATES
