"""Scripts, pipes and mails of real daemons, and the same of Debian's keepalived."""

from __future__ import annotations

import json
import re
import signal
from typing import TYPE_CHECKING

import pytest

from tests.lab.configs import FAST, instance
from tests.lab.daemon import OURS, REAL, real_is_installed
from tests.lab.mail import MailServer, needs_mail_server
from tests.lab.metronome import Metronome
from tests.lab.pair import Pair, plug_pair
from tests.lab.waiting import holds_for, wait_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.lab.daemon import Daemon
    from tests.lab.node import Node
    from tests.lab.topology import Lab

pytestmark = pytest.mark.lab

SCRIPT = "/etc/keepalived/told.sh"
TELLING = "/etc/keepalived/telling.sh"
TOLD = "/run/told"
STATES = ("master", "backup", "fault", "stop")
SECURITY = "script_user root\n enable_script_security"
VYOS = re.compile(r'^(\w+) "([\w-]+)" (\w+) (\d+)$')
"""How VyOS reads the lines of the pipe."""

TELL = f"""#!/bin/sh
echo "$*" >> {TOLD}
"""
TELL_WITH_ENVIRONMENT = f"""#!/bin/sh
env | grep ^KEEPALIVED_ | sort | tr '\\n' '\\t' >> {TOLD}
echo "argv=$*" >> {TOLD}
"""
READ = """#!/bin/sh
echo "reading $*" >> /run/read
exec 3<>"$2"
while read -r line <&3; do echo "$line" >> /run/read; done
"""


def program(node: Node, path: str, text: str) -> None:
    """Write a script that root's daemon may run."""
    node.path(path).write_text(text, encoding="utf-8")
    node.path(path).chmod(0o755)


def notifies(script: str = SCRIPT) -> list[str]:
    """The scripts of an instance or a group, each with its own word first."""
    return [*(f'notify_{state} "{script} {state}"' for state in STATES), f'notify "{script} any"']


def settings(*lines: str) -> str:
    return "global_defs {\n " + "\n ".join((SECURITY, *lines)) + "\n}\n"


def told(node: Node) -> list[str]:
    return node.text(TOLD).splitlines()


def take(node: Node, count: int, path: str = TOLD) -> list[str]:
    """Wait for so many lines, see that no more come, and begin a new file."""
    wait_for(lambda: len(node.text(path).splitlines()) >= count, 15, lambda: f"{count} lines\n{node.text(path)}")
    holds_for(lambda: len(node.text(path).splitlines()) == count, 0.3, f"{count} lines")
    lines = node.text(path).splitlines()
    node.path(path).write_text("", encoding="utf-8")
    return lines


def by_subject(lines: Sequence[str]) -> dict[str, list[str]]:
    """The lines of generic scripts per instance and group, in order."""
    found: dict[str, list[str]] = {}
    for line in lines:
        words = line.split()
        if words[0] == "any":
            found.setdefault(f"{words[1]} {words[2]}", []).append(" ".join(words[3:]))
    return found


def start_alone(lab: Lab, config: str, script: str = TELL, daemon: Daemon = OURS) -> Pair:
    """One daemon with its script; the other node stays quiet."""
    pair = plug_pair(lab, daemon, daemon)
    program(pair.first, SCRIPT, script)
    pair.first.configure(config)
    pair.first.start()
    return pair


def test_scripts_are_told_every_state_in_order_with_keepalived_s_words_up_to_the_end(lab: Lab) -> None:
    node = start_alone(lab, settings() + instance(150, (*FAST, *notifies()))).first
    assert take(node, 4) == ["backup", "any INSTANCE VI_1 BACKUP 150", "master", "any INSTANCE VI_1 MASTER 150"]
    node.ip("link", "set", "eth0", "down")
    assert take(node, 2) == ["fault", "any INSTANCE VI_1 FAULT 150"]
    node.ip("link", "set", "eth0", "up")
    assert take(node, 4) == ["backup", "any INSTANCE VI_1 BACKUP 150", "master", "any INSTANCE VI_1 MASTER 150"]
    node.stop()
    assert take(node, 2) == ["stop", "any INSTANCE VI_1 STOP 150"]


