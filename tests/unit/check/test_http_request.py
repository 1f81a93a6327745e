"""How requests are worded and answers judged, without a network."""

from __future__ import annotations

import hashlib
import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepalived_py.check.http_answer import MOST_SEARCHED, Answer
from keepalived_py.check.http_request import Expectation, Request, bare_name, judged, text_of
from keepalived_py.check.pattern import Pattern, PatternError
from keepalived_py.check.probe import UP, failed
from keepalived_py.check.target import Target

BODY = b"hello, world\n"


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def answer_of(*pieces: bytes, wants_body: bool = True) -> Answer:
    answer = Answer(wants_text=True, wants_body=wants_body)
    for piece in pieces:
        assert answer.feed(piece) == ""
    return answer


# Requests

V4, V6 = Target(address="192.0.2.1", port=80), Target(family=6, address="2001:db8::1", port=8080)


@pytest.mark.parametrize(
    ("request_", "target", "version", "text"),
    [
        (Request(path="/"), V4, "1.0", "GET / HTTP/1.0\nUser-Agent: KeepAliveClient\nHost: 192.0.2.1:80\n\n"),
        (Request(path="/"), V6, "1.0", "GET / HTTP/1.0\nUser-Agent: KeepAliveClient\nHost: [2001:db8::1]:8080\n\n"),
        (Request(path="/a", host="web"), V6, "1.1",
         "GET /a HTTP/1.1\nUser-Agent: KeepAliveClient\nConnection: close\nHost: web\n\n"),
        (Request(path="/", host="web:81", method="HEAD", headers=(("X-Probe", "a b"), ("user-agent", "me"))), V4, "1.0",
         "HEAD / HTTP/1.0\nHost: web:81\nX-Probe: a b\nuser-agent: me\n\n"),
        (Request(path="/", host="web", method="POST", body="ä=1"), V4, "1.0",
         "POST / HTTP/1.0\nUser-Agent: KeepAliveClient\nHost: web\nContent-Length: 4\n\nä=1"),
    ],
    ids=["address", "IPv6 address", "virtual host", "headers", "body"],
)  # fmt: skip
def test_request_is_worded(request_: Request, target: Target, version: str, text: str) -> None:
    assert text_of(request_, target, version).decode() == text.replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("web", "web"),
        ("web:8080", "web"),
        ("[2001:db8::1]:80", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("", ""),
    ],
)
def test_name_told_to_tls_has_no_port(host: str, name: str) -> None:
    assert bare_name(host) == name


# Answers

CHUNKS = b"6\r\nhello,\r\n7;extension=1\r\n world\n\r\n0\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS


@given(at=st.lists(st.integers(1, len(CHUNKED)), max_size=8))
def test_digest_of_chunks_is_that_of_their_content_and_that_of_keepalived(at: list[int]) -> None:
    edges = [0, *sorted(set(at)), len(CHUNKED)]
    answer = answer_of(*(CHUNKED[start:end] for start, end in itertools.pairwise(edges) if start < end))
    assert answer.is_whole
    assert (answer.digest, answer.raw_digest, bytes(answer.text)) == (md5(BODY), md5(CHUNKS), BODY)
    for digest in (md5(BODY), md5(CHUNKS).upper()):
        assert judged(answer, Request(path="/", digest=digest)) == UP


@pytest.mark.parametrize(
    ("data", "status", "body", "whole"),
    [
        (b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, b"hi", True),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nxx", 101, b"", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi, too much", 200, b"hi", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\ncut off", 200, b"cut off", False),
        (b"HTTP/1.0 500 Oh\r\n\r\nuntil the end", 500, b"until the end", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
         200, b"hi", True),
        (b"HTTP/1.1 304 Not\r\nContent-Length: 9\r\n\r\n", 304, b"", True),
        (b"HTTP/1.1 200 OK\r\nX-Odd: \x01\r\nContent-Length: 2\r\n\r\nhi", 200, b"hi", True),
        (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", 200, b"hi", True),
    ],
    ids=["announced", "upgrade", "too long", "cut off", "no length", "two lengths", "no body", "odd header", "no CR"],
)  # fmt: skip
def test_answer_is_understood(data: bytes, status: int, body: bytes, whole: bool) -> None:
    for answer in (answer_of(data), answer_of(*(data[at : at + 1] for at in range(len(data)) if at < len(data)))):
        assert (answer.status, bytes(answer.text), answer.is_whole) == (status, body, whole)


def test_answer_to_head_ends_with_its_headers() -> None:
    answer = answer_of(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", wants_body=False)
    assert (answer.status, answer.is_whole) == (200, True)


def test_text_that_is_kept_is_bounded() -> None:
    answer = Answer(wants_text=True)
    answer.feed(b"HTTP/1.0 200 OK\r\n\r\n")
    for _ in range(80):
        answer.feed(b"x" * 65536)
    assert len(answer.text) <= MOST_SEARCHED + 65536
    assert answer.digest == md5(b"x" * 65536 * 80)


# JSON

DOCUMENT = b'HTTP/1.0 200 OK\r\n\r\n{"status": "up", "n": 3, "ok": true, "checks": [{"name": "db"}, null], "": 1}'


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("status", "up", ""),
        ("$.status", "up", ""),
        ("n", "3", ""),
        ("ok", "true", ""),
        ("checks[0].name", "db", ""),
        ("$.checks[1]", "null", ""),
        ("status", "down", "status is up"),
        ("checks[2]", "x", "checks[2] is missing"),
        ("checks[x]", "x", "checks[x] is missing"),
        ("checks.name", "x", "checks.name is missing"),
        ("status[0]", "u", "status[0] is missing"),
        ("nothing", "", "nothing is missing"),
    ],
)
def test_json_holds_what_is_expected(path: str, value: str, problem: str) -> None:
    result = judged(answer_of(DOCUMENT), Request(path="/", expectations=(Expectation(path, value),)))
    assert result == (failed(f"{problem} (/)") if problem else UP)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[" * 100_000, b"\xff\xfe{"])
def test_body_that_is_no_json_is_a_failure(body: bytes) -> None:
    answer = answer_of(b"HTTP/1.0 200 OK\r\n\r\n" + body)
    assert judged(answer, Request(path="/", expectations=(Expectation("a", "b"),))) == failed("no JSON (/)")


# Expressions in long texts


def test_expression_is_found_wherever_it_is_in_a_long_text() -> None:
    text = b"x" * 300_000 + b"needle" + b"x" * 100
    assert Pattern("needle").is_found(text)
    assert Pattern("needle", first=300_000, last=300_000).is_found(text)
    assert not Pattern("needle", last=299_999).is_found(text)
    assert Pattern("(?<=xx)needle$", first=100).is_found(text[:300_006])
    assert not Pattern("^needle").is_found(text)
    assert Pattern("ä$", ["utf"]).is_found(("ö" * 70_000 + "ä").encode())


def test_expression_bound_to_where_the_search_begins_is_not_found_further_on() -> None:
    text = b"x" * 5000 + b"needle"
    assert not Pattern(r"\Gneedle").is_found(text)
    assert not Pattern("needle", ["firstline"]).is_found(b"x" * 1024 + b"\n" + text)


def test_search_that_takes_too_long_at_each_of_many_places_is_given_up() -> None:
    pattern = Pattern("a[^x]*b[^x]*c[^x]*d", ["no_start_optimize", "no_auto_possess"])
    text = (b"a" * 20 + b"b") * 20_000
    began_at = time.thread_time()
    with pytest.raises(PatternError, match=r"takes too long|match limit exceeded"):
        pattern.is_found(text)
    assert time.thread_time() - began_at < 2.0
