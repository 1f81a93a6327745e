from keepalived_py.kernel.arp import gratuitous_request
from keepalived_py.kernel.message import split
from keepalived_py.kernel.ndisc import unsolicited_advertisement
from keepalived_py.kernel.rtnl import AF_INET, AF_INET6, RTM_DELADDR, RTM_NEWADDR, AddressRequest
from keepalived_py.vrrp.takeover import SLICE_SIZE, PlacedAddress, Takeover

MAC = bytes.fromhex("020000000001")


def placed(number: int, interface: int = 2, mac: bytes = MAC) -> PlacedAddress:
    packed = bytes((10, 0, number >> 8, number & 255))
    text = ".".join(str(octet) for octet in packed)
    return PlacedAddress(AddressRequest(AF_INET, packed, 32, interface), f"eth{interface}", text, mac)


def test_ipv4_address_is_announced_by_a_gratuitous_arp() -> None:
    assert placed(1).frame() == gratuitous_request(bytes((10, 0, 0, 1)), MAC)


def test_ipv6_address_is_announced_by_an_unsolicited_advertisement_with_the_router_flag() -> None:
    packed = bytes.fromhex("20010db8000000000000000000000001")
    address = PlacedAddress(AddressRequest(AF_INET6, packed, 64, 2), "eth2", "2001:db8::1", MAC, router=True)
    assert address.frame() == unsolicited_advertisement(packed, MAC, router=True)


def test_addresses_are_cut_into_slices_that_are_announced_one_by_one() -> None:
    takeover = Takeover([placed(number) for number in range(SLICE_SIZE + 1)])
    assert [part.count for part in takeover.additions.slices] == [SLICE_SIZE, 1]
    assert [[len(one.frames) for one in announcements] for announcements in takeover.announcements] == [
        [SLICE_SIZE],
        [1],
    ]


def test_additions_and_removals_name_every_address_in_order() -> None:
    takeover = Takeover([placed(1), placed(2)])
    for batch, kind in ((takeover.additions, RTM_NEWADDR), (takeover.removals, RTM_DELADDR)):
        data = batch.slices[0].data
        assert [message.kind for message in split(data)] == [kind, kind]
        assert data.index(bytes((10, 0, 0, 1))) < data.index(bytes((10, 0, 0, 2)))


def test_frames_are_grouped_by_interface() -> None:
    takeover = Takeover([placed(1, 2), placed(2, 3), placed(3, 2)])
    assert [(one.interface, len(one.frames)) for one in takeover.announcements[0]] == [(2, 2), (3, 1)]


def test_interface_without_hardware_address_announces_nothing() -> None:
    assert Takeover([placed(1, mac=b"")]).announcements == ((),)


def test_difference_of_two_takeovers_is_what_only_the_first_has() -> None:
    old, new = Takeover([placed(1), placed(2)]), Takeover([placed(2), placed(3)])
    assert [one.text for one in new.without(old).addresses] == ["10.0.0.3"]
    assert [one.text for one in old.without(new).addresses] == ["10.0.0.1"]


def test_address_is_found_by_what_the_kernel_knows_it_by() -> None:
    takeover = Takeover([placed(7)])
    assert takeover.by_key[2, bytes((10, 0, 0, 7)), 32] is takeover.addresses[0]


def test_address_that_stays_while_the_hardware_address_changes_has_moved() -> None:
    old, new = Takeover([placed(1), placed(2)]), Takeover([placed(2, mac=bytes(6)), placed(3, mac=bytes(6))])
    assert [one.text for one in new.moved_since(old)] == ["10.0.0.2"]
    assert new.moved_since(new) == []
