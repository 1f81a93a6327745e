"""A netlink socket: prebuilt batches out, answers and dumps in.

The kernel acts on rtnetlink requests inside `send`: when it returns, every message of the slice has been
carried out and the answers wait in the receive buffer. So nothing here waits for the kernel in the ordinary case,
and what little waiting remains is bounded.
"""

from __future__ import annotations

import errno
import os
import select
import socket
import time
from typing import TYPE_CHECKING

from keepalived_py.errors import NetlinkError
from keepalived_py.kernel.message import (
    NLM_F_DUMP_INTR,
    NLMSG_DONE,
    NLMSG_ERROR,
    NLMSG_NOOP,
    SEQUENCE_MASK,
    Batch,
    Message,
    Slice,
    batch,
    error_number,
    explanation,
    split,
)
from keepalived_py.kernel.socket_options import ReceiveBuffer, attach_filter, set_buffers

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from keepalived_py.kernel.socket_options import BpfInstruction

NETLINK_ROUTE = 0
SOL_NETLINK = 270
NETLINK_CAP_ACK = 10
NETLINK_EXT_ACK = 11

RECEIVE_BUFFER = 4 * 1024 * 1024
"""Bytes asked for: each answer occupies about 1 kB of it, so some thousands of refusals fit."""
SEND_BUFFER = 1024 * 1024
"""Bytes asked for: a slice must fit as a whole."""
DATAGRAM = 64 * 1024
"""Bytes of the longest datagram that is read whole; the kernel sends dumps in at most 32 kB."""
SLICE_SIZE = 256
"""Messages sent in one system call unless told otherwise: a few milliseconds in which no advert can leave."""
ANSWER_TIMEOUT = 1.0
"""Seconds to wait for an answer that should be there already."""
FORGET_LIMIT = 10_000
"""Datagrams thrown away after an overrun at most: more than the receive buffer can hold."""
DUMP_ATTEMPTS = 10
"""How often a dump is repeated that changes interrupted."""


class OverrunError(NetlinkError):
    """The receive buffer overflowed (ENOBUFS): answers or events were lost, state must be read again."""

    def __init__(self) -> None:
        super().__init__(errno.ENOBUFS, "netlink receive buffer overrun: messages were lost")


