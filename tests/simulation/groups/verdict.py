"""What a script counts as, by its last streak of equal results; on purpose not the way the daemon counts."""


class Verdict:
    """Of one script of one process.

    Attributes:
        is_good: None before the first result.
    """

    def __init__(self, rise: int, fall: int) -> None:
        self.is_good: bool | None = None
        self._needed = {True: rise, False: fall}
        self._last: bool | None = None
        self._streak = 0

    def add(self, result: bool) -> None:
        """It has said something once more."""
        self._streak = self._streak + 1 if result is self._last else 1
        self._last = result
        if self.is_good is None or self._streak >= self._needed[result]:
            self.is_good = result
