"""A valid and invalid uses of each VRRP keyword that stands on a line of its own."""

from __future__ import annotations

from tests.config.samples.notation import Uses, address, boolean, flag, interface, number, script, seconds

U32 = 2**32 - 1
NOTIFY = ("notify_backup", "notify_master", "notify_fault", "notify_stop", "notify")
TRACKED = {
    "track_interface": "eth1", "track_script": "chk", "track_file": "tf", "track_process": "tp", "track_bfd": "bf",
}  # fmt: skip
TRACKS: dict[str, Uses] = {
    word: (f"{word} {{\n {name}\n }}", f"{word} {{\n »none_such\n }} :: none_such", f"»{word} :: missing '{{'")
    for word, name in TRACKED.items()
}
VIP = "virtual_ipaddress {\n 10.0.0.1/24\n }"

INSTANCE: dict[str, Uses] = {
    **TRACKS,
    **{word: script(word) for word in (*NOTIFY, "notify_master_rx_lower_pri")},
    "notify_deleted": ("notify_deleted",),
    **{
        word: flag(word)
        for word in ("use_vmac_addr", "dont_track_primary", "accept", "no_virtual_ipaddress", "promote_secondaries")
    },
    **{
        word: boolean(word)
        for word in (
            *("v3_checksum_as_v2", "skip_check_adv_addr", "strict_mode", "smtp_alert", "notify_priority_changes"),
            *("lower_prio_no_advert", "higher_prio_send_advert"),
        )
    },
    "use_vmac": ("use_vmac vm 02:00:00:00:01:02", "use_vmac vm »vn :: vn", "use_vmac »01:00:5e:00:00:07 :: multicast"),
    "vmac_xmit_base": ("use_vmac\n vmac_xmit_base => vmac_xmit_base", "»vmac_xmit_base :: use_vmac"),
    "use_ipvlan": ("use_ipvlan iv 10.0.0.9/32 bridge", "use_ipvlan iv 10.0.0.9 bridge »odd :: odd"),
    "unicast_peer": (
        "unicast_peer {\n 10.0.0.7\n }",
        "unicast_peer {\n »10.0.0.777\n } :: IP address",
        "»unicast_peer :: missing '{'",
    ),
    "unicast_fault_no_peer": flag("unicast_fault_no_peer"),
    "check_unicast_src": ("unicast_peer {\n 10.0.0.7\n }\n check_unicast_src => check_unicast_src",),
    "old_unicast_checksum": (
        "unicast_peer {\n 10.0.0.7\n }\n old_unicast_checksum never => old_unicast_checksum never",
        "unicast_peer {\n 10.0.0.7\n }\n old_unicast_checksum »always :: use never",
    ),
    "native_ipv6": ("native_ipv6 => native_ipv6",),
    "state": ("state MASTER", "state »master :: use MASTER or BACKUP", "»state :: needs"),
    "interface": (*interface("interface"), "interface »none7 :: does not exist"),
    "vrf": interface("vrf"),
    "mcast_src_ip": address("mcast_src_ip"),
    "unicast_src_ip": ("unicast_peer {\n 10.0.0.7\n }\n unicast_src_ip 10.9.8.7 => unicast_src_ip 10.9.8.7",
                       "unicast_src_ip »here :: IP address", "»unicast_src_ip :: needs"),
    "mcast_dst_ip": ("mcast_dst_ip 224.0.0.19", "mcast_dst_ip »10.0.0.1 :: multicast", "»mcast_dst_ip :: needs"),
    "track_src_ip": ("mcast_src_ip 10.9.8.7\n track_src_ip => track_src_ip",),
    "virtual_router_id": number("virtual_router_id", 52, 1, 255),
    "unicast_ttl": ("unicast_peer {\n 10.0.0.7\n }\n unicast_ttl 7 => unicast_ttl 7",
                    "unicast_ttl »256 :: [0, 255]", "»unicast_ttl :: needs"),
    "version": (*number("version", 3, 2, 3), "version 3\n version »2 :: contradicts the 3 before it"),
    "priority": number("priority", 150, 1, 255),
    "advert_int": seconds("advert_int", 3, "0.01", "255", beyond="256"),
    "virtual_ipaddress": (
        "virtual_ipaddress {\n 10.0.0.2/24\n }",
        "virtual_ipaddress {\n »10.0.0.300\n } :: IP address",
        "»virtual_ipaddress :: missing '{'",
    ),
    "virtual_ipaddress_excluded": (
        "virtual_ipaddress_excluded {\n 10.0.0.2/24\n }",
        "virtual_ipaddress_excluded {\n »10.0.0.300\n } :: IP address",
    ),
    "linkbeat_use_polling": ("", "»linkbeat_use_polling :: deprecated"),
    "virtual_routes": (
        "virtual_routes {\n 10.7.0.0/16 via 10.0.0.7\n }",
        "virtual_routes {\n »10.7.0.0/33 via 10.0.0.7\n } :: 10.7.0.0/33",
        "»virtual_routes :: missing '{'",
    ),
    "virtual_rules": (
        "virtual_rules {\n from 10.7.0.0/16 table 7 preference 7\n }",
        "virtual_rules {\n »from 10.7.0.0/16 preference 7\n } :: action",
        "»virtual_rules :: missing '{'",
    ),
    "no_accept": flag("no_accept"),
    "preempt": ("preempt => interface eth0",),
    "nopreempt": ("nopreempt", "priority 255\n »nopreempt :: contradicts"),
    "preempt_delay": seconds("preempt_delay", 7, "0", "1000", beyond="1001"),
    "debug": number("debug", 3, 0, 4),
    "lvs_sync_daemon_interface": ("", "»lvs_sync_daemon_interface eth1 :: deprecated"),
    "garp_master_delay": number("garp_master_delay", 7, 0, 4294),
    "garp_master_refresh": number("garp_master_refresh", 7, 0, U32),
    "garp_master_repeat": number("garp_master_repeat", 7, 1, U32),
    "garp_master_refresh_repeat": number("garp_master_refresh_repeat", 7, 1, U32),
    "garp_lower_prio_delay": number("garp_lower_prio_delay", 7, 0, 4294),
    "garp_lower_prio_repeat": number("garp_lower_prio_repeat", 7, 0, 2**31 - 1),
    "down_timer_adverts": number("down_timer_adverts", 7, 1, 100),
    "timer_expired_backup": ("nopreempt\n timer_expired_backup 7 => timer_expired_backup 7",
                             "nopreempt\n timer_expired_backup »255 :: [1, 254]"),
    "thread_timer_expired": ("", "nopreempt\n »thread_timer_expired 7 :: use timer_expired_backup"),
    "garp_extra_if": ("use_vmac\n garp_extra_if all 7 => garp_extra_if all 7",
                      "use_vmac\n garp_extra_if »86401 :: [0, 86400]", "use_vmac\n »garp_extra_if :: needs"),
    "vmac_garp_intvl": ("", "use_vmac\n »vmac_garp_intvl 7 :: use garp_extra_if",
                        "use_vmac\n vmac_garp_intvl all »86401 :: [0, 86400]"),
    "owner_ignore_adverts": ("priority 255\n owner_ignore_adverts on => owner_ignore_adverts on",
                             "owner_ignore_adverts »on :: 255"),
    "kernel_rx_buf_size": (*number("kernel_rx_buf_size", 70000, 0, U32), "kernel_rx_buf_size 7 »8 :: exactly one word"),
    "authentication": (
        "authentication {\n auth_type PASS\n auth_pass abc\n }",
        "»authentication {\n auth_type PASS\n } :: auth_pass",
    ),
    "auth_hmac": ("version 3\n auth_hmac {\n key 1 hex:" + "a1" * 32 + "\n active_key 1\n } => active_key 1",),
}  # fmt: skip

