"""The manual page keepalived(8), made from the table of options; keepalived.conf(5) is in `config.manual`."""

from __future__ import annotations

from keepalived_py import EMULATED_DATE, EMULATED_VERSION, __version__
from keepalived_py.cli import OPTIONS, Option
from keepalived_py.command_line import Argument

DESCRIPTION = (
    (
        "keepalived keeps virtual addresses alive on one of several hosts with the Virtual Router Redundancy Protocol"
        " (VRRP versions 2 and 3), so that a service stays reachable when a host dies."
    ),
    (
        "It reads one configuration file, described in keepalived.conf(5), and runs as three processes: a parent that"
        " reads the configuration and replaces children that die or hang, one child for VRRP and one for health checks."
    ),
    (
        f"This is keepalived-py {__version__}, keepalived in Python. Configuration, command line, signals, files and"
        f" log lines are those of keepalived {EMULATED_VERSION} ({EMULATED_DATE}), the version that it reports."
    ),
)

SIGNAL_TEXTS = (
    (
        "HUP",
        (
            "Read the configuration again. It is put in force whole or, when it has new errors, not at all; the log"
            " says which. Instances that did not change are not disturbed."
        ),
    ),
    ("TERM, INT", "Stop: masters tell their peers, virtual addresses are removed, pid files too."),
    (
        "USR1, USR2, RTMIN+2",
        (
            "Write the state (keepalived.data; keepalived_check.data and keepalived_parent.data for the other"
            " processes), the statistics (keepalived.stats), or both as JSON (keepalived.json). The files go to"
            " $TMPDIR, to /tmp, or where the configuration says."
        ),
    ),
    (
        "RTMAX-1",
        "Write the statistics as on USR2; their counters then begin again at zero.",
    ),
)

EXIT_TEXTS = (
    ("0", "stopped normally; or another keepalived is already running"),
    ("1", "the command line is wrong, or a child found that it cannot work at all"),
    ("2", "the configuration cannot be used"),
    ("4", "a permission is missing"),
    ("6", "there is no configuration file, or an include check failed"),
    ("70", "an internal error"),
    ("204", "out of memory"),
)

TEST_EXIT_TEXTS = (
    ("0", "no errors were found"),
    ("1", "the command line is wrong"),
    ("2", "a required word is missing"),
    ("4", "only files or interfaces are missing"),
    ("5", "the configuration has errors"),
    ("6", "a script is not secure, or an include check failed"),
)

FILES = (
    ("/etc/keepalived/keepalived.conf", "the configuration"),
    ("/etc/sysconfig/keepalived, /etc/default/keepalived", "options for the init script and the systemd unit"),
    ("/run/keepalived.pid, /run/vrrp.pid, /run/checkers.pid", "process numbers of the parent and its children"),
)


def escape(text: str) -> str:
    """Return `text` as roff shows it unchanged."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped


def manual_page() -> str:
    """Return the page of the command in the man macros of roff."""
    lines = [
        f'.TH KEEPALIVED 8 "" "keepalived-py {__version__}" "System administration"',
        ".SH NAME",
        "keepalived \\- virtual addresses that survive their host (VRRP), and health checks",
        ".SH SYNOPSIS",
        ".B keepalived",
        "[\\fIOPTION\\fR...]",
        ".SH DESCRIPTION",
    ]
    lines += paragraphs(DESCRIPTION)
    lines.append(".SH OPTIONS")
    for option in OPTIONS:
        lines += [".TP", _heading(option), f"{escape(option.help)}."]
    lines += table("SIGNALS", SIGNAL_TEXTS, "Signals go to the parent.")
    lines += table("EXIT STATUS", EXIT_TEXTS)
    lines += table("EXIT STATUS OF --config-test", TEST_EXIT_TEXTS)
    lines += table("FILES", FILES)
    lines += [".SH SEE ALSO", ".BR keepalived.conf (5),", ".BR keepalivedctl (8)"]
    return "\n".join(lines) + "\n"


def _heading(option: Option) -> str:
    argument = f"\\fI{escape(option.metavar)}\\fR"
    value = {Argument.NONE: "", Argument.REQUIRED: f"={argument}", Argument.OPTIONAL: f"[={argument}]"}[option.argument]
    short = f"\\fB\\-{option.short}\\fR, " if option.short else ""
    return f"{short}\\fB\\-\\-{escape(option.long)}\\fR{value}"


def paragraphs(texts: tuple[str, ...]) -> list[str]:
    """Return the lines of several paragraphs."""
    return [line for text in texts for line in (escape(text), ".PP")]


def table(title: str, entries: tuple[tuple[str, str], ...], introduction: str = "") -> list[str]:
    """Return the lines of a section that explains terms."""
    lines = [f'.SH "{escape(title)}"']
    if introduction:
        lines.append(escape(introduction))
    for term, text in entries:
        lines += [".TP", f"\\fB{escape(term)}\\fR", escape(text)]
    return lines
