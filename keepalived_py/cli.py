"""`keepalived`: its options, and what each invocation leads to."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

from keepalived_py import standard_streams
from keepalived_py.command_line import Argument, Extra, Given, Reader, Refused
from keepalived_py.errors import ExitCode
from keepalived_py.options import Options
from keepalived_py.structure import field, structure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Settings = dict[str, object]
    Setter = Callable[["Settings", str], str | None]

NONE, REQUIRED, OPTIONAL = Argument.NONE, Argument.REQUIRED, Argument.OPTIONAL

LOG_LOCAL0 = 16
FACILITIES = {"user": 1, "daemon": 3, **{f"local{n}": LOG_LOCAL0 + n for n in range(8)}}

SIGNALS = {
    "STOP": signal.SIGTERM,
    "RELOAD": signal.SIGHUP,
    "DATA": signal.SIGUSR1,
    "STATS": signal.SIGUSR2,
    "STATS_CLEAR": signal.SIGRTMAX - 1,
    "JSON": signal.SIGRTMIN + 2,
}
"""What --signum answers; the numbers are the C library's, so they are asked for, not written down."""


def flag(name: str, *, value: object = True) -> Setter:
    """Return a setter that gives field `name` a fixed value."""

    def setter(settings: Settings, _argument: str) -> None:
        settings[name] = value

    return setter


def text(name: str, **others: object) -> Setter:
    """Return a setter that stores the argument (None when empty) in field `name`, and `others` beside it."""

    def setter(settings: Settings, argument: str) -> None:
        settings[name] = argument or None
        settings.update(others)

    return setter


def set_config_file(settings: Settings, argument: str) -> None:
    """Store the main file as an absolute path: the daemon changes its directory."""
    settings["config_file"] = os.path.abspath(argument)  # noqa: PTH100 - pathlib costs 5 ms of the start


def more_detail(settings: Settings, _argument: str) -> None:
    """Count -D."""
    detail = settings.get("log_detail", 0)
    settings["log_detail"] = detail + 1 if isinstance(detail, int) else 1


def all_children(settings: Settings, _argument: str) -> None:
    """Run every child, whatever was switched off before."""
    settings.update(all_children=True, run_vrrp=True, run_checkers=True, run_bfd=True)


def set_facility(settings: Settings, argument: str) -> str | None:
    """Store a syslog facility: 0-7 or local0-7, user, daemon. A bad one is reported and changes nothing."""
    name = f"local{argument}" if argument.isdecimal() else argument
    if name not in FACILITIES:
        return f"Invalid log facility '{argument}'"
    settings["log_facility"] = FACILITIES[name]
    return None


def set_umask(settings: Settings, argument: str) -> str | None:
    """Store a umask as strtol reads it: 0x hexadecimal, 0 octal, else decimal. A bad one changes nothing."""
    try:
        octal = len(argument) > 1 and argument.startswith("0") and argument.isdecimal()
        mask = int(argument, 8 if octal else 0)
    except ValueError:
        mask = -1
    if not 0 <= mask <= 0o777:
        return f"Invalid --umask option {argument}"
    settings["umask"] = mask
    return None


def set_descriptor(settings: Settings, argument: str) -> str | None:
    """Store the number of an open descriptor."""
    if not argument.isdecimal():
        return f"Invalid --config-fd option {argument}"
    settings["config_descriptor"] = int(argument)
    return None


def seconds(name: str) -> Setter:
    """Return a setter for a time of 0.1 to 3600 seconds."""

    def setter(settings: Settings, argument: str) -> str | None:
        try:
            value = float(argument)
        except ValueError:
            value = 0.0
        if not 0.1 <= value <= 3600:
            return f"Invalid time '{argument}': 0.1 to 3600 seconds are possible"
        settings[name] = value
        return None

    return setter


def no_log_file(_settings: Settings, _argument: str) -> str | None:
    """Refuse -g as keepalived's own packages do: they are built without it."""
    return None


@structure
class Option:
    """One option: the parser, --help and the manual page are made of these.

    Attributes:
        long: its name after `--`.
        short: its letter, empty when it has none.
        argument: whether it takes one.
        metavar: what the argument stands for.
        help: what it does, for --help and the manual page.
        setter: stores it; returns a complaint about the argument, or None.
        ends: code to exit with once `cli.main` has done what the option asks; None for ordinary options.
        hidden: for programs, not for people: in the manual page but not in --help.
    """

    long: str
    short: str
    help: str
    setter: Setter
    argument: Argument = NONE
    metavar: str = ""
    ends: ExitCode | None = None
    hidden: bool = False


