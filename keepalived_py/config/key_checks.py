"""The keys of auth_hmac: read where they stand in files, each number once, and one of them to sign with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from keepalived_py.config.scalars import BadValueError
from keepalived_py.config.vrrp_values import key_octets
from keepalived_py.errors import ConfigTestCode

if TYPE_CHECKING:
    from keepalived_py.config.correction import Correction
    from keepalived_py.config.diagnostics import Location
    from keepalived_py.config.environment import Environment
    from keepalived_py.config.model.vrrp import AuthHmac, VrrpInstance
    from keepalived_py.config.vrrp_values import HmacKey

LONGEST_FILE: Final = 512
OTHERS: Final = 0o077
"""Permissions of group and others."""


def check_keys(check: Correction[VrrpInstance], environment: Environment) -> None:
    """Fetch the keys of an instance; what cannot be used is an error, and the rest stays."""
    signature = check.record.auth_hmac
    if signature is None:
        return
    kept: dict[int, HmacKey] = {}
    for key in signature.key:
        where = _place(signature, key)
        if key.id in kept:
            check.error(f"auth_hmac has two keys {key.id}: the second is ignored", at=where)
            continue
        complete = _read(check, key, environment, where) if key.path else key
        if complete is not None:
            kept[key.id] = complete
    if tuple(kept.values()) != signature.key:
        check.record = check.record.changed(auth_hmac=signature.changed(key=tuple(kept.values())))


def _place(signature: AuthHmac, key: HmacKey) -> Location | None:
    lines = signature.source.body or () if signature.source else ()
    words = ["key", str(key.id)]
    return next((line.at(1) for line in reversed(lines) if line.words[:2] == words), signature.location("key"))


def _read(
    check: Correction[VrrpInstance], key: HmacKey, environment: Environment, where: Location | None
) -> HmacKey | None:
    """Return the key with what its file holds, None when that is no key."""
    what = f"key {key.id} of auth_hmac"
    content = environment.read(key.path, LONGEST_FILE)
    if content.problem:
        check.error(f"{what} is ignored: {key.path} {content.problem}", at=where)
        return None
    try:
        octets = key_octets(content.octets.rstrip(b"\r\n"))
    except BadValueError as bad:
        check.error(f"{what} is ignored: {key.path}: {bad.reason}", at=where)
        return None
    if content.mode & OTHERS:
        message = (
            f"security: {key.path}, {what}, is open to group or others (mode {content.mode & 0o7777:04o}, "
            f"owner {content.uid}): chmod 600 {key.path}"
        )
        check.error(message, at=where, code=ConfigTestCode.SECURITY)
    return key.changed(octets=octets)
