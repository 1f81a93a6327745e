"""From a path to an accepted configuration: the only entry of this package."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from keepalived_py.config.build import build
from keepalived_py.config.checks import check
from keepalived_py.config.definitions import Definitions
from keepalived_py.config.diagnostics import Diagnostics
from keepalived_py.config.environment import SystemEnvironment
from keepalived_py.config.expand import Expander
from keepalived_py.config.familiar import NO_PRINTS, Earlier, Prints, TextPrints
from keepalived_py.config.include import Check
from keepalived_py.config.name_tables import NameTables
from keepalived_py.config.randomness import Random
from keepalived_py.config.source import Disk
from keepalived_py.config.tree import Statement, parse
from keepalived_py.errors import ConfigTestCode
from keepalived_py.garbage import collected_later
from keepalived_py.structure import structure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from keepalived_py.config.environment import Environment
    from keepalived_py.config.model import Config
    from keepalived_py.options import Options


@structure
class Text:
    """The statements of a configuration, before any keyword is known.

    Attributes:
        statements: the statements outside every block.
        files: paths of the files that were read, in order; empty when there is no configuration file.
        size: bytes read.
        include_failed: True when an include check that is active found something wrong.
    """

    statements: list[Statement]
    files: tuple[str, ...]
    size: int
    include_failed: bool = False


@structure
class Loaded:
    """A configuration that was read, with everything that was wrong with it.

    Attributes:
        config: what can run; None when there is no configuration, an include check failed, or a word is missing.
        diagnostics: every problem, in the order in which they were found.
        files: paths of the files that were read, in order.
        size: bytes read.
        prints: what a reload may know it by.
    """

    config: Config | None
    diagnostics: Diagnostics
    files: tuple[str, ...]
    size: int
    prints: Prints = NO_PRINTS

    @property
    def exit_code(self) -> ConfigTestCode:
        """The exit code of --config-test."""
        return self.diagnostics.exit_code()


def short_host_name() -> str:
    """Return the host name up to its first dot, the default of the configuration id."""
    return os.uname().nodename.split(".", 1)[0]


def read(
    path: str, diagnostics: Diagnostics, *, config_id: str | None = None, all_include_checks: bool = False
) -> Text:
    """Read a configuration file and what it includes.

    Args:
        path: file name; a wildcard pattern reads every match.
        diagnostics: where problems go.
        config_id: what `@ID` lines are compared with; the short host name when None.
        all_include_checks: every include problem is an error (`-e`).
    """
    identity = short_host_name() if config_id is None else config_id
    definitions = Definitions(identity, os.environ, Random(int.from_bytes(os.urandom(4), "little")))
    checks = Check.ALL if all_include_checks else Check.NONE
    expander = Expander(Disk(), definitions, diagnostics, checks)
    statements = parse(expander.lines(path), diagnostics)
    return Text(statements, tuple(expander.files_read), expander.size, expander.include_failed)


def load(
    path: str,
    options: Options,
    environment: Environment | None = None,
    earlier: Earlier | None = None,
    interfaces_in: Callable[[str], Iterable[str]] | None = None,
) -> Loaded:
    """Read, type and check a configuration.

    Args:
        path: file name; a wildcard pattern reads every match.
        options: the command line; its configuration id and include checks count here.
        environment: the machine that the configuration is checked against; this one when None (which asks
            the resolver for host names in a configuration test only).
        earlier: the configuration in force, of which a reload reads again what has changed.
        interfaces_in: names the interfaces of a network namespace, for configurations that run in one; raises
            OSError when it cannot.
    """
    with collected_later():
        return _load(path, options, environment, earlier, interfaces_in)


def _load(
    path: str,
    options: Options,
    environment: Environment | None,
    earlier: Earlier | None,
    interfaces_in: Callable[[str], Iterable[str]] | None,
) -> Loaded:
    diagnostics = Diagnostics()
    text = read(path, diagnostics, config_id=options.config_id, all_include_checks=options.all_include_checks)
    if not text.files:
        return Loaded(None, diagnostics, text.files, text.size)
    prints = TextPrints(text.statements)
    familiar = earlier.familiar(prints) if earlier is not None and not len(diagnostics) else {}
    built = build(text.statements, diagnostics, NameTables().number, familiar)
    if environment is None:
        namespace = options.namespace or built.net_namespace
        list_interfaces = partial(interfaces_in, namespace) if namespace and interfaces_in else None
        environment = SystemEnvironment(ask_resolver=options.config_test, list_interfaces=list_interfaces)
    config = check(built, environment, diagnostics, familiar)
    unusable = text.include_failed or diagnostics.exit_code() is ConfigTestCode.MISSING_WORD
    remembered = NO_PRINTS if len(diagnostics) else prints.of(built, config)
    return Loaded(None if unusable else config, diagnostics, text.files, text.size, remembered)
