"""Pods, their containers, and the pod templates of workloads.

Source: kubernetes/kubectl pkg/describe/describe.go describePod, describeContainers, DescribePodTemplate;
pkg/util/qos/qos.go GetPodQOS.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from simnet import ip
from simnet.console.kubectl.describe.page import Page, moment
from simnet.console.kubectl.describe.podfacts import last_exit_code, pod_conditions, pod_tolerations
from simnet.console.kubectl.describe.volumes import describe_volumes
from simnet.console.kubectl.podstatus import restarts
from simnet.images.reference import Reference
from simnet.names import ObjectKey
from simnet.objects.node import Node
from simnet.objects.pod import ContainerState, Pod

Raw = Mapping[str, Any]


def describe_pod(page: Page, pod: Pod) -> None:
    whole = pod.manifest
    spec = whole.get("spec") or {}
    page.write(0, "Name:", pod.name)
    page.write(0, "Namespace:", pod.namespace)
    page.write(0, "Priority:", spec.get("priority", 0))
    page.write(0, "Service Account:", spec.get("serviceAccountName") or "default")
    page.write(0, "Node:", _node(page, pod))
    if pod.started is not None:
        page.write(0, "Start Time:", moment(pod.started))
    page.labels(pod.labels)
    page.annotations(pod.annotations)
    _status(page, pod, spec)
    page.write(0, "IP:", ip.text(pod.pod_ips[0]) if pod.pod_ips else "")
    _addresses(page, pod)
    if pod.owner is not None:
        page.write(0, "Controlled By:", f"{pod.owner.kind}/{pod.owner.name}")
    states = {state.name: state for state in pod.states}
    if spec.get("initContainers"):
        describe_containers(page, "Init Containers", spec["initContainers"], states, 0, pod)
    describe_containers(page, "Containers", spec.get("containers") or (), states, 0, pod)
    _conditions(page, pod_conditions(pod, (whole.get("status") or {}).get("conditions") or ()))
    describe_volumes(page, spec.get("volumes") or (), 0)
    page.write(0, "QoS Class:", _quality(spec))
    page.labels(spec.get("nodeSelector") or {}, "Node-Selectors")
    _tolerations(page, pod_tolerations(pod, spec.get("tolerations") or ()), 0)
    page.events(pod)


def _node(page: Page, pod: Pod) -> str:
    node = page.kube.cluster.store.get("Node", ObjectKey("", pod.node_name)) if pod.node_name else None
    if not isinstance(node, Node):
        return f"{pod.node_name}/" if pod.node_name else "<none>"
    return f"{node.name}/{ip.text(node.addresses[0]) if node.addresses else ''}"


def _status(page: Page, pod: Pod, spec: Raw) -> None:
    if pod.deleted is not None and not pod.is_terminal:
        page.write(0, "Status:", f"Terminating (lasts {page.age(pod.deleted)})")
        page.write(0, "Termination Grace Period:", f"{spec.get('terminationGracePeriodSeconds', 30)}s")
    else:
        page.write(0, "Status:", pod.phase)
    if pod.phase == "Failed" and pod.reason:  # why a pod waits is a condition and an event, no reason of its status
        page.write(0, "Reason:", pod.reason)
        page.write(0, "Message:", pod.message)


def _addresses(page: Page, pod: Pod) -> None:
    if not pod.pod_ips:
        page.write(0, "IPs:", "<none>")
        return
    page.write(0, "IPs:")
    for number in pod.pod_ips:
        page.write(1, "IP:", ip.text(number))


def _conditions(page: Page, conditions: Sequence[Raw]) -> None:
    if conditions:
        page.write(0, "Conditions:")
        page.write(1, "Type", "Status")
        for condition in conditions:
            page.write(1, f"{condition.get('type')} ", f"{condition.get('status')} ")


def _quality(spec: Raw) -> str:
    """The QoS class: what the containers ask for against what they may have."""
    resources = [container.get("resources") or {} for container in
                 (*(spec.get("containers") or ()), *(spec.get("initContainers") or ()))]
    if not any(each.get("requests") or each.get("limits") for each in resources):
        return "BestEffort"
    for each in resources:
        limits, requests = each.get("limits") or {}, each.get("requests") or {}
        if any(name not in limits or requests.get(name, limits[name]) != limits[name] for name in ("cpu", "memory")):
            return "Burstable"
    return "Guaranteed"


def _tolerations(page: Page, tolerations: Sequence[Raw], level: int) -> None:
    page.several("Tolerations", [_toleration(each) for each in
                                 sorted(tolerations, key=lambda each: str(each.get("key", "")))], level)


def _toleration(each: Raw) -> str:
    text = str(each.get("key", "")) + (f"={each['value']}" if each.get("value") else "")
    text += f":{each['effect']}" if each.get("effect") else ""
    if each.get("operator") == "Exists" and not each.get("value"):
        text += " op=Exists" if text else "op=Exists"
    return text + (f" for {each['tolerationSeconds']}s" if each.get("tolerationSeconds") is not None else "")


# containers -----------------------------------------------------------------------------------------------------

def describe_containers(page: Page, title: str, containers: Sequence[Raw], states: Mapping[str, ContainerState],
                        level: int, pod: Pod | None = None) -> None:
    """Containers of a pod, or of a template at level 1 (whose names are set in by one more blank)."""
    page.write(level, f"{title}:" + ("" if containers else " <none>"))
    for container in containers:
        page.write(1, " " * level + f"{container.get('name')}:")
        state = states.get(str(container.get("name")))
        image = str(container.get("image", ""))
        if state is not None and pod is not None:
            has_run = state.state != "waiting" or state.restart_count > 0
            page.write(2, "Container ID:", "containerd://" + _digest(pod.uid, state.name) if has_run else "")
        page.write(2, "Image:", image)
        if state is not None and pod is not None:
            page.write(2, "Image ID:", f"{Reference.parse(image).repository}@sha256:{_digest(image)}" if has_run else "")
        _ports(page, container.get("ports") or ())
        for label, key in (("Command:", "command"), ("Args:", "args")):
            if container.get(key):
                page.write(2, label)
                for word in container[key]:
                    for line in str(word).split("\n"):
                        page.write(3, line)
        if state is not None and pod is not None:
            _state(page, state, pod)
        _resources(page, container.get("resources") or {})
        for label, key in (("Liveness:", "livenessProbe"), ("Readiness:", "readinessProbe"), ("Startup:", "startupProbe")):
            if container.get(key):
                page.write(2, label, _probe(container[key]))
        _environment(page, container)
        _mounts(page, container.get("volumeMounts") or ())


def _digest(*parts: str) -> str:
    """A made-up identifier that is the same in every run."""
    return hashlib.sha256("/".join(parts).encode()).hexdigest()


def _ports(page: Page, ports: Sequence[Raw]) -> None:
    for label, key in (("Port", "containerPort"), ("Host Port", "hostPort")):
        shown = [f"{port.get(key, 0)}/{port.get('protocol', 'TCP')}" + (f" ({port['name']})" if port.get("name") else "")
                 for port in ports]
        page.write(2, f"{label}{'s' if len(shown) > 1 else ''}:", ", ".join(shown) or "<none>")


def _state(page: Page, state: ContainerState, pod: Pod) -> None:
    page.write(2, "State:", state.state.capitalize())
    started = moment(pod.started if pod.started is not None else pod.created)
    if state.state == "running":
        page.write(3, "Started:", started)
    elif state.reason:
        page.write(3, "Reason:", state.reason)
    if state.state == "terminated":
        _ended(page, state.message, state.exit_code or 0, started)
    restarted = restarts(pod, state, page.kube.cluster.now)
    if state.state == "waiting" and restarted.last is not None:
        page.write(2, "Last State:", "Terminated")
        code = last_exit_code(page, pod, state)
        page.write(3, "Reason:", "Error" if code else "Completed")
        _ended(page, state.message, code, moment(restarted.last))
    page.write(2, "Ready:", state.ready)
    page.write(2, "Restart Count:", restarted.times)


def _ended(page: Page, message: str, exit_code: int, when: str) -> None:
    """The rest of a terminated state: what crashes here does so in the second it starts."""
    if message:
        page.write(3, "Message:", message)
    page.write(3, "Exit Code:", exit_code)
    page.write(3, "Started:", when)
    page.write(3, "Finished:", when)


def _resources(page: Page, resources: Raw) -> None:
    for label, key in (("Limits:", "limits"), ("Requests:", "requests")):
        given = resources.get(key) or {}
        if given:
            page.write(2, label)
        for name in sorted(given):
            page.write(3, f"{name}:", given[name])


def _probe(probe: Raw) -> str:
    attributes = (f"delay={probe.get('initialDelaySeconds', 0)}s timeout={probe.get('timeoutSeconds', 1)}s "
                  f"period={probe.get('periodSeconds', 10)}s #success={probe.get('successThreshold', 1)} "
                  f"#failure={probe.get('failureThreshold', 3)}")
    if "exec" in probe:
        return f"exec [{' '.join(map(str, probe['exec'].get('command') or ()))}] {attributes}"
    if "httpGet" in probe:
        get = probe["httpGet"]
        return (f"http-get {str(get.get('scheme', 'HTTP')).lower()}://{get.get('host', '')}:{get.get('port')}"
                f"{get.get('path', '/')} {attributes}")
    if "tcpSocket" in probe:
        return f"tcp-socket {probe['tcpSocket'].get('host', '')}:{probe['tcpSocket'].get('port')} {attributes}"
    if "grpc" in probe:
        return f"grpc <pod>:{probe['grpc'].get('port')} {probe['grpc'].get('service') or ''} {attributes}"
    return f"unknown {attributes}"


def _environment(page: Page, container: Raw) -> None:
    if container.get("envFrom"):
        page.write(2, "Environment Variables from:")
        for each in container["envFrom"]:
            kind = "ConfigMap" if "configMapRef" in each else "Secret"
            ref = each.get("configMapRef") or each.get("secretRef") or {}
            prefix = f" with prefix '{each['prefix']}'" if each.get("prefix") else ""
            page.write(3, ref.get("name", ""), f"{kind}{prefix}", f"Optional: {str(bool(ref.get('optional'))).lower()}")
    variables = container.get("env") or ()
    page.write(2, *(("Environment:",) if variables else ("Environment:", "<none>")))
    for variable in variables:
        source = variable.get("valueFrom")
        if source is None:
            page.write(3, f"{variable.get('name')}:", *str(variable.get("value", "")).split("\n")[:1])
            for line in str(variable.get("value", "")).split("\n")[1:]:
                page.write(3, "", line)
        else:
            page.write(3, f"{variable.get('name')}:", *_source(source))


def _source(source: Raw) -> Sequence[str]:
    for key, form in (("secretKeyRef", "<set to the key '{key}' in secret '{name}'>"),
                      ("configMapKeyRef", "<set to the key '{key}' of config map '{name}'>")):
        if key in source:
            ref = source[key]
            return (form.format(key=ref.get("key"), name=ref.get("name")),
                    f"Optional: {str(bool(ref.get('optional'))).lower()}")
    if "fieldRef" in source:
        return (f" ({source['fieldRef'].get('apiVersion', 'v1')}:{source['fieldRef'].get('fieldPath')})",)
    return (f" ({(source.get('resourceFieldRef') or {}).get('resource', '')})",)


def _mounts(page: Page, mounts: Sequence[Raw]) -> None:
    page.write(2, *(("Mounts:",) if mounts else ("Mounts:", "<none>")))
    for mount in sorted(mounts, key=lambda each: str(each.get("mountPath"))):
        flags = ["ro" if mount.get("readOnly") else "rw"] + ([f'path="{mount["subPath"]}"'] if mount.get("subPath") else [])
        page.write(3, f"{mount.get('mountPath')} from {mount.get('name')} ({','.join(flags)})")


# templates ------------------------------------------------------------------------------------------------------

def describe_template(page: Page, template: Raw) -> None:
    """The pod template of a workload, one level in."""
    metadata, spec = template.get("metadata") or {}, template.get("spec") or {}
    page.write(0, "Pod Template:")
    page.labels(metadata.get("labels") or {}, level=1)
    if metadata.get("annotations"):
        page.annotations(metadata["annotations"], level=1)
    if spec.get("serviceAccountName"):
        page.write(1, "Service Account:", spec["serviceAccountName"])
    if spec.get("initContainers"):
        describe_containers(page, "Init Containers", spec["initContainers"], {}, 1)
    describe_containers(page, "Containers", spec.get("containers") or (), {}, 1)
    describe_volumes(page, spec.get("volumes") or (), 1)
    page.labels(spec.get("nodeSelector") or {}, "Node-Selectors", level=1)
    _tolerations(page, spec.get("tolerations") or (), 1)

