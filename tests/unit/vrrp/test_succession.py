"""Which running instances go on under which names after a reload."""

import pytest

from keepalived_py.config.model.vrrp import VrrpInstance
from keepalived_py.vrrp.succession import successions
from tests.config.checking import instance_text
from tests.unit.vrrp.test_tracking import config_of


def instances(text: str) -> dict[str, VrrpInstance]:
    """Return the instances of a text like `A51 B52`: names and virtual router ids."""
    blocks = "".join(
        instance_text(name=word[:-2], vrid=int(word[-2:]), addresses=f"10.0.0.{word[-2:]}") for word in text.split()
    )
    return {instance.name: instance for instance in config_of(blocks).vrrp_instances}


@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        ("A51 B52", "A51 B52", {"A": "A", "B": "B"}),
        ("A51 B52", "C51 B52", {"A": "C", "B": "B"}),
        ("A51 B52", "B51 A52", {"A": "B", "B": "A"}),
        ("A51 B52", "B51", {"A": "B"}),
        ("A51", "A52", {}),
        ("A51", "B52 C51", {"A": "C"}),
        ("A51 B52", "", {}),
    ],
)
def test_instance_goes_on_as_what_it_is_under_any_name(before: str, after: str, names: dict[str, str]) -> None:
    assert successions(instances(before), instances(after)) == names


def test_instance_keeps_its_name_where_two_are_alike() -> None:
    alike = {"A": instances("A51")["A"], "B": instances("B51")["B"]}

    assert successions(alike, alike) == {"A": "A", "B": "B"}
