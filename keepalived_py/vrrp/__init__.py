"""VRRP: packets, elections, virtual addresses (RFC 3768, RFC 5798, RFC 9568)."""
