"""What another way to write a name, or another ndots, would have cost. Rules D86, D90, D91."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from simnet.control.resolv_conf import ResolvConf
from simnet.dataplane.dns.lookup import Lookup
from simnet.dataplane.dns.questions import absolute

LookUp = Callable[[str, ResolvConf], Lookup]
NDOTS_TRIED = (1, 2)


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another way to ask. `ndots` is None where it stays as it is; `is_same` tells whether it finds the same addresses."""

    name: str
    ndots: int | None
    lookup: Lookup
    is_same: bool


def alternatives(lookup: Lookup, conf: ResolvConf, look_up: LookUp) -> tuple[Alternative, ...]:
    """The full name that was found, the name itself, each with a final dot; the shortest names that lead there; the
    name with a smaller ndots, where that makes a difference. Cost: a lookup each."""
    if lookup.via != "dns":
        return ()
    found: list[Alternative] = []
    for name, ndots in dict.fromkeys(_ways(lookup, conf)):
        other = look_up(name, conf if ndots is None else conf.with_ndots(ndots))
        is_same = lookup.is_ok and other.is_ok and set(other.numbers) == set(lookup.numbers)
        differs = is_same != lookup.is_ok or other.query_count != lookup.query_count
        if differs if ndots is not None else is_same or name == absolute(lookup.name):
            found.append(Alternative(name, ndots, other, is_same))
    return tuple(found)


def _ways(lookup: Lookup, conf: ResolvConf) -> Iterator[tuple[str, int | None]]:
    if lookup.is_ok:
        winner = lookup.steps[-1].name
        yield winner, None
        for domain in conf.searched(lookup.libc):
            short = winner.removesuffix(f".{domain.strip('.')}.")
            if short not in (winner, lookup.name):
                yield short, None
    if not lookup.name.endswith("."):
        yield absolute(lookup.name), None
        for ndots in NDOTS_TRIED:
            if ndots != conf.ndots:
                yield lookup.name, ndots
