"""Requests of nf_tables against octets written by hand from linux/netfilter/nfnetlink.h and nf_tables.h."""

import sys

import pytest

from keepalived_py.errors import NetlinkError
from keepalived_py.kernel import nftables


def header(length: int, kind: int, flags: int, sequence: int) -> bytes:
    order = sys.byteorder
    return (
        length.to_bytes(4, order)
        + kind.to_bytes(2, order)
        + flags.to_bytes(2, order)
        + sequence.to_bytes(4, order)
        + bytes(4)
    )


NAME = (9).to_bytes(2, sys.byteorder) + (1).to_bytes(2, sys.byteorder) + b"mine\0" + bytes(3)


def test_removal_is_a_transaction_of_one_deletion() -> None:
    assert nftables.removal(nftables.NFPROTO_IPV6, "mine", 7) == (
        header(20, 0x10, 1, 7) + bytes((0, 0, 0, 10))
        + header(32, 0x0A02, 5, 7) + bytes((10, 0, 0, 0)) + NAME
        + header(20, 0x11, 1, 7) + bytes((0, 0, 0, 10))
    )  # fmt: skip


def test_questions_ask_for_one_table_and_for_one_chain_of_it() -> None:
    order = sys.byteorder
    chain = (8).to_bytes(2, order) + (3).to_bytes(2, order) + b"own\0"
    assert nftables.chain_question(nftables.NFPROTO_IPV4, "mine", "own", 7) == (
        header(40, 0x0A04, 5, 7) + bytes((2, 0, 0, 0)) + NAME + chain
    )
    assert nftables.table_question(nftables.NFPROTO_IPV4, "mine", 7) == (
        header(32, 0x0A01, 5, 7) + bytes((2, 0, 0, 0)) + NAME
    )


class Answering:
    """A netlink socket that refuses as it is told."""

    def __init__(self, refusals: list[int]) -> None:
        self.refusals = refusals
        self.closed = False

    def reserve(self, count: int) -> int:
        return count

    def send(self, part: object) -> None:
        del part

    def collect(self) -> list[NetlinkError]:
        number = self.refusals.pop(0)
        return [NetlinkError(number, "refused")] if number else []

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    ("refusals", "found"),
    [
        ([2, 2], {}),
        ([0, 0, 2, 0], {2: True}),
        ([2, 0, 0, 0], {10: True}),
        ([0, 0, 0, 0, 0, 0], {2: True, 10: True}),
        ([0, 2, 0, 0, 0], {2: False, 10: True}),
        ([0, 2, 0, 2], {2: False, 10: False}),
        ([95, 97], {}),
    ],
)
def test_tables_that_are_there_and_ours_are_removed(
    monkeypatch: pytest.MonkeyPatch, refusals: list[int], found: dict[int, bool]
) -> None:
    socket = Answering(list(refusals))
    monkeypatch.setattr(nftables, "NetlinkSocket", lambda _protocol: socket)
    assert nftables.remove_tables("mine", "own") == found
    assert socket.refusals == []
    assert socket.closed


def test_refusal_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    socket = Answering([0, 0, 2, 1])
    monkeypatch.setattr(nftables, "NetlinkSocket", lambda _protocol: socket)
    with pytest.raises(NetlinkError) as raised:
        nftables.remove_tables("mine", "own")
    assert raised.value.errno == 1
    assert socket.closed


@pytest.mark.parametrize(("number", "outcome"), [(93, {}), (24, None)])
def test_kernel_without_nfnetlink_has_no_tables(
    monkeypatch: pytest.MonkeyPatch, number: int, outcome: dict[int, bool] | None
) -> None:
    def fail(_protocol: int) -> None:
        raise OSError(number, "no")

    monkeypatch.setattr(nftables, "NetlinkSocket", fail)
    if outcome is None:
        with pytest.raises(NetlinkError):
            nftables.remove_tables("mine", "own")
    else:
        assert nftables.remove_tables("mine", "own") == nftables.find_tables("mine", "own") == outcome
