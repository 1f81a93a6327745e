"""The words of the language itself, below any keyword: (word, syntax, type, range, help)."""

from __future__ import annotations

from typing import Final

DIRECTIVES: Final = (
    ("include", "FILE", "directive", "glob with braces, rest of line is the name", "Read other files here"),
    ("includer", "FILE", "directive", "-", "Read other files here; each must be readable"),
    ("includem", "FILE", "directive", "-", "As includer, and a plain name must exist"),
    ("includew", "FILE", "directive", "-", "As includem, and a wildcard must match something"),
    ("includeb", "FILE", "directive", "-", "As includer, and every {a,b} alternative must match"),
    ("includea", "FILE", "directive", "-", "As include, with every check"),
    ("@ID", "rest of line", "conditional", "exact word compare", "Keep the line when the configuration id is ID"),
    ("@^ID", "rest of line", "conditional", "-", "Keep the line when the configuration id is not ID"),
    ("$NAME=", "VALUE", "definition", "name [A-Za-z_][A-Za-z0-9_]*", "Define NAME; a backslash at the end goes on"),
    ("$NAME", "-", "reference", "must be followed by blank, comma, closing parenthesis or end", "Value of NAME"),
    ("${NAME}", "-", "reference", "-", "Value of NAME, anywhere"),
    ("${NAME ARGS}", "-", "reference", "letters digits underscore blanks", "Value of a built-in name with arguments"),
    ("${_PWD}", "-", "builtin", "-", "Directory of the current file"),
    ("${_INSTANCE}", "-", "builtin", "-", "The configuration id"),
    ("${_RANDOM [MIN [MAX]]}", "-", "builtin", "decimal", "A random number, 0 to 32767 unless bounds are given"),
    ("${_ENV NAME}", "-", "builtin", "-", "An environment variable"),
    ("${_HASH}", "-", "builtin", "-", "A # that starts no comment inside double quotes"),
    ("${_BANG}", "-", "builtin", "-", "A ! that starts no comment inside double quotes"),
    ("~SEQ", "(VAR, [START, [STEP,]] END) TEXT", "repeat", "C integers, base 0", "Repeat TEXT for numbers"),
    ("~SEQx", "(VAR, [START, [STEP,]] END) TEXT", "repeat", "not negative", "Repeat TEXT for hexadecimal numbers"),
    (
        "~LST",
        "(VAR, V1, ...) TEXT or ({A,B}, {1,2}, ...) TEXT",
        "repeat",
        "-",
        "Repeat TEXT for values, or for tuples of values",
    ),
    ("!", "to end of line", "comment", "-", "Comment, anywhere outside double quotes"),
    ("#", "to end of line", "comment", "-", "Comment, anywhere outside double quotes"),
    ("\\#", "-", "escape", "-", "A # that starts no comment"),
    ("\\!", "-", "escape", "-", "A ! that starts no comment"),
    ('"..."', "-", "quote", "-", "One word, which may hold blanks, comment signs and braces"),
    ("{", "-", "block open", "-", "Begins a block"),
    ("}", "-", "block close", "-", "Ends a block"),
)
