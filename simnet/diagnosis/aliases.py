"""Services of type ExternalName: an alias that leads nowhere, and one that changes less than one thinks."""

from __future__ import annotations

from collections.abc import Iterator

from simnet import ip
from simnet.cluster import Cluster
from simnet.dataplane.dns import decisions as dns
from simnet.dataplane.dns import reasons
from simnet.dataplane.dns.questions import EndpointName, PortName, ServiceName, parse
from simnet.dataplane.step import Trace
from simnet.diagnosis.again import asked_of
from simnet.diagnosis.near import difference, distance, is_near
from simnet.diagnosis.suspicion import Instead, Patch, Suspicion
from simnet.names import ObjectKey
from simnet.objects.service import Service

ADVICE = "Set spec.externalName to a name that exists; an address or the Service's own name cannot work."


def dead_target(cluster: Cluster, alias: ObjectKey, target: str, why: str) -> Suspicion:
    """A Service of type ExternalName whose target has no address; `why` is a clause that says how it fails.

    A target in the cluster's own domain is checked part by part: namespace, then Service.
    """
    target = target.rstrip(".")
    service, wanted = cluster.view.service(alias), _inside(cluster, target)
    fact = _missing(cluster, wanted) if wanted is not None else ""
    near = _near(cluster, alias, wanted) if wanted is not None and fact else []
    domain = cluster.view.settings.kubelet.cluster_domain
    patches = [Patch(service, ("spec", "externalName"), service.external_name, f"{key.name}.{key.namespace}.svc.{domain}",
                     _far(wanted, key)) for key in near] if service is not None and wanted is not None else []
    return Suspicion(
        code="SVC-EXTNAME", objects=(f"service/{alias}", *(f"service/{key}" for key in near[:1])),
        symptom="The name of this Service has no address.",
        summary=f"Service {alias} is an alias for {target}, " + (f"and {fact}" if fact else "which leads nowhere"),
        cause=f"Service {alias} is of type ExternalName: only an alias, with no address of its own."
              + (f" It stands for {target}, a name inside the cluster, and {fact}." if fact else ""),
        evidence=() if fact else (f"{why[:1].upper()}{why[1:]}.",), observed=fact or f"{target} has no address",
        expected="externalName: a DNS name that exists", candidates=tuple(patches), advice=ADVICE,
        nearest=_how(wanted, near[0]) if near and wanted is not None else "")


def dead_alias(cluster: Cluster, service: Service) -> Suspicion | None:
    """What is wrong with an alias, without anybody asking: only a name inside the cluster can be judged."""
    wanted = _inside(cluster, service.external_name.rstrip("."))
    if wanted is None or not _missing(cluster, wanted):
        return None
    return dead_target(cluster, service.key, service.external_name, "")


def _inside(cluster: Cluster, target: str) -> ObjectKey | None:
    """The Service that a name of the cluster's own domain stands for, None for other names."""
    zone = f".{cluster.view.settings.kubelet.cluster_domain.lower()}"
    if not target.lower().endswith(zone):
        return None
    question = parse(target.lower().removesuffix(zone))
    if isinstance(question, ServiceName | EndpointName | PortName):
        return ObjectKey(question.namespace, question.service)
    return None


def _missing(cluster: Cluster, wanted: ObjectKey) -> str:
    """Which part of the name does not exist, '' when all of it does."""
    if cluster.view.service(wanted) is not None:
        return ""
    if cluster.store.get("Namespace", ObjectKey("", wanted.namespace)) is None:
        return f"namespace {wanted.namespace} does not exist"
    return f"there is no Service {wanted.name} in namespace {wanted.namespace}"


def _near(cluster: Cluster, alias: ObjectKey, wanted: ObjectKey) -> list[ObjectKey]:
    """Services that were probably meant, nearest first."""
    services: list[Service] = cluster.list("Service")
    found = [each.key for each in services if each.key != alias
             and is_near(wanted.namespace, each.namespace) and is_near(wanted.name, each.name)]
    return sorted(found, key=lambda key: (_far(wanted, key), key))


def _far(wanted: ObjectKey, key: ObjectKey) -> int:
    return distance(wanted.namespace, key.namespace) + distance(wanted.name, key.name)


def _how(wanted: ObjectKey, key: ObjectKey) -> str:
    """`namespace shop, two letters swapped`, or the Service if its namespace was right."""
    parts = [f"{kind} {found}, {difference(asked, found)}" for kind, asked, found in (
        ("namespace", wanted.namespace, key.namespace), ("Service", wanted.name, key.name)) if asked != found]
    return "; ".join(parts)


def alias_answers(trace: Trace) -> Iterator[Suspicion]:
    """The host behind an alias answered with an error: it may know itself by another name than the client used."""
    step = trace.steps[0]
    request = step.before.flow.request
    if not isinstance(step.because, dns.NameResolved) or request is None or trace.response is None:
        return
    alias = next((answer.reason for answer in step.because.lookup.queries
                  if isinstance(answer.reason, reasons.Alias)), None)
    if alias is None or request.host == alias.target:
        return
    asked, target = asked_of(trace), alias.target.rstrip(".")
    yield Suspicion(
        code="SVC-EXTNAME", objects=(f"service/{alias.service}",),
        summary=f"Service {alias.service} is only an alias for {target}; the request still names {request.host}",
        cause=f"Service {alias.service} is of type ExternalName: an alias in the DNS and nothing more. It changes the "
              f"address the client connects to ({ip.text(step.because.address)}), not the name inside HTTP and TLS.",
        evidence=(f"The client sends Host {request.host}; the host outside expects {target}.",
                  "Ports of such a Service are ignored too, and no proxy takes part."),
        observed=f"Host: {request.host}", expected=f"Host: {target}", nearest=f"Host: {target}",
        candidates=(Instead(asked.naming(target), "Host header", request.host or "", target),
                    Instead(asked.to(target, asked.port), "name", asked.host, target)),
        advice=f"Ask for {target} by its own name, or send it as the Host header.")
