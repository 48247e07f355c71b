"""`kubectl describe TYPE [NAME | PREFIX]`, `-l`, several objects separated by two empty lines.

Source: kubernetes/kubectl pkg/cmd/describe/describe.go (Run, DescribeMatchingResources).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simnet.console.kubectl.context import Kube
from simnet.console.kubectl.describe import data, nodes, pod, services, workloads
from simnet.console.kubectl.describe.page import Page
from simnet.console.kubectl.select import Found, Wanted, find, wanted
from simnet.console.output import Output
from simnet.objects.meta import Object

DESCRIBERS: dict[str, Callable[[Page, Any], None]] = {
    "ConfigMap": data.describe_config_map, "DaemonSet": workloads.describe_daemon_set,
    "Deployment": workloads.describe_deployment, "EndpointSlice": services.describe_slice,
    "Endpoints": services.describe_endpoints, "Ingress": services.describe_ingress,
    "IngressClass": services.describe_ingress_class, "Namespace": nodes.describe_namespace,
    "NetworkPolicy": data.describe_policy, "Node": nodes.describe_node, "Pod": pod.describe_pod,
    "ReplicaSet": workloads.describe_replica_set, "Secret": data.describe_secret, "Service": services.describe_service,
    "ServiceAccount": data.describe_service_account, "StatefulSet": workloads.describe_stateful_set,
}


def describe(kube: Kube) -> Output:
    """Describe what is asked for; a single name that does not exist may be the beginning of one that does."""
    found = find(kube, wanted(kube, kube.operands))
    if found.complaints:
        found = _by_prefix(kube, found)
    if not found.objects:
        where = "" if kube.all_namespaces or not all(kind.namespaced for kind, _ in found.groups) else \
            f" in {kube.namespace} namespace"
        return Output("", "".join(line + "\n" for line in found.complaints) or f"No resources found{where}.\n",
                      1 if found.complaints else 0)
    text = "\n\n".join(described(kube, each) for each in found.objects)
    return Output(text, "".join(line + "\n" for line in found.complaints), 1 if found.complaints else 0)


def _by_prefix(kube: Kube, found: Found) -> Found:
    wants = wanted(kube, kube.operands)
    if len(wants) != 1 or len(wants[0].names) != 1:
        return found
    everything = find(kube, (Wanted(wants[0].kind),)).objects
    matching = tuple(each for each in everything if each.name.startswith(wants[0].names[0]))
    return Found(((wants[0].kind, matching),)) if matching else found


def described(kube: Kube, each: Object) -> str:
    """The description of one object."""
    page = Page(kube)
    DESCRIBERS.get(each.kind, data.describe_other)(page, each)
    return page.text

