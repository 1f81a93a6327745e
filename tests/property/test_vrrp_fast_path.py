"""The fast path is an optimisation: with it and without it the same inputs have the same outcome."""

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from keepalived_py.vrrp.effects import Effects
from keepalived_py.vrrp.parameters import Parameters
from keepalived_py.vrrp.router import VirtualRouter
from keepalived_py.vrrp.signature import SignatureMode, Signing, SigningKey
from tests.conformance.signer import sequence, trailer
from tests.unit.vrrp.wire import (
    ADDRESSES,
    ADDRESSES6,
    GROUP6,
    OURS,
    OURS6,
    SENDER,
    SENDER6,
    in_ipv4,
    message_v2,
    message_v3,
)

OTHER = bytes((10, 0, 0, 3))
OTHER6 = SENDER6[:-1] + b"\x0c"
CLOCK = 1_700_000_000
KEY = bytes(range(32))
SIGNING = (SigningKey(1, KEY),)
Step = Callable[[VirtualRouter, float], Effects]

KINDS: tuple[dict[str, Any], ...] = (
    {},
    {"preempt_mode": False},
    {"preempt_delay": 3.0},
    {"skip_check_adv_addr": True},
    {"startup_delay": 2.0},
    {"priority": 255},
    {"version": 3},
    {"version": 3, "preempt_delay": 1.0},
    {"signing": Signing(SIGNING, 1)},
    {"signing": Signing(SIGNING, 1, SignatureMode.PERMISSIVE)},
    {"signing": Signing(SIGNING, 1, SignatureMode.RECEIVE_ONLY, time_window=None)},
)


def signed(when: int, **changes: Any) -> bytes:
    message = message_v2(**changes)
    return in_ipv4(message + trailer(KEY, 1, SENDER, message, sequence(CLOCK + when)))


def received(data: bytes) -> Step:
    return lambda router, now: router.datagram_received(now, data)


def received6(data: bytes, source: bytes, hop_limit: int) -> Step:
    return lambda router, now: router.datagram_received(now, data, source, hop_limit, GROUP6)


def deadline(router: VirtualRouter, now: float) -> Effects:
    return router.deadline_reached(now)


OTHER_INPUTS: tuple[Step, ...] = (
    deadline,
    lambda router, now: router.fault_found(now, "interface eth0 went down"),
    lambda router, now: router.fault_cleared(now, "interface eth0 went down"),
    lambda router, now: router.priority_changed(now, 120),
    lambda router, now: router.priority_changed(now, 180),
    lambda router, now: router.reconfigured(now, router.parameters),
)
IPV4_STEPS: tuple[Step, ...] = (
    *(received(in_ipv4(message_v2(priority=priority), ip_id=7)) for priority in (0, 90, 100, 150, 255)),
    *(received(in_ipv4(message_v2(priority=priority), source=OTHER)) for priority in (90, 150)),
    *(received(in_ipv4(message_v3(priority=priority))) for priority in (0, 90, 150)),
    received(in_ipv4(message_v3(interval=30))),
    received(in_ipv4(message_v2(), ip_id=9)),
    received(in_ipv4(message_v2(), ttl=254)),
    received(in_ipv4(message_v2(addresses=ADDRESSES[:1], count=1))),
    received(in_ipv4(message_v2(addresses=(SENDER, OURS)))),
    received(in_ipv4(message_v2()) + bytes(4)),
    received(b""),
    *(received(signed(when, priority=150)) for when in (0, 1, 1, 3, 9)),
    received(signed(2, priority=90)),
    *OTHER_INPUTS,
)
IPV6_STEPS: tuple[Step, ...] = (
    *(received6(message_v3(SENDER6, GROUP6, priority=priority), SENDER6, 255) for priority in (0, 90, 150)),
    received6(message_v3(OTHER6, GROUP6), OTHER6, 255),
    received6(message_v3(SENDER6, GROUP6), OTHER6, 255),
    received6(message_v3(SENDER6, GROUP6), SENDER6, 254),
    received6(message_v3(SENDER6, GROUP6, interval=20), SENDER6, 255),
    *OTHER_INPUTS,
)


def outcome(parameters: Parameters, history: list[tuple[float, Step]], *, fast_path: bool) -> list[Any]:
    clock = [0.0]
    router = VirtualRouter(parameters, fast_path=fast_path, wall_clock=lambda: int((CLOCK + clock[0]) * 1_000_000_000))
    now = 0.0
    seen: list[Any] = [router.started(now)]
    for pause, step in history:
        now += pause
        clock[0] = now
        seen.append(
            (step(router, now), router.state, router.deadline_at, router.transition, tuple(router.instance.notes))
        )
        router.instance.notes.clear()
    seen.append((router.counters, router.rejections, router.heard_at, router.last_rejection))
    return seen


def histories(steps: tuple[Step, ...]) -> st.SearchStrategy[list[tuple[float, Step]]]:
    """Mostly the same advert again and again: only there the fast path is taken."""
    pauses = st.sampled_from((0.0, 0.1, 0.5, 1.0, 1.0, 2.0, 5.0))
    repeated = st.tuples(st.sampled_from(steps), st.integers(1, 4), pauses).map(lambda it: [(it[2], it[0])] * it[1])
    return st.lists(repeated, max_size=15).map(lambda parts: [step for part in parts for step in part])


@settings(max_examples=300)
@given(kind=st.sampled_from(KINDS), history=histories(IPV4_STEPS))
def test_fast_path_and_full_path_agree_for_ipv4(kind: dict[str, Any], history: list[tuple[float, Step]]) -> None:
    values: dict[str, Any] = {"priority": 140, "source_address": OURS, "virtual_addresses": ADDRESSES, **kind}
    parameters = Parameters(name="VI_1", vrid=51, **values)
    assert outcome(parameters, history, fast_path=True) == outcome(parameters, history, fast_path=False)


@settings(max_examples=150)
@given(preempt_mode=st.booleans(), history=histories(IPV6_STEPS))
def test_fast_path_and_full_path_agree_for_ipv6(preempt_mode: bool, history: list[tuple[float, Step]]) -> None:
    parameters = Parameters(
        name="VI_1",
        family=6,
        version=3,
        vrid=51,
        priority=140,
        source_address=OURS6,
        virtual_addresses=ADDRESSES6,
        preempt_mode=preempt_mode,
    )
    assert outcome(parameters, history, fast_path=True) == outcome(parameters, history, fast_path=False)


@given(history=histories(IPV4_STEPS), kind=st.sampled_from(KINDS))
def test_deadline_that_was_reached_is_in_the_past_no_more(
    kind: dict[str, Any], history: list[tuple[float, Step]]
) -> None:
    values: dict[str, Any] = {"source_address": OURS, "virtual_addresses": ADDRESSES, **kind}
    router = VirtualRouter(Parameters(name="VI_1", vrid=51, **values))
    router.started(0.0)
    now = 0.0
    for pause, step in history:
        now += pause
        step(router, now)
        router.deadline_reached(now)
        assert router.deadline_at > now
