"""Perl-compatible expressions through the PCRE2 library, with its options and its limits (pcre2api(3)).

Python's own expressions differ from PCRE2's in syntax and meaning, and nothing bounds how long they search: an unlucky
one could hold up every check. PCRE2 counts its steps, for each place where a match may begin anew; so a long text is
searched by stretches, and between them the time is looked at.
"""

from __future__ import annotations

import ctypes
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LIBRARY = "libpcre2-8.so.0"
MATCH_LIMIT = 1_000_000
"""Steps of one call of PCRE2: some tens of milliseconds."""
LONGEST = 0.25
"""Seconds of processor time of one search, which holds up the other checks."""
_FIRST_STRETCH = 1024
_LONGEST_STRETCH = 64 * 1024
"""Places where a match may begin that are tried in one call."""
_LEAST_STEPS = 10
HEAP_LIMIT = 20_000
"""Kibibytes of memory of one search, where `regex_stack` says nothing else."""
_UNSET = ctypes.c_size_t(-1).value
_NOMATCH = -1
_MATCHLIMIT = -47
_OPTIONS = {
    "allow_empty_class": 0x00000001,
    "alt_bsux": 0x00000002,
    "auto_callout": 0x00000004,
    "caseless": 0x00000008,
    "dollar_endonly": 0x00000010,
    "dotall": 0x00000020,
    "dupnames": 0x00000040,
    "extended": 0x00000080,
    "firstline": 0x00000100,
    "match_unset_backref": 0x00000200,
    "multiline": 0x00000400,
    "never_ucp": 0x00000800,
    "never_utf": 0x00001000,
    "no_auto_capture": 0x00002000,
    "no_auto_possess": 0x00004000,
    "no_dotstar_anchor": 0x00008000,
    "no_start_optimize": 0x00010000,
    "ucp": 0x00020000,
    "ungreedy": 0x00040000,
    "utf": 0x00080000,
    "never_backslash_c": 0x00100000,
    "alt_circumflex": 0x00200000,
    "alt_verbnames": 0x00400000,
    "use_offset_limit": 0x00800000,
}
"""PCRE2_* of pcre2.h, by the words of `regex_options`."""
_USE_OFFSET_LIMIT = _OPTIONS["use_offset_limit"]


class PatternError(Exception):
    """The expression cannot be compiled, or the library is missing; the text says which."""


def _library() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(LIBRARY)
    except OSError as problem:
        raise PatternError(f"{LIBRARY} is missing (Debian package libpcre2-8-0)") from problem
    pointer, size = ctypes.c_void_p, ctypes.c_size_t
    library.pcre2_compile_8.restype = pointer
    library.pcre2_compile_8.argtypes = [
        ctypes.c_char_p, size, ctypes.c_uint32, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(size), pointer,
    ]  # fmt: skip
    library.pcre2_match_8.argtypes = [
        pointer, ctypes.c_char_p, size, size, ctypes.c_uint32, pointer, pointer,
    ]  # fmt: skip
    for name in ("pcre2_match_data_create_8", "pcre2_match_context_create_8"):
        getattr(library, name).restype = pointer
    library.pcre2_match_data_create_8.argtypes = [ctypes.c_uint32, pointer]
    library.pcre2_match_context_create_8.argtypes = [pointer]
    for name in ("pcre2_set_match_limit_8", "pcre2_set_heap_limit_8"):
        getattr(library, name).argtypes = [pointer, ctypes.c_uint32]
    library.pcre2_set_offset_limit_8.argtypes = [pointer, size]
    library.pcre2_get_error_message_8.argtypes = [ctypes.c_int, ctypes.c_char_p, size]
    for name in ("pcre2_code_free_8", "pcre2_match_data_free_8", "pcre2_match_context_free_8"):
        getattr(library, name).argtypes = [pointer]
    return library


class Pattern:
    """One compiled expression.

    Args:
        expression: in Perl's syntax.
        options: words of `regex_options`.
        first: where in the text the search begins.
        last: where in the text a match may begin at most; None for anywhere.
        memory: kibibytes that one search may take.

    Raises:
        PatternError: it cannot be used.
    """

    def __init__(
        self,
        expression: str,
        options: Sequence[str] = (),
        first: int = 0,
        last: int | None = None,
        memory: int = HEAP_LIMIT,
    ) -> None:
        self._library = _library()
        self._first = first
        self._last = last
        # Two things look from where a search begins, and do not bear one that begins again.
        self._by_stretches = "firstline" not in options and "\\G" not in expression
        self._is_utf = "utf" in options or "(*UTF" in expression
        octets = expression.encode("utf-8", "surrogateescape")
        flags = sum(_OPTIONS[word] for word in set(options))
        flags |= _USE_OFFSET_LIMIT
        code, offset = ctypes.c_int(), ctypes.c_size_t()
        self._code = self._library.pcre2_compile_8(
            octets, len(octets), flags, ctypes.byref(code), ctypes.byref(offset), None
        )
        if not self._code:
            raise PatternError(f"{self._message(code.value)} at offset {offset.value}")
        self._data = self._library.pcre2_match_data_create_8(1, None)
        self._context = self._library.pcre2_match_context_create_8(None)
        self._library.pcre2_set_heap_limit_8(self._context, memory)

    def __del__(self) -> None:
        for name, value in (
            ("pcre2_code_free_8", "_code"),
            ("pcre2_match_data_free_8", "_data"),
            ("pcre2_match_context_free_8", "_context"),
        ):
            held = getattr(self, value, None)
            if held:
                getattr(self._library, name)(held)

    def is_found(self, text: bytes) -> bool:
        """Return whether the expression matches somewhere.

        Raises:
            PatternError: the search was given up at a limit.
        """
        position, last = self._first, len(text) if self._last is None else min(self._last, len(text))
        width = _FIRST_STRETCH if self._by_stretches else len(text) + 1
        ends_at = time.thread_time() + LONGEST
        while position <= last:
            result = self._search(text, position, min(last, position + width - 1), MATCH_LIMIT // width)
            if result >= 0:
                return True
            if result == _MATCHLIMIT and width > 1 and self._by_stretches:
                width = max(1, width // 8)  # fewer places, more steps for each
            elif result == _NOMATCH:
                position = self._next(text, position + width)
                width = min(width * 2, _LONGEST_STRETCH) if self._by_stretches else width
            else:
                raise PatternError(self._message(result))
            if time.thread_time() > ends_at and position <= last:
                raise PatternError("search takes too long")
        return False

    def _search(self, text: bytes, first: int, last: int, limit: int) -> int:
        """Return what PCRE2 says about matches that begin from `first` to `last`."""
        self._library.pcre2_set_match_limit_8(self._context, max(limit, _LEAST_STEPS))
        self._library.pcre2_set_offset_limit_8(self._context, last)
        return int(
            self._library.pcre2_match_8(self._code, text, len(text), first, 0, self._data, self._context),
        )

    def _next(self, text: bytes, position: int) -> int:
        """Return where the next stretch begins: at a character, not within one."""
        while self._is_utf and position < len(text) and text[position] & 0xC0 == 0x80:
            position += 1
        return position

    def _message(self, code: int) -> str:
        buffer = ctypes.create_string_buffer(256)
        self._library.pcre2_get_error_message_8(code, buffer, len(buffer))
        return buffer.value.decode("ascii", "replace")
