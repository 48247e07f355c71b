"""A Service without usable endpoints: nobody selected, nobody ready, or a port that no selected pod names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from simnet.cluster import Cluster
from simnet.control.starting import unready_reasons
from simnet.diagnosis.near import difference, distance, is_near, nearest_first
from simnet.diagnosis.owners import Part, parts_of_template
from simnet.diagnosis.pending import is_waiting, waiting
from simnet.diagnosis.suspicion import Patch, Suspicion
from simnet.explain.words import counted, listed
from simnet.objects.pod import Container, Pod
from simnet.objects.service import Service, ServicePort

REFUSED = "Clients of this Service are refused at once."
NO_ENDPOINTS = "A Service without endpoints rejects every connection: clients see a refusal, not silence."


def service_fault(cluster: Cluster, service: Service, port: ServicePort | None = None) -> Suspicion | None:
    """Why nobody can be reached behind a Service (behind its `port`), None when somebody can."""
    if _all_served(cluster, service, port):
        return None
    if not service.has_selector:
        return None if cluster.view.slices(service.key) else _no_selector(service)
    neighbours = [pod for pod in cluster.list("Pod", namespace=service.namespace) if not pod.is_terminal]
    pods = [pod for pod in neighbours if service.selector.matches(pod.labels)]
    if not pods:
        return _no_match(cluster, service, neighbours)
    if all(map(is_waiting, pods)):
        return waiting(cluster, pods[0])
    if not any(pod.ready for pod in pods) and not service.publish_not_ready_addresses:
        return _not_ready(cluster, service, pods)
    for each in service.ports if port is None else (port,):
        if isinstance(each.target_port, str) and not any(
                pod.spec.port_named(each.target_port, each.protocol) for pod in pods):
            return _no_port_named(service, each, pods)
    return None


def _all_served(cluster: Cluster, service: Service, port: ServicePort | None) -> bool:
    """Whether each port has a ready endpoint. O(the Service's endpoints), where the rest is O(pods of the namespace)."""
    rules = [each for each in cluster.view.rules(service.key).values() if port is None or each.port == port]
    return bool(rules) and all(any(target.is_ready for target in each.targets) for each in rules)


def _no_selector(service: Service) -> Suspicion:
    return Suspicion(
        code="SEL-NONE", objects=(service.ref,), symptom=REFUSED,
        summary=f"Service {service.key} has no selector, and nobody wrote EndpointSlices for it",
        cause=f"Service {service.key} has no selector, so no controller looks for its pods.",
        evidence=(NO_ENDPOINTS,), observed="no selector and no EndpointSlice",
        expected="a selector, or an EndpointSlice with the label kubernetes.io/service-name",
        advice="Give the Service a selector with the labels of its pods, or write an EndpointSlice for it.")


# nobody is selected ---------------------------------------------------------------------------------------------

def _no_match(cluster: Cluster, service: Service, neighbours: list[Pod]) -> Suspicion:
    wanted = dict(service.selector.pairs or ())
    patches = selector_patches(service, wanted, neighbours)
    elsewhere = Counter(pod.namespace for pod in cluster.list("Pod")
                        if pod.namespace != service.namespace and service.selector.matches(pod.labels))
    none, match = f"0 of {counted(len(neighbours), 'pod')}", "matches" if len(neighbours) == 1 else "match"
    evidence = [f"{none} in namespace {service.namespace} {match}."
                if neighbours else f"There is no pod in namespace {service.namespace}."]
    nearest = _nearest(wanted, patches[0], neighbours) if patches else ""
    if nearest:
        evidence.append(f"Closest: {nearest}.")
    if elsewhere:
        where = listed(f"{counted(count, 'pod')} in namespace {name}" for name, count in sorted(elsewhere.items()))
        evidence.append(f"{where} would match, but a Service only selects in its own namespace.")
    return Suspicion(
        code="SEL-NOMATCH", objects=(service.ref,), symptom=REFUSED, nearest=nearest,
        summary=f"Service {service.key} wants {service.selector}; {none} {'has' if len(neighbours) == 1 else 'have'} "
                f"{'it' if len(wanted) == 1 else 'that'}",
        cause=f"Service {service.key} selects pods with {service.selector}, and none has that. {NO_ENDPOINTS}",
        evidence=tuple(evidence), observed=f"{none} {match} {service.selector}",
        expected="at least one pod with the labels of spec.selector", candidates=tuple(patches),
        advice="Change the selector, or the labels of the pods (of the pod template, if a workload makes them).")


class Labelled(Protocol):
    """Whatever has labels: a pod, or what a manifest will make pods of."""

    @property
    def labels(self) -> Mapping[str, str]: ...


def selector_patches(service: Service, wanted: Mapping[str, str], pods: Sequence[Labelled]) -> list[Patch]:
    """Changes of one entry of the selector that some pod would then match: another value, another key, or the entry
    taken out. Nearest first; among equals the change that selects most pods."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for pod in pods:
        missing = [key for key, value in wanted.items() if pod.labels.get(key) != value]
        if len(missing) == 1:
            counts.update(_changes(wanted, missing[0], pod.labels))
    patches = [(_patch(service, wanted, change), -count, change) for change, count in counts.items()]
    return [patch for patch, _, _ in sorted(patches, key=lambda each: (each[0].distance, each[1], each[2]))]


def _changes(wanted: Mapping[str, str], key: str, labels: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """(key of the selector, key of the pod, value of the pod) for each near change; an empty key of the pod: drop."""
    value = wanted[key]
    if key in labels and (is_near(value, labels[key]) or len(wanted) > 1):
        yield key, key, labels[key]
    for other, found in labels.items():
        if other not in wanted and found == value and is_near(key, other):
            yield key, other, value
    if key not in labels and len(wanted) > 1:
        yield key, "", ""


def _patch(service: Service, wanted: Mapping[str, str], change: tuple[str, str, str]) -> Patch:
    key, other, value = change
    if other == key:
        return Patch(service, ("spec", "selector", key), wanted[key], value, distance(wanted[key], value))
    if not other:
        return Patch(service, ("spec", "selector", key), wanted[key], None, len(wanted[key]) + 1)
    renamed = {other if each == key else each: text for each, text in wanted.items()}
    return Patch(service, ("spec", "selector"), dict(wanted), renamed, distance(key, other) + 1)


def _nearest(wanted: Mapping[str, str], patch: Patch, pods: list[Pod]) -> str:
    """`app=web on 2 pods, two letters swapped`."""
    key = str(patch.path[-1])
    if patch.new is None:
        count = sum(all(pod.labels.get(each) == value for each, value in wanted.items() if each != key) for pod in pods)
        return f"{counted(count, 'pod')} without the label {key}"
    if isinstance(patch.new, Mapping):
        before, after = next((old, new) for old, new in zip(wanted, patch.new, strict=True) if old != new)
        label, how = f"{after}={patch.new[after]}", f"{difference(before, after)} in the key"
    else:
        label, how = f"{key}={patch.new}", difference(str(patch.old), patch.new)
    name, _, value = label.partition("=")
    return f"{label} on {counted(sum(pod.labels.get(name) == value for pod in pods), 'pod')}, {how}"


# nobody is ready ------------------------------------------------------------------------------------------------

def _not_ready(cluster: Cluster, service: Service, pods: list[Pod]) -> Suspicion:
    reasons = [f"pod {pod.key}: {unready_reason(cluster, pod)}" for pod in pods]
    return Suspicion(
        code="EPT-NOTREADY", objects=(service.ref, *(pod.ref for pod in pods)), symptom=REFUSED,
        summary=f"Service {service.key} selects {counted(len(pods), 'pod')}; 0 of them "
                f"{'is' if len(pods) == 1 else 'are'} ready: "
                f"{unready_reason(cluster, pods[0])}",
        cause=f"Service {service.key} selects {counted(len(pods), 'pod')}, and none is ready. Running is not Ready: a "
              "pod that is not ready is in the EndpointSlice with ready=false, and gets nothing.",
        evidence=tuple(f"{reason[:1].upper()}{reason[1:]}." for reason in reasons[:3]),
        observed=f"0 of {counted(len(pods), 'selected pod')} {'is' if len(pods) == 1 else 'are'} ready",
        expected="at least one ready pod",
        candidates=tuple(_probe_patches(cluster, pods[0])),
        advice="Make the pods ready: look at their events, and at what their readiness probes ask for.")


def unready_reason(cluster: Cluster, pod: Pod) -> str:
    """Why a pod is not ready, in the words its node would use."""
    if not pod.node_name or not pod.pod_ips:
        return pod.message or pod.reason or f"it is {pod.phase} and has no address"
    for state in pod.states:
        if state.state != "running":
            return f"container {state.name} is {state.state}" + (f" ({state.reason})" if state.reason else "")
    failing = unready_reasons(pod.spec, cluster.view.listening(pod), pod.pod_ips[0])
    if failing:
        name, reason = next(iter(failing.items()))
        return f"the readiness probe of container {name} fails: {reason}"
    return pod.message or "a readiness probe has not succeeded yet"


def _probe_patches(cluster: Cluster, pod: Pod) -> Iterator[Patch]:
    """Ask on a port that is open, or for a path that every web server has."""
    opened = cluster.view.listening(pod).open_ports()
    for part in parts_of_template(cluster, pod):
        yield from _of_probe(part, part.container, opened)


def _of_probe(part: Part, container: Container, opened: tuple[int, ...]) -> Iterator[Patch]:
    probe = container.readiness_probe
    if probe is None or probe.handler not in ("httpGet", "tcpSocket"):
        return
    path = (*part.path, "readinessProbe", probe.handler)
    for port in opened:
        if probe.port != port:
            yield Patch(part.owner, (*path, "port"), probe.port, port, distance(str(probe.port), str(port)))
    if probe.handler == "httpGet" and probe.path not in ("", "/"):
        yield Patch(part.owner, (*path, "path"), probe.path, "/", len(probe.path))


# a port that nobody names ---------------------------------------------------------------------------------------

def _no_port_named(service: Service, port: ServicePort, pods: list[Pod]) -> Suspicion:
    name = str(port.target_port)
    named = {each.name: each.container_port for pod in pods for container in pod.spec.port_owners
             for each in container.ports if each.name and each.protocol == port.protocol}
    numbers = sorted({each.container_port for pod in pods for container in pod.spec.port_owners
                      for each in container.ports if each.protocol == port.protocol})
    path: tuple[str | int, ...] = ("spec", "ports", service.ports.index(port), "targetPort")
    near = nearest_first(name, named)
    candidates = [Patch(service, path, name, each, distance(name, each)) for each in near]
    candidates += [Patch(service, path, name, number, len(name)) for number in numbers]
    return Suspicion(
        code="PRT-NAME", objects=(service.ref,), symptom=REFUSED, candidates=tuple(candidates),
        summary=f"Service {service.key} has targetPort {name}; no container of its {counted(len(pods), 'pod')} names a "
                "port so",
        cause=f"targetPort of Service {service.key} is the name {name}, and a name is looked up among the ports that "
              "the containers declare. None of them is called so, so the Service has no endpoints.",
        evidence=(f"Declared there: {listed(f'{each} ({number})' for each, number in named.items()) or 'no named port'}.",
                  NO_ENDPOINTS),
        nearest=f"{near[0]}, {difference(name, near[0])}" if near else "",
        observed=f"no container port is named {name}", expected=f"a container port with the name {name}",
        advice="Use the name of a declared port, or the number the program listens on.")
