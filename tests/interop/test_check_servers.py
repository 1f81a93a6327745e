"""Checks against servers as Debian ships them, on free ports of the loopback address."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from keepalived_py.check.dialogue import Step
from keepalived_py.check.dns_check import DnsCheck
from keepalived_py.check.ping_check import PingCheck
from keepalived_py.check.probe import UP, failed
from keepalived_py.check.smtp_check import SmtpCheck
from keepalived_py.check.target import Target
from keepalived_py.check.tcp_check import TcpCheck
from keepalived_py.config.escapes import octets_of
from keepalived_py.reactor import Reactor
from tests.lab.ports import free_port
from tests.lab.waiting import wait_for
from tests.unit.check.asking import at, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PATIENCE = 60.0
"""Seconds until a server answers, on a machine that does much else."""


@pytest.fixture
def reactor() -> Iterator[Reactor]:
    made = Reactor(0.5)
    yield made
    made.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A directory that servers which give up root can reach."""
    path = Path(tempfile.mkdtemp(prefix="servers-"))
    path.chmod(0o777)
    yield path
    shutil.rmtree(path, ignore_errors=True)


def program(name: str, package: str) -> str:
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/bin")
    newest = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    if newest:
        return str(newest[-1])
    if found is None:
        pytest.skip(f"{name} is not here: install Debian's package {package}")
    return found


@contextlib.contextmanager
def serving(
    words: Sequence[str], port: int, *, user: str | None = None, directory: Path | None = None
) -> Iterator[None]:
    """Run a server until the block ends; wait until it listens."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(words, stdout=said, stderr=said, user=user, cwd=directory)
        try:
            ends_at = time.monotonic() + PATIENCE
            while not listens(port):
                said.seek(0)
                assert process.poll() is None, said.read().decode()
                assert time.monotonic() < ends_at, "it does not listen"
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
            process.wait(PATIENCE)


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def step(send: str, *expect: str) -> tuple[Step, ...]:
    return (Step(bytes(octets_of(send)), tuple(octets_of(text) for text in expect)),)


def test_redis_answers_a_ping_and_a_locked_one_does_not(reactor: Reactor, folder: Path) -> None:
    server, port = program("redis-server", "redis-server"), free_port()
    words = [server, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    check = TcpCheck(at(port, PATIENCE), step(r"PING\r\n", "+PONG"))
    with serving(words, port):
        assert run(reactor, check) == UP
    assert run(reactor, check) == failed("refused")
    with serving([*words, "--requirepass", "secret"], port):
        result = run(reactor, check)
    assert not result.ok
    assert result.detail.startswith("step 1: unexpected answer '-NOAUTH")


def test_mariadb_greets(reactor: Reactor, folder: Path) -> None:
    server, port = program("mariadbd", "mariadb-server-core"), free_port()
    words = [server, "--no-defaults", "--user=root", "--skip-grant-tables", f"--datadir={folder}", f"--port={port}"]
    words += ["--bind-address=127.0.0.1", f"--socket={folder}/socket", f"--pid-file={folder}/pid"]
    with serving(words, port):
        assert run(reactor, TcpCheck(at(port, PATIENCE), step("", r"\?\?\?\x00\x0a"))) == UP
        wrong = run(reactor, TcpCheck(at(port, PATIENCE), step("", r"\?\?\?\x00\x09")))
    assert not wrong.ok


def test_postgresql_says_whether_it_speaks_tls(reactor: Reactor, folder: Path) -> None:
    server, make, port = program("postgres", "postgresql"), program("initdb", "postgresql"), free_port()
    data = folder / "data"
    subprocess.run(
        [make, "-D", data, "-A", "trust", "--no-sync"], check=True, capture_output=True, user="postgres", cwd=folder
    )
    words = [server, "-D", str(data), "-p", str(port), "-h", "127.0.0.1", "-k", str(folder), "-F"]
    check = TcpCheck(at(port, PATIENCE), step(r"\x00\x00\x00\x08\x04\xd2\x16\x2f", "S", "N"))
    with serving(words, port, user="postgres", directory=folder):
        assert run(reactor, check) == UP
    assert run(reactor, check) == failed("refused")


def test_dnsmasq_answers_what_it_knows_and_refuses_the_rest(reactor: Reactor) -> None:
    server, port = program("dnsmasq", "dnsmasq-base"), free_port()
    words = [server, "--keep-in-foreground", f"--port={port}", "--listen-address=127.0.0.1", "--bind-interfaces"]
    words += ["--no-resolv", "--no-hosts", "--conf-file=/dev/null", "--pid-file", "--user=root"]
    words += ["--address=/up.example/10.0.0.1", "--local=/none.example/"]
    with serving(words, port):
        where = at(port, PATIENCE)
        assert run(reactor, DnsCheck(where, "www.up.example", "A")) == UP
        assert run(reactor, DnsCheck(where, "www.none.example", "A")) == failed("answer NXDOMAIN")
        assert run(reactor, DnsCheck(where, "www.elsewhere.example", "A")) == failed("answer REFUSED")
    assert run(reactor, DnsCheck(where, "www.up.example", "A")) == failed("refused")


def test_exim_is_greeted_and_left_in_order(reactor: Reactor, folder: Path) -> None:
    server, port = program("exim4", "exim4-daemon-light"), free_port()
    config, log = folder / "config", folder / "log"
    log.mkdir(mode=0o777)
    log.chmod(0o777)
    config.write_text(
        f"primary_hostname = mail.example\nspool_directory = {folder}\nlog_file_path = {log}/%s\n"
        f"daemon_smtp_ports = {port}\nlocal_interfaces = 127.0.0.1\nhost_lookup =\nrfc1413_hosts =\n"
        f"pid_file_path = {folder}/pid\nlog_selector = +smtp_connection +smtp_no_mail\n"
    )
    with serving([server, "-bdf", "-C", str(config)], port):
        assert run(reactor, SmtpCheck(at(port, PATIENCE), "checker.example")) == UP
        wait_for(lambda: "C=HELO,QUIT" in (log / "main").read_text(), PATIENCE, (log / "main").read_text)
    # Its helpers hold the port for a moment longer.
    wait_for(lambda: run(reactor, SmtpCheck(at(port, 1.0))) == failed("refused"), PATIENCE, "nobody listens any more")


@pytest.mark.parametrize(("family", "address"), [(4, "127.0.0.1"), (6, "::1")])
def test_ping_of_the_machine_itself_and_of_nobody(reactor: Reactor, family: int, address: str) -> None:
    assert run(reactor, PingCheck(Target(family=family, address=address, timeout=PATIENCE))) == UP


def test_ping_of_an_address_without_a_route_says_so(reactor: Reactor) -> None:
    result = run(reactor, PingCheck(Target(address="127.0.0.1", interface="nosuch0", timeout=1.0)))
    assert result == failed("no such interface")
