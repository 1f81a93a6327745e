"""A valid and invalid uses of each keyword of virtual servers and health checks."""

from __future__ import annotations

from tests.config.samples.notation import Uses, address, boolean, flag, interface, number, script, seconds, text

U32 = 2**32 - 1
LONG = "18446744073709.551614"
SCHEDULERS = "rr wrr lc wlc lblc sh mh dh fo ovf lblcr sed nq twos".replace(" ", ", ")


def method(word: str, *, dumped: str = "", before: str = "") -> Uses:
    return (
        f"{before}{word} TUN type gue port 7 nocsum => {dumped or word} TUN type gue port 7 nocsum",
        f"{before}{word} »NET :: use NAT, DR or TUN",
        f"{before}{word} TUN type gue port »65536 :: [1, 65535]",
        f"{before}»{word} :: needs",
    )


TIMERS: dict[str, Uses] = {
    "delay_before_retry": seconds("delay_before_retry", 7, "0", LONG, beyond="18446744073710"),
    "warmup": seconds("warmup", 7, "0", LONG, beyond="18446744073710"),
    "delay_loop": seconds("delay_loop", 7.5, "0.000001", LONG, beyond="0"),
}
TIMEOUT = seconds("connect_timeout", 7, "0.000001", "4294.967295", beyond="4295")
SERVER: dict[str, Uses] = {
    **TIMERS,
    "connect_timeout": TIMEOUT,
    "slow_start": seconds("slow_start", 7, "0", "4294.967295", beyond="4295"),
    "ip_family": ("ip_family inet6", "ip_family »ipv6 :: use one of inet, inet6", "»ip_family :: needs"),
    "retry": number("retry", 7, 1, U32),
    "inhibit_on_failure": flag("inhibit_on_failure"),
    "lb_algo": ("lb_algo sh => lvs_sched sh", f"lb_algo »round :: {SCHEDULERS}", "»lb_algo :: needs"),
    "lvs_sched": ("lvs_sched sh", f"lvs_sched »round :: {SCHEDULERS}", "»lvs_sched :: needs"),
    "hashed": ("", "»hashed :: sh"),
    "ops": ("protocol UDP\n ops => ops", "»ops :: UDP"),
    **{f"flag-{n}": (f"lvs_sched sh\n flag-{n} => flag-{n}",) for n in (1, 2, 3)},
    **{
        f"{name}-{what}": (f"lvs_sched {name}\n {name}-{what} => {name}-{what}", f"»{name}-{what} :: {name}")
        for name in ("sh", "mh")
        for what in ("port", "fallback")
    },
    "lb_kind": method("lb_kind", dumped="lvs_method"),
    "lvs_method": method("lvs_method"),
    "persistence_engine": ("persistence_timeout 7\n persistence_engine sip => persistence_engine sip",
                           "persistence_engine »abcdefghijklmnopq :: longer than 16", "»persistence_engine :: needs"),
    "persistence_timeout": ("persistence_timeout 7", "persistence_timeout »2678401 :: [1, 2678400]"),
    "persistence_granularity": (
        "persistence_granularity 255.255.255.0",
        "persistence_granularity »300.0.0.0 :: 300.0.0.0",
        "»persistence_granularity :: needs",
    ),
    "protocol": ("protocol UDP", "protocol »ICMP :: use one of TCP, UDP, SCTP", "»protocol :: needs"),
    "ha_suspend": flag("ha_suspend"),
    "smtp_alert": boolean("smtp_alert"),
    "virtualhost": text("virtualhost", "www.example.org"),
    "snmp_name": (*text("snmp_name", "web"), "snmp_name web »site :: exactly one word"),
    "alpha": flag("alpha"),
    "omega": flag("omega"),
    "quorum_up": script("quorum_up"),
    "quorum_down": script("quorum_down"),
    "quorum": ("weight 9\n quorum 2 => quorum 2", "quorum »0 :: [1, 4294967295]", "»quorum :: needs"),
    "hysteresis": ("weight 9\n quorum 7\n hysteresis 2 => hysteresis 2", "hysteresis »x :: use 0..4294967295"),
    "weight": number("weight", 7, 1, 2**31 - 1),
    "sorry_server": (
        "sorry_server 10.0.0.7 80",
        "sorry_server »10.0.0.777 80 :: IP address",
        "sorry_server 10.0.0.7 »65536 :: 65535",
        "»sorry_server :: needs",
    ),
    "sorry_server_inhibit": ("sorry_server 10.0.0.7 80\n sorry_server_inhibit => sorry_server_inhibit",
                             "»sorry_server_inhibit :: sorry_server"),
    "sorry_server_lvs_method": method("sorry_server_lvs_method", before="sorry_server 10.0.0.7 80\n "),
    "real_server": (
        "real_server 10.0.0.8 80 {\n }",
        "real_server »10.0.0.888 80 {\n } :: IP address",
        "real_server 10.0.0.8 »65536 {\n } :: 65535",
        "»real_server 10.0.0.8 80 :: missing '{'",
    ),
}  # fmt: skip

