"""What a text may ask of the readers of YAML and JSON before they refuse it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Final

from simnet.errors import UsageError, nearest
from simnet.manifests.tree import Source
from simnet.manifests.yaml_errors import refusal


@dataclass(frozen=True, slots=True)
class Limits:
    """What a text may ask of the reader; each has its own error, which names it. The largest values seen in 5,586 public
    manifests are 38 levels, 3.5 MB, 7 aliases and a growth of 2.4.

    `depth`: nested collections. `size`: characters of one input. `aliases`: a document. `growth` and `allowance`: values
    after expanding aliases may be `growth` times those written, plus `allowance`, and at most `nodes`. `key`: characters
    of an unquoted or quoted key. Raises UsageError for a limit that is no positive integer.
    """

    depth: int = 100
    size: int = 64 * 2**20
    aliases: int = 10_000
    growth: int = 10
    allowance: int = 10_000
    nodes: int = 5_000_000
    key: int = 1024

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if not isinstance(value, int) or value < 1:
                raise UsageError(f"the limit {each.name}: {value!r} is not a positive integer")

    @classmethod
    def read(cls, given: Iterable[str]) -> Limits:
        """From texts such as `depth=200`. Raises UsageError naming the text and the limits there are."""
        known = {each.name for each in fields(cls)}
        values: dict[str, int] = {}
        for text in given:
            name, _, number = text.partition("=")
            if name not in known or not (number.isascii() and number.isdigit()):
                near = nearest(name, known) if name not in known else ""
                hint = f"; did you mean {near}?" if near else ""
                raise UsageError(f"the limit {text!r} is not NAME=NUMBER with one of {', '.join(sorted(known))}{hint}")
            values[name] = int(number[:18])
        return cls(**values)


DEFAULT: Final = Limits()


def raised_by(name: str) -> str:
    """The words that tell which limit an input has met."""
    return f"(the limit `{name}`, which can be raised)"


def too_deep(source: Source, offset: int, limits: Limits) -> Exception:
    """The error for one collection too many inside the other."""
    found = f"more than {limits.depth:,} collections inside each other"
    return refusal(source, offset, found, f"fewer levels {raised_by('depth')}")
