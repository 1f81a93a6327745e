"""Names of routing tables, scopes, protocols and the like, as /etc/iproute2 gives them numbers."""

from __future__ import annotations

_FILES = {
    "scope": "rt_scopes",
    "table": "rt_tables",
    "protocol": "rt_protos",
    "dsfield": "rt_dsfield",
    "realms": "rt_realms",
    "group": "group",
}
DISTRIBUTION = ("/usr/share/iproute2", "/usr/lib/iproute2")
MACHINE = "/etc/iproute2"


class NameTables:
    """Looks names up; a file is read when the first of its names is asked for.

    A later directory wins over an earlier one, so that /etc overrides what the distribution ships.
    """

    def __init__(self) -> None:
        self._tables: dict[tuple[str, ...], dict[str, int]] = {}

    def number(self, table: str, name: str, directories: tuple[str | None, str | None] = (None, None)) -> int | None:
        """Return the number of a name in one of the tables `scope table protocol dsfield realms group ipproto`.

        Args:
            table: which table.
            name: the name looked for.
            directories: of the distribution and of the machine; None for the usual ones.
        """
        shipped, own = directories
        places = (*(DISTRIBUTION if shipped is None else (shipped,)), own or MACHINE)
        key = (table, *places)
        if key not in self._tables:
            file = _FILES.get(table, table)
            self._tables[key] = self._protocols() if table == "ipproto" else self._read(file, places)
        return self._tables[key].get(name)

    def _read(self, file: str, places: tuple[str, ...]) -> dict[str, int]:
        found: dict[str, int] = {}
        for directory in places:
            for line in _lines(f"{directory}/{file}"):
                number, name = line[:2]
                try:
                    found[name] = int(number, 0)
                except ValueError:
                    continue
        return found

    def _protocols(self) -> dict[str, int]:
        entries = _lines("/etc/protocols")
        return {name: int(words[1]) for words in entries if words[1].isdigit() for name in (words[0], *words[2:])}


def _lines(path: str) -> list[list[str]]:
    """Return the words of each line that has at least two, without comments; nothing for a file that cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            lines = [line.split("#", 1)[0].split() for line in file]
    except OSError:
        return []
    return [words for words in lines if len(words) >= 2]
