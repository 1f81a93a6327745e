"""A response of a web server that comes in pieces, bounded in size and forgiving where keepalived is (RFC 9112)."""

from __future__ import annotations

import hashlib

import httptools

MOST_SEARCHED = 4 * 1024 * 1024
"""Bytes of a body that an expression is looked for in; what comes behind them is not searched."""
MOST_HEAD = 64 * 1024
"""Bytes of status line and headers."""
_END_OF_HEAD = b"\r\n\r\n"
_SWITCHING = 101


class Answer:
    """A response.

    Two digests are made of a body in chunks: of what the chunks hold, as browsers and `curl | md5sum` see it, and of
    the chunks with their lengths, as keepalived and its genhash see it.

    Args:
        wants_text: whether the body is kept.
        wants_digest: whether digests are made.
        wants_body: False for an answer to HEAD, which has none whatever its headers say.

    Attributes:
        status: 0 before it is known.
        text: the beginning of the body, when it is wanted.
        head: status line and headers, as they came.
        is_whole: whether nothing more belongs to it; a body without a length ends with the connection.
    """

    def __init__(self, *, wants_text: bool = False, wants_digest: bool = True, wants_body: bool = True) -> None:
        self.status = 0
        self.text = bytearray()
        self.head = bytearray()
        self.is_whole = self._in_body = self._has_length = self._is_chunked = False
        self._wants_text = wants_text
        self._wants_body = wants_body
        self._digest = hashlib.md5(usedforsecurity=False) if wants_digest else None
        self._raw = hashlib.md5(usedforsecurity=False) if wants_digest else None
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(  # the question is whether the server works, not whether it is tidy
            lenient_headers=True,
            lenient_chunked_length=True,
            lenient_keep_alive=True,
            lenient_transfer_encoding=True,
            lenient_version=True,
            lenient_data_after_close=True,
            lenient_optional_cr_before_lf=True,
            lenient_optional_crlf_after_chunk=True,
            lenient_spaces_after_chunk_size=True,
        )

    @property
    def digest(self) -> str:
        """MD5 of the body so far, without the lengths of chunks."""
        return self._digest.hexdigest() if self._digest is not None else ""

    @property
    def raw_digest(self) -> str:
        """MD5 of the body so far as it came, as keepalived's genhash computes it."""
        return self._raw.hexdigest() if self._raw is not None and self._is_chunked else self.digest

    def end(self) -> None:
        """Nothing more follows. The parser holds the answer: without this only a search for garbage would free both."""
        self._parser = None

    def feed(self, piece: bytes) -> str:
        """Take a piece, before `end`; return what is wrong with it, empty when nothing is."""
        assert self._parser is not None
        tail = piece if self._in_body else self._behind_head(piece)
        try:
            self._parser.feed_data(piece)
        except httptools.HttpParserUpgrade:
            return ""
        except httptools.HttpParserError as problem:
            return "" if self.is_whole else f"no HTTP: {str(problem) or type(problem).__name__}"
        if not self._in_body and len(self.head) > MOST_HEAD:
            return "the headers are too long"
        if self._raw is not None and not self._has_length:
            self._raw.update(tail)
        return ""

    def _behind_head(self, piece: bytes) -> bytes:
        """Keep what belongs to the head; return what follows it."""
        before = len(self.head)
        self.head += piece
        found = self.head.find(_END_OF_HEAD, max(0, before - len(_END_OF_HEAD) + 1))
        if found < 0:
            return b""
        end = found + len(_END_OF_HEAD)
        del self.head[end:]
        return piece[end - before :]

    # What the parser calls

    def on_headers_complete(self) -> None:
        """The status is known; one that only announces another (100 to 199) is replaced by that."""
        assert self._parser is not None
        self.status = self._parser.get_status_code()
        self._in_body = self.status >= 200 or self.status == _SWITCHING
        if self._in_body and not self._wants_body:
            self.is_whole = True

    def on_chunk_header(self) -> None:
        """A chunk follows."""
        self._is_chunked = True

    def on_body(self, piece: bytes) -> None:
        """Some of the body, unwrapped from its chunks."""
        if self.is_whole:
            return
        self._has_length = not self._is_chunked
        if self._digest is not None:
            self._digest.update(piece)
        if self._wants_text and len(self.text) < MOST_SEARCHED:
            self.text += piece

    def on_message_complete(self) -> None:
        """Everything is here, unless it was an announcement."""
        self.is_whole = self._in_body
