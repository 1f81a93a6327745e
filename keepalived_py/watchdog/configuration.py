"""What the parent does with configurations: reads them, says what is wrong with them, takes its own settings out."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from keepalived_py.config.diagnostics import Severity
from keepalived_py.config.familiar import NO_PRINTS
from keepalived_py.errors import ConfigError, ConfigTestCode, NoConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keepalived_py.config.diagnostics import Diagnostic
    from keepalived_py.config.familiar import Earlier, Prints
    from keepalived_py.config.model import Config
    from keepalived_py.observability.log import Log
    from keepalived_py.options import Options

FIXED = ("net_namespace", "net_namespace_ipvs", "instance")
FIXED_GLOBAL_DEFS = (
    "nftables",
    "nftables_ipvs",
    "tmp_config_directory",
    "disable_local_igmp",
    "control_socket",
    "control_group",
)
"""Keywords that a reload cannot change: of the whole configuration, and of its `global_defs`."""


class Loaded(Protocol):
    """What reading a configuration gives."""

    @property
    def config(self) -> Config | None: ...  # noqa: D102
    @property
    def diagnostics(self) -> Iterable[Diagnostic]: ...  # noqa: D102
    @property
    def exit_code(self) -> ConfigTestCode: ...  # noqa: D102
    @property
    def prints(self) -> Prints: ...  # noqa: D102


class Load(Protocol):
    """Reads a configuration; `config.load.load` in the daemon."""

    def __call__(self, path: str, options: Options, *, earlier: Earlier | None = None) -> Loaded:
        """Read what stands at `path`; of `earlier`, the configuration in force, take what stands there too."""


class Reader:
    """Reads this daemon's configuration, at the start and for every reload.

    Args:
        options: the command line.
        log: where diagnostics go.
        load: reads one configuration.

    Attributes:
        prints: of what was read last.
    """

    def __init__(self, options: Options, log: Log, load: Load) -> None:
        self.prints = NO_PRINTS
        self._options = options
        self._log = log
        self._load = load
        self._accepted: frozenset[str] = frozenset()

    @property
    def accepted(self) -> frozenset[str]:
        """The errors of the configuration in force: a reload may have them too."""
        return self._accepted

    @accepted.setter
    def accepted(self, errors: frozenset[str]) -> None:
        self._accepted = errors

    def first(self) -> Config:
        """Read the configuration to start with; what is wrong with parts of it is logged.

        Raises:
            NoConfigError: there is none.
            ConfigError: it cannot be used.
        """
        loaded = self._load(self._options.config_file, self._options)
        if loaded.config is None:
            raise _unusable(loaded, self._options.config_file)
        for diagnostic in loaded.diagnostics:
            self._say(diagnostic)
        self._accepted = _errors(loaded.diagnostics)
        self.prints = loaded.prints
        return loaded.config

    def again(self, current: Config, earlier: Earlier) -> Config | None:
        """Read the configuration for a reload; None, with the reasons in the log, when `current` must stay.

        Args:
            current: the parent's part of the configuration in force.
            earlier: what need not be read again.
        """
        loaded = self._load(self._options.config_file, self._options, earlier=earlier)
        if not self._passes(loaded, current.global_defs.reload_check_config):
            return None
        for diagnostic in loaded.diagnostics:
            self._say(diagnostic)
        config = loaded.config
        words = [word for word in changed(current, config) if word != "net_namespace" or not self._options.namespace]
        reasons = [f"Cannot change {word} at a reload - please restart keepalived" for word in words]
        errors = _errors(loaded.diagnostics)
        fresh = len(errors - self._accepted)
        if config is None or fresh:
            reasons.append(f"{fresh or 'fatal'} new error{'' if fresh == 1 else 's'} in the configuration")
        if config is None or reasons:
            for reason in reasons:
                self._log.error(reason)
            self._log.error("Reload refused: the configuration in force stays")
            return None
        self._accepted = errors
        self.prints = loaded.prints
        return config

    def _passes(self, loaded: Loaded, log_file: str | None) -> bool:
        """Judge as strictly as --config-test does, if that is wanted, and leave what is wrong in the file for it."""
        if log_file is None:
            return True
        text = "".join(f"{diagnostic.render()}\n" for diagnostic in loaded.diagnostics)
        try:
            descriptor = os.open(log_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
            with os.fdopen(descriptor, "wb") as file:
                file.write(text.encode("utf-8", "surrogateescape"))
        except OSError as problem:
            self._log.error(f"Unable to write the config check log {log_file}: {problem.strerror}")
        if loaded.exit_code:
            self._log.error(f"New config failed validation, see {log_file} for details")
        return not loaded.exit_code

    def _say(self, diagnostic: Diagnostic) -> None:
        if diagnostic.severity is Severity.ERROR:
            self._log.error(diagnostic.render())
        else:
            self._log.warning(diagnostic.render())


def parents_part(config: Config) -> Config:
    """Return what the parent itself needs of a configuration: no instances, trackers and servers, however many."""
    values = ((name, getattr(config, name)) for name in config.defaults_)
    return type(config)(**{name: value for name, value in values if not isinstance(value, tuple)})


def changed(old: Config, new: Config | None) -> list[str]:
    """Return the keywords that differ although a reload cannot change them."""
    if new is None:
        return []
    words = [word for word in FIXED if getattr(old, word) != getattr(new, word)]
    before, after = old.global_defs, new.global_defs
    return words + [word for word in FIXED_GLOBAL_DEFS if getattr(before, word) != getattr(after, word)]


def _errors(diagnostics: Iterable[Diagnostic]) -> frozenset[str]:
    """Return the errors, without their places: an error that was there before is none of a reload's."""
    return frozenset(entry.message for entry in diagnostics if entry.severity is Severity.ERROR)


def _unusable(loaded: Loaded, path: str) -> NoConfigError | ConfigError:
    """Return the error for a configuration that gives nothing to run, with everything that is wrong with it."""
    lines = [entry.render() for entry in loaded.diagnostics]
    if any(entry.code is ConfigTestCode.MISSING_WORD for entry in loaded.diagnostics):
        return ConfigError("\n".join([*lines, f"The configuration {path} cannot be used"]))
    return NoConfigError("\n".join([*lines, f"There is no usable configuration at {path}"]))
