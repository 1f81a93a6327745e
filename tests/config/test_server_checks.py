import pytest

from keepalived_py.config.environment import PathStatus, RecordedEnvironment
from tests.config.checking import check_text

USUAL = ("lb_algo rr", "lb_kind NAT", "protocol TCP")


def server(*lines: str, head: str = "10.0.0.1 80", real: str = "real_server 10.1.0.1 80 { weight 1 }") -> str:
    body = [line for line in USUAL if not any(line.split()[0] == other.split()[0] for other in lines)]
    return (
        "\n".join([f"virtual_server {head} {{", *body, *(line for line in lines if line.split()[1:]), real, "}"]) + "\n"
    )


def test_plain_virtual_server_passes_without_a_word() -> None:
    config, messages = check_text(server())
    assert messages == []
    assert [(str(one.address), one.port) for one in config.virtual_servers] == [("10.0.0.1", 80)]


@pytest.mark.parametrize(
    ("line", "message", "attribute", "value"),
    [
        ("lb_algo", "no lvs_sched: wlc is used", "lvs_sched", "wlc"),
        ("protocol", "no protocol: UDP is used", "protocol", "UDP"),
        ("quorum 3", "quorum 3 is more than all real servers together: 1 is used", "quorum", 1),
        ("hysteresis 1", "hysteresis 1 is not less than quorum 1: 0 is used", "hysteresis", 0),
    ],
)
def test_virtual_server_gets_what_it_lacks_with_an_error(
    line: str, message: str, attribute: str, value: object
) -> None:
    config, messages = check_text(server(line))
    assert messages == [f"(10.0.0.1 80) {message}"]
    assert getattr(config.virtual_servers[0], attribute) == value


def test_missing_forwarding_method_is_nat_with_an_error() -> None:
    config, messages = check_text(server("lb_kind"))
    assert messages == ["(10.0.0.1 80) no lvs_method: NAT is used"]
    assert config.virtual_servers[0].lvs_method is not None
    assert config.virtual_servers[0].lvs_method.method == "NAT"


def test_virtual_server_without_real_servers_is_ignored() -> None:
    config, messages = check_text(server(real=""))
    assert config.virtual_servers == ()
    assert messages == ["(10.0.0.1 80) the virtual server has no real servers: ignored"]


FIRST, SIXTH = "real_server 10.1.0.1 80 { weight 1 }", "real_server 2001:db8::1 80 { weight 2 }"


def test_server_of_another_family_is_ignored_unless_a_tunnel_leads_to_it() -> None:
    sorry = "sorry_server 2001:db8::9 80"
    config, messages = check_text(server(sorry, real=f"{FIRST}\n{SIXTH}"))
    assert [real.weight for real in config.virtual_servers[0].real_server] == [1]
    assert config.virtual_servers[0].sorry_server is None
    assert messages == [
        "(10.0.0.1 80) real_server 2001:db8::1 is not IPv4: ignored",
        "(10.0.0.1 80) sorry_server 2001:db8::9 is not IPv4: ignored",
    ]
    config, messages = check_text(server(sorry, "lb_kind TUN", real=f"{FIRST}\n{SIXTH}"))
    assert [real.weight for real in config.virtual_servers[0].real_server] == [1, 2]
    assert config.virtual_servers[0].sorry_server is not None
    assert messages == []


def test_first_server_decides_about_the_family_behind_a_mark_unless_that_is_said() -> None:
    config, _ = check_text(server(head="fwmark 7", real=f"{SIXTH}\n{FIRST}"))
    assert [real.weight for real in config.virtual_servers[0].real_server] == [2]
    config, _ = check_text(server("ip_family inet", head="fwmark 7", real=f"{SIXTH}\n{FIRST}"))
    assert [real.weight for real in config.virtual_servers[0].real_server] == [1]


def test_virtual_server_whose_servers_are_all_of_another_family_has_none() -> None:
    config, messages = check_text(server(real=SIXTH))
    assert config.virtual_servers == ()
    assert messages == [
        "(10.0.0.1 80) real_server 2001:db8::1 is not IPv4: ignored",
        "(10.0.0.1 80) the virtual server has no real servers: ignored",
    ]


