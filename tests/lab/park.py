"""A machine with a real server for every kind of check, each of which can be broken in a way of its own and mended."""

from __future__ import annotations

import hashlib
import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.lab.waiting import wait_for
from tests.unit.check.certificates import self_signed

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lab.node import Node

HOME: Final = "/run/park"
AUTHORITIES, SCRIPT, TELL = "/run/authorities.crt", "/run/check", "/run/tell"
FULL, LOAD, TOLD = "/run/full", "/run/load", "/run/told"
"""Files of the director."""
RESPONDER: Final = str(Path(__file__).with_name("responder.py"))
PROGRAMS: Final = {
    "nginx": "nginx-light",
    "exim4": "exim4-daemon-light",
    "dnsmasq": "dnsmasq-base",
    "redis-server": "redis-server",
    "openssl": "openssl",
}
"""Debian's packages by the commands that are needed."""
PORTS: Final = {80, 443, 25, 53, 7, 6379, 7777}
TIMEOUT: Final = 1.0
"""Seconds that a check waits for an answer: what decides here is silence, or another answer."""

_NGINX: Final = f"""\
daemon off;
user root;
worker_processes 1;
pid {HOME}/nginx.pid;
error_log {HOME}/nginx.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {HOME}/body;
    proxy_temp_path {HOME}/proxy;
    fastcgi_temp_path {HOME}/fastcgi;
    uwsgi_temp_path {HOME}/uwsgi;
    scgi_temp_path {HOME}/scgi;
    server {{
        listen 80;
        listen 443 ssl;
        ssl_certificate {HOME}/server.pem;
        ssl_certificate_key {HOME}/server.pem;
        root {HOME}/pages;
        location = /busy {{ if (-f {HOME}/busy) {{ return 503; }} return 200 "idle"; }}
    }}
}}
"""
_EXIM: Final = f"""\
primary_hostname = mail.example
spool_directory = {HOME}/spool
log_file_path = {HOME}/spool/%s
daemon_smtp_ports = 25
local_interfaces = 0.0.0.0
host_lookup =
rfc1413_hosts =
pid_file_path = {HOME}/exim.pid
acl_smtp_connect = connect
begin acl
connect:
  defer condition = ${{if exists{{{HOME}/full}}}}
        message = 421 the disk is full
  accept
"""


