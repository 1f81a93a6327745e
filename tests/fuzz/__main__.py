"""The command line of the fuzzer."""

from __future__ import annotations

import argparse
import sys
from time import perf_counter
from typing import TYPE_CHECKING

from tests.fuzz.campaign import Campaign, Outcome
from tests.fuzz.configs import ConfigBlocks
from tests.fuzz.packets import PacketBlocks

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fuzz.campaign import Blocks

SUBJECTS: dict[str, tuple[Callable[[], Blocks], int]] = {
    "packets": (PacketBlocks, 1_000_000),
    "configs": (ConfigBlocks, 100_000),
}


def main() -> int:
    """Run one campaign; 1 when something was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("subject", choices=SUBJECTS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, help="how many; 1000000 packets or 100000 configurations")
    parser.add_argument("--block", type=int, help="repeat this block only")
    options = parser.parse_args()
    make, default = SUBJECTS[options.subject]
    campaign = Campaign(make(), options.seed, report=lambda line: print(line, flush=True))
    began = perf_counter()
    if options.block is not None:
        outcome = campaign.run_blocks(range(options.block, options.block + 1))
    else:
        outcome = campaign.run(options.cases or default)
    print(summary(options.subject, options.seed, outcome, perf_counter() - began))
    return 1 if outcome.failures else 0


def summary(subject: str, seed: int, outcome: Outcome, seconds: float) -> str:
    """One line about a campaign."""
    return (
        f"{subject}: {outcome.cases} cases of seed {seed} in {seconds:.0f} s ({outcome.cases / seconds:.0f}/s), "
        f"{len(outcome.failures)} failures, memory {outcome.growth_kib:+d} KiB, digest {outcome.digest}"
    )


if __name__ == "__main__":
    sys.exit(main())
