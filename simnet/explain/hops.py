"""The short list of what a walk met, in order: what `path ... via` lines compare."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from simnet.dataplane import decisions as core
from simnet.dataplane.dns import decisions as dns
from simnet.dataplane.gateway.matching import RouteRouting
from simnet.dataplane.http import decisions as http
from simnet.dataplane.http.plan import AnyRouting
from simnet.dataplane.step import Step, Trace
from simnet.dataplane.union import decision_of


def hops_of(trace: Trace) -> list[str]:
    """`dns`, `service/NS/NAME`, `dnat`, `snat`, `reject`, `drop`, `ingress/NS/NAME`, `pod/NS/NAME`, `node/NAME` and
    `host/NAME` in the order met; a hop that follows itself, and the node the packet is on already, are listed once.

    A Service stands here only when the packet met one of its addresses: an Ingress controller that picks an endpoint
    by itself meets none. `reject` and `drop` are rules; a port where nobody listens is neither.
    """
    found: list[str] = []
    node = ""
    for step in trace.steps:
        for hop in _hops(step):
            if hop == node or (found and found[-1] == hop):
                continue
            if hop.startswith("node/"):
                node = hop
            found.append(hop)
    return found


def _hops(step: Step) -> Iterator[str]:
    decision = decision_of(step)
    match decision:
        case dns.NameResolved(lookup) | dns.NameUnresolved(lookup):
            if lookup.via == "dns":
                yield "dns"
        case core.EnteredCluster(node) | core.RoutedToNode(node) | core.NodeAddressed(node):
            yield f"node/{node}"
        case core.HealthChecked():
            yield f"node/{decision.node}"
        case core.ServiceCaptured(claim):
            yield f"service/{claim.rules.service.key}"
        case core.EndpointChosen() | core.HostPortCaptured():
            yield "dnat"
        case core.NoEndpoints() | core.RejectedByMode():
            yield "reject"
        case core.NoLocalEndpoints() | core.SourceOutOfRange() | core.DroppedByMode():
            yield "drop"
        case core.Departed(masqueraded_to):
            if masqueraded_to is not None:
                yield "snat"
        case core.Crossed(path):
            if len(path) > 1:
                yield from (vertex for vertex in path if vertex.startswith("node/"))
        case core.ProxyReached(pod):
            yield f"pod/{pod.key}"
        case (core.Delivered(receiver) | core.NotListening(receiver) | core.CertificateRefused(receiver)
              | core.NotTLS(receiver) | core.NameRefused(receiver) | core.PlainToTLS(receiver)):
            if "/" in receiver:  # an endpoint that no pod owns is only an address
                yield receiver
        case http.RuleChosen() | http.ProxyAnswered():
            yield from _rule(decision.routing)
        case (core.PodAddressed() | core.UnownedEndpoint() | core.Loopback() | core.OutsideAddressed()
              | core.LeftCluster() | core.ReplyLost() | core.NoPath() | core.NoAddress() | core.Admitted() | core.Looped()
              | http.UpstreamFailed()):
            return
        case other:
            assert_never(other)


def _rule(routing: AnyRouting) -> Iterator[str]:
    """The object whose rule was in charge."""
    if isinstance(routing, RouteRouting):
        if routing.entry is not None:
            yield f"httproute/{routing.entry.route.key}"
    elif routing.location is not None and routing.location.rule.ingress is not None:
        yield f"ingress/{routing.location.rule.ingress.key}"
