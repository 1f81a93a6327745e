"""`keepalived --config-test`: read the configuration, say what is wrong with it, start nothing."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from keepalived_py.config.load import load
from keepalived_py.errors import ConfigTestCode

if TYPE_CHECKING:
    from keepalived_py.config.model import Config
    from keepalived_py.options import Options


def config_test(options: Options) -> int:
    """Test the configuration that `options` name; return the exit code.

    Diagnostics go to standard error, or are appended to the file given with --config-test.
    """
    loaded = load(options.config_file, options, interfaces_in=_interfaces_in)
    text = "".join(f"{diagnostic.render()}\n" for diagnostic in loaded.diagnostics.in_order(loaded.files))
    if loaded.config is not None:
        write_merged(options, loaded.config)
    written = _write(text.encode("utf-8", "surrogateescape"), options.config_test_log)
    return loaded.exit_code if written else ConfigTestCode.COMMAND_LINE


def write_merged(options: Options, config: Config) -> None:
    """Write the whole configuration, as it was understood, to the descriptor of --config-fd, if that was given."""
    if options.config_descriptor is None:
        return
    from keepalived_py.config.dump import dump  # noqa: PLC0415 - only --config-fd needs it

    with os.fdopen(options.config_descriptor, "wb") as file:
        file.write(dump(config).encode("utf-8", "surrogateescape"))


def _interfaces_in(namespace: str) -> list[str]:
    from keepalived_py.kernel.namespace import interfaces_in  # noqa: PLC0415 - few configurations run in a namespace

    return interfaces_in(namespace)


def _write(text: bytes, path: str | None) -> bool:
    if path is None:
        sys.stderr.buffer.write(text)
        sys.stderr.buffer.flush()
        return True
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as problem:
        sys.stderr.write(f"Unable to open config-test log file {path}: {problem.strerror}\n")
        return False
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
    return True
