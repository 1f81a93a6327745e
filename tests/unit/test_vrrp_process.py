"""When a VRRP process begins to listen and to speak."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from keepalived_py.config.model import Config
from keepalived_py.config.model.globals import GlobalDefs
from keepalived_py.vrrp import process

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("settings", "uptime", "delay"),
    [
        ({}, 5.0, 0.0),
        ({"vrrp_startup_delay": 7.5}, 5.0, 7.5),
        ({"vrrp_delay_after_boot": 60.0}, 20.0, 40.0),
        ({"vrrp_delay_after_boot": 60.0}, 90.0, 0.0),
        ({"vrrp_startup_delay": 50.0, "vrrp_delay_after_boot": 60.0}, 20.0, 50.0),
    ],
)
def test_delay_is_the_longer_of_what_start_and_boot_ask_for(
    settings: dict[str, Any], uptime: float, delay: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "uptime"
    path.write_text(f"{uptime} 0.00\n", encoding="ascii")
    monkeypatch.setattr(process, "UPTIME", str(path))
    assert process._startup_delay(Config(global_defs=GlobalDefs(**settings))) == delay
