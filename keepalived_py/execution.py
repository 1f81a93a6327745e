"""Turning a fork into another program: identity, signals, descriptors, environment, exec.

Nothing here waits. Whether the program could be executed is told through a pipe that exec closes, so that a
program on a file system that hangs holds up nobody but its own process.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from keepalived_py.kernel.process import die_with_parent
from keepalived_py.structure import structure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from keepalived_py.kernel.scheduling import Conditions

REMOVED = ("IFS", "LD_PRELOAD", "LD_LIBRARY_PATH")
"""Variables that change what a program or a shell runs; keepalived 2.4 takes them away too."""
SHELL = "/bin/sh"
REFUSED = 127
"""Exit code of a fork that could not become the program, as shells have it."""
SECURITY = "script_security"
PIPE_BYTES = 4096


@structure
class Command:
    """A program to be run.

    Attributes:
        words: the program and its arguments; a name without a slash is looked for in PATH.
        path: what is executed instead of the first word.
        uid: whom it runs as; None for our own user.
        gid: its group; None for our own group.
        groups: its supplementary groups; None for ours.
        environment: variables that it gets besides those of the daemon.
        timeout: seconds after which it is ended; None lets it run.
        tied: whether it ends with the daemon.
        keep_error: whether the last line on its standard error is kept. The other end of a pipe is ours then: a
            process that it leaves behind loses standard error when the daemon ends. Otherwise it is /dev/null.
        guarded: whether it must not run when others than root could have changed it (enable_script_security).
        input: what it finds on its standard input.
    """

    words: tuple[str, ...]
    path: str | None = None
    uid: int | None = None
    gid: int | None = None
    groups: tuple[int, ...] | None = ()
    environment: Mapping[str, str] = {}
    timeout: float | None = None
    tied: bool = True
    keep_error: bool = True
    guarded: bool = False
    input: bytes = b""


class Execution(NamedTuple):
    """A fork that is becoming a program.

    Attributes:
        pid: its process, leader of a group of its own.
        error: what it says on standard error can be read here; -1 when nobody listens.
        refusal: closed by exec, or says why there was none: `PROBLEM` in UTF-8.
    """

    pid: int
    error: int
    refusal: int


def execute(command: Command, conditions: Conditions | None = None) -> Execution:
    """Fork and start a program; the caller waits for the process and closes the descriptors.

    Args:
        command: what to run.
        conditions: scheduling and limits that the program gets; None leaves them as ours are.

    Raises:
        OSError: there can be no more processes or descriptors.
    """
    with contextlib.ExitStack() as cleanup:
        refusal, refuse = _pipe(cleanup)
        error, complain = _pipe(cleanup) if command.keep_error else (-1, -1)
        parent = os.getpid()
        blocked = signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals())
        try:
            pid = os.fork()
            if not pid:
                _become(command, conditions, complain, refuse, parent)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        cleanup.pop_all()
    with contextlib.suppress(OSError):  # the child does the same; whoever comes first
        os.setpgid(pid, pid)
    os.close(refuse)
    if complain >= 0:
        os.close(complain)
    return Execution(pid, error, refusal)


def _pipe(cleanup: contextlib.ExitStack) -> tuple[int, int]:
    reader, writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    cleanup.callback(os.close, reader)
    cleanup.callback(os.close, writer)
    return reader, writer


def _become(command: Command, conditions: Conditions | None, complain: int, refuse: int, parent: int) -> NoReturn:
    """Be the child: become the program, or say why not and end."""
    try:
        _prepare(command, conditions, complain, parent)
        _replace(command)
    except BaseException as problem:  # noqa: BLE001 - nothing of the parent's code may run on in this process
        text = problem.strerror if isinstance(problem, OSError) and problem.strerror else str(problem)
        os.write(refuse, text.encode(errors="replace")[:PIPE_BYTES])
    finally:
        os._exit(REFUSED)


def _prepare(command: Command, conditions: Conditions | None, complain: int, parent: int) -> None:
    os.setpgid(0, 0)
    _reset_signals()
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(_holding(command.input) if command.input else null, 0)
    os.dup2(null, 1)
    os.dup2(null if complain < 0 else complain, 2)
    if complain >= 0:
        os.set_blocking(2, True)
    if conditions is not None:
        conditions.restore()
    if command.guarded:
        _demand_safety(command)
    _change_identity(command)
    if command.tied and not die_with_parent(signal.SIGTERM, parent):  # a change of identity would have cleared it
        raise ProcessLookupError(errno.ESRCH, "the daemon has ended")


def _holding(text: bytes) -> int:
    """Return a descriptor from which `text` can be read: of memory, which takes it all at once."""
    descriptor = os.memfd_create("input")
    while text:
        text = text[os.write(descriptor, text) :]
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _reset_signals() -> None:
    """Give every signal its default action; those sent meanwhile act when the mask goes."""
    for number in signal.valid_signals():
        if number not in {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _demand_safety(command: Command) -> None:
    """Raise PermissionError when others than root could have changed the program since the configuration was read."""
    from keepalived_py.config.environment import SystemEnvironment  # noqa: PLC0415 - loaded already, in the daemon
    from keepalived_py.config.script_safety import Runner, ScriptState, inspect, weakness  # noqa: PLC0415

    uid = os.geteuid() if command.uid is None else command.uid
    gid = os.getegid() if command.gid is None else command.gid
    program, runner, system = command.path or command.words[0], Runner(uid, gid), SystemEnvironment()
    if inspect(program, runner, system) & ScriptState.INSECURE:
        blame = weakness(program, runner, system)
        raise PermissionError(errno.EPERM, f"{SECURITY}: {blame.describe() if blame else program}")


def _change_identity(command: Command) -> None:
    """Take groups, group and user; a process that is nobody else afterwards need not be allowed to."""
    uid = os.geteuid() if command.uid is None else command.uid
    gid = os.getegid() if command.gid is None else command.gid
    stays = uid == os.geteuid() and gid == os.getegid()
    if command.groups is not None:
        try:
            os.setgroups(command.groups)
        except PermissionError:
            if not stays:
                raise
    if not stays:
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)


def _replace(command: Command) -> NoReturn:
    """Exec; a file that the kernel does not know how to run goes to the shell, as execvp(3) has it."""
    environment = {name: text for name, text in os.environ.items() if name not in REMOVED}
    environment.update(command.environment)
    problem: OSError = FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    for path in _candidates(command.path or command.words[0], environment):
        try:
            os.execve(path, command.words, environment)  # noqa: S606 - no shell is the point
        except OSError as error:
            if error.errno == errno.ENOEXEC:
                os.execve(SHELL, (SHELL, path, *command.words[1:]), environment)  # noqa: S606
            if error.errno not in {errno.ENOENT, errno.ENOTDIR}:
                problem = error
    raise problem


def _candidates(program: str, environment: Mapping[str, str]) -> Iterator[str]:
    """Yield the paths at which a program may be."""
    if "/" in program:
        yield program
        return
    for directory in os.get_exec_path(environment):
        yield f"{directory}/{program}"
