"""Records: construction, freezing, equality, pickling."""

import pickle

import pytest

from keepalived_py.config.model import Config
from keepalived_py.config.model.vrrp import Authentication, VrrpInstance
from keepalived_py.config.tree import SourceLine, Statement


def test_record_of_few_values_has_defaults_for_the_rest() -> None:
    instance = VrrpInstance(name="VI_1", interface="eth0", virtual_router_id=51)
    assert (instance.priority, instance.advert_int, instance.state, instance.preempt) == (100, 1.0, "BACKUP", True)


def test_record_without_a_required_field_is_refused() -> None:
    with pytest.raises(TypeError, match="VrrpInstance needs name"):
        VrrpInstance(interface="eth0")  # type: ignore[call-arg]


def test_record_with_an_unknown_field_is_refused() -> None:
    with pytest.raises(TypeError, match="VrrpInstance has no field colour"):
        VrrpInstance(name="VI_1", colour="red")  # type: ignore[call-arg]


def test_record_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Config().child_wait_time = 6  # type: ignore[misc]


def test_equal_records_have_equal_hashes_and_changed_ones_differ() -> None:
    one, other = Authentication(auth_type="PASS"), Authentication(auth_type="PASS")
    assert one == other
    assert hash(one) == hash(other)
    assert one != one.changed(auth_pass="1111")


def test_record_survives_pickling() -> None:
    config = Config(vrrp_instances=(VrrpInstance(name="VI_1", authentication=Authentication(auth_pass="x")),))
    assert pickle.loads(pickle.dumps(config)) == config


def test_record_shows_only_what_differs_from_the_default() -> None:
    assert repr(Authentication(auth_type="AH")) == "Authentication(auth_type='AH')"


def test_default_that_was_told_is_the_same_as_one_that_was_not() -> None:
    one, other = VrrpInstance(name="VI_1", priority=100), VrrpInstance(name="VI_1")
    assert one == other
    assert hash(one) == hash(other)


def test_record_is_pickled_without_its_place() -> None:
    line = SourceLine("keepalived.conf", 1, "authentication {")
    record = Authentication.make({"auth_pass": "x"}, Statement(["authentication"], line))
    assert record.location() is not None
    assert pickle.loads(pickle.dumps(record)).location() is None
