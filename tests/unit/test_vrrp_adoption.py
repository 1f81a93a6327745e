import pytest

from keepalived_py.vrrp.adoption import AdoptionRecord, Legacy


def memory(size: int = 4096) -> memoryview:
    return memoryview(bytearray(size))


def test_fresh_memory_holds_no_masters() -> None:
    assert AdoptionRecord(memory()).masters() == {}


def test_master_is_found_by_the_next_child() -> None:
    shared = memory()
    record = AdoptionRecord(shared)
    record.start(["VI_1", "VI_2"])
    record.sent_advert("VI_2", 10.0, 6, 150)
    record.sent_advert("VI_2", 12.5, 7, 150)
    assert AdoptionRecord(shared).masters() == {AdoptionRecord.key("VI_2"): Legacy(12.5, 7, 150)}


def test_instance_that_left_master_is_forgotten() -> None:
    shared = memory()
    record = AdoptionRecord(shared)
    record.start(["VI_1"])
    record.sent_advert("VI_1", 10.0, 0, 150)
    record.left_master("VI_1")
    assert AdoptionRecord(shared).masters() == {}


def test_start_forgets_the_earlier_child() -> None:
    shared = memory()
    record = AdoptionRecord(shared)
    record.start(["VI_1"])
    record.sent_advert("VI_1", 10.0, 0, 150)
    AdoptionRecord(shared).start(["VI_1"])
    assert AdoptionRecord(shared).masters() == {}


def test_instances_beyond_the_capacity_are_ignored() -> None:
    shared = memory(8 + 36)
    record = AdoptionRecord(shared)
    record.start(["VI_1", "VI_2"])
    record.sent_advert("VI_2", 1.0, 0, 150)
    record.sent_advert("VI_1", 2.0, 0, 150)
    assert list(AdoptionRecord(shared).masters()) == [AdoptionRecord.key("VI_1")]


@pytest.mark.parametrize("garbage", [b"\xff" * 512, b"\x50\x56\x41\x4b" + b"\xff" * 508])
def test_garbage_is_no_exception(garbage: bytes) -> None:
    assert isinstance(AdoptionRecord(memoryview(bytearray(garbage))).masters(), dict)


def test_names_that_begin_alike_have_keys_of_their_own() -> None:
    assert AdoptionRecord.key("production-frontend-1") != AdoptionRecord.key("production-frontend-2")
