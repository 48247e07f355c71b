"""A manifest whose kind and name are known: what every later stage works on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simnet.errors import Place, Problem
from simnet.manifests import tree
from simnet.manifests.convert import old_path
from simnet.manifests.paths import Path, at, path_of
from simnet.manifests.schema import tables
from simnet.names import ObjectKey

DEFAULT_NAMESPACE = "default"
_FILLED_FROM: tuple[tuple[Path, Path], ...] = (
    (("spec", "clusterIPs"), ("spec", "clusterIP")), (("data",), ("stringData",)))


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
        steps = self._as_given(old_path(self.api_version, self.kind, steps))
        return tree.place_of(self.data, steps, value=value, file=self.place.file) if steps else self.place

    def _as_given(self, path: Path) -> Path:
        """The path of the field that a stored one was filled from, if the manifest has that instead."""
        for stored, source in _FILLED_FROM:
            given = at(self.data, source)
            if path[:len(stored)] == stored and at(self.data, path) is None and given is not None:
                return (*source, *path[len(stored):]) if isinstance(given, Mapping) else source
        return path


def key_of(data: Mapping[str, Any], namespace: str = DEFAULT_NAMESPACE, cluster_scoped: bool = False) -> ObjectKey:
    """Namespace and name of a manifest. Namespaced objects that name no namespace belong to `namespace`; kinds that
    are known to be cluster-scoped, and those said to be, belong to none. Copes with metadata of any shape."""
    metadata = data.get("metadata")
    given = metadata if isinstance(metadata, Mapping) else {}
    name = str(given.get("name") or given.get("generateName") or "")
    if cluster_scoped or str(data.get("kind")) in tables().cluster_scoped:
        return ObjectKey("", name)
    return ObjectKey(str(given.get("namespace") or namespace), name)


def ref_of(data: Mapping[str, Any], namespace: str = DEFAULT_NAMESPACE) -> str:
    """`service/default/web`, for a manifest of any shape: `service` without a name, '' without a kind."""
    kind, key = str(data.get("kind") or "").lower(), key_of(data, namespace)
    return f"{kind}/{key}" if kind and key.name else kind
