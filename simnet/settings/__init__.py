"""What a cluster is set up with: every keyword of `Cluster`, read once, checked, frozen.

Defaults are kubeadm's where it has any. Reference behaviour: Kubernetes 1.35.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from simnet.clock import DEFAULT_NOW
from simnet.errors import UsageError
from simnet.images import Images
from simnet.ip import IPNetwork
from simnet.settings import naming, readers, values
from simnet.settings.groups import (
    ControllerSettings,
    DNSSettings,
    ExternalSettings,
    KubeletSettings,
    OutsideHost,
    ProxySettings,
)
from simnet.settings.readers import ADDONS, LAPTOP
from simnet.settings.values import one_of, refuse_unknown
from simnet.x509.certificate import Certificate

__all__ = ["LAPTOP", "ControllerSettings", "DNSSettings", "ExternalSettings", "KubeletSettings", "OutsideHost",
           "ProxySettings", "Settings", "one_of", "refuse_unknown"]

NAMESPACE_RULES = ("created on apply", "listed only", "any")
ASSUME = ("nothing", "any-port")
POLICIES = ("required", "not-enforced")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything; see the README for meanings and `Settings.read` for the accepted forms."""

    nodes: tuple[tuple[str, tuple[int, ...]], ...]
    pod_cidrs: tuple[IPNetwork, ...]
    service_cidrs: tuple[IPNetwork, ...]
    node_port_range: tuple[int, int]
    load_balancer_pool: IPNetwork
    seed: int
    now: str
    namespaces: str
    addons: Mapping[str, str]
    images: Images
    outside: Mapping[str, OutsideHost]
    assume: str
    policies: str
    pins: Mapping[str, Any]
    trust: tuple[Certificate, ...]
    proxy: ProxySettings
    dns: DNSSettings
    kubelet: KubeletSettings
    ingress: tuple[ControllerSettings, ...]

    @property
    def cluster_cidrs(self) -> tuple[IPNetwork, ...]:
        """Sources inside these count as pods."""
        return self.pod_cidrs if self.proxy.cluster_cidrs is None else self.proxy.cluster_cidrs

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Settings:
        """From the keywords of `Cluster`. Raises UsageError naming the keyword, the value and what would do."""
        known = {"nodes": 1, "pod_cidr": "10.244.0.0/16", "service_cidr": "10.96.0.0/12",
                 "node_port_range": "30000-32767", "load_balancer_pool": "203.0.113.0/28", "seed": 0,
                 "now": DEFAULT_NOW, "namespaces": NAMESPACE_RULES[0], "addons": ADDONS, "images": {}, "outside": {},
                 "assume": ASSUME[0], "policies": POLICIES[0], "pins": {}, "trust": (), "proxy": {}, "dns": {},
                 "kubelet": {}, "ingress": {}, "delays": {}}
        refuse_unknown("Cluster", given, known)
        value = {**known, **given}
        readers.no_delays(value["delays"])
        service_cidrs = values.one_of_each_family("service_cidr", value["service_cidr"])
        if not service_cidrs:
            raise UsageError("service_cidr: a cluster has at least one range for Services")
        nodes = readers.nodes(value["nodes"])
        names = [name for name, _ in nodes]
        addons = readers.addons(value["addons"], names)
        images = value["images"]
        return cls(
            nodes=nodes, pod_cidrs=values.one_of_each_family("pod_cidr", value["pod_cidr"]),
            service_cidrs=service_cidrs, node_port_range=values.port_range("node_port_range", value["node_port_range"]),
            load_balancer_pool=values.network("load_balancer_pool", value["load_balancer_pool"]),
            seed=values.integer("seed", value["seed"]), now=readers.moment(value["now"]),
            namespaces=one_of("namespaces", value["namespaces"], NAMESPACE_RULES), addons=addons,
            images=images if isinstance(images, Images) else Images(values.mapping("images", images)),
            outside=readers.outside(value["outside"]), assume=one_of("assume", value["assume"], ASSUME),
            policies=one_of("policies", value["policies"], POLICIES), pins=readers.pins(value["pins"]),
            trust=readers.trust(value["trust"]), proxy=readers.proxy(value["proxy"]), dns=naming.dns(value["dns"]),
            kubelet=readers.kubelet(value["kubelet"], service_cidrs, "coredns" in addons),
            ingress=readers.controllers(value["ingress"], addons, names))

    def changes(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Those settings that may change afterwards, checked as at the start. Raises UsageError."""
        refuse_unknown("Cluster.set", given, ("assume", "policies", "trust"))
        read: dict[str, Callable[[Any], Any]] = {
            "assume": lambda each: one_of("assume", each, ASSUME), "trust": readers.trust,
            "policies": lambda each: one_of("policies", each, POLICIES)}
        return {name: read[name](each) for name, each in given.items()}
