"""Does what a command printed match what the story says? Patterns and captures.

Runs of blanks compare equal and trailing blanks are ignored. `{name}` matches one token and remembers it, `{*}` any
token; a line of only `...` matches any number of lines, ` ...` at the end of a line the rest of it. `{` after `%` or
`$` is literal, and so are braces that hold anything but an identifier.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_PATTERN = re.compile(r"(?<![%$])\{(\*|[A-Za-z_][A-Za-z0-9_]*)\}")

Captures = dict[str, str]


def substituted(text: str, captures: Mapping[str, str]) -> str:
    """`text` with every `{name}` that was captured before replaced by its value."""
    return _PATTERN.sub(lambda match: captures.get(match[1], match[0]), text)


def captured_names(text: str) -> list[str]:
    """The names of the `{name}`s in `text`."""
    return [match[1] for match in _PATTERN.finditer(text) if match[1] != "*"]


def unknown_capture(text: str, captures: Mapping[str, str]) -> str:
    """The first `{name}` in `text` that nothing was captured for, '' when there is none."""
    return next((name for name in captured_names(text) if name not in captures), "")


def match_lines(expected: Sequence[str], actual: Sequence[str], captures: Mapping[str, str]) -> Captures | None:
    """The captures after matching all lines, or None when they do not match.

    Cost: lines times lines for one set of captures (each `...` is tried at every position, and no position twice with
    the same captures).
    """
    failed: set[tuple[int, int, frozenset[tuple[str, str]]]] = set()

    def attempt(e: int, a: int, known: Captures) -> Captures | None:
        while e < len(expected):
            if expected[e].strip() == "...":
                sofar = frozenset(known.items())
                for start in range(a, len(actual) + 1):
                    if (e + 1, start, sofar) not in failed:
                        found = attempt(e + 1, start, known)
                        if found is not None:
                            return found
                        failed.add((e + 1, start, sofar))
                return None
            after = match_line(expected[e], actual[a], known) if a < len(actual) else None
            if after is None:
                return None
            known, e, a = after, e + 1, a + 1
        return known if a == len(actual) else None

    return attempt(0, 0, dict(captures))


def match_line(expected: str, actual: str, captures: Mapping[str, str]) -> Captures | None:
    """The captures after one line, or None."""
    words = expected.split()
    open_end = bool(words) and words[-1] == "..." and len(words) > 1
    if open_end:
        words = words[:-1]
    given = actual.split()
    if len(given) < len(words) or (len(given) > len(words) and not open_end):
        return None
    known = dict(captures)
    for pattern, token in zip(words, given, strict=False):
        found = _match_token(pattern, token, known)
        if found is None:
            return None
        known.update(found)
    return known


def _match_token(pattern: str, token: str, known: Mapping[str, str]) -> Captures | None:
    if "{" not in pattern:
        return {} if pattern == token else None
    names: list[str] = []
    parts: list[str] = []
    position = 0
    for match in _PATTERN.finditer(pattern):
        parts.append(re.escape(pattern[position:match.start()]))
        position = match.end()
        name = match[1]
        if name in known:
            parts.append(re.escape(known[name]))
        elif name in names:
            parts.append(f"(?P={name})")
        elif name == "*":
            parts.append(r"\S*")
        else:
            names.append(name)
            parts.append(rf"(?P<{name}>\S+?)")
    parts.append(re.escape(pattern[position:]))
    found = re.fullmatch("".join(parts), token)
    return found.groupdict() if found else None