AUTHENTICATION: dict[str, Uses] = {
    "auth_type": ("auth_type AH", "auth_type »pass :: use one of", "»auth_type :: needs"),
    "auth_pass": ("auth_pass abcdefgh", "auth_pass »abcdefghi :: 8", "»auth_pass :: needs"),
}

AUTH_HMAC: dict[str, Uses] = {
    "key": (
        "key 2 hex:" + "b2" * 32,
        "key »256 hex:" + "b2" * 32 + " :: [1, 255]",
        "key 2 »short :: 32",
        "»key :: needs",
    ),
    "active_key": ("key 2 hex:" + "b2" * 32 + "\n active_key 2 => active_key 2", "active_key »0 :: [1, 255]"),
    "time_window": number("time_window", 7, 1, 300),
    "anti_replay": ("anti_replay monotonic", "anti_replay »never :: use one of", "»anti_replay :: needs"),
    "mode": ("mode permissive", "mode »lax :: use one of", "»mode :: needs"),
}

SYNC_GROUP: dict[str, Uses] = {
    **TRACKS,
    **{word: script(word) for word in NOTIFY},
    "group": ("group {\n VI\n VJ\n }", "group {\n VI\n »VK\n } :: VK"),
    "smtp_alert": boolean("smtp_alert"),
    "global_tracking": ("", "»global_tracking :: deprecated"),
    "sync_group_tracking_weight": flag("sync_group_tracking_weight"),
    "notify_priority_changes": boolean("notify_priority_changes"),
}

