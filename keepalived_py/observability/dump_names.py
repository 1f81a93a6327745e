"""Where the dump files go: names as keepalived makes them of its keywords and of TMPDIR."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.structure import structure

if TYPE_CHECKING:
    from keepalived_py.config.model import Config

DEFAULT_DIRECTORY = "/tmp"  # noqa: S108 - where everybody looks for the dumps; they are never opened through a link
STATE, STATISTICS, JSON = "keepalived.data", "keepalived.stats", "keepalived.json"


@structure
class DumpNames:
    """The dump files of one daemon.

    Attributes:
        directory: TMPDIR when that is an absolute path to a directory, else /tmp.
        state_file: the keyword `state_dump_file`; a name, a directory that ends in `/`, or both; empty for none.
        statistics_file: the keyword `stats_dump_file`, in the same way.
        json_file: the keyword `json_dump_file`, in the same way.
        distinction: what `data_use_instance` puts into the names of state files: NAMESPACE, INSTANCE or both.
    """

    directory: str = DEFAULT_DIRECTORY
    state_file: str = ""
    statistics_file: str = ""
    json_file: str = ""
    distinction: str = ""

    def state(self, process: str = "") -> str:
        """Return the state file of a process.

        Args:
            process: empty for VRRP, `_parent`, `_check` or `_bfd`.
        """
        directory, name = _place(self.state_file, self.directory, STATE)
        stem, dot, extension = name.rpartition(".")
        if not dot:
            stem, extension = name, ""
        distinction = f".{self.distinction}" if self.distinction else ""
        return f"{directory}/{stem}{process}{distinction}{dot}{extension}"

    @property
    def statistics(self) -> str:
        """The file of the counters."""
        return "/".join(_place(self.statistics_file, self.directory, STATISTICS))

    @property
    def json(self) -> str:
        """The file for programs."""
        return "/".join(_place(self.json_file, self.directory, JSON))


def _place(template: str, directory: str, default_name: str) -> tuple[str, str]:
    """Return directory and name that a keyword's value asks for."""
    before, _slash, name = template.rpartition("/")
    return (before if template.startswith("/") else directory), name or default_name


def names_of(config: Config, namespace: str | None, directory: str) -> DumpNames:
    """Return the names that a configuration asks for.

    Args:
        config: the configuration.
        namespace: network namespace of the daemon; None for the one that it was started in.
        directory: where files go that say no other.
    """
    defs = config.global_defs
    distinction = "_".join(filter(None, (namespace, config.instance))) if defs.data_use_instance else ""
    return DumpNames(
        directory=directory,
        state_file=defs.state_dump_file or "",
        statistics_file=defs.stats_dump_file or "",
        json_file=defs.json_dump_file or "",
        distinction=distinction,
    )
