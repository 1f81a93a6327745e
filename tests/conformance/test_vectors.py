"""The recorded vectors themselves: complete, and whole datagrams in an own reading of the headers."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.lab import frames

VECTORS = sorted((Path(__file__).parent / "vectors").glob("*.json"))


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_recorded_vector_is_three_adverts_and_a_resignation_with_its_address_count(path: Path) -> None:
    vector: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    count = int(path.stem.rsplit("-", 1)[1])
    packets = [*vector["adverts"], vector["resignation"]]
    assert len(packets) == 4
    for packet in packets:
        datagram = bytes.fromhex(packet["datagram"])
        ethertype = "86dd" if datagram[0] >> 4 == 6 else "0800"
        advert = frames.advert(0.0, True, bytes.fromhex("00" * 12 + ethertype) + datagram)
        assert advert is not None
        assert advert.payload.hex() == packet["payload"]
        assert (advert.source, advert.destination, advert.ttl) == (
            packet["source"],
            packet["destination"],
            packet["ttl"],
        )
        assert advert.address_count == count
        assert f"virtual_router_id {advert.vrid}\n" in vector["config"]
    assert [bytes.fromhex(packet["payload"])[2] for packet in packets][-1] == 0


def test_recorded_vectors_cover_versions_authentication_families_and_unicast() -> None:
    assert {path.stem for path in VECTORS} == {
        f"{name}-{count}"
        for count in (1, 20)
        for name in (
            *("v2-pass", "v2-ah", "v2-none", "v2-interval-3", "v2-unicast"),
            *("v3-ipv4", "v3-ipv4-100ms", "v3-ipv4-unicast", "v3-ipv6", "v3-ipv6-unicast"),
        )
    }
