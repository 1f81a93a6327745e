"""Has nftables mark packets to the addresses of groups (`nftables_ipvs`): IPVS needs one service for each group."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING
from zlib import crc32

from keepalived_py.awaited_program import run
from keepalived_py.check.marks import MarkBook, Use, ruleset
from keepalived_py.errors import NetlinkError
from keepalived_py.execution import Command
from keepalived_py.kernel.namespace import DIRECTORY, INITIAL, visit
from keepalived_py.kernel.nftables import remove_tables

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from keepalived_py.config.model import Config
    from keepalived_py.observability.log import Log

PATIENCE = 10.0
"""Seconds that nft may take."""
DIRECTORIES = ":/usr/sbin:/sbin:/usr/bin:/bin"


class Marker:
    """Our nftables tables for IPVS.

    Args:
        log: of the process.
        identity: what tells this daemon from others in its network namespace.
    """

    def __init__(self, log: Log, identity: str = "") -> None:
        self._log = log
        self._owner = f"owner_{crc32(identity.encode('utf-8', 'surrogateescape')):08x}"
        self._book = MarkBook()
        self._loaded = ""
        self._table = ""
        self._namespace: str | None = None

    def take(self, config: Config) -> Mapping[Use, int]:
        """Put rules in force; return the marks that they set, none when nftables refuses them."""
        marks = self._book.take(config)
        if not marks:
            self.end()
            return marks
        self._namespace = config.net_namespace_ipvs
        table = self._table or _table_of(config)  # a reload does not rename it
        text = ruleset(config, marks, table, self._owner)
        problem = self._load(text) if text != self._loaded else ""
        if problem:
            self._log.error(f"nftables_ipvs: nft: {problem.splitlines()[0]}: every address is a service of its own")
            self.end()
            return {}
        self._loaded, self._table = text, table
        return marks

    def end(self) -> None:
        """Remove our tables."""
        if self._loaded:
            self._loaded = ""
            try:
                with self._there():
                    remove_tables(self._table, self._owner)
            except (NetlinkError, OSError) as problem:
                self._log.error(f"nftables_ipvs: cannot remove the tables {self._table}: {problem}")

    def _load(self, text: str) -> str:
        environment = {"PATH": os.environ.get("PATH", "") + DIRECTORIES, "LC_ALL": "C"}
        command = Command(("nft", "-f", "-"), environment=environment, timeout=PATIENCE, input=text.encode())
        try:
            with self._there():
                return run(command, PATIENCE)
        except OSError as problem:
            return f"cannot enter the network namespace: {problem.strerror}"

    def _there(self) -> AbstractContextManager[None]:
        if self._namespace is None:
            return contextlib.nullcontext()
        return visit(f"{DIRECTORY}/{self._namespace}" if self._namespace else INITIAL)


def _table_of(config: Config) -> str:
    """Return the name of the tables: never that of the firewall's, which loads its own as a whole."""
    name = config.global_defs.nftables_ipvs or ""
    return f"{name}_ipvs" if name == config.global_defs.nftables else name