class Park:
    """The servers of one node.

    Args:
        node: where they run; nothing of its own listens there.
        director: where the daemon is to run, with the script and the file of the checks that have no server.
        certificates: an empty directory for keys and certificates.
    """

    def __init__(self, node: Node, director: Node, certificates: Path) -> None:
        self.node = node
        self.director = director
        right = self_signed(certificates, "web.example")
        self._right = right.read_bytes()
        director.path(AUTHORITIES).write_bytes(right.with_suffix(".crt").read_bytes())
        self._wrong = self_signed(certificates, "other.example").read_bytes()

    def start(self) -> None:
        """Start every server and wait until all of them listen."""
        self._prepare_director()
        for folder in ("pages", "spool"):
            self.node.path(f"{HOME}/{folder}").mkdir(parents=True, mode=0o777)
            self.node.path(f"{HOME}/{folder}").chmod(0o777)
        self.node.path(f"{HOME}/server.pem").write_bytes(self._right)
        self.write("nginx.conf", _NGINX)
        self.write("exim.conf", _EXIM)
        self.write("pages/page", PAGE)
        self.write("pages/state", "all is well\n")
        self.write("pages/idle", "idle\n")
        self.write("hosts", "10.0.0.1 up.example\n")
        self.write("agent", "up 100%\n")
        self._run("nginx", "-c", f"{HOME}/nginx.conf", "-e", f"{HOME}/nginx.log")
        self._run("exim4", "-bdf", "-C", f"{HOME}/exim.conf")
        self._run(
            *("dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--conf-file=/dev/null", "--user=root"),
            *("--local=/example/", f"--addn-hosts={HOME}/hosts", f"--pid-file={HOME}/dnsmasq.pid"),
        )
        self.node.run(  # not as a child of nsenter, which would stop with it and not go on with it
            *("redis-server", "--daemonize", "yes", "--port", "6379", "--bind", "0.0.0.0", "--protected-mode", "no"),
            *("--save", "", "--dir", HOME, "--pidfile", f"{HOME}/redis.pid", "--logfile", f"{HOME}/redis.out"),
        )
        self.respond("echo", 7)
        self.respond("agent", 7777)
        wait_for(lambda: self._listening() >= PORTS, 60, lambda: f"{PORTS - self._listening()} listen\n{self._said()}")

    def _prepare_director(self) -> None:
        self.director.path(LOAD).write_text("0\n", encoding="ascii")
        for path, text in (
            (SCRIPT, f"test ! -e {FULL} && exit 0\necho the disk is full >&2\nexit 3\n"),
            (TELL, f'echo "$1 $2" >> {TOLD}\n'),
        ):
            self.director.path(path).write_text(f"#!/bin/sh\n{text}", encoding="ascii")
            self.director.path(path).chmod(0o755)

    def _run(self, *command: str) -> None:
        self.node.popen(*command, output=self.node.path(f"{HOME}/{command[0]}.out"))

    def respond(self, kind: str, port: int) -> None:
        """Start a server of `responder.py`."""
        self.node.popen(sys.executable, "-I", "-S", RESPONDER, kind, str(port), f"{HOME}/{kind}")

    def _listening(self) -> set[int]:
        lines = self.node.run("ss", "-Hltun").splitlines()
        return {int(line.split()[4].rpartition(":")[2]) for line in lines}

    def _said(self) -> str:
        return "\n".join(f"{one.name}: {one.read_text()}" for one in self.node.path(HOME).glob("*.out"))

    def write(self, name: str, text: str) -> None:
        """Write a file at once: whoever reads it meanwhile sees the old or the new one."""
        path = self.node.path(f"{HOME}/{name}")
        new = path.with_name(f".{path.name}")
        new.write_text(text, encoding="utf-8")
        new.rename(path)

    def remove(self, name: str) -> None:
        """Remove a file."""
        self.node.path(f"{HOME}/{name}").unlink()

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a server, by the name of its pid file."""
        self.node.kill(int(self.node.text(f"{HOME}/{name}.pid")), number)

    def show_certificate(self, *, right: bool) -> None:
        """Let nginx show a certificate for web.example, or for another name."""
        self.node.path(f"{HOME}/server.pem").write_bytes(self._right if right else self._wrong)
        self.signal("nginx", signal.SIGHUP)

    def resolve(self, line: str) -> None:
        """Let the name server know this host and no other."""
        self.write("hosts", line)
        self.signal("dnsmasq", signal.SIGHUP)

    def answer_pings(self, *, wanted: bool) -> None:
        """Let the kernel answer echo requests, or not."""
        self.node.run("sysctl", "-q", f"net.ipv4.icmp_echo_ignore_all={int(not wanted)}")


def why_not() -> str:
    """Return which programs are missing here, empty for none."""
    missing = [
        package for name, package in PROGRAMS.items() if shutil.which(name, path="/usr/sbin:/usr/bin:/sbin") is None
    ]
    return f"install Debian's {', '.join(missing)}" if missing else ""


class Case(NamedTuple):
    """One virtual server with one real server, and how that fails.

    Attributes:
        name: of the case.
        port: of the real server.
        check: the block of its check.
        cause: how the result of the broken server begins.
        breaks: breaks the server.
        mends: mends it.
        protocol: of the virtual server.
    """

    name: str
    port: int
    check: str
    cause: str
    breaks: Callable[[Park], object]
    mends: Callable[[Park], object]
    protocol: str = "TCP"


PAGE: Final = "hello, world\n"
DIGEST: Final = hashlib.md5(PAGE.encode(), usedforsecurity=False).hexdigest()
SILENT: Final = f"no answer within {TIMEOUT:.1f} s"
CASES: Final = (
    Case(
        "server that accepts and says nothing",
        6379,
        'TCP_CHECK {\nstep {\nsend "PING\\r\\n"\nexpect "+PONG"\n}\n}',
        f"timed out after {TIMEOUT:.1f} s",
        lambda park: park.signal("redis", signal.SIGSTOP),
        lambda park: park.signal("redis", signal.SIGCONT),
    ),
    Case(
        "wrong status",
        80,
        "HTTP_GET {\nurl {\npath /busy\nstatus_code 200\n}\n}",
        "status 503",
        lambda park: park.write("busy", ""),
        lambda park: park.remove("busy"),
    ),
    Case(
        "wrong digest",
        80,
        f"HTTP_GET {{\nurl {{\npath /page\ndigest {DIGEST}\n}}\n}}",
        "digest ",
        lambda park: park.write("pages/page", "goodbye\n"),
        lambda park: park.write("pages/page", PAGE),
    ),
    Case(
        "expression not found",
        80,
        'HTTP_GET {\nurl {\npath /state\nregex "all is well"\n}\n}',
        "expression not found",
        lambda park: park.write("pages/state", "all is lost\n"),
        lambda park: park.write("pages/state", "all is well\n"),
    ),
    Case(
        "certificate of another name",
        443,
        f"SSL_GET {{\nurl {{\npath /idle\n}}\ntls_verify\ntls_ca {AUTHORITIES}\ntls_server_name web.example\n}}",
        "certificate refused: ",
        lambda park: park.show_certificate(right=False),
        lambda park: park.show_certificate(right=True),
    ),
    Case(
        "mail server without room",
        25,
        "SMTP_CHECK {\n}",
        "bad greeting: '4",
        lambda park: park.write("full", ""),
        lambda park: park.remove("full"),
    ),
    Case(
        "name that is gone",
        53,
        "DNS_CHECK {\ntype A\nname up.example\n}",
        "answer NXDOMAIN",
        lambda park: park.resolve("10.0.0.1 down.example\n"),
        lambda park: park.resolve("10.0.0.1 up.example\n"),
        "UDP",
    ),
    Case(
        "port without a server",
        7,
        "UDP_CHECK {\npayload 6173\nrequire_reply 6173\n}",
        "refused",
        lambda park: park.signal("echo", signal.SIGKILL),
        lambda park: park.respond("echo", 7),
        "UDP",
    ),
    Case(
        "host that does not answer",
        9,
        "PING_CHECK {\n}",
        SILENT,
        lambda park: park.answer_pings(wanted=False),
        lambda park: park.answer_pings(wanted=True),
    ),
    Case(
        "script that fails",
        8,
        f"MISC_CHECK {{\nmisc_path {SCRIPT}\nmisc_timeout 20\n}}",
        "exited with status 3: the disk is full",
        lambda park: park.director.path(FULL).touch(),
        lambda park: park.director.path(FULL).unlink(),
    ),
    Case(
        "number in a file",
        8,
        "FILE_CHECK {\ntrack_file load\n}",
        "the number is 1",
        lambda park: park.director.path(LOAD).write_text("1\n", encoding="ascii"),
        lambda park: park.director.path(LOAD).write_text("0\n", encoding="ascii"),
    ),
    Case(
        "agent that says down",
        7777,
        "AGENT_CHECK {\n}",
        "the agent says down: disk full",
        lambda park: park.write("agent", "down#disk full\n"),
        lambda park: park.write("agent", "up 100%\n"),
    ),
)


def virtual_address(case: Case) -> str:
    """The address of the virtual server of a case."""
    return f"10.9.9.{CASES.index(case) + 1}"


def configuration(real_address: str, delay_loop: float) -> str:
    """Return the director's configuration: a virtual server for each case."""
    parts = [f"global_defs {{\nscript_user root\n}}\ntrack_file load {{\nfile {LOAD}\nweight 0\n}}"]
    parts += [
        f"virtual_server {virtual_address(case)} 80 {{\nlvs_sched rr\nlvs_method NAT\nprotocol {case.protocol}\n"
        f"delay_loop {delay_loop}\nwarmup 0\nretry 1\ndelay_before_retry 0.1\nconnect_timeout {TIMEOUT}\n"
        f'real_server {real_address} {case.port} {{\nweight 1\nnotify_up "{TELL} up {number}"\n'
        f'notify_down "{TELL} down {number}"\n{case.check}\n}}\n}}'
        for number, case in enumerate(CASES)
    ]
    return "\n".join(parts) + "\n"


def told(director: Node) -> list[tuple[str, str]]:
    """What notify scripts were told: `up` or `down`, and the name of the case, in order."""
    return [(word, CASES[int(number)].name) for word, number in map(str.split, director.text(TOLD).splitlines())]