OPTIONS = (
    Option("use-file", "f", "Use the configuration file FILE", set_config_file, REQUIRED, "FILE"),
    Option("vrrp", "P", "Only run with VRRP subsystem", flag("run_checkers", value=False)),
    Option("check", "C", "Only run with Health-checker subsystem", flag("run_vrrp", value=False)),
    Option("no_bfd", "B", "Don't run BFD subsystem", flag("run_bfd", value=False)),
    Option("all", "", "Run all child processes, even without configuration for them", all_children),
    Option("log-console", "l", "Log messages to local console", flag("log_console")),
    Option("log-detail", "D", "Detailed log messages (twice for more)", more_detail),
    Option(
        "log-facility",
        "S",
        "Set syslog facility to LOG_LOCAL[0-7], user or daemon (default)",
        set_facility,
        REQUIRED,
        "([0-7]|local[0-7]|user|daemon)",
    ),
    Option(
        "log-file", "g", "Not in this build: log to syslog", no_log_file, OPTIONAL, "FILE", ExitCode.FATAL, hidden=True
    ),
    Option("no-syslog", "G", "Don't log via syslog", flag("no_syslog")),
    Option("umask", "u", "umask for file creation (in numeric form)", set_umask, REQUIRED, "MASK"),
    Option("release-vips", "X", "Drop VIP on transition from signal", flag("release_vips")),
    Option("dont-release-vrrp", "V", "Don't remove VRRP VIPs and VROUTEs on daemon stop", flag("keep_vips")),
    Option("dont-release-ipvs", "I", "Don't remove IPVS topology on daemon stop", flag("keep_ipvs")),
    Option("dont-respawn", "R", "Don't respawn child processes", flag("respawn", value=False)),
    Option("dont-fork", "n", "Don't fork the daemon process", flag("fork", value=False)),
    Option("dump-conf", "d", "Dump the configuration data", flag("dump_config")),
    Option("pid", "p", "Use specified pidfile for parent process", text("pid_file"), REQUIRED, "FILE"),
    Option("vrrp_pid", "r", "Use specified pidfile for VRRP child process", text("vrrp_pid_file"), REQUIRED, "FILE"),
    Option(
        "checkers_pid",
        "c",
        "Use specified pidfile for checkers child process",
        text("checkers_pid_file"),
        REQUIRED,
        "FILE",
    ),
    Option("bfd_pid", "b", "Use specified pidfile for BFD child process", text("bfd_pid_file"), REQUIRED, "FILE"),
    Option("address-monitoring", "a", "Report all address additions and deletions", flag("address_monitoring")),
    Option("snmp", "x", "Enable SNMP subsystem", flag("snmp")),
    Option(
        "snmp-agent-socket", "A", "Use the specified socket for master agent", text("snmp_socket"), REQUIRED, "FILE"
    ),
    Option("namespace", "s", "Run in network namespace NAME (overrides config)", text("namespace"), REQUIRED, "NAME"),
    Option("core-dump", "m", "Produce core dump if terminate abnormally", flag("core_dump")),
    Option(
        "core-dump-pattern",
        "M",
        "Also set /proc/sys/kernel/core_pattern to PATN (default 'core')",
        lambda settings, argument: settings.update(core_dump=True, core_dump_pattern=argument or "core"),
        OPTIONAL,
        "PATN",
    ),
    Option("all-config", "e", "Error if any configuration file missing", flag("all_include_checks")),
    Option(
        "config-id",
        "i",
        "Skip configuration lines beginning '@' that don't match ID",
        text("config_id"),
        REQUIRED,
        "ID",
    ),
    Option("ignore-sigint", "", "Ignore SIGINT (default means terminate)", flag("ignore_sigint")),
    Option(
        "signum",
        "",
        f"Print the number of the signal for {', '.join(SIGNALS)}",
        lambda _settings, _argument: None,
        REQUIRED,
        "SIGFUNC",
        ExitCode.OK,
    ),
    Option(
        "config-test",
        "t",
        "Check the configuration for errors, output to stderr or LOG_FILE",
        text("config_test_log", config_test=True, fork=False, no_syslog=True),
        OPTIONAL,
        "LOG_FILE",
    ),
    Option(
        "config-fd",
        "",
        "Write the merged configuration to an open descriptor",
        set_descriptor,
        REQUIRED,
        "NUMBER",
        hidden=True,
    ),
    Option(
        "watchdog-vrrp",
        "",
        "Seconds without a sign of life after which the VRRP child is replaced (default 5)",
        seconds("watchdog_vrrp"),
        REQUIRED,
        "SECONDS",
    ),
    Option(
        "watchdog-check",
        "",
        "Seconds without a sign of life after which the Health-checker child is replaced (default 5)",
        seconds("watchdog_check"),
        REQUIRED,
        "SECONDS",
    ),
    Option(
        "genhash",
        "T",
        "Be genhash: print the digest of a web page (the first option; see genhash -h)",
        lambda _settings, _argument: None,
        ends=ExitCode.FATAL,
    ),
    Option("version", "v", "Display the version number", lambda _settings, _argument: None, ends=ExitCode.OK),
    Option("help", "h", "Display this help message", lambda _settings, _argument: None, ends=ExitCode.OK),
)

