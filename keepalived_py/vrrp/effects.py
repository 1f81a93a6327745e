"""What the VRRP machine asks its executor to do, in the order in which it must be done."""

from enum import Enum, unique


@unique
class Effect(Enum):
    """One imperative. A machine's input returns a tuple of these; most return the shared empty tuple.

    Details (which cause, which state, which priority) stand on the instance that returned the effect,
    so that no object is made for the common case and a test compares plain tuples.
    """

    SEND_ADVERT = "advert with the effective priority"
    SEND_RESIGNATION = "advert with priority 0 (RFC 9568 section 6.4.3, shutdown)"
    ADD_ADDRESSES = "put every virtual address on its interface"
    REMOVE_ADDRESSES = "take every virtual address off its interface"
    ANNOUNCE = "gratuitous ARP / unsolicited NA for every virtual address, the configured number of times"
    REFRESH = "gratuitous ARP / unsolicited NA, the configured number of refresh repeats"
    ANNOUNCE_EXTRA = "one frame on each interface that has addresses of ours but no adverts (garp_extra_if)"
    ANNOUNCE_LOWER_PRIORITY = "announce again because a lower-priority advert was heard"
    ANNOUNCE_SOURCE = "one gratuitous ARP / unsolicited NA for our own source address, so that unicast peers find us"
    REPORT_TRANSITION = "log and notify `instance.transition`"
    REPORT_LOWER_PRIORITY = "notify that a master heard a lower-priority advert (notify_master_rx_lower_pri)"
    REPORT_DUAL_MASTER = "notify `router.rival`: another master was heard while we are one"
    CONSULT_GROUP = "let the sync group decide what follows (sync_group)"
    REPORT_NOTES = "log every line of `instance.notes` and empty the list"


Effects = tuple[Effect, ...]
NOTHING: Effects = ()
"""The shared empty answer."""
