"""Which objects a command means: `TYPE [NAME...]`, `TYPE/NAME...`, `TYPE,TYPE`, `all`, with -l, -n, -A.

Source: kubernetes/cli-runtime pkg/resource/builder.go (ResourceTypeOrNameArgs and its messages).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from simnet.console.kubectl.context import Kube, KubectlError
from simnet.console.kubectl.kinds import ALL, kind_for, resource
from simnet.errors import NotFound, UsageError
from simnet.objects.kinds import BY_KIND, Kind
from simnet.objects.meta import Object
from simnet.store.store import Store

FIELDS: dict[str, tuple[str, ...]] = {
    "Pod": ("spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork",
            "status.phase", "status.podIP", "status.podIPs", "status.nominatedNodeName"),
    "Service": ("spec.clusterIP", "spec.type"), "Node": ("spec.unschedulable",), "Namespace": ("status.phase",),
    "Secret": ("type",), "ReplicaSet": ("status.replicas",), "Deployment": (), "StatefulSet": (), "DaemonSet": (),
    "Event": ("involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
              "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason",
              "reportingComponent", "source", "type"),
}
"""Fields besides name and namespace that a list can be narrowed by.
Source: kubernetes/kubernetes pkg/apis/core/v1/conversion.go and pkg/apis/apps/v1/conversion.go
(AddFieldLabelConversionFunc); all other kinds: apimachinery pkg/runtime/conversion.go
DefaultMetaV1FieldSelectorConversion."""


_NAMED = 5  # names a hint gives


@dataclass(frozen=True, slots=True)
class Wanted:
    """One resource type and the names asked for; no names means all of them."""

    kind: Kind
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """Objects of each type, in the order asked for, and the complaints about names that do not exist."""

    groups: tuple[tuple[Kind, tuple[Object, ...]], ...]
    complaints: tuple[str, ...] = ()

    @property
    def objects(self) -> tuple[Object, ...]:
        return tuple(each for _, group in self.groups for each in group)


def wanted(kube: Kube, operands: Sequence[str]) -> tuple[Wanted, ...]:
    """Read the operands. Raises KubectlError in kubectl's words."""
    if not operands:
        raise KubectlError("error: You must specify the type of resource to "
                           f"{kube.verb}. Use \"kubectl api-resources\" for a complete list of supported resources.")
    store = kube.cluster.store
    if any("/" in word for word in operands):
        if not all("/" in word for word in operands):
            raise KubectlError("error: there is no need to specify a resource type as a separate argument when passing "
                               f"arguments in resource/name form (e.g. 'kubectl {kube.verb} resource/<resource_name>' "
                               f"instead of 'kubectl {kube.verb} resource resource/<resource_name>'")
        pairs = [word.partition("/") for word in operands]
        for kind, _, name in pairs:
            if not kind or not name or "/" in name:
                raise KubectlError("error: arguments in resource/name form must have a single resource and name")
        return tuple(Wanted(kind_for(store, kind), (name,)) for kind, _, name in pairs)
    words = [part for part in operands[0].split(",") if part]
    kinds = dict.fromkeys(kind for word in words for kind in _kinds_named(store, word))  # each type once
    names = tuple(operands[1:])
    if names and kube.flags.has("selector"):
        raise KubectlError("error: name cannot be provided when a selector is specified")
    return tuple(Wanted(kind, names) for kind in kinds)


def _kinds_named(store: Store, word: str) -> list[Kind]:
    """The types a word stands for: the category `all` for several. Source: Builder.ReplaceAliases."""
    return [BY_KIND[kind] for kind in ALL] if word == "all" else [kind_for(store, word)]


def find(kube: Kube, wants: Sequence[Wanted]) -> Found:
    """Fetch what is wanted. A name that does not exist becomes a complaint; the others are still found."""
    groups: list[tuple[Kind, list[Object]]] = []
    complaints: list[str] = []
    for want in wants:
        if want.names and kube.all_namespaces:
            raise KubectlError("error: a resource cannot be retrieved by name across all namespaces")
        objects: list[Object] = [] if want.names else _listed(kube, want.kind)
        for name in want.names:
            try:
                objects.append(get(kube, want.kind, name))
            except NotFound as problem:
                complaints.append(_complaint(kube, want.kind, name, problem))
        if groups and groups[-1][0] == want.kind:
            groups[-1][1].extend(objects)
        else:
            groups.append((want.kind, objects))
    return Found(tuple((kind, tuple(objects)) for kind, objects in groups), tuple(complaints))


