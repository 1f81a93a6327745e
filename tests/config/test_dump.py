"""The model as text again: what it reads as is what it was made from."""

from pathlib import Path

import pytest

from keepalived_py.config.build import build
from keepalived_py.config.describe import describe_checkers, describe_vrrp
from keepalived_py.config.diagnostics import Diagnostics
from keepalived_py.config.dump import dump
from keepalived_py.config.load import read
from tests.config.test_build import build_text

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
FILES = sorted(
    path / "keepalived.conf" if path.is_dir() else path
    for path in (CORPUS.iterdir() if CORPUS.is_dir() else ())
    if path.name[:4].isdigit()
)


def test_dump_of_a_small_configuration_is_this_text() -> None:
    config, _ = build_text(
        "global_defs {\nrouter_id 'a\nscript_user nobody\n}\nvrrp_script s {\nscript \"/bin/true 'a b'\"\n}\n"
    )
    assert dump(config).splitlines() == [
        "global_defs {",
        '    router_id "\'a"',
        "    vrrp_garp_master_delay 5",
        "    vrrp_garp_master_repeat 5",
        "    vrrp_garp_master_refresh_repeat 1",
        "}",
        "vrrp_script s {",
        "    user nobody",
        "    script \"'/bin/true' 'a b'\"",
        "}",
        "global_defs {",
        "    script_user nobody",
        "}",
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name if path.stem == "keepalived" else path.name)
def test_dump_of_a_real_configuration_reads_as_the_same_configuration(path: Path) -> None:
    diagnostics = Diagnostics()
    config = build(read(str(path), diagnostics, config_id="node1").statements, diagnostics)
    again, problems = build_text(dump(config))
    assert again == config
    assert [entry.message for entry in problems if "is deprecated" not in entry.message] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name if path.stem == "keepalived" else path.name)
def test_listing_of_a_real_configuration_names_every_instance_and_server(path: Path) -> None:
    diagnostics = Diagnostics()
    config = build(read(str(path), diagnostics, config_id="node1").statements, diagnostics)
    instances = [line for line in describe_vrrp(config) if line.startswith(" VRRP Instance = ")]
    servers = [line for line in describe_checkers(config) if line.startswith((" VIP = ", " VS "))]
    assert [line.removeprefix(" VRRP Instance = ") for line in instances] == [
        each.name for each in config.vrrp_instances
    ]
    assert len(servers) == len(config.virtual_servers)
