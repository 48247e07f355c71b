"""A whole cluster looked over, without any request: Services, then Ingresses, by namespace and name."""

from __future__ import annotations

from collections.abc import Iterator

from simnet.cluster import Cluster
from simnet.dataplane.http.servers import Rule
from simnet.dataplane.http.tls import CertificateReason, choose
from simnet.dataplane.http.upstreams import wanted_port
from simnet.diagnosis.backends import backend_fault
from simnet.diagnosis.certificates import UNWANTED, wrong_certificate
from simnet.diagnosis.ports import no_listener
from simnet.diagnosis.routing import unserved
from simnet.diagnosis.selectors import service_fault
from simnet.diagnosis.suspicion import Suspicion
from simnet.names import ObjectKey
from simnet.objects.ingress import Ingress
from simnet.objects.service import Service


def suspects_at_rest(cluster: Cluster) -> list[Suspicion]:
    """Everything that looks wrong, each once. O(objects): unlike the data plane it reads them all."""
    found: dict[tuple[str, str], Suspicion] = {}
    for each in _all(cluster):
        found.setdefault(subject_of(each), each)
    return list(found.values())


def subject_of(suspicion: Suspicion) -> tuple[str, str]:
    """What tells two suspicions apart: the code and the first object."""
    return suspicion.code, suspicion.objects[0]


def _all(cluster: Cluster) -> Iterator[Suspicion]:
    for service in cluster.list("Service"):
        yield from _of_service(cluster, service)
    for ingress in cluster.list("Ingress"):
        yield from _of_ingress(cluster, ingress)


def _of_service(cluster: Cluster, service: Service) -> Iterator[Suspicion]:
    if service.pending_reason:
        yield _pending(service)
    if service.is_external_name:
        return
    fault = service_fault(cluster, service)
    if fault is not None:
        yield fault
    for rules in cluster.view.rules(service.key).values():
        for target in rules.targets:
            pod = cluster.view.pod(target.pod) if target.pod is not None and target.is_ready else None
            listening = cluster.view.listening(pod) if pod is not None else None
            if pod is None or listening is None or listening.unknown:
                continue
            if listening.at(target.port, rules.port.protocol) is None:
                yield no_listener(service, rules.port, pod, target.port, listening.open_ports(rules.port.protocol))


def _pending(service: Service) -> Suspicion:
    return Suspicion(
        code="SVC-PENDING", objects=(service.ref,), symptom="The Service shows <pending> where an address should be.",
        summary=f"Service {service.key} waits for an address: {service.pending_reason}",
        cause=f"Nobody has given Service {service.key} its address: {service.pending_reason}.", observed="<pending>",
        expected="an address", advice="Until then use the cluster IP from inside, or a node port from outside.")


def _of_ingress(cluster: Cluster, ingress: Ingress) -> Iterator[Suspicion]:
    matches = cluster.view.ingress.classes_of(ingress)
    served = [controller for controller, match in matches if match]
    if not served:
        yield unserved(cluster, ingress, matches[0][1] if matches else None)
        return
    for rule in _rules(ingress):
        assert rule.backend is not None
        key = ObjectKey(ingress.namespace, rule.backend.service)
        upstream = cluster.view.ingress.upstream(key, wanted_port(rule.backend))
        yield from backend_fault(cluster, ingress, rule, upstream)
    table = cluster.view.ingress.table_of(served[0])
    for host in dict.fromkeys(rule.host.lower() for rule in ingress.rules if rule.host and ingress.tls):
        server = table.server(host)
        shown = choose(table, server) if server is not None and server.tls is ingress else None
        if shown is not None and shown.reason in UNWANTED - {CertificateReason.NO_SNI}:
            yield wrong_certificate(cluster, shown, ingress, host)


def _rules(ingress: Ingress) -> Iterator[Rule]:
    """The paths that lead to a Service, as rules."""
    for each in ingress.rules:
        for path in each.paths or ():
            if path.backend.resource is None:
                yield Rule(each.host.lower(), path.path, path.path_type, path.backend, ingress)
    if ingress.default_backend is not None and ingress.default_backend.resource is None:
        yield Rule("", "/", "Prefix", ingress.default_backend, ingress)
