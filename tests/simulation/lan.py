"""An in-memory LAN: delay, loss, duplication, corruption, partitions, and what its clients believe."""

from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from keepalived_py.vrrp.packet import IPV4_HEADER_LENGTH
from tests.simulation.scenario import Scenario

NOBODY = -1
"""What an ARP cache believes before anybody has announced anything."""


class Frame(NamedTuple):
    """What arrives at a socket.

    Attributes:
        data: IPv4 datagram with its header, or IPv6 payload.
        source: packed address of the sender.
        destination: packed.
        is_damaged: a bit of it is another one.
    """

    data: bytes
    source: bytes
    destination: bytes
    is_damaged: bool


@dataclass(frozen=True, slots=True)
class Noise:
    """How a bad network behaves. Probabilities are per datagram and receiver.

    Attributes:
        loss: it never arrives.
        duplication: it arrives twice.
        corruption: one bit of it is another one.
        max_delay: greatest delay in seconds; later datagrams overtake earlier ones.
    """

    loss: float
    duplication: float
    corruption: float
    max_delay: float


class Lan:
    """Who reaches whom, and when.

    Attributes:
        groups: per node, its partition; nodes of one partition reach each other.
        blocked: pairs of sender and receiver between which nothing arrives, though they share a partition.
        noise: None while the network is calm.
        caches: per node, whom the clients beside it believe to hold the virtual addresses.
    """

    def __init__(self, scenario: Scenario, random: Random) -> None:
        self._scenario = scenario
        self._random = random
        count = len(scenario.routers)
        self.groups = [0] * count
        self.blocked: set[tuple[int, int]] = set()
        self.noise: Noise | None = None
        self.caches = [NOBODY] * count
        self._arrived_at: dict[tuple[int, int], float] = {}

    @property
    def is_calm(self) -> bool:
        """Whether whoever shares a partition hears everything, in order and in time."""
        return self.noise is None and not self.blocked

    def reaches(self, sender: int, receiver: int) -> bool:
        """Whether a datagram has a way."""
        return self.groups[sender] == self.groups[receiver] and (sender, receiver) not in self.blocked

    def carry(self, now: float, sender: int, receiver: int, data: bytes) -> list[tuple[float, bytes]]:
        """When which bytes arrive, for one datagram."""
        if not self.reaches(sender, receiver):
            return []
        if self.noise is not None:
            return self._carry_badly(now, self.noise, data)
        arrives_at = now + self._delay(self._scenario.max_delay)
        # A calm LAN keeps the order of what one router sends to another.
        arrives_at = max(arrives_at, self._arrived_at.get((sender, receiver), 0.0))
        self._arrived_at[sender, receiver] = arrives_at
        return [(arrives_at, data)]

    def announced(self, sender: int) -> None:
        """Gratuitous ARP or unsolicited NA arrives at all clients that it reaches."""
        for receiver in range(len(self.caches)):
            is_lost = self.noise is not None and self._random.random() < self.noise.loss
            if receiver == sender or (self.reaches(sender, receiver) and not is_lost):
                self.caches[receiver] = sender

    def _carry_badly(self, now: float, noise: Noise, data: bytes) -> list[tuple[float, bytes]]:
        arrivals = []
        for _ in range(1 + (self._random.random() < noise.duplication)):
            if self._random.random() >= noise.loss:
                octets = self._corrupted(data) if self._random.random() < noise.corruption else data
                arrivals.append((now + self._delay(noise.max_delay), octets))
        return arrivals

    def _corrupted(self, data: bytes) -> bytes:
        """Flip a bit of what the VRRP or authentication header must protect; the kernel checks the IPv4 header."""
        first = IPV4_HEADER_LENGTH if self._scenario.routers[0].family == 4 else 0
        octets = bytearray(data)
        octets[self._random.randrange(first, len(octets))] ^= 1 << self._random.randrange(8)
        return bytes(octets)

    def _delay(self, longest: float) -> float:
        return self._scenario.min_delay + (longest - self._scenario.min_delay) * self._random.random()