def test_environment_says_what_the_words_cannot(lab: Lab) -> None:
    addresses = ("192.168.0.204/24", "192.168.0.205/24")
    lines = (*FAST, f'notify "{SCRIPT}"')
    node = start_alone(lab, settings() + instance(150, lines, addresses=addresses), TELL_WITH_ENVIRONMENT).first
    wait_for(lambda: len(told(node)) == 2 and node.text(TOLD).endswith("\n"), 15, lambda: node.text(TOLD))
    backup, master = (dict(part.split("=", 1) for part in line.split("\t")) for line in told(node))
    assert backup["argv"] == "INSTANCE VI_1 BACKUP 150"
    assert (backup["KEEPALIVED_OLD_STATE"], backup["KEEPALIVED_NEW_STATE"]) == ("INIT", "BACKUP")
    assert master["argv"] == "INSTANCE VI_1 MASTER 150"
    assert (master["KEEPALIVED_OLD_STATE"], master["KEEPALIVED_NEW_STATE"]) == ("BACKUP", "MASTER")
    assert re.fullmatch(r"no advert heard for \d+\.\d+ s \(priority 150\)", master["KEEPALIVED_CAUSE"])
    assert json.loads(master["KEEPALIVED_VIPS"]) == list(addresses)
    assert {word.removeprefix("KEEPALIVED_"): master[word] for word in master if word.startswith("KEEPALIVED_")} == {
        "CAUSE": master["KEEPALIVED_CAUSE"],
        "CAUSE_EVENT": "no advert heard",
        "CAUSE_SOURCE": "",
        "EVENT": "MASTER",
        "EVENT_ID": master["KEEPALIVED_EVENT_ID"],
        "GROUP": "",
        "INSTANCE": "VI_1",
        "INTERFACE": "eth0",
        "KIND": "INSTANCE",
        "MASTER_ADDRESS": "192.168.0.201",
        "NEW_STATE": "MASTER",
        "OLD_STATE": "BACKUP",
        "PRIORITY": "150",
        "VIPS": master["KEEPALIVED_VIPS"],
        "VIP_COUNT": "2",
        "VRID": "51",
    }
    assert backup["KEEPALIVED_EVENT_ID"] != master["KEEPALIVED_EVENT_ID"]


def grouped(names: Sequence[str], *extra: str, group: bool = True) -> str:
    """Instances with scripts and, with `group`, a sync group of them with scripts."""
    text = settings()
    for index, name in enumerate(names):
        lines = (*FAST, *notifies(), *extra)
        text += instance(150, lines, name=name, vrid=51 + index, addresses=(f"192.168.0.{204 + index}/24",))
    if group:
        members = " ".join(names).replace(" ", "\n")
        text += f"vrrp_sync_group G {{\n group {{\n{members}\n}}\n" + "\n".join(notifies()) + "\n}\n"
    return text


def scenario(lab: Lab, daemon: Daemon) -> list[dict[str, list[str]]]:
    """What generic scripts are told, per instance and group, step by step."""
    node = start_alone(lab, grouped(("A", "B")), TELL, daemon).first
    steps = [take(node, 12)]
    node.ip("link", "set", "eth0", "down")
    steps.append(take(node, 6))
    node.ip("link", "set", "eth0", "up")
    steps.append(take(node, 12))
    for config, count in (
        (grouped(("A",), group=False), 1),  # without notify_deleted an instance that is gone is in FAULT
        (grouped(("A", "B"), "notify_deleted", group=False), 4),
        (grouped(("A",), group=False), 1),
    ):
        node.configure(config)
        node.kill(node.parent_pid(), signal.SIGHUP)
        steps.append(take(node, count))
    node.stop()
    steps.append(take(node, 2))
    return [by_subject(step) for step in steps]


EXPECTED = [
    {name: ["BACKUP 150", "MASTER 150"] for name in ("INSTANCE A", "INSTANCE B")}
    | {"GROUP G": ["BACKUP 0", "MASTER 0"]},
    {"INSTANCE A": ["FAULT 150"], "INSTANCE B": ["FAULT 150"], "GROUP G": ["FAULT 0"]},
    {name: ["BACKUP 150", "MASTER 150"] for name in ("INSTANCE A", "INSTANCE B")}
    | {"GROUP G": ["BACKUP 0", "MASTER 0"]},
    {"INSTANCE B": ["FAULT 150"]},
    {"INSTANCE B": ["BACKUP 150", "MASTER 150"]},
    {"INSTANCE B": ["DELETED 150"]},
    {"INSTANCE A": ["STOP 150"]},
]


