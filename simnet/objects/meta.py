"""What every API object has: a key, labels, annotations, times, an owner, and the manifest it came from."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from dataclasses import fields as dataclass_fields
from functools import cache
from itertools import repeat
from operator import call
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar

from simnet.clock import iso
from simnet.names import ObjectKey

T = TypeVar("T")

EMPTY: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Owner:
    """The controlling owner reference: the object that made this one and deletes it again. `uid` is '' where a loaded
    object does not say it."""

    kind: str
    name: str
    api_version: str = "apps/v1"
    uid: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    """Base of all kinds: immutable, networking fields only.

    `labels` and `annotations` are read-only and may be shared by many objects. `created` and `deleted` are logical
    seconds since the epoch. `raw` is the manifest as given (for pods of a workload the pod template, shared);
    `manifest` is the whole API object, built when asked for.
    """

    kind: ClassVar[str] = ""
    api_version: ClassVar[str] = "v1"

    key: ObjectKey
    labels: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    annotations: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    created: float = 0.0
    deleted: float | None = None
    owner: Owner | None = None
    raw: Mapping[str, Any] = field(default_factory=lambda: EMPTY, repr=False)

    @property
    def name(self) -> str:
        return self.key.name

    @property
    def namespace(self) -> str:
        return self.key.namespace

    @property
    def ref(self) -> str:
        """`service/default/web`, or `node/node-1` for a cluster-scoped object: how errors and traces name it."""
        return f"{self.kind.lower()}/{self.key}"

    @property
    def uid(self) -> str:
        """As given in the manifest, else derived from kind, key and creation time, so that every run shows the same."""
        metadata = self.raw.get("metadata")
        given = metadata.get("uid") if isinstance(metadata, Mapping) else None
        if isinstance(given, str) and given:
            return given
        digest = hashlib.sha1(f"{self.kind}/{self.key}@{self.created}".encode(), usedforsecurity=False).hexdigest()
        return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-a{digest[17:20]}-{digest[20:32]}"

    @property
    def as_owner(self) -> Owner:
        """The reference to this object in what its controller makes."""
        return Owner(self.kind, self.name, self.api_version, self.uid)

    @property
    def manifest(self) -> dict[str, Any]:
        """The full API object with the values the cluster assigned. A fresh copy of the parts that differ."""
        whole: dict[str, Any] = {"apiVersion": self.api_version, "kind": self.kind, "metadata": self._metadata()}
        whole.update((key, value) for key, value in self.raw.items() if key not in ("apiVersion", "kind", "metadata"))
        self._complete(whole)
        return whole

    def _complete(self, whole: dict[str, Any]) -> None:
        """Lay what the cluster assigned over the manifest as given; kinds with such fields override this."""

    def _metadata(self) -> dict[str, Any]:
        given = self.raw.get("metadata")
        metadata: dict[str, Any] = dict(given) if isinstance(given, Mapping) else {}
        metadata["name"] = self.key.name
        if self.key.namespace:
            metadata["namespace"] = self.key.namespace
        for name, mapping in (("labels", self.labels), ("annotations", self.annotations)):
            if mapping:
                metadata[name] = dict(mapping)
            else:
                metadata.pop(name, None)
        metadata["creationTimestamp"] = iso(self.created)
        metadata["uid"] = self.uid
        if self.deleted is not None:
            metadata["deletionTimestamp"] = iso(self.deleted)
        if self.owner is not None and "ownerReferences" not in metadata:
            metadata["ownerReferences"] = [merged(
                {"apiVersion": self.owner.api_version, "kind": self.owner.kind, "name": self.owner.name,
                 "controller": True, "blockOwnerDeletion": True}, {"uid": self.owner.uid or None})]
        return metadata


def changed(old: T, **fields: Any) -> T:
    """`dataclasses.replace` for a frozen object with slots, in a third of the time; nothing is checked or computed
    anew, so that the fields given must stand on their own."""
    new = object.__new__(type(old))
    kind: Any = type(old)
    readers, writers = _members(kind)
    deque(map(call, writers, repeat(new), map(call, readers, repeat(old))), maxlen=0)
    for name, value in fields.items():
        object.__setattr__(new, name, value)
    return new


@cache
def _members(cls: type) -> tuple[tuple[Callable[[Any], Any], ...], tuple[Callable[[Any, Any], None], ...]]:
    """The readers and writers of a dataclass's slots."""
    slots = [getattr(cls, each.name) for each in dataclass_fields(cls)]
    return tuple(each.__get__ for each in slots), tuple(each.__set__ for each in slots)


def read_only(mapping: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """A read-only copy; one shared empty mapping for absent and empty ones."""
    return MappingProxyType(dict(mapping)) if mapping else EMPTY


def merged(base: Any, over: Mapping[str, Any]) -> dict[str, Any]:
    """`base` (a mapping or nothing) with the entries of `over` laid on top; an entry of None removes the key."""
    result: dict[str, Any] = dict(base) if isinstance(base, Mapping) else {}
    for key, value in over.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = value
    return result
