"""Profiles as users write them in `images:` and `outside:`.

    nginx:1.25: {listen: [{port: 80, answer: "hello from $pod\\n"}]}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, NoReturn

from simnet.errors import UsageError, nearest
from simnet.images.profile import LIBCS, ImageProfile, Listen

_PROFILE_KEYS: Final = ("listen", "tools", "runs", "libc")
_LISTEN_KEYS: Final[Mapping[str, str]] = {
    "port": "port", "protocol": "protocol", "answer": "answer", "status": "status", "tls": "tls", "bind": "bind",
    "onlyHost": "only_host"}
_PROTOCOLS: Final = ("TCP", "UDP", "SCTP")


def read_profile(name: str, data: Any, known: ImageProfile | None) -> ImageProfile:
    """The profile a user gives for the image `name`; what it leaves out is taken from `known`.

    Raises UsageError naming the entry, the value and what would do.
    """
    where = f"images[{name}]"
    if not isinstance(data, Mapping):
        _refuse(where, data, "a mapping such as {listen: [{port: 80}]}")
    _refuse_unknown(where, data, _PROFILE_KEYS)
    profile = replace(known or ImageProfile(name=name, listen=None), name=name, is_given=True)
    if "listen" in data:
        entries = data["listen"] or ()
        if isinstance(entries, str | Mapping) or not isinstance(entries, Iterable):
            _refuse(f"{where}.listen", entries, "a list of ports")
        profile = replace(profile, listen=tuple(
            read_listen(entry, f"{where}.listen[{index}]") for index, entry in enumerate(entries)))
    if "tools" in data:
        profile = replace(profile, tools=frozenset(_texts(f"{where}.tools", data["tools"])))
    if "runs" in data:
        profile = replace(profile, runs=_checked(f"{where}.runs", data["runs"], bool))
    if "libc" in data:
        profile = replace(profile, libc=_one_of(f"{where}.libc", data["libc"], LIBCS))
    return profile


def read_listen(entry: Any, where: str) -> Listen:
    """One entry of a `listen` list: a mapping, or just a port number. `where` names it in errors. Raises UsageError."""
    if isinstance(entry, int) and not isinstance(entry, bool):
        entry = {"port": entry}
    if not isinstance(entry, Mapping):
        _refuse(where, entry, "a port number or a mapping such as {port: 80, answer: hello}")
    _refuse_unknown(where, entry, _LISTEN_KEYS)
    if "port" not in entry:
        raise UsageError(f"{where}: port is missing")
    return Listen(**{_LISTEN_KEYS[key]: _listen_value(f"{where}.{key}", key, value) for key, value in entry.items()})


def _listen_value(where: str, key: str, value: Any) -> Any:
    match key:
        case "port":
            return _between(where, value, 1, 65535)
        case "status":
            return _between(where, value, 100, 599)
        case "protocol":
            return _one_of(where, value, _PROTOCOLS)
        case "tls":
            return _checked(where, value, bool)
        case _:
            return _checked(where, value, str)


def _refuse(where: str, value: Any, expected: str) -> NoReturn:
    raise UsageError(f"{where}: {value!r} is not {expected}")


def _refuse_unknown(where: str, given: Mapping[str, Any], known: Iterable[str]) -> None:
    for key in given:
        if key not in known:
            near = nearest(str(key), known)
            hint = f"did you mean {near}?" if near else f"known are {', '.join(known)}"
            raise UsageError(f"{where} has no key {key!r}; {hint}")


def _between(where: str, value: Any, low: int, high: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        _refuse(where, value, f"an integer from {low} to {high}")
    return value


def _checked(where: str, value: Any, type: type) -> Any:
    if not isinstance(value, type):
        _refuse(where, value, {bool: "true or false", str: "text"}[type])
    return value


def _one_of(where: str, value: Any, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        near = nearest(str(value), allowed)
        _refuse(where, value, f"one of {', '.join(allowed)}" + (f"; did you mean {near}?" if near else ""))
    return str(value)


def _texts(where: str, value: Any) -> Iterable[str]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        _refuse(where, value, "a list of program names")
    return (_checked(where, each, str) for each in value)
