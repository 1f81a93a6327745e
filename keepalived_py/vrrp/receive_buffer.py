"""How many bytes of adverts the kernel must keep for us. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.structure import structure
from keepalived_py.vrrp.authentication import HEADER_LENGTH, KEY_LENGTH, AuthenticationType
from keepalived_py.vrrp.packet import IPV4_HEADER_LENGTH, MESSAGE_HEADER_LENGTH
from keepalived_py.vrrp.parameters import IPV4
from keepalived_py.vrrp.signature import TRAILER_LENGTH
from keepalived_py.vrrp.timers import VERSION_2

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keepalived_py.config.model.globals import GlobalDefs
    from keepalived_py.vrrp.parameters import Parameters

MTU, ADVERT = "MTU", "ADVERT"


@structure
class BufferPolicy:
    """What `vrrp_rx_bufs_policy` and `vrrp_rx_bufs_multiplier` say.

    Attributes:
        policy: `MTU`, `ADVERT`, bytes for each instance, or None.
        multiplier: how many datagrams of the size that the policy names.
    """

    policy: str | int | None = None
    multiplier: int = 3

    @classmethod
    def of(cls, defs: GlobalDefs) -> BufferPolicy:
        """Return the configured policy."""
        return cls(defs.vrrp_rx_bufs_policy, defs.vrrp_rx_bufs_multiplier)

    def share(self, own: int | None, advert: int, mtu: int) -> int:
        """Return the bytes that one instance adds to the buffer of its socket.

        Args:
            own: `kernel_rx_buf_size` of the instance, which beats the policy.
            advert: length of its advert.
            mtu: of its interface; 0 when it is not known.
        """
        if own:
            return own
        if self.policy == MTU:
            return self.multiplier * mtu
        if self.policy == ADVERT:
            return self.multiplier * advert
        return self.policy if isinstance(self.policy, int) else 0


def advert_length(parameters: Parameters) -> int:
    """Return the bytes of one advert as a raw socket gets it: IPv4 with its header, IPv6 without."""
    length = MESSAGE_HEADER_LENGTH + len(parameters.virtual_addresses) * (4 if parameters.family == IPV4 else 16)
    if parameters.family == IPV4:
        length += IPV4_HEADER_LENGTH
    if parameters.version == VERSION_2:
        length += KEY_LENGTH
    if parameters.authentication.type is AuthenticationType.HEADER:
        length += HEADER_LENGTH
    return length + (TRAILER_LENGTH if parameters.signing is not None else 0)


LARGEST = 0x7FFFFFFF
"""What setsockopt takes."""


def total(shares: Iterable[int]) -> int:
    """Return the buffer for all instances behind a socket; 0 when nobody has asked for anything."""
    return min(sum(shares), LARGEST)
