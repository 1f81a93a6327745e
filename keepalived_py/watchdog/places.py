"""Names that depend on the instance and the network namespace: pid files and syslog tags."""

from __future__ import annotations

from keepalived_py.structure import structure

RUN_DIRECTORY = "/run"
PID_DIRECTORY = f"{RUN_DIRECTORY}/keepalived"

PARENT = "keepalived"
VRRP = "vrrp"
CHECKERS = "checkers"
BFD = "bfd"

_IDENTS = {
    PARENT: "Keepalived",
    VRRP: "Keepalived_vrrp",
    CHECKERS: "Keepalived_healthcheckers",
    BFD: "Keepalived_bfd",
}


@structure
class Places:
    """Where this daemon, one of perhaps several on the machine, keeps its files, and how it signs its log lines.

    Attributes:
        instance: name given by the keyword `instance`.
        namespace: network namespace that it works in.
        use_directory: keep pid files in a directory of their own even without those two.
    """

    instance: str | None = None
    namespace: str | None = None
    use_directory: bool = False

    @property
    def directory(self) -> str:
        """The directory of the pid files."""
        if self.namespace:
            return f"{PID_DIRECTORY}/{self.namespace}"
        return PID_DIRECTORY if self.instance or self.use_directory else RUN_DIRECTORY

    def pid_file(self, process: str, chosen: str | None = None) -> str:
        """Return the pid file of `process`: `chosen` on the command line, or the place that follows from the rest."""
        suffix = f"_{self.instance}" if self.instance else ""
        return chosen or f"{self.directory}/{process}{suffix}.pid"

    def reload_file(self, chosen: str) -> str:
        """Return the marker of a running reload: `chosen`, or if that is empty one beside the parent's pid file."""
        suffix = f"_{self.instance}" if self.instance else ""
        return chosen or f"{self.directory}/{PARENT}{suffix}.reload"

    def control_socket(self, chosen: str | None = None) -> str:
        """Return where the VRRP process answers questions; the other processes add their name to it."""
        directory = f"{PID_DIRECTORY}/{self.namespace}" if self.namespace else PID_DIRECTORY
        suffix = f"_{self.instance}" if self.instance else ""
        return chosen or f"{directory}/control{suffix}.sock"

    def ident(self, process: str) -> str:
        """Return the syslog tag of `process`."""
        return "_".join(filter(None, (_IDENTS[process], self.namespace, self.instance)))
