"""A manifest whose kind and name are known: what every later stage works on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simnet.errors import Place, Problem
from simnet.manifests import tree
from simnet.manifests.paths import Path
from simnet.names import ObjectKey


@dataclass(frozen=True, slots=True)
class Manifest:
    """One API object as given. `key.namespace` is '' for cluster-scoped kinds; `key.name` is '' when the manifest asks
    for a generated name. `warnings` are remarks that do not refuse it. `data` must not be changed."""

    api_version: str
    kind: str
    key: ObjectKey
    data: Mapping[str, Any]
    place: Place = Place()
    warnings: tuple[Problem, ...] = ()

    @property
    def ref(self) -> str:
        """`service/default/web`, the name errors call it by."""
        return ref_of(self.data, self.key)

    def place_of(self, path: Path, value: bool = False) -> Place:
        """Where the key at `path` stands, or with `value` its value; the nearest part that exists if it does not."""
        return tree.place_of(self.data, path, value=value, file=self.place.file) if path else self.place


def ref_of(data: Mapping[str, Any], key: ObjectKey) -> str:
    """`service/default/web`; `pod/default/web-*` for a name that is still to be generated."""
    metadata = data.get("metadata")
    prefix = metadata.get("generateName") if isinstance(metadata, Mapping) else ""
    name = key.name or (f"{prefix}*" if prefix else "?")
    return f"{str(data.get('kind', '')).lower()}/{ObjectKey(key.namespace, name)}"
