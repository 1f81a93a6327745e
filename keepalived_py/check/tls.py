"""TLS over a connection that does not block: contexts, handshake, conversation."""

from __future__ import annotations

import contextlib
import ssl
from typing import TYPE_CHECKING, cast

from keepalived_py.check.connect import ConnectError, reason_of
from keepalived_py.check.conversation import PIECE, Conversation
from keepalived_py.structure import structure

if TYPE_CHECKING:
    import socket


@structure(kw_only=True)
class TlsSettings:
    """What a check over TLS was told.

    Attributes:
        ca: file of certificate authorities; empty for those of the machine.
        certificate: file of our certificate; empty for none.
        key: file of its key; empty when it is in the same file.
        password: of the key; empty for none.
        verify: whether the server must show a certificate that an authority has signed, for the name it is called by.
    """

    ca: str = ""
    certificate: str = ""
    key: str = ""
    password: str = ""
    verify: bool = False


def context_of(settings: TlsSettings) -> ssl.SSLContext:
    """Return a context; make one and share it, it is costly.

    Raises:
        OSError: a file cannot be read, or is not what it should be (ssl.SSLError).
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if settings.verify:
        if not settings.ca:
            made.load_default_certs()
    else:  # as keepalived: the check is whether the server works, not who it is, nor how modern
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
        made.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        made.set_ciphers("DEFAULT")
    if settings.ca:
        made.load_verify_locations(settings.ca)
    if settings.certificate:
        made.load_cert_chain(settings.certificate, settings.key or None, lambda: settings.password)
    return made


class TlsConversation(Conversation):
    """A conversation over TLS; `begin` comes first.

    Args:
        connection: connected, not blocking.
        context: as `context_of` makes it.
        name: sent to the server (SNI) and, where it is verified, looked for in its certificate; empty for none.
        timeout: longest wait in seconds for each piece.
        longest: seconds for the whole conversation.
        most: bytes that are read at all.

    Raises:
        ConnectError: there can be no such conversation.
    """

    def __init__(
        self,
        connection: socket.SocketType,
        context: ssl.SSLContext,
        name: str,
        timeout: float,
        longest: float,
        most: int = 64 * 1024,
    ) -> None:
        if not can_be_sent(name):
            raise ConnectError(f"TLS: '{name}' is no name of a server")
        try:
            taken = cast("socket.socket", connection)  # whose descriptor is all that is taken from it
            self.tls = context.wrap_socket(taken, do_handshake_on_connect=False, server_hostname=name or None)
        except OSError as problem:  # the other end has gone already
            raise ConnectError(tls_reason(problem)) from problem
        super().__init__(self.tls, timeout, longest, most)

    async def begin(self) -> None:
        """Shake hands. Raises ConnectError."""
        while True:
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                await self.wait(write=False)
            except ssl.SSLWantWriteError:
                await self.wait(write=True)
            except OSError as problem:
                raise ConnectError(tls_reason(problem)) from problem
            else:
                return

    def end(self) -> None:
        """Tell the server that nothing follows (RFC 8446 section 6.1); its answer is not waited for."""
        with contextlib.suppress(OSError):
            self.tls.unwrap()

    def _read_now(self) -> bytes | None:
        try:
            return self.tls.recv(PIECE)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
            return b""  # many servers close without a word
        except OSError as problem:
            raise ConnectError(tls_reason(problem)) from problem

    def _write_now(self, data: bytes) -> int | None:
        try:
            return self.tls.send(data)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        except OSError as problem:
            raise ConnectError(tls_reason(problem)) from problem


def can_be_sent(name: str) -> bool:
    """Return whether a name can be a server's: no empty label, none longer than 63 bytes."""
    try:
        name.encode("idna")
    except UnicodeError:
        return False
    return "\0" not in name


def context_problem(problem: OSError) -> str:
    """Return why `context_of` has failed, in a few words."""
    what = problem.reason if isinstance(problem, ssl.SSLError) else problem.strerror
    return f"TLS: {(what or 'a file cannot be used').lower().replace('_', ' ')}"


def tls_reason(problem: OSError) -> str:
    """Return why TLS failed, in a few words."""
    if isinstance(problem, ssl.SSLCertVerificationError):
        return f"certificate refused: {problem.verify_message}"
    if isinstance(problem, ssl.SSLEOFError):
        return "TLS: closed by the server"
    if isinstance(problem, ssl.SSLError):
        return f"TLS: {(problem.reason or 'failed').lower().replace('_', ' ')}"
    return reason_of(problem)
