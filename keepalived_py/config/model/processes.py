"""Settings of the processes themselves inside `global_defs`: names, scheduling, buffers, SNMP and D-Bus."""

from __future__ import annotations

from keepalived_py.config.arguments import Maybe, Several
from keepalived_py.config.fields import Alias, Record, attribute, keyword, record
from keepalived_py.config.scalars import Boolean, ClampedInteger, Flag, Integer, Seconds, Text

ON = Flag()
YES_NO = Boolean()
U32 = 0xFFFFFFFF
NICE = Integer(-20, 19, syntax="NICE")
REALTIME = ClampedInteger(1, 99, syntax="PRIO")
RLIMIT = ClampedInteger(2, U32, syntax="USECS")
CPUS = Several(Integer(0, 0x7FFFFFFF), type_name="uint list", syntax="CPU ...", limits="0..online-1", strict=True)
BUFFERS = Integer(0, U32, strict=True, syntax="BYTES")
PROCESS_NAME = Text(limit=15, cut=True)
NAME = Text()
OLD_RTIME = "Earlier spelling of the real-time limit"


@record
class ProcessDefs(Record):
    """The part of `global_defs` that is about processes.

    Attributes (beside the keywords): checker_identity (uid and gid of checker_user, once checked).
    """

    control_socket: str | None = keyword(
        Text("PATH|off", type_name="path"),
        "Where the VRRP process answers keepalivedctl; the parent does so at PATH.parent",
        default=None,
        unset="/run/keepalived/control.sock",
        beyond=True,
    )
    control_group: str | None = keyword(
        Text("GROUP"), "Group whose members may ask besides root", default=None, unset="none", beyond=True
    )
    checker_user: str | None = keyword(
        Text("USER"),
        "User that the health-check process becomes after its start, with CAP_NET_ADMIN and CAP_NET_RAW only",
        default=None,
        unset="root",
        beyond=True,
    )
    checker_identity: tuple[int, int] | None = attribute(default=None)
    process_names: bool = keyword(ON, "Give every child process its own name", default=False)
    process_name: str | None = keyword(PROCESS_NAME, "Name of the parent process", default=None, unset="binary name")
    vrrp_process_name: str | None = keyword(PROCESS_NAME, "Name of the VRRP process", default=None, unset="inherits")
    checker_process_name: str | None = keyword(
        PROCESS_NAME,
        "Name of the health-check process",
        default=None,
        unset="inherits",
        aliases=(Alias("lvs_process_name", "Earlier spelling of checker_process_name", deprecated=True),),
    )
    bfd_process_name: str | None = keyword(
        PROCESS_NAME, "Name of the BFD process", default=None, unset="inherits", in_effect=False
    )
    max_auto_priority: int = keyword(
        Maybe(Integer(-1, 99, syntax="PRIO"), 99),
        "Highest real-time priority taken when timers fire late; -1 also silences the notice",
        default=0,
    )
    min_auto_priority_delay: int = keyword(
        Integer(1, 10000000, syntax="USECS"),
        "How late a timer must fire before the priority is raised, in microseconds",
        default=1000000,
        forgiving=True,
    )
    vrrp_priority: int = keyword(NICE, "Nice value of the VRRP process", default=0, forgiving=True)
    vrrp_no_swap: bool = keyword(ON, "Lock the VRRP process into memory", default=False)
    vrrp_rt_priority: int = keyword(
        REALTIME, "Real-time priority of the VRRP process", default=0, unset="0 (off)", forgiving=True
    )
    vrrp_cpu_affinity: tuple[int, ...] = keyword(
        CPUS, "Processors that the VRRP process may use", default=(), unset="all", forgiving=True
    )
    vrrp_rlimit_rttime: int = keyword(
        RLIMIT,
        "Longest real-time run without a pause, in microseconds",
        default=10000,
        aliases=(Alias("vrrp_rlimit_rtime", OLD_RTIME, deprecated=True),),
    )
    checker_priority: int = keyword(NICE, "Nice value of the health-check process", default=0, forgiving=True)
    checker_no_swap: bool = keyword(ON, "Lock the health-check process into memory", default=False)
    checker_rt_priority: int = keyword(
        REALTIME,
        "Real-time priority of the health-check process",
        default=0,
        unset="0 (off)",
        forgiving=True,
    )
    checker_cpu_affinity: tuple[int, ...] = keyword(
        CPUS,
        "Processors that the health-check process may use",
        default=(),
        unset="all",
        forgiving=True,
    )
    checker_rlimit_rttime: int = keyword(
        RLIMIT,
        "Longest real-time run without a pause, in microseconds",
        default=10000,
        aliases=(Alias("checker_rlimit_rtime", OLD_RTIME, deprecated=True),),
    )
    bfd_priority: int = keyword(NICE, "Nice value of the BFD process", default=0, in_effect=False, forgiving=True)
    bfd_no_swap: bool = keyword(ON, "Lock the BFD process into memory", default=False, in_effect=False)
    bfd_rt_priority: int = keyword(
        REALTIME, "Real-time priority of the BFD process", default=0, unset="0 (off)", in_effect=False, forgiving=True
    )
    bfd_cpu_affinity: tuple[int, ...] = keyword(
        CPUS, "Processors that the BFD process may use", default=(), unset="all", in_effect=False, forgiving=True
    )
    bfd_rlimit_rttime: int = keyword(
        RLIMIT,
        "Longest real-time run without a pause, in microseconds",
        default=10000,
        in_effect=False,
        aliases=(Alias("bfd_rlimit_rtime", OLD_RTIME, deprecated=True),),
    )
    snmp_socket: str | None = keyword(
        Text("ADDR", limit=4095),
        "Where the SNMP master agent listens",
        default=None,
        unset="unix:/var/agentx/master",
        once=True,
        in_effect=False,
        forgiving=True,
    )
    enable_traps: bool = keyword(ON, "Send SNMP traps", default=False, in_effect=False)
    enable_snmp_vrrp: bool = keyword(
        ON,
        "Offer VRRP data over SNMP",
        default=False,
        unset="off (on with -x)",
        in_effect=False,
        aliases=(Alias("enable_snmp_keepalived", "Earlier spelling of enable_snmp_vrrp"),),
    )
    enable_snmp_rfc: bool = keyword(ON, "Offer both RFC tables of VRRP over SNMP", default=False, in_effect=False)
    enable_snmp_rfcv2: bool = keyword(ON, "Offer the VRRPv2 table of RFC 2787", default=False, in_effect=False)
    enable_snmp_rfcv3: bool = keyword(ON, "Offer the VRRPv3 table of RFC 6527", default=False, in_effect=False)
    enable_snmp_checker: bool = keyword(ON, "Offer health-check data over SNMP", default=False, in_effect=False)
    snmp_vs_stats_update_interval: float = keyword(
        Seconds("0.001", "30"), "Age after which virtual server counters are read again", default=5.0, in_effect=False
    )
    snmp_rs_stats_update_interval: float | None = keyword(
        Seconds("0.001", "30"),
        "Age after which real server counters are read again",
        default=None,
        unset="same as vs interval",
        in_effect=False,
    )
    enable_dbus: bool = keyword(ON, "Offer VRRP state over D-Bus", default=False, in_effect=False)
    dbus_service_name: str | None = keyword(
        NAME, "Name on the bus", default=None, unset="org.keepalived.Vrrp1", in_effect=False, forgiving=True
    )
    dbus_no_interface_name: str = keyword(
        NAME, "Word used on the bus for an instance without interface", default="none", in_effect=False, forgiving=True
    )
    vrrp_netlink_cmd_rcv_bufs: int | None = keyword(
        BUFFERS,
        "Receive buffer of the VRRP command socket",
        default=None,
        unset="kernel",
        forgiving=True,
    )
    vrrp_netlink_cmd_rcv_bufs_force: bool = keyword(YES_NO, "Go beyond the system's limit for it", default=False)
    vrrp_netlink_monitor_rcv_bufs: int | None = keyword(
        BUFFERS,
        "Receive buffer of the VRRP event socket",
        default=None,
        unset="kernel",
        forgiving=True,
    )
    vrrp_netlink_monitor_rcv_bufs_force: bool = keyword(YES_NO, "Go beyond the system's limit for it", default=False)
    process_monitor_rcv_bufs: int | None = keyword(
        BUFFERS,
        "Receive buffer of the process event socket",
        default=None,
        unset="kernel",
        forgiving=True,
    )
    process_monitor_rcv_bufs_force: bool = keyword(YES_NO, "Go beyond the system's limit for it", default=False)
    lvs_netlink_cmd_rcv_bufs: int | None = keyword(
        BUFFERS,
        "Receive buffer of the health-check command socket",
        default=None,
        unset="kernel",
        forgiving=True,
    )
    lvs_netlink_cmd_rcv_bufs_force: bool = keyword(YES_NO, "Go beyond the system's limit for it", default=False)
    lvs_netlink_monitor_rcv_bufs: int | None = keyword(
        BUFFERS,
        "Receive buffer of the health-check event socket",
        default=None,
        unset="kernel",
        forgiving=True,
    )
    lvs_netlink_monitor_rcv_bufs_force: bool = keyword(YES_NO, "Go beyond the system's limit for it", default=False)
