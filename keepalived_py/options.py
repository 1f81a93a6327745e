"""The command line as a value."""

from __future__ import annotations

from keepalived_py.structure import structure


@structure
class Options:
    """One field per option of `keepalived`; meanings and units in `cli.OPTIONS`, which makes it."""

    config_file: str = "/etc/keepalived/keepalived.conf"
    run_vrrp: bool = True
    run_checkers: bool = True
    run_bfd: bool = True
    all_children: bool = False
    log_console: bool = False
    log_detail: int = 0
    log_facility: int = 3
    no_syslog: bool = False
    umask: int | None = None
    release_vips: bool = False
    keep_vips: bool = False
    keep_ipvs: bool = False
    respawn: bool = True
    fork: bool = True
    dump_config: bool = False
    pid_file: str | None = None
    vrrp_pid_file: str | None = None
    checkers_pid_file: str | None = None
    bfd_pid_file: str | None = None
    address_monitoring: bool = False
    snmp: bool = False
    snmp_socket: str | None = None
    namespace: str | None = None
    core_dump: bool = False
    core_dump_pattern: str | None = None
    all_include_checks: bool = False
    config_id: str | None = None
    config_test: bool = False
    config_test_log: str | None = None
    config_descriptor: int | None = None
    ignore_sigint: bool = False
    watchdog_vrrp: float = 5.0
    watchdog_check: float = 5.0
