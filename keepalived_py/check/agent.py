"""What an agent on a server says about it, in the words of HAProxy's agent check (its manual, "agent-check")."""

from __future__ import annotations

from typing import Final

from keepalived_py.check.probe import ProbeResult, failed

UP, DOWN = "up", "down"
READY, DRAIN, MAINTENANCE = "ready", "drain", "maint"
_HEALTH: Final = {"up": UP, "down": DOWN, "fail": DOWN, "failed": DOWN, "stopped": DOWN}
_MODES: Final = {"ready": READY, "drain": DRAIN, "maint": MAINTENANCE}
MOST_PERCENT: Final = 256
MOST_DIGITS: Final = 4
_SHOWN: Final = 60


class Agent:
    """The last that an agent has said; what a line does not speak of stays as it was.

    Attributes:
        health: UP or DOWN.
        mode: READY, DRAIN (no new connections) or MAINTENANCE.
        percent: of the configured weight.
        reason: what stood after the word that took the server down.
        heard: whether it has ever said anything.
    """

    __slots__ = ("health", "heard", "mode", "percent", "reason")

    def __init__(self) -> None:
        self.health = UP
        self.mode = READY
        self.percent = 100
        self.reason = ""
        self.heard = False

    def said(self, line: str) -> bool:
        """Take a line in; return whether there was anything to understand in it."""
        words, _, reason = line.partition("#")
        understood = [self._word(word.lower(), reason) for word in words.replace(",", " ").split()]
        self.heard = self.heard or any(understood)
        return any(understood)

    def _word(self, word: str, reason: str) -> bool:
        if word in _HEALTH:
            self.health, self.reason = _HEALTH[word], reason.strip()[:_SHOWN] if _HEALTH[word] == DOWN else ""
        elif word in _MODES:
            self.mode = _MODES[word]
        elif (percent := _percent(word)) is not None:
            self.percent = percent
        else:
            # The number of connections has no counterpart in IPVS that may change from check to check.
            return word.startswith("maxconn:")
        return True

    def result(self, weight: int) -> ProbeResult:
        """Return what it means for a server of a configured weight."""
        if self.health == DOWN:
            return failed(f"the agent says down{f': {self.reason}' if self.reason else ''}")
        if self.mode == MAINTENANCE:
            return failed("the agent says maint")
        if self.mode == DRAIN:
            return ProbeResult(ok=True, weight=0)
        return ProbeResult(ok=True, weight=-(-weight * self.percent // 100))


def _percent(word: str) -> int | None:
    digits = word.removesuffix("%")
    if digits == word or not (digits.isascii() and digits.isdigit()) or len(digits) > MOST_DIGITS:
        return None
    return int(digits) if int(digits) <= MOST_PERCENT else None
