"""What a fault is planted on: Services that work, workloads behind them, who asks; and the fault once planted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from simnet import ip
from simnet.cluster import Cluster
from simnet.dataplane.step import Trace
from simnet.diagnosis import Findings, diagnose
from simnet.diagnosis.owners import owner_of
from simnet.diagnosis.suspicion import Patch, thawed
from simnet.objects.ingress import Ingress
from simnet.objects.meta import Object
from simnet.objects.pod import Pod
from simnet.objects.service import Service, ServicePort
from simnet.objects.workload import Workload

SYSTEM = ("kube-system", "kube-public", "kube-node-lease", "ingress-nginx")
API = "default/kubernetes"


@dataclass(frozen=True, slots=True)
class Planted:
    """A fork of a healthy cluster with one fault in it. `what` says what was done, for who sets an exercise. `url`,
    `source` and `options` are a request that meets the fault; without a url it shows in the cluster as a whole."""

    code: str
    cluster: Cluster
    what: str
    url: str = ""
    source: str = "laptop"
    options: Mapping[str, Any] = field(default_factory=dict)

    def trace(self) -> Trace:
        """The request that meets the fault, as a dry run."""
        return self.cluster.trace(self.url, self.source, **self.options)

    def diagnose(self) -> Findings:
        """What simnet makes of it: of the request, or of the whole cluster."""
        return diagnose(self.cluster, self.trace() if self.url else None)


Plant = Callable[[Cluster, Random], Planted | None]
"""Breaks a fork; None when the cluster has nothing that could be broken so."""


# choosing -------------------------------------------------------------------------------------------------------

def shuffled(things: list[Any], random: Random) -> list[Any]:
    """The same things in an order of the seed's."""
    return random.sample(things, len(things))


def services(cluster: Cluster, random: Random) -> Iterator[tuple[Service, ServicePort, list[Pod]]]:
    """Services of the user's own that work, with a TCP port that answers and the pods behind it."""
    for service in shuffled(cluster.list("Service"), random):
        if service.namespace in SYSTEM or str(service.key) == API or not service.has_selector or service.is_external_name:
            continue
        pods = [pod for pod in cluster.list("Pod", namespace=service.namespace)
                if pod.ready and service.selector.matches(pod.labels)]
        ports = [port for port in service.ports if port.protocol == "TCP"]
        if pods and ports and not service.is_headless:
            yield service, ports[0], pods


def workload_of(cluster: Cluster, pods: list[Pod]) -> Workload | None:
    """The workload that made all of these pods, None when there are several or none."""
    owners = {owner.ref: owner for owner in (owner_of(cluster, pod) for pod in pods)}
    found = next(iter(owners.values())) if len(owners) == 1 else None
    return found if isinstance(found, Workload) else None


def client(cluster: Cluster, namespace: str, pods: list[Pod], random: Random) -> str | None:
    """A pod of the namespace that is none of `pods`, else one of them; None if there is none."""
    here = [pod for pod in cluster.list("Pod", namespace=namespace) if pod.ready and not pod.spec.host_network]
    others = [pod for pod in here if all(pod.key != each.key for each in pods)]
    chosen = others or here
    return random.choice(chosen).ref if chosen else None


def routes(cluster: Cluster, random: Random) -> Iterator[tuple[Ingress, int, int, str]]:
    """Ingresses that work: the Ingress, the index of a rule and of a path in it, and the path."""
    for ingress in shuffled(cluster.list("Ingress"), random):
        for i, rule in enumerate(ingress.rules):
            for j, path in enumerate(rule.paths or ()):
                is_plain = path.backend.resource is None and path.path_type != "ImplementationSpecific"
                if is_plain and rule.host and "*" not in rule.host:
                    yield ingress, i, j, path.path


def entry(cluster: Cluster) -> str | None:
    """The address of an Ingress controller, as clients outside use it."""
    found = sorted({address for ingress in cluster.list("Ingress") for address in ingress.addresses})
    return found[0] if found else None


# breaking -------------------------------------------------------------------------------------------------------

def patched(cluster: Cluster, thing: Object, path: tuple[str | int, ...], old: Any, new: Any) -> tuple[Cluster, str] | None:
    """A fork with one value changed, and what was done; None when the API server would refuse it."""
    patch = Patch(thing, path, old, new)
    twin = patch.on(cluster)
    return None if twin is None else (twin, f"{patch.field} of {thing.ref}: {old} -> {new}")


def remade(cluster: Cluster, thing: Object, change: Callable[[dict[str, Any]], None]) -> Cluster:
    """A fork in which an object was deleted and made anew, for what cannot be changed in place."""
    whole = thawed(thing.manifest)
    for name in ("creationTimestamp", "uid", "ownerReferences"):
        whole["metadata"].pop(name, None)
    whole.pop("status", None)
    change(whole)
    twin = cluster.fork()
    twin.delete(thing.ref)
    twin.apply(whole)
    return twin


def containers(whole: dict[str, Any]) -> list[dict[str, Any]]:
    """The containers of a workload's template."""
    found: list[dict[str, Any]] = whole["spec"]["template"]["spec"]["containers"]
    return found


def slip(word: str, random: Random) -> str:
    """The word with two neighbours swapped, or, where that changes nothing, its last letter doubled."""
    places = [index for index in range(len(word) - 1) if word[index] != word[index + 1]
              and word[index].isalnum() and word[index + 1].isalnum()]
    if not places:
        return word + word[-1]
    at = random.choice(places)
    return word[:at] + word[at + 1] + word[at] + word[at + 2:]


def service_url(service: Service, port: ServicePort, host: str = "") -> str:
    """A plain connection to a Service by its name."""
    return f"tcp://{host or f'{service.name}.{service.namespace}'}:{port.port}"


def address_of(service: Service) -> str:
    return ip.text(service.cluster_ips[0])
