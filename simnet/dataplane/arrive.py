"""Stage `arrive`: is anybody listening; TLS first; a proxy pod goes on to `route`, any other pod is the end.

What a pod listens on comes from its image's profile, else from its declared container ports; when neither says, the
walk delivers and the trace says that this was assumed.
"""

from __future__ import annotations

from simnet import ip
from simnet.control.listening import Listener
from simnet.dataplane import decisions as because
from simnet.dataplane.gateway.gateways import Front
from simnet.dataplane.gateway.respond import gateway_response
from simnet.dataplane.http import tls
from simnet.dataplane.http.message import Response, ServedCertificate
from simnet.dataplane.packet import Packet, Place, is_loopback
from simnet.dataplane.step import Decided, Step
from simnet.dataplane.view import View
from simnet.objects.node import Node
from simnet.objects.pod import Pod
from simnet.settings import OutsideHost

NODE_PORTS = {10250: "kubelet", 10256: "kube-proxy"}  # what listens on every node besides pods
API_SERVER_PORT = 6443


def arrive(net: View, packet: Packet) -> Step:
    """See who has the destination and whether it takes the connection. Never raises. Cost: O(1)."""
    destination = packet.destination
    if packet.flow.request is None:
        known = net.memo.deliveries.get((destination, packet.port, packet.flow.protocol))
        if known is not None:
            return Step(packet, None, known)
    pods = net.pods_at(destination)
    if pods:
        return _at_pod(net, packet, pods[0])
    actor = packet.flow.actor
    if is_loopback(destination) and actor.pod is not None and not actor.is_host:
        return _at_pod(net, packet, actor.pod)
    if is_loopback(destination) and actor.is_outside:
        return _rest(packet, because.NotListening(f"host/{actor.name}", None, None, packet.port, ()))
    node = net.node(packet.node) if is_loopback(destination) else net.node_at(destination, packet.node)
    if node is not None:
        return _at_node(net, packet, node)
    host = net.outside_host(destination)
    if host is not None:
        return _at_outside_host(packet, host)
    return _rest(packet, because.Delivered(ip.host_port(destination, packet.port), None, "", "endpoint"))


def _rest(packet: Packet, decision: Decided) -> Step:
    return Step(packet, None, decision)


# pods -----------------------------------------------------------------------------------------------------------

def _at_pod(net: View, packet: Packet, pod: Pod) -> Step:
    listening = net.listening(pod)
    listener = listening.ports.get((packet.port, packet.protocol))
    if listener is not None and not listener.listen.bind and packet.flow.request is None:  # the usual plain connection
        delivered = because.Delivered("", pod, listener.container, listener.known_by)
        if not is_loopback(packet.destination):
            net.memo.deliveries[(packet.destination, packet.port, packet.protocol)] = delivered
        return Step(packet, None, delivered)
    receiver = f"pod/{pod.key}"
    inside = packet.flow.actor.pod is not None and packet.flow.actor.pod.key == pod.key
    if listener is not None and (not listener.is_loopback_only or (inside and is_loopback(packet.destination))):
        return _accepted(net, packet, pod, receiver, listener)
    if listener is None and listening.unknown and not pod.is_terminal:
        return _rest(packet, because.Delivered(receiver, pod, "", "assumed"))
    loopback_only = listener is not None
    return _rest(packet, because.NotListening(receiver, pod, None, packet.port,
                                              listening.open_ports(packet.protocol), loopback_only))


def _accepted(net: View, packet: Packet, pod: Pod, receiver: str, listener: Listener) -> Step:
    """Somebody listens: for HTTP the handshake and the hand-over to a proxy, for plain connections the end."""
    request = packet.flow.request
    if request is None:
        return _rest(packet, because.Delivered(receiver, pod, listener.container, listener.known_by))
    front = net.gateways.front_of(pod)
    if front is not None and packet.port in front.ports:
        return _at_gateway(net, packet, pod, front)
    controller = net.ingress.controller_of(pod)
    if controller is not None and packet.port in controller.ports:
        return _at_proxy(net, packet, pod, controller.name, packet.port in controller.https_ports)
    return _end_to_end(net, packet, receiver, pod, listener.listen.tls, listener.container, listener.known_by)


def _end_to_end(net: View, packet: Packet, receiver: str, pod: Pod | None, speaks_tls: bool, container: str,
                known_by: str) -> Step:
    """HTTP to a receiver that is no proxy."""
    request = packet.flow.request
    assert request is not None
    if request.is_tls and not speaks_tls:
        if known_by == "declared":  # a declared port says nothing about the protocol behind it
            return _rest(packet, because.Delivered(receiver, pod, container, "assumed"))
        return _rest(packet, because.NotTLS(receiver, pod))
    if speaks_tls and not request.is_tls:
        return _plain_to_tls(packet, receiver, pod)
    if not request.is_tls:
        return _rest(packet, because.Delivered(receiver, pod, container, known_by))
    served = tls.own_certificate(receiver)
    refused = _refused(net, packet, served)
    if refused and packet.flow.parent is None:  # proxies do not verify their backends
        return _rest(packet, because.CertificateRefused(receiver, pod, served, refused, request.sni or packet.flow.host))
    return _rest(packet, because.Delivered(receiver, pod, container, known_by, served))


