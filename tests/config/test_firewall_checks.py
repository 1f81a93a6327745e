"""Words of iptables are understood, and said to be done by nftables."""

import pytest

from keepalived_py.config.diagnostics import Severity
from keepalived_py.errors import ConfigTestCode
from tests.config.checking import check_with_diagnostics


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        (
            "global_defs { vrrp_iptables }",
            (
                "vrrp_iptables: the nftables tables keepalived are used instead, "
                "iptables chains like INPUT and OUTPUT stay as they are"
            ),
        ),
        (
            "global_defs {\n nftables mine\n vrrp_iptables A\n}",
            "vrrp_iptables: the nftables tables mine are used instead, iptables chains like A stay as they are",
        ),
        (
            "global_defs { vrrp_ipsets one two }",
            "vrrp_ipsets: the nftables tables keepalived are used, with sets of their own",
        ),
        ("namespace_with_ipsets", "namespace_with_ipsets: nftables needs no ipsets and works in every namespace"),
    ],
)
def test_word_of_iptables_is_advice_without_an_exit_code(text: str, advice: str) -> None:
    _, diagnostics = check_with_diagnostics(text)
    assert [(entry.severity, entry.message) for entry in diagnostics] == [(Severity.WARNING, advice)]
    assert diagnostics.exit_code() is ConfigTestCode.OK
    assert [entry.location is not None for entry in diagnostics] == [text.startswith("global_defs")]


@pytest.mark.parametrize("name", ["mine", "my-table.2", "_x"])
def test_usual_table_name_is_taken(name: str) -> None:
    config, diagnostics = check_with_diagnostics(f"global_defs {{ nftables {name} }}")
    assert (config.global_defs.nftables, list(diagnostics)) == (name, [])


@pytest.mark.parametrize("name", ["x;y", "2x", "'x'", "x{y"])
def test_table_name_that_nft_would_read_as_something_else_is_replaced(name: str) -> None:
    config, diagnostics = check_with_diagnostics(f'global_defs {{\n nftables "{name}"\n}}')
    assert config.global_defs.nftables == "keepalived"
    assert [entry.message for entry in diagnostics] == [
        f"nftables: '{name}' cannot be the name of a table: keepalived is used"
    ]
