"""What `keepalived --version` says: programs read it to learn what they may ask for."""

import os

from keepalived_py import EMULATED_DATE, EMULATED_VERSION, __version__

VERSION_STRING = f"Keepalived v{EMULATED_VERSION} ({EMULATED_DATE})"
"""As keepalived's own, in the version text and in the log lines at start and stop."""

CONFIGURE_OPTIONS = "--enable-json --enable-regex"
"""Exporters look for --enable-json before they ask for the JSON dump."""

CONFIG_OPTIONS = "VRRP VRRP_AUTH JSON REGEX SYSTEMD_NOTIFY"
SYSTEM_OPTIONS = "VSYSLOG MEMFD_CREATE IPV6_MULTICAST_ALL IFA_FLAGS SO_MARK"


def version_text() -> str:
    """Return the text of --version, ending with a newline; its second word is `v` and the emulated release."""
    import platform  # noqa: PLC0415 - the daemon wants VERSION_STRING only, and at once

    system = os.uname()
    return (
        f"{VERSION_STRING}\n\n"
        f"keepalived-py {__version__}, keepalived in Python; free software under the GPL, version 2 or later\n\n"
        f"Running on {system.sysname} {system.release} {system.version}\n"
        f"Python: {platform.python_implementation()} {platform.python_version()}\n\n"
        f"configure options: {CONFIGURE_OPTIONS}\n\n"
        f"Config options: {CONFIG_OPTIONS}\n\n"
        f"System options: {SYSTEM_OPTIONS}\n"
    )
