"""What containers ask for and may use at most.

Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go ValidateContainerResourceRequirements,
ValidateResourceQuantityValue, validateContainerResourceName.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simnet.manifests.findings import Findings, each_invalid, invalid, required
from simnet.manifests.paths import Path
from simnet.manifests.quantity import amount
from simnet.names import qualified_name_problem

_STANDARD = ("cpu", "memory", "ephemeral-storage")
_HUGE_PAGES = "hugepages-"


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