@pytest.mark.interop
@pytest.mark.parametrize("daemon", [OURS, REAL], ids=str)
def test_scripts_of_instances_and_groups_are_told_what_keepalived_s_are_told(lab: Lab, daemon: Daemon) -> None:
    if daemon is REAL and not real_is_installed():
        pytest.skip("Debian's keepalived is not installed")
    assert scenario(lab, daemon) == EXPECTED


SLOW = f"""#!/bin/sh
echo "begin $*" >> {TOLD}
while ! test -e /run/go; do sleep 0.02; done
echo "end $*" >> {TOLD}
"""


def count(node: Node, state: str) -> int:
    """How often an instance has entered a state."""
    return sum(f"Entering {state} STATE" in line for line in node.log("Keepalived_vrrp"))


def flap(pair: Pair, times: int) -> None:
    """Take the interface of the master down and up, and see the instance follow each time."""
    node = pair.first
    pair.wait_for_state(node, "MASTER")
    faults, masters = count(node, "FAULT"), count(node, "MASTER")
    for turn in range(1, times + 1):
        node.ip("link", "set", "eth0", "down")
        pair.wait_for_state(node, "FAULT", faults + turn)
        node.ip("link", "set", "eth0", "up")
        pair.wait_for_state(node, "MASTER", masters + turn)


def test_states_that_pass_while_a_script_runs_are_left_out_and_the_newest_is_told(lab: Lab) -> None:
    pair = start_alone(lab, settings() + instance(150, (*FAST, f'notify "{SCRIPT}"')), SLOW)
    node = pair.first
    pair.wait_for_holder(node)
    wait_for(lambda: told(node) == ["begin INSTANCE VI_1 BACKUP 150"], 10, lambda: node.text(TOLD))
    flap(pair, 3)
    assert told(node) == ["begin INSTANCE VI_1 BACKUP 150"]
    node.path("/run/go").touch()
    assert take(node, 4) == [
        f"{word} INSTANCE VI_1 {state} 150" for state in ("BACKUP", "MASTER") for word in ("begin", "end")
    ]
    skipped = "has passed while a notify script ran"
    pair.wait(lambda: sum(skipped in line for line in node.log("Keepalived_vrrp")) >= 9, 10, "nine states in the log")
    assert sum(skipped in line for line in node.log("Keepalived_vrrp")) == 9, (
        "MASTER, then three times FAULT, BACKUP, MASTER, of which the last is told"
    )


def test_scripts_run_beside_each_other_when_asked_to(lab: Lab) -> None:
    config = settings("notify_mode parallel") + instance(150, (*FAST, f'notify "{SCRIPT}"'))
    node = start_alone(lab, config, SLOW).first
    wait_for(lambda: len(told(node)) == 2, 10, lambda: node.text(TOLD))
    assert sorted(told(node)) == [f"begin INSTANCE VI_1 {state} 150" for state in ("BACKUP", "MASTER")]
    node.path("/run/go").touch()


def test_hanging_script_does_not_keep_the_stop_scripts_from_running(lab: Lab) -> None:
    lines = (*FAST, f'notify_master "{SCRIPT} hanging"', f'notify_stop "{TELLING} stop"')
    pair = plug_pair(lab)
    node = pair.first
    program(node, SCRIPT, f"#!/bin/sh\necho $* >> {TOLD}\nexec sleep 300\n")
    program(node, TELLING, TELL)
    node.configure(settings() + instance(150, lines))
    node.start()
    wait_for(lambda: told(node) == ["hanging"], 10, lambda: node.text(TOLD))
    node.stop()
    wait_for(lambda: told(node) == ["hanging", "stop"], 10, lambda: node.text(TOLD))