class NetlinkSocket:
    """One non-blocking netlink socket; make a new one after a fork.

    Args:
        protocol: NETLINK_ROUTE, socket.NETLINK_GENERIC and so on.
        groups: bits of the multicast groups to hear (RTMGRP_*).
        instructions: BPF program that chooses among the messages; empty for all.
    """

    def __init__(
        self, protocol: int = NETLINK_ROUTE, groups: int = 0, instructions: Sequence[BpfInstruction] = ()
    ) -> None:
        kind = socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
        self._socket = socket.socket(socket.AF_NETLINK, kind, protocol)
        set_buffers(self._socket, RECEIVE_BUFFER, SEND_BUFFER)
        for option in (NETLINK_CAP_ACK, NETLINK_EXT_ACK):
            _set_if_known(self._socket, option)
        if instructions:
            attach_filter(self._socket, instructions)
        self._socket.bind((0, groups))
        self._view = memoryview(bytearray(DATAGRAM))
        self._sequence = 1
        self._awaited: int | None = None

    def fileno(self) -> int:
        """Return the file descriptor."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def set_receive_buffer(self, buffer: ReceiveBuffer) -> None:
        """Keep as much for us as is configured: what does not fit is an OverrunError."""
        buffer.apply(self._socket, RECEIVE_BUFFER)

    def reserve(self, count: int) -> int:
        """Return the first of `count` sequence numbers that nothing else on this socket will use."""
        first = self._sequence
        self._sequence = (first + count) & SEQUENCE_MASK
        return first

    def prepare(self, messages: Sequence[bytes], slice_size: int = SLICE_SIZE) -> Batch:
        """Number `messages` for this socket; the batch may be sent any number of times."""
        return batch(messages, self.reserve(len(messages)), slice_size)

    def send(self, part: Slice) -> None:
        """Have the kernel carry out one slice; `collect` tells what it refused. A refusal stops nothing.

        Raises:
            NetlinkError: the slice as a whole was not accepted (EMSGSIZE, EPERM).
        """
        try:
            self._socket.send(part.data)
        except OSError as problem:
            raise _error(problem) from problem
        self._awaited = part.last_sequence

    def collect(self, tolerated: Collection[int] = ()) -> list[NetlinkError]:
        """Return what the kernel refused of all slices sent since the last call, but for errnos in `tolerated`.

        Raises:
            OverrunError: answers were lost; which requests succeeded must be found out by a dump.
            NetlinkError: no answer came within a second (ETIMEDOUT).
        """
        errors: list[NetlinkError] = []
        give_up_at = time.monotonic() + ANSWER_TIMEOUT
        while self._awaited is not None:
            self._sort(self._await_datagram(give_up_at), tolerated, errors)
        while (datagram := self.receive()) is not None:  # of a batch with the same numbers, or abandoned
            self._sort(datagram, tolerated, errors)
        return errors

    def _sort(self, datagram: bytes, tolerated: Collection[int], errors: list[NetlinkError]) -> None:
        """Add the refusals in a datagram of answers to `errors`; note whether the awaited answer is among them."""
        for answer in split(datagram):
            if answer.kind != NLMSG_ERROR:
                continue
            number = error_number(datagram, answer)
            if number and number not in tolerated:
                errors.append(_refusal(datagram, number, answer))
            if answer.sequence == self._awaited:
                self._awaited = None

    def execute(self, messages: Sequence[bytes], tolerated: Collection[int] = ()) -> list[NetlinkError]:
        """Have the kernel carry out `messages` and return what it refused; for where time does not matter.

        `Batch.index` does not apply here: the sequence numbers of the errors count from 0 in `messages`.
        Raises as `send` and `collect` do.
        """
        prepared = self.prepare(messages)
        errors: list[NetlinkError] = []
        for part in prepared.slices:
            self.send(part)
            errors += self.collect(tolerated)
        for error in errors:
            error.sequence = prepared.index(error)
        return errors

    def ask(self, request: bytes, take: Callable[[Message, bytes], object]) -> None:
        """Send a request that has one answer besides its acknowledgement, and call `take(message, buffer)` for it.

        Raises:
            OverrunError: the answer was lost.
            NetlinkError: refused (ENODEV for an interface that is not there), or no answer within a second.
        """
        part = self.prepare([request]).slices[0]
        self.send(part)
        give_up_at = time.monotonic() + ANSWER_TIMEOUT
        while self._awaited is not None:
            datagram = self._await_datagram(give_up_at)
            errors: list[NetlinkError] = []
            self._sort(datagram, (), errors)
            for answer in split(datagram):
                if answer.kind != NLMSG_ERROR and answer.sequence == part.last_sequence:
                    take(answer, datagram)
            for error in errors:
                raise error

    def dump(self, request: bytes, take: Callable[[Message, bytes], object]) -> None:
        """Send a dump request and call `take(message, buffer)` for each answer.

        When the tables change while they are read, the kernel says so and the dump starts again: `take` sees
        some answers twice then, so it must not mind.

        Raises:
            OverrunError: answers were lost.
            NetlinkError: refused, interrupted ten times (EINTR), or no answer within a second (ETIMEDOUT).
        """
        for _ in range(DUMP_ATTEMPTS):
            if self._dump_once(request, take):
                return
        raise NetlinkError(errno.EINTR, "netlink dump was interrupted by changes again and again")

    def _dump_once(self, request: bytes, take: Callable[[Message, bytes], object]) -> bool:
        """Return whether the dump is consistent."""
        consistent = False
        for consistent in self.parts_of_dump(request, take):  # noqa: B007 - the last one is what counts
            pass
        return consistent

    def parts_of_dump(self, request: bytes, take: Callable[[Message, bytes], object]) -> Iterator[bool]:
        """Send a dump request and take one datagram of its answer each time; nothing else may use the socket meanwhile.

        Yields whether the tables have not changed so far. Raises as `dump` does.
        """
        part = self.prepare([request]).slices[0]
        try:
            # A dump ends with NLMSG_DONE; NLM_F_ACK, which a slice's last message has, adds nothing to it.
            self._socket.send(part.data)
        except OSError as problem:
            raise _error(problem) from problem
        consistent = True
        while True:
            datagram = self._await_datagram(time.monotonic() + ANSWER_TIMEOUT)
            for answer in split(datagram):
                if answer.sequence != part.last_sequence:
                    continue
                consistent = consistent and not answer.flags & NLM_F_DUMP_INTR
                if answer.kind in (NLMSG_ERROR, NLMSG_DONE):
                    number = error_number(datagram, answer)
                    if number:
                        raise _refusal(datagram, number, answer)
                    if answer.kind == NLMSG_DONE:
                        yield consistent
                        return
                elif answer.kind != NLMSG_NOOP:
                    take(answer, datagram)
            yield consistent

    def receive(self) -> bytes | None:
        """Return the next datagram from the kernel; None when there is none now.

        Raises:
            OverrunError: messages were lost; the socket is usable all the same.
            NetlinkError: any other failure.
        """
        while True:
            try:
                length, (port, _) = self._socket.recvfrom_into(self._view, 0, socket.MSG_TRUNC)
            except BlockingIOError:
                return None
            except OSError as problem:
                raise _error(problem) from problem
            if port:
                continue  # a process, not the kernel
            if length > DATAGRAM:
                raise OverrunError
            return bytes(self._view[:length])

    def _await_datagram(self, give_up_at: float) -> bytes:
        """Return the next datagram, waiting for it if need be."""
        while True:
            try:
                received = self.receive()
            except OverrunError:
                self._forget()
                raise
            if received is not None:
                return received
            wait = give_up_at - time.monotonic()
            if wait <= 0:
                self._forget()
                raise NetlinkError(errno.ETIMEDOUT, "the kernel did not answer a netlink request")
            poll = select.poll()
            poll.register(self._socket, select.POLLIN)
            poll.poll(wait * 1000)

    def _forget(self) -> None:
        """Throw away what is left of answers that cannot be told complete any more."""
        self._awaited = None
        for _ in range(FORGET_LIMIT):
            try:
                if self.receive() is None:
                    return
            except OverrunError:
                continue


def _set_if_known(connection: socket.socket, option: int) -> None:
    try:
        connection.setsockopt(SOL_NETLINK, option, 1)
    except OSError as problem:
        if problem.errno != errno.ENOPROTOOPT:  # an older kernel: answers are longer, or have no words
            raise


def _refusal(datagram: bytes, number: int, answer: Message) -> NetlinkError:
    return NetlinkError(number, explanation(datagram, answer) or os.strerror(number), answer.sequence)


def _error(problem: OSError) -> NetlinkError:
    number = problem.errno or errno.EIO
    return OverrunError() if number == errno.ENOBUFS else NetlinkError(number, os.strerror(number))
