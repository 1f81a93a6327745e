"""Many signals at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

NUMBERS = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGUSR2, *range(36, 46))

PROGRAM = f"""
import faulthandler, signal, sys
from keepalived_py.kernel import signal_stack
faulthandler.enable()
signal_stack.enlarge()
heard = []
for number in {tuple(int(number) for number in NUMBERS)}:
    signal.signal(number, lambda number, _frame: heard.append(number))
print("ready", flush=True)
sys.stdin.readline()
print(len(heard))
"""


def test_signals_that_come_together_after_a_pause_are_all_heard() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED)
        for number in NUMBERS:
            process.send_signal(number)
        process.send_signal(signal.SIGCONT)
        process.stdin.write("\n")
        process.stdin.close()
        assert process.stdout.read() == f"{len(NUMBERS)}\n"
    assert process.returncode == 0
