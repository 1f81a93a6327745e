"""What the firewall keywords mean here: everything is done with nftables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from keepalived_py.config.diagnostics import Diagnostics
    from keepalived_py.config.model import Config

_TABLE_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


def check_firewall(config: Config, diagnostics: Diagnostics) -> Config:
    """Return the configuration with a table name that nft can read; say what the words of iptables become."""
    defaults = config.global_defs
    table = defaults.nftables
    if table is not None and not _TABLE_NAME.fullmatch(table):
        message = f"nftables: '{table}' cannot be the name of a table: keepalived is used"
        diagnostics.error(message, defaults.location("nftables"))
        config = config.changed(global_defs=defaults.changed(nftables="keepalived"))
    used = f"the nftables tables {config.global_defs.nftables or 'keepalived'} are used"
    if defaults.vrrp_iptables is not None:
        chains = " and ".join(defaults.vrrp_iptables or ("INPUT", "OUTPUT"))
        message = f"vrrp_iptables: {used} instead, iptables chains like {chains} stay as they are"
        diagnostics.warning(message, defaults.location("vrrp_iptables"))
    if defaults.vrrp_ipsets is not None:
        diagnostics.warning(f"vrrp_ipsets: {used}, with sets of their own", defaults.location("vrrp_ipsets"))
    if config.namespace_with_ipsets:
        message = "namespace_with_ipsets: nftables needs no ipsets and works in every namespace"
        diagnostics.warning(message, config.location("namespace_with_ipsets"))
    return config
