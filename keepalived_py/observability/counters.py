"""Statistics of one virtual router, under the names that keepalived's dumps give them."""

from keepalived_py.structure import structure


@structure(frozen=False)
class VrrpCounters:
    """Everything counted since the start (RFC 8347 `statistics`, keepalived's JSON `stats`).

    `vers_err` and `chk_err` are in SNMP only, the others in every dump.
    """

    advert_rcvd: int = 0
    advert_sent: int = 0
    become_master: int = 0
    release_master: int = 0
    packet_len_err: int = 0
    advert_interval_err: int = 0
    ip_ttl_err: int = 0
    invalid_type_rcvd: int = 0
    addr_list_err: int = 0
    invalid_authtype: int = 0
    authtype_mismatch: int = 0
    auth_failure: int = 0
    auth_ext_missing: int = 0
    auth_ext_malformed: int = 0
    auth_ext_unknown_key: int = 0
    auth_ext_invalid_hmac: int = 0
    auth_ext_stale: int = 0
    auth_ext_replay: int = 0
    pri_zero_rcvd: int = 0
    pri_zero_sent: int = 0
    vers_err: int = 0
    chk_err: int = 0

    def count(self, name: str) -> None:
        """Add one to the field of this name."""
        setattr(self, name, getattr(self, name) + 1)

    def clear(self) -> None:
        """Begin again at zero."""
        for name, value in _FRESH.items():
            setattr(self, name, value)


_FRESH = {name: getattr(VrrpCounters(), name) for name in VrrpCounters.__annotations__}
