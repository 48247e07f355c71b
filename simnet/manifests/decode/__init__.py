"""From a manifest to the frozen object of its kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from simnet.errors import InvalidField
from simnet.manifests.decode import config, gateway, ingress, pod, service, workload
from simnet.manifests.decode.meta import Origin
from simnet.manifests.decode.values import Data
from simnet.manifests.defaults import defaulted
from simnet.manifests.manifest import Manifest
from simnet.manifests.paths import nowhere
from simnet.manifests.schema import tables
from simnet.manifests.validate import validate_facts
from simnet.objects.meta import Object

_DECODERS: Mapping[str, Callable[[Data, Origin], Object]] = {
    "Namespace": config.namespace, "Node": config.node, "Pod": pod.pod, "Service": service.service,
    "Endpoints": service.endpoints, "EndpointSlice": service.endpoint_slice, "Ingress": ingress.ingress,
    "IngressClass": ingress.ingress_class, "Secret": config.secret, "ConfigMap": config.config_map,
    "ServiceAccount": config.service_account, "Event": config.event, "Deployment": workload.deployment,
    "ReplicaSet": workload.replica_set, "StatefulSet": workload.stateful_set, "DaemonSet": workload.daemon_set,
    "NetworkPolicy": ingress.network_policy, "GatewayClass": gateway.gateway_class, "Gateway": gateway.gateway,
    "HTTPRoute": gateway.http_route, "ReferenceGrant": gateway.reference_grant,
}


def decode(given: Manifest | Mapping[str, Any], *, now: float, facts: bool = False) -> Object:
    """The object a manifest describes, with its defaults; `raw` is the manifest with its defaults.

    `now` (seconds since the epoch) is its creation time. With `facts` status, times and addresses in the manifest are
    taken as they are, creationTimestamp included; without, they are ignored, and the manifest has to be valid (see
    `validate`). A kind that is not modelled becomes an `Other`.

    Raises InvalidField when something stated as a fact cannot be read (an address that is none).
    """
    data = defaulted((given.stored or given.data) if isinstance(given, Manifest) else given)
    if facts:
        problems = validate_facts(data, given.place_of if isinstance(given, Manifest) else nowhere)
        if problems:
            raise InvalidField(problems)
    table = tables().kind(str(data.get("apiVersion")), str(data.get("kind")))
    key = given.key if isinstance(given, Manifest) else None
    return _DECODERS.get(table, config.other)(data, Origin(now, facts, key))
