"""The manual page keepalivedctl(8)."""

from __future__ import annotations

from keepalived_py import __version__
from keepalived_py.manual import escape, paragraphs, table

DESCRIPTION = (
    "keepalivedctl shows what a running keepalived does and why, and what is known of its configuration language.",
    (
        "status and history ask the daemon at its control socket, which it answers beside its work: no advert waits for"
        " an answer. Only root and the members of the group named by the keyword control_group may ask."
    ),
)
VERBS = (
    (
        "status [--json] [--counters] [--watch [--every SECS]]",
        (
            "Show for every instance: its state, since when and why; the steps from its configured to its effective"
            " priority; the master; virtual addresses and whether they are there; other routers, when they were last"
            " heard, and why adverts of theirs were dropped; another master, if there is one. Then for every virtual"
            " server: its quorum, and its real servers with their weights and the last result of each check; with"
            " --counters also what IPVS has counted for each: connections, packets and bytes, in all and per second."
        ),
    ),
    (
        "history [--json] [--last N]",
        (
            "Show transitions and other events, the oldest first, with their causes and the priorities, timers and"
            " lateness of that moment. The record survives a crash of the process that wrote it, and reloads; it ends"
            " with the daemon."
        ),
    ),
    (
        "real-server VIRTUAL-SERVER REAL-SERVER --drain | --enable | --weight N",
        (
            "Have the health-check process give a real server the weight 0 (its connections stay, new ones go"
            " elsewhere), its configured weight again, or another one. An order outlives reloads, and neither crashes"
            " nor the end of the daemon. Without enough weight left the quorum is lost."
        ),
    ),
    ("keywords [--json | --markdown]", "Print every keyword of the configuration language."),
    ("manual 5 | 8 | ctl | genhash", "Print a manual page in roff."),
)
OPTIONS = (
    ("--instance NAME", "Only this vrrp_instance."),
    ("--socket PATH", "The control socket, where control_socket moved it."),
    ("--instance-name NAME", "The daemon that the keyword instance named so."),
    ("--namespace NAME", "The daemon that works in this network namespace."),
)
EXIT_TEXTS = (
    ("0", "everybody who was asked answered"),
    ("1", "nobody answers, or there is no such instance"),
    ("2", "the command line is wrong"),
    ("3", "a process is missing or does not answer; what the others know was printed"),
)
FILES = (
    ("/run/keepalived/control.sock", "where the VRRP process answers; the others have .parent or .checkers behind it"),
    ("/run/keepalived/control_NAME.sock", "the same of a daemon with the keyword instance"),
    ("/run/keepalived/NAMESPACE/control.sock", "the same of a daemon in a network namespace"),
)


def control_page() -> str:
    """Return the page in the man macros of roff."""
    lines = [
        f'.TH KEEPALIVEDCTL 8 "" "keepalived-py {__version__}" "System administration"',
        ".SH NAME",
        "keepalivedctl \\- what a running keepalived does, and why",
        ".SH SYNOPSIS",
        ".B keepalivedctl",
        "\\fIVERB\\fR [\\fIOPTION\\fR...]",
        ".SH DESCRIPTION",
        *paragraphs(DESCRIPTION),
        *table("VERBS", VERBS),
        *table("OPTIONS OF status AND history", OPTIONS),
        *table("EXIT STATUS", EXIT_TEXTS),
        *table("FILES", FILES),
        ".SH SEE ALSO",
        ".BR keepalived (8),",
        ".BR keepalived.conf (5);",
        escape("docs/guide/control.md describes the protocol."),
    ]
    return "\n".join(lines) + "\n"
