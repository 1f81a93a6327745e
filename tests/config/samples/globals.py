"""A valid and invalid uses of each global keyword."""

from __future__ import annotations

from tests.config.samples.notation import Uses, boolean, flag, interface, number, script, seconds, text

NAMES = ("process_name", "vrrp_process_name", "checker_process_name", "bfd_process_name")
FLAGS = (
    "process_names", "no_email_faults", "disable_local_igmp", "v3_checksum_as_v2", "lvs_flush", "nftables_ifindex",
    "vrrp_check_unicast_src", "vrrp_no_swap", "nftables_counters", "fifo_write_vrrp_states_on_reload",
    "checker_no_swap", "bfd_no_swap", "enable_traps", "enable_snmp_vrrp", "enable_snmp_rfcv2",
    "enable_snmp_rfcv3", "enable_snmp_checker", "enable_dbus", "log_unknown_vrids",
    "reload_repeat",
)  # fmt: skip
BOOLEANS = (
    "use_symlink_paths", "set_supplementary_groups", "smtp_alert", "smtp_alert_vrrp", "smtp_alert_checker",
    "checker_log_all_failures", "vrrp_min_garp", "vrrp_lower_prio_no_advert", "vrrp_higher_prio_send_advert",
    "vrrp_skip_check_adv_addr", "vrrp_strict", "vrrp_notify_priority_changes", "rs_init_notifies",
    "no_checker_emails", "share_checks", "vrrp_owner_ignore_adverts", "data_use_instance", "smtp_starttls", "smtp_tls",
    *(f"{name}_rcv_bufs_force" for name in ("vrrp_netlink_cmd", "vrrp_netlink_monitor", "process_monitor",
                                            "lvs_netlink_cmd", "lvs_netlink_monitor")),
)  # fmt: skip
FIFOS = ("notify_fifo", "vrrp_notify_fifo", "lvs_notify_fifo")
U32 = 2**32 - 1
NUMBERS = (
    ("smtp_connect_timeout", 20, 1, 4294),
    ("startup_script_timeout", 20, 1, 1000),
    ("shutdown_script_timeout", 20, 1, 1000),
    ("min_auto_priority_delay", 2000, 1, 10000000),
    ("vrrp_garp_master_delay", 7, 0, 4294),
    ("vrrp_garp_master_repeat", 7, 1, U32),
    ("vrrp_garp_master_refresh", 7, 0, U32),
    ("vrrp_garp_master_refresh_repeat", 7, 1, U32),
    ("vrrp_garp_lower_prio_delay", 7, 0, 4294),
    ("vrrp_garp_lower_prio_repeat", 7, 0, 2**31 - 1),
    ("vrrp_down_timer_adverts", 7, 1, 100),
    ("vrrp_garp_extra_if", 7, 1, 86400),
    ("vrrp_version", 3, 2, 3),
    ("nftables_priority", -7, -(2**31), 2**31 - 1),
    ("vrrp_priority", -7, -20, 19),
    ("vrrp_rt_priority", 7, 1, 99),
    ("vrrp_rlimit_rttime", 7000, 2, U32),
    ("nftables_ipvs_priority", -7, -(2**31), 2**31 - 1),
    ("nftables_ipvs_start_fwmark", 7, 1, U32),
    ("checker_priority", -7, -20, 19),
    ("checker_rt_priority", 7, 1, 99),
    ("checker_rlimit_rttime", 7000, 2, U32),
    ("bfd_priority", -7, -20, 19),
    ("bfd_rt_priority", 7, 1, 99),
    ("bfd_rlimit_rttime", 7000, 2, U32),
    ("vrrp_netlink_cmd_rcv_bufs", 7000, 0, U32),
    ("vrrp_netlink_monitor_rcv_bufs", 7000, 0, U32),
    ("process_monitor_rcv_bufs", 7000, 0, U32),
    ("lvs_netlink_cmd_rcv_bufs", 7000, 0, U32),
    ("lvs_netlink_monitor_rcv_bufs", 7000, 0, U32),
    ("vrrp_rx_bufs_multiplier", 7, 1, U32),
    ("random_seed", 7, 0, U32),
    ("json_version", 2, 1, 2),
)

ROOT: dict[str, Uses] = {
    "linkbeat_use_polling": flag("linkbeat_use_polling"),
    "net_namespace": text("net_namespace", "cfgdiff1"),
    "net_namespace_ipvs": ("net_namespace_ipvs cfgdiff",),
    "namespace_with_ipsets": flag("namespace_with_ipsets"),
    "use_pid_dir": flag("use_pid_dir"),
    "instance": text("instance", "blue"),
    "child_wait_time": number("child_wait_time", 7, 0, U32),
    "global_defs": ("global_defs {\n lvs_flush\n}", "»global_defs :: missing '{'"),
}

