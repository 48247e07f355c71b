"""Names of single pods: a headless Service, the pod's subdomain, and a pod that is ready."""

from __future__ import annotations

from collections.abc import Iterator

from simnet.cluster import Cluster
from simnet.dataplane.dns import reasons
from simnet.dataplane.dns.lookup import Lookup
from simnet.diagnosis.near import difference, is_near
from simnet.diagnosis.selectors import unready_reason
from simnet.diagnosis.suspicion import Patch, Suspicion
from simnet.explain.words import listed
from simnet.names import ObjectKey
from simnet.objects.pod import Pod
from simnet.objects.service import Service
from simnet.objects.statefulset import StatefulSet

FORM = "A pod has a name of its own only below the Service that its spec.subdomain names; in a StatefulSet that is serviceName."
REMAKE = "serviceName cannot be changed: make the StatefulSet anew with serviceName: {}, or create a headless Service {}."


def pod_name(cluster: Cluster, lookup: Lookup) -> Suspicion | None:
    """Why the name of a single pod has no address; None when the name is of another kind."""
    for answer in lookup.queries:
        match answer.reason:
            case reasons.EndpointNotReady(service, _, _) if (kept := cluster.view.service(service)) is not None:
                return _not_ready(cluster, kept, lookup)
            case reasons.NobodyReady(service, unready) if unready and _is_below(lookup, service):
                kept = cluster.view.service(service)
                return _not_ready(cluster, kept, lookup) if kept is not None else None
            case reasons.NoSuchEndpoint() as missing if missing.pod is not None and missing.subdomain != missing.service.name:
                return _other_subdomain(cluster, missing)
            case reasons.NoSuchService(service, _) if (owner := _owner_of_name(cluster, service)) is not None:
                return _no_service(cluster, owner, lookup)
            case _:
                pass
    return None


def nameless_pods(cluster: Cluster, stateful_set: StatefulSet) -> Iterator[Suspicion]:
    """A StatefulSet whose pods have no names, because serviceName is that of no Service."""
    key = ObjectKey(stateful_set.namespace, stateful_set.service_name)
    if stateful_set.service_name and cluster.view.service(key) is None:
        yield _no_service(cluster, stateful_set, None)


def _is_below(lookup: Lookup, service: ObjectKey) -> bool:
    """Whether something stands before the Service's name: `web-0.web`."""
    return lookup.name.split(".")[0] != service.name


def _owner_of_name(cluster: Cluster, service: ObjectKey) -> StatefulSet | None:
    """A StatefulSet that has the missing Service as its serviceName."""
    found: list[StatefulSet] = cluster.list("StatefulSet", namespace=service.namespace)
    return next((each for each in found if each.service_name == service.name), None)


def _not_ready(cluster: Cluster, service: Service, lookup: Lookup) -> Suspicion:
    pod = next((each for each in cluster.list("Pod", namespace=service.namespace)
                if each.hostname == lookup.name.split(".")[0]), None)
    why = f": {unready_reason(cluster, pod)}" if isinstance(pod, Pod) else ""
    return Suspicion(
        code="DNS-HEADLESS", objects=(service.ref, *((pod.ref,) if pod is not None else ())),
        summary=f"{lookup.name} has no address, because the pod is not ready{why}",
        cause=f"A pod gets its name below Service {service.key} only once it is ready, for publishNotReadyAddresses is "
              "false.",
        evidence=(f"Pod {pod.key} is not ready{why}.",) if pod is not None else (),
        observed=f"{lookup.name}: {lookup.status}", expected="a ready pod, or publishNotReadyAddresses: true",
        candidates=(Patch(service, ("spec", "publishNotReadyAddresses"), None, True, 1),),
        advice="Peers that must find each other before they are ready need publishNotReadyAddresses: true. Clients also "
               "remember for a while that a name did not exist.")


def _other_subdomain(cluster: Cluster, missing: reasons.NoSuchEndpoint) -> Suspicion:
    assert missing.pod is not None
    has = f"subdomain {missing.subdomain}" if missing.subdomain else "no subdomain"
    owner = next((each for each in cluster.list("StatefulSet", namespace=missing.pod.namespace)
                  if missing.subdomain and each.service_name == missing.subdomain), None)
    of = f" (serviceName of StatefulSet {owner.key})" if owner is not None else ""
    return Suspicion(
        code="DNS-HEADLESS", objects=(f"pod/{missing.pod}", f"service/{missing.service}"),
        summary=f"pod {missing.pod} has {has}{of}, so it has no name below Service {missing.service}",
        cause=f"{FORM} Pod {missing.pod} has {has}{of}, and the name asked for is below {missing.service.name}.",
        evidence=(f"Names below the Service are {listed(missing.labels) or 'none'}.",),
        observed=has, expected=f"subdomain {missing.service.name}", nearest=_near(missing.subdomain, missing.service.name),
        advice=REMAKE.format(missing.service.name, missing.subdomain or missing.service.name))


def _no_service(cluster: Cluster, owner: StatefulSet, lookup: Lookup | None) -> Suspicion:
    """serviceName names no Service; one that selects the pods is probably meant."""
    services: list[Service] = cluster.list("Service", namespace=owner.namespace)
    meant = [each for each in services if each.has_selector and each.selector.matches(owner.template.labels)]
    meant.sort(key=lambda each: (not each.is_headless, each.name))
    found = f"; Service {meant[0].key} selects its pods" if meant else ""
    name = meant[0].name if meant else owner.service_name
    return Suspicion(
        code="DNS-HEADLESS", objects=(owner.ref, *(each.ref for each in meant[:1])),
        symptom="The pods' own names have no address.",
        summary=f"StatefulSet {owner.key} has serviceName {owner.service_name}, and there is no such Service{found}",
        cause=f"{FORM} StatefulSet {owner.key} says serviceName {owner.service_name}, and no Service is called so{found}.",
        evidence=(f"Asked was {lookup.name}.",) if lookup is not None else (),
        observed=f"serviceName: {owner.service_name}", expected=f"serviceName: {name}" if meant else "a Service of that name",
        nearest=_near(owner.service_name, name) if meant else "", advice=REMAKE.format(name, owner.service_name))


def _near(one: str, other: str) -> str:
    if not one or one == other:
        return ""
    return f"Service {other}, {difference(one, other)}" if is_near(one, other) else f"Service {other}"
