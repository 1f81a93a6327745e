"""The verbs of `keepalivedctl` that ask a running daemon, or order something: `status`, `history`, `real-server`."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

from keepalived_py import control_client
from keepalived_py.control_client import NoAnswerError, State
from keepalived_py.control_servers import real_server_lines
from keepalived_py.control_view import history_text, status_text

if TYPE_CHECKING:
    import argparse

DEAF = 1
"""Exit code: nobody answers, or there is no such instance."""
PARTLY = 3
"""Exit code: a process is missing or does not answer; what the others know was printed."""
CLEAR = "\x1b[H\x1b[2J"
MOST_RECORDS = 1_000_000


def add_to(verbs: Any) -> None:
    """Declare both verbs.

    Args:
        verbs: the action that `ArgumentParser.add_subparsers` returns.
    """
    status = verbs.add_parser("status", help="show what a running daemon does and why")
    _add_common(status)
    status.add_argument("--counters", action="store_true", help="with what IPVS has counted for each server")
    status.add_argument("--watch", action="store_true", help="again and again, until interrupted")
    status.add_argument("--every", type=float, default=1.0, metavar="SECS", help="pause of --watch (default: 1)")
    history = verbs.add_parser("history", help="show what happened, with causes; survives crashes of the daemon")
    _add_common(history)
    history.add_argument("--last", type=int, default=MOST_RECORDS, metavar="N", help="only the newest records")
    server = verbs.add_parser("real-server", help="drain a real server, or order another weight")
    _add_place(server)
    server.add_argument("virtual_server", metavar="VIRTUAL-SERVER", help="for example 10.0.0.9:80, FWM 7 or a group")
    server.add_argument("real_server", metavar="REAL-SERVER", help="for example 10.0.0.2:80")
    orders = server.add_mutually_exclusive_group(required=True)
    orders.add_argument("--drain", action="store_true", help="weight 0: connections stay, new ones go elsewhere")
    orders.add_argument("--enable", action="store_true", help="the configured weight again")
    orders.add_argument("--weight", type=int, metavar="N", help="this weight, whatever checks say about it")


def _add_common(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--json", action="store_true", help="for programs")
    verb.add_argument("--instance", metavar="NAME", default="", help="only this vrrp_instance")
    _add_place(verb)


def _add_place(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--socket", metavar="PATH", help="control_socket of the daemon")
    verb.add_argument("--instance-name", metavar="NAME", help="of the daemon (keyword instance)")
    verb.add_argument("--namespace", metavar="NAME", help="network namespace of the daemon (keyword net_namespace)")


def run(arguments: argparse.Namespace) -> int:
    """Do what the command line says; return the exit code."""
    path = arguments.socket or control_client.default_path(arguments.instance_name, arguments.namespace)
    try:
        if arguments.verb == "history":
            return _once(path, f"history {max(0, arguments.last)} {arguments.instance}".strip(), arguments)
        if arguments.verb == "real-server":
            return _order(path, arguments)
        request = f"status {arguments.instance}".strip()
        if not arguments.watch:
            return _once(path, request, arguments)
        return _watch(path, request, arguments)
    except NoAnswerError as problem:
        sys.stderr.write(f"keepalivedctl: {problem}\n")
        return DEAF
    except BrokenPipeError:
        sys.stderr.close()
        return 0


def _order(path: str, arguments: argparse.Namespace) -> int:
    """Have the health-check process change the weight of a real server."""
    word = "drain" if arguments.drain else "enable"
    order = word if arguments.weight is None else f"weight {arguments.weight}"
    names = (name.replace(" ", ":") for name in (arguments.virtual_server, arguments.real_server))
    answer = control_client.ask(path + control_client.CHECKERS, f"real-server {' '.join(names)} {order}")
    server = next(value["real_server"] for value in answer if "real_server" in value)
    sys.stdout.write("\n".join(real_server_lines(server)) + "\n")
    return 0


def _once(path: str, request: str, arguments: argparse.Namespace) -> int:
    state = control_client.state(path, request)
    if request == "status":
        control_client.add_virtual_servers(state, path, "counters" if arguments.counters else "status")
    sys.stdout.write(shown(state, arguments))
    sys.stdout.flush()
    if arguments.verb == "history" and not arguments.json:
        for problem in state.problems:
            sys.stderr.write(f"keepalivedctl: {problem}\n")
    return 0 if state.is_whole else PARTLY


def _watch(path: str, request: str, arguments: argparse.Namespace) -> int:
    """Show the state until interrupted; a daemon that is not there may come."""
    try:
        while True:
            if sys.stdout.isatty() and not arguments.json:
                sys.stdout.write(CLEAR)
            try:
                _once(path, request, arguments)
            except NoAnswerError as problem:
                sys.stdout.write(f"! {problem}\n")
                sys.stdout.flush()
            time.sleep(max(0.1, arguments.every))
    except KeyboardInterrupt:
        return 0


def shown(state: State, arguments: argparse.Namespace) -> str:
    """Return what is printed."""
    if not arguments.json:
        return history_text(state) if arguments.verb == "history" else status_text(state)
    names = (
        ("records",)
        if arguments.verb == "history"
        else ("parent", "children", "vrrp", "instances", "scripts", "checkers", "virtual_servers")
    )
    values = {name: getattr(state, name) for name in (*names, "problems")}
    return json.dumps(values, indent=None if getattr(arguments, "watch", False) else 1) + "\n"
