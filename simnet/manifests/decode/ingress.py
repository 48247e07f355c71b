"""Ingress, IngressClass and NetworkPolicy."""

from __future__ import annotations

from simnet.ip import IPNetwork
from simnet.labels import EVERYTHING, Selector
from simnet.manifests.decode.meta import Origin, common
from simnet.manifests.decode.values import Data, items, networks, section, texts
from simnet.objects.ingress import Ingress, IngressBackend, IngressPath, IngressRule, IngressTLS
from simnet.objects.ingressclass import IngressClass
from simnet.objects.meta import Object
from simnet.objects.networkpolicy import NetworkPolicy, PolicyPeer, PolicyPort, PolicyRule


def ingress(data: Data, origin: Origin) -> Object:
    """An Ingress in the form of networking.k8s.io/v1, whatever version it was written in."""
    spec = section(data, "spec")
    backend = spec.get("defaultBackend")
    entries = items(section(origin.status(data), "loadBalancer"), "ingress")
    return Ingress(
        **common(data, origin), ingress_class_name=spec.get("ingressClassName"),
        rules=tuple(map(_rule, items(spec, "rules"))),
        default_backend=_backend(backend) if backend is not None else None,
        tls=tuple(IngressTLS(texts(tls, "hosts"), tls.get("secretName") or "") for tls in items(spec, "tls")),
        addresses=tuple(entry.get("ip") or entry.get("hostname") or "" for entry in entries))


def _rule(given: Data) -> IngressRule:
    """A rule without http is another thing than one with no paths (rule V-3)."""
    http = given.get("http")
    paths = None if http is None else tuple(map(_path, items(http, "paths")))
    return IngressRule(given.get("host") or "", paths)


def _path(given: Data) -> IngressPath:
    return IngressPath(given.get("path") or "", given.get("pathType") or "ImplementationSpecific",
                       _backend(section(given, "backend")))


def _backend(given: Data) -> IngressBackend:
    resource = given.get("resource")
    if resource is not None:
        parts = (resource.get("apiGroup") or "", resource.get("kind") or "", resource.get("name") or "")
        return IngressBackend(resource=parts)
    service, port = section(given, "service"), section(given, "service", "port")
    return IngressBackend(service.get("name") or "", port.get("number") or 0, port.get("name") or "")


def ingress_class(data: Data, origin: Origin) -> Object:
    """An IngressClass."""
    return IngressClass(**common(data, origin), controller=section(data, "spec").get("controller") or "")


def network_policy(data: Data, origin: Origin) -> Object:
    """A NetworkPolicy. An absent podSelector is the empty one: it selects every pod."""
    spec = section(data, "spec")
    selector = spec.get("podSelector")
    return NetworkPolicy(
        **common(data, origin),
        pod_selector=Selector.from_label_selector(selector) if selector is not None else EVERYTHING,
        policy_types=texts(spec, "policyTypes"), ingress=_rules(spec, "ingress", "from"),
        egress=_rules(spec, "egress", "to"))


def _rules(spec: Data, direction: str, peers: str) -> tuple[PolicyRule, ...] | None:
    if spec.get(direction) is None:
        return None
    return tuple(PolicyRule(tuple(map(_peer, items(rule, peers))), tuple(map(_port, items(rule, "ports"))))
                 for rule in items(spec, direction))


def _peer(given: Data) -> PolicyPeer:
    block = section(given, "ipBlock")
    cidr: tuple[IPNetwork, ...] = networks([block.get("cidr")])
    return PolicyPeer(_selector(given, "podSelector"), _selector(given, "namespaceSelector"),
                      cidr[0] if cidr else None, networks(items(block, "except")))


def _selector(given: Data, name: str) -> Selector | None:
    """None when absent, which is not the selector of nothing: the other one of the peer then stands alone."""
    return Selector.from_label_selector(given[name]) if given.get(name) is not None else None


def _port(given: Data) -> PolicyPort:
    return PolicyPort(given.get("protocol") or "TCP", given.get("port"), given.get("endPort"))
