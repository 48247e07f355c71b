"""The environment a shell sees: PATH, HOME, HOSTNAME, and in a pod one set of variables for each earlier Service.

Source: kubernetes/kubernetes pkg/kubelet/envvars/envvars.go FromServices; pkg/kubelet/kubelet_pods.go getServiceEnvVarMap
(Services of the pod's namespace that exist when it starts, and default/kubernetes always).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simnet import ip
from simnet.console.desk import Desk, Frame
from simnet.names import ObjectKey
from simnet.objects.pod import Pod
from simnet.objects.service import Service

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def environment(desk: Desk, frame: Frame) -> dict[str, str]:
    """All variables of the frame, sorted by name where the system makes them, then those set in the session."""
    pod = desk.pod(frame)
    if pod is None:
        host = frame.source.rpartition("/")[2]
        return {"HOME": "/home/user" if frame.source == "laptop" else "/root", "HOSTNAME": host, "PATH": _PATH,
                **frame.variables}
    found = {"HOME": "/root", "HOSTNAME": pod.hostname, "PATH": _PATH}
    found.update(service_variables(desk, pod))
    found.update(_given(desk, frame))
    return {**dict(sorted(found.items())), **frame.variables}


def _given(desk: Desk, frame: Frame) -> dict[str, str]:
    """The literal `env` entries of the container; values taken from elsewhere are left out."""
    pod, container = desk.pod(frame), desk.container(frame)
    if pod is None or container is None:
        return {}
    containers = (pod.manifest.get("spec") or {}).get("containers") or ()
    entries: list[Mapping[str, Any]] = next((each.get("env") or [] for each in containers
                                             if each.get("name") == container.name), [])
    return {str(each["name"]): str(each["value"]) for each in entries if "name" in each and "value" in each}


def service_variables(desk: Desk, pod: Pod) -> dict[str, str]:
    """The variables made of Services, as of the pod's start; none but KUBERNETES_ with enableServiceLinks false."""
    services = [desk.cluster.store.get("Service", ObjectKey("default", "kubernetes"))]
    if (pod.raw.get("spec") or {}).get("enableServiceLinks", True):
        started = pod.started if pod.started is not None else pod.created
        services += [each for each in desk.cluster.store.list("Service", pod.namespace) if each.created <= started]
    found: dict[str, str] = {}
    for service in services:
        if isinstance(service, Service) and service.cluster_ips and service.ports:
            found.update(_of_service(service))
    return found


def _of_service(service: Service) -> dict[str, str]:
    address = ip.text(service.cluster_ips[0])
    prefix = service.name.upper().replace("-", "_")
    first = service.ports[0]
    found = {f"{prefix}_SERVICE_HOST": address, f"{prefix}_SERVICE_PORT": str(first.port)}
    for port in service.ports:
        if port.name:
            found[f"{prefix}_SERVICE_PORT_{port.name.upper().replace('-', '_')}"] = str(port.port)
    found[f"{prefix}_PORT"] = f"{first.protocol.lower()}://{ip.host_port(service.cluster_ips[0], first.port)}"
    for port in service.ports:
        stem = f"{prefix}_PORT_{port.port}_{port.protocol.upper()}"
        found[stem] = f"{port.protocol.lower()}://{ip.host_port(service.cluster_ips[0], port.port)}"
        found.update({f"{stem}_PROTO": port.protocol.lower(), f"{stem}_PORT": str(port.port), f"{stem}_ADDR": address})
    return found
