"""Signed adverts over time: sequences, clocks that are put forward and back, windows, rotation, modes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepalived_py.structure import replace
from keepalived_py.vrrp.authentication import Authentication, AuthenticationType
from keepalived_py.vrrp.effects import Effect
from keepalived_py.vrrp.parameters import Parameters, UnicastPeer, most_addresses
from keepalived_py.vrrp.rejection import Rejection
from keepalived_py.vrrp.router import VirtualRouter
from keepalived_py.vrrp.signature import MOST_SENDERS, Signature, SignatureMode, Signing, SigningKey
from keepalived_py.vrrp.state import State
from tests.unit.vrrp.wire import ADDRESSES, OURS, SENDER

NOW = 1_784_000_000
SECOND = 1_000_000_000
OLD, NEW = SigningKey(1, bytes(32)), SigningKey(2, bytes(range(64)))
MESSAGE = bytes.fromhex("2133960200010000c0000201c000020200000000000000000000")


class Clock:
    """A wall clock that somebody sets."""

    def __init__(self, seconds: float = NOW) -> None:
        self.seconds = seconds

    def __call__(self) -> int:
        return int(self.seconds) * SECOND + int(self.seconds % 1 * SECOND)


def signature(clock: Clock, senders: int = 0, **changes: Any) -> Signature:
    return Signature(Signing(**{"keys": (OLD,), "active_key": 1, **changes}), (4, 2, 51), clock, senders)


def sequence_of(trailer: bytes) -> tuple[int, int, int]:
    return int.from_bytes(trailer[4:8]), int.from_bytes(trailer[8:10]), int.from_bytes(trailer[10:12])


def test_sequence_is_the_time_in_seconds_and_65536ths() -> None:
    clock = Clock()
    sender = signature(clock)
    assert sequence_of(sender.trailer(SENDER, MESSAGE)) == (NOW, 0, 0)
    clock.seconds += 1.25
    assert sequence_of(sender.trailer(SENDER, MESSAGE)) == (NOW + 1, 0x4000, 0)


def test_adverts_of_one_moment_are_counted_and_the_counter_carries_into_the_time() -> None:
    sender = signature(Clock())
    assert [sequence_of(sender.trailer(SENDER, MESSAGE)) for _ in range(3)] == [(NOW, 0, 0), (NOW, 0, 1), (NOW, 0, 2)]
    sender.sequence = NOW << 32 | 0xFFFFFFFF
    assert sequence_of(sender.trailer(SENDER, MESSAGE)) == (NOW + 1, 0, 0)


@pytest.mark.parametrize(
    ("window", "back", "expected"), [(5, 5, NOW), (5, 6, NOW - 6), (None, 6, NOW), (None, 86400, NOW)]
)
def test_sender_whose_clock_was_put_back_goes_on_within_the_window_and_begins_anew_beyond(
    window: int | None, back: int, expected: int
) -> None:
    clock = Clock()
    sender = signature(clock, time_window=window)
    sender.trailer(SENDER, MESSAGE)
    clock.seconds -= back
    seconds, _, counter = sequence_of(sender.trailer(SENDER, MESSAGE))
    assert (seconds, counter) == (expected, 1 if expected == NOW else 0)


@pytest.mark.parametrize("now", [0x7FFFFFFF, 0x80000001, 0xFFFFFFFE])
@pytest.mark.parametrize("window", [5, None])
def test_seconds_that_pass_half_or_all_of_32_bits_are_no_end(now: int, window: int | None) -> None:
    clock = Clock(now)
    sender, receiver = signature(clock, time_window=window), signature(clock, time_window=window)
    for _ in range(5):
        trailer = sender.trailer(SENDER, MESSAGE)
        assert sequence_of(trailer)[0] == int(clock.seconds) % 2**32
        assert receiver.check(SENDER, MESSAGE, trailer) is None
        assert receiver.check(SENDER, MESSAGE, trailer) is Rejection.SIGNATURE_REPLAYED
        clock.seconds += 1


@pytest.mark.parametrize(
    ("skew", "outcome"),
    [
        (0, None),
        (2, None),
        (3, None),
        (5, None),
        (6, Rejection.SIGNATURE_STALE),
        (-5, None),
        (-6, Rejection.SIGNATURE_STALE),
    ],
)
def test_clocks_may_differ_by_the_window_and_half_of_it_is_worth_a_warning(
    skew: int, outcome: Rejection | None
) -> None:
    receiver = signature(Clock(NOW + skew))
    assert receiver.check(SENDER, MESSAGE, signature(Clock()).trailer(SENDER, MESSAGE)) is outcome
    assert (receiver.skew, receiver.is_skewed) == (skew, abs(skew) > 2)


def test_monotonic_mode_needs_no_clock_but_growth() -> None:
    receiver = signature(Clock(NOW - 10_000_000), time_window=None)
    clock = Clock()
    sender = signature(clock)
    first = sender.trailer(SENDER, MESSAGE)
    clock.seconds += 1
    second = sender.trailer(SENDER, MESSAGE)
    assert receiver.check(SENDER, MESSAGE, second) is None
    assert receiver.check(SENDER, MESSAGE, first) is Rejection.SIGNATURE_REPLAYED
    assert not receiver.is_skewed


def test_mark_beyond_the_window_is_forgotten_so_that_a_sender_put_back_is_heard_again() -> None:
    clock = Clock(NOW + 3)
    sender, receiver = signature(clock), signature(clock)
    assert receiver.check(SENDER, MESSAGE, sender.trailer(SENDER, MESSAGE)) is None
    clock.seconds = NOW - 3600
    again = sender.trailer(SENDER, MESSAGE)
    assert sequence_of(again)[0] == NOW - 3600
    assert receiver.check(SENDER, MESSAGE, again) is None
    assert receiver.check(SENDER, MESSAGE, again) is Rejection.SIGNATURE_REPLAYED


def test_forgery_moves_no_mark() -> None:
    clock = Clock()
    sender, receiver = signature(clock), signature(clock)
    genuine = sender.trailer(SENDER, MESSAGE)
    clock.seconds += 4
    forged = sender.trailer(SENDER, MESSAGE)[:12] + bytes(16)
    assert receiver.check(SENDER, MESSAGE, forged) is Rejection.SIGNATURE
    assert receiver.check(SENDER, MESSAGE, genuine) is None


@pytest.mark.parametrize(("senders", "remembered"), [(0, MOST_SENDERS), (40, 40)])
def test_marks_are_kept_for_the_latest_senders_and_for_all_configured_peers(senders: int, remembered: int) -> None:
    clock = Clock()
    sender, receiver = signature(clock), signature(clock, senders)
    sources = [bytes((10, 0, 1, number)) for number in range(remembered + 1)]
    trailers = [sender.trailer(source, MESSAGE) for source in sources]
    for source, trailer in zip(sources, trailers, strict=True):
        assert receiver.check(source, MESSAGE, trailer) is None
    outcomes = [
        receiver.check(*pair) for pair in ((sources[1], MESSAGE, trailers[1]), (sources[-1], MESSAGE, trailers[-1]))
    ]
    assert outcomes == [Rejection.SIGNATURE_REPLAYED] * 2
    assert receiver.check(sources[0], MESSAGE, trailers[0]) is None  # the longest silent one had to go


@pytest.mark.parametrize(
    ("mode", "signs", "without"),
    [
        (SignatureMode.ENFORCE, 28, Rejection.SIGNATURE_MISSING),
        (SignatureMode.PERMISSIVE, 28, None),
        (SignatureMode.RECEIVE_ONLY, 0, None),
    ],
)
def test_mode_decides_what_is_sent_and_what_is_accepted(
    mode: SignatureMode, signs: int, without: Rejection | None
) -> None:
    clock = Clock()
    router = started(clock, Signing((OLD,), 1, mode))
    ((_, datagram),) = router.adverts_to_send()
    assert len(datagram) == int.from_bytes(datagram[2:4]) == 44 + signs
    receiver = signature(clock, mode=mode)
    assert receiver.check(SENDER, MESSAGE, b"") is without
    wrong = bytes((1, 1, 0, 0)) + NOW.to_bytes(4) + bytes(20)
    assert receiver.check(SENDER, MESSAGE, wrong) is Rejection.SIGNATURE


def started(clock: Clock, signing: Signing | None, **changes: Any) -> VirtualRouter:
    values: dict[str, Any] = {"vrid": 51, "source_address": OURS, "virtual_addresses": ADDRESSES, **changes}
    router = VirtualRouter(Parameters(name="VI_1", signing=signing, **values), wall_clock=clock)
    router.started(0.0)
    return router


def heard(receiver: VirtualRouter, sender: VirtualRouter, now: float = 1.0) -> Rejection | None:
    """Deliver the sender's next advert; why it was refused, or None."""
    before = receiver.counters.advert_rcvd
    ((_, datagram),) = sender.adverts_to_send()
    receiver.datagram_received(now, datagram)
    return None if receiver.counters.advert_rcvd > before else receiver.last_rejection


