"""Configuration text through the whole front: read, built, checked, on a machine that is only written down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.config.build import build
from keepalived_py.config.checks import check
from keepalived_py.config.diagnostics import Severity
from keepalived_py.config.environment import RecordedEnvironment
from tests.config.reading import read_text

if TYPE_CHECKING:
    from keepalived_py.config.diagnostics import Diagnostics
    from keepalived_py.config.environment import Environment
    from keepalived_py.config.model import Config
    from keepalived_py.config.model.vrrp import VrrpInstance

MACHINE = RecordedEnvironment(interfaces=frozenset({"lo", "eth0", "eth1"}))


def check_with_diagnostics(text: str, environment: Environment = MACHINE) -> tuple[Config, Diagnostics]:
    statements, diagnostics = read_text(text)
    config = build(statements, diagnostics)
    assert [entry.render() for entry in diagnostics] == []
    return check(config, environment, diagnostics), diagnostics


def check_text(text: str, environment: Environment = MACHINE) -> tuple[Config, list[str]]:
    """Return the checked configuration and the errors (not the advice)."""
    config, diagnostics = check_with_diagnostics(text, environment)
    return config, [entry.message for entry in diagnostics if entry.severity is Severity.ERROR]


def only_instance(text: str) -> tuple[VrrpInstance, list[str]]:
    config, messages = check_text(text)
    assert len(config.vrrp_instances) == 1
    return config.vrrp_instances[0], messages


def instance_text(
    *lines: str,
    name: str = "VI_1",
    vrid: int = 51,
    interface: str = "eth0",
    addresses: str = "10.0.0.100",
    without: str = "",
) -> str:
    """Return an instance block; `without` names one of its usual keywords that is left out."""
    usual = {
        "interface": f"interface {interface}",
        "virtual_router_id": f"virtual_router_id {vrid}",
        "virtual_ipaddress": f"virtual_ipaddress {{\n {addresses}\n}}",
    }
    body = [line for word, line in usual.items() if word != without]
    return "\n".join([f"vrrp_instance {name} {{", *body, *lines, "}"]) + "\n"
