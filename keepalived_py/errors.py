"""The exception tree and the exit codes."""

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every keepalived process.

    1, 2 and 4 are permanent: a child that ends with one of them is not restarted, its parent ends with
    the same code.
    """

    OK = 0
    FATAL = 1
    CONFIG = 2
    PERMISSION = 4
    NO_CONFIG = 6
    BUG = 70
    NO_MEMORY = 204


class ConfigTestCode(IntEnum):
    """Exit codes of `keepalived --config-test`: the most severe class of problem seen."""

    OK = 0
    COMMAND_LINE = 1
    MISSING_WORD = 2
    BAD_ENVIRONMENT = 4
    ERRORS = 5
    SECURITY = 6


class KeepalivedError(Exception):
    """Root of every exception that this package raises on purpose."""

    exit_code = ExitCode.FATAL


class ConfigError(KeepalivedError):
    """The configuration cannot be used; its diagnostics say why."""

    exit_code = ExitCode.CONFIG


class NoConfigError(KeepalivedError):
    """There is no configuration file, or an include check failed."""

    exit_code = ExitCode.NO_CONFIG


class PermissionDeniedError(KeepalivedError):
    """The kernel refused an operation the daemon cannot run without."""

    exit_code = ExitCode.PERMISSION


class NetlinkError(KeepalivedError):
    """The kernel answered a netlink request with an error.

    Attributes:
        errno: positive errno value of the answer.
        sequence: sequence number of the refused request.
    """

    def __init__(self, errno: int, message: str, sequence: int = 0) -> None:
        super().__init__(message)
        self.errno = errno
        self.sequence = sequence
