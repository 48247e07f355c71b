"""A selector that is too broad: pods of another program are among the endpoints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from simnet.cluster import Cluster
from simnet.diagnosis.owners import owner_of
from simnet.diagnosis.suspicion import Patch, Suspicion
from simnet.explain.words import counted, listed
from simnet.objects.pod import Pod
from simnet.objects.service import Service, ServicePort

GENERATED = ("pod-template-hash", "controller-revision-hash", "pod-template-generation", "apps.kubernetes.io/pod-index",
             "statefulset.kubernetes.io/pod-name")


def too_broad(cluster: Cluster, service: Service, port: ServicePort, pod: Pod, tried: int) -> Suspicion | None:
    """`pod` does not listen on the port it is sent to. If all pods of its owner are deaf there, and those of another
    owner all listen, the selector takes in strangers; None otherwise."""
    if not service.has_selector:
        return None
    selected = [each for each in cluster.list("Pod", namespace=service.namespace)
                if each.ready and service.selector.matches(each.labels)]
    hears = {each.key: _listens(cluster, each, port, tried) for each in selected}
    deaf = {owner_of(cluster, each).ref for each in selected if not hears[each.key]}
    strangers = [each for each in selected if owner_of(cluster, each).ref in deaf]
    own = [each for each in selected if owner_of(cluster, each).ref not in deaf]
    if not own or any(hears[each.key] for each in strangers) or not list(_telling(own, strangers)):
        return None
    wanted = dict(service.selector.pairs or ())
    patches = [Patch(service, ("spec", "selector", key), wanted.get(key), value, len(value))
               for key, value in _telling(own, strangers)]
    owners = listed(sorted({owner_of(cluster, each).ref for each in strangers}))
    share = f"{len(strangers)} of {counted(len(selected), 'endpoint')}"
    return Suspicion(
        code="SEL-BROAD", objects=(service.ref, *sorted(deaf)),
        symptom="Some requests are refused at once, others are answered.",
        summary=f"Service {service.key} selects {service.selector}, which takes in {owners}: {share}",
        cause=f"The selector {service.selector} of Service {service.key} matches pods of two programs. Those of {owners} do "
              f"not listen on port {tried}, so {share} refuse.",
        evidence=(f"A label that tells them apart: {listed(f'{key}={value}' for key, value in _telling(own, strangers))}.",),
        observed=f"{share} do not listen on {tried}", expected="pods of one program",
        nearest="=".join(next(iter(_telling(own, strangers)))), candidates=tuple(patches),
        advice="Add a label to the selector that only the pods of one program have.")


def _listens(cluster: Cluster, pod: Pod, port: ServicePort, tried: int) -> bool:
    number = pod.spec.port_named(port.target_port, port.protocol) if isinstance(port.target_port, str) else tried
    listening = cluster.view.listening(pod)
    return number is not None and (listening.unknown or listening.at(number, port.protocol) is not None)


def _telling(own: list[Pod], strangers: list[Pod]) -> Iterator[tuple[str, str]]:
    """Labels that all of `own` have and no stranger, in the order of their keys."""
    shared: Mapping[str, str] = own[0].labels
    for key, value in sorted(shared.items()):
        if key not in GENERATED and all(each.labels.get(key) == value for each in own) \
                and not any(each.labels.get(key) == value for each in strangers):
            yield key, value
