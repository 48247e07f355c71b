"""The annotations of one Ingress as texts, read one by one; what cannot be used is remembered with its outcome.

Source: kubernetes/ingress-nginx internal/ingress/annotations/parser/{main,validators}.go; rules X-1, K-17.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from simnet.control.ingress_class import go_bool
from simnet.dataplane.http.notes import Note, Outcome
from simnet.ip import IPNetwork

_SIZE: Final = re.compile(r"(\d+)([bkmg]?)", re.IGNORECASE)
_UNITS: Final[Mapping[str, int]] = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


class Reader:
    """The annotations with one prefix; remembers which of them could not be used."""

    def __init__(self, annotations: Mapping[str, str], prefix: str) -> None:
        start = prefix + "/"
        self.values = {name[len(start):]: value for name, value in annotations.items() if name.startswith(start)}
        self.notes: list[Note] = []

    def refuse(self, name: str, outcome: Outcome) -> None:
        self.notes.append(Note(name, self.values[name], outcome))

    def text(self, name: str, allowed: re.Pattern[str], outcome: Outcome) -> str:
        """The trimmed value, '' when absent, empty or refused."""
        value = self.values.get(name, "").strip()
        if value and not allowed.fullmatch(value):
            self.refuse(name, outcome)
            return ""
        return value

    def flag(self, name: str, outcome: Outcome = Outcome.IGNORED) -> bool | None:
        value = self.values.get(name)
        read = go_bool(value) if value is not None else None
        if value and read is None:
            self.refuse(name, outcome)
        return read

    def number(self, name: str, outcome: Outcome = Outcome.IGNORED) -> int | None:
        value = self.values.get(name, "")
        if value and not re.fullmatch(r"-?\d+", value):
            self.refuse(name, outcome)
            return None
        return int(value) if value else None

    def networks(self, name: str) -> tuple[IPNetwork, ...] | None:
        """Comma-separated addresses and CIDRs; None when absent, and when one is wrong, which closes the location."""
        value = self.values.get(name, "").strip()
        if not value:
            return None
        found = read_networks(value)
        if found is None:
            self.refuse(name, Outcome.DENIED)
        return found


def read_networks(text: str) -> tuple[IPNetwork, ...] | None:
    """`10.0.0.0/8, 192.0.2.7`; None when an entry is neither address nor CIDR."""
    parts = [part.strip() for part in text.split(",")]
    try:
        return tuple(IPNetwork.parse(part if "/" in part else f"{part}/{128 if ':' in part else 32}")
                     for part in parts if part)
    except ValueError:
        return None


def read_size(text: str) -> int | None:
    """Bytes of an nginx size: `1m`, `512k`, `0`; None for anything else."""
    found = _SIZE.fullmatch(text.strip())
    return int(found[1]) * _UNITS[found[2].lower()] if found else None


def read_codes(text: str) -> frozenset[int] | None:
    """Statuses from 300 to 599, comma-separated; None when one of them is none."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if any(not part.isdigit() or not 300 <= int(part) <= 599 for part in parts):
        return None
    return frozenset(int(part) for part in parts)