def test_key_is_rotated_without_a_lost_advert() -> None:
    clock = Clock()
    one = started(clock, Signing((OLD,), 1), source_address=SENDER, priority=150)
    other = started(clock, Signing((OLD,), 1))
    both = (OLD, NEW)
    sweeps = (Signing(both, 1), Signing(both, 2), Signing((NEW,), 2))
    assert heard(other, one) is None
    for sweep in sweeps:
        for router in (one, other):
            clock.seconds += 1
            router.reconfigured(1.0, replace(router.parameters, signing=sweep))
            assert heard(other, one) is None
            assert heard(one, other) is None


def test_migration_in_three_sweeps_loses_no_advert() -> None:
    clock = Clock()
    one, other = started(clock, None, source_address=SENDER, priority=150), started(clock, None)
    for mode in (SignatureMode.RECEIVE_ONLY, SignatureMode.PERMISSIVE, SignatureMode.ENFORCE):
        for router in (one, other):
            clock.seconds += 1
            router.reconfigured(1.0, replace(router.parameters, signing=Signing((OLD,), 1, mode)))
            assert heard(other, one) is None
            assert heard(one, other) is None
    stranger = started(clock, None, source_address=SENDER, priority=200)
    assert heard(other, stranger) is Rejection.SIGNATURE_MISSING


