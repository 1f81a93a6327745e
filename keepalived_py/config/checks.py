"""What the parts of a configuration say about each other and about the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.config.correction import Correction
from keepalived_py.config.firewall_checks import check_firewall
from keepalived_py.config.group_checks import check_conflicts, check_groups, check_mentions, check_track_groups
from keepalived_py.config.instance_checks import check_instance
from keepalived_py.config.interface_checks import check_interfaces
from keepalived_py.config.script_checks import ScriptChecks
from keepalived_py.config.tracking_checks import check_references, check_weights, known_objects

if TYPE_CHECKING:
    from keepalived_py.config.diagnostics import Diagnostics
    from keepalived_py.config.environment import Environment
    from keepalived_py.config.familiar import Familiar
    from keepalived_py.config.model import Config
    from keepalived_py.config.model.bfd import BfdInstance
    from keepalived_py.config.model.globals import GlobalDefs
    from keepalived_py.config.tracking_checks import Known


def check(
    config: Config, environment: Environment, diagnostics: Diagnostics, familiar: Familiar | None = None
) -> Config:
    """Return the configuration as it can run.

    Every contradiction is one diagnostic that says what was dropped or changed; dropped and changed are
    the same things that keepalived 2.4.3 drops and changes.

    Args:
        config: what `build` made of the text.
        environment: the machine.
        diagnostics: where problems go.
        familiar: virtual servers that have passed, by their statements.
    """
    _check_mail(config, environment, diagnostics)
    config = check_firewall(config, diagnostics)
    missing = check_interfaces(config, environment, diagnostics)
    scripts = ScriptChecks(config.global_defs, environment, diagnostics)
    config = _check_objects(config, scripts, diagnostics)
    config = _check_notifications(config, scripts)
    if config.vrrp_instances and not missing:
        scripts.check_security("VRRP")
    scripts.forget()
    known = known_objects(config, {"track_script": scripts.disabled}, checker=False)
    config = check_track_groups(config, diagnostics)
    config = check_mentions(_check_vrrp(config, known, environment, diagnostics), diagnostics)
    known = known_objects(config, {"track_script": scripts.disabled}, checker=True)
    config = _check_servers(config, scripts, known, diagnostics, familiar or {})
    if config.virtual_servers:
        scripts.check_security("check")
    scripts.forget()
    config = config.changed(global_defs=scripts.check_record(scripts.check_pipes(config.global_defs), "global_defs"))
    scripts.check_security("global")
    return _check_checker_user(config, environment, diagnostics)


def _check_checker_user(config: Config, environment: Environment, diagnostics: Diagnostics) -> Config:
    """Find out who the health-check process is to become; nobody else when there is no such user."""
    name = config.global_defs.checker_user
    if name is None:
        return config
    identity = environment.user(name)
    if identity is None or identity[0] == 0:
        reason = "does not exist" if identity is None else "is root"
        diagnostics.error(f"checker_user {name} {reason}: ignored", config.global_defs.location("checker_user"))
        return config.changed(global_defs=config.global_defs.changed(checker_user=None))
    return config.changed(global_defs=config.global_defs.changed(checker_identity=identity))


def _check_mail(config: Config, environment: Environment, diagnostics: Diagnostics) -> None:
    server = config.global_defs.smtp_server
    if server is not None and isinstance(server.host, str) and not environment.resolves(server.host):
        where = config.global_defs.location("smtp_server")
        diagnostics.error(f"smtp_server {server.host} has no address", where)
    _check_mail_security(config.global_defs, diagnostics)


def _check_mail_security(defaults: GlobalDefs, diagnostics: Diagnostics) -> None:
    """Say what is contradictory or dangerous about TLS and login; the daemon goes by smtp_tls then."""
    if defaults.smtp_tls and defaults.smtp_starttls:
        where = defaults.location("smtp_starttls")
        diagnostics.error("smtp_starttls is pointless with smtp_tls, which encrypts from the first byte on", where)
    if defaults.smtp_auth is not None and not (defaults.smtp_tls or defaults.smtp_starttls):
        where = defaults.location("smtp_auth")
        diagnostics.warning("smtp_auth without smtp_starttls or smtp_tls sends the password in the clear", where)


def _check_objects(config: Config, scripts: ScriptChecks, diagnostics: Diagnostics) -> Config:
    """Drop tracked objects that miss what they are about."""
    usable = [script for script in map(scripts.check_tracked, config.vrrp_scripts) if script is not None]
    files = []
    for file in config.track_files:
        if file.file is None:
            Correction(file, file.name, diagnostics).drop("track_file has no file: ignored")
        else:
            files.append(file)
    processes = []
    for process in config.vrrp_track_processes:
        if not process.process:
            Correction(process, process.name, diagnostics).drop("vrrp_track_process has no process: ignored")
        else:
            processes.append(process)
    return config.changed(
        vrrp_scripts=tuple(usable),
        track_files=tuple(files),
        vrrp_track_processes=tuple(processes),
        bfd_instances=_check_sessions(config, diagnostics),
    )


def _check_sessions(config: Config, diagnostics: Diagnostics) -> tuple[BfdInstance, ...]:
    """Return the BFD sessions that have a neighbour, each neighbour once for a source address."""
    kept: dict[tuple[object, ...], BfdInstance] = {}
    for session in config.bfd_instances:
        check = Correction(session, session.name, diagnostics)
        key = (session.neighbor_ip, session.source_ip, session.multihop)
        if session.neighbor_ip is None:
            check.drop("bfd_instance has no neighbor_ip: ignored")
        elif session.source_ip is not None and session.source_ip.version != session.neighbor_ip.version:
            check.drop("source_ip and neighbor_ip are not of one family: the bfd_instance is ignored", "source_ip")
        elif key in kept:
            message = f"{session.neighbor_ip} is the neighbour of bfd_instance {kept[key].name} already: ignored"
            check.drop(message, "neighbor_ip")
        else:
            kept[key] = session
    return tuple(kept.values())


def _check_notifications(config: Config, scripts: ScriptChecks) -> Config:
    """Drop notify scripts that cannot run."""
    return config.changed(
        vrrp_instances=tuple(scripts.check_record(instance, instance.name) for instance in config.vrrp_instances),
        vrrp_sync_groups=tuple(scripts.check_record(group, group.name) for group in config.vrrp_sync_groups),
    )


def _check_servers(
    config: Config, scripts: ScriptChecks, known: Known, diagnostics: Diagnostics, familiar: Familiar
) -> Config:
    """Check virtual servers and the scripts around them."""
    if not config.virtual_servers:
        return config
    from keepalived_py.config.server_checks import ServerChecks, label  # noqa: PLC0415 (its model is large)

    checks = ServerChecks(config.virtual_server_groups, known, diagnostics)
    passed = []
    for server in config.virtual_servers:
        if server.source in familiar:
            passed.append(server)
        elif (usable := checks.check(server)) is not None:
            passed.append(scripts.check_server(usable, label(usable)))
    return config.changed(virtual_servers=tuple(passed))


def _check_vrrp(config: Config, known: Known, environment: Environment, diagnostics: Diagnostics) -> Config:
    """Check instances and groups, alone and against each other."""
    defaults = config.global_defs
    dynamic = bool(defaults.dynamic_interfaces)
    runnable = [check_instance(instance, defaults, environment, diagnostics) for instance in config.vrrp_instances]
    instances = check_conflicts([instance for instance in runnable if instance], defaults, diagnostics)
    groups = check_groups(config.vrrp_sync_groups, instances, diagnostics)
    checked_groups = []
    for group in groups:
        correction = Correction(group, group.name, diagnostics)
        check_references(correction, known, environment, dynamic=dynamic)
        checked_groups.append(correction.record)
    membership = {name: group for group in checked_groups for name in group.group}
    checked = []
    for instance in instances:
        draft = Correction(instance, instance.name, diagnostics)
        check_references(draft, known, environment, dynamic=dynamic)
        check_weights(draft, membership.get(instance.name), known)
        checked.append(draft.record)
    return config.changed(vrrp_instances=tuple(checked), vrrp_sync_groups=tuple(checked_groups))
