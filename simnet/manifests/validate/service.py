"""Services: rules SV-2 to SV-13 and DS-3, except for what depends on the allocators.

Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go ValidateService,
ValidateServiceClusterIPsRelatedFields, ValidateServiceUpdate.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simnet.manifests.defaults import is_externally_accessible
from simnet.manifests.findings import Findings, duplicate, each_invalid, forbidden, invalid, required
from simnet.manifests.paths import Path
from simnet.manifests.validate import rules
from simnet.names import (
    dns1035_label_problem,
    dns1123_label_problem,
    dns1123_subdomain_problem,
    qualified_name_problem,
)

Spec = Mapping[str, Any]

SPEC: Path = ("spec",)
PORTS: Path = ("spec", "ports")
LB_ONLY = "may only be used when `type` is 'LoadBalancer'"
SOURCE_RANGES_ANNOTATION = "service.beta.kubernetes.io/load-balancer-source-ranges"
KUBELET_PORT = 10250
MAX_AFFINITY_SECONDS = 86400


def service(data: Mapping[str, Any]) -> Findings:
    """Every rule for a Service that is created or updated."""
    yield from rules.metadata(data, dns1035_label_problem, namespaced=True)
    spec = data.get("spec") or {}
    if not spec.get("ports") and not is_headless(spec) and spec["type"] != "ExternalName":
        yield required(PORTS)
    yield from _type(spec)
    yield from _ports(spec)
    yield from rules.labels(spec.get("selector"), (*SPEC, "selector"))
    yield from _affinity(spec)
    if spec["type"] != "ExternalName":
        yield from _cluster_ips(spec)
    yield from _external(data, spec)
    yield from _load_balancer(spec)


def is_headless(spec: Spec) -> bool:
    """Whether the Service asks for no cluster IP (rule SV-3)."""
    return list(spec.get("clusterIPs", ())) == ["None"]


def _type(spec: Spec) -> Findings:
    kind = spec["type"]
    if kind in ("LoadBalancer", "NodePort") and is_headless(spec):
        yield invalid((*SPEC, "clusterIPs", 0), "None", f"may not be set to 'None' for {kind} services")
    if kind != "ExternalName":
        return
    for name in ("clusterIPs", "ipFamilies", "ipFamilyPolicy"):
        if spec.get(name):
            yield forbidden((*SPEC, name), "may not be set for ExternalName services")
    name = spec.get("externalName") or ""
    if name.removesuffix("."):
        yield from each_invalid((*SPEC, "externalName"), name, dns1123_subdomain_problem(name.removesuffix(".")))
    else:
        yield required((*SPEC, "externalName"))


def _ports(spec: Spec) -> Findings:
    ports = spec.get("ports") or ()
    names: set[str] = set()
    for index, port in enumerate(ports):
        yield from _port(port, (*PORTS, index), named=len(ports) > 1, names=names)
        if spec["type"] == "ClusterIP" and port.get("nodePort"):
            yield forbidden((*PORTS, index, "nodePort"), "may not be used when `type` is 'ClusterIP'")
        if spec["type"] == "LoadBalancer" and port.get("port") == KUBELET_PORT:
            yield invalid((*PORTS, index), KUBELET_PORT,
                          f"may not expose port {KUBELET_PORT} externally since it is used by kubelet")
    yield from _repeated(ports)


def _port(port: Mapping[str, Any], path: Path, named: bool, names: set[str]) -> Findings:
    """One entry; `names` collects the port names of the Service."""
    name = port.get("name") or ""
    if name:
        yield from each_invalid((*path, "name"), name, dns1123_label_problem(name))
        if name in names:
            yield duplicate((*path, "name"), name)
        names.add(name)
    elif named:
        yield required((*path, "name"))
    if port.get("port") is None:
        yield required((*path, "port"))
    else:
        yield from rules.port_number(port["port"], (*path, "port"))
    if port.get("targetPort") is not None and port["targetPort"] != port.get("port"):
        yield from rules.port_or_name(port["targetPort"], (*path, "targetPort"))
    application = port.get("appProtocol")
    if application is not None:
        yield from each_invalid((*path, "appProtocol"), application, qualified_name_problem(application))


def _repeated(ports: Any) -> Findings:
    """(protocol, nodePort) and (protocol, port) are unique in a Service."""
    node_ports: set[tuple[Any, Any]] = set()
    for index, port in enumerate(ports):
        key = (port.get("protocol"), port.get("nodePort"))
        if port.get("nodePort") and key in node_ports:
            yield duplicate((*PORTS, index, "nodePort"), port["nodePort"])
        node_ports.add(key)
    seen: set[tuple[Any, Any]] = set()
    for index, port in enumerate(ports):
        key = (port.get("protocol"), port.get("port"))
        if port.get("port") is not None and key in seen:
            yield duplicate((*PORTS, index), {"protocol": key[0], "port": key[1]})
        seen.add(key)


def _affinity(spec: Spec) -> Findings:
    if spec.get("sessionAffinity") != "ClientIP":
        return
    timeout = spec["sessionAffinityConfig"]["clientIP"]["timeoutSeconds"]
    if not 0 < timeout <= MAX_AFFINITY_SECONDS:
        yield invalid((*SPEC, "sessionAffinityConfig", "clientIP", "timeoutSeconds"), timeout,
                      f"must be greater than 0 and less than {MAX_AFFINITY_SECONDS}")


def _cluster_ips(spec: Spec) -> Findings:
    path = (*SPEC, "clusterIPs")
    single, several = spec.get("clusterIP"), list(spec.get("clusterIPs") or ())
    if single and several[0] != single:
        yield invalid(path, several, "first value must match `clusterIP`")
    elif several and not single:
        yield invalid(path, several, "must be empty when `clusterIP` is not specified")
    families = list(spec.get("ipFamilies") or ())
    for index, family in enumerate(families):
        if family in families[:index]:
            yield duplicate((*SPEC, "ipFamilies", index), family)
    if several[:1] == ["None"]:
        if len(several) > 1:
            yield invalid(path, several, "'None' must be the first and only value")
        return
    wrong = [found for index, text in enumerate(several) for found in rules.address(text, (*path, index))]
    yield from wrong
    if len(several) > 2:
        yield invalid(path, several, "may only hold up to 2 values")
    if not wrong:
        yield from _families_of(several, families, path)


def _families_of(several: list[str], families: list[str], path: Path) -> Findings:
    versions = ["IPv6" if ":" in text else "IPv4" for text in several]
    if len(several) > 1 and len(set(versions)) == 1:
        yield invalid(path, several, "may specify no more than one IP for each IP family")
    for index, (text, version, family) in enumerate(zip(several, versions, families, strict=False)):
        if version != family and family in ("IPv4", "IPv6"):
            yield invalid((*path, index), text, f"expected an {family} value as indicated by `ipFamilies[{index}]`")


def _external(data: Mapping[str, Any], spec: Spec) -> Findings:
    for index, text in enumerate(spec.get("externalIPs") or ()):
        yield from rules.address(text, (*SPEC, "externalIPs", index))
        yield from rules.ordinary_address(text, (*SPEC, "externalIPs", index))
    ranges = spec.get("loadBalancerSourceRanges") or ()
    path: Path = (*SPEC, "loadBalancerSourceRanges")
    for index, text in enumerate(ranges):
        yield from rules.cidr(text.strip(), (*path, index))
    noted = (data.get("metadata", {}).get("annotations") or {}).get(SOURCE_RANGES_ANNOTATION, "")
    if not ranges and noted:
        path = ("metadata", "annotations", SOURCE_RANGES_ANNOTATION)
        for text in noted.split(","):
            yield from rules.cidr(text.strip(), path)
    if (ranges or noted) and spec["type"] != "LoadBalancer":
        yield forbidden(path, LB_ONLY)


def _load_balancer(spec: Spec) -> Findings:
    if spec["type"] != "LoadBalancer":
        for name in ("allocateLoadBalancerNodePorts", "loadBalancerClass"):
            if spec.get(name) is not None:
                yield forbidden((*SPEC, name), LB_ONLY)
    elif spec.get("loadBalancerClass") is not None:
        name = spec["loadBalancerClass"]
        yield from each_invalid((*SPEC, "loadBalancerClass"), name, qualified_name_problem(name))
    policy = spec.get("externalTrafficPolicy")
    if policy and not is_externally_accessible(spec):
        yield invalid((*SPEC, "externalTrafficPolicy"), policy, "may only be set for externally-accessible services")
    port = spec.get("healthCheckNodePort")
    if port and needs_health_check(spec):
        yield from rules.port_number(port, (*SPEC, "healthCheckNodePort"))
    elif port:
        yield invalid((*SPEC, "healthCheckNodePort"), port,
                      "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'")


def needs_health_check(spec: Spec) -> bool:
    """Whether the Service has a health check node port (rule HC-1)."""
    return spec.get("type") == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local"
