import pytest

from keepalived_py.errors import ConfigTestCode
from tests.config.checking import check_text, check_with_diagnostics, instance_text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (instance_text(addresses="10.0.0.100 dev eth9"), "(VI_1) interface eth9 does not exist"),
        (
            instance_text("virtual_routes { 10.9.0.0/16 via 10.0.0.254 dev eth9 }"),
            "(VI_1) interface eth9 does not exist",
        ),
        (instance_text("track_interface { eth9 }"), "(VI_1) track_interface eth9 does not exist: ignored"),
        ("static_ipaddress { 10.0.0.9/24 dev eth9 }", "(static_ipaddress) interface eth9 does not exist"),
    ],
)
def test_named_interface_must_exist_unless_interfaces_are_dynamic(text: str, message: str) -> None:
    assert check_text(text)[1] == [message]
    assert check_text("global_defs { dynamic_interfaces }\n" + text)[1] == []


def test_interface_of_a_garp_group_must_exist() -> None:
    _, messages = check_text("garp_group {\n garp_interval 1\n interfaces { eth0 eth9 }\n}\n")
    assert messages == ["garp_group: interface eth9 does not exist"]


@pytest.mark.parametrize("text", ["interface_up_down_delays { eth9 2 }", "linkbeat_interfaces { eth9 MII }"])
def test_interface_to_watch_that_does_not_exist_is_a_problem_of_the_machine(text: str) -> None:
    _, diagnostics = check_with_diagnostics(text)
    assert [entry.message for entry in diagnostics] == [f"{text.split(maxsplit=1)[0]}: interface eth9 does not exist"]
    assert diagnostics.exit_code() is ConfigTestCode.BAD_ENVIRONMENT


def test_general_error_hides_a_problem_of_the_machine() -> None:
    text = "interface_up_down_delays { eth9 2 }\n" + instance_text("track_file { none }")
    assert check_with_diagnostics(text)[1].exit_code() is ConfigTestCode.ERRORS


def test_missing_interface_comes_before_script_security() -> None:
    text = instance_text('notify_master "/bin/sh"', interface="eth9")
    assert check_with_diagnostics(text)[1].exit_code() is ConfigTestCode.ERRORS


def test_synchronisation_daemon_must_name_an_instance_that_exists() -> None:
    before = "global_defs { lvs_sync_daemon eth0 inst VI_2 }\n"
    config, messages = check_text(before + instance_text())
    assert config.global_defs.lvs_sync_daemon is None
    assert messages == ["lvs_sync_daemon: vrrp_instance VI_2 does not exist: ignored"]
    assert check_text(before + instance_text(name="VI_2"))[1] == []


def test_mail_server_must_have_an_address() -> None:
    assert check_text("global_defs { smtp_server localhost }")[1] == []
    assert check_text("global_defs { smtp_server 10.0.0.1 }")[1] == []
    assert check_text("global_defs { smtp_server mail.invalid 25 }")[1] == ["smtp_server mail.invalid has no address"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("track_file F {\n weight 1\n}", "(F) track_file has no file: ignored"),
        ("vrrp_track_process P {\n weight 1\n}", "(P) vrrp_track_process has no process: ignored"),
        ("bfd_instance B {\n multiplier 3\n}", "(B) bfd_instance has no neighbor_ip: ignored"),
    ],
)
def test_object_that_misses_what_it_is_about_is_ignored_with_an_error(text: str, message: str) -> None:
    config, messages = check_text(text)
    assert messages == [message]
    assert (config.track_files, config.vrrp_track_processes, config.bfd_instances) == ((), (), ())
