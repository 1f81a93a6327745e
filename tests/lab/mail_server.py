"""A mail server for the lab: `mail_server.py BEHAVIOUR PORT DIRECTORY`; aiosmtpd does the protocol.

Every mail that is taken becomes a JSON file in DIRECTORY. BEHAVIOURs: `plain`; `secure` (STARTTLS and a login are
demanded); `tls` (TLS from the first byte on); `refusing` (no receiver exists); `partial` (one of them does not);
`busy` (not now); `dropping` (closes the connection when the mail comes); `silent` (accepts and says nothing);
`listing` (takes a mail only when it is the second attempt).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import sys
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult

LOGIN = (b"mailer", b"secret word")


class Handler:
    """What the server makes of the commands."""

    def __init__(self, behaviour: str, directory: Path) -> None:
        self.behaviour = behaviour
        self.directory = directory
        self.attempts = 0

    async def handle_RCPT(  # noqa: N802 - the name of the library
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        if self.behaviour == "refusing" or (self.behaviour == "partial" and address.startswith("nobody")):
            return "550 no such user"
        if self.behaviour == "busy":
            return "451 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.attempts += 1
        if self.behaviour == "dropping":
            server.transport.abort()
            return "421 gone"
        if self.behaviour == "listing" and self.attempts == 1:
            return "451 greylisted"
        told = {
            "helo": session.host_name,
            "sender": envelope.mail_from,
            "receivers": envelope.rcpt_tos,
            "content": envelope.content.decode(),
            "tls": server.transport.get_extra_info("ssl_object") is not None,
            "login": bool(session.authenticated),
        }
        path = self.directory / f"{len(list(self.directory.glob('*.mail'))):03}"
        path.with_suffix(".part").write_text(json.dumps(told), encoding="utf-8")
        path.with_suffix(".part").rename(path.with_suffix(".mail"))
        return "250 taken"


def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
    """Tell whether a login is ours."""
    return AuthResult(success=(data.login, data.password) == LOGIN, handled=False)


async def be_silent(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Never say a word."""
    await asyncio.sleep(3600)


async def serve(behaviour: str, port: int, directory: Path) -> None:
    """Serve until the end."""
    handler = Handler(behaviour, directory)
    context = None
    if behaviour in {"secure", "tls"}:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(directory / "certificate.pem")
    secure: dict[str, Any] = {}
    if behaviour == "secure":
        secure = {
            "tls_context": context,
            "require_starttls": True,
            "authenticator": authenticate,
            "auth_required": True,
        }
    loop = asyncio.get_running_loop()
    if behaviour == "silent":
        server: asyncio.base_events.Server = await asyncio.start_server(be_silent, "0.0.0.0", port)
    else:
        server = await loop.create_server(
            lambda: SMTP(handler, hostname="mail.example.org", loop=loop, **secure),
            "0.0.0.0",
            port,
            ssl=context if behaviour == "tls" else None,
        )
    print("ready", flush=True)
    with contextlib.suppress(asyncio.CancelledError):
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
