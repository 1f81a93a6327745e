"""The verbs of `keepalivedctl` that ask a running daemon: `status` and `history`."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

from keepalived_py import control_client
from keepalived_py.control_client import NoAnswerError, State
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
    status.add_argument("--watch", action="store_true", help="again and again, until interrupted")
    status.add_argument("--every", type=float, default=1.0, metavar="SECS", help="pause of --watch (default: 1)")
    history = verbs.add_parser("history", help="show what happened, with causes; survives crashes of the daemon")
    _add_common(history)
    history.add_argument("--last", type=int, default=MOST_RECORDS, metavar="N", help="only the newest records")


def _add_common(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--json", action="store_true", help="for programs")
    verb.add_argument("--instance", metavar="NAME", default="", help="only this vrrp_instance")
    verb.add_argument("--socket", metavar="PATH", help="control_socket of the daemon")
    verb.add_argument("--instance-name", metavar="NAME", help="of the daemon (keyword instance)")
    verb.add_argument("--namespace", metavar="NAME", help="network namespace of the daemon (keyword net_namespace)")


def run(arguments: argparse.Namespace) -> int:
    """Do what the command line says; return the exit code."""
    path = arguments.socket or control_client.default_path(arguments.instance_name, arguments.namespace)
    try:
        if arguments.verb == "history":
            return _once(path, f"history {max(0, arguments.last)} {arguments.instance}".strip(), arguments)
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


def _once(path: str, request: str, arguments: argparse.Namespace) -> int:
    state = control_client.state(path, request)
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
    names = ("records",) if arguments.verb == "history" else ("parent", "children", "vrrp", "instances", "scripts")
    values = {name: getattr(state, name) for name in (*names, "problems")}
    return json.dumps(values, indent=None if getattr(arguments, "watch", False) else 1) + "\n"
