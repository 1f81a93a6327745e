"""A real nginx on loopback: plain and TLS, two virtual hosts, certificates of an authority of our own."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from typing import TYPE_CHECKING, NamedTuple

from tests.lab.ports import free_port
from tests.lab.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGES = {"a": b"page of a\n" * 5, "b": b"page of b\n"}
_CONFIGURATION = """
daemon off;
master_process off;
pid {home}/nginx.pid;
error_log {home}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    default_type text/plain;
{servers}
    server {{
        listen 127.0.0.1:{old} ssl;
        ssl_protocols TLSv1.1;
        ssl_ciphers ALL:@SECLEVEL=0;
        ssl_certificate {home}/a.pem;
        ssl_certificate_key {home}/a.pem;
    }}
    server {{
        listen 127.0.0.1:{new} ssl;
        ssl_protocols TLSv1.3;
        ssl_certificate {home}/a.pem;
        ssl_certificate_key {home}/a.pem;
        root {home}/a;
    }}
}}
"""
_SERVER = """
    server {{
        listen 127.0.0.1:{plain};
        listen [::1]:{plain};
        listen 127.0.0.1:{secret} ssl;
        server_name {name}.example;
        ssl_certificate {home}/{name}.pem;
        ssl_certificate_key {home}/{name}.pem;
        root {home}/{name};
        location /chunks/ {{ alias {home}/{name}/; ssi on; ssi_types text/plain; }}
        location = /busy {{ return 503 "busy"; }}
        location = /moved {{ return 302 /; }}
        location = /state {{ return 200 '{{"state": "fit", "checks": [{{"name": "disk", "free": 7}}]}}'; }}
        location = /method {{ return 200 "$request_method $http_x_probe $http_host $ssl_server_name"; }}
    }}
"""


class Nginx(NamedTuple):
    """One that runs.

    Attributes:
        plain: its port.
        secret: its port for TLS.
        old: its port for TLS 1.1 and nothing newer.
        new: its port for TLS 1.3 and nothing older.
        authority: file of what has signed its certificates.
        process: number of its process.
    """

    plain: int
    secret: int
    old: int
    new: int
    authority: Path
    process: int


@contextlib.contextmanager
def nginx(home: Path) -> Iterator[Nginx]:
    """Run nginx until the block ends."""
    _make_certificates(home)
    plain, secret, old, new = (free_port() for _ in range(4))
    servers = ""
    for name, page in PAGES.items():
        (home / name).mkdir()
        (home / name / "page").write_bytes(page)
        servers += _SERVER.format(plain=plain, secret=secret, name=name, home=home)
    home.chmod(0o755)
    configuration = home / "nginx.conf"
    configuration.write_text(_CONFIGURATION.format(home=home, servers=servers, old=old, new=new))
    process = subprocess.Popen(["nginx", "-c", configuration, "-e", home / "error.log"])
    try:
        wait_for(lambda: _answers(secret), 20.0, lambda: f"nginx answers: {(home / 'error.log').read_text()}")
        yield Nginx(plain, secret, old, new, home / "authority.crt", process.pid)
    finally:
        process.terminate()
        process.wait(60)


def _make_certificates(home: Path) -> None:
    """Make the key and certificate of an authority, and what it signs for both virtual hosts."""
    _openssl(home, "authority", "-subj", "/CN=authority")
    for name in PAGES:
        _openssl(
            home, name, "-subj", f"/CN={name}.example", "-addext", f"subjectAltName=DNS:{name}.example",
            "-CA", str(home / "authority.crt"), "-CAkey", str(home / "authority.key"),
        )  # fmt: skip
        (home / f"{name}.pem").write_bytes((home / f"{name}.key").read_bytes() + (home / f"{name}.crt").read_bytes())


def _openssl(home: Path, name: str, *words: str) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-keyout", str(home / f"{name}.key"), "-out", str(home / f"{name}.crt"), *words],
        check=True, capture_output=True,
    )  # fmt: skip


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
