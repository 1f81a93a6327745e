import pytest

from keepalived_py.config.include import Check, FileKind
from keepalived_py.errors import ConfigTestCode
from tests.config.reading import messages_of, outline, read_files, read_text, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("$A=1\nx $A $A,2 $A-b y$A", [["x", "1", "1,2", "$A-b", "y1"]]),
        ('$A=1\nx ${A}2 "${A} b"', [["x", "12", "1 b"]]),
        ("$A=\nx ${A} b", [["x", "b"]]),
        ("$A=1\n$A=2\nx $A", [["x", "2"]]),
        ("$A=$B\n$B=3\nx $A", [["x", "3"]]),
        ("$A=one # two\nx $A", [["x", "one"]]),
        ('$A="one two"\nx $A', [["x", "one two"]]),
        ("x $UNDEFINED", [["x", "$UNDEFINED"]]),
        ("x { $A=1\n y $A }", [(["x"], [["y", "1"]])]),
        ("$A=a ${_HASH} b\nx ${A} c", [["x", "a"]]),
        ('x "${_HASH}${_BANG}" c', [["x", "#!", "c"]]),
        ("$B=x {\n${B} y 1 }", [(["x"], [["y", "1"]])]),
    ],
)
def test_reference_to_definition_is_replaced(text: str, words: list[object]) -> None:
    assert words_of(text) == words


def test_multi_line_definition_is_replayed_as_lines() -> None:
    text = "$M= x ${N} { \\\n  y 1 \\\n  # comment \\\n z 2 \\\n }\n$N=7\n$M\nlast"
    assert words_of(text) == [(["x", "7"], [["y", "1"], ["z", "2"]]), ["last"]]


def test_multi_line_definition_glues_its_first_line_and_must_be_last() -> None:
    assert words_of("$M=one \\\n two\nx ${M}\nx $M y") == [["x", "one"], ["two"], ["x", "$M", "y"]]


def test_blank_line_ends_a_multi_line_definition() -> None:
    assert words_of("$M=one \\\n\ntwo\nx $M") == [["two"], ["x", "one"]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("~SEQ(I,3) x $I", [["x", "1"], ["x", "2"], ["x", "3"]]),
        ("~SEQ(M,0) x $M", [["x", "1"], ["x", "0"]]),
        ("~SEQ(C,-2) x $C", [["x", "-1"], ["x", "-2"]]),
        ("~SEQ(I,5,3) x $I", [["x", "5"], ["x", "4"], ["x", "3"]]),
        ("~SEQ(I,0x10,010,0x20) x $I", [["x", "16"], ["x", "24"], ["x", "32"]]),
        ("~SEQx( I , 9 , 11 ) x ${I}", [["x", "9"], ["x", "a"], ["x", "b"]]),
        ("$E=2\n~SEQ(I,$E) x $I", [["x", "1"], ["x", "2"]]),
        ("~SEQ(I,2) ~SEQ(J,2) x $I $J", [["x", "1", "1"], ["x", "1", "2"], ["x", "2", "1"], ["x", "2", "2"]]),
        ("~SEQ(I,2) x { y $I }", [(["x"], [["y", "1"]]), (["x"], [["y", "2"]])]),
        ("  ~LST(V, a, b) x $V", [["x", "a"], ["x", "b"]]),
        ("~LST({A, B}, {1, 2}, {3}) x $A ${B}.", [["x", "1", "2."], ["x", "3", "."]]),
        ("~LST(V, node1, b) @node1 x $V", [["x", "node1"], ["x", "b"]]),
        ("~SEQ(I,2) x\ny $I", [["x"], ["x"], ["y", "2"]]),
        ("$M= x $I { \\\n y $I \\\n }\n~SEQ(I,2) $M", [(["x", "1"], [["y", "1"]]), (["x", "2"], [["y", "2"]])]),
    ],
)
def test_repetition_copies_its_template(text: str, words: list[object]) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize(
    "text",
    [
        "~SEQ(I) x",
        "~SEQ(I,1,0,2) x",
        "~SEQ(I,1,-1,2) x",
        "~SEQ(I,a) x",
        "~SEQx(I,-1) x",
        "~SEQ(I,1,2,3,4) x",
        "~LST(V) x",
        "~LST({A,B},{1,2,3}) x",
        "~LST({A,1",
        "~SEQ I",
        "~LST(V,1",
    ],
)
def test_malformed_repetition_is_one_error_and_harms_nothing(text: str) -> None:
    statements, diagnostics = read_text(f"{text}\n~SEQ(I,2) y $I\n")
    assert outline(statements) == [["y", "1"], ["y", "2"]]
    assert len(diagnostics) == 1
    assert messages_of(diagnostics)[0].startswith("1:1 invalid repetition: ")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("@node1 x 1", [["x", "1"]]),
        ("  @node2 x 1", []),
        ("@^node1 x 1", []),
        ("@^node2 x 1", [["x", "1"]]),
        ("@ x", []),
        ("@^ x", [["x"]]),
        ("@node1", []),
        ("@node1 @node1 x", [["@node1", "x"]]),
        ("@node2 $A=2\n@node1 $A=1\nx $A", [["x", "1"]]),
        ("v {\n@node1 10.0.0.1\n@node2 10.0.0.2\n}", [(["v"], [["10.0.0.1"]])]),
        ("$I=@node1 x\n$I", [["x"]]),
    ],
)
def test_condition_keeps_the_rest_of_its_line_when_it_holds(text: str, words: list[object]) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize(
    "text",
    [
        "$A=${A}\nx $A",
        "$A=${B}\n$B=${A}\nx $A",
        "$A=a${A}\nx $A",
        "$A=~SEQ(I,2) ${A}\n$A",
        "$A=@node1 $A\n$A",
        "$M=a \\\n ${M}\n$M",
        "~SEQ(I,1,1000000000) x",
        "$A=~SEQ(I,1000) ${B}\n$B=~SEQ(J,1000) x\n$A",
    ],
)
def test_definition_without_end_is_stopped_with_an_error(text: str) -> None:
    statements, diagnostics = read_text(text + "\nlast 1\n")
    assert statements[-1].words == ["last", "1"]
    assert 1 <= len(diagnostics) <= 3


