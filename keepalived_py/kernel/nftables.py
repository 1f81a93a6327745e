"""Removing nftables tables (linux/netfilter/nfnetlink.h, nf_tables.h): what must work at the end without a program."""

from __future__ import annotations

import errno
import struct
from functools import partial
from typing import TYPE_CHECKING

from keepalived_py.errors import NetlinkError
from keepalived_py.kernel.message import NLM_F_ACK, Slice, attribute, message
from keepalived_py.kernel.netlink import NetlinkSocket

if TYPE_CHECKING:
    from collections.abc import Callable

NETLINK_NETFILTER = 12
NFPROTO_IPV4 = 2
NFPROTO_IPV6 = 10
_NFNL_MSG_BATCH_BEGIN = 0x10
_NFNL_MSG_BATCH_END = 0x11
_NFNL_SUBSYS_NFTABLES = 10
_NFT_MSG_GETTABLE = 1
_NFT_MSG_DELTABLE = 2
_NFT_MSG_GETCHAIN = 4
_NFTA_TABLE_NAME = 1
_NFTA_CHAIN_TABLE = 1
_NFTA_CHAIN_NAME = 3
_GENERIC = struct.Struct("=BB")
"""struct nfgenmsg: family, version; then the resource in network byte order."""
_ABSENT = frozenset({errno.ENOENT, errno.EOPNOTSUPP, errno.EAFNOSUPPORT, errno.EINVAL, errno.EPROTONOSUPPORT})
"""There is no such table, or this kernel has no tables at all."""


def removal(family: int, table: str, sequence: int) -> bytes:
    """Return the transaction that deletes a table with everything in it.

    Args:
        family: NFPROTO_*.
        table: its name.
        sequence: of every message: a refusal may name the first one instead of the one that asks.
    """
    kind = _NFNL_SUBSYS_NFTABLES << 8 | _NFT_MSG_DELTABLE
    name = _text(_NFTA_TABLE_NAME, table)
    bracket = _generic(0, _NFNL_SUBSYS_NFTABLES)
    return (
        message(_NFNL_MSG_BATCH_BEGIN, 0, bracket, sequence)
        + message(kind, NLM_F_ACK, _generic(family, 0) + name, sequence)
        + message(_NFNL_MSG_BATCH_END, 0, bracket, sequence)
    )


def table_question(family: int, table: str, sequence: int) -> bytes:
    """Return the request for one table; the answer is the table and an acknowledgement, or ENOENT."""
    kind = _NFNL_SUBSYS_NFTABLES << 8 | _NFT_MSG_GETTABLE
    return message(kind, NLM_F_ACK, _generic(family, 0) + _text(_NFTA_TABLE_NAME, table), sequence)


def chain_question(family: int, table: str, chain: str, sequence: int) -> bytes:
    """Return the request for one chain of a table; answered like `table_question`."""
    kind = _NFNL_SUBSYS_NFTABLES << 8 | _NFT_MSG_GETCHAIN
    names = _text(_NFTA_CHAIN_TABLE, table) + _text(_NFTA_CHAIN_NAME, chain)
    return message(kind, NLM_F_ACK, _generic(family, 0) + names, sequence)


def _text(kind: int, text: str) -> bytes:
    return attribute(kind, text.encode() + b"\0")


def _generic(family: int, resource: int) -> bytes:
    return _GENERIC.pack(family, 0) + resource.to_bytes(2)


def find_tables(table: str, owner: str) -> dict[int, bool]:
    """Return the families that have a table of this name, and whether it is ours: has the chain called `owner`.

    Raises:
        NetlinkError: the kernel refuses (EPERM).
    """
    return _with_socket(lambda socket: _find(socket, table, owner))


def remove_tables(table: str, owner: str) -> dict[int, bool]:
    """Delete the tables of this name that are ours; return what `find_tables` found before.

    Raises:
        NetlinkError: the kernel refuses (EPERM, EBUSY).
    """
    return _with_socket(lambda socket: _remove(socket, table, owner))


def _with_socket(work: Callable[[NetlinkSocket], dict[int, bool]]) -> dict[int, bool]:
    try:
        socket = NetlinkSocket(NETLINK_NETFILTER)
    except OSError as problem:
        if problem.errno in _ABSENT:
            return {}
        raise NetlinkError(problem.errno or 0, f"nfnetlink: {problem.strerror}") from problem
    try:
        return work(socket)
    finally:
        socket.close()


def _find(socket: NetlinkSocket, table: str, owner: str) -> dict[int, bool]:
    return {
        family: _do(socket, partial(chain_question, family, table, owner))
        for family in (NFPROTO_IPV4, NFPROTO_IPV6)
        if _do(socket, partial(table_question, family, table))
    }


def _remove(socket: NetlinkSocket, table: str, owner: str) -> dict[int, bool]:
    """Delete tables that are there: asking first takes microseconds, a transaction in vain many milliseconds."""
    found = _find(socket, table, owner)
    for family in (family for family, ours in found.items() if ours):
        _do(socket, partial(removal, family, table))
    return found


def _do(socket: NetlinkSocket, request: Callable[[int], bytes]) -> bool:
    """Send a request that is made with its sequence number; return whether it was granted."""
    sequence = socket.reserve(1)
    socket.send(Slice(request(sequence), 0, 1, sequence))
    refusals = socket.collect()
    for refusal in refusals:
        if refusal.errno not in _ABSENT:
            raise refusal
    return not refusals
