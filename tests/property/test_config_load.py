import time

from hypothesis import given, settings
from hypothesis import strategies as st

from keepalived_py.config.build import build
from keepalived_py.config.checks import check
from keepalived_py.config.environment import RecordedEnvironment
from tests.config.reading import read_text

MACHINE = RecordedEnvironment(interfaces=frozenset({"lo", "eth0"}))
WORDS = [
    "global_defs",
    "vrrp_instance",
    "vrrp_sync_group",
    "vrrp_script",
    "virtual_server",
    "real_server",
    "track_file",
    "bfd_instance",
    "group",
    "interface",
    "eth0",
    "lo",
    "virtual_router_id",
    "priority",
    "state",
    "MASTER",
    "version",
    "advert_int",
    "virtual_ipaddress",
    "track_script",
    "track_interface",
    "unicast_peer",
    "unicast_src_ip",
    "authentication",
    "auth_type",
    "auth_pass",
    "script",
    "notify",
    "weight",
    "quorum",
    "protocol",
    "TCP",
    "lb_kind",
    "NAT",
    "virtual_routes",
    "virtual_rules",
    "static_ipaddress",
    "TCP_CHECK",
    "MISC_CHECK",
    "misc_path",
    "connect_timeout",
    "10.0.0.1",
    "fe80::1",
    "10.0.0.0/24",
    "1",
    "0",
    "255",
    "-1",
    "99999999999",
    "0.5",
    "x",
    '"a_b"',
    "dev",
    "via",
    "table",
    "from",
]
LINE = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join)
BLOCK = st.recursive(
    LINE,
    lambda inner: st.builds(
        lambda head, body: f"{head} {{\n" + "\n".join(body) + "\n}", LINE, st.lists(inner, max_size=5)
    ),
    max_leaves=25,
)


@given(st.lists(BLOCK, max_size=4).map("\n".join))
@settings(max_examples=300, deadline=None)
def test_any_mix_of_keywords_gives_a_configuration_and_diagnostics(text: str) -> None:
    started = time.process_time()
    statements, diagnostics = read_text(text)
    config = check(build(statements, diagnostics), MACHINE, diagnostics)
    assert config == config.changed()
    assert all(entry.render() for entry in diagnostics)
    assert time.process_time() - started < 10


@given(st.binary(max_size=200))
@settings(max_examples=150, deadline=None)
def test_any_bytes_give_a_configuration_and_diagnostics(data: bytes) -> None:
    statements, diagnostics = read_text(data)
    config = check(build(statements, diagnostics), MACHINE, diagnostics)
    assert config == config.changed()
