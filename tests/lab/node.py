"""One machine of the lab: namespaces, directories, a log, and the daemon that runs there."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.lab import syslog
from tests.lab.capturing import AddressHistory, Capture, Pings
from tests.lab.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.lab.daemon import Daemon

OWN_DIRECTORIES = ("keepalived", "sysconfig", "default", "init.d", "rsyslog.d")
"""What a node has of its own in /etc; everything else is the machine's."""

HOLDER = Path(__file__).with_name("holder.py")
CONFIG = "/etc/keepalived/keepalived.conf"
PATIENCE = 60.0
"""Seconds in which any command ends, and every process of a node that is closed."""


class Node:
    """A host with one interface `eth0` on the lab's wire.

    Args:
        name: host name.
        directory: an empty directory for what the node writes.
        enter: the words that enter the lab's user namespace; empty as root.
    """

    def __init__(self, name: str, directory: Path, enter: Sequence[str]) -> None:
        self.name = name
        self.directory = directory
        self._prepare()
        self._holder = subprocess.Popen(
            [*enter, *("unshare", "--net", "--mount", "--pid", "--uts", "--fork", "--kill-child"),
             *(sys.executable, "-I", "-S", str(HOLDER), str(directory), name)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        self._enter_user = bool(enter)
        self._children: list[subprocess.Popen[str]] = []
        self.pid = 0

    def _prepare(self) -> None:
        for path in ("run/lock", "run/tmp", "etc", "usr/sbin", "var/log"):
            (self.directory / path).mkdir(parents=True)
        for path in ("etc", "usr/sbin"):
            for entry in os.listdir(f"/{path}"):  # noqa: PTH208
                if entry not in (*OWN_DIRECTORIES, "rsyslog.conf", "keepalived"):
                    (self.directory / path / entry).symlink_to(f"/run/.machine/{path}/{entry}")
        for entry in OWN_DIRECTORIES:
            (self.directory / "etc" / entry).mkdir()
        syslog.write_configuration(self.path("/etc/rsyslog.conf"))

    def settle(self) -> None:
        """Wait until the node's first process has made its mounts."""
        assert self._holder.stdout is not None
        line = self._holder.stdout.readline()
        assert line.strip().isdigit(), f"node {self.name} did not start"
        self.pid = int(line)

    def close(self) -> None:
        """End every process of the node."""
        assert self._holder.stdin is not None
        self._holder.stdin.close()
        try:
            self._holder.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._holder.kill()
            self._holder.wait(PATIENCE)
        for child in self._children:
            child.kill()
            child.wait(PATIENCE)
            for stream in (child.stdin, child.stdout, child.stderr):
                if stream is not None:
                    stream.close()
        assert self._holder.stdout is not None
        self._holder.stdout.close()

    # ---------------------------------------------------------------- commands and files

    def words(self, command: Sequence[str]) -> list[str]:
        """The command line that runs a command inside the node."""
        user = ["--user", "--preserve-credentials"] if self._enter_user else []
        return ["nsenter", "--target", str(self.pid), *user, *("--net", "--mount", "--pid", "--uts"), "--", *command]

    def environment(self) -> dict[str, str]:
        """What a login shell of the node would have."""
        return {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin",
            "HOME": "/",
            "LANG": "C.UTF-8",
            "TMPDIR": "/run/tmp",
        }

    def attempt(self, *command: str, timeout: float = PATIENCE) -> subprocess.CompletedProcess[str]:
        """Run a command in the node to its end, whatever its exit code."""
        return subprocess.run(
            self.words(command), env=self.environment(), capture_output=True, text=True, timeout=timeout, check=False,
            stdin=subprocess.DEVNULL, cwd="/", start_new_session=True,  # "my process group" is never the tests'
        )  # fmt: skip

    def run(self, *command: str, timeout: float = PATIENCE) -> str:
        """Run a command in the node and return its output; a failure is an AssertionError with all it said."""
        done = self.attempt(*command, timeout=timeout)
        assert done.returncode == 0, (
            f"{self.name}: {' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        )
        return done.stdout

    def popen(self, *command: str, output: Path | None = None, **environment: str) -> subprocess.Popen[str]:
        """Start a command in the node; it ends with the node at the latest."""
        with output.open("a") if output else contextlib.nullcontext(subprocess.PIPE) as stream:
            child = subprocess.Popen(
                self.words(command), env=self.environment() | environment, cwd="/", text=True,
                stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        self._children.append(child)
        return child

    def path(self, path: str) -> Path:
        """Where a file of the node (in /etc, /run or /var/log) is for the test."""
        return self.directory / path.lstrip("/")

    def text(self, path: str) -> str:
        """A file of the node; empty while it does not exist."""
        try:
            return self.path(path).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""

    def configure(self, config: str) -> None:
        """Write /etc/keepalived/keepalived.conf, of which nobody ever reads a part."""
        new = self.path(f"{CONFIG}.new")
        new.write_text(config, encoding="utf-8")
        new.rename(self.path(CONFIG))

    # ---------------------------------------------------------------- log and wire

    def start_syslog(self, *, own: bool = False) -> None:
        """Start rsyslogd, or with `own` (where a machine has none) the lab's, and wait for /dev/log."""
        command = syslog.own_command() if own else syslog.RSYSLOGD
        self.popen(*command, output=self.path("/var/log/syslogd.out"))
        wait_for(
            lambda: self.attempt("test", "-S", "/dev/log").returncode == 0,
            40,
            lambda: f"{self.name}: /dev/log\n{self.text('/var/log/syslogd.out')}",
        )

    def restart_syslog(self) -> None:
        """End rsyslogd, see it gone, start another."""
        pid = self._pid_in("/run/rsyslogd.pid")
        self.kill(pid, signal.SIGTERM)
        wait_for(lambda: not self.is_running(pid), 10, "rsyslogd ends")
        self.start_syslog()

    def log(self, ident: str = "", path: str = syslog.KEEPALIVED_LOG) -> list[str]:
        """Texts logged by one ident (`Keepalived_vrrp`), or all lines of the file as `ident: text` without one.

        The last line counts when it is whole; what a process has just logged may still be on its way.
        """
        lines = [syslog.parse(line) for line in self.text(path).splitlines(keepends=True) if line.endswith("\n")]
        if not ident:
            return [f"{name}: {text}" for name, text in lines]
        return [text for name, text in lines if name == ident]

    def capture(self, interface: str = "eth0") -> Capture:
        """Record the frames of an interface from now on."""
        return Capture(*self._record("capture.py", interface))

    def ping(self, address: str, interval: float = 0.1) -> Pings:
        """Ask an address every `interval` seconds from now on."""
        return Pings(*self._record("pinger.py", address, str(interval)))

    def watch_addresses(self) -> AddressHistory:
        """Record every address that comes or goes from now on."""
        path = self.path(f"/run/addresses.{len(self._children)}")
        path.touch()
        child = self.popen("ip", "-timestamp", "-tshort", "-oneline", "monitor", "address", output=path)
        history = AddressHistory(child, path, self.ip)
        history.catch_up()
        return history

    def _record(self, program: str, *words: str) -> tuple[subprocess.Popen[str], Path]:
        path = self.path(f"/run/{program}.{len(self._children)}")
        path.touch()
        source = Path(__file__).with_name(program)
        child = self.popen(sys.executable, "-I", "-S", str(source), *words, f"/run/{path.name}")
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        return child, path

    # ---------------------------------------------------------------- addresses

    def addresses(self, interface: str = "eth0") -> list[str]:
        """The addresses of an interface as `192.0.2.1/24`, in the kernel's order; empty when there is no interface."""
        done = self.attempt("ip", "-json", "address", "show", "dev", interface)
        if done.returncode != 0:
            return []
        return [f"{entry['local']}/{entry['prefixlen']}" for entry in json.loads(done.stdout)[0]["addr_info"]]

    def has(self, address: str, interface: str = "eth0") -> bool:
        """Tell whether the interface carries the address (`192.0.2.1`, or with its prefix length)."""
        return any(found in (address, address + found[found.index("/") :]) for found in self.addresses(interface))

    def ip(self, *words: str) -> str:
        """Run iproute2 in the node."""
        return self.run("ip", *words)

    # ---------------------------------------------------------------- the daemon

    def install(self, daemon: Daemon) -> None:
        """Make a program the node's /usr/sbin/keepalived."""
        daemon.install(self.path("/usr/sbin/keepalived"))

    def start(self, *options: str) -> None:
        """Start the installed keepalived as a daemon and wait for its pid file."""
        self.run("keepalived", *(options or ("-D", "-S", "0")))
        wait_for(self.parent_pid, 15, lambda: f"{self.name}: a pid file\n" + "\n".join(self.log()))

    def parent_pid(self) -> int:
        """The parent's process id inside the node; 0 while it does not run."""
        return self._pid_in("/run/keepalived.pid")

    def vrrp_pid(self) -> int:
        """The VRRP child's process id inside the node; 0 while it does not run."""
        return self._pid_in("/run/vrrp.pid")

    def checker_pid(self) -> int:
        """The health-check child's process id inside the node; 0 while it does not run."""
        return self._pid_in("/run/checkers.pid")

    def _pid_in(self, path: str) -> int:
        pid = int(self.text(path).strip() or 0)
        return pid if pid and self.is_running(pid) else 0

    def is_running(self, pid: int) -> bool:
        """Tell whether a process of the node lives (a zombie does not)."""
        done = self.attempt("ps", "-o", "stat=", "-p", str(pid))
        return done.returncode == 0 and not done.stdout.strip().startswith("Z")

    def kill(self, pid: int, number: signal.Signals) -> None:
        """Send a signal to a process of the node."""
        assert pid > 1, f"{self.name}: {number.name} for process {pid}"
        self.run("kill", f"-{number.name.removeprefix('SIG')}", str(pid))

    def stop(self, timeout: float = 10.0) -> None:
        """SIGTERM the parent, wait until it is gone."""
        pid = self.parent_pid()
        assert pid, f"{self.name}: no keepalived runs\n" + "\n".join(self.log())
        self.kill(pid, signal.SIGTERM)
        wait_for(lambda: not self.is_running(pid), timeout, f"{self.name}: keepalived {pid} ends after SIGTERM")

    def crash(self) -> None:
        """Kill all processes of keepalived, none of which can clean up after another, and wait until they are gone."""
        parent = self.parent_pid()
        pids = (self.vrrp_pid(), self.checker_pid(), parent)
        assert all(pids), pids
        self.kill(parent, signal.SIGSTOP)  # it must not replace its children, and they must not outlive it
        wait_for(lambda: self.run("ps", "-o", "stat=", "-p", str(parent)).startswith("T"), 5, "the parent stands still")
        for pid in pids:
            self.kill(pid, signal.SIGKILL)
        wait_for(lambda: not any(map(self.is_running, pids)), 10, "the end of all processes")
