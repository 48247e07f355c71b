"""From a document to a Manifest: is it an API object, of which kind, and what is it called?

Source: kubernetes/apimachinery pkg/apis/meta/v1/unstructured (kind and apiVersion), kubectl's resource builder
("no matches for kind"), rule A-1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from simnet.errors import Place, Problem, nearest
from simnet.manifests import tree
from simnet.manifests.convert import deprecation
from simnet.manifests.hints import surprise
from simnet.manifests.manifest import DEFAULT_NAMESPACE, Manifest, key_of, ref_of
from simnet.manifests.paths import Path, known
from simnet.manifests.schema import tables

_GLUED = re.compile(r"([A-Za-z]\w*):([^\s/:]\S*)")
_CORE_GROUPS = ("", "apps", "networking.k8s.io", "discovery.k8s.io", "extensions")
_EXAMPLES = (("apiVersion", "v1"), ("kind", "Service"))


@dataclass(frozen=True, slots=True)
class Setting:
    """What a manifest leaves open: `namespace` is that of objects which name none; `scopes` gives the scope (Cluster,
    Namespaced) of custom kinds whose definitions are known, by group/Kind."""

    namespace: str = DEFAULT_NAMESPACE
    scopes: Mapping[str, str] = field(default_factory=dict)


def identify(document: tree.Document, setting: Setting) -> Manifest | list[Problem]:
    """The manifest of a document, or everything that keeps it from being one."""
    data, place = document.value, _start(document)
    if not isinstance(data, Mapping):
        glued = _GLUED.match(data) if isinstance(data, str) else None
        hint = f"; a colon needs a space after it: `{glued[1]}: {glued[2]}`" if glued else ""
        return [Problem(f"found {_shape(data)} where a manifest is expected: a mapping with apiVersion, kind and "
                        f"metadata{hint}", type="Syntax", place=known(place))]
    problems = list(_Unnamed(document, ref_of(data, setting.namespace), known(place)).problems())
    if problems:
        return problems
    api_version, kind = data["apiVersion"], data["kind"]
    unknown = _unknown_kind(api_version, kind)
    if unknown is not None:
        where = tree.place_of(data, (unknown.field,), value=True, file=document.file)
        return [Problem(unknown.detail, type="Syntax", place=known(where), object=ref_of(data, setting.namespace),
                        suggestion=unknown.suggestion)]
    group = api_version.rpartition("/")[0]
    key = key_of(data, setting.namespace, cluster_scoped=setting.scopes.get(f"{group}/{kind}") == "Cluster")
    manifest = Manifest(api_version, kind, key, data, place)
    return Manifest(api_version, kind, key, data, place, (*document.warnings, *_warnings(manifest)))


def scopes_of(values: Iterable[Any]) -> dict[str, str]:
    """The scope of every custom kind that the CustomResourceDefinitions among some manifests define, by group/Kind."""
    scopes: dict[str, str] = {}
    for value in values:
        if isinstance(value, Mapping) and value.get("kind") == "CustomResourceDefinition":
            spec = value.get("spec")
            names = spec.get("names") if isinstance(spec, Mapping) else None
            if isinstance(spec, Mapping) and isinstance(names, Mapping):
                scopes[f"{spec.get('group')}/{names.get('kind')}"] = str(spec.get("scope"))
    return scopes


@dataclass(frozen=True, slots=True)
class _Unnamed:
    """What is missing of the parts that say what an object is."""

    document: tree.Document
    ref: str
    place: Place | None

    def problems(self) -> Iterator[Problem]:
        """apiVersion, kind, and a name or generateName: each there, each text."""
        data = self.document.value
        for name, example in _EXAMPLES:
            if data.get(name) in (None, ""):
                yield Problem(f"every manifest says its {name}, such as {example}", type="Required", place=self.place,
                              object=self.ref, field=name)
            else:
                yield from self._text((name,), data[name])
        metadata = data.get("metadata")
        if metadata is not None and not isinstance(metadata, Mapping):
            yield self._mistyped(("metadata",), metadata, "must be a mapping")
            return
        names = {name: (metadata or {}).get(name) for name in ("name", "generateName")}
        if all(value in (None, "") for value in names.values()):
            yield Problem("name or generateName is required", type="Required", place=self._at(("metadata",)),
                          object=self.ref, field="metadata.name")
        for name, value in names.items():
            yield from self._text(("metadata", name), value)

    def _text(self, path: Path, value: Any) -> Iterator[Problem]:
        if value is not None and not isinstance(value, str):
            text = tree.written(self.document.value, path) or str(value)
            said = surprise(value, text)
            yield self._mistyped(path, value, "must be a string" + said, f'"{text}"' if said else "")

    def _mistyped(self, path: Path, value: Any, detail: str, suggestion: str = "") -> Problem:
        return Problem(detail, type="TypeInvalid", place=self._at(path, value=True), object=self.ref,
                       field=".".join(map(str, path)), value=value, suggestion=suggestion)

    def _at(self, path: Path, value: bool = False) -> Place | None:
        return known(tree.place_of(self.document.value, path, value=value, file=self.document.file))


@dataclass(frozen=True, slots=True)
class _UnknownKind:
    detail: str
    field: str
    suggestion: str


def _unknown_kind(api_version: str, kind: str) -> _UnknownKind | None:
    """What is wrong with a kind that its API group does not have. Groups of custom kinds are not judged."""
    known = tables()
    if kind in known.served.get(api_version, ()) or known.kind(api_version, kind):
        return None
    homes = [version for version, kinds in known.served.items() if kind in kinds]
    if api_version not in known.served and not (homes and api_version.rpartition("/")[0] in _CORE_GROUPS):
        return None
    detail = f'no matches for kind "{kind}" in version "{api_version}"'
    if homes:
        return _UnknownKind(detail, "apiVersion", homes[0])
    return _UnknownKind(detail, "kind", nearest(kind, known.served.get(api_version, ())))


def _warnings(manifest: Manifest) -> Iterator[Problem]:
    text = deprecation(manifest.api_version, manifest.kind) or _not_served(manifest.api_version, manifest.kind)
    if text:
        yield Problem(text, type="Syntax", place=known(manifest.place), object=manifest.ref)
    namespace = manifest.data["metadata"].get("namespace")
    if namespace and not manifest.key.namespace:
        yield Problem(f"{manifest.kind} objects belong to no namespace; {namespace!r} is ignored", type="Syntax",
                      place=known(manifest.place_of("metadata.namespace")), object=manifest.ref, field="metadata.namespace")


def _not_served(api_version: str, kind: str) -> str:
    """A version of a Kubernetes kind that current servers do not have; such objects are kept, not modelled."""
    served, group = tables().served, api_version.rpartition("/")[0]
    homes = [version for version, kinds in served.items() if kind in kinds and version.rpartition("/")[0] == group]
    if not homes or kind in served.get(api_version, ()) or tables().kind(api_version, kind):
        return ""
    return f"{api_version} {kind} is not served by Kubernetes {tables().version}; use {homes[0]} {kind}"


def _start(document: tree.Document) -> Place:
    place = tree.place_of(document.value, (), file=document.file)
    return place if place.line or not document.file else Place(document.file, document.line)


def _shape(value: Any) -> str:
    return "a list" if isinstance(value, list) else f"the text {value!r}" if isinstance(value, str) else repr(value)
