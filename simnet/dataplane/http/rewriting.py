"""Paths as patterns, and what becomes of a path that is rewritten.

Source: kubernetes/ingress-nginx internal/ingress/controller/template/template.go buildLocation and buildProxyPass,
nginx ngx_http_rewrite_module; rules X-3 to X-9, X-12.
"""

from __future__ import annotations

import re
from typing import Final

from simnet.dataplane.http.target import escape_path

_POSIX: Final = {"alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "upper": "A-Z", "lower": "a-z",
                 "space": r"\s", "xdigit": "0-9A-Fa-f", "word": r"\w"}
_POSIX_CLASS: Final = re.compile(r"\[:(\w+):\]")
_REFERENCE: Final = re.compile(r"\$(\d)")


def pattern_of(path: str) -> re.Pattern[str] | None:
    """The rule path as nginx runs it: anchored at the start only, ignoring case; None when it is no pattern.

    PCRE's spelling of named groups, POSIX classes and `\\z` is translated; what Python cannot express is no pattern.
    """
    text = _POSIX_CLASS.sub(lambda found: _POSIX.get(found[1], found[0]), path)
    text = re.sub(r"\(\?<(?![=!])", "(?P<", text).replace(r"\z", r"\Z")
    try:
        return re.compile("^" + text, re.IGNORECASE | re.ASCII | re.DOTALL)
    except re.error:
        return None


def rewritten_path(pattern: re.Pattern[str], target: str, path: str) -> str:
    """The path the backend sees: the target with `$1` ... filled in from the decoded path, escaped again (X-6, X-9).

    A group that is not there or took no part is empty (X-7). The whole path is replaced, not the part that matched.
    """
    found = pattern.search(path)

    def group(reference: re.Match[str]) -> str:
        number = int(reference[1])
        return (found[number] or "") if found is not None and number <= pattern.groups else ""

    return escape_path(_REFERENCE.sub(group, target))
