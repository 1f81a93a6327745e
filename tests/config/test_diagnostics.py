from keepalived_py.config.diagnostics import Diagnostics, Location, did_you_mean
from keepalived_py.errors import ConfigTestCode


def test_rendered_diagnostic_has_place_source_line_and_caret_under_the_column() -> None:
    diagnostics = Diagnostics()
    diagnostics.error("bad value", Location("/etc/k.conf", 3, 5, "\tab  cd"), suggestion="did you mean 'x'?")
    assert [entry.render() for entry in diagnostics] == [
        "/etc/k.conf:3:5: error: bad value (did you mean 'x'?)\n    \tab  cd\n    \t   ^"
    ]


def test_same_diagnostic_is_kept_once() -> None:
    diagnostics = Diagnostics()
    for _ in range(4):
        diagnostics.error("bad", Location("f", 1))
    assert len(diagnostics) == 1


def test_exit_code_is_the_largest_class_unless_a_word_is_missing() -> None:
    diagnostics = Diagnostics()
    assert diagnostics.exit_code() is ConfigTestCode.OK
    diagnostics.warning("advice")
    assert diagnostics.exit_code() is ConfigTestCode.OK
    for code in (ConfigTestCode.BAD_ENVIRONMENT, ConfigTestCode.ERRORS, ConfigTestCode.SECURITY):
        diagnostics.error(code.name, code=code)
        assert diagnostics.exit_code() is code
    diagnostics.error("needs a word", code=ConfigTestCode.MISSING_WORD)
    assert diagnostics.exit_code() is ConfigTestCode.MISSING_WORD


def test_near_word_is_suggested_and_a_far_one_is_not() -> None:
    known = ("priority", "preempt_delay", "virtual_router_id")
    assert did_you_mean("priorty", known) == "did you mean 'priority'?"
    assert did_you_mean("banana", known) == ""
    assert did_you_mean("name7", [f"name{n}x" for n in range(1000)]) == ""


def test_problem_after_the_thousandth_counts_and_is_not_shown() -> None:
    diagnostics = Diagnostics()
    for number in range(1001):
        diagnostics.error(f"problem {number}")
    diagnostics.error("the last", code=ConfigTestCode.SECURITY)
    told = [entry.message for entry in diagnostics]
    assert (len(told), told[999], told[1000]) == (
        1001,
        "problem 999",
        "more than 1000 problems: the others are not shown",
    )
    assert diagnostics.exit_code() is ConfigTestCode.SECURITY


def test_word_that_differs_in_case_only_is_what_was_meant() -> None:
    assert did_you_mean("mii", ["MII", "min"]) == "did you mean 'MII'?"


def test_diagnostics_are_shown_in_the_order_of_the_files_and_lines() -> None:
    diagnostics = Diagnostics()
    for name, line in (("b", 1), ("a", 20), ("a", 3)):
        diagnostics.error("wrong", Location(name, line))
    diagnostics.error("placeless")
    shown = [entry.render() for entry in diagnostics.in_order(["a", "b"])]
    assert shown == ["a:3:1: error: wrong", "a:20:1: error: wrong", "b:1:1: error: wrong", "error: placeless"]
