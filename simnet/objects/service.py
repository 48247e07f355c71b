"""v1 Service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from simnet import ip
from simnet.ip import IPNetwork
from simnet.labels import NOTHING, Selector
from simnet.objects.meta import Object, merged


@dataclass(frozen=True, slots=True)
class ServicePort:
    """One entry of spec.ports; `target_port` is a number or the name of a container port, `node_port` 0 if none."""

    port: int
    name: str = ""
    protocol: str = "TCP"
    target_port: int | str = 0
    node_port: int = 0
    app_protocol: str = ""


@dataclass(frozen=True, slots=True)
class LoadBalancerIngress:
    """One entry of status.loadBalancer.ingress. With ip_mode Proxy the address is not captured (rule SV-9)."""

    address: int | None = None
    hostname: str = ""
    ip_mode: str = "VIP"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service(Object):
    """A Service. Addresses are numbers; `cluster_ips` is empty for headless and ExternalName Services.

    `selector` is NOTHING when absent or empty (rule ES-1). `ip_families` holds 4 and 6 in the order of `cluster_ips`.
    """

    kind: ClassVar[str] = "Service"

    type: str = "ClusterIP"
    cluster_ips: tuple[int, ...] = ()
    is_headless: bool = False
    selector: Selector = NOTHING
    ports: tuple[ServicePort, ...] = ()
    ip_families: tuple[int, ...] = (4,)
    ip_family_policy: str = "SingleStack"
    external_ips: tuple[int, ...] = ()
    load_balancer_ip: str = ""
    load_balancer_class: str = ""
    load_balancer_ingress: tuple[LoadBalancerIngress, ...] = ()
    load_balancer_source_ranges: tuple[IPNetwork, ...] = ()
    allocate_load_balancer_node_ports: bool = True
    external_traffic_policy: str = "Cluster"
    internal_traffic_policy: str = "Cluster"
    session_affinity: str = "None"
    affinity_timeout_seconds: int = 10800
    external_name: str = ""
    publish_not_ready_addresses: bool = False
    health_check_node_port: int = 0
    traffic_distribution: str = ""
    pending_reason: str = ""  # why it waits for an address it should have

    @property
    def is_external_name(self) -> bool:
        return self.type == "ExternalName"

    @property
    def has_selector(self) -> bool:
        return not self.selector.nothing

    @property
    def load_balancer_ips(self) -> tuple[int, ...]:
        """The load-balancer addresses the proxy captures: ipMode VIP or absent (rule SV-9)."""
        return tuple(entry.address for entry in self.load_balancer_ingress
                     if entry.address is not None and entry.ip_mode != "Proxy")

    @property
    def ports_held(self) -> set[int]:
        """The numbers it has of the node port pool: node ports and the health check port."""
        held = {port.node_port for port in self.ports if port.node_port}
        return held | {self.health_check_node_port} if self.health_check_node_port else held

    @property
    def has_external_address(self) -> bool:
        """Externally accessible in the API's sense (rule SV-1)."""
        return self.type in ("NodePort", "LoadBalancer") or (self.type == "ClusterIP" and bool(self.external_ips))

    def _complete(self, whole: dict[str, Any]) -> None:
        spec: dict[str, Any] = dict(whole.get("spec") or {})
        if not self.is_external_name:
            cluster_ips = ["None"] if self.is_headless else [ip.text(number) for number in self.cluster_ips]
            if cluster_ips:
                spec["clusterIP"], spec["clusterIPs"] = cluster_ips[0], cluster_ips
            spec["ipFamilies"] = [f"IPv{family}" for family in self.ip_families]
            spec["ipFamilyPolicy"] = self.ip_family_policy
        spec["type"] = self.type
        ports = spec.get("ports")
        if isinstance(ports, (list, tuple)):
            spec["ports"] = [merged(given, {"nodePort": port.node_port or None})
                             for given, port in zip(ports, self.ports, strict=False)]
        if self.health_check_node_port:
            spec["healthCheckNodePort"] = self.health_check_node_port
        whole["spec"] = spec
        entries = [_ingress_entry(entry) for entry in self.load_balancer_ingress]
        whole["status"] = merged(whole.get("status"), {"loadBalancer": {"ingress": entries} if entries else {}})


def _ingress_entry(entry: LoadBalancerIngress) -> dict[str, Any]:
    if entry.address is None:
        return {"hostname": entry.hostname}
    return {"ip": ip.text(entry.address), "ipMode": entry.ip_mode}