REAL: dict[str, Uses] = {
    **TIMERS,
    "connect_timeout": TIMEOUT,
    "slow_start": seconds("slow_start", 7, "0", "4294.967295", beyond="4295"),
    "weight": number("weight", 7, 0, 2**31 - 1),
    "lvs_method": method("lvs_method"),
    "uthreshold": number("uthreshold", 7, 0, U32),
    "lthreshold": number("lthreshold", 7, 0, U32),
    "inhibit_on_failure": boolean("inhibit_on_failure"),
    "notify_up": script("notify_up"),
    "notify_down": script("notify_down"),
    "alpha": boolean("alpha"),
    "retry": number("retry", 7, 1, U32),
    "smtp_alert": boolean("smtp_alert"),
    "virtualhost": text("virtualhost", "www.example.org"),
    "snmp_name": (*text("snmp_name", "web"), "snmp_name web »site :: exactly one word"),
    "MISC_CHECK": ("MISC_CHECK {\n misc_path /bin/true\n } => MISC_CHECK {", "»MISC_CHECK {\n } :: misc_path"),
    "SMTP_CHECK": ("SMTP_CHECK {\n }", "»SMTP_CHECK :: missing '{'"),
    "TCP_CHECK": ("TCP_CHECK {\n }", "»TCP_CHECK :: missing '{'"),
    "AGENT_CHECK": ("AGENT_CHECK {\n }", "»AGENT_CHECK :: missing '{'"),
    "PING_CHECK": ("PING_CHECK {\n }", "»PING_CHECK :: missing '{'"),
    "UDP_CHECK": ("UDP_CHECK {\n }", "»UDP_CHECK :: missing '{'"),
    "HTTP_GET": ("HTTP_GET {\n url {\n path /\n }\n }", "»HTTP_GET {\n } :: url"),
    "SSL_GET": ("SSL_GET {\n url {\n path /\n }\n }", "»SSL_GET {\n } :: url"),
    "DNS_CHECK": ("DNS_CHECK {\n name example.org\n }", "»DNS_CHECK :: missing '{'"),
    "FILE_CHECK": ("FILE_CHECK {\n track_file tf\n }", "»FILE_CHECK {\n } :: track_file"),
    "BFD_CHECK": ("BFD_CHECK {\n name bf\n }", "»BFD_CHECK {\n } :: name"),
}