def test_undefined_name_in_braces_is_an_error_and_opens_no_block() -> None:
    statements, diagnostics = read_text("vrrp_instance ${NAME} {\n x\n}\n")
    assert outline(statements) == [(["vrrp_instance", "$NAME"], [["x"]])]
    assert messages_of(diagnostics) == ["1:1 '${NAME}' is not defined"]


def test_built_in_names_have_their_values() -> None:
    contents = {
        "/etc/main.conf": b"random_seed 42\nx ${_INSTANCE} ${_PWD} ${_ENV NAME} ${_ENV NONE}. ${_RANDOM 5 9} $_INSTANCE"
    }
    statements, diagnostics = read_files(contents, config_id="n", environ={"NAME": "value"})
    assert messages_of(diagnostics) == []
    # srandom(42) makes 71876166 the first number: 71876166 % 5 + 5
    assert statements[1].words == ["x", "n", "/etc", "value", ".", "6", "n"]


@pytest.mark.parametrize("reference", ["${_ENV}", "${_RANDOM a}", "${_RANDOM 1 2 3}", "${_PWD x}"])
def test_built_in_name_with_wrong_arguments_is_an_error(reference: str) -> None:
    statements, diagnostics = read_text(f"x {reference}\nlast\n")
    assert [statement.words for statement in statements] == [["last"]]
    assert len(diagnostics) == 1


def test_unterminated_quote_is_an_error_at_the_quote() -> None:
    _, diagnostics = read_text('  x "abc\ny\n')
    assert messages_of(diagnostics) == ["1:5 unterminated quote"]


def test_include_is_relative_to_the_file_that_has_it() -> None:
    contents = {
        "/etc/main.conf": b"a\ninclude sub/*.conf\nz $D\n",
        "/etc/sub/1.conf": b"x {\ninclude deeper/v.conf\n}\n",
        "/etc/sub/2.conf": b"$D=1\ny ${_PWD}",
        "/etc/sub/deeper/v.conf": b"value",
    }
    statements, diagnostics = read_files(contents)
    assert messages_of(diagnostics) == []
    assert outline(statements) == [["a"], (["x"], [["value"]]), ["y", "/etc/sub"], ["z", "1"]]
    assert (statements[1].body or [])[0].at().file == "/etc/sub/deeper/v.conf"


