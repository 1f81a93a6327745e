"""How long anything may take, from the RFC's formulas and without the router's own arithmetic."""

from keepalived_py.vrrp.authentication import AuthenticationType
from keepalived_py.vrrp.parameters import Parameters
from tests.simulation.scenario import Scenario

_DRIFT_FACTOR = 1.001
_ROUNDING = 0.0001


def skew_time(version: int, priority: int, interval: float) -> float:
    """Seconds (RFC 3768 and RFC 9568 section 6.1)."""
    return (256 - priority) / 256 * (1.0 if version == 2 else interval)


def master_down_interval(parameters: Parameters, priority: int, interval: float) -> float:
    """Seconds of silence after which a router of this priority takes over from a master of this interval."""
    return parameters.down_timer_adverts * interval + skew_time(parameters.version, priority, interval)


class Bounds:
    """Limits in real seconds, drift of clocks, lateness of timers and one network delay included.

    Attributes:
        convergence: from the last disturbance until nothing changes any more.
        rivalry: how long two masters that hear each other may both stay.
    """

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        routers = scenario.routers
        longest = scenario.longest_interval
        # Nobody waits longer than a router of priority 1 for the laziest master.
        patience = max(master_down_interval(router, 1, longest) for router in routers)
        # Somebody becomes master; then the best may have to wait until it may preempt, and then for its timer.
        preempting = patience + max(router.preempt_delay for router in routers)
        announcing = max(
            router.garp_master_delay + 2 * router.garp_master_refresh + router.garp_lower_prio_delay
            for router in routers
        )
        startup = max(router.startup_delay for router in routers)
        self.rivalry = self._real(longest * (2 if self._has_sequence else 1))
        self.convergence = self._real(startup + patience + preempting + announcing) + 2 * self.rivalry
        self.patience = self._real(patience)

    @property
    def _has_sequence(self) -> bool:
        """Whether adverts may be refused because both masters count one sequence."""
        return self._scenario.routers[0].authentication.type is AuthenticationType.HEADER

    def takeover(self, parameters: Parameters, priority: int, interval: float) -> float:
        """From a master's death until a router of this priority is master."""
        return self._real(master_down_interval(parameters, priority, interval))

    def handover(self, parameters: Parameters, priority: int, interval: float) -> float:
        """From a master's resignation until a router of this priority is master."""
        return self._real(skew_time(parameters.version, priority, interval))

    def _real(self, seconds: float) -> float:
        return seconds * _DRIFT_FACTOR + self._scenario.max_delay + 2 * self._scenario.lateness + _ROUNDING
