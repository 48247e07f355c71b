"""Security contexts of pods and containers, for Linux; what they say about Windows is not judged.

Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go validatePodSpecSecurityContext,
ValidateSecurityContext, validateSeccompProfileField, ValidateAppArmorProfileField, validateSysctls.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from simnet.manifests.findings import Findings, duplicate, invalid, required, too_long, unsupported
from simnet.manifests.paths import Path
from simnet.manifests.validate import rules

Context = Mapping[str, Any]

_PROFILES = ("Localhost", "RuntimeDefault", "Unconfined")
_LONGEST_PROFILE = 4095  # bytes: the longest path of Linux
_POD_WORDS = {
    "fsGroupChangePolicy": ("Always", "OnRootMismatch"), "supplementalGroupsPolicy": ("Merge", "Strict"),
    "seLinuxChangePolicy": ("MountOption", "Recursive"),
}
_LONGEST_SYSCTL = 253
_SEGMENT = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_SYSCTL = re.compile(rf"({_SEGMENT}[\./])*{_SEGMENT}")
_IPC_SYSCTLS = ("kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue.")


def pod_security(spec: Mapping[str, Any], path: Path) -> Findings:
    """The `securityContext` of a pod, and namespaces of the host that do not go together."""
    context, here = spec.get("securityContext") or {}, (*path, "securityContext")
    yield from _ids(context, here, ("fsGroup", "runAsUser", "runAsGroup"))
    for index, number in enumerate(context.get("supplementalGroups") or ()):
        yield from _id(number, (*here, "supplementalGroups", index))
    if spec.get("shareProcessNamespace") and spec.get("hostPID"):
        yield invalid((*path, "shareProcessNamespace"), True,
                      "ShareProcessNamespace and HostPID cannot both be enabled")
    yield from _sysctls(spec, context, (*here, "sysctls"))
    for name, words in _POD_WORDS.items():
        if context.get(name) is not None and context[name] not in words:
            yield unsupported((*here, name), context[name], words)
    yield from _profiles(context, here)


def container_security(container: Mapping[str, Any], path: Path, host_users: bool) -> Findings:
    """The `securityContext` of a container. `host_users`: the pod has the node's user namespace."""
    context, here = container.get("securityContext") or {}, (*path, "securityContext")
    yield from _ids(context, here, ("runAsUser", "runAsGroup"))
    mount = context.get("procMount")
    if mount is not None and mount not in ("Default", "Unmasked"):
        yield unsupported((*here, "procMount"), mount, ("Default", "Unmasked"))
    elif mount == "Unmasked" and host_users:
        yield invalid((*here, "procMount"), mount, "`hostUsers` must be false to use `Unmasked`")
    if context.get("allowPrivilegeEscalation") is False:
        cannot = "cannot set `allowPrivilegeEscalation` to false and "
        if context.get("privileged"):
            yield invalid(here, context, f"{cannot}`privileged` to true")
        if "CAP_SYS_ADMIN" in ((context.get("capabilities") or {}).get("add") or ()):
            yield invalid(here, context, f"{cannot}`capabilities.Add` CAP_SYS_ADMIN")
    yield from _profiles(context, here)


def _ids(context: Context, path: Path, names: tuple[str, ...]) -> Findings:
    for name in names:
        if context.get(name) is not None:
            yield from _id(context[name], (*path, name))


def _id(number: int, path: Path) -> Findings:
    """A user or group of Linux. Source: apimachinery pkg/util/validation IsValidUserID, IsValidGroupID."""
    if not 0 <= number < 2**31:
        yield invalid(path, number, "must be between 0 and 2147483647, inclusive")


def _profiles(context: Context, path: Path) -> Findings:
    for name, called in (("seccompProfile", "seccomp"), ("appArmorProfile", "AppArmor")):
        profile = context.get(name)
        if profile is not None:
            yield from _profile(profile, (*path, name), called)


def _profile(profile: Mapping[str, Any], path: Path, called: str) -> Findings:
    kind, local, here = profile.get("type") or "", profile.get("localhostProfile"), (*path, "localhostProfile")
    if not kind:
        yield required((*path, "type"), f"type is required when {path[-1]} is set")
    elif kind not in _PROFILES and called == "AppArmor":  # the field tables have the words of the other one
        yield unsupported((*path, "type"), kind, _PROFILES)
    if kind != "Localhost":
        if local is not None and (called == "seccomp" or kind in _PROFILES):
            yield invalid(here, local, f"can only be set when {called} type is Localhost")
    elif local is None or (called == "AppArmor" and local == ""):
        yield required(here, f"must be set when {called} type is Localhost")
    elif called == "seccomp":
        yield from rules.descending_path(local, here)
    else:
        if local != local.strip():
            yield invalid(here, local, "must not be padded with whitespace")
        if len(local.encode()) > _LONGEST_PROFILE:
            yield too_long(here, _LONGEST_PROFILE)


def _sysctls(spec: Mapping[str, Any], context: Context, path: Path) -> Findings:
    names: set[str] = set()
    for index, given in enumerate(context.get("sysctls") or ()):
        name, here = given.get("name") or "", (*path, index, "name")
        if not name:
            yield required(here)
        elif len(name) > _LONGEST_SYSCTL or not _SYSCTL.fullmatch(name):
            yield invalid(here, name, f"must have at most {_LONGEST_SYSCTL} characters and match regex ^{_SYSCTL.pattern}$")
        elif name in names:
            yield duplicate(here, name)
        names.add(name)
        dotted = name.replace("/", ".")
        if spec.get("hostNetwork") and dotted.startswith("net."):
            yield invalid(here, name, "may not be specified when 'hostNetwork' is true")
        elif spec.get("hostIPC") and dotted.startswith(_IPC_SYSCTLS):
            yield invalid(here, name, "may not be specified when 'hostIPC' is true")
