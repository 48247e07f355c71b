"""Stage `capture`: who owns this destination, seen from the node the packet is on.

Source: kubernetes/kubernetes pkg/proxy/iptables/proxier.go (order of the service chains), spec rules MT-1 to MT-6,
NA-1 to NA-4, NF-1, NF-2, HC-1 to HC-3.
"""

from __future__ import annotations

from simnet import ip
from simnet.dataplane import decisions as because
from simnet.dataplane.http.message import Response
from simnet.dataplane.packet import Packet, Place, is_loopback
from simnet.dataplane.rules import is_proxied
from simnet.dataplane.step import Step
from simnet.dataplane.underlay import Broken, ends_of, straight_path
from simnet.dataplane.view import View
from simnet.objects.node import Node
from simnet.objects.pod import Pod
from simnet.objects.service import Service


def capture(net: View, packet: Packet) -> Step:
    """Find the owner of the destination and say where the packet goes next.

    Addresses of Services come before node ports, node ports before host ports, those before whatever the address
    itself belongs to. Never raises for a well-formed view. Cost: O(1), a few dictionary look-ups.
    """
    if not packet.source:
        return Step(packet, None, because.NoAddress(packet.flow.actor.name, packet.destination))
    if not packet.node:
        return _from_outside(net, packet)
    if not net.underlay.is_whole and (broken := _unplugged(net, packet)) is not None:
        return broken
    try:
        captured = net.claims[(packet.node, packet.destination, packet.port, packet.flow.protocol)]
    except KeyError:
        captured = net.captured(packet.node, packet.destination, packet.port, packet.protocol)
    if captured is not None:
        return _captured(packet, captured)
    pods = net.pods_at(packet.destination)
    if pods and not pods[0].is_terminal:
        return _step(packet, because.PodAddressed(pods[0]), Place.DEPARTURE)
    node = net.node_at(packet.destination, packet.node)
    if node is not None or is_loopback(packet.destination):
        return _node_address(net, packet, node)
    return _nobody(net, packet)


def _captured(packet: Packet, captured: because.ServiceCaptured) -> Step:
    """What most packets meet, and so without the help of `_step`."""
    after = packet.at(Place.SERVICE)
    after.claim, after.target = captured.claim, None
    return Step(packet, after, captured)


def _step(packet: Packet, decision: object, place: Place, *, node: str | None = None, destination: int | None = None,
          port: int | None = None) -> Step:
    after = packet.at(place)
    after.claim = after.target = None
    if node is not None:
        after.node = node
    if destination is not None:
        after.destination = destination
    if port is not None:
        after.port = port
    return Step(packet, after, decision)  # type: ignore[arg-type]


# from outside ---------------------------------------------------------------------------------------------------

def _from_outside(net: View, packet: Packet) -> Step:
    """Put a packet from outside onto its first node, or let it go its way outside."""
    if is_loopback(packet.destination):
        return _step(packet, because.Loopback(f"host/{packet.flow.actor.name}"), Place.POD)
    entry = packet.flow.via or _entry_node(net, packet)
    if not entry:
        host = net.outside_at(packet.destination)
        if host is not None:
            return _step(packet, because.OutsideAddressed(host), Place.POD)
        return Step(packet, None, _left(net, packet))
    way = net.underlay.path(straight_path(ends_of(""), ends_of(entry)))
    if isinstance(way, Broken):
        return Step(packet, None, because.NoPath(packet.flow.actor.name, f"node/{entry}", way.missing))
    assumed = not packet.flow.via and (net.in_ranges(packet.destination) or bool(net.pods_at(packet.destination)))
    return _step(packet, because.EnteredCluster(entry, way.vertices, assumed), Place.ADDRESS, node=entry)


def _entry_node(net: View, packet: Packet) -> str:
    """The node a packet from outside reaches first: the owner of the address, the node of the pod, the node that
    announces a load-balancer address (the first), '' when the destination is not in the cluster."""
    node = net.node_at(packet.destination)
    if node is not None:
        return node.name
    pods = net.pods_at(packet.destination)
    if pods and pods[0].node_name:
        return pods[0].node_name
    if net.is_service_address(packet.destination) or net.in_ranges(packet.destination):
        return net.first_node
    return ""


# node addresses -------------------------------------------------------------------------------------------------

def _node_address(net: View, packet: Packet, node: Node | None) -> Step:
    """An address of some node: decided there. Loopback counts as the node's own for host processes only."""
    if node is None and not packet.flow.actor.is_host:
        owner = packet.flow.actor.name
        return _step(packet, because.Loopback(owner), Place.POD)
    if node is not None and (node.name != packet.node or not net.underlay.is_whole):
        way = net.underlay.path(straight_path(ends_of(packet.node, _sender(packet)), ends_of(node.name)))
        if isinstance(way, Broken):
            return Step(packet, None, because.NoPath(packet.flow.actor.name, f"node/{node.name}", way.missing))
        if node.name == packet.node:
            return _on_its_node(net, packet)
        return _step(packet, because.RoutedToNode(node.name, way.vertices), Place.ADDRESS, node=node.name)
    return _on_its_node(net, packet)


