"""The import rules of docs/architecture/modules.md, read from the source with `ast`."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "keepalived_py"
MODULES = sorted(PACKAGE.rglob("*.py"))
EDGE_MODULES = frozenset({"socket", "os", "time", "select", "subprocess", "signal", "asyncio", "threading"})
FEATURES = frozenset({"vrrp", "check", "bfd"})

PURE = frozenset(
    {
        "errors",
        *(f"kernel.{name}" for name in ("routes", "rules", "encapsulation")),
        *(f"vrrp.{name}" for name in ("routing", "holdings", "restoration")),
        "messages",
        "file_number",
        "check.agent",
        *(
            f"config.{name}_checks"
            for name in ("instance", "interface", "group", "tracking", "script", "server", "key", "firewall")
        ),
        "options",
        "process_settings",
        "vrrp.receive_buffer",
        "watchdog.reload_time",
        *(f"config.{name}" for name in ("lexer", "expand", "tree", "scalars", "fields", "model")),
        *(f"config.{name}" for name in ("build", "checks", "diagnostics", "dump", "describe")),
        *(f"config.{name}_values" for name in ("global", "vrrp", "tracking", "check", "routing")),
        *(
            f"config.{name}"
            for name in ("addresses", "arguments", "blocks", "directives", "effective", "keywords", "reading")
        ),
        *(
            f"config.{name}"
            for name in (
                "definitions",
                "repetition",
                "include",
                "script_words",
                "randomness",
                "script_safety",
                "correction",
                "concealment",
                "familiar",
            )
        ),
        *(f"vrrp.{name}" for name in ("packet", "authentication", "timers", "instance", "effects", "router")),
        *(f"kernel.{name}" for name in ("message", "rtnl", "interfaces", "ethernet", "arp", "ndisc")),
        *(
            f"vrrp.{name}"
            for name in ("parameters", "state", "rejection", "reception", "adverts", "cause", "peers", "report")
        ),
        *(f"vrrp.{name}" for name in ("announcements", "owner", "signature", "ruleset")),
        *(f"vrrp.{name}" for name in ("source", "script_counter", "tracked_item", "tracking", "member", "sync_group")),
        *(f"vrrp.{name}" for name in ("footing", "virtual_link", "link_demands", "pacing")),
        "kernel.links",
        "kernel.ipvs",
        *(f"check.{name}" for name in ("marks", "sync_daemons")),
        *(
            f"vrrp.{name}"
            for name in (
                "process_pattern",
                "process_census",
                "process_quorum",
                "script_run",
                "interface_delays",
                "link_polling",
            )
        ),
        *(
            f"check.{name}"
            for name in (
                "probe",
                "target",
                "settings",
                "health",
                "plan",
                "observations",
                "report",
                "state_dump",
                "http_answer",
                "http_request",
                "hex_dump",
            )
        ),
        "watchdog.policy",
        *(f"notify.{name}" for name in ("vocabulary", "event", "queue", "mail", "mail_queue")),
        "vrrp.news",
        "observability.budget",
        "observability.counters",
        "observability.history",
        "observability.json_text",
        "observability.dump_names",
        "vrrp.statistics_dump",
        "vrrp.json_dump",
    }
)

FORBIDDEN = {
    "kernel": {"vrrp", "check", "bfd", "config", "watchdog", "notify", "observability"},
    "config": {"vrrp", "check", "bfd", "kernel", "watchdog", "notify", "observability"},
    "notify": FEATURES | {"watchdog", "kernel"},
    "observability": FEATURES | {"watchdog", "kernel"},
    "vrrp": {"check", "bfd", "watchdog"},
    "check": {"vrrp", "bfd", "watchdog"},
    "bfd": {"vrrp", "check", "watchdog"},
}


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imported_names(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def is_pure(name: str) -> bool:
    return name in PURE or any(name.startswith(f"{pure}.") for pure in PURE)


@pytest.mark.parametrize("path", [path for path in MODULES if is_pure(module_name(path))], ids=module_name)
def test_pure_module_imports_no_edge(path: Path) -> None:
    roots = {name.split(".")[0] for name in imported_names(path)}
    assert not roots & EDGE_MODULES


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_module_imports_only_what_its_package_may(path: Path) -> None:
    package = module_name(path).split(".")[0]
    imported = {
        name.split(".")[1] for name in imported_names(path) if name.startswith("keepalived_py.") and "." in name
    }
    assert not imported & FORBIDDEN.get(package, set())


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_module_is_named_by_its_noun(path: Path) -> None:
    assert not set(module_name(path).split(".")) & {"utils", "common", "helpers", "base", "manager", "misc"}
