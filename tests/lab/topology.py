"""A wire in a namespace of its own, and the nodes that are plugged into it."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tests.lab.node import HOLDER, PATIENCE, Node

if TYPE_CHECKING:
    from collections.abc import Sequence

PREFIX = "keepalived-lab-"


def why_not() -> str:
    """Why this machine cannot run a lab; empty when it can."""
    missing = [
        name
        for name in ("ip", "unshare", "nsenter")
        if shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin") is None
    ]
    if missing:
        return f"{', '.join(missing)} not installed (Debian packages iproute2 and util-linux)"
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    done = subprocess.run(
        ["unshare", *user, "--net", "--mount", "--pid", "--fork", "ip", "link", "add", "wire", "type", "bridge"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return "" if done.returncode == 0 else f"no namespaces here: {done.stderr.strip()}"


class Lab:
    """A bridge without spanning tree or snooping; everything ends with the `with` block, or with the interpreter.

    Args:
        unprivileged: make a user namespace first, in which this user is root; None for whoever is not root.
    """

    def __init__(self, *, unprivileged: bool | None = None) -> None:
        unprivileged = os.geteuid() != 0 if unprivileged is None else unprivileged
        self.directory = Path(tempfile.mkdtemp(prefix=PREFIX))
        self.nodes: dict[str, Node] = {}
        user = ["--user", "--map-root-user"] if unprivileged else []
        self._holder = subprocess.Popen(
            ["unshare", *user, "--net", sys.executable, "-I", "-S", str(HOLDER), "", ""],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        atexit.register(self.close)
        assert self._holder.stdout is not None
        self._pid = int(self._holder.stdout.readline())
        self._user = ["--user", "--preserve-credentials"] if user else []
        self._batch(["link add wire type bridge stp_state 0 forward_delay 0 mcast_snooping 0", "link set wire up"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _batch(self, lines: Sequence[str]) -> None:
        """Run iproute2 lines in the wire's namespace."""
        subprocess.run(
            ["nsenter", "--target", str(self._pid), *self._user, "--net", "ip", "-batch", "-"],
            input="\n".join(lines) + "\n", text=True, check=True,
        )  # fmt: skip

    def add(self, **addresses: str | Sequence[str]) -> list[Node]:
        """Plug in nodes, all at once: `lab.add(why_1="192.168.0.201/24")`; the host name takes - for _.

        Args:
            addresses: per node its address or addresses with prefix length; an IPv6 link-local one comes by itself.
        """
        enter = ["nsenter", "--target", str(self._pid), *self._user] if self._user else []
        nodes = []
        for name in addresses:
            host = name.replace("_", "-")
            self.nodes[host] = Node(host, self.directory / host, enter)
            nodes.append(self.nodes[host])
        for node, given in zip(nodes, addresses.values(), strict=True):
            node.settle()
            self._plug(node, [given] if isinstance(given, str) else given)
        return nodes

    def _plug(self, node: Node, addresses: Sequence[str]) -> None:
        port = self._port(node)
        self._batch(
            [f"link add {port} type veth peer name eth0 netns {node.pid}", f"link set {port} master wire up"],
        )
        lines = "link set lo up\n" + "".join(
            f"address add {each} {'' if ':' in each else 'brd + '}dev eth0\n" for each in addresses
        )
        script = "echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_dad; ip link set eth0 up; ip -batch -"
        subprocess.run(node.words(["sh", "-c", script]), input=lines, text=True, check=True)

    def cut(self, node: Node) -> None:
        """Pull the node's cable."""
        self._batch([f"link set {self._port(node)} down"])

    def mend(self, node: Node) -> None:
        """Plug the node's cable in again."""
        self._batch([f"link set {self._port(node)} up"])

    def split_off(self, node: Node) -> None:
        """Let no frame from or to the node pass, while its cable stays in and its link up."""
        self._batch([f"link set {self._port(node)} nomaster"])

    def rejoin(self, node: Node) -> None:
        """Undo `split_off`."""
        self._batch([f"link set {self._port(node)} master wire"])

    def split(self, *nodes: Node) -> None:
        """Put nodes on a wire of their own; no carrier is lost."""
        self._batch(["link add apart type bridge stp_state 0 forward_delay 0 mcast_snooping 0", "link set apart up"])
        self._batch([f"link set {self._port(node)} master apart" for node in nodes])

    def heal(self) -> None:
        """Put everybody on one wire again."""
        self._batch([f"link set {self._port(node)} master wire" for node in self.nodes.values()])
        self._batch(["link del apart"])

    def _port(self, node: Node) -> str:
        return f"p{list(self.nodes).index(node.name) + 1}-{node.name}"[:15]

    def close(self) -> None:
        """End every process of every node and remove what they wrote."""
        atexit.unregister(self.close)
        for node in self.nodes.values():
            node.close()
        self.nodes.clear()
        for stream in (self._holder.stdin, self._holder.stdout):
            if stream is not None:
                stream.close()
        self._holder.wait(PATIENCE)
        shutil.rmtree(self.directory, ignore_errors=True)
