"""The law of a reload: what it takes from the configuration in force is what it would have read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.config.test_familiar import GROUP, read, remembered, server

if TYPE_CHECKING:
    from pathlib import Path

PIECES = st.sampled_from(
    [
        *(server(1), server(1, weight=2), server(2), server(2, "quorum 9"), server(3, "delay_loop $LOOP")),
        *(server(4, check="MISC_CHECK {\nmisc_path /bin/true\n}"), server(5, "colour red"), server(6, "@here ops")),
        *("$LOOP=5\n", "$LOOP=6\n", "@there " + GROUP.replace("\n", " "), GROUP, "}\n", "{\n", '"\n', "# nothing\n"),
        "virtual_server group G {\nlvs_sched rr\nlvs_method NAT\nreal_server 10.0.0.1 80 {\n}\n}\n",
        *("global_defs {\nscript_user root\n}\n", "global_defs {\nenable_script_security\n}\n", "vrrp_garp 1\n"),
    ]
)
TEXTS = st.lists(PIECES, max_size=8).map("".join)


@given(before=TEXTS, after=TEXTS)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_reload_reads_what_a_start_would_read(tmp_path: Path, before: str, after: str) -> None:
    in_force = read(tmp_path, before)
    reread, afresh = read(tmp_path, after, remembered(in_force) if in_force.config else None), read(tmp_path, after)
    assert reread.config == afresh.config
    assert [entry.render() for entry in reread.diagnostics] == [entry.render() for entry in afresh.diagnostics]
    assert (reread.prints, reread.exit_code) == (afresh.prints, afresh.exit_code)
