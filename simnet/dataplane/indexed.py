"""What the view files each object under: one function an index, from an object to the values it is found by."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from operator import attrgetter

from simnet import ip
from simnet.dataplane.rules import is_proxied
from simnet.objects.endpointslice import EndpointSlice
from simnet.objects.node import Node
from simnet.objects.pod import Pod
from simnet.objects.service import Service

TARGET = attrgetter("target")


def captured(service: Service) -> Iterable[Hashable]:
    """Address, port and protocol of everything a proxied Service's addresses answer on."""
    if not is_proxied(service):
        return ()
    addresses = dict.fromkeys((*service.cluster_ips, *service.external_ips, *service.load_balancer_ips))
    families = {ip.family(number) for number in service.cluster_ips}
    return dict.fromkeys((address, port.port, port.protocol) for address in addresses
                         if ip.family(address) in families for port in service.ports)


def addresses(service: Service) -> Iterable[Hashable]:
    """Every address of a Service, proxied or not."""
    return dict.fromkeys((*service.cluster_ips, *service.external_ips, *service.load_balancer_ips))


def node_ports(service: Service) -> Iterable[Hashable]:
    """Node port and protocol of a proxied Service."""
    if not is_proxied(service):
        return ()
    return dict.fromkeys((port.node_port, port.protocol) for port in service.ports if port.node_port)


def health_ports(service: Service) -> Iterable[Hashable]:
    """The health check node port of a proxied Service (rules HC-1, PX-1)."""
    wanted = service.type == "LoadBalancer" and service.external_traffic_policy == "Local" and is_proxied(service)
    return (service.health_check_node_port,) if wanted and service.health_check_node_port else ()


def slice_service(each: EndpointSlice) -> Iterable[Hashable]:
    """The Service a slice is for."""
    return (each.service,) if each.service is not None else ()


def loose_addresses(each: EndpointSlice) -> Iterable[Hashable]:
    """Addresses that no pod stands for."""
    if None not in map(TARGET, each.endpoints):
        return ()
    return dict.fromkeys(address for endpoint in each.endpoints if endpoint.target is None
                         for address in endpoint.addresses)


def own_addresses(pod: Pod) -> Iterable[Hashable]:
    """Addresses of a pod that are not its node's."""
    return () if pod.spec.host_network else pod.pod_ips


def host_network_node(pod: Pod) -> Iterable[Hashable]:
    """The node whose network a pod shares."""
    return (pod.node_name,) if pod.spec.host_network and pod.node_name and not pod.is_terminal else ()


def host_ports(pod: Pod) -> Iterable[Hashable]:
    """Node, host port and protocol of the ports a pod wants on its node."""
    if not pod.spec.has_host_ports or not pod.node_name or pod.spec.host_network or pod.is_terminal:
        return ()
    return dict.fromkeys((pod.node_name, port.host_port, port.protocol) for container in pod.spec.port_owners
                         for port in container.ports if port.host_port)


def node_addresses(node: Node) -> Iterable[Hashable]:
    """All addresses of a node."""
    return dict.fromkeys((*node.addresses, *node.external_addresses))
