"""How long 50,000 lines with 10,000 real servers take: read here in this process, and by `keepalived -t` beside it."""

from __future__ import annotations

import argparse
import gc
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from keepalived_py.config.environment import RecordedEnvironment
from keepalived_py.config.load import load
from keepalived_py.options import Options

REAL_SERVERS = 10_000
PER_SERVICE = 200


def configuration() -> str:
    """Return about 50,000 lines: 50 virtual servers with 200 real servers each, every one with a TCP_CHECK."""
    lines = ["global_defs {", "    router_id bench", "}"]
    for service in range(REAL_SERVERS // PER_SERVICE):
        lines += [f"virtual_server 10.0.{service}.1 80 {{", "    delay_loop 6", "    lb_algo rr", "    lb_kind NAT"]
        lines += ["    protocol TCP"]
        for server in range(PER_SERVICE):
            lines += [f"    real_server 10.{service + 1}.{server // 250}.{server % 250 + 1} 80 {{", "        weight 1"]
            lines += ["        TCP_CHECK { connect_timeout 3 }", "    }", ""]
        lines.append("}")
    return "\n".join(lines) + "\n"


def measure_ours(path: Path, runs: int) -> tuple[float, float]:
    """Return the best wall time and the best processor time of reading, typing and checking."""
    best = (float("inf"), float("inf"))
    for _ in range(runs):
        gc.collect()
        started, used = time.perf_counter(), time.process_time()
        loaded = load(str(path), Options(), RecordedEnvironment())
        took = (time.perf_counter() - started, time.process_time() - used)
        if loaded.exit_code:
            raise SystemExit("\n".join(entry.render() for entry in loaded.diagnostics))
        best = (min(best[0], took[0]), min(best[1], took[1]))
    return best


def measure_keepalived(program: str, path: Path, runs: int) -> tuple[float, float]:
    """Return the best wall time and the best processor time of `keepalived -t`, process start included."""
    best = (float("inf"), float("inf"))
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        started = time.perf_counter()
        subprocess.run([program, "-t", "-f", str(path)], check=False, capture_output=True, timeout=60)
        took = time.perf_counter() - started
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        best = (min(best[0], took), min(best[1], used))
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--keepalived", default=shutil.which("keepalived") or "/usr/sbin/keepalived")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "bench.conf")
        text = configuration()
        path.write_text(text, encoding="ascii")
        ours = measure_ours(path, options.runs)
        print(
            f"configuration: {text.count(chr(10))} lines, {text.count('real_server ')} real servers, {len(text)} bytes"
        )
        print(f"{'':24}{'wall s':>10}{'cpu s':>10}")
        print(f"{'keepalived-py':24}{ours[0]:10.3f}{ours[1]:10.3f}")
        if not Path(options.keepalived).exists():
            print("keepalived is not installed here: no comparison")
            return
        theirs = measure_keepalived(options.keepalived, path, options.runs)
        print(f"{'keepalived -t':24}{theirs[0]:10.3f}{theirs[1]:10.3f}")
        print(f"{'ratio':24}{ours[0] / theirs[0]:10.1f}{ours[1] / theirs[1]:10.1f}")


if __name__ == "__main__":
    main()
