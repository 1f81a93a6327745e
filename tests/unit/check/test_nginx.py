"""HTTP_GET, SSL_GET and genhash against a real nginx, and genhash beside keepalived's own."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from keepalived_py.check.genhash import genhash
from keepalived_py.check.probe import UP, ProbeResult, failed
from keepalived_py.check.settings import Settings
from keepalived_py.check.target import Target
from keepalived_py.check.web import Contexts, probe_of
from keepalived_py.config.model.checkers import HttpGet, SslGet, SslUrl, Url
from tests.unit.check.asking import run
from tests.unit.check.nginx import PAGES, Nginx, nginx

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keepalived_py.reactor import Reactor

pytestmark = pytest.mark.skipif(shutil.which("nginx") is None, reason="needs nginx")


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    with nginx(tmp_path_factory.mktemp("nginx")) as made:
        yield made


def digest_of(name: str) -> str:
    return hashlib.md5(PAGES[name], usedforsecurity=False).hexdigest()


def asked(reactor: Reactor, record: HttpGet, port: int, host: str = "", address: str = "127.0.0.1") -> ProbeResult:
    target = Target(address=address, port=port, timeout=10.0, family=6 if ":" in address else 4)
    return run(reactor, probe_of(record, target, host, Settings(), None, Contexts()))


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("path", ["/page", "/chunks/page"])
@pytest.mark.parametrize("version", ["1.0", "1.0C", "1.1"])
def test_page_has_its_digest_in_every_version(
    reactor: Reactor, web: Nginx, version: str, path: str, address: str
) -> None:
    for name in PAGES:
        url = Url(path=path, digest=digest_of(name), virtualhost=f"{name}.example", regex=f"page of {name}")
        record = HttpGet(url=(url,), http_protocol=version)
        assert asked(reactor, record, web.plain, "b.example", address) == UP


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (Url(path="/busy"), failed("status 503 (/busy)")),
        (Url(path="/busy", status_code=((500, 599),)), UP),
        (Url(path="/moved"), failed("status 302 (/moved)")),
        (Url(path="/none"), failed("status 404 (/none)")),
        (Url(path="/page", digest=digest_of("b")), failed(f"digest {digest_of('a')} differs (/page)")),
        (Url(path="/page", regex="page of b"), failed("expression not found (/page)")),
        (Url(path="/page", method="HEAD"), UP),
        (Url(path="/state", json_path=(("state", "fit"), ("checks[0].free", "7"))), UP),
        (Url(path="/state", json_path=(("state", "ill"),)), failed("state is fit (/state)")),
        (Url(path="/method", method="POST", body="x", header=(("X-Probe", "yes"),), regex="^POST yes a.example"), UP),
        (Url(path="/page", method="PUT", body="x"), failed("status 405 (/page)")),
    ],
)
def test_answer_is_judged(reactor: Reactor, web: Nginx, url: Url, expected: ProbeResult) -> None:
    assert asked(reactor, HttpGet(url=(url,)), web.plain, "a.example") == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (SslUrl(path="/busy"), failed("status 503 (/busy)")),
        (SslUrl(path="/page", digest=digest_of("a"), regex="page of a"), UP),
        (SslUrl(path="/page", digest=digest_of("b")), failed(f"digest {digest_of('a')} differs (/page)")),
        (SslUrl(path="/page", regex="page of b"), failed("expression not found (/page)")),
    ],
)
def test_answer_over_tls_is_judged_like_any_other(
    reactor: Reactor, web: Nginx, url: SslUrl, expected: ProbeResult
) -> None:
    assert asked(reactor, SslGet(url=(url,)), web.secret, "a.example") == expected


@pytest.mark.parametrize(
    ("values", "host", "problem"),
    [
        ({}, "a.example", ""),
        ({"enable_sni": True}, "b.example", ""),
        ({"tls_verify": True, "tls_ca": "ours"}, "a.example", ""),
        ({"tls_verify": True, "tls_ca": "ours"}, "b.example", ""),
        ({"tls_verify": True, "tls_ca": "ours", "tls_server_name": "b.example"}, "a.example", ""),
        ({"tls_verify": True, "tls_ca": "ours"}, "c.example", "certificate refused: hostname mismatch"),
        ({"tls_verify": True, "tls_ca": "ours"}, "", "certificate refused: ip address mismatch"),
        ({"tls_verify": True}, "a.example", "certificate refused: "),
    ],
)
def test_page_over_tls(reactor: Reactor, web: Nginx, values: dict[str, Any], host: str, problem: str) -> None:
    if "tls_ca" in values:
        values = {**values, "tls_ca": str(web.authority)}
    result = asked(reactor, SslGet(url=(SslUrl(path="/page"),), http_protocol="1.1", **values), web.secret, host)
    assert result.ok is (not problem)
    assert result.detail.lower().startswith(problem)


def test_version_of_tls_must_be_one_that_openssl_still_speaks(reactor: Reactor, web: Nginx) -> None:
    record = SslGet(url=(SslUrl(path="/page"),))
    assert asked(reactor, record, web.new) == UP
    old = asked(reactor, record, web.old)
    assert not old.ok
    assert old.detail.startswith("TLS: ")


@pytest.mark.parametrize(
    ("values", "name"), [({}, ""), ({"enable_sni": True}, "b.example"), ({"sni_name": "b.example"}, "b.example")]
)
def test_name_is_sent_in_tls_when_that_is_asked_for(
    reactor: Reactor, web: Nginx, values: dict[str, Any], name: str
) -> None:
    url = SslUrl(path="/method", regex=f"^GET  b.example {name}$")
    assert asked(reactor, SslGet(url=(url,), **values), web.secret, "b.example") == UP


@pytest.mark.skipif(shutil.which("genhash") is None, reason="needs Debian's keepalived")
@pytest.mark.parametrize("secret", [False, True])
@pytest.mark.parametrize("version", ["1.0", "1.0c", "1.1"])
@pytest.mark.parametrize("path", ["/page", "/chunks/page", "/busy"])
def test_digest_is_that_of_the_real_genhash(
    capsys: pytest.CaptureFixture[str], web: Nginx, path: str, version: str, secret: bool
) -> None:
    port = web.secret if secret else web.plain
    words = ["-s", "127.0.0.1", "-p", str(port), "-u", path, "-P", version, "-V", "b.example", "-t", "10"]
    words += ["-S", "-I"] if secret else []
    assert genhash(words) == 0
    theirs = subprocess.run(["genhash", *words], check=True, capture_output=True, text=True, timeout=30).stdout
    assert capsys.readouterr().out == theirs
