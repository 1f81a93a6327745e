"""TLS over a connection that does not block: contexts, handshake, conversation."""

from __future__ import annotations

import contextlib
import ssl
from typing import TYPE_CHECKING

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
        verify: whether the server must show a certificate that an authority has signed.
        name: that its certificate must bear, when it is verified; empty for any.
    """

    ca: str = ""
    certificate: str = ""
    key: str = ""
    password: str = ""
    verify: bool = False
    name: str = ""


def context_of(settings: TlsSettings) -> ssl.SSLContext:
    """Return a context; make one and share it, it is costly.

    Raises:
        OSError: a file cannot be read, or is not what it should be (ssl.SSLError).
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    if settings.verify:
        made.check_hostname = bool(settings.name)
        made.load_default_certs()
    else:
        made.verify_mode = ssl.CERT_NONE  # as keepalived: the check is whether the server works, not who it is
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
    """

    def __init__(
        self,
        connection: socket.socket,
        context: ssl.SSLContext,
        name: str,
        timeout: float,
        longest: float,
        most: int = 64 * 1024,
    ) -> None:
        self.tls = context.wrap_socket(connection, do_handshake_on_connect=False, server_hostname=name or None)
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

    def _write_now(self, data: memoryview) -> int | None:
        try:
            return self.tls.send(data)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        except OSError as problem:
            raise ConnectError(tls_reason(problem)) from problem


def tls_reason(problem: OSError) -> str:
    """Return why TLS failed, in a few words."""
    if isinstance(problem, ssl.SSLCertVerificationError):
        return f"certificate refused: {problem.verify_message}"
    if isinstance(problem, ssl.SSLError):
        return f"TLS: {(problem.reason or 'failed').lower().replace('_', ' ')}"
    return reason_of(problem)