def _sender(packet: Packet) -> str:
    """The pod that sends, as long as the packet is still on its node; '' for everybody else."""
    actor = packet.flow.actor
    return str(actor.pod.key) if actor.pod is not None and not actor.is_host and actor.node == packet.node else ""


def _unplugged(net: View, packet: Packet) -> Step | None:
    """A pod whose own link is cut reaches nothing but itself."""
    sender = _sender(packet)
    if not sender or is_loopback(packet.destination) or packet.destination in packet.flow.actor.addresses:
        return None
    way = net.underlay.path(ends_of(packet.node, sender)[:2])
    if isinstance(way, Broken):
        return Step(packet, None, because.NoPath(packet.flow.actor.name, f"bridge/{packet.node}", way.missing))
    return None


def _on_its_node(net: View, packet: Packet) -> Step:
    claim = net.node_port_claim(packet.node, packet.destination, packet.port, packet.protocol)
    if claim is not None:
        return _captured(packet, because.ServiceCaptured(claim, net.settings.proxy.mode))
    shut = net.shut_node_port_claim(packet.node, packet.destination, packet.port, packet.protocol)
    if shut is not None:
        return Step(packet, None, because.NoLocalEndpoints(shut))
    checked = net.health_check_service(packet.port) if packet.protocol == "TCP" else None
    if (checked is not None and ip.family(packet.destination) in checked.ip_families
            and net.serves_health_checks(packet.node, packet.destination)):
        return _health_check(net, packet, checked)
    pod = net.host_port_pod(packet.node, packet.destination, packet.port, packet.protocol)
    if pod is not None:
        return _to_host_port(packet, *pod)
    unserved = net.node_port_service(packet.port, packet.protocol)
    rule = net.unserved_rule(packet.destination) if unserved is not None else ""
    return _step(packet, because.NodeAddressed(packet.node, unserved, rule), Place.POD)


def _to_host_port(packet: Packet, pod: Pod, container_port: int) -> Step:
    """Translated for everybody; the source is rewritten only where the answer would not come back otherwise: for the pod
    itself and for a loopback address. Source: containernetworking/plugins plugins/meta/portmap/README.md (snat)."""
    decision = because.HostPortCaptured(pod, packet.port, container_port)
    address = pod.address(ip.family(packet.source)) or packet.destination
    step = _step(packet, decision, Place.DEPARTURE, destination=address, port=container_port)
    assert step.after is not None
    step.after.masquerade = address == packet.source or is_loopback(packet.source)
    return step


def _health_check(net: View, packet: Packet, service: Service) -> Step:
    """200 with at least one local ready endpoint, else 503; distinct addresses count once (rules HC-2, HC-3), those of
    the family dialled: the proxies of the two families know nothing of each other (rule DS-1)."""
    family = ip.family(packet.destination)
    local = {target.address for rules in net.rules(service.key).values() if rules.family == family
             for target in rules.seen_from(packet.node) if target.is_ready and target.node_name == packet.node}
    status = 200 if local else 503
    body = (f'{{"service":{{"namespace":"{service.namespace}","name":"{service.name}"}},'
            f'"localEndpoints":{len(local)},"serviceProxyHealthy":true}}')
    response = Response(status, (("Content-Type", "application/json"),
                                 ("X-Load-Balancing-Endpoint-Weight", str(len(local)))), body.encode(),
                        by=f"node/{packet.node}")
    return Step(packet, None, because.HealthChecked(service, packet.node, len(local), response))


# nobody ---------------------------------------------------------------------------------------------------------

def _nobody(net: View, packet: Packet) -> Step:
    """No pod and no node has the address: an endpoint only slices know, an outside host, or the default route."""
    if net.is_endpoint_address(packet.destination):
        return _step(packet, because.UnownedEndpoint(packet.destination, packet.port), Place.DEPARTURE)
    host = net.outside_at(packet.destination)
    if host is not None:
        return _step(packet, because.OutsideAddressed(host), Place.DEPARTURE)
    left = _left(net, packet)
    if net.settings.proxy.mode == "nftables":
        if left.near is not None and packet.destination in left.near.cluster_ips:
            return Step(packet, None, because.RejectedByMode(left.near, packet.port))
        if left.in_service_range:
            return Step(packet, None, because.DroppedByMode(packet.destination))
    return Step(packet, None, left)


def _left(net: View, packet: Packet) -> because.LeftCluster:
    """The near misses of a destination nobody has: another port of a Service, an unused address, an ended pod."""
    destination = packet.destination
    near = next((each for each in net.services_with(destination) if is_proxied(each)), None)
    pods = net.pods_at(destination)
    return because.LeftCluster(
        destination, packet.port, near, any(destination in cidr for cidr in net.settings.service_cidrs),
        any(destination in cidr for cidr in net.settings.pod_cidrs), pods[0].key if pods else None)