def test_stop_script_that_takes_its_time_is_started_before_the_end_and_not_killed(lab: Lab) -> None:
    node = start_alone(lab, settings() + instance(150, (*FAST, f'notify_stop "{SCRIPT} stop"')), SLOW).first
    wait_for(lambda: node.has("192.168.0.204"), 10, "master")
    node.stop()
    wait_for(lambda: told(node) == ["begin stop"], 10, lambda: node.text(TOLD))
    node.path("/run/go").touch()
    wait_for(lambda: told(node) == ["begin stop", "end stop"], 10, lambda: node.text(TOLD))


def test_lower_priority_heard_as_master_is_told_to_its_script_and_to_pipes(lab: Lab) -> None:
    pair = plug_pair(lab)
    program(pair.first, SCRIPT, TELL)
    script = f'notify_master_rx_lower_pri "{SCRIPT} lower"'
    pair.first.configure(settings("vrrp_notify_fifo /run/pipe") + instance(150, (*FAST, script)))
    pair.second.configure(instance(100))
    pair.first.start()
    pair.wait_for_holder(pair.first)
    pair.second.start()
    lab.split_off(pair.second)
    pair.wait(lambda: pair.second.has("192.168.0.204"), 10, "two masters")
    lab.rejoin(pair.second)
    pair.wait_for_holder(pair.first)
    pair.wait(lambda: told(pair.first), 10, "the script")
    assert set(told(pair.first)) == {"lower"}
    lines = read_pipe(pair.first, "/run/pipe", 3)
    assert lines[:3] == [f'INSTANCE "VI_1" {news} 150' for news in ("BACKUP", "MASTER", "MASTER_RX_LOWER_PRI")]


# ------------------------------------------------------------------ pipes


def test_pipe_of_vyos_gets_every_state_and_its_script_is_ended_before_stop(lab: Lab) -> None:
    pair = plug_pair(lab)
    node = pair.first
    program(node, "/etc/keepalived/read.sh", READ)
    node.configure(
        settings(
            "notify_fifo /run/all", 'notify_fifo_script "/etc/keepalived/read.sh own"', "vrrp_notify_fifo /run/all"
        )
        + instance(150)
        + instance(150, name="VI-2", vrid=52, addresses=("192.168.0.205/24",))
    )
    node.start()
    wait_for(lambda: node.text("/run/read").count("MASTER") == 2, 10, lambda: node.text("/run/read"))
    lines = node.text("/run/read").splitlines()
    assert lines[0] == "reading own /run/all"
    matches = [VYOS.match(line) for line in lines[1:]]
    assert all(matches)
    found = sorted(match.groups() for match in matches if match)
    assert found == sorted(
        ("INSTANCE", name, state, "150") for name in ("VI_1", "VI-2") for state in ("BACKUP", "MASTER")
    )
    assert [line for line in node.log("Keepalived_vrrp") if "configured twice" in line] == [
        "notify FIFO /run/all is configured twice: ignoring vrrp_notify_fifo"
    ]
    node.stop()
    assert node.attempt("test", "-e", "/run/all").returncode != 0
    wait_for(lambda: node.attempt("pgrep", "-f", "read.sh").returncode != 0, 10, "the reader has ended")


def test_reload_restarts_the_reader_keeps_the_pipe_and_repeats_states_when_asked_to(lab: Lab) -> None:
    pair = plug_pair(lab)
    node = pair.first
    program(node, "/etc/keepalived/read.sh", READ)
    pipe = ("vrrp_notify_fifo /run/pipe", 'vrrp_notify_fifo_script "/etc/keepalived/read.sh own"')
    node.configure(settings(*pipe) + instance(150))
    node.start()
    wait_for(lambda: "MASTER" in node.text("/run/read"), 10, lambda: node.text("/run/read"))
    before = node.run("stat", "-c", "%i %a", "/run/pipe")
    assert before.split()[1] == "600", "0644 less the umask of the daemon, as keepalived has it"
    assert take(node, 3, "/run/read")[0] == "reading own /run/pipe"
    node.kill(node.parent_pid(), signal.SIGHUP)
    assert take(node, 1, "/run/read") == ["reading own /run/pipe"]
    node.configure(settings(*pipe, "fifo_write_vrrp_states_on_reload") + instance(150))
    node.kill(node.parent_pid(), signal.SIGHUP)
    assert take(node, 2, "/run/read") == ["reading own /run/pipe", 'INSTANCE "VI_1" MASTER 150']
    assert node.run("stat", "-c", "%i %a", "/run/pipe") == before