BY_NAME = {option.long: option for option in OPTIONS}
READER = Reader(
    {option.long: option.argument for option in OPTIONS},
    {option.short: option.long for option in OPTIONS if option.short},
)


@structure(frozen=False)
class CommandLine:
    """A command line that has been read.

    Attributes:
        options: its options as a value.
        complaints: what was wrong with it, one sentence each, for standard error.
        bad: True when a complaint ends the program (exit code 1).
        extra: words that belong to no option; they are ignored.
        ending: the option after which nothing else counts (--version, --help, --signum), with its argument.
    """

    options: Options = field(default_factory=Options)
    complaints: list[str] = field(default_factory=list)
    bad: bool = False
    extra: list[str] = field(default_factory=list)
    ending: tuple[Option, str] | None = None


def read_command_line(words: Sequence[str]) -> CommandLine:
    """Read the words after the program's name."""
    result = CommandLine()
    settings: Settings = {}
    for item in READER.read(words):
        if isinstance(item, Extra):
            result.extra.append(item.word)
        elif isinstance(item, Refused):
            result.complaints.append(item.text)
            result.bad = True
        elif _apply(item, settings, result):
            break
    result.options = Options(**settings)  # type: ignore[arg-type]  # each setter stores its field's type
    return result


def _apply(given: Given, settings: Settings, result: CommandLine) -> bool:
    """Apply one option; True when nothing after it counts."""
    option = BY_NAME[given.name]
    argument = given.argument or ""
    if option.ends is not None:
        result.ending = (option, argument)
        return True
    complaint = option.setter(settings, argument)
    if complaint:
        result.complaints.append(complaint)
    return False


def usage(program: str = "keepalived") -> str:
    """Return the text of --help."""
    lines = [f"Usage: {program} [OPTION...]"]
    for option in OPTIONS:
        if option.hidden:
            continue
        short = f"-{option.short}, " if option.short else "    "
        value = {NONE: "", REQUIRED: f"={option.metavar}", OPTIONAL: f"[={option.metavar}]"}[option.argument]
        left = f"  {short}--{option.long}{value}"
        if len(left) > 30:
            lines.append(left)
            left = ""
        lines.append(f"{left:<30} {option.help}")
    return "\n".join(lines)


def finish(option: Option, argument: str) -> int:
    """Do what an ending option asks; return the exit code."""
    if option.long == "version":
        from keepalived_py.version import version_text  # noqa: PLC0415 - not needed by the daemon's start

        sys.stderr.write(version_text())
    elif option.long == "help":
        sys.stderr.write(usage() + "\n")
    elif option.long == "log-file":
        sys.stderr.write("-g requires configure option --enable-log-file\n")
    elif option.long == "genhash":
        sys.stderr.write("-T must be the first option\n")
    elif argument in SIGNALS:
        sys.stdout.write(f"{int(SIGNALS[argument])}\n")
    else:
        sys.stderr.write(f"Unknown sigfunc {argument}\n")
        return ExitCode.FATAL
    return option.ends or ExitCode.OK


def main(words: Sequence[str] | None = None) -> int:
    """Run `keepalived` with these words (default: the process's own); return the exit code."""
    standard_streams.complete()
    is_genhash = words is None and os.path.basename(sys.argv[0]) == "genhash"  # noqa: PTH119 - as above
    words = sys.argv[1:] if words is None else words
    if is_genhash or words[:1] in (["-T"], ["--genhash"]):
        from keepalived_py.check.genhash import genhash  # noqa: PLC0415 - not needed by the daemon's start

        return genhash(words, "genhash") if is_genhash else genhash(words[1:], f"keepalived {words[0]}")
    line = read_command_line(words)
    for complaint in line.complaints:
        sys.stderr.write(f"{complaint}\n")
    if line.ending is not None:
        return finish(*line.ending)
    if line.extra:
        sys.stdout.write(f"Unexpected argument(s): {' '.join(line.extra)}\n")
        sys.stdout.flush()
    if line.bad:
        return ExitCode.FATAL
    if line.options.config_test:
        from keepalived_py.config_test import config_test  # noqa: PLC0415 - not needed by the daemon's start

        return config_test(line.options)
    from keepalived_py.watchdog import signals  # noqa: PLC0415 - not needed by --version and the like

    signals.hold()
    from keepalived_py.watchdog.startup import start  # noqa: PLC0415 - as above

    return start(line.options, words)
