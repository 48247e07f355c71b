"""Which IP families a Service gets. Source: kubernetes/kubernetes pkg/registry/core/service/storage/alloc.go
initIPFamilyFields; rules DS-2 and DS-3."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from simnet import ip
from simnet.errors import InvalidField, Problem
from simnet.objects.service import Service
from simnet.settings import Settings

NAMES = {4: "IPv4", 6: "IPv6"}


def choose_families(new: Service, old: Service | None, settings: Settings) -> Service:
    """The Service with policy and families filled in. Raises InvalidField for what the cluster cannot give.

    `old` is the Service before an update; what `new` does not say has been copied from it, but for the families.
    """
    if new.is_external_name:
        return replace(new, ip_families=(), ip_family_policy="")
    configured = [cidr.family for cidr in settings.service_cidrs]
    policy = _policy(new, old)
    families = list(new.ip_families) if _asked(new, "ipFamilies") else []
    numbers = list(new.cluster_ips)
    if old is not None and not families and not numbers:
        families = list(old.ip_families)
    if old is not None and policy == "SingleStack":  # nothing else changed: a clear wish to drop the second
        numbers = numbers[:1] if tuple(numbers) == old.cluster_ips else numbers
        families = families[:1] if tuple(families) == old.ip_families else families
    _refuse(_problems_of_change(new, old, policy, families, numbers))
    problems = _inferred(new, families, numbers, configured)
    is_free = new.is_headless and not new.has_selector  # nobody is proxied: any family will do
    _refuse([*problems, *([] if is_free else _problems_of_cluster(new, policy, families, configured))])
    families = families or [configured[0]]
    other = 10 - families[0]
    if policy != "SingleStack" and len(families) == 1 and (is_free or other in configured):
        families.append(other)
    return replace(new, ip_families=tuple(families), ip_family_policy=policy)


def _policy(new: Service, old: Service | None) -> str:
    """As asked, else as before, else SingleStack; a headless Service without selector defaults to both families."""
    given = _asked(new, "ipFamilyPolicy") or (old.ip_family_policy if old is not None else "")
    if given:
        return str(given)
    return "RequireDualStack" if new.is_headless and not new.has_selector else "SingleStack"


def _asked(service: Service, field: str) -> Any:
    """What the manifest itself says; the typed object has a value in any case."""
    return (service.raw.get("spec") or {}).get(field)


def _inferred(service: Service, families: list[int], numbers: Sequence[int], configured: Sequence[int]) -> list[Problem]:
    """Add the families of the given cluster IPs that `families` does not name yet; say which the cluster lacks."""
    problems = []
    for index, number in enumerate(numbers):
        family = ip.family(number)
        if index >= len(families) and family in configured:
            families.append(family)
        elif index >= len(families):
            problems.append(_invalid(service, f"clusterIPs[{index}]", [ip.text(each) for each in numbers],
                                     f"{NAMES[family]} is not configured on this cluster"))
    return problems


def _problems_of_change(service: Service, old: Service | None, policy: str, families: Sequence[int],
                        numbers: Sequence[int]) -> list[Problem]:
    """Two of anything need a dual-stack policy; fewer than before need SingleStack."""
    problems = []
    for name, several, few, before in (
            ("cluster IP", "cluster IPs", numbers, old.cluster_ips if old is not None else ()),
            ("IP family", "IP families", families, old.ip_families if old is not None else ())):
        if policy == "SingleStack" and len(few) == 2:
            problems.append(_invalid(service, "ipFamilyPolicy", policy, "must be 'RequireDualStack' or 'PreferDualStack' "
                                     f"when multiple {several} are specified"))
        elif policy != "SingleStack" and 0 < len(few) < len(before):
            problems.append(_invalid(service, "ipFamilyPolicy", policy,
                                     f"must be 'SingleStack' to release the secondary {name}"))
    return problems


def _problems_of_cluster(service: Service, policy: str, families: Sequence[int],
                         configured: Sequence[int]) -> list[Problem]:
    """What the cluster's ranges cannot give."""
    problems = []
    if policy == "RequireDualStack" and len(configured) < 2:
        problems.append(_invalid(service, "ipFamilyPolicy", policy,
                                 "this cluster is not configured for dual-stack services"))
    return problems + [_invalid(service, f"ipFamilies[{index}]", NAMES[family], "not configured on this cluster")
                       for index, family in enumerate(families) if family not in configured]


def _invalid(service: Service, field: str, value: object, detail: str) -> Problem:
    return Problem(detail, "Invalid", object=service.ref, field=f"spec.{field}", value=value)


def _refuse(problems: Sequence[Problem]) -> None:
    if problems:
        raise InvalidField(problems)
