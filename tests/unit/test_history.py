"""The ring of what happened: whatever moment a writer is killed in, the reader finds whole records only."""

from hypothesis import given
from hypothesis import strategies as st

from keepalived_py.observability.history import SLOT_SIZE, History, Record, decoded, encoded

TEXT = st.text(max_size=300)
FLOAT = st.floats(allow_nan=False)
PRIORITY = st.integers(-(2**31), 2**31 - 1)
RECORDS = st.builds(
    Record, *[TEXT] * 8, FLOAT, FLOAT, PRIORITY, PRIORITY, FLOAT, FLOAT, FLOAT, st.integers(1, 2**64 - 1)
)


def record(cause: str) -> Record:
    return Record("transition", "VI_1", "BACKUP", "MASTER", "no advert heard", "10.0.0.2", "10.0.0.2", cause, 7.5, 1e9)


def ring(slots: int) -> memoryview:
    return memoryview(bytearray(slots * SLOT_SIZE))


def causes(memory: memoryview) -> list[tuple[int, str]]:
    return [(one.number, one.cause) for one in History(memory).newest()]


@given(RECORDS)
def test_record_of_any_texts_fits_its_slot_and_comes_back_with_its_numbers(given_record: Record) -> None:
    data = encoded(given_record)
    assert len(data) <= SLOT_SIZE
    found = decoded(data.ljust(SLOT_SIZE, b"\0"))
    assert found is not None
    assert found[8:] == given_record[8:]
    for text, original in zip(found.texts, given_record.texts, strict=True):
        assert original.startswith(text)


def test_short_record_comes_back_as_it_was() -> None:
    assert decoded(encoded(record("silence")._replace(number=3))) == record("silence")._replace(number=3)


def test_ring_keeps_the_newest_records_in_their_order() -> None:
    memory = ring(4)
    history = History(memory)
    assert [history.append(record(f"cause {index}")) for index in range(1, 7)] == [1, 2, 3, 4, 5, 6]
    assert causes(memory) == [(3, "cause 3"), (4, "cause 4"), (5, "cause 5"), (6, "cause 6")]
    assert [one.number for one in history.newest(2)] == [5, 6]
    assert list(history.newest(0)) == []


def test_next_process_goes_on_with_the_numbers() -> None:
    memory = ring(4)
    for index in range(1, 7):
        assert History(memory).append(record(f"cause {index}")) == index


@given(before=st.integers(0, 9), written=st.integers(0, SLOT_SIZE), length=st.integers(0, 180))
def test_writer_killed_at_any_octet_costs_at_most_the_oldest_record(before: int, written: int, length: int) -> None:
    memory = ring(4)
    history = History(memory)
    for index in range(1, before + 1):
        history.append(record(f"cause {index}"))
    whole = causes(memory)
    number = before + 1
    data = encoded(record("x" * length)._replace(number=number))
    offset = before % 4 * SLOT_SIZE
    memory[offset : offset + min(written, len(data))] = data[:written]
    found = causes(memory)
    oldest = [one for one in whole if one[0] == number - 4]
    assert found in (
        whole,
        [one for one in whole if one not in oldest],
        [one for one in whole if one not in oldest] + [(number, "x" * length)],
    )
    assert History(memory).append(record("next")) in (number, number + 1)
    assert causes(memory)[-1][1] == "next"


@given(st.binary(min_size=2 * SLOT_SIZE, max_size=2 * SLOT_SIZE))
def test_any_memory_is_read_without_an_exception(data: bytes) -> None:
    history = History(memoryview(bytearray(data)))
    assert len(list(history.newest())) <= 2
    assert history.append(record("next")) == history.last_number


@given(position=st.integers(0, SLOT_SIZE - 1), bit=st.integers(0, 7))
def test_damaged_record_is_left_out(position: int, bit: int) -> None:
    memory = ring(2)
    History(memory).append(record("first"))
    History(memory).append(record("second"))
    memory[position] ^= 1 << bit
    assert causes(memory)[-1] == (2, "second")
    assert len(encoded(record("first"))) <= position or len(causes(memory)) == 1


def test_unwritten_memory_is_not_touched() -> None:
    history = History(ring(256))
    assert (history.capacity, history.last_number, list(history.newest())) == (256, 0, [])
