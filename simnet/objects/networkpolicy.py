"""networking.k8s.io/v1 NetworkPolicy: decoded, validated and kept; judging packets by it is not modelled yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from simnet.ip import IPNetwork
from simnet.labels import EVERYTHING, Selector
from simnet.objects.meta import Object


@dataclass(frozen=True, slots=True)
class PolicyPeer:
    """Selectors are None when absent; an ip_block excludes both selectors."""

    pod_selector: Selector | None = None
    namespace_selector: Selector | None = None
    ip_block: IPNetwork | None = None
    excepted: tuple[IPNetwork, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyPort:
    protocol: str = "TCP"
    port: int | str | None = None
    end_port: int | None = None


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """No peers means everybody, no ports means every port."""

    peers: tuple[PolicyPeer, ...] = ()
    ports: tuple[PolicyPort, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPolicy(Object):
    """`pod_selector` empty selects every pod of the namespace. Rules are None when the list is absent."""

    kind: ClassVar[str] = "NetworkPolicy"
    api_version: ClassVar[str] = "networking.k8s.io/v1"

    pod_selector: Selector = EVERYTHING
    policy_types: tuple[str, ...] = ("Ingress",)
    ingress: tuple[PolicyRule, ...] | None = None
    egress: tuple[PolicyRule, ...] | None = None
