"""What a check inherits, from the innermost level that says something."""

from ipaddress import IPv4Address, IPv6Address
from typing import Any

import pytest

from keepalived_py.check.settings import Settings, settings_of, target_of
from keepalived_py.check.target import Target
from keepalived_py.config.model.check import RealServer, VirtualServer
from keepalived_py.config.model.checkers import AgentCheck, DnsCheck, FileCheck, HttpGet, MiscCheck, TcpCheck
from keepalived_py.config.model.globals import GlobalDefs

ADDRESS = IPv4Address("10.0.0.2")


def settled(check: Any, server: dict[str, Any] | None = None, virtual: dict[str, Any] | None = None) -> Settings:
    return settings_of(
        check, RealServer(address=ADDRESS, **(server or {})), VirtualServer(**(virtual or {})), GlobalDefs()
    )


@pytest.mark.parametrize(
    ("check", "retry", "before_retry"),
    [
        (TcpCheck(), 1, 1.0),
        (HttpGet(), 1, 3.0),
        (DnsCheck(), 3, 60.0),
        (AgentCheck(), 0, 1.0),
        (MiscCheck(), 0, 1.0),
        (FileCheck(), 0, 1.0),
    ],
)
def test_each_kind_of_check_has_its_own_defaults(check: Any, retry: int, before_retry: float) -> None:
    found = settled(check)
    assert (found.retry, found.delay_before_retry, found.delay_loop, found.warmup, found.timeout) == (
        retry,
        before_retry,
        60.0,
        60.0,
        5.0,
    )


@pytest.mark.parametrize(
    ("check", "server", "virtual", "expected"),
    [
        (TcpCheck(retry=7), {"retry": 8}, {"retry": 9}, 7),
        (TcpCheck(retry=0), {"retry": 8}, {"retry": 9}, 0),
        (TcpCheck(), {"retry": 8}, {"retry": 9}, 8),
        (TcpCheck(), {}, {"retry": 9}, 9),
        (TcpCheck(), {}, {}, 1),
    ],
)
def test_innermost_level_decides(check: Any, server: dict[str, Any], virtual: dict[str, Any], expected: int) -> None:
    assert settled(check, server, virtual).retry == expected


def test_warmup_follows_the_delay_of_the_check() -> None:
    assert settled(TcpCheck(delay_loop=2.5)).warmup == 2.5
    assert settled(TcpCheck(delay_loop=2.5, warmup=0.0)).warmup == 0.0


def test_alpha_and_logging_of_failures_are_inherited() -> None:
    assert settled(TcpCheck(), virtual={"alpha": True}).alpha
    assert not settled(TcpCheck(), {"alpha": False}, {"alpha": True}).alpha
    everything = GlobalDefs(checker_log_all_failures=True)
    server, virtual = RealServer(address=ADDRESS), VirtualServer()
    assert settings_of(TcpCheck(), server, virtual, everything).log_all_failures
    assert not settings_of(TcpCheck(log_all_failures=False), server, virtual, everything).log_all_failures


def test_target_is_the_real_server_unless_the_check_says_otherwise() -> None:
    server, virtual = RealServer(address=ADDRESS, port=80), VirtualServer(port=8080)
    assert target_of(TcpCheck(), server, virtual, Settings()) == Target(address="10.0.0.2", port=80)
    assert target_of(TcpCheck(), RealServer(address=ADDRESS), virtual, Settings()).port == 8080
    elsewhere = TcpCheck(
        connect_ip=IPv6Address("fe80::9"),
        connect_port=81,
        bindto=IPv6Address("fe80::1"),
        bind_port=4000,
        bind_if="eth0",
        fwmark=7,
    )
    assert target_of(elsewhere, server, virtual, Settings(timeout=2.0)) == Target(
        family=6,
        address="fe80::9",
        port=81,
        bind_address="fe80::1",
        bind_port=4000,
        interface="eth0",
        mark=7,
        timeout=2.0,
    )