def test_changed_priority_is_told_to_pipes_that_want_it(lab: Lab) -> None:
    pair = plug_pair(lab)
    node = pair.first
    lines = (*FAST, "notify_priority_changes on")
    node.configure(settings("vrrp_notify_fifo /run/pipe") + instance(150, lines))
    node.start()
    wait_for(lambda: node.has("192.168.0.204"), 10, "master")
    node.configure(settings("vrrp_notify_fifo /run/pipe") + instance(120, lines))
    node.kill(node.parent_pid(), signal.SIGHUP)
    pair.wait(lambda: any("stays MASTER" in line for line in node.log("Keepalived_vrrp")), 10, "reload")
    assert read_pipe(node, "/run/pipe", 3) == [
        'INSTANCE "VI_1" BACKUP 150',
        'INSTANCE "VI_1" MASTER 150',
        'INSTANCE "VI_1" MASTER_PRIORITY 120',
    ]


def read_pipe(node: Node, path: str, count: int) -> list[str]:
    """Everything that waits in a pipe, which is so many lines at least."""
    lines: list[str] = []

    def read() -> bool:
        done = node.attempt("dd", f"if={path}", "iflag=nonblock", "bs=64k", "count=1", "status=none")
        lines.extend(done.stdout.splitlines())
        return len(lines) >= count

    wait_for(read, 10, lambda: f"{count} lines in {path}, not {lines}")
    return lines


# ------------------------------------------------------------------ mails


@needs_mail_server
def test_mails_tell_of_the_first_states_together_and_of_the_stop(lab: Lab) -> None:
    pair = plug_pair(lab)
    server = MailServer(pair.client, "plain")
    mails = ("smtp_server 192.168.0.3 2525", "smtp_alert", "notification_email {\n a@b.c\n d@e.f\n}", "router_id lb1")
    sender = 'notification_email_from "Balancer <lb@example.org>"'
    pair.first.configure(settings(*mails, sender) + instance(150))
    pair.first.start()
    wait_for(lambda: "=> VRRP Instance is now owning VRRP VIPs <=" in everything(server), 20, "the mail of MASTER")
    assert "VRRP Instance VI_1 - Entering BACKUP state" in everything(server)
    assert {(mail.sender, *mail.receivers) for mail in server.mails()} == {("lb@example.org", "a@b.c", "d@e.f")}
    pair.first.stop()
    wait_for(lambda: "Stopping" in everything(server), 20, "the mail of the stop")
    last = server.mails()[-1].message
    assert last["Subject"] == "[lb1] VRRP Instance VI_1 - Stopping"
    assert last.get_content().splitlines()[0] == "=> VRRP Instance stopping <="


def everything(server: MailServer) -> str:
    """Subjects and texts of all mails."""
    return "\n".join(f"{mail.message['Subject']}\n{mail.message.get_content()}" for mail in server.mails())


def test_dead_mail_server_and_dead_resolver_delay_no_advert(lab: Lab) -> None:
    pair = plug_pair(lab)
    node = pair.first
    node.run(
        "sh", "-c", "echo nameserver 192.168.0.77 > /run/resolv.conf; mount --bind /run/resolv.conf /etc/resolv.conf"
    )
    mails = ("smtp_server mail.example.org", "smtp_connect_timeout 3", "smtp_alert", "notification_email {\n a@b.c\n}")
    node.configure(settings(*mails) + instance(150))
    capture, metronome = pair.second.capture(), Metronome(node)
    node.start()
    pair.wait(lambda: len(capture.adverts(outgoing=False)) > 5, 15, "adverts")
    flap(pair, 2)
    since = len(capture.adverts(outgoing=False))
    pair.wait(lambda: any("SMTP alert to mail.example.org:25 failed" in line for line in node.log()), 60, "the failure")
    adverts = capture.adverts(outgoing=False)[since:]
    assert len(adverts) > 20
    assert max(metronome.gaps(adverts)) < 0.2, "twice the interval would be a missed advert"
    node.stop()
