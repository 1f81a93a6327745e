"""Why an advert was not believed: one member per check, in the order of the checks (RFC 9568 section 7.1)."""

from enum import Enum, unique


@unique
class Rejection(Enum):
    """One check of the ladder. The value is the key in logs and metrics; `counter` is keepalived's statistic."""

    TRUNCATED = "truncated header"
    OTHER_VRID = "other virtual router id"
    NOT_LISTENING = "not listening in this state"
    AUTHENTICATION_HEADER = "authentication header missing or unexpected"
    LENGTH = "length"
    TTL = "TTL or hop limit"
    UNKNOWN_PEER = "unknown unicast source"
    PEER_TTL = "TTL or hop limit of a unicast peer"
    VERSION = "version"
    SIGNATURE_MISSING = "signature missing"
    SIGNATURE_MALFORMED = "signature malformed"
    SIGNATURE_STALE = "signature outside the time window"
    SIGNATURE_KEY = "signature by an unknown key"
    SIGNATURE = "signature wrong"
    SIGNATURE_REPLAYED = "signature already seen"
    AUTHENTICATION_TYPE_INVALID = "authentication type unknown"
    AUTHENTICATION_TYPE = "authentication type mismatch"
    PASSWORD = "authentication password mismatch"  # noqa: S105 - a description
    FOREIGN_PROTOCOL = "authentication header of another protocol"
    INTEGRITY_CHECK = "integrity check value"
    SECURITY_PARAMETER_INDEX = "security parameter index"
    REPLAYED = "sequence number already seen"
    INTERVAL = "advertisement interval mismatch"
    TYPE = "packet type"
    CHECKSUM = "checksum"
    CAST = "multicast or unicast destination"
    OWNER = "address owner ignores adverts"
    INTERVAL_DIFFERS = "advertisement interval differs (accepted)"
    ADDRESS_COUNT = "number of virtual addresses (accepted)"
    ADDRESS_LIST = "virtual address missing (accepted)"
    CLOCK_SKEW = "clocks differ (accepted)"

    @property
    def counter(self) -> str:
        """Field of `observability.counters.VrrpCounters` that counts it; empty when keepalived counts nothing."""
        return _COUNTERS.get(self, "")

    @property
    def reason(self) -> str:
        """The cause in words, for a sentence like `3 adverts from 10.0.0.2 dropped in 3 s: version mismatch`."""
        return _REASONS.get(self, self.value)

    @property
    def accepted(self) -> bool:
        """Whether the advert counts nevertheless: keepalived only remarks on these."""
        return self in _REMARKS


_REMARKS = frozenset(
    {Rejection.INTERVAL_DIFFERS, Rejection.ADDRESS_COUNT, Rejection.ADDRESS_LIST, Rejection.CLOCK_SKEW}
)
_REASONS = {
    Rejection.TRUNCATED: "shorter than a VRRP header",
    Rejection.OTHER_VRID: "virtual router id mismatch",
    Rejection.LENGTH: "packet length mismatch",
    Rejection.TTL: "TTL or hop limit is not 255",
    Rejection.UNKNOWN_PEER: "not a configured unicast peer",
    Rejection.PEER_TTL: "TTL or hop limit outside the limits of this unicast peer",
    Rejection.VERSION: "VRRP version mismatch",
    Rejection.AUTHENTICATION_TYPE_INVALID: "unknown authentication type",
    Rejection.INTEGRITY_CHECK: "integrity check of the authentication header failed",
    Rejection.SECURITY_PARAMETER_INDEX: "security parameter index mismatch",
    Rejection.TYPE: "not an advertisement",
    Rejection.CHECKSUM: "invalid checksum",
    Rejection.CAST: "multicast where unicast is expected, or the other way round",
}
_COUNTERS = {
    Rejection.TRUNCATED: "packet_len_err",
    Rejection.AUTHENTICATION_HEADER: "authtype_mismatch",
    Rejection.LENGTH: "packet_len_err",
    Rejection.TTL: "ip_ttl_err",
    Rejection.PEER_TTL: "ip_ttl_err",
    Rejection.VERSION: "vers_err",
    Rejection.SIGNATURE_MISSING: "auth_ext_missing",
    Rejection.SIGNATURE_MALFORMED: "auth_ext_malformed",
    Rejection.SIGNATURE_STALE: "auth_ext_stale",
    Rejection.SIGNATURE_KEY: "auth_ext_unknown_key",
    Rejection.SIGNATURE: "auth_ext_invalid_hmac",
    Rejection.SIGNATURE_REPLAYED: "auth_ext_replay",
    Rejection.AUTHENTICATION_TYPE_INVALID: "invalid_authtype",
    Rejection.AUTHENTICATION_TYPE: "authtype_mismatch",
    Rejection.PASSWORD: "auth_failure",
    Rejection.INTEGRITY_CHECK: "auth_failure",
    Rejection.SECURITY_PARAMETER_INDEX: "auth_failure",
    Rejection.REPLAYED: "auth_failure",
    Rejection.INTERVAL: "advert_interval_err",
    Rejection.TYPE: "invalid_type_rcvd",
    Rejection.CHECKSUM: "chk_err",
    Rejection.CAST: "addr_list_err",
    Rejection.ADDRESS_COUNT: "addr_list_err",
    Rejection.ADDRESS_LIST: "addr_list_err",
}
