"""One seed, one history."""

from tests.simulation.adversary import Adversary
from tests.simulation.judge import Violation
from tests.simulation.timeline import Timeline
from tests.simulation.world import World


def run_history(seed: int, timeline: Timeline | None = None) -> World:
    """Let a history happen.

    Raises:
        Violation: an invariant did not hold.
    """
    world = World(seed, timeline)
    Adversary(world).begin()
    world.run()
    return world


def explain(seed: int, *, fast_path: bool = True) -> str:
    """The whole timeline of a history, how it ended, and how to see it again."""
    timeline = Timeline()
    world = World(seed, timeline, fast_path=fast_path)
    heading = [f"seed {seed}: {world.scenario.kind}", *(f"n{node.index}: {node.parameters}" for node in world.nodes)]
    Adversary(world).begin()
    try:
        world.run()
        verdict = f"every invariant held; converged {world.judge.checkpoints} times"
    except Violation as violation:
        verdict = str(violation)
    return "\n".join([*heading, *timeline.lines, verdict, f"replay: python -m tests.simulation.replay {seed}"])
