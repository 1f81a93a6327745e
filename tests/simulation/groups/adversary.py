"""Whatever can go wrong with groups and with what they track, at times that one seed decides."""

from collections.abc import Callable

from tests.simulation.groups.machine import Machine
from tests.simulation.groups.plan import EXTRA_INTERFACE, SCRIPTS, lan_name, redraw_machine
from tests.simulation.groups.world import World
from tests.simulation.lan import Noise

FAULTS = 20


class Adversary:
    """Disturbs a world a number of times, then repairs everything and lets it converge."""

    def __init__(self, world: World, faults: int = FAULTS) -> None:
        self._world = world
        self._random = world.random
        self._left = faults
        self._deeds: tuple[tuple[int, Callable[[], bool]], ...] = (
            (3, self._stop),
            (3, self._crash_process),
            (2, self._lose_power),
            (2, self._pause),
            (3, self._cut_link),
            (4, self._mend_link),
            (4, self._turn_script),
            (3, self._flap_script),
            (3, self._write_file),
            (3, self._turn_extra_link),
            (3, self._reload),
            (4, self._start),
            (2, self._part),
            (3, self._heal),
            (2, self._make_noise),
        )
        self._weights = [weight for weight, _ in self._deeds]

    def begin(self) -> None:
        """Start the machines one after the other, and go on from there."""
        world = self._world
        for machine in world.machines:
            world.at(self._random.random() * world.bounds.patience, self._start_machine, machine)
        world.at(self._pause_between(), self._do_harm)

    def _pause_between(self) -> float:
        bounds = self._world.bounds
        if self._random.random() < 0.5:
            return bounds.convergence * (2.05 + 0.2 * self._random.random())
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
        self._calm_down()
        for machine in world.machines:
            self._resume(machine, machine.life)
            machine.scripts = dict.fromkeys(SCRIPTS, True)
            self._set_number(machine, 0)
            for lan in range(world.plan.lans):
                self._set_link(machine, lan, is_up=True)
            self._set_extra_link(machine, is_up=True)
            if machine.roster is None:
                self._start_machine(machine)
        # Scripts need their rise first.
        world.ends_at = world.now + 3 * world.bounds.convergence + 20 * world.plan.interval

    # Processes

    def _start(self) -> bool:
        return self._with_one(lambda machine: machine.roster is None, self._start_machine)

    def _start_machine(self, machine: Machine) -> None:
        if machine.roster is None:
            self._world.judge.disturbed()
            self._world.remark(f"m{machine.index} starts")
            self._world.start(machine)

    def _stop(self) -> bool:
        return self._with_one(lambda machine: machine.is_running, self._stop_machine)

    def _stop_machine(self, machine: Machine) -> None:
        self._ends(machine, "is stopped")
        self._world.stop(machine)

    def _lose_power(self) -> bool:
        def deed(machine: Machine) -> None:
            self._ends(machine, "loses power")
            machine.end()
            machine.holds.clear()
            machine.memory = bytearray(len(machine.memory))

        return self._with_one(lambda machine: machine.roster is not None, deed)

    def _crash_process(self) -> bool:
        return self._with_one(lambda machine: machine.is_running, self._crash_process_of)

    def _crash_process_of(self, machine: Machine) -> None:
        world = self._world
        patience = 2.9 * world.plan.interval
        delay = patience * self._random.choice((0.01, 0.3, 1.5))
        is_unnoticed = world.judge.is_settled and machine.is_master and delay < 0.5 * patience
        world.remark(f"the process of m{machine.index} crashes and will be replaced in {delay:.6f} s")
        if not is_unnoticed:
            world.judge.disturbed(lasting=delay)
        machine.end()
        world.at(world.now + delay, self._respawn, machine, machine.life)

    def _respawn(self, machine: Machine, life: int) -> None:
        if machine.roster is None and machine.life == life:
            self._world.remark(f"m{machine.index} has another process")
            if not self._world.judge.is_settled:
                self._world.judge.disturbed()
            self._world.start(machine, respawned=True)

    def _pause(self) -> bool:
        return self._with_one(lambda machine: machine.is_running, self._pause_machine)

    def _pause_machine(self, machine: Machine) -> None:
        world = self._world
        length = world.bounds.patience * self._random.choice((0.1, 0.5, 1.5)) * (0.5 + self._random.random())
        self._ends(machine, f"does not run for {length:.6f} s")
        machine.is_paused = True
        world.at(world.now + length, self._resume, machine, machine.life)

    def _resume(self, machine: Machine, life: int) -> None:
        if machine.is_paused and machine.life == life:
            self._world.judge.disturbed()
            self._world.remark(f"m{machine.index} runs again")
            self._world.resume(machine)

    def _ends(self, machine: Machine, how: str) -> None:
        world = self._world
        world.judge.master_will_end(machine)
        world.judge.disturbed()
        world.remark(f"m{machine.index} {how}")

    # What is tracked

    def _cut_link(self) -> bool:
        def deed(machine: Machine) -> None:
            self._world.judge.master_will_end(machine)
            self._set_link(
                machine, self._random.choice([lan for lan, up in enumerate(machine.links) if up]), is_up=False
            )

        return self._with_one(lambda machine: machine.is_running and any(machine.links), deed)

    def _mend_link(self) -> bool:
        def deed(machine: Machine) -> None:
            self._set_link(machine, machine.links.index(False), is_up=True)

        return self._with_one(lambda machine: machine.is_running and not all(machine.links), deed)

    def _set_link(self, machine: Machine, lan: int, *, is_up: bool) -> None:
        if machine.links[lan] is not is_up:
            self._world.judge.disturbed()
            self._world.remark(f"{lan_name(lan)} of m{machine.index} is {'up' if is_up else 'down'}")
            machine.links[lan] = is_up
            self._world.link_changed(machine, lan_name(lan))

    def _turn_extra_link(self) -> bool:
        def deed(machine: Machine) -> None:
            self._set_extra_link(machine, is_up=not machine.extra_link)

        return self._with_one(lambda machine: machine.is_running, deed)

    def _set_extra_link(self, machine: Machine, *, is_up: bool) -> None:
        if machine.extra_link is not is_up:
            self._world.judge.disturbed()
            self._world.remark(f"{EXTRA_INTERFACE} of m{machine.index} is {'up' if is_up else 'down'}")
            machine.extra_link = is_up
            self._world.link_changed(machine, EXTRA_INTERFACE)

    def _turn_script(self) -> bool:
        def deed(machine: Machine) -> None:
            name = self._random.choice(SCRIPTS)
            machine.scripts[name] = not machine.scripts[name]
            self._world.remark(f"script {name} of m{machine.index} will say {machine.scripts[name]}")

        return self._with_one(lambda machine: machine.is_running, deed)

    def _flap_script(self) -> bool:
        """It says something else at each of some moments."""

        def deed(machine: Machine) -> None:
            world = self._world
            name = self._random.choice(SCRIPTS)
            world.remark(f"script {name} of m{machine.index} flaps")
            for turn in range(2 * self._random.randrange(1, 6)):
                world.at(
                    world.now + world.plan.interval * turn * 1.1 * self._random.random(), self._turn, machine, name
                )

        return self._with_one(lambda machine: machine.is_running, deed)

    def _turn(self, machine: Machine, name: str) -> None:
        machine.scripts[name] = not machine.scripts[name]

    def _write_file(self) -> bool:
        def deed(machine: Machine) -> None:
            self._set_number(machine, self._random.choice((0, 0, 1, 30, -30, 300, -300, 2**31)))

        return self._with_one(lambda machine: machine.is_running, deed)

    def _set_number(self, machine: Machine, number: int) -> None:
        self._world.judge.disturbed()
        self._world.remark(f"the file of m{machine.index} holds {number}")
        machine.number = number
        if machine.roster is not None:
            self._world.file_written(machine)

    def _reload(self) -> bool:
        def deed(machine: Machine) -> None:
            world = self._world
            world.judge.disturbed()
            machine.plan = redraw_machine(self._random, machine.plan)
            world.remark(f"m{machine.index} reads {machine.plan}")
            world.reload(machine)

        return self._with_one(lambda machine: machine.is_running, deed)

    # The network

    def _part(self) -> bool:
        """All LANs alike, or one of them alone."""
        world = self._world
        groups = [self._random.randrange(2) for _ in world.machines]
        chosen = world.lans if self._random.random() < 0.6 else [self._random.choice(world.lans)]
        for lan in chosen:
            lan.groups[:] = groups
        world.judge.disturbed()
        world.remark(f"partitions of {len(chosen)} LANs: {groups}")
        return True

    def _heal(self) -> bool:
        if all(lan.is_calm and not any(lan.groups) for lan in self._world.lans):
            return False
        self._calm_down()
        return True

    def _make_noise(self) -> bool:
        world = self._world
        lan = self._random.choice(world.lans)
        lan.noise = Noise(self._random.random() * 0.6, 0.2, 0.2, world.plan.max_delay * self._random.choice((1, 10)))
        world.judge.disturbed()
        world.remark(f"noise: {lan.noise}")
        return True

    def _calm_down(self) -> None:
        world = self._world
        longest = max((lan.noise.max_delay for lan in world.lans if lan.noise), default=0.0)
        for lan in world.lans:
            lan.noise = None
            lan.groups[:] = [0] * len(lan.groups)
        world.judge.disturbed(lasting=longest)
        world.remark("the network is whole and calm")

    def _with_one(self, fits: Callable[[Machine], bool], deed: Callable[[Machine], None]) -> bool:
        candidates = [machine for machine in self._world.machines if fits(machine)]
        masters = [machine for machine in candidates if machine.is_master]
        if masters and self._random.random() < 0.5:
            deed(self._random.choice(masters))
        elif candidates:
            deed(self._random.choice(candidates))
        return bool(candidates)
