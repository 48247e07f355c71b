"""Services, Endpoints and EndpointSlices."""

from __future__ import annotations

from simnet.labels import Selector
from simnet.manifests.decode.meta import Origin, common
from simnet.manifests.decode.values import Data, items, networks, numbers, reference, section
from simnet.objects.endpoints import EndpointAddress, Endpoints, EndpointSubset
from simnet.objects.endpointslice import Endpoint, EndpointPort, EndpointSlice
from simnet.objects.meta import Object
from simnet.objects.service import LoadBalancerIngress, Service, ServicePort

_FAMILIES = {"IPv4": 4, "IPv6": 6}
_PENDING = "the loaded status has no address"


def service(data: Data, origin: Origin) -> Object:
    """A Service with the addresses and node ports that were asked for; what is allocated is still missing."""
    spec = section(data, "spec")
    given = items(spec, "clusterIPs") or ((spec["clusterIP"],) if spec.get("clusterIP") else ())
    headless = given[:1] == ("None",)
    cluster_ips = () if headless else numbers(given)
    health_port = spec.get("healthCheckNodePort")
    return Service(
        **common(data, origin), type=spec.get("type") or "ClusterIP", cluster_ips=cluster_ips, is_headless=headless,
        selector=Selector.from_map(section(spec, "selector")), ports=tuple(map(_port, items(spec, "ports"))),
        ip_families=_families(spec, cluster_ips), ip_family_policy=spec.get("ipFamilyPolicy") or "SingleStack",
        external_ips=numbers(items(spec, "externalIPs")), load_balancer_ip=spec.get("loadBalancerIP") or "",
        load_balancer_class=spec.get("loadBalancerClass") or "",
        load_balancer_ingress=tuple(map(_ingress, items(section(origin.status(data), "loadBalancer"), "ingress"))),
        load_balancer_source_ranges=networks(items(spec, "loadBalancerSourceRanges")),
        allocate_load_balancer_node_ports=spec.get("allocateLoadBalancerNodePorts") is not False,
        external_traffic_policy=spec.get("externalTrafficPolicy") or "Cluster",
        internal_traffic_policy=spec.get("internalTrafficPolicy") or "Cluster",
        session_affinity=spec.get("sessionAffinity") or "None",
        affinity_timeout_seconds=section(spec, "sessionAffinityConfig", "clientIP").get("timeoutSeconds") or 10800,
        external_name=spec.get("externalName") or "",
        publish_not_ready_addresses=bool(spec.get("publishNotReadyAddresses")),
        health_check_node_port=health_port or 0, traffic_distribution=spec.get("trafficDistribution") or "",
        pending_reason=_PENDING if _states_no_address(spec, origin.status(data)) else "")


def _states_no_address(spec: Data, status: Data) -> bool:
    """Whether a loaded status says that the load balancer has no address; a status that is not there says nothing."""
    stated = "loadBalancer" in status and not section(status, "loadBalancer").get("ingress")
    return stated and spec.get("type") == "LoadBalancer"


def _families(spec: Data, cluster_ips: tuple[int, ...]) -> tuple[int, ...]:
    """As asked for, else those of the addresses asked for, else IPv4 until the allocator decides (rule DS-3)."""
    given = tuple(_FAMILIES[name] for name in items(spec, "ipFamilies") if name in _FAMILIES)
    return given or tuple(6 if number >> 128 else 4 for number in cluster_ips) or (4,)


def _port(given: Data) -> ServicePort:
    port = given.get("port") or 0
    return ServicePort(port, given.get("name") or "", given.get("protocol") or "TCP", given.get("targetPort") or port,
                       given.get("nodePort") or 0, given.get("appProtocol") or "")


def _ingress(given: Data) -> LoadBalancerIngress:
    address = numbers([given.get("ip")])
    return LoadBalancerIngress(address[0] if address else None, given.get("hostname") or "",
                               given.get("ipMode") or "VIP")


def endpoints(data: Data, origin: Origin) -> Object:
    """An Endpoints object."""
    base = common(data, origin)
    return Endpoints(**base, subsets=tuple(_subset(given, base["key"].namespace) for given in items(data, "subsets")))


def _subset(given: Data, namespace: str) -> EndpointSubset:
    return EndpointSubset(
        addresses=tuple(_address(entry, namespace) for entry in items(given, "addresses") if entry.get("ip")),
        not_ready_addresses=tuple(
            _address(entry, namespace) for entry in items(given, "notReadyAddresses") if entry.get("ip")),
        ports=tuple(map(endpoint_port, items(given, "ports"))))


def _address(entry: Data, namespace: str) -> EndpointAddress:
    return EndpointAddress(numbers([entry["ip"]])[0], entry.get("nodeName") or "", entry.get("hostname") or "",
                           reference(entry.get("targetRef"), "Pod", namespace))


def endpoint_port(given: Data) -> EndpointPort:
    """One port of a slice or of Endpoints; a missing number means all ports."""
    return EndpointPort(given.get("name") or "", given.get("protocol") or "TCP", given.get("port"),
                        given.get("appProtocol") or "")


def endpoint_slice(data: Data, origin: Origin) -> Object:
    """An EndpointSlice. Members of a slice of host names (addressType FQDN), which no proxy uses, have no addresses."""
    base = common(data, origin)
    family = data.get("addressType") or "IPv4"
    return EndpointSlice(
        **base, address_type=family, ports=tuple(map(endpoint_port, items(data, "ports"))),
        endpoints=tuple(_endpoint(given, family, base["key"].namespace) for given in items(data, "endpoints")))


def _endpoint(given: Data, family: str, namespace: str) -> Endpoint:
    conditions, hints = section(given, "conditions"), section(given, "hints")
    return Endpoint(
        addresses=numbers(items(given, "addresses")) if family in _FAMILIES else (),
        ready=conditions.get("ready"), serving=conditions.get("serving"), terminating=conditions.get("terminating"),
        node_name=given.get("nodeName") or "", zone=given.get("zone") or "", hostname=given.get("hostname") or "",
        target=reference(given.get("targetRef"), "Pod", namespace),
        hint_zones=tuple(hint.get("name") or "" for hint in items(hints, "forZones")),
        hint_nodes=tuple(hint.get("name") or "" for hint in items(hints, "forNodes")))
