"""Real configurations beside the repository, what keepalived 2.4.3 says about them, and the machine it said it on."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from keepalived_py.config.environment import PathStatus, RecordedEnvironment

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
COMPATIBILITY = Path(__file__).parents[2] / "docs" / "compatibility.md"
_PROGRAMS = ("bash", "curl", "killall", "pgrep", "ping", "pkill", "sudo", "true")
_ROW = re.compile(r"^\| `([^`]+)` \| (-?\d+) \| (-?\d+) \| (.+) \|$", re.MULTILINE)


def expected_codes() -> dict[str, int]:
    """Return the exit code of `keepalived -t` 2.4.3 for each configuration."""
    with (CORPUS / "index.tsv").open(encoding="utf-8") as file:
        return {row["name"]: int(row["rc_2.4.3"]) for row in csv.DictReader(file, delimiter="\t")}


def environment() -> RecordedEnvironment:
    """Return the machine: the interfaces of netns.sh, a few programs in a merged /usr, no other user than root."""
    found = re.search(r'IFS_LIST="([^"]*)"', (CORPUS / "netns.sh").read_text(encoding="utf-8"))
    assert found
    directory, program = PathStatus(0o040755), PathStatus(0o100755)
    paths = {"/": directory, "/usr": directory, "/usr/bin": directory, "/bin": PathStatus(0o120777, target="usr/bin")}
    paths.update({f"/usr/bin/{name}": program for name in _PROGRAMS})
    users = {"root": (0, 0), "nobody": (65534, 65534)}
    return RecordedEnvironment(interfaces=frozenset({"lo", *found.group(1).split()}), paths=paths, users=users)


def listed_disagreements() -> dict[str, tuple[int, int]]:
    """Return what the compatibility document lists: name to (code of 2.4.3, our code)."""
    text = COMPATIBILITY.read_text(encoding="utf-8")
    return {name: (int(theirs), int(ours)) for name, theirs, ours, _ in _ROW.findall(text)}