TOP: dict[str, Uses] = {
    "track_group": (
        "track_group G {\n group {\n VI\n }\n}",
        "»track_group {\n group {\n VI\n }\n} :: exactly one name",
        "track_group G »H {\n group {\n VI\n }\n} :: exactly one name",
    ),
    "static_ipaddress": (
        "static_ipaddress {\n 10.7.0.1/24 dev eth1\n}",
        "static_ipaddress {\n »10.7.0.1.2/24 dev eth1\n} :: IP address",
    ),
    "static_routes": (
        "static_routes {\n 10.7.0.0/16 dev eth1\n}",
        "static_routes {\n 10.7.0.0/16 »dev\n} :: needs a value",
    ),
    "static_rules": (
        "static_rules {\n from 10.7.0.0/16 table 7 preference 7\n}",
        "static_rules {\n from 10.7.0.0/16 »tabel 7\n} :: tabel",
    ),
    "vrrp_sync_group": (
        "vrrp_sync_group G {\n group {\n VI\n VJ\n }\n}",
        "»vrrp_sync_group {\n group {\n VI\n VJ\n }\n} :: exactly one name",
        "vrrp_sync_group »G {\n} :: no members",
    ),
    "garp_group": ("garp_group {\n garp_interval 0.5\n interface eth1\n}",),
    "linkbeat_interfaces": (
        "linkbeat_interfaces {\n eth1\n}",
        "linkbeat_interfaces {\n »none7\n} :: none7",
    ),
    "vrrp_instance": (
        "vrrp_instance X {\n interface eth1\n virtual_router_id 7\n " + VIP + "\n}",
        "»vrrp_instance {\n} :: exactly one name",
        "vrrp_instance X »Y {\n} :: exactly one name",
        "vrrp_instance »VI {\n} :: already defined",
    ),
    "vrrp_script": ("vrrp_script X {\n script /bin/true\n}\n => vrrp_script X {", "»vrrp_script {\n} :: needs"),
    "vrrp_track_process": ("vrrp_track_process X {\n process sleep\n}", "vrrp_track_process »X {\n} :: no process"),
    "interface_up_down_delays": (
        "interface_up_down_delays {\n eth1 1.5 2\n}",
        "interface_up_down_delays {\n eth1 »256\n} :: [0, 255]",
        "interface_up_down_delays {\n »none7 1\n} :: none7",
    ),
}

