"""Certificates of servers of the tests, made with openssl."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_AUTHORITY = """\
[ca]
default_ca = ours
[ours]
database = {home}/index
new_certs_dir = {home}
policy = any
default_md = sha256
rand_serial = yes
x509_extensions = names
[any]
commonName = supplied
[names]
subjectAltName = DNS:{name}
"""


def self_signed(home: Path, name: str) -> Path:
    """Make a key and a certificate for a name; return the file with both. NAME.crt has the certificate alone."""
    _new_key(home, name, "-x509", "-days", "2", "-addext", f"subjectAltName=DNS:{name}", "-out", f"{home}/{name}.crt")
    return _together(home, name)


def expired(home: Path, name: str) -> Path:
    """Make the same, valid in the year 2020 only."""
    _new_key(home, name, "-out", f"{home}/{name}.request")
    (home / "index").touch()
    (home / "authority").write_text(_AUTHORITY.format(home=home, name=name))
    _run(
        *("ca", "-batch", "-config", f"{home}/authority", "-selfsign", "-keyfile", f"{home}/{name}.key", "-notext"),
        *("-startdate", "20200101000000Z", "-enddate", "20210101000000Z"),
        *("-in", f"{home}/{name}.request", "-out", f"{home}/{name}.crt"),
    )
    return _together(home, name)


def _new_key(home: Path, name: str, *words: str) -> None:
    _run(
        *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}"),
        *("-keyout", f"{home}/{name}.key", *words),
    )


def _together(home: Path, name: str) -> Path:
    both = home / f"{name}.pem"
    both.write_bytes((home / f"{name}.key").read_bytes() + (home / f"{name}.crt").read_bytes())
    return both


def _run(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True)
