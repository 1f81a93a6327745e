"""From a path to an accepted configuration: the only entry of this package."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keepalived_py.config.definitions import Definitions
from keepalived_py.config.expand import Expander
from keepalived_py.config.include import Check
from keepalived_py.config.randomness import Random
from keepalived_py.config.source import Disk
from keepalived_py.config.tree import Statement, parse

if TYPE_CHECKING:
    from keepalived_py.config.diagnostics import Diagnostics


@dataclass(frozen=True, slots=True)
class Text:
    """The statements of a configuration, before any keyword is known.

    Attributes:
        statements: the statements outside every block.
        files: paths of the files that were read, in order; empty when there is no configuration file.
        size: bytes read.
    """

    statements: list[Statement]
    files: tuple[str, ...]
    size: int


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
    return Text(statements, tuple(expander.files_read), expander.size)
