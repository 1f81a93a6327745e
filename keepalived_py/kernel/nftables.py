"""Removing nftables tables (linux/netfilter/nfnetlink.h, nf_tables.h): what must work at the end without a program."""

from __future__ import annotations

import errno
import struct
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
_NFTA_TABLE_NAME = 1
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
    name = attribute(_NFTA_TABLE_NAME, table.encode() + b"\0")
    bracket = _generic(0, _NFNL_SUBSYS_NFTABLES)
    return (
        message(_NFNL_MSG_BATCH_BEGIN, 0, bracket, sequence)
        + message(kind, NLM_F_ACK, _generic(family, 0) + name, sequence)
        + message(_NFNL_MSG_BATCH_END, 0, bracket, sequence)
    )


def question(family: int, table: str, sequence: int) -> bytes:
    """Return the request for one table; the answer is the table and an acknowledgement, or ENOENT."""
    kind = _NFNL_SUBSYS_NFTABLES << 8 | _NFT_MSG_GETTABLE
    name = attribute(_NFTA_TABLE_NAME, table.encode() + b"\0")
    return message(kind, NLM_F_ACK, _generic(family, 0) + name, sequence)


def _generic(family: int, resource: int) -> bytes:
    return _GENERIC.pack(family, 0) + resource.to_bytes(2)


def remove_tables(table: str) -> list[int]:
    """Delete the IPv4 and IPv6 tables of this name; return the families that had one.

    Raises:
        NetlinkError: the kernel refuses (EPERM, EBUSY).
    """
    try:
        socket = NetlinkSocket(NETLINK_NETFILTER)
    except OSError as problem:
        if problem.errno in _ABSENT:
            return []
        raise NetlinkError(problem.errno or 0, f"nfnetlink: {problem.strerror}") from problem
    try:
        return [family for family in (NFPROTO_IPV4, NFPROTO_IPV6) if _remove(socket, family, table)]
    finally:
        socket.close()


def _remove(socket: NetlinkSocket, family: int, table: str) -> bool:
    """Delete a table if it is there: asking first takes microseconds, a transaction in vain many milliseconds."""
    return _do(socket, question, family, table) and _do(socket, removal, family, table)


def _do(socket: NetlinkSocket, request: Callable[[int, str, int], bytes], family: int, table: str) -> bool:
    sequence = socket.reserve(1)
    socket.send(Slice(request(family, table, sequence), 0, 1, sequence))
    refusals = socket.collect()
    for refusal in refusals:
        if refusal.errno not in _ABSENT:
            raise refusal
    return not refusals
