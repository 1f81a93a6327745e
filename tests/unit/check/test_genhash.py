"""genhash prints what keepalived's genhash prints."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from keepalived_py.check.genhash import NO_TIMEOUT, UsageError, genhash, read_order
from keepalived_py.check.hex_dump import hex_dump
from keepalived_py.check.target import Target
from keepalived_py.cli import main
from tests.unit.check.server import Server
from tests.unit.check.web import BODY, DIGEST, plain, web_server

if TYPE_CHECKING:
    from collections.abc import Sequence

REAL = shutil.which("genhash")
ANSWERS = {
    "length": plain(),
    "too long": plain() + b"more than it said",
    "no length": b"HTTP/1.0 200 OK\r\n\r\n" + BODY,
    "failure": plain(503),
    "no body": plain(204, b""),
    "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello,\r\n7\r\n world\n\r\n0\r\n\r\n",
    "large": plain(body=bytes(range(256)) * 400),
    "lower case": b"HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n" + BODY,
}


def words_for(port: int, *more: str) -> list[str]:
    return ["-s", "127.0.0.1", "-p", str(port), "-u", "/page", "-t", "10", *more]


def real(words: Sequence[str]) -> str:
    return subprocess.run(["genhash", *words], check=True, capture_output=True, text=True, timeout=30).stdout


@pytest.mark.skipif(REAL is None, reason="needs Debian's keepalived")
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
def test_digest_is_that_of_the_real_genhash(capsys: pytest.CaptureFixture[str], answer: bytes) -> None:
    with Server(web_server(answer)) as server:
        words = words_for(server.port)
        assert genhash(words) == 0
        assert capsys.readouterr().out == real(words)


@pytest.mark.skipif(REAL is None, reason="needs Debian's keepalived")
def test_all_that_comes_is_shown_as_the_real_genhash_shows_it(capsys: pytest.CaptureFixture[str]) -> None:
    heard: list[bytes] = []
    with Server(web_server(plain(body=BODY * 10, more=b"Server: x\r\n"), heard)) as server:
        words = words_for(server.port, "-v", "-P", "1.1", "-V", "web.example")
        genhash(words)
        ours, theirs = capsys.readouterr().out.splitlines(), real(words).splitlines()
    assert ours[:-1] == theirs[:-1]
    assert ours[-1].startswith("Global response time for [/page] = ")
    assert ours[-1].endswith(" usecs")
    assert theirs[-1].startswith("Global response time for [/page] = ")
    assert heard[0] == heard[1]


def test_option_of_keepalived_makes_it_genhash(capsys: pytest.CaptureFixture[str]) -> None:
    with Server(web_server(plain())) as server:
        assert main(["-T", *words_for(server.port)]) == 0
    assert capsys.readouterr().out == f"{DIGEST}\n"
    assert main(["-n", "-T"]) == 1
    assert capsys.readouterr().err == "-T must be the first option\n"


@pytest.mark.parametrize(
    ("answer", "text"),
    [(b"", "no data received from remote webserver"), (b"SSH-2.0\r\n", "no HTTP")],
)
def test_failure_prints_no_digest_and_is_told(capsys: pytest.CaptureFixture[str], answer: bytes, text: str) -> None:
    with Server(web_server(answer)) as server:
        assert genhash(words_for(server.port)) == 1
        port = server.port
    told = capsys.readouterr()
    assert told.out == ""
    assert text in told.err
    assert genhash(words_for(port)) == 1
    assert capsys.readouterr().err == f"[127.0.0.1]:{port} /page: refused\n"


WANTED = ["-s", "::1", "-p", "80", "-u", "/"]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ([], ""),
        (["-h"], ""),
        (WANTED[:4], ""),
        (["-s", "web", *WANTED[2:]], "server should be an IP, not web"),
        ([*WANTED, "-p", "0"], "invalid port number '0'"),
        ([*WANTED, "-p", "65536"], "invalid port number '65536'"),
        ([*WANTED, "-m", "-1"], "invalid fwmark '-1'"),
        ([*WANTED, "-t", "x"], "invalid timeout 'x'"),
        ([*WANTED, "-P", "2"], "invalid HTTP protocol version '2'"),
        ([*WANTED, "more"], "Unexpected argument(s): more"),
        ([*WANTED, "-Q"], "Unknown option -Q"),
        ([*WANTED, "-V"], "Missing parameter for option -V"),
    ],
)
def test_words_that_cannot_be_used(words: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError) as caught:
        read_order(words)
    assert str(caught.value) == text
    assert genhash(words) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"{text}\nUsage: genhash " if text else "Usage: genhash ")


def test_words_are_read() -> None:
    order = read_order([*WANTED, "-SI", "-V", "web", "-P", "1.0c", "-m", "7", "--timeout=3", "-v"])
    assert order.target == Target(family=6, address="::1", port=80, mark=7, timeout=3.0)
    assert (order.request.path, order.request.host, order.version) == ("/", "web", "1.0C")
    assert (order.secret, order.sends_host, order.verbose) == (True, True, True)
    assert read_order(WANTED).target.timeout == NO_TIMEOUT
    assert read_order(["-s", "fe80::1%lo", *WANTED[2:]]).target == Target(
        family=6, address="fe80::1", port=80, interface="lo", timeout=NO_TIMEOUT
    )


def test_bytes_are_shown_sixteen_a_line() -> None:
    assert hex_dump(bytes(range(60, 78))) == [
        "0000  3c 3d 3e 3f 40 41 42 43 - 44 45 46 47 48 49 4a 4b   <=>?@ABCDEFGHIJK",
        "0016  4c 4d                   -                           LM              ",
    ]
