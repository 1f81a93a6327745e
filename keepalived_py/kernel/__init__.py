"""Linux: netlink, ARP, neighbour discovery. Knows nothing of VRRP, checks or configuration."""
