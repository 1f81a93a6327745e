"""How many results in a row make a script count as good or as bad: `rise`, `fall` and `init_fail`."""


class ScriptCounter:
    """Verdict on one script.

    Attributes:
        rise: successes in a row after which a bad script counts as good.
        fall: failures in a row after which a good script counts as bad.
        is_up: whether it counts as good; None before the first result, which decides alone.
        streak: how many results in a row contradict the verdict.
    """

    __slots__ = ("fall", "is_up", "rise", "streak")

    def __init__(self, rise: int, fall: int, *, init_fail: bool = False) -> None:
        self.rise = rise
        self.fall = fall
        self.is_up: bool | None = False if init_fail else None
        self.streak = 0

    def finished(self, *, success: bool) -> bool:
        """The script has ended once more; return whether the verdict is another one now."""
        if self.is_up is None:
            self.is_up = success
            return True
        if success is self.is_up:
            self.streak = 0
            return False
        self.streak += 1
        if self.streak < (self.rise if success else self.fall):
            return False
        self.is_up = success
        self.streak = 0
        return True

    def continues(self, earlier: "ScriptCounter") -> None:
        """A reload: the verdict stays, none yet as well, and what contradicts it already counts on."""
        self.is_up, self.streak = earlier.is_up, earlier.streak

    @property
    def result(self) -> int:
        """The count as keepalived keeps it: 0 to `rise` + `fall` - 1, good from `rise` on."""
        if self.is_up is None:
            return self.rise - 1
        return (
            max(self.rise, self.rise + self.fall - 1 - self.streak) if self.is_up else min(self.streak, self.rise - 1)
        )
