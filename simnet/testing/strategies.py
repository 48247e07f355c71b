"""Strategies for hypothesis: manifests that fit together, clusters of them, requests to them, and histories.

Importing this needs hypothesis; nothing else of `simnet.testing` does. Examples shrink towards one plain pod and Service.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from simnet.cluster import Cluster
from simnet.errors import SimnetError
from simnet.testing.builders import deployment, ingress, pod, service

NAMES = ("web", "api", "db")
NAMESPACES = ("default", "shop")
HOSTS = ("shop.example.com", "api.example.com", "*.example.com")
PATHS = ("/", "/cart", "/cart/", "/api", "/api/v1")
PORTS = (80, 8080)
Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Event:
    """One change of a cluster: `apply` with a manifest, or `delete` with a reference that may not exist by then."""

    verb: str
    what: Any

    def on(self, cluster: Cluster) -> bool:
        """Make the change; false when the cluster refuses it, which leaves it as it was."""
        try:
            if self.verb == "apply":
                cluster.apply(self.what)
            else:
                cluster.delete(self.what)
        except SimnetError:
            return False
        return True


def names() -> st.SearchStrategy[str]:
    """Names that meet each other often."""
    return st.sampled_from(NAMES)


def namespaces() -> st.SearchStrategy[str]:
    """`default` and another namespace."""
    return st.sampled_from(NAMESPACES)


@st.composite
def pods(draw: st.DrawFn) -> Manifest:
    """A pod whose label, port and namespace may or may not fit a Service of `services`."""
    label = draw(names())
    suffix = draw(st.integers(0, 2))
    return pod(f"{label}-{suffix}", labels={"app": label}, port=draw(st.sampled_from(PORTS)), namespace=draw(namespaces()))


@st.composite
def deployments(draw: st.DrawFn) -> Manifest:
    """A Deployment of up to three pods."""
    return deployment(draw(names()), replicas=draw(st.integers(0, 3)), port=draw(st.sampled_from(PORTS)),
                      namespace=draw(namespaces()))


@st.composite
def services(draw: st.DrawFn) -> Manifest:
    """A Service of any type that selects by a label of `pods`, or nothing; traffic policies and affinity included."""
    kind = draw(st.sampled_from(("ClusterIP", "NodePort", "LoadBalancer")))
    spec: Manifest = {}
    if kind != "ClusterIP":
        spec["externalTrafficPolicy"] = draw(st.sampled_from(("Cluster", "Local")))
    elif draw(st.booleans()):
        spec["clusterIP"] = "None"
    spec["internalTrafficPolicy"] = draw(st.sampled_from(("Cluster", "Local")))
    spec["sessionAffinity"] = draw(st.sampled_from(("None", "ClientIP")))
    selector = draw(st.one_of(names().map(lambda name: {"app": name}), st.just({})))
    return service(draw(names()), selector=selector, port=draw(st.sampled_from(PORTS)), type=kind,
                   target_port=draw(st.sampled_from(PORTS)), namespace=draw(namespaces()), **spec)


@st.composite
def ingresses(draw: st.DrawFn) -> Manifest:
    """An Ingress with one host (or none) and up to three paths to Services that may not be there."""
    paths = draw(st.dictionaries(st.sampled_from(PATHS), names(), min_size=1, max_size=3))
    return ingress(draw(names()), host=draw(st.sampled_from((*HOSTS, None))), paths=paths, port=draw(st.sampled_from(PORTS)),
                   namespace=draw(namespaces()), class_name=draw(st.sampled_from(("nginx", None))))


def manifests() -> st.SearchStrategy[Manifest]:
    """One manifest of the kinds above."""
    return st.one_of(pods(), services(), deployments(), ingresses())


@st.composite
def clusters(draw: st.DrawFn, /, max_objects: int = 6, **settings: Any) -> Cluster:
    """A cluster with up to `max_objects` of these objects and a pod `client`; `settings` are those of `Cluster`."""
    cluster = Cluster(**{"nodes": draw(st.integers(1, 3)), **settings})
    cluster.apply(pod("client"))
    for each in draw(st.lists(manifests(), max_size=max_objects)):
        Event("apply", each).on(cluster)
    return cluster


def events() -> st.SearchStrategy[list[Event]]:
    """Changes in a row: objects come, change and go."""
    refs = st.builds("{}/{}/{}".format, st.sampled_from(("service", "ingress", "deployment")), namespaces(), names())
    one = st.one_of(manifests().map(lambda each: Event("apply", each)), refs.map(lambda ref: Event("delete", ref)))
    return st.lists(one, max_size=8)


@st.composite
def requests(draw: st.DrawFn, cluster: Cluster) -> tuple[str, str, Manifest]:
    """`url, source, options` for `cluster.request`: to its Services by name and address, its pods, its hosts, from its pods
    and nodes and from outside. What is asked for may not be there."""
    source = draw(st.sampled_from(["laptop", "203.0.113.99", *(f"node/{each.name}" for each in cluster.list("node")),
                                   *(f"pod/{each.key}" for each in cluster.list("pod") if each.pod_ips)]))
    url, options = draw(st.sampled_from([*_by_name(cluster), *_by_host(cluster), *_by_address(cluster)]))
    return url, source, options


def _by_name(cluster: Cluster) -> list[tuple[str, Manifest]]:
    """Services by name, and a name that nobody has."""
    known = [(f"{each.name}.{each.namespace}", port.port) for each in cluster.list("service") for port in each.ports
             if each.namespace in NAMESPACES]
    return [(f"http://{name}:{port}/", {}) for name, port in [*known, ("nobody.default", 80)]]


def _by_host(cluster: Cluster) -> list[tuple[str, Manifest]]:
    """Hosts and paths of Ingresses at the controller's address, and one that no rule names."""
    known = [(rule.host.replace("*", "any") or "other.example.com", path.path)
             for each in cluster.list("ingress") for rule in each.rules for path in rule.paths or ()]
    return [(f"http://{host}{path}", {"at": "203.0.113.1"}) for host, path in [*known, ("other.example.com", "/none")]]


def _by_address(cluster: Cluster) -> list[tuple[str, Manifest]]:
    return [(f"tcp://{address}:{port}", {}) for address in _addresses(cluster) for port in PORTS]


def _addresses(cluster: Cluster) -> list[str]:
    """Addresses the cluster has given out, and one it has not."""
    given = [each.manifest["spec"].get("clusterIP", "None") for each in cluster.list("service")]
    return ["10.99.99.99", *(each for each in given if each != "None"),
            *(each.manifest["status"]["podIP"] for each in cluster.list("pod") if each.pod_ips)]
