"""The log of a node: a real rsyslogd with the walkthrough's rule, or a small stand-in where none is installed.

As a program (`python -I -S syslog.py`) it is the stand-in: it writes what /dev/log receives to the two files.
"""

from __future__ import annotations

import re
import socket
import sys
import time
from pathlib import Path

KEEPALIVED_LOG = "/var/log/keepalived.log"
MESSAGES = "/var/log/messages"
RSYSLOGD = ("rsyslogd", "-n", "-i", "/run/rsyslogd.pid")
LOCAL0 = 16

CONFIGURATION = """\
module(load="imuxsock" SysSock.Name="/dev/log" SysSock.RateLimit.Interval="0")
global(workDirectory="/run/tmp")
module(load="builtin:omfile" template="RSYSLOG_TraditionalFileFormat" fileCreateMode="0644")
include(file="/etc/rsyslog.d/*.conf" mode="optional")
*.*;local0.none /var/log/messages
local0.* /var/log/keepalived.log
"""

LINE = re.compile(r"^\S+ +\d+ [\d:]{8} \S+ (?P<ident>[^:\[]+)(?:\[\d+\])?: ?(?P<text>.*)$")


def write_configuration(path: Path) -> None:
    """Write rsyslog.conf with the walkthrough's rule."""
    path.write_text(CONFIGURATION, encoding="utf-8")


def own_command() -> tuple[str, ...]:
    """The command line of the stand-in."""
    return (sys.executable, "-I", "-S", __file__)


def parse(line: str) -> tuple[str, str]:
    """Ident and text of a log line in the traditional format; ("", line) of anything else."""
    match = LINE.match(line)
    return (match["ident"], match["text"]) if match else ("", line)


def collect() -> None:
    """Write every datagram of /dev/log as the walkthrough's rsyslogd does."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.bind("/dev/log")
    host = socket.gethostname()
    while True:
        message = sock.recv(65536).decode("utf-8", "replace")
        priority, _, rest = message.lstrip("<").partition(">")
        text = rest[16:] if rest[3:4] == " " and rest[15:16] == " " else rest
        path = KEEPALIVED_LOG if int(priority) >> 3 == LOCAL0 else MESSAGES
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"{time.strftime('%b %e %H:%M:%S')} {host} {text.rstrip()}\n")


if __name__ == "__main__":
    collect()
