"""Small conversions from manifest values to the values objects hold. Absent values are None or missing keys.

Text that is no address, network or time raises UsageError; `validate` and `validate_facts` find those first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from simnet import ip
from simnet.ip import IPNetwork
from simnet.names import ObjectKey

Data = Mapping[str, Any]


def section(data: Data, *names: str) -> Data:
    """The mapping at a path of keys, empty where it is absent."""
    found = data
    for name in names:
        inner = found.get(name)
        if not isinstance(inner, Mapping):
            return {}
        found = inner
    return found


def items(data: Data, name: str) -> tuple[Any, ...]:
    """The list under a key as a tuple, empty where it is absent."""
    return tuple(data.get(name) or ())


def texts(data: Data, name: str) -> tuple[str, ...]:
    """A list of strings as a tuple."""
    return tuple(str(item) for item in data.get(name) or ())


def numbers(addresses: Iterable[str | None]) -> tuple[int, ...]:
    """Addresses as numbers; absent and empty ones are left out."""
    return tuple(ip.number(text) for text in addresses if text)


def networks(cidrs: Iterable[str | None]) -> tuple[IPNetwork, ...]:
    """Networks of texts that may be padded with blanks; absent and empty ones are left out."""
    return tuple(IPNetwork.parse(text.strip()) for text in cidrs if text)


def reference(given: Data | None, kind: str, namespace: str) -> ObjectKey | None:
    """The key that an object reference names, None when it is absent or of another kind."""
    if not given or given.get("kind") != kind or not given.get("name"):
        return None
    return ObjectKey(given.get("namespace") or namespace, given["name"])