COMMON: dict[str, Uses] = {
    **TIMERS,
    "retry": number("retry", 7, 0, U32),
    "rise": number("rise", 7, 1, U32),
    "alpha": boolean("alpha"),
    "log_all_failures": boolean("log_all_failures"),
}
CONNECTION: dict[str, Uses] = {
    **COMMON,
    "connect_timeout": TIMEOUT,
    "connect_ip": address("connect_ip"),
    "connect_port": number("connect_port", 7, 1, 65535),
    "bindto": address("bindto"),
    "bind_port": number("bind_port", 7, 1, 65535),
    "bind_if": interface("bind_if"),
    "fwmark": number("fwmark", 7, 0, U32),
}
TCP: dict[str, Uses] = {
    **CONNECTION,
    "step": ("step {\n send a\n }", "»step :: missing '{'"),
    "tcp_close": ("tcp_close graceful", "tcp_close »fin :: use one of rst, graceful", "»tcp_close :: needs"),
}
STEP: dict[str, Uses] = {
    "send": (
        'send "PING\\r\\n" => send PING\\r\\n',
        "send »\\z :: is no escape",
        "send »\\? :: no meaning",
        "»send :: needs",
    ),
    "expect": ("expect +PONG \\?\\x00", "expect +PONG »\\x0 :: is no escape", "»expect :: needs"),
}
AGENT: dict[str, Uses] = {**CONNECTION, "send": STEP["send"]}
MISC: dict[str, Uses] = {
    **COMMON,
    "misc_path": ("misc_path /bin/sleep => misc_path \"'/bin/sleep'\"", "»misc_path :: needs"),
    "misc_timeout": number("misc_timeout", 7, 0, 4294),
    "misc_dynamic": flag("misc_dynamic"),
    "user": ("user nobody", "»user :: needs", "user »nosuchuser :: nosuchuser"),
}
SMTP: dict[str, Uses] = {
    **CONNECTION,
    "helo_name": text("helo_name", "example.org"),
    "host": ("host {\n connect_port 7\n } => connect_port 7", "»host :: missing '{'"),
}
HOST: dict[str, Uses] = CONNECTION
UDP: dict[str, Uses] = {
    **CONNECTION,
    "payload": ("payload 00ff => payload 00ff", "payload »0g :: 0g", "»payload :: needs"),
    "require_reply": ("require_reply 00fx", "require_reply »0g :: 0g"),
    "min_reply_length": ("require_reply\n min_reply_length 7 => min_reply_length 7",
                         "min_reply_length »65536 :: [0, 65535]"),
    "max_reply_length": ("require_reply\n max_reply_length 7 => max_reply_length 7",
                         "max_reply_length »65536 :: [0, 65535]"),
}  # fmt: skip
HTTP: dict[str, Uses] = {
    **CONNECTION,
    "nb_get_retry": ("", "»nb_get_retry 7 :: retry"),
    "virtualhost": text("virtualhost", "www.example.org"),
    "http_protocol": ("http_protocol 1.1", "http_protocol »2 :: use one of", "»http_protocol :: needs"),
    "enable_sni": boolean("enable_sni"),
    "sni_name": ("sni_name www.example.org",),
    "fast_recovery": boolean("fast_recovery"),
    "url": ("url {\n path /new\n }", "»url {\n } :: path", "»url :: missing '{'"),
}
SSL_GET: dict[str, Uses] = {
    **HTTP,
    "tls_compliant": boolean("tls_compliant"),
    "tls_verify": boolean("tls_verify"),
    "tls_ca": text("tls_ca", "/etc/ssl/web.pem"),
    "tls_server_name": text("tls_server_name", "www.example.org"),
    "tls_certificate": text("tls_certificate", "/etc/ssl/us.pem"),
    "tls_key": text("tls_key", "/etc/ssl/us.key"),
}
URL: dict[str, Uses] = {
    "path": ("path /new", "»path :: needs"),
    "digest": ("digest 640205b7b0fc66c1ea91c463fac6334d", "digest »640205b7 :: 32", "»digest :: needs"),
    "status_code": ("status_code 200-299 404", "status_code »99 :: 99", "status_code »299-200 :: 299-200",
                    "»status_code :: needs"),
    "virtualhost": text("virtualhost", "www.example.org"),
    "regex": ('regex "a.c" => regex a.c', "»regex :: needs"),
    "regex_no_match": ("regex a\n regex_no_match => regex_no_match",),
    "regex_options": ("regex a\n regex_options caseless => regex_options caseless",
                      "regex a\n regex_options »nocase :: caseless"),
    "regex_min_offset": ("regex a\n regex_min_offset 7 => regex_min_offset 7", "regex a\n regex_min_offset »x :: x"),
    "regex_max_offset": ("regex a\n regex_max_offset 7 => regex_max_offset 7", "regex a\n regex_max_offset »x :: x"),
    "method": ("method HEAD", "method »DANCE :: use one of GET, HEAD", "»method :: needs"),
    "header": ("header X-Probe yes", "header »X:Probe yes :: no name of a header", "»header X-Probe :: needs"),
    "body": text("body", "ping"),
    "json_path": ("json_path checks[0].status up", "»json_path status :: needs"),
    "regex_stack": ("regex a\n regex_stack 7 8 => regex_stack 7 8", "regex a\n regex_stack »8 7 :: must not be above"),
}  # fmt: skip
SSL_URL: dict[str, Uses] = {**URL, "tls_compliant": boolean("tls_compliant")}
DNS: dict[str, Uses] = {
    **CONNECTION,
    "type": ("type MX", "type »PTR :: use one of", "»type :: needs"),
    "name": ("name www.example.org", "name »a..org :: 1 to 63", "»name :: needs"),
}
FILE: dict[str, Uses] = {
    "track_file": ("track_file tf", "track_file »none :: none", "»track_file :: needs"),
    "weight": ("weight -7 reverse", "weight »2147483648 :: [-2147483647, 2147483647]"),
}
BFD_CHECK: dict[str, Uses] = {
    "name": ("name bf", "name »none :: none", "»name :: needs"),
    "alpha": boolean("alpha"),
}
SSL: dict[str, Uses] = {word: text(word, "/tmp/x") for word in ("password", "ca", "certificate", "key")}

