"""Virtual servers that a reload need not read again: their text is that of the configuration in force.

A virtual server is what its own text says, with definitions expanded, and what the text around all virtual servers
says. Both are compared by their hashes (64 bits, with a key that a process shares with its forks only). Only a
configuration in which nothing is wrong is remembered, and of it only what the machine had no say in: a block with a
script is always read again. So there is never anything to say about a block that is familiar.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.structure import structure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from keepalived_py.config.model import Config
    from keepalived_py.config.model.check import VirtualServer
    from keepalived_py.config.tree import Statement

    Familiar = Mapping[Statement, VirtualServer]

_UNKNOWN = 0
_KEYWORD = "virtual_server"


@structure
class Prints:
    """Fingerprints of the text of a configuration.

    Attributes:
        surroundings: of all but virtual servers; 0 when nothing is remembered.
        servers: of each virtual server and what stands before it, in the order of the configuration; 0 for one that is
            always read again.
    """

    surroundings: int = _UNKNOWN
    servers: tuple[int, ...] = ()


NO_PRINTS = Prints()


@structure
class Earlier:
    """The configuration in force: its virtual servers, and fingerprints of the text that they were read from."""

    prints: Prints
    servers: tuple[VirtualServer, ...]

    def familiar(self, text: TextPrints) -> Familiar:
        """Return the virtual servers that stand in a new text as they did in the old one."""
        if text.surroundings != self.prints.surroundings:
            return {}
        known = dict(zip(self.prints.servers, self.servers, strict=True))
        known.pop(_UNKNOWN, None)
        return {
            statement: known[fingerprint] for statement, fingerprint in text.servers.items() if fingerprint in known
        }


class TextPrints:
    """Fingerprints of a text whose keywords are not known yet.

    Args:
        tree: the statements outside every block.

    Attributes:
        surroundings: of all but virtual servers.
        servers: of each virtual server and what stands before it.
    """

    def __init__(self, tree: Sequence[Statement]) -> None:
        self.servers: dict[Statement, int] = {}
        surroundings = hash(_KEYWORD)
        for statement in tree:
            if statement.words[0] == _KEYWORD:
                self.servers[statement] = hash((surroundings, statement.whole))
            else:
                surroundings = hash((surroundings, statement.whole))
        self.surroundings = surroundings

    def of(self, built: Config, checked: Config) -> Prints:
        """Return what is to be remembered of a configuration that was made of the text.

        Args:
            built: before it was checked against the machine.
            checked: after that, without a word.
        """
        untouched = {id(server) for server in built.virtual_servers}
        servers = (
            self.servers.get(server.source, _UNKNOWN) if server.source and id(server) in untouched else _UNKNOWN
            for server in checked.virtual_servers
        )
        return Prints(self.surroundings, tuple(servers))
