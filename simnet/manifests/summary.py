"""What manifests contain that the simulator keeps but does not model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from simnet.manifests.manifest import Manifest
from simnet.manifests.paths import Path, at, path_text
from simnet.manifests.schema import tables

_POD = ("topologySpreadConstraints", "volumes", "securityContext", "readinessGates", "schedulingGates",
        "runtimeClassName", "priorityClassName", "resourceClaims", "ephemeralContainers", "hostPID", "hostIPC",
        "resources")
_AFFINITIES = (("podAffinity",), ("podAntiAffinity",), ("nodeAffinity", "preferredDuringSchedulingIgnoredDuringExecution"))
_CONTAINER = ("env", "envFrom", "lifecycle", "livenessProbe", "startupProbe", "resources", "securityContext",
              "volumeMounts")
_OWN: Mapping[str, Sequence[Path]] = {
    "Service": (("spec", "loadBalancerIP"),),
    "IngressClass": (("spec", "parameters"),),
    "NetworkPolicy": (("spec",),),
    "Gateway": (("spec", "tls"), ("spec", "backendTLS"), ("spec", "allowedListeners"), ("spec", "defaultScope")),
    "HTTPRoute": (("spec", "useDefaultGateways"),),
    "Node": (("status", "capacity"), ("spec", "configSource")),
    "Deployment": (("spec", "strategy"), ("spec", "paused")),
    "DaemonSet": (("spec", "updateStrategy"),),
    "StatefulSet": (("spec", "updateStrategy"), ("spec", "volumeClaimTemplates")),
    "ConfigMap": (("binaryData",),),
    "ServiceAccount": (("secrets",), ("imagePullSecrets",)),
}
_TEMPLATES = ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet")


def not_modelled(manifests: Iterable[Manifest]) -> list[str]:
    """One line for each kind and each part of a manifest that is kept and listed but has no effect, with how many
    objects have it, in the order of first occurrence: `Certificate.cert-manager.io (2 objects)`,
    `Pod spec.affinity.podAffinity (1 object)`."""
    counts: Counter[str] = Counter()
    for manifest in manifests:
        counts.update(dict.fromkeys(_ignored(manifest)).keys())
    return [f"{what} ({count} object{'' if count == 1 else 's'})" for what, count in counts.items()]


def _ignored(manifest: Manifest) -> Iterator[str]:
    if not tables().kind(manifest.api_version, manifest.kind):
        group = manifest.api_version.rpartition("/")[0]
        yield f"{manifest.kind}.{group}" if group else manifest.kind
        return
    for path in _OWN.get(manifest.kind, ()):
        if _given(at(manifest.data, path)):
            yield f"{manifest.kind} {path_text(path)}"
    if manifest.kind == "Pod":
        yield from _pod(manifest, ("spec",))
    elif manifest.kind in _TEMPLATES:
        yield from _pod(manifest, ("spec", "template", "spec"))


def _pod(manifest: Manifest, path: Path) -> Iterator[str]:
    spec: Any = at(manifest.data, path)
    if not isinstance(spec, Mapping):
        return
    for name in _POD:
        if _given(spec.get(name)):
            yield f"{manifest.kind} {path_text((*path, name))}"
    for affinity in _AFFINITIES:
        if _given(at(spec, ("affinity", *affinity))):
            yield f"{manifest.kind} {path_text((*path, 'affinity', *affinity))}"
    containers = [container for group in ("containers", "initContainers") for container in spec.get(group) or ()]
    for name in _CONTAINER:
        if any(_given(at(container, (name,))) for container in containers):
            yield f"{manifest.kind} {path_text((*path, 'containers'))}[].{name}"


def _given(value: Any) -> bool:
    return value not in (None, {}, [], "", False)
