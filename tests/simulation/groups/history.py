"""One seed, one history of sync groups: `python -m tests.simulation.groups.history SEED` prints it whole."""

import sys

from tests.simulation.groups.adversary import Adversary
from tests.simulation.groups.judge import Violation
from tests.simulation.groups.world import World


def run_history(seed: int, *, records: bool = False) -> World:
    """Let a history happen.

    Raises:
        Violation: an invariant did not hold.
    """
    world = World(seed, records=records)
    Adversary(world).begin()
    world.run()
    return world


def explain(seed: int) -> str:
    """The whole timeline of a history, how it ended, and how to see it again."""
    world = World(seed, records=True)
    Adversary(world).begin()
    try:
        world.run()
        verdict = f"every invariant held; converged {world.judge.checkpoints} times"
    except Violation as violation:
        verdict = str(violation)
    plans = [f"m{machine.index}: {plan}" for machine, plan in zip(world.machines, world.plan.machines, strict=True)]
    heading = (
        f"seed {seed}: version {world.plan.version}, {world.plan.interval:g} s, LANs of members {world.plan.members}"
    )
    return "\n".join(
        [heading, *plans, *(world.lines or ()), verdict, f"replay: python -m tests.simulation.groups.history {seed}"]
    )


if __name__ == "__main__":
    print(explain(int(sys.argv[1])))
