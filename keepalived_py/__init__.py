"""keepalived in Python: VRRP failover and health checks for Linux."""

__version__ = "0.1.0"
"""Version of this package."""

EMULATED_VERSION = "2.4.3"
"""The keepalived release whose configuration, command line and outputs this package reproduces."""

EMULATED_DATE = "07/20,2026"
"""Release date of `EMULATED_VERSION`, in the form of keepalived's version line."""
