"""SSL_GET against servers with right, wrong and no certificates."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

import pytest

from keepalived_py.check.probe import UP, failed
from keepalived_py.check.settings import Settings
from keepalived_py.check.web import Contexts, probe_of
from keepalived_py.config.model.check import Ssl
from keepalived_py.config.model.checkers import SslGet, SslUrl
from tests.unit.check.asking import at, run
from tests.unit.check.certificates import expired, self_signed
from tests.unit.check.hostile import half_close
from tests.unit.check.server import Server
from tests.unit.check.web import DIGEST, head_of, plain

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

    from keepalived_py.check.probe import Probe
    from keepalived_py.reactor import Reactor


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("tls"), "web.example")


def tls_server(certificate: Path, names: list[str | None], answer: bytes = plain()) -> Callable[[socket.socket], None]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.sni_callback = lambda _connection, name, _context: names.append(name)

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as talk:
            head_of(talk)
            talk.sendall(answer)

    return serve


def ssl_check(port: int, certificates: Ssl | None = None, contexts: Contexts | None = None, **values: Any) -> Probe:
    record = SslGet(**({"url": (SslUrl(path="/", digest=DIGEST),)} | values))
    return probe_of(record, at(port), "web.example", Settings(), certificates, contexts or Contexts())


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({}, [None]),
        ({"enable_sni": True}, ["web.example"]),
        ({"sni_name": "other.example"}, ["other.example"]),
        ({"tls_compliant": True}, [None]),
    ],
)
def test_server_over_tls(reactor: Reactor, certificate: Path, values: dict[str, Any], names: list[str | None]) -> None:
    heard: list[str | None] = []
    with Server(tls_server(certificate, heard)) as server:
        assert run(reactor, ssl_check(server.port, **values)) == UP
    assert heard == names


def test_server_without_tls_is_no_tls_server(reactor: Reactor) -> None:
    with Server(lambda connection: connection.sendall(plain())) as server:
        found = run(reactor, ssl_check(server.port))
    assert not found.ok
    assert found.detail.startswith("TLS: ")


def test_end_within_the_handshake_is_said(reactor: Reactor) -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        half_close(connection)

    with Server(serve) as server:
        assert run(reactor, ssl_check(server.port)) == failed("TLS: closed by the server (/)")


def test_missing_certificate_of_ours_is_said(reactor: Reactor, tmp_path: Path) -> None:
    check = ssl_check(443, Ssl(certificate=str(tmp_path / "nothing.pem")))
    assert run(reactor, check) == failed("TLS: no such file or directory (/)")


# The certificate of the server is looked at only when that is asked for


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"tls_ca": "its own"}, ""),
        ({"tls_ca": "its own", "tls_server_name": "web.example"}, ""),
        ({"tls_ca": "its own", "sni_name": "other.example"}, "certificate refused: hostname mismatch"),
        ({"tls_ca": "its own", "tls_server_name": "other.example"}, "certificate refused: hostname mismatch"),
        ({"tls_server_name": "web.example"}, "certificate refused: self-signed certificate"),
    ],
    ids=["virtual host", "name", "wrong SNI", "wrong name", "unknown authority"],
)
def test_certificate_is_verified_when_that_is_asked_for(
    reactor: Reactor, certificate: Path, values: dict[str, Any], problem: str
) -> None:
    if "tls_ca" in values:
        values = {**values, "tls_ca": str(certificate.with_suffix(".crt"))}
    with Server(tls_server(certificate, [])) as server:
        result = run(reactor, ssl_check(server.port, tls_verify=True, **values))
    assert result.ok is (not problem)
    assert result.detail.lower().startswith(problem)


def test_expired_certificate_is_refused_when_it_is_looked_at(reactor: Reactor, tmp_path: Path) -> None:
    old = expired(tmp_path, "web.example")
    with Server(tls_server(old, [])) as server:
        assert run(reactor, ssl_check(server.port)) == UP
        result = run(reactor, ssl_check(server.port, tls_verify=True, tls_ca=str(old.with_suffix(".crt"))))
    assert result == failed("certificate refused: certificate has expired (/)")


def test_certificate_of_ours_is_shown(reactor: Reactor, certificate: Path) -> None:
    shown: list[bool] = []

    def serve(connection: socket.socket) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        context.load_verify_locations(str(certificate.with_suffix(".crt")))
        context.verify_mode = ssl.CERT_REQUIRED
        with context.wrap_socket(connection, server_side=True) as talk:
            head_of(talk)
            shown.append(bool(talk.getpeercert()))
            talk.sendall(plain())

    with Server(serve) as server:
        assert run(reactor, ssl_check(server.port, tls_certificate=str(certificate))) == UP
        assert run(reactor, ssl_check(server.port, Ssl(certificate=str(certificate)))) == UP
        assert not run(reactor, ssl_check(server.port)).ok
    assert shown == [True, True]


@pytest.mark.parametrize("everywhere", [True, False])
@pytest.mark.parametrize("compliant", [True, False])
def test_end_of_tls_is_told_when_that_is_asked_for(
    reactor: Reactor, certificate: Path, compliant: bool, everywhere: bool
) -> None:
    ends: list[str] = []

    def serve(connection: socket.socket) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        with context.wrap_socket(connection, server_side=True, suppress_ragged_eofs=False) as talk:
            head_of(talk)
            talk.sendall(plain())
            try:
                ends.append("told" if talk.recv(1) == b"" else "?")
            except OSError:
                ends.append("untold")

    urls = (SslUrl(path="/", tls_compliant=None if everywhere else compliant),)
    with Server(serve) as server:
        assert run(reactor, ssl_check(server.port, url=urls, tls_compliant=everywhere and compliant)) == UP
    assert ends == ["told" if compliant else "untold"]


@pytest.mark.parametrize("name", [f"{'x' * 70}.example", ".example", "a..b"])
def test_name_that_cannot_be_sent_is_a_failure(reactor: Reactor, name: str) -> None:
    with Server(lambda _connection: None) as server:
        assert run(reactor, ssl_check(server.port, sni_name=name)) == failed(
            f"TLS: '{name}' is no name of a server (/)"
        )


def test_reload_reads_certificates_again(reactor: Reactor, certificate: Path, tmp_path: Path) -> None:
    ours = tmp_path / "ours.pem"
    ours.write_bytes(certificate.read_bytes())
    contexts = Contexts()
    with Server(tls_server(certificate, [])) as server:
        check = ssl_check(server.port, contexts=contexts, tls_certificate=str(ours))
        assert run(reactor, check) == UP
        ours.unlink()
        assert run(reactor, check) == UP
        contexts.forget()
        assert run(reactor, check) == failed("TLS: no such file or directory (/)")