def get(kube: Kube, kind: Kind, name: str) -> Object:
    """One object by name in the command's namespace. Raises NotFound."""
    if kind.kind not in BY_KIND and kind.kind not in kube.cluster.store.kinds():
        raise NotFound(kind.singular, name)
    found: Object = kube.cluster.get(kind.kind, name, namespace=kube.namespace if kind.namespaced else "")
    return found


def require(kube: Kube, kind: Kind, name: str) -> Object:
    """One object by name. Raises KubectlError as the API server's client reports it."""
    try:
        return get(kube, kind, name)
    except NotFound as problem:
        raise KubectlError(_complaint(kube, kind, name, problem)) from None


def _complaint(kube: Kube, kind: Kind, name: str, problem: NotFound) -> str:
    """The API server's words; the nearest name is kept for `why`."""
    elsewhere = [] if not kind.namespaced else [each.namespace for each in kube.cluster.list(kind.kind) if each.name == name]
    if elsewhere:
        kube.desk.hint = f"namespace {elsewhere[0]} has one of this name: kubectl {kube.verb} -n {elsewhere[0]} ..."
    else:
        kube.desk.hint = _nearest(kube, kind, name, problem.suggestion)
    return f'Error from server (NotFound): {resource(kind)} "{name}" not found'


def _nearest(kube: Kube, kind: Kind, name: str, suggestion: str) -> str:
    """The name that was probably meant, or those that exist."""
    there = [] if kind.kind not in kube.cluster.store.kinds() else [
        each.name for each in kube.cluster.store.list(kind.kind, kube.namespace if kind.namespaced else None)]
    near = suggestion or next((each for each in there if each.startswith(name)), "")
    if near:
        return f"did you mean {near}?"
    where = f" in namespace {kube.namespace}" if kind.namespaced else ""
    more = f" and {len(there) - _NAMED} more" if len(there) > _NAMED else ""
    return f"{kind.plural}{where}: {', '.join(there[:_NAMED]) or 'none'}{more}"


def _listed(kube: Kube, kind: Kind) -> list[Object]:
    if kind.kind not in BY_KIND and kind.kind not in kube.cluster.store.kinds():
        return []
    selector = kube.flags.get("selector") or None
    try:
        objects = list(kube.cluster.list(kind.kind, selector=selector,
                                         namespace=kube.where if kind.namespaced else None))
    except UsageError as problem:
        raise KubectlError(f"error: {problem}") from None
    for condition in filter(None, kube.flags.get("field-selector").split(",")):
        _refuse_field(kube, kind, condition)
        objects = [each for each in objects if _has_field(each, condition)]
    if kind.kind == "Event":
        objects.sort(key=lambda each: (each.last_seen, each.first_seen))
    return objects


def _refuse_field(kube: Kube, kind: Kind, condition: str) -> None:
    """Raise KubectlError for a field the API server does not select this kind by."""
    field = re.split(r"!?=", condition)[0]
    if field in ("metadata.name", "metadata.namespace") or field in FIELDS.get(kind.kind, ()) or field == condition:
        return
    group, _, version = kind.api_version.rpartition("/")
    why = f"field label not supported: {field}" if kind.kind in FIELDS else \
        f'"{field}" is not a known field selector: only "metadata.name", "metadata.namespace"'
    raise KubectlError(f'Error from server (BadRequest): Unable to find "{group}/{version}, Resource={kind.plural}" that '
                       f'match label selector "{kube.flags.get("selector")}", field selector '
                       f'"{kube.flags.get("field-selector")}": {why}')


def _has_field(each: Object, condition: str) -> bool:
    path, operator, value = condition.partition("!=" if "!=" in condition else "=")
    if not operator:
        raise KubectlError(f'Error from server (BadRequest): invalid field selector "{condition}"')
    shown = str(value_at(each.manifest, path) or "")
    return (shown == value.removeprefix("=")) == (operator == "=")


def value_at(manifest: Any, path: str) -> Any:
    """The value at `.metadata.name` or `status.podIPs[0].ip`; None if it is not there."""
    value = manifest
    for part in path.strip(".").replace("[", ".").replace("]", "").split("."):
        if isinstance(value, (list, tuple)):
            value = value[int(part)] if part.isdigit() and int(part) < len(value) else None
        else:
            value = value.get(part) if hasattr(value, "get") else None
    return value
