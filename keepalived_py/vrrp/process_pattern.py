"""Which processes a vrrp_track_process is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from keepalived_py.config.model.tracking import TrackProcess

COMM_BYTES = 15
"""Bytes of the short name that the kernel keeps."""


class ProcessPattern(NamedTuple):
    """What is compared, in bytes as /proc has them.

    Attributes:
        program: the short name or, with `whole`, the first word of the command line.
        parameters: the words after it, each followed by a zero.
        whole: whether the command line is compared.
        match: `exact`, `initial` (the parameters begin like this, the last word maybe cut), `partial` (the first words
            are these), or "" when parameters do not matter.
    """

    program: bytes
    parameters: bytes
    whole: bool
    match: str

    @property
    def longest(self) -> int:
        """How many bytes of the command line decide; 0 when it is not needed."""
        return len(self.program) + len(self.parameters) + 2 if self.whole else 0

    def fits(self, comm: bytes, line: bytes) -> bool:
        """Return whether a process is meant.

        Args:
            comm: its short name.
            line: its command line, at least `longest` bytes of it.
        """
        if not self.whole:
            return comm == self.program
        program, _, parameters = line.partition(b"\0")
        return program == self.program and self._fits_parameters(parameters)

    def _fits_parameters(self, parameters: bytes) -> bool:
        if self.match == "exact":
            return parameters == self.parameters
        if self.match == "initial":
            return parameters.startswith(self.parameters.removesuffix(b"\0"))
        return not self.match or parameters.startswith(self.parameters)


def pattern_of(definition: TrackProcess) -> ProcessPattern:
    """Return what a definition looks for; parameters are compared exactly unless it says otherwise."""
    program, *words = (word.encode("utf-8", "surrogateescape") for word in definition.process)
    parameters = b"".join(word + b"\0" for word in words)
    match = definition.param_match or ("exact" if words else "")
    whole = definition.full_command or bool(match)
    return ProcessPattern(program if whole else program[:COMM_BYTES], parameters, whole, match)
