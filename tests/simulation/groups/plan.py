"""What one seeded history of sync groups starts from: machines, LANs, members, and what they track."""

from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from random import Random
from typing import Any

from keepalived_py.config.arguments import Weight
from keepalived_py.config.model import Config
from keepalived_py.config.model.addresses import VirtualAddress
from keepalived_py.config.model.tracking import (
    TrackedFile,
    TrackedInterface,
    TrackedScript,
    TrackFile,
    VrrpScript,
)
from keepalived_py.config.model.vrrp import SyncGroup, VrrpInstance
from keepalived_py.vrrp.parameters import Parameters
from tests.simulation.scenario import Scenario

GROUP = "G"
VITAL_SCRIPT, WEIGHED_SCRIPT, MEMBER_SCRIPT = "vital", "weighed", "member"
FILE = "number"
EXTRA_INTERFACE = "trk0"
SCRIPTS = (VITAL_SCRIPT, WEIGHED_SCRIPT, MEMBER_SCRIPT)


@dataclass(frozen=True, slots=True)
class MachinePlan:
    """What one machine is configured to be. All members have the same priority and habits.

    Attributes:
        priority: of every member.
        preempts: whether it takes over from a lower priority.
        preempt_delay: seconds.
        script_weight: of the weighed script.
        interface_weight: of the extra interface; 0 for FAULT.
        file_weight: of the file.
        reverse: whether the weight of the script is turned round.
        rise: successes in a row until a bad script is good.
        fall: failures in a row until a good script is bad.
    """

    priority: int
    preempts: bool
    preempt_delay: float
    script_weight: int
    interface_weight: int
    file_weight: int
    reverse: bool
    rise: int
    fall: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Times are seconds.

    Attributes:
        version: of VRRP.
        interval: between adverts, the same everywhere.
        members: for each member of the group, the number of its LAN.
        machines: one plan each.
        max_delay: greatest time a datagram is under way.
        lateness: greatest time by which a timer fires late.
    """

    version: int
    interval: float
    members: tuple[int, ...]
    machines: tuple[MachinePlan, ...]
    max_delay: float
    lateness: float

    @property
    def lans(self) -> int:
        """How many there are."""
        return max(self.members) + 1

    def scenario(self) -> Scenario:
        """Return the routers of one LAN for the formulas of `bounds`, in the worst case."""
        routers = tuple(
            Parameters(
                name=f"m{index}",
                version=self.version,
                vrid=1,
                priority=1,
                advertisement_interval=self.interval,
                preempt_delay=machine.preempt_delay,
                source_address=bytes((10, 0, 0, 1 + index)),
            )
            for index, machine in enumerate(self.machines)
        )
        return Scenario("sync group", routers, self.max_delay / 4, self.max_delay, self.lateness, 256)


def make_plan(random: Random) -> Plan:
    """Draw a plan; the same state of `random` gives the same one."""
    version = random.choice((2, 3, 3))
    interval = 1.0 if version == 2 else random.choice((0.1, 0.5, 1.0))
    lans = random.choice((2, 2, 3))
    members = tuple(range(lans)) + tuple(random.randrange(lans) for _ in range(random.choice((0, 0, 1, 2))))
    return Plan(
        version=version,
        interval=interval,
        members=members,
        machines=tuple(draw_machine(random, interval) for _ in range(random.choice((2, 2, 3, 4)))),
        max_delay=interval * random.choice((0.002, 0.02, 0.1)),
        lateness=interval * random.choice((0.001, 0.01)),
    )


def draw_machine(random: Random, interval: float) -> MachinePlan:
    """Draw a machine."""
    preempts = random.random() < 0.8
    return MachinePlan(
        priority=random.choice((100, 100, 150, random.randrange(1, 255))),
        preempts=preempts,
        preempt_delay=interval * random.choice((0, 0, 0, 5)) if preempts else 0.0,
        script_weight=random.choice((20, 60, -60, 200, -200)),
        interface_weight=random.choice((0, 30, -30)),
        file_weight=random.choice((0, 1, -1, 3)),
        reverse=random.random() < 0.2,
        rise=random.choice((1, 2, 3)),
        fall=random.choice((1, 2, 3)),
    )


def redraw_machine(random: Random, plan: MachinePlan) -> MachinePlan:
    """Draw what a reload changes."""
    other = draw_machine(random, 0.0)
    return replace(
        plan,
        priority=other.priority,
        script_weight=other.script_weight,
        interface_weight=other.interface_weight,
        file_weight=other.file_weight,
        reverse=other.reverse,
    )


def configuration(plan: Plan, machine: MachinePlan) -> Config:
    """Return the configuration file of a machine, as records."""
    return Config(
        vrrp_scripts=tuple(
            VrrpScript(name=name, rise=machine.rise, fall=machine.fall, weight=_weight_of(name, machine))
            for name in SCRIPTS
        ),
        track_files=(TrackFile(name=FILE, file="/number", weight=Weight(weight=machine.file_weight, reverse=False)),),
        vrrp_instances=tuple(_instance(plan, machine, number) for number in range(len(plan.members))),
        vrrp_sync_groups=(
            SyncGroup(
                name=GROUP,
                group=tuple(member_name(number) for number in range(len(plan.members))),
                track_script=(TrackedScript(name=VITAL_SCRIPT), TrackedScript(name=WEIGHED_SCRIPT)),
                track_file=(TrackedFile(name=FILE),),
                track_interface=(TrackedInterface(name=EXTRA_INTERFACE, weight=machine.interface_weight),),
            ),
        ),
    )


def member_name(number: int) -> str:
    """Return the name of an instance."""
    return f"VI_{number}"


def lan_name(lan: int) -> str:
    """Return the name of an interface."""
    return f"eth{lan}"


def _weight_of(script: str, machine: MachinePlan) -> Weight:
    if script != WEIGHED_SCRIPT:
        return Weight()
    return Weight(weight=machine.script_weight, reverse=machine.reverse)


def _instance(plan: Plan, machine: MachinePlan, number: int) -> VrrpInstance:
    values: dict[str, Any] = {
        "name": member_name(number),
        "interface": lan_name(plan.members[number]),
        "virtual_router_id": 50 + number,
        "version": plan.version,
        "priority": machine.priority,
        "advert_int": plan.interval,
        "nopreempt": not machine.preempts,
        "preempt_delay": machine.preempt_delay,
        "virtual_ipaddress": (VirtualAddress(address=IPv4Address(f"10.9.0.{number}"), prefix_length=24),),
        # One member alone depends on a script, and takes the others with it.
        "track_script": (TrackedScript(name=MEMBER_SCRIPT),) if number == 0 else (),
    }
    return VrrpInstance(**values)