@pytest.mark.parametrize(
    ("group", "method", "kept"),
    [
        ("10.0.0.1 80", "NAT", True),
        ("2001:db8::9 80", "NAT", False),
        ("2001:db8::9 80\n10.0.0.1 80", "NAT", False),
        ("2001:db8::9 80\n10.0.0.1 80", "TUN", True),
        ("fwmark 7", "NAT", True),
        ("fwmark 7 inet6", "NAT", False),
    ],
)
def test_group_must_be_of_the_family_of_the_servers(group: str, method: str, kept: bool) -> None:
    text = f"virtual_server_group G {{\n{group}\n}}\n"
    config, messages = check_text(text + server(f"lb_kind {method}", head="group G"))
    assert bool(config.virtual_servers) is kept
    told = "(group G) its real servers are IPv4, its group is not: ignored"
    assert (told in messages) is not kept


def test_second_of_two_equal_real_servers_is_ignored() -> None:
    config, messages = check_text(
        server(real="real_server 10.1.0.1 80 { weight 1 }\nreal_server 10.1.0.1 80 { weight 2 }")
    )
    assert [real.weight for real in config.virtual_servers[0].real_server] == [1]
    assert messages == ["(10.0.0.1 80) real_server 10.1.0.1 80 is there twice: the second is ignored"]


def test_port_of_a_real_server_matters_only_with_nat() -> None:
    real = "real_server 10.1.0.1 8080 { weight 1 }"
    assert check_text(server(real=real))[1] == []
    config, messages = check_text(server("lb_kind DR", real=real))
    assert config.virtual_servers[0].real_server[0].port == 80
    assert messages == [
        "(10.0.0.1 80) real_server 10.1.0.1 8080: without NAT its port must be that of the virtual server"
    ]


def test_mark_has_neither_protocol_nor_ports() -> None:
    config, messages = check_text(server("lb_kind DR", head="fwmark 7"))
    assert config.virtual_servers[0].protocol is None
    assert config.virtual_servers[0].real_server[0].port == 0
    assert messages == [
        "(fwmark 7) a mark has no protocol: ignored",
        "(fwmark 7) real_server 10.1.0.1 80: a port has no meaning behind a mark, it is ignored",
    ]


def test_group_may_come_after_its_use_but_must_exist() -> None:
    group = "virtual_server_group website {\n 10.0.0.1 80\n 10.0.0.2 80\n}\n"
    assert check_text(server(head="group website") + group)[1] == []
    config, messages = check_text(server(head="group webiste") + group)
    assert config.virtual_servers == ()
    assert messages == [
        "(group webiste) virtual_server_group webiste does not exist: ignored (did you mean 'website'?)"
    ]


def test_check_scripts_without_script_security_are_a_security_problem() -> None:
    directory, program = PathStatus(0o040755), PathStatus(0o100755)
    machine = RecordedEnvironment(paths={"/": directory, "/bin": directory, "/bin/ok": program})
    real = "real_server 10.1.0.1 80 {\n MISC_CHECK { misc_path /bin/ok }\n}"
    assert check_text(server(real=real), machine)[1] == [
        "security: check scripts are run without enable_script_security"
    ]
    missing = real.replace("/bin/ok", "/bin/none")
    config, messages = check_text(server(real=missing), machine)
    assert messages == []
    assert config.virtual_servers[0].real_server[0].misc_check == ()


@pytest.mark.parametrize(
    ("of_virtual", "of_real", "of_check", "kept"),
    [
        ("", "", "misc_path /bin/none", 0),
        ("alpha", "", "misc_path /bin/none", 1),
        ("alpha", "alpha no", "misc_path /bin/none", 0),
        ("", "alpha", "misc_path /bin/none", 1),
        ("", "", "misc_path /bin/none\nalpha", 1),
        ("alpha", "", "misc_path /bin/none\nalpha no", 0),
        ("alpha", "", "", 0),
    ],
)
def test_check_whose_script_is_missing_stays_with_alpha_only_and_keeps_its_server_down(
    of_virtual: str, of_real: str, of_check: str, kept: int
) -> None:
    machine = RecordedEnvironment(paths={"/": PathStatus(0o040755), "/bin": PathStatus(0o040755)})
    real = f"real_server 10.1.0.1 80 {{\n{of_real}\nMISC_CHECK {{\n{of_check}\n}}\n}}"
    config, _ = check_text(server(real=f"{of_virtual}\n{real}"), machine)
    checks = config.virtual_servers[0].real_server[0].misc_check
    assert [check.misc_path for check in checks] == [None] * kept
