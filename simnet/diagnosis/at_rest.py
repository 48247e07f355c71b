"""A whole cluster looked over, without any request: addresses, pods, Services, Ingresses, each by namespace and name.

What explains more than one thing that is wrong comes once, with the other things as its symptoms: the order of the
checks is that of causes, ranges of addresses before pods before Services before Ingresses.
"""

from __future__ import annotations

from collections.abc import Iterator

from simnet.cluster import Cluster
from simnet.dataplane.http.servers import Rule
from simnet.dataplane.http.tls import CertificateReason, choose
from simnet.dataplane.http.upstreams import wanted_port
from simnet.diagnosis.aliases import dead_alias
from simnet.diagnosis.backends import backend_fault
from simnet.diagnosis.certificates import UNWANTED, wrong_certificate
from simnet.diagnosis.denied import unusable
from simnet.diagnosis.gateways import gateways_at_rest
from simnet.diagnosis.headless import nameless_pods
from simnet.diagnosis.notes import shadowed_rule
from simnet.diagnosis.overlaps import overlaps
from simnet.diagnosis.pending import waiting_pods
from simnet.diagnosis.ports import deaf_endpoints
from simnet.diagnosis.routing import unserved
from simnet.diagnosis.selectors import service_fault
from simnet.diagnosis.suspicion import Suspicion
from simnet.names import ObjectKey
from simnet.objects.ingress import Ingress
from simnet.objects.service import Service

Seen = Iterator[tuple[Suspicion, str, str]]
"""A suspicion, the object it was met at, and what it does to that object, as a clause."""


def suspects_at_rest(cluster: Cluster) -> list[tuple[Suspicion, tuple[str, ...]]]:
    """Everything that looks wrong, each cause once with its further symptoms. O(objects): unlike the data plane it reads
    them all."""
    found: dict[tuple[str, ...], tuple[Suspicion, dict[str, None]]] = {}
    for suspicion, met_at, symptom in _all(cluster):
        first, symptoms = found.setdefault(suspicion.subject, (suspicion, {}))
        if met_at != first.objects[0]:
            symptoms[symptom] = None
    return [(suspicion, tuple(symptoms)) for suspicion, symptoms in found.values()]


def _all(cluster: Cluster) -> Seen:
    for each in (*overlaps(cluster), *waiting_pods(cluster)):
        yield each, each.objects[0], ""
    for service in cluster.list("Service"):
        yield from _of_service(cluster, service)
    for stateful_set in cluster.list("StatefulSet"):
        for each in nameless_pods(cluster, stateful_set):
            yield each, stateful_set.ref, ""
    for ingress in cluster.list("Ingress"):
        yield from _of_ingress(cluster, ingress)
    yield from _shadowed(cluster)
    for each in gateways_at_rest(cluster):
        yield each, each.objects[0], ""


def _of_service(cluster: Cluster, service: Service) -> Seen:
    if service.pending_reason:
        yield _pending(service), service.ref, ""
    if service.is_external_name:
        alias = dead_alias(cluster, service)
        if alias is not None:
            yield alias, service.ref, ""
        return
    fault = service_fault(cluster, service)
    if fault is not None:
        yield fault, service.ref, f"Service {service.key} has no endpoint and refuses"
    for suspicion in deaf_endpoints(cluster, service):
        yield suspicion, suspicion.objects[0], ""


def _pending(service: Service) -> Suspicion:
    return Suspicion(
        code="SVC-PENDING", objects=(service.ref,), symptom="The Service shows <pending> where an address should be.",
        summary=f"Service {service.key} waits for an address: {service.pending_reason}",
        cause=f"Nobody has given Service {service.key} its address: {service.pending_reason}.", observed="<pending>",
        expected="an address", advice="Until then use the cluster IP from inside, or a node port from outside.")


def _of_ingress(cluster: Cluster, ingress: Ingress) -> Seen:
    matches = cluster.view.ingress.classes_of(ingress)
    served = [controller for controller, match in matches if match]
    if not served:
        yield unserved(cluster, ingress, matches[0][1] if matches else None), ingress.ref, ""
        return
    table = cluster.view.ingress.table_of(served[0])
    denied = unusable(ingress, table.settings_of(ingress), table.flags.annotations_prefix)
    if denied is not None:
        yield denied, ingress.ref, ""
    for rule in _rules(ingress):
        assert rule.backend is not None
        key = ObjectKey(ingress.namespace, rule.backend.service)
        upstream = cluster.view.ingress.upstream(key, wanted_port(rule.backend))
        where = f"Ingress {ingress.key} answers 503 for {rule.host or 'any host'}{rule.path or '/'}"
        for suspicion in backend_fault(cluster, ingress, rule, upstream):
            yield suspicion, ingress.ref, where
    for host in dict.fromkeys(rule.host.lower() for rule in ingress.rules if rule.host and ingress.tls):
        server = table.server(host)
        shown = choose(table, server) if server is not None and server.tls is ingress else None
        if shown is not None and shown.reason in UNWANTED - {CertificateReason.NO_SNI}:
            yield wrong_certificate(cluster, shown, ingress, host), ingress.ref, ""


def _shadowed(cluster: Cluster) -> Seen:
    """Rules that never get a request, because an older Ingress has the same host and path and leads elsewhere."""
    ingresses: list[Ingress] = cluster.list("Ingress")
    hosts = sorted({rule.host.lower() for ingress in ingresses for rule in ingress.rules})
    for controller in cluster.view.ingress.all():
        table = cluster.view.ingress.table_of(controller)
        for host in hosts:
            server = table.server(host) if host else table.find("").server
            for each in server.shadowed if server is not None else ():
                by = each.by
                if by is not None and by.ingress is not None and each.rule.ingress is not by.ingress \
                        and each.rule.backend != by.backend:
                    found = shadowed_rule(each.rule, by)
                    yield found, found.objects[0], ""


def _rules(ingress: Ingress) -> Iterator[Rule]:
    """The paths that lead to a Service, as rules."""
    for each in ingress.rules:
        for path in each.paths or ():
            if path.backend.resource is None:
                yield Rule(each.host.lower(), path.path, path.path_type, path.backend, ingress)
    if ingress.default_backend is not None and ingress.default_backend.resource is None:
        yield Rule("", "/", "Prefix", ingress.default_backend, ingress)