GARP_GROUP: dict[str, Uses] = {
    "garp_interval": seconds("garp_interval", 0.7, "0", "4294.967295", beyond="4295"),
    "gna_interval": seconds("gna_interval", 0.7, "0", "4294.967295", beyond="4295"),
    "interface": interface("interface"),
    "interfaces": ("interfaces {\n eth1\n }", "»interfaces :: missing '{'"),
}

SCRIPT: dict[str, Uses] = {
    "script": ("script /bin/sleep => script \"'/bin/sleep'\"", "»script :: needs"),
    "interval": seconds("interval", 7, "0.001", "4294", beyond="4295"),
    "timeout": seconds("timeout", 7, "0.001", "4294", beyond="4295"),
    "weight": ("weight -7 reverse", "weight »255 :: [-253, 253]", "weight 7 »sometimes :: use reverse"),
    "rise": number("rise", 7, 1, 2**31 - 1),
    "fall": number("fall", 7, 1, 2**31 - 1),
    "user": ("user nobody", "»user :: needs"),
    "init_fail": flag("init_fail"),
}

PROCESS: dict[str, Uses] = {
    "process": ("process sleep 10", "»process :: needs"),
    "param_match": ("param_match partial", "param_match »some :: use one of"),
    "weight": ("weight -7 reverse", "weight »255 :: [-254, 254]"),
    "quorum": ("quorum_max 7\n quorum 2 => quorum 2", *number("quorum", 2, 1, 65535)[1:]),
    "quorum_max": number("quorum_max", 7, 0, 65535),
    "delay": (
        "delay 7 => terminate_delay 7\nfork_delay 7",
        *seconds("delay", 7, "0.000001", "3600", beyond="3601")[1:],
    ),
    "terminate_delay": seconds("terminate_delay", 7, "0.000001", "3600", beyond="3601"),
    "fork_delay": seconds("fork_delay", 7, "0.000001", "3600", beyond="3601"),
    "full_command": flag("full_command"),
}

TRACK_FILE: dict[str, Uses] = {
    "file": ("file /tmp/other", "»file :: needs"),
    "weight": ("weight -7 reverse", "weight »255 :: [-254, 254]"),
    "init_file": ("init_file 7 overwrite", "init_file »x :: x"),
}

BFD: dict[str, Uses] = {
    "source_ip": address("source_ip"),
    "neighbor_ip": ("neighbor_ip 10.0.0.7", "neighbor_ip »10.0.0.777 :: IP address", "»neighbor_ip :: needs"),
    "neighbour_ip": ("neighbour_ip 10.0.0.7 => neighbor_ip 10.0.0.7", "neighbour_ip »10.0.0.777 :: IP address"),
    "min_rx": seconds("min_rx", 70, "1", "4294967", beyond="4294968"),
    "min_tx": seconds("min_tx", 70, "1", "4294967", beyond="4294968"),
    "idle_tx": seconds("idle_tx", 7000, "1000", "4294967", beyond="999"),
    "multiplier": number("multiplier", 7, 1, 255),
    "passive": flag("passive"),
    "ttl": number("ttl", 7, 1, 255),
    "hoplimit": number("hoplimit", 7, 1, 255, dumped="ttl 7"),
    "max_hops": number("max_hops", 7, -1, 255),
    "multihop": boolean("multihop"),
    "weight": ("weight -7 reverse", "weight »255 :: [-253, 253]"),
    "vrrp": flag("vrrp"),
    "checker": flag("checker"),
}

PEER: dict[str, Uses] = {
    "min_ttl": ("10.0.0.8 min_ttl 7", "10.0.0.8 min_ttl »256 :: [0, 255]", "10.0.0.8 »min_ttl :: needs a value"),
    "max_ttl": ("10.0.0.8 max_ttl 7", "10.0.0.8 max_ttl »256 :: [0, 255]", "10.0.0.8 »max_tl 7 :: did you mean"),
}
LINKBEAT: dict[str, Uses] = {
    word: (f"eth1 {word}", f"eth1 »{word.lower()} :: {word}") for word in ("MII", "ETHTOOL", "IOCTL")
}
