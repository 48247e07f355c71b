"""Volumes of a pod. Networking never looks at them; they are shown because people look for them here.

Source: kubernetes/kubectl pkg/describe/describe.go describeVolumes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from simnet.console.kubectl.describe.page import Page

Raw = Mapping[str, Any]

_KINDS: dict[str, tuple[str, tuple[tuple[str, str, str], ...]]] = {
    "configMap": ("ConfigMap (a volume populated by a ConfigMap)",
                  (("Name", "name", ""), ("Optional", "optional", "false"))),
    "secret": ("Secret (a volume populated by a Secret)",
               (("SecretName", "secretName", ""), ("Optional", "optional", "false"))),
    "emptyDir": ("EmptyDir (a temporary directory that shares a pod's lifetime)",
                 (("Medium", "medium", ""), ("SizeLimit", "sizeLimit", "<unset>"))),
    "hostPath": ("HostPath (bare host directory volume)", (("Path", "path", ""), ("HostPathType", "type", ""))),
    "persistentVolumeClaim": ("PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
                              (("ClaimName", "claimName", ""), ("ReadOnly", "readOnly", "false"))),
    "nfs": ("NFS (an NFS mount that lasts the lifetime of a pod)",
            (("Server", "server", ""), ("Path", "path", ""), ("ReadOnly", "readOnly", "false"))),
}


def describe_volumes(page: Page, volumes: Sequence[Raw], level: int) -> None:
    """One block a volume; a kind of volume without a table is `<unknown>`."""
    if not volumes:
        page.write(level, "Volumes:", "<none>")
        return
    page.write(level, "Volumes:")
    for volume in volumes:
        page.write(1, " " * level + f"{volume.get('name')}:")
        kind = next((key for key in _KINDS if key in volume), None)
        if kind is None:
            page.write(1, "<unknown>")
            continue
        title, rows = _KINDS[kind]
        page.write(2, "Type:", title)
        for label, key, default in rows:
            value = (volume[kind] or {}).get(key, default)
            page.write(2, f"{label}:", str(value).lower() if isinstance(value, bool) else value)
