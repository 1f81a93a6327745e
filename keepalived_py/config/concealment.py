"""Lines of a configuration as they may be shown: without passwords and keys."""

from __future__ import annotations

import re
from typing import Final

# `key` also names a file in other blocks: paths stay legible.
_SECRET: Final = re.compile(
    r"""(?:^|(?<=[\s{]))
    (?: auth_pass[ \t]+
      | smtp_auth[ \t]+\S+[ \t]+(?!file:)
      | key[ \t]+\d+[ \t]+(?!file:)
      | key[ \t]+(?=hex:|\S{20}|[\"'])(?!file:|[\"']?/)
    )""",
    re.VERBOSE,
)


def conceal(text: str) -> str:
    """Return a line with an asterisk for each character of a secret in it, so that columns stay what they are."""
    found = _SECRET.search(text) if "auth" in text or "key" in text else None
    if found is None:
        return text
    hidden = (sign if sign.isspace() or sign in "{}" else "*" for sign in text[found.end() :])
    return text[: found.end()] + "".join(hidden)
