"""The listing of --dump-conf."""

from keepalived_py.config.describe import describe_checkers, describe_vrrp
from tests.config.test_build import build_text

WALKTHROUGH = """
global_defs {
   notification_email {
     someone@example.com
   }
   notification_email_from Alexandre.Cassen@firewall.loc
   smtp_server 10.0.0.1
   smtp_connect_timeout 30
   router_id LVS_1
}
vrrp_instance VI_1 {
    state MASTER
    interface eth0
    virtual_router_id 51
    priority 150
    advert_int 1
    authentication {
        auth_type PASS
        auth_pass 1111
    }
    virtual_ipaddress {
        192.168.0.205/24
    }
}
"""
GLOBALS = [
    "------< Global definitions >------",
    " Router ID = LVS_1",
    " Smtp server = 10.0.0.1",
    " Smtp server connection timeout = 30",
    " Email notification from = Alexandre.Cassen@firewall.loc",
    " Email notification = someone@example.com",
]


def test_walkthrough_is_listed_as_keepalived_1_1_19_did_it() -> None:
    config, _ = build_text(WALKTHROUGH)
    assert describe_vrrp(config) == [
        *GLOBALS,
        "------< VRRP Topology >------",
        " VRRP Instance = VI_1",
        "   Want State = MASTER",
        "   Runing on device = eth0",
        "   Virtual Router ID = 51",
        "   Priority = 150",
        "   Advert interval = 1sec",
        "   Authentication type = SIMPLE_PASSWORD",
        "   Password = 1111",
        "   Virtual IP = 1",
        "     192.168.0.205/24 brd 192.168.0.205 dev eth0 scope global",
    ]


def test_walkthrough_of_the_checkers_uses_an_automatic_ssl_context() -> None:
    config, _ = build_text(WALKTHROUGH)
    assert describe_checkers(config) == [*GLOBALS, "------< SSL definitions >------", " Using autogen SSL context"]


def test_values_beyond_the_old_listing_follow_it() -> None:
    config, _ = build_text(
        "vrrp_script chk {\nscript /bin/x\n}\n"
        "vrrp_instance A {\ninterface eth0\nvirtual_router_id 1\nnopreempt\npreempt_delay 2.5\n"
        "track_script {\nchk weight 5\n}\nnotify '/bin/n a' nobody\n}"
    )
    assert describe_vrrp(config) == [
        "------< Global definitions >------",
        "------< VRRP Scripts >------",
        " VRRP Script = chk",
        "   Script = /bin/x",
        "------< VRRP Topology >------",
        " VRRP Instance = A",
        "   Want State = BACKUP",
        "   Runing on device = eth0",
        "   Virtual Router ID = 1",
        "   Priority = 100",
        "   Advert interval = 1sec",
        "   Track script = 1",
        "     chk weight 5",
        "   Nopreempt = true",
        "   Preempt delay = 2.5",
        "   Notify = /bin/n a",
    ]


def test_virtual_server_is_listed_with_its_real_servers_and_checks() -> None:
    config, _ = build_text(
        "virtual_server 10.0.0.1 80 {\ndelay_loop 6\nlvs_sched rr\nlvs_method NAT\nprotocol TCP\n"
        "real_server 10.0.0.2 80 {\nweight 3\nTCP_CHECK {\nconnect_timeout 3\n}\n}\n}\n"
    )
    assert describe_checkers(config)[3:] == [
        "------< LVS Topology >------",
        " VIP = 10.0.0.1, VPORT = 80",
        "   Delay loop = 6",
        "   Lvs sched = rr",
        "   Lvs method = NAT",
        "   Protocol = TCP",
        "   RIP = 10.0.0.2, RPORT = 80",
        "     Weight = 3",
        "     TCP_CHECK",
        "       Connect timeout = 3",
    ]
