"""The way to a kernel that has no IPVS."""

from __future__ import annotations

from keepalived_py.check.ipvs_sync import IpvsSync
from keepalived_py.check.plan import Entry
from keepalived_py.kernel.ipvs import Service
from keepalived_py.observability.log import Log

SERVICE = Service(protocol=6, address=bytes((192, 0, 2, 1)), port=80)


def test_nothing_counts_as_applied_while_the_kernel_has_no_ipvs() -> None:
    kernel = IpvsSync(Log("x", syslog=False))
    kernel.bring({SERVICE.key: Entry(SERVICE, {})}, [SERVICE.key])
    assert kernel.applied == {}
    assert kernel.read([SERVICE.key]) == {}
    assert kernel.daemons() == []
    assert kernel.timeouts() is None
