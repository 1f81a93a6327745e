"""`keepalived -t` of Debian's 2.2.7 and ours on the samples of every keyword that both know."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from keepalived_py.config.diagnostics import Diagnostics
from keepalived_py.config.keywords import keyword_table
from tests.config.test_samples import SAMPLES, understand
from tests.interop import config_codes
from tests.lab.daemon import real_is_installed
from tests.lab.topology import why_not

COMPATIBILITY = Path(__file__).parents[2] / "docs" / "compatibility.md"
ROW = re.compile(r"^\| `([^`]+)` \| (\d+|crash), here (\d+) \| .+ \|$", re.MULTILINE)
ONLY_IN_2_4_3 = frozenset(
    {
        *("use_symlink_paths", "set_supplementary_groups", "v3_checksum_as_v2", "vrrp_ipsets", "json_version"),
        *("snmp_vs_stats_update_interval", "snmp_rs_stats_update_interval", "dbus_no_interface_name", "tls_compliant"),
        *("vrrp_delay_after_boot", "vrrp_owner_ignore_adverts", "owner_ignore_adverts", "iproute_usr_dir", "sni_name"),
        *("iproute_etc_dir", "state_dump_file", "stats_dump_file", "json_dump_file", "no_virtual_ipaddress", "mode"),
        *("timer_expired_backup", "thread_timer_expired", "auth_hmac", "key", "active_key", "time_window", "multihop"),
        *("anti_replay", "state_file_location", "stats_file_location", "json_file_location"),
    }
)
CRASH = -1

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(not real_is_installed(), reason="Debian's keepalived is not installed"),
]


def uses() -> dict[str, tuple[str, str]]:
    """Return a file name to (path of the keyword, text) for every sample that 2.2.7 can know."""
    ours = {row.path for row in keyword_table() if row.beyond}
    known = [each for each in SAMPLES if each.path == "SSL/key" or each.path.rsplit("/", 1)[-1] not in ONLY_IN_2_4_3]
    known = [each for each in known if each.path not in ours]
    told = [
        (each.path, each.around(use)) for each in known for use in (each.valid, *(bad.text for bad in each.bad)) if use
    ]
    return {f"{number:05}.conf": entry for number, entry in enumerate(told)}


def real_codes(directory: Path) -> dict[str, int]:
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    program = [sys.executable, config_codes.__file__, str(directory)]
    done = subprocess.run(
        ["unshare", *user, "--net", "--mount", "--fork", "--kill-child", *program],
        capture_output=True, text=True, check=True, timeout=180,
    )  # fmt: skip
    return {name: int(code) for name, code in (line.split() for line in done.stdout.splitlines())}


def our_code(text: str) -> int:
    diagnostics = Diagnostics()
    for entry in understand(text)[1]:
        diagnostics.add(entry)
    return int(diagnostics.exit_code())


def test_exit_codes_on_every_sample_agree_or_the_difference_is_listed(tmp_path: Path) -> None:
    reason = why_not()
    if reason:
        pytest.skip(reason)
    wanted = uses()
    for name, (_, text) in wanted.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    theirs = real_codes(tmp_path)
    listed = [
        (pattern, CRASH if their == "crash" else int(their), int(our))
        for pattern, their, our in ROW.findall(COMPATIBILITY.read_text("utf-8"))
    ]
    needed = set()
    surprises = []
    for name, (path, text) in wanted.items():
        their, our = theirs[name], our_code(text)
        if their == our:
            continue
        rows = [row for row in listed if fnmatchcase(path, row[0]) and row[1:] == (their, our)]
        needed.update(rows)
        if not rows:
            surprises.append((path, their, our, text))
    assert surprises == []
    assert [row for row in listed if row not in needed] == []