BODY = " {\n lvs_sched rr\n lvs_method NAT\n real_server 10.0.0.8 80 {\n }\n}"
PLAIN = BODY.replace("NAT", "NAT\n protocol TCP")
HEAD: dict[str, Uses] = {
    "<addr>": (
        f"virtual_server 10.0.0.1 80{PLAIN} => virtual_server 10.0.0.1 80 {{",
        f"virtual_server »10.0.0.1.2 80{PLAIN} :: IP address",
        f"virtual_server 10.0.0.1 »65536{PLAIN} :: 65535",
    ),
    "fwmark": (
        f"virtual_server fwmark 7{BODY} => virtual_server fwmark 7 {{",
        f"virtual_server fwmark »x{BODY} :: x",
        f"»virtual_server fwmark{BODY} :: needs",
    ),
    "group": (
        f"virtual_server_group G {{\n 10.0.0.1 80\n}}\nvirtual_server group G{PLAIN} => virtual_server group G {{",
        f"virtual_server »group none{PLAIN} :: none",
        f"»virtual_server group{BODY} :: needs",
    ),
}
GROUP: dict[str, Uses] = {
    "<addr>": ("10.0.0.2 80", "»10.0.0 80 :: IP address", "10.0.0.2 »65536 :: 65535"),
    "<range-short>": ("10.0.0.2-9 80 => 10.0.0.2-10.0.0.9 80", "»10.0.0.9-2 80 :: 10.0.0.9-2"),
    "<range-full>": ("10.0.0.2-10.0.0.9 80", "»10.0.0.9-10.0.0.2 80 :: 10.0.0.9-10.0.0.2"),
    "<cidr>": ("10.0.0.0/30 80 => 10.0.0.0-10.0.0.3 80", "»10.0.0.1/30 80 :: 10.0.0.1/30"),
    "fwmark": ("fwmark 7", "fwmark »x :: x", "»fwmark :: fwmark"),
}
TOP: dict[str, Uses] = {
    "SSL": ("SSL {\n ca /tmp/x\n}",),
    "virtual_server_group": ("virtual_server_group G {\n 10.0.0.2 80\n}", "»virtual_server_group {\n} :: needs"),
    "virtual_server": (
        f"virtual_server 10.0.0.1 80{PLAIN}",
        "virtual_server »10.0.0.1 80 {\n lvs_sched rr\n} :: real servers",
        "»virtual_server {\n} :: needs",
    ),
}
