"""Readers of single values: what a keyword accepts, and what is said of anything else.

Each raises UsageError that starts with the keyword (`proxy.mode: ...`), so that whoever read it from a file can find
the place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from simnet import ip
from simnet.errors import UsageError, nearest
from simnet.ip import IPNetwork

_WORDS_OF_TYPE: Mapping[str, tuple[type | tuple[type, ...], str]] = {
    "bool": (bool, "true or false"), "int": (int, "a whole number"), "str": (str, "text"),
    "str | None": ((str, type(None)), "text")}


def refuse_unknown(what: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Raise UsageError for the first key that is not known, with the nearest one that is."""
    known = list(known)
    for key in given:
        if key not in known:
            near = nearest(str(key), known)
            raise UsageError(f"{what} has no setting {key!r}" + (f"; did you mean {near}?" if near else
                                                                f"; known are {', '.join(sorted(known))}"))


def one_of(name: str, value: Any, allowed: Sequence[str]) -> str:
    """`value` if it is one of `allowed`, else UsageError."""
    if value not in allowed:
        near = nearest(str(value), allowed)
        raise UsageError(f"{name}: {value!r} is not one of {', '.join(repr(each) for each in allowed)}"
                         + (f"; did you mean {near!r}?" if near else ""))
    return str(value)


def mapping(name: str, value: Any) -> dict[str, Any]:
    """A mapping as a dict of its own."""
    if not isinstance(value, Mapping):
        raise UsageError(f"{name}: {value!r} is not a mapping")
    return dict(value)


def items(name: str, value: Any) -> list[Any]:
    """A list; a text stands for a list of one, None for an empty one."""
    if value is None:
        return []
    if isinstance(value, (str, bytes)):
        return [value]
    if isinstance(value, Mapping) or not isinstance(value, Iterable):
        raise UsageError(f"{name}: {value!r} is not a list")
    return list(value)


def integer(name: str, value: Any) -> int:
    """A whole number; true and false are none."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise UsageError(f"{name}: {value!r} is not a whole number")
    return value


def of_their_types(name: str, given: Mapping[str, Any], type_: type) -> None:
    """Check the flags, numbers and texts of `given` against the fields of a dataclass; other fields have readers."""
    for field in fields(type_):
        kinds, words = _WORDS_OF_TYPE.get(str(field.type), (object, ""))
        value = given.get(field.name, field.default)
        if field.name in given and (not isinstance(value, kinds) or (field.type == "int" and isinstance(value, bool))):
            raise UsageError(f"{name}.{field.name}: {value!r} is not {words}")


def network(name: str, value: Any) -> IPNetwork:
    """One range, as text or as a value."""
    if isinstance(value, IPNetwork):
        return value
    try:
        return IPNetwork.parse(str(value))
    except ValueError as problem:
        raise UsageError(f"{name}: {problem}") from None


def networks(name: str, value: Any) -> tuple[IPNetwork, ...]:
    """One range, or a list of ranges."""
    return tuple(network(name, each) for each in ([value] if isinstance(value, IPNetwork) else items(name, value)))


def one_of_each_family(name: str, value: Any) -> tuple[IPNetwork, ...]:
    """At most one IPv4 and one IPv6 range, in the order given."""
    found = networks(name, value)
    if len({each.family for each in found}) != len(found):
        raise UsageError(f"{name}: at most one range of each family, given {', '.join(map(str, found))}")
    return found


def addresses(name: str, value: Any) -> tuple[int, ...]:
    """One address, or a list of addresses, as numbers."""
    try:
        return tuple(ip.number(str(each)) for each in items(name, value))
    except ValueError as problem:
        raise UsageError(f"{name}: {problem}") from None


def port_range(name: str, value: Any) -> tuple[int, int]:
    """`LOW-HIGH`, both included."""
    low, _, high = str(value).partition("-")
    if not (all(part.isascii() and part.isdecimal() for part in (low, high)) and 0 < int(low) <= int(high) < 65536):
        raise UsageError(f"{name}: {value!r} is not LOW-HIGH with ports from 1 to 65535")
    return int(low), int(high)
