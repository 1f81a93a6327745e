"""Configurations of the corpus and of the project, damaged line by line, through the whole front."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from keepalived_py.config.build import build
from keepalived_py.config.checks import check
from keepalived_py.config.describe import describe_checkers, describe_vrrp
from keepalived_py.config.dump import dump
from keepalived_py.config.environment import RecordedEnvironment
from keepalived_py.config.keywords import keyword_table
from keepalived_py.vrrp.footing import plain_footing
from keepalived_py.vrrp.placement import parameters_of
from keepalived_py.vrrp.ruleset import demands_of, ruleset
from tests.config.corpus import CORPUS, environment
from tests.config.reading import read_text
from tests.fuzz.mutation import ODD_WORDS, mutate_lines

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

ROOT = Path(__file__).parents[2]
MACHINE = RecordedEnvironment(interfaces=frozenset({"lo", "eth0", "eth1"}))
SOURCES = {4: bytes((10, 0, 0, 1)), 6: bytes.fromhex("fe80") + bytes(13) + b"\x01"}
LONGEST = 400
"""Lines of one case: what is longer takes time and finds nothing more."""


class ConfigBlocks:
    """A block is one configuration, damaged in twenty ways, each time anew."""

    name = "configs"
    size = 20
    limit = 10.0

    def __init__(self) -> None:
        corpus = sorted(CORPUS.glob("*.conf")) if CORPUS.is_dir() else []
        own = sorted((ROOT / "examples").rglob("*.conf"))
        texts = [path.read_bytes().decode("utf-8", "surrogateescape") for path in (*corpus, *own)]
        self._originals = [text.splitlines()[:LONGEST] for text in texts if "{" in text]
        self._donors = sorted({line for lines in self._originals for line in lines if line.strip()})
        words = {word for line in self._donors for word in line.split()} | {
            row.path.rpartition("/")[2] for row in keyword_table()
        }
        self._words = sorted(words) + list(ODD_WORDS) * 10
        self._machine = environment() if corpus else MACHINE
        self._text = ""

    def begin(self, random: Random) -> Callable[[], object]:
        """Choose what will be damaged."""
        original = random.choice(self._originals)
        return lambda: self._attempt("\n".join(mutate_lines(random, original, self._donors, self._words)))

    def evidence(self) -> str:
        """The text."""
        return repr(self._text)

    def _attempt(self, text: str) -> object:
        """Read, check, list, dump, read what was dumped."""
        self._text = text
        statements, diagnostics = read_text(text)
        config = check(build(statements, diagnostics), self._machine, diagnostics)
        rendered = [entry.render() for entry in diagnostics]
        listing = (*describe_vrrp(config), *describe_checkers(config))
        for instance in config.vrrp_instances:
            parameters_of(instance, config.global_defs, SOURCES[instance.family], 0.0)
        footings = {instance.name: plain_footing(instance) for instance in config.vrrp_instances}
        listing = (*listing, ruleset(demands_of(config, footings, len)))
        dumped = dump(config)
        again, problems = read_text(dumped)
        build(again, problems)
        return (rendered, listing, dumped, diagnostics.exit_code())
