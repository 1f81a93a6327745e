"""The manual page genhash(1), made from the options of `check.genhash`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py import __version__
from keepalived_py.check.genhash import OPTIONS
from keepalived_py.manual import escape, paragraphs, table

if TYPE_CHECKING:
    from collections.abc import Iterator

DESCRIPTION = (
    (
        "genhash asks a web server for one page, as the checks HTTP_GET and SSL_GET of keepalived do, and prints the"
        " MD5 digest of its body: what the keyword digest of a url compares."
    ),
    (
        "The name that -V gives and the protocol that -P gives belong to the question: a check whose virtualhost or"
        " http_protocol are other ones may get another page. A redirection is a page of its own and is not followed."
    ),
    (
        "Of a body that comes in chunks the digest covers the lengths between them, which depend on how the server cut"
        " it. The check accepts this digest and that of the page itself."
    ),
)
EXIT_TEXTS = (
    ("0", "the digest was printed"),
    ("1", "the command line is wrong, the server cannot be reached or did not answer; standard error says why"),
)
EXAMPLE = "genhash -s 192.0.2.10 -p 443 -S -I -u /health -V www.example.org"


def genhash_page() -> str:
    """Return the page in the man macros of roff."""
    lines = [
        f'.TH GENHASH 1 "" "keepalived-py {__version__}" "User commands"',
        ".SH NAME",
        "genhash \\- digest of a web page, for the health checks of keepalived",
        ".SH SYNOPSIS",
        ".B genhash",
        "\\fB\\-s\\fR \\fIADDRESS\\fR \\fB\\-p\\fR \\fIPORT\\fR \\fB\\-u\\fR \\fIPATH\\fR [\\fIOPTION\\fR...]",
        ".br",
        ".B keepalived \\-T",
        "[\\fIOPTION\\fR...]",
        ".SH DESCRIPTION",
        *paragraphs(DESCRIPTION),
        ".SH OPTIONS",
        *_options(),
        *table("EXIT STATUS", EXIT_TEXTS),
        ".SH EXAMPLE",
        ".nf",
        escape(EXAMPLE),
        ".fi",
        ".SH SEE ALSO",
        ".BR keepalived (8),",
        ".BR keepalived.conf (5)",
    ]
    return "\n".join(lines) + "\n"


def _options() -> Iterator[str]:
    for name, letter, argument, text in OPTIONS:
        value = f"=\\fI{escape(argument)}\\fR" if argument else ""
        yield ".TP"
        yield f"\\fB\\-{letter}\\fR, \\fB\\-\\-{escape(name)}\\fR{value}"
        yield escape(f"{text}.")
