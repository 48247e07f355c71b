"""A manifest whose kind and name are known: what every later stage works on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simnet.errors import Place, Problem
from simnet.manifests import tree
from simnet.manifests.convert import old_path
from simnet.manifests.paths import Path, path_of
from simnet.manifests.schema import tables
from simnet.names import ObjectKey

DEFAULT_NAMESPACE = "default"


@dataclass(frozen=True, slots=True)
class Manifest:
    """One API object as given. `key.namespace` is '' for cluster-scoped kinds; `key.name` is the generateName when the
    name is still to be generated. `data` is in the version it was written in and must not be changed. `warnings` are
    remarks that do not refuse it. `stored` is `data` with its defaults, once `checked` has looked at it."""

    api_version: str
    kind: str
    key: ObjectKey
    data: Mapping[str, Any]
    place: Place = field(default_factory=Place)
    warnings: tuple[Problem, ...] = ()
    stored: Mapping[str, Any] | None = field(default=None, repr=False, compare=False)

    @property
    def ref(self) -> str:
        """`service/default/web`, the name errors call it by."""
        return f"{self.kind.lower()}/{self.key}"

    def place_of(self, path: Path | str, value: bool = False) -> Place:
        """Where the key at `path` (or a text like `spec.ports[0]`) stands, or with `value` its value; the nearest part
        that exists if it does not. Paths of the current version of the kind lead to the fields of an older one."""
        steps = path_of(path) if isinstance(path, str) else path
        steps = old_path(self.api_version, self.kind, steps)
        return tree.place_of(self.data, steps, value=value, file=self.place.file) if steps else self.place


def key_of(data: Mapping[str, Any], namespace: str = DEFAULT_NAMESPACE, cluster_scoped: bool = False) -> ObjectKey:
    """Namespace and name of a manifest. Namespaced objects that name no namespace belong to `namespace`; kinds that
    are known to be cluster-scoped, and those said to be, belong to none. Copes with metadata of any shape."""
    metadata = data.get("metadata")
    given = metadata if isinstance(metadata, Mapping) else {}
    name = str(given.get("name") or given.get("generateName") or "")
    if cluster_scoped or data.get("kind") in tables().cluster_scoped:
        return ObjectKey("", name)
    return ObjectKey(str(given.get("namespace") or namespace), name)


def ref_of(data: Mapping[str, Any], namespace: str = DEFAULT_NAMESPACE) -> str:
    """`service/default/web`, for a manifest of any shape; '' for one without a kind."""
    kind = data.get("kind")
    return f"{str(kind).lower()}/{key_of(data, namespace)}" if kind else ""
