"""What a text may ask of the readers of YAML and JSON before they refuse it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from simnet.manifests.tree import Source
from simnet.manifests.yaml_errors import refusal


@dataclass(frozen=True, slots=True)
class Limits:
    """What a text may ask of the reader; each has its own error. The largest values seen in 5,586 public manifests
    are 38 levels, 3.5 MB, 7 aliases and a growth of 2.4.

    `depth`: nested collections (at most 150: the reader recurses). `size`: characters of one input. `aliases`: a
    document. `growth` and `allowance`: values after expanding aliases may be `growth` times those written, plus
    `allowance`, and at most `nodes`. `key`: characters of an unquoted or quoted key.
    """

    depth: int = 100
    size: int = 64 * 2**20
    aliases: int = 10_000
    growth: int = 10
    allowance: int = 10_000
    nodes: int = 5_000_000
    key: int = 1024

    def __post_init__(self) -> None:
        if self.depth > 150:
            raise ValueError(f"depth={self.depth} is not at most 150")


DEFAULT: Final = Limits()


def too_deep(source: Source, offset: int, limits: Limits) -> Exception:
    """The error for one collection too many inside the other."""
    return refusal(source, offset, f"more than {limits.depth} collections inside each other", "fewer levels")
