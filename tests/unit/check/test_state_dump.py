"""`keepalived_check.data`, line by line as keepalived 2.4.3 writes it for the same configuration."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from keepalived_py.check.observations import FILE
from keepalived_py.check.state_dump import state
from tests.config.test_build import build_text
from tests.unit.check.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT = """\
SSL {
}
track_file load {
  file /run/load
  weight 5
}
virtual_server_group both {
  2001:db8::20 80
  10.0.0.30-31 81
}
virtual_server_group marked {
  fwmark 9
  fwmark 10 inet6
}
virtual_server group both {
  lvs_sched wlc
  lvs_method TUN type gue port 5555 csum
  protocol SCTP
  retry 4
  delay_before_retry 2
  warmup 3600
  real_server 10.0.0.2 80 {
    weight 3
    snmp_name first
    retry 5
    HTTP_GET {
      url {
        path /
        regex "h."
        regex_no_match
        regex_min_offset 2
        regex_max_offset 10
        regex_options caseless dotall
      }
      url {
        path /b
        status_code 200
        regex "i"
        regex_min_offset 3
      }
    }
    FILE_CHECK {
      track_file load
    }
  }
}
virtual_server fwmark 5 {
  lvs_sched rr
  lvs_method DR
  ops
  snmp_name fifth
  warmup 3600
  sorry_server 10.0.0.3 0
  real_server 10.0.0.3 0 {
    UDP_CHECK {
      connect_port 53
      payload 0a0b0c
      require_reply 01x1
      log_all_failures
    }
    MISC_CHECK {
      misc_path "/bin/true one"
    }
    FILE_CHECK {
      track_file load
      weight 2 reverse
    }
  }
}
"""


@pytest.fixture
def lines() -> Iterator[list[str]]:
    stage = Stage()
    config, _ = build_text(TEXT)
    stage.farm.observations.configure(config.track_files)
    stage.farm.start(config)
    stage.farm.observed(FILE, "load", 3)
    yield state(config, stage.farm.virtuals.values(), stage.farm.observations).splitlines()
    stage.farm.stop(keep=True)
    stage.reactor.close()


def after(lines: list[str], line: str, count: int) -> list[str]:
    """Return so many lines that follow one."""
    at = lines.index(line) + 1
    return lines[at : at + count]


def test_empty_block_of_certificates_is_named(lines: list[str]) -> None:
    assert after(lines, "------< SSL definitions >------", 1) == [" Using autogen SSL context"]


def test_group_tells_its_families_and_who_uses_its_addresses(lines: list[str]) -> None:
    assert after(lines, " ------< Virtual server group >------", 11) == [
        " Virtual Server Group = both, IPv4 = yes, IPv6 = yes",
        "   VIP = 2001:db8::20, VPORT = 80",
        "     Alive: 0 tcp, 0 udp, 1 sctp",
        "   VIP Range = 10.0.0.30-10.0.0.31, VPORT = 81",
        "     Alive: 0 tcp, 0 udp, 1 sctp",
        " ------< Virtual server group >------",
        " Virtual Server Group = marked, IPv4 = no, IPv6 = yes",
        "   FWMARK = 9",
        "     Alive: 0 IPv4, 0 IPv6",
        "   FWMARK = 10 IPv6",
        "     Alive: 0 IPv4, 0 IPv6",
    ]


def test_virtual_server_on_a_group_of_both_families_with_a_tunnel(lines: list[str]) -> None:
    found = after(lines, " VS GROUP = [both]:0", 20)
    assert found[0] == "   Address family = IPv4 & IPv6"
    assert found[10:] == [
        "   alpha is OFF",
        "   omega is OFF",
        "   Retry count = 4",
        "   Retry delay = 2.000000",
        "   Warmup = 3600.000000",
        "   Inhibit on failure is OFF",
        "   quorum = 1, hysteresis = 0",
        "   Using smtp notification = no",
        "   forwarding method = TUN, type = GUE, port = 5555, checksum",
        "   VS alive = 1",
    ]


def test_virtual_server_behind_a_mark_names_what_has_no_effect_and_a_sorry_server_that_is_a_real_one(
    lines: list[str],
) -> None:
    found = after(lines, " VS FWMARK = 5", 25)
    assert found[:2] == ["   SNMP name = 'fifth'", "   Address family = inet"]
    assert "   One packet scheduling = enabled (inactive due to not UDP)" in found
    assert "   default forwarding method = DR" in found
    assert "   sorry server (duplicates rs) = [10.0.0.3]:none:0" in found


def test_real_server_shows_what_it_inherits_and_which_files_it_depends_on(lines: list[str]) -> None:
    assert after(lines, "   RIP = 10.0.0.2, RPORT = 80, WEIGHT = 18 EFF WEIGHT = 18", 18) == [
        "   forwarding method = TUN, type = GUE, port = 5555, checksum",
        "   Alpha is OFF",
        "   connection timeout = 5.000000",
        "   connection limit range = 0 -> 0",
        "   Delay loop = 60.000000",
        "   Retry count = 5",
        "   Retry delay = 2.000000",
        "   Warmup = 3600.000000",
        "   Inhibit on failure is OFF",
        "   SNMP name = first",
        "   Using smtp notification = yes",
        "   initial weight = 3",
        "   effective weight = 18",
        "   alive = 1",
        "   num failed checkers = 0",
        "   RS set = 1",
        "   Tracked Files",
        "     load, weight 5",
    ]


def test_web_check_shows_its_expressions(lines: list[str]) -> None:
    assert after(lines, " [both]:0 -> [10.0.0.2]:sctp:80", 33) == [
        "   Enabled = yes",
        "   Up = yes",
        "   Has run = no",
        "   Current weight = 0",
        "   Alpha = no",
        "   Delay loop = 60000000 us",
        "   Warmup = 3600000000 us",
        "   Retries = 5",
        "   Delay before retry = 2000000 us",
        "   Retries iterations = 0",
        "   Default delay before retry = 3000000 us",
        "   Log all failures = no",
        "   Connection",
        "     Dest = [10.0.0.2]:80",
        "     Timeout = 5.000000",
        "   Keepalive method = HTTP_GET, http protocol 1.0",
        "   Enable SNI unset",
        "   Fast recovery unset",
        "   Checked url = /",
        "     tls_compliant unset",
        "     HTTP Status Code(s)",
        "       200-299",
        '     Regex = "h."',
        "     Regex no match",
        "     Regex min offset = 2, max_offset = 10",
        "     Regex options: caseless dotall",
        "   Checked url = /b",
        "     tls_compliant unset",
        "     HTTP Status Code(s)",
        "       200",
        '     Regex = "i"',
        "     Regex min offset = 3",
        "     Regex options:",
    ]


def test_datagram_and_script_show_what_they_send_and_run(lines: list[str]) -> None:
    assert after(lines, "   Keepalive method = UDP_CHECK", 6) == [
        "   Payload len = 3",
        "   Require reply = yes",
        "     Min reply length = 0",
        "     Max reply length = 255",
        "     Reply data len = 2",
        "     Reply data mask = yes",
    ]
    assert "   Log all failures = yes" in lines
    assert after(lines, "   Keepalive method = MISC_CHECK", 6) == [
        "   path = /bin/true",
        "   script = '/bin/true' 'one'",
        "   timeout = 0",
        "   dynamic = NO",
        "   uid:gid = 0:0",
        f"   Last ran = 0.000000 ({time.ctime(0)}.000000)",
    ]


def test_tracked_file_names_those_who_depend_on_it(lines: list[str]) -> None:
    assert after(lines, " Track file = load", 6) == [
        "   File = /run/load",
        "   Status = 3",
        "   Weight = 5",
        "   Tracking instances :",
        "     [both]:0 -> [10.0.0.2]:sctp:80, weight 5",
        "     FWM 5 -> [10.0.0.3]:none:0, weight 2 reverse",
    ]
