"""Which IP families a Service gets. Source: kubernetes/kubernetes pkg/registry/core/service/storage/alloc.go
initIPFamilyFields; rules DS-2 and DS-3."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from simnet import ip
from simnet.errors import InvalidField, Problem
from simnet.objects.service import Service
from simnet.settings import Settings

DUAL_POLICIES = ("PreferDualStack", "RequireDualStack")
NAMES = {4: "IPv4", 6: "IPv6"}


def choose_families(new: Service, old: Service | None, settings: Settings) -> Service:
    """The Service with policy and families filled in. Raises InvalidField for what the cluster cannot give."""
    if new.is_external_name:
        return replace(new, ip_families=(), ip_family_policy="")
    configured = [cidr.family for cidr in settings.service_cidrs] or [4]
    given = _given(new)
    if old is not None and not given and old.ip_families and not old.is_external_name:
        given = list(old.ip_families)
    policy = (_asked(new, "ipFamilyPolicy") or (old.ip_family_policy if old is not None else "")
              or _default_policy(new, given))
    if old is not None and policy == "SingleStack":
        given = given[:1]
    _check(new, given, policy, configured)
    families = given or [configured[0]]
    if policy != "SingleStack" and len(families) == 1:
        other = 10 - families[0]
        if other in configured or (new.is_headless and not new.has_selector):
            families = [families[0], other]
    return replace(new, ip_families=tuple(families), ip_family_policy=policy)


def _given(service: Service) -> list[int]:
    """Families asked for, or inferred from the cluster IPs given."""
    if _asked(service, "ipFamilies"):
        return list(service.ip_families)
    return [ip.family(number) for number in service.cluster_ips]


def _asked(service: Service, field: str) -> Any:
    """What the manifest itself says; the typed object has a value in any case."""
    return (service.raw.get("spec") or {}).get(field)


def _default_policy(service: Service, given: list[int]) -> str:
    """SingleStack; a headless Service without selector defaults to both families, whatever the cluster has."""
    if service.is_headless and not service.has_selector and len(given) != 1:
        return "RequireDualStack"
    return "SingleStack"


def _check(service: Service, given: list[int], policy: str, configured: list[int]) -> None:
    problems = []
    for index, family in enumerate(given):
        if family not in configured and not (service.is_headless and not service.has_selector):
            problems.append(Problem("not configured on this cluster", "Invalid", object=service.ref,
                                    field=f"spec.ipFamilies[{index}]", value=NAMES[family]))
    if len(set(given)) != len(given):
        problems.append(Problem("at most one IP of each family", "Invalid", object=service.ref, field="spec.clusterIPs",
                                value=[ip.text(number) for number in service.cluster_ips]))
    elif len(given) > 1 and policy == "SingleStack":
        problems.append(Problem("must be 'RequireDualStack' or 'PreferDualStack' when multiple ipFamilies or clusterIPs "
                                "are specified", "Invalid", object=service.ref, field="spec.ipFamilyPolicy", value=policy))
    if policy == "RequireDualStack" and len(configured) < 2 and not (service.is_headless and not service.has_selector):
        problems.append(Problem("this cluster is not configured for dual-stack services", "Invalid", object=service.ref,
                                field="spec.ipFamilyPolicy", value=policy))
    if problems:
        raise InvalidField(problems)
