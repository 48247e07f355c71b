"""What a Gateway runs on: a Deployment of the proxy and a LoadBalancer Service, in the Gateway's namespace.

Source: kubernetes-sigs/gateway-api geps/gep-1762 (names and labels of generated resources), GEP-1867 (infrastructure).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, cast

from simnet.control.admission import Admission
from simnet.control.gateway import CLASS_LABEL, NAME_LABEL
from simnet.control.world import World
from simnet.errors import SimnetError
from simnet.manifests import decode
from simnet.names import ObjectKey, fnv32a, safe_encode
from simnet.objects.deployment import Deployment
from simnet.objects.gateway import GROUP, Gateway
from simnet.objects.meta import Object
from simnet.objects.service import Service
from simnet.store.store import Change

IMAGE: Final = "simnet.example/http-gateway:1"
_LONGEST: Final = 63


def resource_key(gateway: Gateway) -> ObjectKey:
    """NAME-CLASS in the Gateway's namespace; cut and given a hash where that is no name of a Service."""
    text = f"{gateway.name}-{gateway.class_name}"
    name = text.replace(".", "-")
    if len(name) > _LONGEST or name != text or not name[:1].isalpha():
        name = f"gw-{name[:_LONGEST - 14]}-{safe_encode(str(fnv32a(text.encode())))[:10]}"
    return ObjectKey(gateway.namespace, name)


def service_of(gateway: Gateway, world: World) -> Service | None:
    """The Gateway's own Service, if there is one and it is its."""
    found = world.store.get("Service", resource_key(gateway))
    return found if isinstance(found, Service) and is_own(found, gateway) else None


def is_own(each: Object, gateway: Gateway) -> bool:
    return each.labels.get(NAME_LABEL) == gateway.name


def wanted(gateway: Gateway, ports: Sequence[int], world: World) -> Iterator[Change]:
    """Bring Deployment and Service to the ports of the Gateway's listeners. What exists with these ports stays as it is.

    Raises SimnetError when the Service cannot be had (node ports used up).
    """
    key = resource_key(gateway)
    deployment = world.store.get("Deployment", key)
    if deployment is None or (is_own(deployment, gateway) and _container_ports(deployment) != set(ports)):
        yield Change("Deployment", key, decode(_deployment(gateway, key, ports), now=world.now))
    service = world.store.get("Service", key)
    if service is None or (is_own(service, gateway) and _differs(cast(Service, service), gateway, ports)):
        yield Change("Service", key, _admitted(gateway, key, ports, cast("Service | None", service), world))


def unwanted(key: ObjectKey, gateway_name: str, world: World) -> Iterator[Change]:
    """Take Deployment and Service away, if they are the Gateway's."""
    for kind in ("Deployment", "Service"):
        found = world.store.get(kind, key)
        if found is not None and found.labels.get(NAME_LABEL) == gateway_name:
            yield Change(kind, key, None)


def _container_ports(deployment: Object) -> set[int]:
    containers = cast(Deployment, deployment).template.spec.containers
    return {port.container_port for container in containers for port in container.ports}


def _differs(service: Service, gateway: Gateway, ports: Sequence[int]) -> bool:
    return {port.port for port in service.ports} != set(ports) or service.load_balancer_ip != _address(gateway)


def _address(gateway: Gateway) -> str:
    """The address the Gateway asks for, '' for any."""
    return next((value for kind, value in gateway.wanted if kind == "IPAddress" and value), "")


def _admitted(gateway: Gateway, key: ObjectKey, ports: Sequence[int], old: Service | None, world: World) -> Object:
    admission = Admission(world)
    try:
        return admission.admit(decode(_service(gateway, key, ports), now=world.now), old)
    except SimnetError:
        admission.undo()
        raise


# manifests ------------------------------------------------------------------------------------------------------

def _metadata(gateway: Gateway, key: ObjectKey) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "name": key.name, "namespace": key.namespace, "labels": {**gateway.infrastructure_labels, **_labels(gateway)},
        "ownerReferences": [{"apiVersion": f"{GROUP}/v1", "kind": "Gateway", "name": gateway.name, "uid": gateway.uid,
                             "controller": True, "blockOwnerDeletion": True}]}
    if gateway.infrastructure_annotations:
        metadata["annotations"] = dict(gateway.infrastructure_annotations)
    return metadata


def _labels(gateway: Gateway) -> dict[str, str]:
    return {NAME_LABEL: gateway.name, CLASS_LABEL: gateway.class_name}


def _deployment(gateway: Gateway, key: ObjectKey, ports: Sequence[int]) -> dict[str, Any]:
    container = {"name": "gateway", "image": IMAGE, "ports": [{"containerPort": port} for port in ports]}
    template = {"metadata": {"labels": {**gateway.infrastructure_labels, **_labels(gateway)}},
                "spec": {"containers": [container]}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": _metadata(gateway, key),
            "spec": {"replicas": 1, "selector": {"matchLabels": {NAME_LABEL: gateway.name}}, "template": template}}


def _service(gateway: Gateway, key: ObjectKey, ports: Sequence[int]) -> dict[str, Any]:
    spec: dict[str, Any] = {"type": "LoadBalancer", "selector": {NAME_LABEL: gateway.name}, "ports": [
        {"name": f"port-{port}", "port": port, "targetPort": port} for port in ports]}
    if _address(gateway):
        spec["loadBalancerIP"] = _address(gateway)
    return {"apiVersion": "v1", "kind": "Service", "metadata": _metadata(gateway, key), "spec": spec}
