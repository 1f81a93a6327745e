"""Copies of the configurations that were in force one after the other (`config_save_dir`), for whoever must find out.

For each configuration that is read `keepalived.conf.PID.N`, with the parent's process number and 0 for the start, has
all of it, as it was understood. For each reload and each child `keepalived_vrrp.PID.N.pre` and `.post` say
what the child's configuration was before and is after it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from keepalived_py.config.model import Config
    from keepalived_py.observability.log import Log


class SavedConfigurations:
    """One directory of copies; made anew for each configuration.

    Args:
        directory: made if it does not exist; its parent must.
        number: of the configuration: 0 at the start, then that of the reload.
        log: hears of what cannot be written, and nothing else happens then.
    """

    def __init__(self, directory: str, number: int, log: Log) -> None:
        self._directory = directory
        self._number = number
        self._log = log

    def save(self, config: Config, pid: int) -> None:
        """Save a whole configuration for the parent with process number `pid`."""
        from keepalived_py.config.dump import dump  # noqa: PLC0415 - only this keyword needs it

        if self._prepare():
            self._write(f"keepalived.conf.{pid}.{self._number}", dump(config))

    def save_change(self, old: Config, new: Config, pids: Mapping[str, int]) -> None:
        """Save what the children with these process numbers (`vrrp`, `check`) had and will have."""
        from keepalived_py.config.describe import describe_checkers, describe_vrrp  # noqa: PLC0415

        describe: dict[str, Callable[[Config], list[str]]] = {"vrrp": describe_vrrp, "check": describe_checkers}
        for process, pid in pids.items():
            for config, when in ((old, "pre"), (new, "post")):
                name = f"keepalived_{process}.{pid}.{self._number}.{when}"
                self._write(name, "".join(f"{line}\n" for line in describe[process](config)))

    def _prepare(self) -> bool:
        umask = os.umask(0o077)
        try:
            os.mkdir(self._directory)  # noqa: PTH102 - pathlib is slow to import
        except FileExistsError:
            pass
        except OSError as problem:
            self._log.error(f"Unable to create config_save_dir {self._directory}: {problem.strerror}")
            return False
        finally:
            os.umask(umask)
        return True

    def _write(self, name: str, text: str) -> None:
        path = f"{self._directory}/{name}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
                file.write(text.encode("utf-8", "surrogateescape"))
        except OSError as problem:
            self._log.error(f"Unable to save the configuration in {path}: {problem.strerror}")
