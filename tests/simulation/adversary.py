"""Whatever can go wrong on a LAN, at times that one seed decides."""

from collections.abc import Callable

from keepalived_py.structure import replace
from tests.simulation.lan import Noise
from tests.simulation.node import Node
from tests.simulation.world import World

_FAULTS = 24
_CARRIER = "interface eth0 went down"
_TRACKED = "script check failed"


class Adversary:
    """Disturbs a world a number of times, then repairs everything and lets it converge."""

    def __init__(self, world: World, faults: int = _FAULTS) -> None:
        self._world = world
        self._random = world.random
        self._left = faults
        self._deeds: tuple[tuple[int, Callable[[], bool]], ...] = (
            (3, self._stop),
            (4, self._crash_process),
            (2, self._crash_machine),
            (3, self._pause),
            (3, self._cut_carrier),
            (3, self._fail_tracking),
            (4, self._mend_fault),
            (3, self._change_priority),
            (2, self._reload),
            (3, self._start),
            (2, self._part),
            (3, self._heal),
            (2, self._make_noise),
            (3, self._end_noise),
        )
        self._weights = [weight for weight, _ in self._deeds]

    def begin(self) -> None:
        """Start the machines one after the other, and go on from there."""
        world = self._world
        for node in world.nodes:
            world.at(self._random.random() * world.bounds.patience, self._start_node, node)
        world.at(self._pause_between(), self._do_harm)

    def _pause_between(self) -> float:
        """Now and then everything converges, now and then one fault hits the next."""
        bounds = self._world.bounds
        if self._random.random() < 0.5:
            return bounds.convergence * (1.01 + 0.2 * self._random.random())
        return bounds.patience * self._random.random()

    def _do_harm(self) -> None:
        if not self._left:
            self._repair()
            return
        self._left -= 1
        while not self._random.choices(self._deeds, self._weights)[0][1]():
            pass
        self._world.at(self._world.now + self._pause_between(), self._do_harm)

    def _repair(self) -> None:
        world = self._world
        self._end_noise()
        self._heal()
        for node in world.nodes:
            self._resume_node(node, node.life)
            if node.router is None:
                self._start_node(node)
            for reason in tuple(node.faults):
                self._mend(node, reason)
        world.ends_at = max(world.judge.disturbed_at, world.now) + 1.5 * world.bounds.convergence

    # Processes

    def _start_node(self, node: Node) -> None:
        if node.router is None:
            self._world.judge.disturbed(reach=True)
            self._world.remark(f"n{node.index} starts")
            self._world.start(node)

    def _start(self) -> bool:
        return self._with_one(lambda node: node.router is None, self._start_node)

    def _stop(self) -> bool:
        return self._with_one(lambda node: node.is_running, self._stop_node)

    def _stop_node(self, node: Node) -> None:
        world = self._world
        world.judge.master_will_die(node, resigning=True)
        world.judge.disturbed()
        world.remark(f"n{node.index} is stopped")
        world.stop(node)

    def _crash_machine(self) -> bool:
        return self._with_one(lambda node: node.router is not None, self._crash_machine_of)

    def _crash_machine_of(self, node: Node) -> None:
        world = self._world
        world.judge.master_will_die(node, resigning=False)
        world.judge.disturbed()
        world.remark(f"n{node.index} loses power")
        world.crash_machine(node)

    def _crash_process(self) -> bool:
        return self._with_one(lambda node: node.is_running, self._crash_process_of)

    def _crash_process_of(self, node: Node) -> None:
        """The supervisor replaces it, mostly in time."""
        world = self._world
        patience = node.parameters.down_timer_adverts * node.parameters.advertisement_interval
        delay = patience * self._random.choice((0.01, 0.2, 0.5, 1.5))
        world.remark(f"the process of n{node.index} crashes and will be replaced in {delay:.6f} s")
        if self._is_unnoticed(node, delay):
            world.judge.will_be_adopted(world.now + delay)
        else:
            if delay > patience:
                world.judge.master_will_die(node, resigning=False)
            world.judge.disturbed(reach=True)
            world.at(world.now + delay, world.judge.disturbed)
        world.crash_process(node)
        world.at(world.now + delay, world.adopt, node, node.life)

    def _is_unnoticed(self, node: Node, delay: float) -> bool:
        """Whether the next process adverts before anybody loses patience."""
        world = self._world
        if not (node.is_eligible and node.is_master and world.judge.is_settled):
            return False
        interval = node.parameters.advertisement_interval
        patience = node.parameters.down_timer_adverts * interval * 0.999
        silence = node.local(world.now) - node.sent_local + delay
        return silence + world.scenario.max_delay + world.scenario.lateness < patience

    def _pause(self) -> bool:
        return self._with_one(lambda node: node.is_running, self._pause_node)

    def _pause_node(self, node: Node) -> None:
        world = self._world
        length = world.bounds.patience * self._random.choice((0.1, 0.5, 1.2, 4.0)) * (0.5 + self._random.random())
        world.judge.master_will_die(node, resigning=False)
        world.judge.disturbed()
        world.remark(f"the process of n{node.index} does not run for {length:.6f} s")
        node.is_paused = True
        world.at(world.now + length, self._resume_node, node, node.life)

    def _resume_node(self, node: Node, life: int) -> None:
        if node.is_paused and node.life == life:
            self._world.remark(f"the process of n{node.index} runs again")
            self._world.judge.disturbed(reach=True)
            self._world.resume(node)
            self._world.judge.watch_rivals()

    # Faults and priorities

    def _cut_carrier(self) -> bool:
        return self._with_one(lambda node: node.is_running and node.has_carrier, self._cut_carrier_of)

    def _cut_carrier_of(self, node: Node) -> None:
        """Netlink says so at once; a resignation does not get out any more."""
        world = self._world
        world.judge.master_will_die(node, resigning=False)
        node.has_carrier = False
        self._break(node, _CARRIER)

    def _fail_tracking(self) -> bool:
        return self._with_one(lambda node: node.is_running and _TRACKED not in node.faults, self._fail_tracking_of)

    def _fail_tracking_of(self, node: Node) -> None:
        self._world.judge.master_will_die(node, resigning=True)
        self._break(node, _TRACKED)

    def _break(self, node: Node, reason: str) -> None:
        world = self._world
        assert node.router is not None
        node.faults.append(reason)
        world.judge.disturbed(reach=True)
        world.feed(node, "fault_found", node.router.fault_found, reason)

    def _mend_fault(self) -> bool:
        def mend(node: Node) -> None:
            self._mend(node, self._random.choice(node.faults))

        return self._with_one(lambda node: node.is_running and bool(node.faults), mend)

    def _mend(self, node: Node, reason: str) -> None:
        world = self._world
        assert node.router is not None
        node.has_carrier = node.has_carrier or reason == _CARRIER
        node.faults.remove(reason)
        world.judge.disturbed(reach=True)
        world.feed(node, "fault_cleared", node.router.fault_cleared, reason)

    def _change_priority(self) -> bool:
        return self._with_one(lambda node: node.is_running, self._change_priority_of)

    def _change_priority_of(self, node: Node) -> None:
        world = self._world
        assert node.router is not None
        world.judge.disturbed()
        node.priority = self._random.choice((node.parameters.priority, self._random.randrange(-10, 270)))
        world.feed(node, "priority_changed", node.router.priority_changed, node.priority)

    def _reload(self) -> bool:
        return self._with_one(lambda node: node.is_running, self._reload_node)

    def _reload_node(self, node: Node) -> None:
        """SIGHUP with another priority, other announcements, and in version 3 another interval."""
        world = self._world
        assert node.router is not None
        old = node.parameters
        interval = old.advertisement_interval
        if old.version == 3 and self._random.random() < 0.5:
            # Not beyond what the bounds of this scenario were computed from.
            interval = self._random.choice([other.advertisement_interval for other in world.scenario.routers])
        node.parameters = replace(
            old,
            priority=old.priority if old.is_owner else self._random.randrange(1, 255),
            advertisement_interval=interval,
            garp_master_refresh=self._random.choice((0.0, old.garp_master_refresh)),
            preempt_mode=old.is_owner or self._random.random() < 0.75,
        )
        node.priority = node.parameters.priority if node.parameters.priority != old.priority else node.priority
        world.judge.disturbed()
        world.feed(node, "reconfigured", node.router.reconfigured, node.parameters)

    # The network

    def _part(self) -> bool:
        lan = self._world.lan
        lan.groups[:] = [self._random.randrange(2) for _ in lan.groups]
        self._world.judge.disturbed(reach=True)
        self._world.remark(f"partitions: {lan.groups}")
        return True

    def _heal(self) -> bool:
        lan = self._world.lan
        if not any(lan.groups) and not lan.blocked:
            return False
        lan.groups[:] = [0] * len(lan.groups)
        lan.blocked.clear()
        self._world.judge.disturbed(reach=True)
        self._world.remark("the partitions heal")
        return True

    def _make_noise(self) -> bool:
        world = self._world
        if not world.lan.is_calm:
            return False
        draw = self._random.random
        if draw() < 0.25:
            pair = self._random.sample(range(len(world.nodes)), 2)
            world.lan.blocked.add((pair[0], pair[1]))
            world.remark(f"n{pair[1]} is deaf to n{pair[0]}")
        else:
            longest = world.scenario.max_delay * self._random.choice((1, 5, 50))
            world.lan.noise = Noise(draw() * 0.6, draw() * 0.3, draw() * 0.3, longest)
            world.remark(f"noise: {world.lan.noise}")
        world.judge.disturbed(reach=True)
        return True

    def _end_noise(self) -> bool:
        lan = self._world.lan
        if lan.is_calm:
            return False
        longest = lan.noise.max_delay if lan.noise else 0.0
        lan.noise = None
        lan.blocked.clear()
        self._world.judge.disturbed(reach=True, lasting=longest)
        self._world.remark("the network is calm")
        return True

    def _with_one(self, fits: Callable[[Node], bool], deed: Callable[[Node], None]) -> bool:
        """Do it to one of the machines to which it can be done, rather to a master; False when there is none."""
        candidates = [node for node in self._world.nodes if fits(node)]
        masters = [node for node in candidates if node.is_master]
        if masters and self._random.random() < 0.5:
            deed(self._random.choice(masters))
        elif candidates:
            deed(self._random.choice(candidates))
        return bool(candidates)