def test_reload_forgets_neither_sequence_nor_marks() -> None:
    clock = Clock()
    one, other = (
        started(clock, Signing((OLD,), 1), source_address=SENDER, priority=150),
        started(clock, Signing((OLD,), 1)),
    )
    ((_, datagram),) = one.adverts_to_send()
    other.datagram_received(1.0, datagram)
    for router in (one, other):
        router.reconfigured(1.0, replace(router.parameters, down_timer_adverts=4))
    other.datagram_received(1.0, datagram)
    assert other.last_rejection is Rejection.SIGNATURE_REPLAYED
    assert heard(other, one) is None


def test_successor_of_a_crashed_master_goes_on_with_its_sequence_even_when_the_clock_was_put_back() -> None:
    clock = Clock()
    signing = Signing((OLD,), 1, time_window=None)
    dead = started(clock, signing, source_address=SENDER, priority=150)
    backup = started(clock, signing)
    assert heard(backup, dead) is None
    clock.seconds -= 100
    successor = VirtualRouter(dead.parameters, wall_clock=clock)
    successor.adopted(1.5, 1.0, dead.sequence)
    assert successor.state is State.MASTER
    assert heard(backup, successor) is None


def test_skew_is_told_once_counted_always_and_the_advert_counts() -> None:
    theirs, ours = Clock(), Clock(NOW + 3)
    sender = started(theirs, Signing((OLD,), 1), source_address=SENDER, priority=150)
    receiver = started(ours, Signing((OLD,), 1))
    texts = []
    for _ in range(3):
        theirs.seconds += 1
        ours.seconds += 1
        assert heard(receiver, sender) is None
        texts += [note.text for note in receiver.instance.notes if "skew" in note.text]
        receiver.instance.notes.clear()
    assert texts == ["authentication clock skew 3 sec from 10.0.0.1 approaching window 5 sec"]
    assert receiver.rejections == {Rejection.CLOCK_SKEW: 3}


