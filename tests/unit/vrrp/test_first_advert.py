"""Nothing is loaded from a disk between a deadline and the first frame, whatever the adverts are signed with."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROGRAM = """
import sys
from keepalived_py.vrrp.authentication import Authentication, AuthenticationType
from keepalived_py.vrrp.parameters import Parameters
from keepalived_py.vrrp.router import VirtualRouter
from keepalived_py.vrrp.signature import Signing, SigningKey

router = VirtualRouter(Parameters(
    name="VI_1", version=2, vrid=51, priority=100, source_address=bytes((10, 0, 0, 1)),
    virtual_addresses=(bytes((10, 0, 0, 9)),), {options}
))
router.started(0.0)
before = set(sys.modules)
router.deadline_reached(router.deadline_at)
assert router.adverts_to_send()
print(router.state.name, sorted(set(sys.modules) - before))
"""


@pytest.mark.parametrize(
    "options",
    [
        "",
        'authentication=Authentication(AuthenticationType.PASSWORD, b"secret")',
        'authentication=Authentication(AuthenticationType.HEADER, b"secret")',
        "signing=Signing((SigningKey(1, bytes(32)),), 1)",
    ],
    ids=["plain", "password", "header", "signature"],
)
def test_takeover_of_a_router_that_heard_nobody_imports_nothing(options: str) -> None:
    program = PROGRAM.format(options=options)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60, cwd=ROOT
    )
    assert done.stdout == "MASTER []\n"