GLOBAL_DEFS: dict[str, Uses] = {
    "control_socket": text("control_socket", "off"),
    "control_group": text("control_group", "wheel"),
    "checker_user": (
        "checker_user nobody",
        "»checker_user :: needs",
        "checker_user »nosuchuser :: does not exist",
        "checker_user »0 :: is root",
    ),
    **{word: text(word, "kp") for word in NAMES},
    "lvs_process_name": ("lvs_process_name kp => checker_process_name kp", "»lvs_process_name :: needs"),
    **{word: flag(word) for word in FLAGS},
    **{word: boolean(word) for word in BOOLEANS},
    **{word: (f"{word} /tmp/pipe", f"»{word} :: needs") for word in FIFOS},
    **{f"{word}_script": script(f"{word}_script") for word in FIFOS},
    **{word: number(word, good, low, high) for word, good, low, high in NUMBERS},
    **{
        f"{name}_rlimit_rtime": number(f"{name}_rlimit_rtime", 7000, 2, U32, dumped=f"{name}_rlimit_rttime 7000")
        for name in ("vrrp", "checker", "bfd")
    },
    **{
        f"{name}_cpu_affinity": (
            f"{name}_cpu_affinity 0",
            f"{name}_cpu_affinity 0 »x :: invalid number",
            f"»{name}_cpu_affinity :: needs",
        )
        for name in ("vrrp", "checker", "bfd")
    },
    "max_auto_priority": number("max_auto_priority", 50, -1, 99)[:3],
    "router_id": text("router_id", "LVS_1"),
    "notification_email_from": text("notification_email_from", "a@b.c"),
    "smtp_server": ("smtp_server 127.0.0.1 26", "smtp_server 127.0.0.1 »65536 :: [1, 65535]", "»smtp_server :: needs"),
    "smtp_helo_name": ("smtp_helo_name example.org",),
    "smtp_auth": (
        'smtp_auth mailer "two words"\n smtp_starttls on',
        "»smtp_auth :: needs",
        "»smtp_auth mailer :: needs",
        "smtp_auth mailer two »words :: takes a user and a password",
    ),
    "smtp_tls_ca": text("smtp_tls_ca", "/etc/ssl/mail.pem"),
    "smtp_tls_verify": boolean("smtp_tls_verify", "off"),
    "notify_mode": (
        "notify_mode parallel",
        "notify_mode »both :: use one of serial, parallel",
        "»notify_mode :: needs",
    ),
    "notification_email": ("notification_email {\n a@b.c\n }", "»notification_email :: missing '{'"),
    "startup_script": script("startup_script"),
    "shutdown_script": script("shutdown_script"),
    "dynamic_interfaces": (
        "dynamic_interfaces allow_if_changes",
        "dynamic_interfaces »sometimes :: use one of allow_if_changes",
    ),
    "default_interface": interface("default_interface"),
    "lvs_timeouts": (
        "lvs_timeouts tcp 7 udp 8",
        "lvs_timeouts tcp »2678401 :: [0, 2678400]",
        "lvs_timeouts »sctp 7 :: use tcp, tcpfin or udp",
        "»lvs_timeouts :: needs",
    ),
    "lvs_flush_on_stop": ("lvs_flush_on_stop VS", "lvs_flush_on_stop »RS :: use one of VS"),
    "lvs_flush_onstop": (
        "lvs_flush_onstop VS => lvs_flush_on_stop VS",
        "lvs_flush_onstop »RS :: use one of VS",
    ),
    "lvs_sync_daemon": ("lvs_sync_daemon eth1", "»lvs_sync_daemon :: needs"),
    "vrrp_mcast_group4": (
        "vrrp_mcast_group4 224.0.0.17",
        "vrrp_mcast_group4 »10.0.0.1 :: multicast",
        "vrrp_mcast_group4 »ff02::12 :: IPv4",
        "»vrrp_mcast_group4 :: needs",
    ),
    "vrrp_mcast_group6": (
        "vrrp_mcast_group6 ff02::13",
        "vrrp_mcast_group6 »fe80::1 :: multicast",
        "vrrp_mcast_group6 »224.0.0.18 :: IPv6",
        "»vrrp_mcast_group6 :: needs",
    ),
    "vrrp_garp_interval": seconds("vrrp_garp_interval", 0.5, "0.000001", "4294.967295", beyond="4295"),
    "vrrp_gna_interval": seconds("vrrp_gna_interval", 0.5, "0.000001", "4294.967295", beyond="0"),
    "vrrp_vmac_garp_intvl": (
        "",
        "»vrrp_vmac_garp_intvl all 7 :: use vrrp_garp_extra_if",
        "vrrp_vmac_garp_intvl all »86401 :: [1, 86400]",
        "»vrrp_vmac_garp_intvl :: needs",
    ),
    "vrrp_iptables": ("vrrp_iptables IN OUT", "vrrp_iptables »abcdefghijklmnopqrstuvwxyz12 :: longer than 27"),
    "vrrp_ipsets": ("vrrp_ipsets one two", "vrrp_ipsets one »one :: distinct"),
    "nftables": ("nftables mine", "nftables »abcdefghijklmnopqrstuvwxyz123456 :: longer than 30"),
    "nftables_ipvs": ("nftables_ipvs mine", "nftables_ipvs »abcdefghijklmnopqrstuvwxyz123456 :: longer than 30"),
    "snmp_socket": text("snmp_socket", "udp:localhost:705"),
    "enable_snmp_keepalived": ("enable_snmp_keepalived => enable_snmp_vrrp",),
    "enable_snmp_rfc": ("enable_snmp_rfc",),
    "snmp_vs_stats_update_interval": seconds("snmp_vs_stats_update_interval", 7, "0.001", "30", beyond="31"),
    "snmp_rs_stats_update_interval": seconds("snmp_rs_stats_update_interval", 7, "0.001", "30", beyond="31"),
    "dbus_service_name": text("dbus_service_name", "org.example.Vrrp"),
    "dbus_no_interface_name": text("dbus_no_interface_name", "nothing"),
    "enable_script_security": flag("enable_script_security"),
    "script_user": ("script_user nobody", "»script_user :: needs", "script_user »nosuchuser :: nosuchuser"),
    "vrrp_rx_bufs_policy": (
        "vrrp_rx_bufs_policy ADVERT",
        "vrrp_rx_bufs_policy »PACKET :: MTU",
        "»vrrp_rx_bufs_policy :: needs",
    ),
    "vrrp_startup_delay": seconds("vrrp_startup_delay", 7.5, "0.001", "4294.967295", beyond="4295"),
    "vrrp_delay_after_boot": seconds("vrrp_delay_after_boot", 7.5, "0.001", "4294.967295", beyond="4295"),
    "vmac_prefix": text("vmac_prefix", "vm"),
    "vmac_addr_prefix": text("vmac_addr_prefix", "va"),
    "umask": ("umask IRGRP|IWOTH => umask 042", "umask »01000 :: 0777", "umask »IRALL :: IRALL", "»umask :: needs"),
    "reload_check_config": ("reload_check_config /tmp/report",),
    "reload_time_file": ("reload_time_file /tmp/when", "reload_time_file /tmp/when »now :: exactly one word"),
    "reload_file": ("reload_file /tmp/reload",),
    "include_check": (
        "include_check read -match",
        "include_check »readable :: use read, match",
        "include_check read »match :: only the first",
    ),
    "config_save_dir": text("config_save_dir", "/run/saved"),
    "tmp_config_directory": text("tmp_config_directory", "/tmp"),
    "iproute_usr_dir": ("iproute_usr_dir /usr/share/iproute2", "»iproute_usr_dir :: needs"),
    "iproute_etc_dir": ("iproute_etc_dir /etc/iproute2", "iproute_etc_dir /etc »more :: exactly one word"),
    **{
        f"{name}_file_location": (
            f"{name}_file_location /tmp/{name} => {name}_dump_file /tmp/{name}",
            f"»{name}_file_location :: needs",
        )
        for name in ("state", "stats", "json")
    },
    "state_dump_file": text("state_dump_file", "/tmp/state"),
    "stats_dump_file": text("stats_dump_file", "/tmp/stats"),
    "json_dump_file": text("json_dump_file", "/tmp/json"),
}

LVS_SYNC_DAEMON: dict[str, Uses] = {
    "<ifname>": ("lvs_sync_daemon eth1", "lvs_sync_daemon »interfacetoolong :: longer than 15"),
    "inst": (
        "lvs_sync_daemon eth1 inst VI => lvs_sync_daemon eth1 inst VI",
        "lvs_sync_daemon eth1 »inst :: needs a value",
    ),
    "id": ("lvs_sync_daemon eth1 id 7", "lvs_sync_daemon eth1 id »256 :: [0, 255]"),
    "maxlen": ("lvs_sync_daemon eth1 maxlen 700", "lvs_sync_daemon eth1 maxlen »65508 :: [1, 65507]"),
    "port": ("lvs_sync_daemon eth1 port 7", "lvs_sync_daemon eth1 port »65536 :: [1, 65535]"),
    "ttl": ("lvs_sync_daemon eth1 ttl 7", "lvs_sync_daemon eth1 ttl »256 :: [1, 255]"),
    "group": ("lvs_sync_daemon eth1 group 224.0.0.82", "lvs_sync_daemon eth1 group »10.0.0.1 :: multicast"),
}