def test_include_in_one_line_block_and_out_of_definition_is_read() -> None:
    contents = {"/etc/main.conf": b"$F=v.conf\n@node1 include $F\nx { include v.conf\n}", "/etc/v.conf": b"value"}
    statements, _ = read_files(contents)
    assert outline(statements) == [["value"], (["x"], [["value"]])]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("include none.conf", ConfigTestCode.OK),
        ("includer none.conf", ConfigTestCode.OK),
        ("includem none.conf", ConfigTestCode.SECURITY),
        ("includew *.none", ConfigTestCode.SECURITY),
        ("includem *.none", ConfigTestCode.OK),
        ("includem nowhere/*.conf", ConfigTestCode.SECURITY),
        ("includeb {a,none}.conf", ConfigTestCode.SECURITY),
        ("includem {a,none}.conf", ConfigTestCode.OK),
        ("includer run.conf", ConfigTestCode.SECURITY),
        ("include run.conf", ConfigTestCode.OK),
        ("includer directory", ConfigTestCode.SECURITY),
        ("includea none.conf", ConfigTestCode.SECURITY),
        ("include_check match\ninclude none.conf", ConfigTestCode.SECURITY),
        ("include_check\ninclude *.none", ConfigTestCode.SECURITY),
        ("include_check match\ninclude_check -match\ninclude none.conf", ConfigTestCode.OK),
    ],
)
def test_include_problem_counts_only_when_its_check_is_active(line: str, code: ConfigTestCode) -> None:
    contents = {"/etc/main.conf": line.encode() + b"\n", "/etc/a.conf": b"a"}
    kinds = {"/etc/run.conf": FileKind.UNSUITABLE, "/etc/directory": FileKind.DIRECTORY}
    _, diagnostics = read_files(contents, kinds=kinds)
    assert diagnostics.exit_code() is code
    assert len(diagnostics) == (0 if line == "includem *.none" else 1)


def test_include_with_all_checks_of_the_command_line_counts() -> None:
    _, diagnostics = read_files({"/etc/main.conf": b"include none.conf\n"}, checks=Check.ALL)
    assert diagnostics.exit_code() is ConfigTestCode.SECURITY


def test_active_brace_check_reads_none_of_the_files() -> None:
    contents = {"/etc/main.conf": b"include {a,none}.conf\nincludeb {a,none}.conf\n", "/etc/a.conf": b"a"}
    assert outline(read_files(contents)[0]) == [["a"]]


def test_include_check_of_an_included_file_ends_with_it() -> None:
    contents = {"/etc/main.conf": b"include a.conf\ninclude none.conf\n", "/etc/a.conf": b"include_check match"}
    assert read_files(contents)[1].exit_code() is ConfigTestCode.OK


def test_file_that_includes_itself_is_an_error() -> None:
    contents = {"/etc/main.conf": b"a\ninclude b.conf\nc\n", "/etc/b.conf": b"b\ninclude ./main.conf\n"}
    statements, diagnostics = read_files(contents)
    assert outline(statements) == [["a"], ["b"], ["c"]]
    assert messages_of(diagnostics) == ["2:1 configuration file '/etc/main.conf' includes itself"]


def test_includes_nested_too_deeply_are_an_error() -> None:
    contents = {f"/etc/{n}.conf": f"n{n}\ninclude {n + 1}.conf\n".encode() for n in range(50)}
    statements, diagnostics = read_files(contents, main="/etc/0.conf")
    assert len(statements) == 32
    assert messages_of(diagnostics) == ["2:1 includes are nested deeper than 32"]


def test_missing_main_file_is_a_message_with_code_zero() -> None:
    statements, diagnostics = read_files({}, main="/etc/none.conf")
    assert statements == []
    assert diagnostics.exit_code() is ConfigTestCode.OK
    assert messages_of(diagnostics) == ["config files missing: '/etc/none.conf'"]
