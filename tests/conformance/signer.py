"""Signed adverts made from the text of draft-cassen-vrrp-auth-hmac, by other means than the code under test.

No codec of the package is used here: fields are written one by one, HMAC is built from SHA-256 as RFC 2104 says.
"""

import hashlib

BLOCK = 64


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """RFC 2104 section 2 with SHA-256; keys of at most 64 octets."""
    padded = key + b"\0" * (BLOCK - len(key))
    inner = hashlib.sha256(bytes(octet ^ 0x36 for octet in padded) + message).digest()
    return hashlib.sha256(bytes(octet ^ 0x5C for octet in padded) + inner).digest()


def sequence(seconds: int, fraction: int = 0, counter: int = 0) -> bytes:
    """Eight octets: seconds, 65536ths of a second, counter."""
    return seconds.to_bytes(4, "big") + fraction.to_bytes(2, "big") + counter.to_bytes(2, "big")


def trailer(key: bytes, key_id: int, source: bytes, message: bytes, when: bytes) -> bytes:
    """The 28 octets behind `message`; family, version and VRID of what is signed are read from it and the source."""
    family = 6 if len(source) == 16 else 4
    pseudo = bytes([family, message[0] // 16, message[1], 0]) + source + b"\0" * (16 - len(source))
    head = bytes([1, key_id, 0, 0]) + when
    unsummed = message[:6] + b"\0\0" + message[8:]
    return head + hmac_sha256(key, pseudo + unsummed + head + b"\0" * 16)[:16]


def ones_complement(octets: bytes) -> bytes:
    """Internet checksum (RFC 1071), word by word."""
    total = sum(octets[index] * 256 + octets[index + 1] for index in range(0, len(octets), 2))
    while total > 0xFFFF:
        total = total % 65536 + total // 65536
    return (0xFFFF - total).to_bytes(2, "big")


def summed(message: bytes, pseudo: bytes, covered: bytes = b"") -> bytes:
    """A message with its checksum over pseudo-header, message and what else is covered."""
    return message[:6] + ones_complement(pseudo + message[:6] + b"\0\0" + message[8:] + covered) + message[8:]


def ipv4_pseudo_header(source: bytes, destination: bytes, length: int) -> bytes:
    """RFC 5798 section 5.2.8."""
    return source + destination + bytes([0, 112]) + length.to_bytes(2, "big")


def ipv6_pseudo_header(source: bytes, destination: bytes, length: int) -> bytes:
    """RFC 8200 section 8.1."""
    return source + destination + length.to_bytes(4, "big") + bytes([0, 0, 0, 112])
