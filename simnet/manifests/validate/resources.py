"""What containers ask for and may use at most: amounts, how they may be changed, claims of devices.

Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go ValidateContainerResourceRequirements,
ValidateResourceQuantityValue, validateContainerResourceName, validateResizePolicy, validatePodResourceClaim,
validateResourceClaimNames.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from simnet.errors import nearest
from simnet.manifests.findings import Finding, Findings, duplicate, each_invalid, invalid, required, unsupported
from simnet.manifests.paths import Path
from simnet.manifests.quantity import amount
from simnet.names import dns1123_label_problem, dns1123_subdomain_problem, qualified_name_problem

_STANDARD = ("cpu", "memory", "ephemeral-storage")
_HUGE_PAGES = "hugepages-"
_RESIZED = ("cpu", "memory")
_RESIZE_POLICIES = ("NotRequired", "RestartContainer")
_CLAIMED = ("resourceClaimName", "resourceClaimTemplateName")


def resources(given: Mapping[str, Any], path: Path) -> Findings:
    """Limits and requests: names, values, and that no request is above its limit."""
    limits, requests = given.get("limits") or {}, given.get("requests") or {}
    for kind, amounts in (("limits", limits), ("requests", requests)):
        for name, value in amounts.items():
            yield from _entry(name, value, (*path, kind, name))
    for name, value in requests.items():
        yield from _below_limit(name, value, limits.get(name), path)


def _entry(name: str, value: Any, path: Path) -> Findings:
    complaint = qualified_name_problem(name)
    yield from each_invalid(path, name, complaint)
    if not complaint and "/" not in name and name not in _STANDARD and not name.startswith(_HUGE_PAGES):
        yield invalid(path, name, "must be a standard resource for containers")
    number = amount(value)
    if number is not None and number < 0:
        yield invalid(path, str(value), "must be greater than or equal to 0")
    elif number is not None and "/" in name and number.denominator != 1:
        yield invalid(path, str(value), "must be an integer")


def _below_limit(name: str, value: Any, limit: Any, path: Path) -> Findings:
    """Huge pages and resources of devices cannot be overcommitted: their request is their limit."""
    overcommitted = name in _STANDARD
    if limit is None:
        if not overcommitted:
            yield required((*path, "limits"), "Limit must be set for non overcommitable resources")
        return
    asked, allowed = amount(value), amount(limit)
    if asked is None or allowed is None:
        return
    if asked != allowed and not overcommitted:
        yield invalid((*path, "requests"), str(value), f"must be equal to {name} limit of {limit}")
    elif asked > allowed:
        yield invalid((*path, "requests"), str(value), f"must be less than or equal to {name} limit of {limit}")


def resize_policies(given: Sequence[Mapping[str, Any]], path: Path, restart_policy: str) -> Findings:
    """What a change of an amount does to the container. The API server names the list, but for a resource given twice."""
    seen: set[str] = set()
    for index, each in enumerate(given):
        name, policy = each.get("resourceName") or "", each.get("restartPolicy") or ""
        if name in seen:
            yield duplicate((*path, index), name)
        seen.add(name)
        for word, known in ((name, _RESIZED), (policy, _RESIZE_POLICIES)):
            if not word:
                yield required(path)
            elif word not in known:
                yield unsupported(path, word, known)
        if restart_policy == "Never" and policy != "NotRequired":
            yield invalid(path, policy, "must be 'NotRequired' when `restartPolicy` is 'Never'")


def pod_claims(given: Sequence[Mapping[str, Any]], path: Path, names: set[str]) -> Findings:
    """The claims of devices of a pod; their names are collected in `names`."""
    for index, claim in enumerate(given):
        here, name = (*path, index), claim.get("name") or ""
        if not name:
            yield required((*here, "name"))
        elif name in names:
            yield duplicate((*here, "name"), name)
        else:
            yield from each_invalid((*here, "name"), name, dns1123_label_problem(name))
            names.add(name)
        sources = [source for source in _CLAIMED if claim.get(source) is not None]
        if len(sources) > 1:
            yield invalid(here, claim, "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified")
        elif not sources:
            yield invalid(here, claim, "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`")
        for source in sources:
            yield from each_invalid((*here, source), claim[source], dns1123_subdomain_problem(claim[source]))


def used_claims(given: Sequence[Mapping[str, Any]], path: Path, names: set[str]) -> Findings:
    """The claims that a container uses; `names` are those of its pod."""
    seen: set[tuple[str, str]] = set()
    for index, claim in enumerate(given):
        name, request = claim.get("name") or "", claim.get("request") or ""
        if not name:
            yield required((*path, index))
            continue
        if (name, request) in seen:
            yield duplicate((*path, index), f"{name}/{request}" if request else name)
        seen.add((name, request))
        if name not in names:
            yield Finding("NotFound", (*path, index), name, "must be one of the names in pod.spec.resourceClaims",
                          nearest(name, sorted(names)))
