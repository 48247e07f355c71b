"""The volumes of a pod and where containers mount them.

Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go ValidateVolumes, validateVolumeSource and its like,
ValidateVolumeMounts. Of sources that no cluster of today serves only the fields that must be there are judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from simnet.manifests.findings import Finding, Findings, duplicate, each_invalid, forbidden, invalid, required, unsupported
from simnet.manifests.paths import Path
from simnet.manifests.validate import rules
from simnet.names import dns1123_label_problem

# in the order of validateVolumeSource: the first that is given counts, the others are refused
_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "emptyDir": (), "hostPath": ("path",), "gitRepo": ("repository",), "gcePersistentDisk": ("pdName",),
    "awsElasticBlockStore": ("volumeID",), "secret": ("secretName",), "nfs": ("server", "path"),
    "iscsi": ("targetPortal", "iqn"), "glusterfs": ("endpoints", "path"), "persistentVolumeClaim": ("claimName",),
    "rbd": ("monitors", "image"), "cinder": ("volumeID",), "cephfs": ("monitors",), "quobyte": ("registry", "volume"),
    "downwardAPI": (), "fc": (), "flexVolume": ("driver",), "configMap": ("name",), "azureFile": ("secretName", "shareName"),
    "vsphereVolume": ("volumePath",), "photonPersistentDisk": ("pdID",), "portworxVolume": ("volumeID",),
    "azureDisk": ("diskName", "diskURI"), "storageos": ("volumeName",), "projected": (),
    "scaleIO": ("gateway", "system", "volumeName"), "csi": ("driver",), "ephemeral": ("volumeClaimTemplate",), "image": (),
}
_HOST_PATH_TYPES = ("", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket")
_PROJECTED = ("secret", "configMap", "downwardAPI", "serviceAccountToken", "clusterTrustBundle", "podCertificate")
_MODE = "must be a number between 0 and 0777 (octal), both inclusive"
_SHORTEST_TOKEN = 600


def volumes(given: Sequence[Mapping[str, Any]], path: Path, names: set[str]) -> Findings:
    """Every volume; their names are collected in `names`."""
    for index, volume in enumerate(given):
        here: Path = (*path, index)
        name = volume.get("name") or ""
        if not name:
            yield required((*here, "name"))
        else:
            yield from each_invalid((*here, "name"), name, dns1123_label_problem(name))
            if name in names:
                yield duplicate((*here, "name"), name)
            names.add(name)
        yield from _source(volume, here)


def _source(volume: Mapping[str, Any], path: Path) -> Findings:
    kinds = [kind for kind in _REQUIRED if volume.get(kind) is not None]
    if not kinds:
        yield required(path, "must specify a volume type")
        return
    for kind in kinds[1:]:
        yield forbidden((*path, kind), "may not specify more than 1 volume type")
    source, here = volume[kinds[0]], (*path, kinds[0])
    for name in _REQUIRED[kinds[0]]:
        if not source.get(name):
            yield required((*here, name))
    yield from _mode(source.get("defaultMode"), (*here, "defaultMode"))
    yield from _files(source.get("items") or (), here, keyed=kinds[0] != "downwardAPI")
    if kinds[0] == "hostPath":
        yield from rules.without_backsteps(source.get("path") or "", (*here, "path"))
        if source.get("type") not in (None, *_HOST_PATH_TYPES):
            yield unsupported((*here, "type"), source["type"], _HOST_PATH_TYPES)
    elif kinds[0] == "nfs" and not (source.get("path") or "").startswith("/"):
        yield invalid((*here, "path"), source.get("path") or "", "must be an absolute path")
    elif kinds[0] == "projected":
        for index, part in enumerate(source.get("sources") or ()):
            yield from _projection(part, (*here, "sources", index))


def _projection(part: Mapping[str, Any], path: Path) -> Findings:
    kinds = [kind for kind in _PROJECTED if part.get(kind) is not None]
    for kind in kinds:
        source, here = part[kind], (*path, kind)
        if kind in ("secret", "configMap") and not source.get("name"):
            yield required((*here, "name"))
        yield from _files(source.get("items") or (), here, keyed=kind != "downwardAPI")
        seconds = source.get("expirationSeconds")
        if kind == "serviceAccountToken" and seconds is not None and seconds < _SHORTEST_TOKEN:
            yield invalid((*here, "expirationSeconds"), seconds, "may not specify a duration less than 10 minutes")
    if len(kinds) > 1:
        yield forbidden(path, "may not specify more than 1 volume type per source")


def _files(items: Sequence[Mapping[str, Any]], path: Path, keyed: bool) -> Findings:
    """Entries of `items`. For the downward API, whose entries have no key, the API server leaves the index out."""
    for index, item in enumerate(items):
        here: Path = (*path, "items", index)
        for name in ("key", "path") if keyed else ("path",):
            if not item.get(name):
                yield required((*here, name))
        text = item.get("path") or ""
        yield from rules.descending_path(text, (*here, "path"))
        if text.startswith(".."):
            yield invalid((*here, "path"), text, "must not start with '..'")
        yield from _mode(item.get("mode"), (*here, "mode"))
        if not keyed and not item.get("fieldRef") and not item.get("resourceFieldRef"):
            yield required(here, "one of fieldRef and resourceFieldRef is required")


def _mode(mode: Any, path: Path) -> Findings:
    if mode is not None and not 0 <= mode <= 0o777:
        yield invalid(path, mode, _MODE)


def mounts(container: Mapping[str, Any], path: Path, names: set[str]) -> Findings:
    """The `volumeMounts` of a container; `names` are the volumes of the pod."""
    places: set[str] = set()
    for index, mount in enumerate(container.get("volumeMounts") or ()):
        here: Path = (*path, "volumeMounts", index)
        name, place = mount.get("name") or "", mount.get("mountPath") or ""
        if not name:
            yield required((*here, "name"))
        elif name not in names:
            yield Finding("NotFound", (*here, "name"), name, "must be the name of a volume of this pod")
        if not place:
            yield required((*here, "mountPath"))
        elif place in places:
            yield invalid((*here, "mountPath"), place, "must be unique")
        places.add(place)
        for part in ("subPath", "subPathExpr"):
            yield from rules.descending_path(mount.get(part) or "", (*here, part))
        if mount.get("subPath") and mount.get("subPathExpr"):
            yield invalid((*here, "subPathExpr"), mount["subPathExpr"], "subPathExpr and subPath are mutually exclusive")
        privileged = (container.get("securityContext") or {}).get("privileged")
        if mount.get("mountPropagation") == "Bidirectional" and not privileged:
            yield forbidden((*here, "mountPropagation"),
                            "Bidirectional mount propagation is available only to privileged containers")
