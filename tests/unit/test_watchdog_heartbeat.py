"""Shared memory between a parent and a forked child."""

import os
import signal

from keepalived_py.watchdog.heartbeat import RECORD_SIZE, SharedMemory


def test_what_a_child_stamps_the_parent_reads() -> None:
    memory = SharedMemory(2)
    slots = [memory.slot(0), memory.slot(1)]
    for slot in slots:
        slot.vacate(10.0)
    pid = os.fork()
    if not pid:
        slots[1].beat(12.5)
        slots[1].acknowledge(3)
        slots[1].record[-5:] = b"VI_10"
        os._exit(0)
    os.waitpid(pid, 0)
    assert [(slot.stamp, slot.generation) for slot in slots] == [(10.0, 0), (12.5, 3)]
    assert bytes(slots[1].record[-5:]) == b"VI_10"
    assert bytes(slots[0].record) == bytes(RECORD_SIZE)


def test_vacated_slot_keeps_its_record() -> None:
    slot = SharedMemory(1).slot(0)
    slot.beat(99.0)
    slot.acknowledge(7)
    slot.record[:2] = b"ok"
    slot.vacate(100.0)
    assert (slot.stamp, slot.generation, bytes(slot.record[:2])) == (100.0, 0, b"ok")


def test_stamp_is_whole_at_every_moment() -> None:
    """A parent that read half a stamp would take it for a silence of hours, and end a healthy child."""
    slot = SharedMemory(1).slot(0)
    slot.vacate(1e9)
    pid = os.fork()
    if not pid:
        while True:
            slot.beat(1e9)
            slot.acknowledge(0x0101010101010101)
    try:
        seen = {(slot.stamp, slot.generation) for _ in range(300_000)}
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    assert {stamp for stamp, _ in seen} == {1e9}
    assert {generation for _, generation in seen} <= {0, 0x0101010101010101}
