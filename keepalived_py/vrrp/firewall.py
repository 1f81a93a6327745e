"""The firewall of the process: rules are loaded before what needs them begins, and go when it has ended."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING
from zlib import crc32

from keepalived_py.awaited_program import run
from keepalived_py.errors import NetlinkError
from keepalived_py.execution import Command
from keepalived_py.kernel.nftables import find_tables, remove_tables
from keepalived_py.structure import replace
from keepalived_py.vrrp.ruleset import Demands, demands_of, ruleset

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from keepalived_py.config.model import Config
    from keepalived_py.kernel.interfaces import InterfaceTable
    from keepalived_py.observability.log import Log
    from keepalived_py.program import Outcome, Programs
    from keepalived_py.vrrp.footing import Footing

PATIENCE = 10.0
"""Seconds that nft may take."""
WORDS = ("nft", "-f", "-")
DIRECTORIES = ":/usr/sbin:/sbin:/usr/bin:/bin"


class Firewall:
    """Our nftables tables.

    Args:
        programs: runs nft.
        log: of the process.
        table: the interfaces of this host.
        identity: what tells this daemon from others in its network namespace.

    Attributes:
        problem: why what is wanted is not in force; empty when it is.
        warnings: the same, and what is open because of it, for people.
    """

    def __init__(self, programs: Programs, log: Log, table: InterfaceTable, identity: str = "") -> None:
        self._programs = programs
        self._log = log
        self._table = table
        self._owner = f"owner_{crc32(identity.encode('utf-8', 'surrogateescape')):08x}"
        self._wanted = Demands()
        self._loading: Demands | None = None
        self._waiting: list[Callable[[], object]] = []
        self.problem = ""
        self.warnings: list[str] = []

    def begin(self, config: Config, footings: Mapping[str, Footing], *, in_place: bool) -> None:
        """Have the rules in force before this returns: no virtual address shall be there a moment without them.

        Args:
            config: the configuration.
            footings: where its instances will stand, by name.
            in_place: the rules of a crashed predecessor are in force, so that there is no hurry.
        """
        demands = self._demands(config, footings)
        if demands.empty:
            self._remove_leftovers(demands.table)
        elif in_place:
            self._change(demands, lambda: None)
        else:
            self._wanted = demands
            self._warn_of_strangers(demands.table)
            self._judge(demands, self._try(demands))

    def change(
        self, config: Config, footings: Mapping[str, Footing], then: Callable[[], object] = lambda: None
    ) -> None:
        """Replace the rules if others are wanted now, or the last attempt failed; the loop does not wait for it.

        Args:
            config: the configuration.
            footings: where its instances stand, by name.
            then: called when the rules are in force, or cannot be; at once when they are the same as before.
        """
        self._change(self._demands(config, footings), then)

    def review(self, config: Config, footings: Mapping[str, Footing]) -> None:
        """Look whether interfaces that came or went call for other rules; what failed before is not tried again."""
        demands = self._demands(config, footings)
        if not self._has(demands):
            self._change(demands, lambda: None)

    def _has(self, demands: Demands) -> bool:
        """Return whether nothing need be done; the tables of others are not to be removed where we want none."""
        return demands == self._wanted or (demands.empty and self._wanted.empty)

    def _demands(self, config: Config, footings: Mapping[str, Footing]) -> Demands:
        return demands_of(config, footings, self._index_of, self._owner)

    def _index_of(self, name: str) -> int:
        interface = self._table.by_name(name)
        return interface.index if interface is not None else 0

    def _change(self, demands: Demands, then: Callable[[], object]) -> None:
        if self._loading is None and self._has(demands) and not self.problem:
            then()
            return
        self._wanted = demands
        self._waiting.append(then)
        if self._loading is None:
            self._load(demands)

    def forget(self) -> None:
        """Call nobody any more: the process is about to end."""
        self._waiting.clear()

    def end(self) -> None:
        """Remove our tables; programs must have ended."""
        if not self._wanted.empty:
            try:
                remove_tables(self._wanted.table, self._owner)
            except NetlinkError as problem:
                self._say_stuck(self._wanted.table, problem)

    def _remove_leftovers(self, table: str) -> None:
        try:
            found = remove_tables(table, self._owner)
        except NetlinkError as problem:
            if problem.errno != errno.EPERM:  # else nothing of ours can be there, and nothing of it is wanted
                self._say_stuck(table, problem)
            return
        if True in found.values():
            self._log.info(f"Firewall: removed the nftables tables {table} that an earlier run left")

    def _warn_of_strangers(self, table: str) -> None:
        """Two daemons that load the same table take the rules from each other."""
        try:
            found = find_tables(table, self._owner)
        except NetlinkError:
            return  # nft will say why
        if False in found.values():
            self._log.error(
                f"Firewall: replacing nftables tables {table} of another program, or of a keepalived that was killed: "
                "two daemons need two names (nftables NAME)"
            )

    def _say_stuck(self, table: str, problem: NetlinkError) -> None:
        self._log.error(f"Firewall: cannot remove the nftables tables {table}: {problem}")

    def _try(self, demands: Demands) -> str:
        """Load rules and wait; if the kernel cannot move membership reports, at least the rest."""
        problem = run(_command(demands), PATIENCE)
        rest = replace(demands, memberships=frozenset())
        if problem and demands.memberships and not rest.empty:
            self._log.error(f"Firewall: {_sentence(problem)}; loading no_accept alone")
            return run(_command(rest), PATIENCE)
        return problem

    def _load(self, demands: Demands) -> None:
        self._loading = demands

        def ended(outcome: Outcome) -> None:
            problem = "" if outcome.succeeded else outcome.error_line or outcome.describe()
            rest = replace(demands, memberships=frozenset())
            if problem and demands.memberships and not rest.empty:
                self._log.error(f"Firewall: {_sentence(problem)}; loading no_accept alone")
                self._programs.start(_command(rest), last)
            else:
                self._loaded(demands, problem)

        def last(outcome: Outcome) -> None:
            self._loaded(demands, "" if outcome.succeeded else outcome.error_line or outcome.describe())

        self._programs.start(_command(demands), ended)

    def _loaded(self, demands: Demands, problem: str) -> None:
        self._loading = None
        self._judge(demands, problem)
        if demands != self._wanted:
            self._load(self._wanted)
            return
        waiting, self._waiting = self._waiting, []
        for then in waiting:
            then()

    def _judge(self, demands: Demands, problem: str) -> None:
        self.problem = problem
        self.warnings = []
        if problem:
            lost = [
                *(
                    ["packets to addresses with no_accept are accepted"]
                    if demands.refused or demands.refused_on
                    else []
                ),
                *(["membership reports leave from VMACs"] if demands.memberships else []),
            ]
            self.warnings = [f"Firewall: {_sentence(problem)}: {' and '.join(lost) or 'old rules stay in force'}"]
            self._log.error(self.warnings[0])
        elif demands.empty:
            self._log.info(f"Firewall: no rules are needed any more, nftables tables {demands.table} removed")
        else:
            count = len(demands.refused) + len(demands.refused_on)
            told = f"{count} addresses refuse packets, {len(demands.memberships)} VMACs send no membership reports"
            self._log.info(f"Firewall: nftables tables {demands.table} are in force: {told}")


def _command(demands: Demands) -> Command:
    environment = {"PATH": os.environ.get("PATH", "") + DIRECTORIES, "LC_ALL": "C"}
    return Command(WORDS, environment=environment, timeout=PATIENCE, input=ruleset(demands).encode())


def _sentence(problem: str) -> str:
    """Return what nft said, or that it could not, in one line."""
    return f"nft: {problem.splitlines()[0]}"
