"""A walk in one line, for failure reports: `laptop 192.168.10.1 > node-a:30080 > service/web > reject (no endpoints)`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from simnet import ip
from simnet.dataplane import decisions as core
from simnet.dataplane.dns import decisions as dns
from simnet.dataplane.gateway.matching import RouteRouting
from simnet.dataplane.http import decisions as http
from simnet.dataplane.packet import Packet
from simnet.dataplane.step import Trace
from simnet.dataplane.union import Decision, decision_of
from simnet.explain.told_name import STATUS_WORDS
from simnet.explain.words import short
from simnet.names import ObjectKey

Met = (dns.NameResolved | core.EnteredCluster | core.RoutedToNode | core.NodeAddressed | core.ServiceCaptured
       | core.ProxyReached | http.RuleChosen | core.Loopback | core.HostPortCaptured | core.PodAddressed
       | core.UnownedEndpoint | core.OutsideAddressed | core.EndpointChosen | core.Departed | core.Crossed
       | core.Admitted)
Ended = (dns.NameUnresolved | core.LeftCluster | core.RejectedByMode | core.DroppedByMode | core.NoEndpoints
         | core.NoLocalEndpoints | core.SourceOutOfRange | core.ReplyLost | core.NoPath | core.NoAddress | core.Looped
         | http.ProxyAnswered | http.UpstreamFailed | core.HealthChecked)
Received = core.Delivered | core.NotListening | core.CertificateRefused | core.NotTLS | core.NameRefused | core.PlainToTLS


def one_line(trace: Trace) -> str:
    """The walk from the sender to whatever ended it, names of the default namespace without it."""
    return " > ".join(parts_of(trace))


def parts_of(trace: Trace) -> list[str]:
    """What `one_line` joins: the sender, each thing met, what ended the walk."""
    first = trace.steps[0].before
    addresses = [ip.text(number) for number in first.flow.actor.addresses[:1]]
    name = _name(first.flow.actor.name)
    parts = [name if [name] == addresses else " ".join((name, *addresses))]
    for step in trace.steps:
        for part in _parts(step.before, decision_of(step)):
            if part != parts[-1]:
                parts.append(part)
    if isinstance(trace.last.because, core.Delivered):
        parts.append(trace.result)
    return parts


def _name(ref: str) -> str:
    """`pod/default/web` -> `pod/web`; `node/node-1` -> `node-1`; other names as they are."""
    kind, _, rest = ref.partition("/")
    if kind in ("node", "host"):
        return rest
    namespace, slash, name = rest.partition("/")
    return f"{kind}/{short(ObjectKey(namespace, name))}" if slash else ref


def _parts(packet: Packet, decision: Decision) -> Iterator[str]:
    if isinstance(decision, Met):
        yield from _met(packet, decision)
    elif isinstance(decision, Ended):
        yield _ended(decision)
    elif isinstance(decision, Received):
        yield from _received(packet, decision)
    else:
        assert_never(decision)


def _met(packet: Packet, decision: Met) -> Iterator[str]:
    match decision:
        case dns.NameResolved(lookup, address):
            if lookup.via == "dns":
                yield f"dns ({ip.text(address)})"
        case core.EnteredCluster(node) | core.RoutedToNode(node) | core.NodeAddressed(node):
            yield f"{node}:{packet.port}"
        case core.ServiceCaptured(claim):
            yield f"service/{short(claim.rules.service.key)}"
        case core.ProxyReached(pod):
            yield f"pod/{short(pod.key)}:{packet.port}"
        case http.RuleChosen() if isinstance(decision.routing, RouteRouting):
            entry = decision.routing.entry
            yield f"httproute/{short(entry.route.key)}" if entry is not None else "gateway"
        case http.RuleChosen():
            ingress = decision.rule.ingress
            yield f"ingress/{short(ingress.key)}" if ingress is not None else "default backend"
        case (core.Loopback() | core.HostPortCaptured() | core.PodAddressed() | core.UnownedEndpoint()
              | core.OutsideAddressed() | core.EndpointChosen() | core.Departed() | core.Crossed() | core.Admitted()):
            return  # said by what comes next
        case other:
            assert_never(other)


def _ended(decision: Ended) -> str:
    match decision:
        case dns.NameUnresolved(lookup):
            return f"no-name ({lookup.name.rstrip('.')}: {STATUS_WORDS.get(lookup.status, lookup.status)})"
        case core.LeftCluster(destination, port):
            return f"lost (nobody has {ip.host_port(destination, port)})"
        case core.RejectedByMode(_, port):
            return f"reject (the Service has no port {port})"
        case core.DroppedByMode():
            return "drop (no Service has the address)"
        case core.NoEndpoints():
            return "reject (no endpoints)"
        case core.NoLocalEndpoints(claim):
            return f"drop (no endpoints on {claim.node})"
        case core.SourceOutOfRange():
            return "drop (the source is not let in)"
        case core.ReplyLost(node):
            return f"hangs (the answer goes past {node})"
        case core.NoPath(_, _, missing):
            return f"unreachable (no link {missing[0]} - {missing[1]})"
        case core.NoAddress(_, destination):
            return f"unreachable (no IPv{ip.family(destination)} address)"
        case core.Looped():
            return "loop"
        case http.ProxyAnswered(_, _, answer, response, upstream):
            return f"{response.status} ({upstream.state if upstream is not None else answer.reason})"
        case http.UpstreamFailed():
            return f"{decision.response.status} (no endpoint answered)"
        case core.HealthChecked(_, node, _, response):
            return f"{response.status} (health check of {node})"
        case other:
            assert_never(other)


def _received(packet: Packet, decision: Received) -> Iterator[str]:
    name = _name(decision.receiver)
    yield name if name.endswith(f":{packet.port}") else f"{name}:{packet.port}"
    match decision:
        case core.Delivered():
            return
        case core.NotListening():
            yield "refused (nothing listens)"
        case core.CertificateRefused():
            yield f"tls-error ({decision.reason})"
        case core.NotTLS():
            yield "tls-error (the port speaks plain text)"
        case core.NameRefused(_, _, _, name):
            yield f"tls-error (no listener for {name or 'a client without SNI'})"
        case core.PlainToTLS():
            yield f"{decision.response.status} (the port speaks TLS)"
        case other:
            assert_never(other)
