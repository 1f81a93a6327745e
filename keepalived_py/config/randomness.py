"""The random numbers of `${_RANDOM}`: random(3) of the C library, so that `random_seed` repeats what it always gave."""

from collections import deque

_DEGREE = 31
_SEPARATION = 3
_DISCARDED = 10 * _DEGREE


def _minimal_standard(word: int) -> int:
    """Return 16807 * word modulo 2^31 - 1 by Schrage's method on a signed 32 bit word."""
    high = abs(word) // 127773 * (1 if word >= 0 else -1)
    word = 16807 * (word - high * 127773) - 2836 * high
    return word + 0x7FFFFFFF if word < 0 else word


class Random:
    """The additive feedback generator of random(3) with its default 128 bytes of state."""

    def __init__(self, seed: int) -> None:
        self._words: deque[int] = deque(maxlen=_DEGREE)
        self.seed(seed)

    def seed(self, seed: int) -> None:
        """Start the sequence of srandom(seed); 0 means 1, as in the C library."""
        word = (seed & 0xFFFFFFFF) or 1
        word -= word >> 31 << 32
        self._words.clear()
        for _ in range(_DEGREE):
            self._words.append(word & 0xFFFFFFFF)
            word = _minimal_standard(word)
        self._words.rotate(-_SEPARATION)
        for _ in range(_DISCARDED):
            self.next()

    def next(self) -> int:
        """Return the next number, 0 to 2^31 - 1."""
        words = self._words
        word = (words[0] + words[-_SEPARATION]) & 0xFFFFFFFF
        words.append(word)
        return word >> 1
