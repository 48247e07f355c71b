"""Which addresses of a cluster are opened where on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from simnet import ip
from simnet.cluster import Cluster
from simnet.dataplane.http.controllers import Controller
from simnet.errors import UsageError
from simnet.names import split_host_port
from simnet.objects.node import Node
from simnet.objects.service import Service

LOCAL: Final = "127.0.0.1"
PRIVILEGED: Final = 1024  # ports below need rights that a simulator should not ask for
SHIFT: Final = 8000


class Opening(NamedTuple):
    """One listening port: `host` and `port` here lead to `address` in the cluster, which is `what`."""

    host: str
    port: int
    address: str
    what: str


class Front(NamedTuple):
    """Where in the cluster plain HTTP and HTTPS go, as `address:port`."""

    http: str
    https: str
    what: str


def front_of(cluster: Cluster, to: str = "") -> Front:
    """What `to` says (`203.0.113.2`, ports 80 and 443, or with one port for both); else the first Ingress controller, or
    the first Gateway with an address where there is no Ingress.

    A controller is found at its LoadBalancer address, else at the host port of its node, else at its pod.
    Raises UsageError when there is neither, and for a bad `to`.
    """
    if to:
        return _given(to, "--to")
    controllers = list(cluster.view.ingress.all())
    gateway = next((each for each in cluster.list("gateway")
                    if each.addresses and ip.number_or_none(each.addresses[0]) is not None), None)
    if gateway is not None and not (controllers and cluster.list("ingress")):
        return _given(gateway.addresses[0], f"Gateway {gateway.key}")
    if not controllers:
        raise UsageError("neither an Ingress controller nor a Gateway is there to lead to; name an address of the cluster "
                         "with --to")
    controller = controllers[0]
    found = [_address_of(cluster, controller, port) for port in (controller.ports[0], controller.https_ports[0])]
    return Front(found[0], found[1], f"Ingress controller {controller.name}")


def _given(to: str, what: str) -> Front:
    try:
        host, port = split_host_port(to)
        number = ip.number(host)
    except ValueError:
        raise UsageError(f"--to {to!r} is not an address; write 203.0.113.2 or 203.0.113.2:8080") from None
    return Front(ip.host_port(number, port or 80), ip.host_port(number, port or 443), what)


def _address_of(cluster: Cluster, controller: Controller, port: int) -> str:
    """Where a client outside gets to this port of the controller: the walk is asked."""
    candidates = [*_balanced(cluster, controller.pod.namespace), *_on_nodes(cluster, port)]
    for address in candidates:
        reached = cluster.trace(f"tcp://{address}").endpoint
        if reached is not None and (reached.pod, reached.port) == (controller.pod, port):
            return address
    pod = cluster.get("pod", controller.pod.name, namespace=controller.pod.namespace)
    if not pod.pod_ips:
        raise UsageError(f"the Ingress controller {controller.name} has no address ({pod.message or pod.phase})")
    return ip.host_port(pod.pod_ips[0], port)


def _balanced(cluster: Cluster, namespace: str) -> Iterator[str]:
    for service in cluster.list("service", namespace=namespace):
        for address in service.load_balancer_ips:
            yield from (ip.host_port(address, port.port) for port in service.ports if port.protocol == "TCP")


def _on_nodes(cluster: Cluster, port: int) -> Iterator[str]:
    return (ip.host_port(node.addresses[0], port) for node in cluster.list("node") if node.addresses)


def node_ports(cluster: Cluster) -> list[Opening]:
    """Every TCP node port: on the first node at 127.0.0.1, and with several nodes on each at its loopback address."""
    nodes: list[Node] = [node for node in cluster.list("node") if node.primary(4) is not None]
    opened = []
    for service in cluster.list("service"):
        for port in service.ports:
            if not port.node_port or port.protocol != "TCP":
                continue
            for number, node in enumerate(nodes):
                address = node.primary(4)
                assert address is not None
                hosts = ([LOCAL] if number == 0 else []) + ([loopback_of(address)] if len(nodes) > 1 else [])
                what = f"node port of Service {service.key} on {node.name}"
                opened += [Opening(host, port.node_port, ip.host_port(address, port.node_port), what) for host in hosts]
    return opened


def balancers(cluster: Cluster) -> list[Opening]:
    """Every LoadBalancer address of IPv4, at its loopback address; ports below 1024 are 8000 higher."""
    services: list[Service] = cluster.list("service")
    return [Opening(loopback_of(address), port.port + (SHIFT if port.port < PRIVILEGED else 0),
                    ip.host_port(address, port.port), f"LoadBalancer address of Service {service.key}")
            for service in services for address in service.load_balancer_ips if ip.family(address) == 4
            for port in service.ports if port.protocol == "TCP"]


def loopback_of(address: int) -> str:
    """The address of 127.0.0.0/8 that stands for an IPv4 address: the first number becomes 127."""
    return ip.text(127 << 24 | address & 0xFFFFFF)


def without_doubles(openings: list[Opening]) -> tuple[list[Opening], list[str]]:
    """The first opening of each host and port, and a line for every other one that leads elsewhere."""
    kept: dict[tuple[str, int], Opening] = {}
    free, said = [], []
    for each in openings:
        if not each.port:
            free.append(each)  # each gets a port of its own
            continue
        known = kept.setdefault((each.host, each.port), each)
        if known.address != each.address:
            said.append(f"{each.address} ({each.what}) is not opened: {each.host}:{each.port} leads to {known.address}")
    return [*free, *kept.values()], said
