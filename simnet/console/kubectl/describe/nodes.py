"""Nodes and namespaces.

Source: kubernetes/kubectl pkg/describe/describe.go describeNode, describeNodeResource, describeNamespace.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from simnet.console.kubectl.describe.page import Page, moment
from simnet.console.kubectl.describe.quantities import RESOURCES, resources_of, share
from simnet.console.kubectl.tables import node_fact, node_roles
from simnet.objects.namespace import Namespace
from simnet.objects.node import Node

_FACTS = (("Machine ID", "machineID"), ("System UUID", "systemUUID"), ("Boot ID", "bootID"),
          ("Kernel Version", "kernelVersion"), ("OS Image", "osImage"), ("Operating System", "operatingSystem"),
          ("Architecture", "architecture"), ("Container Runtime Version", "containerRuntimeVersion"),
          ("Kubelet Version", "kubeletVersion"))


def describe_node(page: Page, node: Node) -> None:
    page.write(0, "Name:", node.name)
    page.write(0, "Roles:", ",".join(node_roles(node)) or "<none>")
    page.labels(node.labels)
    page.annotations(node.annotations)
    page.write(0, "CreationTimestamp:", moment(node.created))
    page.several("Taints", [taint.key + (f"={taint.value}" if taint.value else "") + f":{taint.effect}"
                            for taint in sorted(node.taints, key=lambda each: (each.effect, each.key))])
    page.write(0, "Unschedulable:", str(node.unschedulable).lower())
    page.write(0, "Lease:")
    page.write(1, "HolderIdentity:", node.name)
    page.write(1, "AcquireTime:", moment(node.created))
    page.write(1, "RenewTime:", moment(page.kube.cluster.now))
    _conditions(page, node)
    page.write(0, "Addresses:")
    status: Mapping[str, Any] = node.manifest.get("status") or {}
    for address in status.get("addresses") or ():
        page.write(1, f"{address.get('type')}:", address.get("address"))
    for title, key in (("Capacity:", "capacity"), ("Allocatable:", "allocatable")):
        given = status.get(key) or {}
        if given:
            page.write(0, title)
        for name in sorted(given):
            page.write(1, f"{name}:", given[name])
    page.write(0, "System Info:")
    for label, key in _FACTS:
        page.write(1, f"{label}:", node_fact(node, key))
    _pods(page, node)
    page.events(node)


def _conditions(page: Page, node: Node) -> None:
    page.write(0, "Conditions:")
    page.write(1, "Type", "Status", "LastHeartbeatTime", "LastTransitionTime", "Reason", "Message")
    page.write(1, "----", "------", "-----------------", "------------------", "------", "-------")
    status, reason, message = (("True", "KubeletReady", "kubelet is posting ready status") if node.ready else
                               ("False", "KubeletNotReady", "container runtime is down"))
    page.write(1, "Ready ", f"{status} ", f"{moment(page.kube.cluster.now)} ", f"{moment(node.created)} ",
               f"{reason} ", message)


def _pods(page: Page, node: Node) -> None:
    """Address ranges, and the pods that have not ended, with what they ask for."""
    if node.pod_cidrs:
        page.write(0, "PodCIDR:", node.pod_cidrs[0])
        page.write(0, "PodCIDRs:", ",".join(map(str, node.pod_cidrs)))
    pods = [pod for pod in page.kube.cluster.list("Pod") if pod.node_name == node.name and not pod.is_terminal]
    page.write(0, "Non-terminated Pods:", f"({len(pods)} in total)")
    page.write(1, "Namespace", "Name", "", "CPU Requests", "CPU Limits", "Memory Requests", "Memory Limits", "Age")
    page.write(1, "---------", "----", "", "------------", "----------", "---------------", "-------------", "---")
    room = (node.manifest.get("status") or {}).get("allocatable") or {}
    asked = [resources_of(pod) for pod in pods]
    for pod, each in zip(pods, asked, strict=True):
        cells = [share(each[side][name], name, room) for name in ("cpu", "memory") for side in ("requests", "limits")]
        page.write(1, pod.namespace, pod.name, "", *cells, page.age(pod.created))
    page.write(0, "Allocated resources:")
    page.write(1, "(Total limits may be over 100 percent, i.e., overcommitted.)")
    page.write(1, "Resource", "Requests", "Limits")
    page.write(1, "--------", "--------", "------")
    for name in RESOURCES:
        page.write(1, name, *(share(sum((each[side][name] for each in asked), Fraction()), name, room)
                              for side in ("requests", "limits")))


def describe_namespace(page: Page, namespace: Namespace) -> None:
    page.write(0, "Name:", namespace.name)
    page.labels(namespace.labels)
    page.annotations(namespace.annotations)
    page.write(0, "Status:", namespace.phase)
    page.write(0, "")
    page.write(0, "No resource quota.")
    page.write(0, "")
    page.write(0, "No LimitRange resource.")
