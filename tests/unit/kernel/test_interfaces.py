"""What each event does to the table of interfaces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepalived_py.kernel.interfaces import Change, ChangeKind, Interface, InterfaceTable
from keepalived_py.kernel.rtnl import (
    AF_INET,
    AF_INET6,
    IFA_F_DADFAILED,
    IFA_F_PERMANENT,
    IFA_F_SECONDARY,
    IFA_F_TENTATIVE,
    IFF_LOOPBACK,
    IFF_NOARP,
    IFF_RUNNING,
    IFF_UP,
    RT_SCOPE_LINK,
    Address,
    AddressEvent,
    Event,
    LinkEvent,
)
from keepalived_py.structure import replace

RUNNING = IFF_UP | IFF_RUNNING
ETH0 = LinkEvent(True, 2, "eth0", RUNNING, 1, b"\x02\0\0\0\0\1", b"\xff" * 6, 1500, 0, 0, "")
OWN = Address(AF_INET, bytes([192, 0, 2, 1]), 24, 0, IFA_F_PERMANENT)
VIP = Address(AF_INET, bytes([192, 0, 2, 10]), 24, 0, IFA_F_PERMANENT | IFA_F_SECONDARY)
LINK_LOCAL = Address(AF_INET6, bytes.fromhex("fe80") + bytes(13) + b"\1", 64, RT_SCOPE_LINK, IFA_F_PERMANENT)

APPEARED = ChangeKind.APPEARED
GONE = ChangeKind.GONE
RENAMED = ChangeKind.RENAMED
WENT_UP = ChangeKind.WENT_UP
WENT_DOWN = ChangeKind.WENT_DOWN


@pytest.fixture
def table() -> InterfaceTable:
    filled = InterfaceTable()
    filled.apply(ETH0)
    return filled


def eth0(table: InterfaceTable) -> Interface:
    found = table.by_name("eth0")
    assert found is not None
    return found


def kinds(changes: list[Change]) -> list[ChangeKind]:
    return [change.kind for change in changes]


def test_unknown_link_that_runs_appears_and_goes_up() -> None:
    table = InterfaceTable()
    changes = table.apply(ETH0)
    interface = eth0(table)
    assert changes == [Change(APPEARED, interface), Change(WENT_UP, interface)]
    assert (interface.index, interface.mac, interface.mtu, interface.running) == (2, b"\x02\0\0\0\0\1", 1500, True)
    assert table.by_index(2) is interface
    assert [*table] == [interface]
    assert len(table) == 1


def test_unknown_link_that_is_down_only_appears() -> None:
    assert kinds(InterfaceTable().apply(replace(ETH0, flags=0))) == [APPEARED]


def test_known_link_without_news_changes_nothing(table: InterfaceTable) -> None:
    assert table.apply(ETH0) == []


@pytest.mark.parametrize("flags", [0, IFF_UP, IFF_RUNNING])
def test_running_link_without_both_flags_goes_down(table: InterfaceTable, flags: int) -> None:
    assert table.apply(replace(ETH0, flags=flags)) == [Change(WENT_DOWN, eth0(table))]
    assert not eth0(table).running


def test_down_link_with_both_flags_goes_up(table: InterfaceTable) -> None:
    table.apply(replace(ETH0, flags=IFF_UP))
    assert table.apply(ETH0) == [Change(WENT_UP, eth0(table))]


def test_running_link_that_is_deleted_goes_down_and_is_gone(table: InterfaceTable) -> None:
    interface = eth0(table)
    assert table.apply(replace(ETH0, present=False)) == [Change(WENT_DOWN, interface), Change(GONE, interface)]
    assert table.by_name("eth0") is None
    assert table.by_index(2) is None


def test_unknown_link_that_is_deleted_changes_nothing(table: InterfaceTable) -> None:
    assert table.apply(replace(ETH0, present=False, interface=99)) == []


def test_link_created_again_is_another_interface(table: InterfaceTable) -> None:
    before = eth0(table)
    table.apply(replace(ETH0, present=False))
    table.apply(replace(ETH0, interface=3))
    assert eth0(table) is not before
    assert eth0(table).index == 3


def test_renamed_link_is_the_same_interface_under_its_new_name(table: InterfaceTable) -> None:
    interface = eth0(table)
    assert table.apply(replace(ETH0, name="lan")) == [Change(RENAMED, interface, old_name="eth0")]
    assert table.by_name("lan") is interface
    assert table.by_name("eth0") is None


def test_link_with_the_name_of_another_replaces_it(table: InterfaceTable) -> None:
    old = eth0(table)
    changes = table.apply(replace(ETH0, interface=3))
    assert kinds(changes) == [WENT_DOWN, GONE, APPEARED, WENT_UP]
    assert changes[1].interface is old
    assert table.by_index(2) is None
    assert eth0(table).index == 3


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (replace(ETH0, mac=b"\x02\0\0\0\0\2"), ChangeKind.MAC_CHANGED),
        (replace(ETH0, mtu=9000), ChangeKind.MTU_CHANGED),
        (replace(ETH0, master=7), ChangeKind.MASTER_CHANGED),
    ],
)
def test_link_with_another_property_says_which(table: InterfaceTable, event: LinkEvent, kind: ChangeKind) -> None:
    assert table.apply(event) == [Change(kind, eth0(table))]
    assert table.apply(event) == []


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (ETH0, True),
        (replace(ETH0, flags=0), True),
        (replace(ETH0, flags=RUNNING | IFF_NOARP), False),
        (replace(ETH0, flags=RUNNING | IFF_LOOPBACK, mac=bytes(6)), False),
        (replace(ETH0, mac=b""), False),
        (replace(ETH0, mac=bytes(20)), False),
    ],
)
def test_interface_announces_if_it_is_ethernet_with_address_resolution(event: LinkEvent, expected: bool) -> None:
    table = InterfaceTable()
    table.apply(event)
    assert eth0(table).announces is expected


def test_address_added_changed_and_removed(table: InterfaceTable) -> None:
    interface = eth0(table)
    tentative = replace(LINK_LOCAL, flags=IFA_F_PERMANENT | IFA_F_TENTATIVE)
    assert table.apply(AddressEvent(True, 2, tentative)) == [Change(ChangeKind.ADDRESS_ADDED, interface, tentative)]
    assert table.apply(AddressEvent(True, 2, LINK_LOCAL)) == [Change(ChangeKind.ADDRESS_CHANGED, interface, LINK_LOCAL)]
    assert table.apply(AddressEvent(True, 2, LINK_LOCAL)) == []
    assert table.apply(AddressEvent(False, 2, tentative)) == [Change(ChangeKind.ADDRESS_REMOVED, interface, LINK_LOCAL)]
    assert table.apply(AddressEvent(False, 2, tentative)) == []


def test_address_of_an_unknown_interface_changes_nothing(table: InterfaceTable) -> None:
    assert table.apply(AddressEvent(True, 99, OWN)) == []


def test_same_address_with_two_prefix_lengths_is_two_addresses(table: InterfaceTable) -> None:
    table.apply(AddressEvent(True, 2, OWN))
    table.apply(AddressEvent(True, 2, replace(OWN, prefix_length=32)))
    assert len(eth0(table).addresses_of(AF_INET)) == 2
    table.apply(AddressEvent(False, 2, OWN))
    assert eth0(table).has_address(OWN.address)


def test_primary_address_is_the_first_that_is_neither_secondary_nor_excluded(table: InterfaceTable) -> None:
    for address in (LINK_LOCAL, VIP, OWN):
        table.apply(AddressEvent(True, 2, address))
    assert eth0(table).primary_address() == OWN.address
    assert eth0(table).primary_address(excluding={OWN.address}) == VIP.address
    assert eth0(table).primary_address(excluding={OWN.address, VIP.address}) is None


@pytest.mark.parametrize("flag", [IFA_F_TENTATIVE, IFA_F_DADFAILED])
def test_link_local_address_that_is_tentative_or_a_duplicate_is_not_usable(table: InterfaceTable, flag: int) -> None:
    table.apply(AddressEvent(True, 2, replace(LINK_LOCAL, flags=flag)))
    assert eth0(table).link_local_address() is None


def test_link_local_address_is_the_first_of_its_scope_that_is_not_excluded(table: InterfaceTable) -> None:
    virtual = replace(LINK_LOCAL, address=LINK_LOCAL.address[:15] + b"\x0a")
    table.apply(AddressEvent(True, 2, replace(LINK_LOCAL, address=bytes.fromhex("20010db8") + bytes(12), scope=0)))
    table.apply(AddressEvent(True, 2, virtual))
    table.apply(AddressEvent(True, 2, LINK_LOCAL))
    assert eth0(table).link_local_address(excluding={virtual.address}) == LINK_LOCAL.address


def test_resynchronised_table_gives_the_differences_in_order(table: InterfaceTable) -> None:
    eth1 = replace(ETH0, interface=3, name="eth1")
    for event in (AddressEvent(True, 2, OWN), AddressEvent(True, 2, VIP), eth1):
        table.apply(event)
    interface, gone = eth0(table), table.by_name("eth1")
    assert gone is not None
    dump: list[Event] = [ETH0, replace(ETH0, interface=4, name="eth2", flags=0), AddressEvent(True, 2, OWN)]
    changes = table.resynchronise(dump)
    new = table.by_name("eth2")
    assert new is not None
    assert changes == [
        Change(ChangeKind.ADDRESS_REMOVED, interface, VIP),
        Change(WENT_DOWN, gone),
        Change(GONE, gone),
        Change(APPEARED, new),
    ]


def test_resynchronised_table_that_was_true_gives_nothing(table: InterfaceTable) -> None:
    table.apply(AddressEvent(True, 2, OWN))
    assert table.resynchronise([ETH0, AddressEvent(True, 2, OWN)]) == []


def test_resynchronised_table_of_swapped_names_knows_both(table: InterfaceTable) -> None:
    table.apply(replace(ETH0, interface=3, name="eth1"))
    table.resynchronise([replace(ETH0, name="eth1"), replace(ETH0, interface=3, name="eth0")])
    assert eth0(table).index == 3
    other = table.by_name("eth1")
    assert other is not None
    assert other.index == 2


LINKS = st.builds(
    lambda index, name, present, flags: replace(ETH0, interface=index, name=name, present=present, flags=flags),
    st.integers(1, 4),
    st.sampled_from(["eth0", "eth1", "eth2"]),
    st.booleans(),
    st.sampled_from([0, IFF_UP, RUNNING]),
)
ADDRESSES = st.builds(AddressEvent, st.booleans(), st.integers(1, 4), st.sampled_from([OWN, VIP, LINK_LOCAL]))


@given(st.lists(LINKS | ADDRESSES, max_size=30))
def test_any_events_leave_every_interface_findable_by_its_index_and_its_only_name(events: list[Event]) -> None:
    table = InterfaceTable()
    running: set[int] = set()
    for event in events:
        for change in table.apply(event):
            if change.kind is WENT_UP:
                running.add(id(change.interface))
            elif change.kind is WENT_DOWN:
                running.remove(id(change.interface))
    assert len({interface.name for interface in table}) == len(table)
    for interface in table:
        assert table.by_index(interface.index) is interface
        assert table.by_name(interface.name) is interface
    assert running == {id(interface) for interface in table if interface.running}


@given(st.lists(LINKS | ADDRESSES, max_size=20), st.lists(LINKS | ADDRESSES, max_size=20))
def test_resynchronised_table_equals_one_that_saw_every_event(before: list[Event], after: list[Event]) -> None:
    table, witness = InterfaceTable(), InterfaceTable()
    for event in before:
        table.apply(event)
    for event in [*before, *after]:
        witness.apply(event)
    table.resynchronise(dump_of(witness))
    assert sorted(dump_of(table), key=repr) == sorted(dump_of(witness), key=repr)
    assert table.resynchronise(dump_of(witness)) == []


def dump_of(table: InterfaceTable) -> list[Event]:
    links: list[Event] = [replace(ETH0, interface=one.index, name=one.name, flags=one.flags) for one in table]
    return links + [AddressEvent(True, one.index, address) for one in table for address in one.addresses.values()]
