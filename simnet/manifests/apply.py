"""What `kubectl apply` makes of an object that exists, and the annotation by which it remembers what it applied.

Source: kubernetes/kubectl pkg/util/apply.go (GetModifiedConfiguration), pkg/cmd/apply/patcher.go; the API server drops
`status` from what is sent (PrepareForUpdate of every registry strategy).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from simnet.errors import Place, Problem
from simnet.manifests.convert import converted, copied
from simnet.manifests.findings import Findings, reported, required
from simnet.manifests.manifest import Manifest
from simnet.manifests.patch import Tree, field_of_kind, inner, strategic
from simnet.manifests.patch_create import three_way
from simnet.manifests.paths import Path, PlaceOf, at
from simnet.manifests.schema import Field

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
SERVER_FIELDS = ("uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "managedFields",
                 "selfLink")
"""What only the API server writes; a copy of a live object that is applied may have it, and it does not count."""
_ESCAPED = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def annotation_of(manifest: Manifest) -> str:
    """The text kubectl keeps of a manifest: compact JSON with sorted keys, as Go writes it, and a line end."""
    metadata = dict(manifest.data.get("metadata") or {})
    metadata["annotations"] = {key: value for key, value in (metadata.get("annotations") or {}).items() if key != LAST_APPLIED}
    if manifest.key.namespace:
        metadata["namespace"] = manifest.key.namespace
    whole = {**manifest.data, "metadata": metadata}
    return json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":")).translate(_ESCAPED) + "\n"


def remembered(manifest: Manifest) -> Manifest:
    """The manifest with that annotation, as apply and `create --save-config` send it."""
    metadata = dict(manifest.data.get("metadata") or {})
    metadata["annotations"] = {**(metadata.get("annotations") or {}), LAST_APPLIED: annotation_of(manifest)}
    return replace(manifest, data={**manifest.data, "metadata": metadata}, stored=None)


def last_applied(live: Mapping[str, Any]) -> Mapping[str, Any]:
    """The manifest applied last, in the current version of its kind; empty where the object has none that can be read."""
    text = at(live, ("metadata", "annotations", LAST_APPLIED))
    try:
        found = json.loads(text) if isinstance(text, str) else {}
    except ValueError:
        return {}
    return converted(found) if isinstance(found, Mapping) else {}


def keyless(manifest: Manifest) -> list[Problem]:
    """Items of merged lists that lack the key they are found by: no patch can be made of such a manifest."""
    data = converted(manifest.data)
    found = _keyless(data, field_of_kind(str(data.get("apiVersion")), manifest.kind), ())
    return reported(found, manifest.ref, manifest.place_of)


def _keyless(value: Any, field: Field, path: Path) -> Findings:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key != "ownerReferences":
                yield from _keyless(item, inner(field, key), (*path, key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            if field.merges and field.merge_key and (not isinstance(item, Mapping) or item.get(field.merge_key) is None):
                yield required((*path, index, field.merge_key))
            yield from _keyless(item, field.item, (*path, index))


def apply_patch(manifest: Manifest, live: Mapping[str, Any]) -> Tree:
    """The strategic merge patch from the live object (in the current version) to the manifest; {} changes nothing."""
    new = dict(converted(remembered(manifest).data))
    metadata = {**_counting(new["metadata"]), "name": manifest.key.name}
    if manifest.key.namespace:
        metadata["namespace"] = manifest.key.namespace
    if any(not isinstance(each, Mapping) or not each.get("uid") for each in metadata.get("ownerReferences") or ()):
        del metadata["ownerReferences"]  # items are found by uid; those of a loaded object may lack it, and stay
    new["metadata"] = metadata
    last = dict(last_applied(live))
    if isinstance(last.get("metadata"), Mapping):
        last["metadata"] = _counting(last["metadata"])
    return three_way(_without_status(last), _without_status(new), live,
                     field_of_kind(str(live.get("apiVersion")), manifest.kind))


def _counting(metadata: Mapping[str, Any]) -> Tree:
    """Metadata without what only the server writes; a null in it still asks for a removal."""
    return {key: value for key, value in metadata.items() if key not in SERVER_FIELDS or value is None}


def patched_live(patch: Mapping[str, Any], live: Mapping[str, Any]) -> Tree:
    """The live object, without its status, after a patch."""
    field = field_of_kind(str(live.get("apiVersion")), str(live.get("kind")))
    whole: Tree = copied(strategic(_without_status(live), patch, field))
    return whole


def _without_status(data: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: value for key, value in data.items() if key != "status"}


def places_in(manifest: Manifest, whole: Mapping[str, Any]) -> PlaceOf:
    """Where the parts of a merged object stand in the manifest they came from. Items of merged lists are found by their
    key; what the manifest does not have stands where the nearest part above it does."""
    kind = field_of_kind(str(whole.get("apiVersion")), manifest.kind)

    def place_of(path: Path, value: bool = False) -> Place | None:
        return manifest.place_of(_path_in(manifest.data, whole, path, kind), value=value)
    return place_of


def _path_in(given: Any, whole: Any, path: Path, field: Field) -> Path:
    if not path:
        return ()
    step, rest = path[0], path[1:]
    if not isinstance(step, int):
        lower = inner(field, step)
        return (step, *_path_in(at(given, (step,)), at(whole, (step,)), rest, lower))
    if field.merges and isinstance(given, list):
        item = at(whole, (step,))
        name = item.get(field.merge_key) if field.merge_key and isinstance(item, Mapping) else item
        step = next((index for index, each in enumerate(given)
                     if (each.get(field.merge_key) if field.merge_key and isinstance(each, Mapping) else each) == name), -1)
        if step < 0:
            return ()
    return (step, *_path_in(at(given, (step,)), at(whole, (path[0],)), rest, field.item))
