"""Patience with another address owner."""

from math import inf

from keepalived_py.vrrp.owner import Claim, OwnerConflict


def test_claim_is_new_then_waiting_then_persistent() -> None:
    conflict = OwnerConflict()
    assert conflict.claimed(1.0) is Claim.NEW
    assert conflict.claimed(1.0) is Claim.WAITING
    conflict.advert_sent(10.0, 1.0)
    assert (conflict.claimed(2.0), conflict.ends_at) == (Claim.WAITING, inf)
    conflict.advert_sent(11.0, 1.0)
    assert conflict.ends_at == 11.0 + 2.4
    assert conflict.claimed(1.0) is Claim.PERSISTENT
    assert conflict.claimed(1.0) is Claim.NEW


def test_adverts_without_a_claim_wait_for_nobody() -> None:
    conflict = OwnerConflict()
    conflict.advert_sent(1.0, 1.0)
    conflict.advert_sent(2.0, 1.0)
    assert conflict.ends_at == inf


def test_forgotten_claim_is_new_again() -> None:
    conflict = OwnerConflict()
    conflict.claimed(1.0)
    conflict.forget()
    conflict.advert_sent(1.0, 1.0)
    conflict.advert_sent(2.0, 1.0)
    assert (conflict.ends_at, conflict.claimed(1.0)) == (inf, Claim.NEW)
