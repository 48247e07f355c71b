"""What became of an annotation that has no effect as written (rule K-17)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """The outcomes there are."""

    NOT_MODELLED = "known to ingress-nginx, not modelled here"
    UNKNOWN = "not an annotation of ingress-nginx"
    IGNORED = "value cannot be used: ignored, the default applies"
    DENIED = "value cannot be used: all paths of the Ingress answer 503"
    DROPPED = "value cannot be used: the whole Ingress is dropped"


@dataclass(frozen=True, slots=True)
class Note:
    """One annotation that does not do what it says. `name` is without prefix; `nearest` is the name probably meant."""

    name: str
    value: str
    outcome: Outcome
    nearest: str = ""