def _plain_to_tls(packet: Packet, receiver: str, pod: Pod | None) -> Step:
    response = Response(400, (("Content-Type", "text/html"),),
                        b"The plain HTTP request was sent to HTTPS port\n", by=receiver)
    return _rest(packet, because.PlainToTLS(receiver, pod, response))


def _at_proxy(net: View, packet: Packet, pod: Pod, controller: str, is_https: bool) -> Step:
    """The proxy's own port: the certificate is chosen by SNI and the client judges it (rules T-1 to T-4)."""
    request = packet.flow.request
    assert request is not None
    receiver = f"pod/{pod.key}"
    if request.is_tls and not is_https:
        return _rest(packet, because.NotTLS(receiver, pod))
    if is_https and not request.is_tls:
        body = b"<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head></html>\n"
        return _rest(packet, because.PlainToTLS(receiver, pod, Response(
            400, (("Content-Type", "text/html"),), body, by=f"ingress-nginx/{controller}")))
    served, reason = None, ""
    if is_https:
        served, reason = net.ingress.certificate_for(pod, request.sni)
        refused = _refused(net, packet, served)
        if refused:
            host = request.sni or packet.flow.host
            return _rest(packet, because.CertificateRefused(receiver, pod, served, refused, host, reason))
    return _to_route(packet, because.ProxyReached(pod, controller, served, reason))


def _at_gateway(net: View, packet: Packet, pod: Pod, front: Front) -> Step:
    """A port of a Gateway: SNI chooses the listener, and one that none has ends the handshake (rule G-12)."""
    request, receiver = packet.flow.request, f"pod/{pod.key}"
    assert request is not None
    is_https = packet.port in front.https_ports
    if request.is_tls and not is_https:
        return _rest(packet, because.NotTLS(receiver, pod))
    if not is_https:
        return _to_route(packet, because.ProxyReached(pod, front.name, is_gateway=True))
    if not request.is_tls:
        return _rest(packet, because.PlainToTLS(receiver, pod, gateway_response(400, front.name)))
    served, reason = net.gateways.certificate_for(front, packet.port, request.sni)
    if served is None:
        return _rest(packet, because.NameRefused(receiver, pod, front.name, request.sni or "", reason))
    refused = _refused(net, packet, served)
    if refused:
        host = request.sni or packet.flow.host
        return _rest(packet, because.CertificateRefused(receiver, pod, served, refused, host, reason))
    return _to_route(packet, because.ProxyReached(pod, front.name, served, reason, is_gateway=True))


def _to_route(packet: Packet, decision: because.ProxyReached) -> Step:
    """The proxy goes on with the request."""
    after = packet.at(Place.PROXY)
    after.attempts = ()
    return Step(packet, after, decision)


def _refused(net: View, packet: Packet, served: ServedCertificate) -> str:
    """Why the client does not accept the certificate, '' when it does."""
    request = packet.flow.request
    assert request is not None
    host = request.sni or packet.flow.host
    return tls.verify(served, host, net.now, net.settings.trust, request.cacert, request.insecure)


# nodes and the outside ------------------------------------------------------------------------------------------

def _at_node(net: View, packet: Packet, node: Node) -> Step:
    """A hostNetwork pod that listens, something that runs on every node, or nobody."""
    open_ports: list[int] = []
    for pod in net.host_network_pods(node.name):
        listening = net.listening(pod)
        listener = listening.at(packet.port, packet.protocol)
        if listener is not None:
            return _accepted(net, packet, pod, f"pod/{pod.key}", listener)
        if listening.unknown and packet.target is not None:
            return _rest(packet, because.Delivered(f"pod/{pod.key}", pod, "", "assumed"))
        open_ports += listening.open_ports(packet.protocol)
    receiver = f"node/{node.name}"
    own_ports = (*NODE_PORTS, *((API_SERVER_PORT,) if node.name == net.first_node else ()))
    if packet.protocol == "TCP" and packet.port in own_ports:
        return _rest(packet, because.Delivered(receiver, None, "", "node"))
    if packet.target is not None and net.is_endpoint_address(packet.destination):
        return _rest(packet, because.Delivered(receiver, None, "", "endpoint"))
    known = sorted({*open_ports, *own_ports}) if packet.protocol == "TCP" else sorted(open_ports)
    return _rest(packet, because.NotListening(receiver, None, node, packet.port, tuple(known)))


def _at_outside_host(packet: Packet, host: OutsideHost) -> Step:
    """A declared host outside the cluster listens on the ports it declares and on no other."""
    receiver = f"host/{host.name}"
    listen = next((each for each in host.listen if each.port == packet.port and each.protocol == packet.protocol), None)
    if listen is None:
        ports = tuple(sorted(each.port for each in host.listen if each.protocol == packet.protocol))
        return _rest(packet, because.NotListening(receiver, None, None, packet.port, ports))
    request = packet.flow.request
    if request is None or request.is_tls == listen.tls:
        return _rest(packet, because.Delivered(receiver, None, "", "outside"))
    return _rest(packet, because.NotTLS(receiver, None)) if request.is_tls else _plain_to_tls(packet, receiver, None)