def test_signed_advert_of_a_version_2_router_keeps_its_authentication_data() -> None:
    clock = Clock()
    sender = started(clock, Signing((OLD,), 1), source_address=SENDER, priority=150)
    ((_, datagram),) = sender.adverts_to_send()
    assert datagram[20:26] == bytes((0x21, 51, 150, 2, 0, 1))
    assert datagram[36:44] == bytes(8)
    assert datagram[44:48] == bytes((1, 1, 0, 0))


def test_resignation_is_signed() -> None:
    clock = Clock()
    sender = started(clock, Signing((OLD,), 1), source_address=SENDER, priority=150)
    receiver = started(clock, Signing((OLD,), 1))
    assert heard(receiver, sender) is None
    ((_, datagram),) = sender.adverts_to_send(resigning=True)
    receiver.datagram_received(2.0, datagram)
    assert (receiver.counters.pri_zero_rcvd, datagram[22]) == (1, 0)


def test_unicast_stranger_with_the_key_is_refused_even_where_strangers_are_welcome() -> None:
    clock = Clock()
    peers = {"unicast_peers": (UnicastPeer(OURS),)}
    sender = started(clock, Signing((OLD,), 1, SignatureMode.PERMISSIVE), source_address=SENDER, priority=150, **peers)
    strict = {"unicast_peers": (UnicastPeer(bytes((10, 0, 0, 9))),)}
    receiver = started(clock, Signing((OLD,), 1, SignatureMode.PERMISSIVE), **strict)
    assert heard(receiver, sender) is Rejection.UNKNOWN_PEER
    unsigned = started(clock, None, source_address=SENDER, priority=150, **peers)
    assert heard(receiver, unsigned) is None


@pytest.mark.parametrize(("family", "trailer", "most"), [(6, 0, 89), (6, 28, 88), (4, 28, 255)])
def test_trailer_takes_its_room_in_the_frame(family: int, trailer: int, most: int) -> None:
    assert most_addresses(family, 3, 1500, trailer=trailer) == most


def test_signatures_and_a_password_exclude_each_other() -> None:
    password = Authentication(AuthenticationType.PASSWORD, b"1111")
    with pytest.raises(ValueError, match="exclude each other"):
        Parameters(name="VI_1", vrid=51, authentication=password, signing=Signing((OLD,), 1))


def test_keys_are_not_shown() -> None:
    shown = repr(Parameters(name="VI_1", vrid=51, signing=Signing((SigningKey(7, b"secret" * 6),), 7)))
    assert "SigningKey(id=7)" in shown
    assert "secret" not in shown


@given(trailer=st.binary(min_size=28, max_size=28), message=st.binary(min_size=8, max_size=60))
def test_any_trailer_is_refused_and_none_raises(trailer: bytes, message: bytes) -> None:
    for window in (5, None):
        assert signature(Clock(), time_window=window).check(SENDER, message, trailer) is not None


@given(message=st.binary(min_size=24, max_size=24), octet=st.integers(0, 51), flip=st.integers(1, 255))
def test_any_changed_octet_but_those_of_the_checksum_is_found(message: bytes, octet: int, flip: int) -> None:
    clock = Clock()
    signed = bytearray(message + signature(clock).trailer(SENDER, message))
    signed[octet] ^= flip
    outcome = signature(clock).check(SENDER, bytes(signed[:24]), bytes(signed[24:]))
    assert (outcome is None) == (octet in {6, 7})


def test_effects_of_a_skewed_advert_ask_for_the_note() -> None:
    clock = Clock()
    sender = started(clock, Signing((OLD,), 1), source_address=SENDER, priority=150)
    receiver = started(Clock(NOW - 3), Signing((OLD,), 1))
    ((_, datagram),) = sender.adverts_to_send()
    assert Effect.REPORT_NOTES in receiver.datagram_received(1.0, datagram)
