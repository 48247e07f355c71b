"""What all objects have: key, labels, annotations, times, owner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

from simnet.clock import from_iso
from simnet.manifests.decode.values import Data, items, section
from simnet.manifests.manifest import key_of
from simnet.names import ObjectKey
from simnet.objects.meta import EMPTY, Owner, read_only


class Common(TypedDict):
    """The keyword arguments of simnet.objects.meta.Object."""

    key: ObjectKey
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    created: float
    deleted: float | None
    owner: Owner | None
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Origin:
    """How a manifest is to be understood: `now` is the time of an object that has none of its own; with `facts` the
    status, times and addresses in the manifest are true, without they are ignored. `key` when it is known already."""

    now: float
    facts: bool = False
    key: ObjectKey | None = None

    def status(self, data: Data) -> Data:
        """The status section, empty when it does not count."""
        return section(data, "status") if self.facts else EMPTY


def common(data: Data, origin: Origin) -> Common:
    """The part that is the same for every kind."""
    metadata = section(data, "metadata")
    created, deleted = metadata.get("creationTimestamp"), metadata.get("deletionTimestamp")
    return {
        "key": origin.key or key_of(data), "labels": read_only(section(metadata, "labels")),
        "annotations": read_only(section(metadata, "annotations")),
        "created": from_iso(created) if origin.facts and created else origin.now,
        "deleted": from_iso(deleted) if origin.facts and deleted else None,
        "owner": owner_of(metadata), "raw": data,
    }


def owner_of(metadata: Data) -> Owner | None:
    """The owner reference marked as controller."""
    for given in items(metadata, "ownerReferences"):
        if given.get("controller"):
            return Owner(given.get("kind", ""), given.get("name", ""), given.get("apiVersion", ""), given.get("uid", ""))
    return None
