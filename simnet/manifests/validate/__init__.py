"""The API server's checks of one object: is every value allowed?

`validate` judges data that has been through `defaulted`; `validate_update` what may not change. Both speak in the
API server's field paths, error types and words. What depends on other objects (an address that is taken, a node port
out of range) is judged where it is allocated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from simnet.errors import Problem
from simnet.manifests.defaults import defaulted
from simnet.manifests.findings import Finding, Findings, reported
from simnet.manifests.manifest import ref_of
from simnet.manifests.paths import PlaceOf, nowhere
from simnet.manifests.schema import tables
from simnet.manifests.validate import config, network, pod, update, workload
from simnet.manifests.validate.facts import facts
from simnet.manifests.validate.gateway import gateway, gateway_class, reference_grant
from simnet.manifests.validate.httproute import http_route
from simnet.manifests.validate.ingress import created_ingress, ingress, ingress_class
from simnet.manifests.validate.service import service
from simnet.objects.meta import Object

Rule = Callable[[Mapping[str, Any]], Findings]

_RULES: Mapping[str, Rule] = {
    "Namespace": config.namespace, "Node": config.node, "Pod": pod.pod, "Service": service,
    "Endpoints": network.endpoints, "EndpointSlice": network.endpoint_slice, "Ingress": ingress,
    "IngressClass": ingress_class, "Secret": config.secret, "ConfigMap": config.config_map,
    "ServiceAccount": config.service_account, "Event": config.event, "Deployment": workload.deployment,
    "ReplicaSet": workload.replica_set, "StatefulSet": workload.stateful_set, "DaemonSet": workload.daemon_set,
    "NetworkPolicy": network.network_policy, "GatewayClass": gateway_class, "Gateway": gateway,
    "HTTPRoute": http_route, "ReferenceGrant": reference_grant,
}


_ON_CREATION: Mapping[str, Rule] = {"Pod": pod.created_pod, "Ingress": created_ingress}


def validate(data: Mapping[str, Any], place_of: PlaceOf = nowhere, *, exists: bool = False) -> list[Problem]:
    """Every rule that `data` breaks on creation, or, if it `exists`, on an update; its types must be right (see `check`).

    `place_of(path, value=...)` leads from a field path to the user's input.
    """
    return reported(findings(data, exists=exists), ref_of(data), place_of)


def findings(data: Mapping[str, Any], *, exists: bool = False) -> list[Finding]:
    """`validate` without places."""
    stored = defaulted(data)
    table = tables().kind(str(stored.get("apiVersion")), str(stored.get("kind")))
    found = list(_RULES.get(table, config.other)(stored))
    if exists:  # owners were judged when the object was made; one that was loaded may lack the uid
        return [each for each in found if each.path[:2] != ("metadata", "ownerReferences")]
    return found + list(_ON_CREATION[table](stored)) if table in _ON_CREATION else found


def validate_facts(data: Mapping[str, Any], place_of: PlaceOf = nowhere) -> list[Problem]:
    """What even a statement of facts must have right: addresses, networks, times and base64 that can be read."""
    return reported(facts(data), ref_of(data), place_of)


def validate_update(
    old: Mapping[str, Any] | Object, new: Mapping[str, Any] | Object, place_of: PlaceOf = nowhere
) -> list[Problem]:
    """Every change from `old` to `new` that the API server forbids; `new` is to be validated as well.

    Manifests or objects: of an `old` object everything counts, of a `new` one the manifest it was made from. A value
    absent from `new` that the cluster allocated in `old` is unchanged, as an update through kubectl keeps it.
    """
    before = old.manifest if isinstance(old, Object) else old
    after = new.raw if isinstance(new, Object) else new
    return reported(update.update(defaulted(before), defaulted(after)), ref_of(after), place_of)
