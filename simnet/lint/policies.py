"""NetworkPolicies: what they select, whether DNS still gets out, which port they mean, and what two dashes mean."""

from __future__ import annotations

from collections.abc import Iterator

from simnet.explain.words import counted, listed
from simnet.lint.remark import Remark, Severity, remark
from simnet.lint.world import ManifestSet, Pods
from simnet.manifests import Manifest
from simnet.manifests.paths import Path
from simnet.objects.networkpolicy import NetworkPolicy, PolicyPort, PolicyRule

DNS = 53


def policy_remarks(given: ManifestSet) -> Iterator[Remark]:
    """One after the other; the data plane does not judge by policies yet, so these are read from the manifests alone."""
    cut_off = _cut_off(given)
    for policy, manifest in given.policies:
        pods = _selected(given, policy)
        if policy.pod_selector.requirements and not pods and not given.may_make_pods(policy.namespace):
            yield remark(manifest, "POL-NOMATCH", Severity.WARNING, ("spec", "podSelector"),
                         f"selects {policy.pod_selector}, and no pod of namespace {policy.namespace} in these files has that: "
                         "the policy does nothing", advice="Change the selector, or the labels of the pods.")
        without = [each.ref for each in pods if cut_off.get(each.ref) == manifest.ref]
        if without:
            yield remark(manifest, "POL-DNS", Severity.WARNING, ("spec", "policyTypes"),
                         f"{listed(without)} may not send to port {DNS}, so no name resolves there",
                         advice="Allow UDP and TCP port 53 to the DNS pods (k8s-app=kube-dns in kube-system).")
        yield from _rules(given, policy, manifest, pods)


def _selected(given: ManifestSet, policy: NetworkPolicy) -> list[Pods]:
    return [each for each in given.in_namespace(policy.namespace) if policy.pod_selector.matches(each.labels)]


def _cut_off(given: ManifestSet) -> dict[str, str]:
    """Pods that no policy lets send to port 53, with the first policy that isolates them. Policies only add up."""
    found: dict[str, str] = {}
    for pods in given.pods:
        mine = [(policy, manifest) for policy, manifest in given.policies if "Egress" in policy.policy_types
                and policy.namespace == pods.namespace and policy.pod_selector.matches(pods.labels)]
        if mine and not any(_lets_out(rule) for policy, _ in mine for rule in policy.egress or ()):
            found[pods.ref] = mine[0][1].ref
    return found


def _lets_out(rule: PolicyRule) -> bool:
    return not rule.ports or any(_includes(port, DNS) for port in rule.ports)


def _includes(port: PolicyPort, number: int) -> bool:
    if port.port is None or isinstance(port.port, str):
        return True
    return port.port <= number <= (port.end_port or port.port)


def _rules(given: ManifestSet, policy: NetworkPolicy, manifest: Manifest, pods: list[Pods]) -> Iterator[Remark]:
    for field, rules, peers in (("ingress", policy.ingress, "from"), ("egress", policy.egress, "to")):
        for index, rule in enumerate(rules or ()):
            path: Path = ("spec", field, index)
            by_namespace = [each for each in rule.peers if each.namespace_selector is not None and each.pod_selector is None]
            by_pod = [each for each in rule.peers if each.pod_selector is not None and each.namespace_selector is None]
            if by_namespace and by_pod:
                yield remark(manifest, "POL-ANDOR", Severity.NOTE, (*path, peers),
                             f"two list items mean OR: any pod of {counted(len(by_namespace), 'namespace selector')}, or pods "
                             f"{listed(each.pod_selector for each in by_pod)} of this namespace",
                             advice="If both were meant at once, remove the dash before podSelector.")
            if field == "ingress":
                yield from _ports(given, policy, manifest, path, rule, pods)


def _ports(given: ManifestSet, policy: NetworkPolicy, manifest: Manifest, path: Path, rule: PolicyRule,
           pods: list[Pods]) -> Iterator[Remark]:
    """A rule that names the Service's port: policies are judged on the translated destination, the pod's."""
    if not pods or any(each.listening.unknown for each in pods):
        return
    for number, port in enumerate(rule.ports):
        if not isinstance(port.port, int) or any(each.listening.at(port.port, port.protocol) for each in pods):
            continue
        for service, _ in given.services:
            meant = next((each for each in service.ports if port.port in (each.port, each.node_port)
                          and service.namespace == policy.namespace and each.target_port != port.port
                          and any(service.selector.matches(one.labels) for one in pods)), None)
            if meant is not None:
                yield remark(manifest, "POL-PORT", Severity.WARNING, (*path, "ports", number, "port"),
                             f"{port.port} is a port of Service {service.key}; its pods listen on {meant.target_port}, and a "
                             "policy is judged on the pod's port", nearest=str(meant.target_port),
                             advice="Name the port inside the pod.")
                break
