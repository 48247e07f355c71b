"""Addresses, ports and names that two objects want, or that cannot be: numbers taken twice, ranges, DNS labels, probes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from simnet import ip
from simnet.control.listening import Listening
from simnet.diagnosis.near import distance, nearest_first
from simnet.explain.words import listed
from simnet.ip import IPNetwork
from simnet.lint.remark import Remark, Repair, Severity, remark
from simnet.lint.world import ManifestSet, Pods, containers_of
from simnet.manifests import Manifest
from simnet.manifests.paths import Path
from simnet.names import ObjectKey, dns1123_label_problem
from simnet.objects.statefulset import StatefulSet

PROBES = ("readinessProbe", "livenessProbe", "startupProbe")
HANDLERS = ("httpGet", "tcpSocket", "grpc")


def address_remarks(given: ManifestSet) -> Iterator[Remark]:
    """Duplicates first, then ranges, names and probes."""
    yield from _node_ports(given)
    yield from _cluster_ips(given)
    yield from _ranges(given)
    for stateful_set, manifest in given.stateful_sets:
        yield from _stateful_set(given, stateful_set, manifest)
    for pods in given.pods:
        yield from _pod_name(pods)
        yield from _probes(pods)


# taken twice ----------------------------------------------------------------------------------------------------

def _node_ports(given: ManifestSet) -> Iterator[Remark]:
    seen: dict[tuple[int, str], str] = {}
    for service, manifest in given.services:
        for index, port in enumerate(service.ports):
            if port.node_port:
                first = seen.setdefault((port.node_port, port.protocol), manifest.ref)
                if first != manifest.ref:
                    yield remark(manifest, "SVC-DUPPORT", Severity.ERROR, ("spec", "ports", index, "nodePort"),
                                 f"node port {port.node_port} is already that of {first}",
                                 advice="Leave nodePort out and a free one is chosen.")


def _cluster_ips(given: ManifestSet) -> Iterator[Remark]:
    seen: dict[int, str] = {}
    for service, manifest in given.services:
        for number in service.cluster_ips:
            first = seen.setdefault(number, manifest.ref)
            if first != manifest.ref:
                yield remark(manifest, "SVC-DUPIP", Severity.ERROR, ("spec", "clusterIP"),
                             f"cluster IP {ip.text(number)} is already that of {first}",
                             advice="Leave clusterIP out and a free one is chosen.")


# ranges ---------------------------------------------------------------------------------------------------------

class Range(NamedTuple):
    """A range of addresses: what it is for, and where it stands (`manifest` None: it was given as an option)."""

    name: str
    network: IPNetwork
    manifest: Manifest | None = None
    path: Path = ()

    def __str__(self) -> str:
        return f"{self.name}, {self.network}"


def _ranges(given: ManifestSet) -> Iterator[Remark]:
    """Ranges of pods, Services and nodes that overlap, and addresses in a range that is not theirs."""
    pods = [Range("pod range", each) for each in given.plan.pod_cidrs]
    blocks = [Range(f"pod range of node {node.name}", each, manifest, ("spec", "podCIDR"))
              for node, manifest in given.nodes for each in node.pod_cidrs]
    services = [Range("Service range", each) for each in given.plan.service_cidrs]
    services += [Range(f"Service range of {manifest.ref}", IPNetwork.parse(str(text)), manifest, ("spec", "cidrs", index))
                 for manifest in given.manifests if manifest.kind == "ServiceCIDR"
                 for index, text in enumerate((manifest.data.get("spec") or {}).get("cidrs") or ())]
    for one, other in combinations([*pods, *services, *blocks], 2):
        is_part = one in pods and other in blocks
        if one.network.family == other.network.family and one.network.overlaps(other.network) and not is_part:
            yield _overlap(one, other)
    for service, manifest in given.services:
        for number in service.cluster_ips:
            yield from _inside(manifest, ("spec", "clusterIP"), number, [*pods, *blocks],
                               "Take an address of the Service range, or leave clusterIP out.")
    for node, manifest in given.nodes:
        for number in node.addresses:
            yield from _inside(manifest, ("status", "addresses"), number, [*pods, *services, *blocks],
                               "Choose ranges that no node's network uses.")


def _overlap(one: Range, other: Range) -> Remark:
    """Reported at the later of the two that stands in a manifest."""
    at, first = (other, one) if other.manifest is not None else (one, other)
    manifest = at.manifest or Manifest("v1", "Cluster", ObjectKey("", "plan"), {})
    return remark(manifest, "IPM-OVERLAP", Severity.ERROR, at.path, f"the {at}, overlaps the {first}",
                  advice="Choose ranges apart from each other when the cluster is made; they cannot be changed later.")


def _inside(manifest: Manifest, path: Path, number: int, ranges: Sequence[Range], advice: str) -> Iterator[Remark]:
    """An address that somebody else may be given."""
    holder = next((each for each in ranges if number in each.network), None)
    if holder is not None:
        yield remark(manifest, "IPM-OVERLAP", Severity.ERROR, path,
                     f"{ip.text(number)} lies in the {holder}: a pod or Service may be given it", advice=advice)


# names ----------------------------------------------------------------------------------------------------------

def _stateful_set(given: ManifestSet, stateful_set: StatefulSet, manifest: Manifest) -> Iterator[Remark]:
    problem = dns1123_label_problem(f"{stateful_set.name}-0")
    if problem:
        yield remark(manifest, "DNS-LABEL", Severity.ERROR, ("metadata", "name"),
                     f"the host name of its pods would be {stateful_set.name}-0, which is no DNS label",
                     advice="Use letters, digits and '-' only, 61 characters at most.")
    key = ObjectKey(stateful_set.namespace, stateful_set.service_name)
    if not stateful_set.service_name or given.has("Service", key):
        return
    local = [each for each, _ in given.services if each.namespace == stateful_set.namespace]
    meant = [each.name for each in local if each.is_headless and each.selector.matches(stateful_set.template.labels)]
    near = meant or nearest_first(stateful_set.service_name, [each.name for each in local])
    yield remark(manifest, "DNS-HEADLESS", Severity.ERROR if near else Severity.WARNING, ("spec", "serviceName"),
                 f"no Service {key} in these files, so the pods have no names of their own",
                 nearest=near[0] if near else "",
                 repairs=[Repair(manifest, ("spec", "serviceName"), stateful_set.service_name, each) for each in near],
                 advice="Name the headless Service that selects the pods.")


def _pod_name(pods: Pods) -> Iterator[Remark]:
    """A pod that wants a name of its own, which cannot be one."""
    name = pods.manifest.key.name
    if pods.path == () and pods.spec.subdomain and not pods.spec.hostname and dns1123_label_problem(name):
        yield remark(pods.manifest, "DNS-LABEL", Severity.WARNING, ("metadata", "name"),
                     f"{name} is no DNS label, so the pod has no name below Service {pods.spec.subdomain}",
                     advice="Use letters, digits and '-' only, or set spec.hostname.")


# probes ---------------------------------------------------------------------------------------------------------

def _probes(pods: Pods) -> Iterator[Remark]:
    """Probes that ask on a port where nothing listens, or by a name that no port of the container has."""
    for path, container in containers_of(pods):
        declared = [port for port in container.get("ports") or () if isinstance(port, Mapping)]
        names = [str(port["name"]) for port in declared if port.get("name")]
        for probe in PROBES:
            given = container.get(probe)
            for handler in HANDLERS:
                port = (given.get(handler) or {}).get("port") if isinstance(given, Mapping) else None
                if port is not None:
                    yield from _probe(pods, (*path, probe, handler, "port"), port, names)


def _probe(pods: Pods, path: Path, port: int | str, names: list[str]) -> Iterator[Remark]:
    opened = [str(each) for each in pods.listening.open_ports()]
    if isinstance(port, str) and not port.isdigit():
        if port not in names:
            near = nearest_first(port, names) or (names if len(names) == 1 else [])
            yield remark(pods.manifest, "PRB-PORT", Severity.ERROR, path,
                         f"{port} is the name of no port of this container; named are {listed(names) or 'none'}",
                         nearest=near[0] if near else "", repairs=[Repair(pods.manifest, path, port, each) for each in near],
                         advice="Name a declared port, or give the number.")
        return
    if not _is_deaf(pods.listening, int(port)):
        return
    near = sorted(opened, key=lambda each: distance(each, str(port)))
    yield remark(pods.manifest, "PRB-PORT", Severity.WARNING, path,
                 f"asks on port {port}, and the pod listens on {listed(opened) or 'no port'}: it will not become ready",
                 nearest=near[0] if near else "", repairs=[Repair(pods.manifest, path, port, int(each)) for each in near],
                 advice="Ask on a port that is open.")


def _is_deaf(listening: Listening, port: int) -> bool:
    return not listening.unknown and listening.at(port) is None
