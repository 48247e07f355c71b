"""Words for who owns an address (`capture`) and which endpoint a Service gives (`balance`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from simnet import ip
from simnet.dataplane import decisions as core
from simnet.dataplane.rules import AddressKind, Claim, Target
from simnet.dataplane.step import Step
from simnet.explain.told_refusal import (
    dropped,
    endpoint_wanted,
    left_passes,
    local_wanted,
    rejected,
    source_wanted,
)
from simnet.explain.words import Said, counted, destination_of, listed, way
from simnet.objects.service import ServicePort

Addressed = (core.EnteredCluster | core.ServiceCaptured | core.HostPortCaptured | core.PodAddressed
             | core.UnownedEndpoint | core.NodeAddressed | core.Loopback | core.RoutedToNode | core.OutsideAddressed
             | core.LeftCluster | core.RejectedByMode | core.DroppedByMode | core.HealthChecked)
Balanced = core.EndpointChosen | core.NoEndpoints | core.NoLocalEndpoints | core.SourceOutOfRange

KIND_WORDS = {AddressKind.CLUSTER_IP: "the cluster IP", AddressKind.EXTERNAL_IP: "an external IP",
              AddressKind.LOAD_BALANCER_IP: "the load-balancer IP", AddressKind.NODE_PORT: "the node port"}


def address_told(step: Step, decision: Addressed) -> Said:
    packet = step.before
    where, address = destination_of(packet), ip.text(packet.destination)
    match decision:
        case core.EnteredCluster(node, path):
            return f"the packet for {where} reaches node {node}", [f"way: {way(path)}"]
        case core.ServiceCaptured(claim, mode):
            facts = [f"claimed by other Services too, which get nothing: {listed(claim.also)}"] if claim.also else []
            facts += [f"kube-proxy works in {mode} mode"] if mode != "iptables" else []
            return f"{where} is {KIND_WORDS[claim.kind]} of Service {claim.rules.service.key}", facts
        case core.HostPortCaptured(pod, host_port):
            return (f"host port {host_port} of node {packet.node} belongs to pod {pod.key}",
                    [] if step.after is None else [f"destination {where} -> {destination_of(step.after)}"])
        case core.PodAddressed(pod):
            return f"{address} is the address of pod {pod.key}: no Service is in between", []
        case core.UnownedEndpoint():
            return f"no pod has {address}; an EndpointSlice lists it, so somebody is taken to be there", []
        case core.NodeAddressed(node, unserved, rule):
            facts = [f"rule {rule}: node port {packet.port} of Service {unserved.key} is not served on this address"
                     ] if unserved is not None else []
            return f"{address} is node {node} itself; no node port or host port takes {packet.port}", facts
        case core.Loopback(owner):
            return f"{address} is the loopback address: the packet never leaves {owner}", []
        case core.RoutedToNode(node, path):
            return f"{address} belongs to node {node}, so it is decided there", [f"way: {way(path)}"]
        case core.OutsideAddressed(host):
            return f"{address} is {host}, a host outside the cluster", []
        case core.LeftCluster():
            return f"nobody has {where}: the packet leaves and no answer comes back", [
                *_near_facts(decision), *left_passes(decision)]
        case core.RejectedByMode(service, port):
            return (f"{address} is the cluster IP of Service {service.key}, which has no port {port}: rejected",
                    [_ports(decision.service.ports), *rejected(f"{decision.rule} of nftables mode", "on one of these ports")])
        case core.DroppedByMode():
            return f"{address} lies in the range of Services and nobody has it: dropped", dropped(
                f"{decision.rule} of nftables mode", "once a Service has the address")
        case core.HealthChecked(service, node, local_endpoints):
            return (f"node {node} answers the health check of Service {service.key}",
                    [f"{counted(local_endpoints, 'ready endpoint')} on this node"])
        case other:
            assert_never(other)


def _near_facts(decision: core.LeftCluster) -> list[str]:
    facts = []
    if decision.near is not None:
        facts.append(f"{ip.text(decision.destination)} is an address of Service {decision.near.key}; "
                     f"{_ports(decision.near.ports)}")
    elif decision.in_service_range:
        facts.append("the address lies in the range of Services; no Service has it")
    if decision.stopped is not None:
        facts.append(f"pod {decision.stopped} had this address and has ended")
    elif decision.in_pod_range:
        facts.append("the address lies in the range of pods; no pod has it")
    return facts


def _ports(ports: Iterable[ServicePort]) -> str:
    known = [f"{each.port}/{each.protocol}" + (f" (node port {each.node_port})" if each.node_port else "")
             for each in ports]
    return f"its ports are {listed(known)}"


# which endpoint -------------------------------------------------------------------------------------------------

def balance_told(step: Step, decision: Balanced) -> Said:
    match decision:
        case core.EndpointChosen():
            return _chosen(step, decision)
        case core.NoEndpoints(claim):
            return (f"Service {claim.rules.name} has no endpoints: the connection is rejected",
                    [*(left_out(claim, ()) or ["no pod stands behind it"]),
                     *rejected(decision.rule, endpoint_wanted(claim))])
        case core.NoLocalEndpoints(claim):
            return (f"Service {claim.rules.name} has no endpoint on node {claim.node} and {decision.policy} forbids others: "
                    "the packet is dropped", [*left_out(claim, ()), *dropped(decision.rule, local_wanted(decision))])
        case core.SourceOutOfRange(claim, source, ranges):
            return (f"Service {claim.rules.name} does not let {ip.text(source)} in: the packet is dropped",
                    [f"loadBalancerSourceRanges: {listed(ranges)}", *dropped(decision.rule, source_wanted(decision))])
        case other:
            assert_never(other)


def _chosen(step: Step, decision: core.EndpointChosen) -> Said:
    among, target = decision.among, decision.target
    facts = [f"destination {destination_of(step.before)} -> {target.text}"]
    others = [target_text(each) for each in among if each is not target]
    if decision.sticky:
        facts.append("the same as before: sessionAffinity ClientIP remembers this client")
    if others:
        facts.append(f"could have been: {listed(others)}")
    facts += left_out(decision.claim, among)
    if decision.usable.is_fallback:
        facts.append("nobody is ready: endpoints that end but still serve are used")
    if decision.usable.topology:
        facts.append(f"topology hints keep the choice to this {decision.usable.topology}")
    return (f"Service {decision.claim.rules.name}: endpoint {target_text(target)} is chosen, "
            f"1 of {len(among)}"), facts


def target_text(target: Target) -> str:
    """`10.244.0.3:80 (pod default/web-1)`."""
    return f"{target.text} (pod {target.pod})" if target.pod is not None else target.text


def left_out(claim: Claim, among: Iterable[Target]) -> list[str]:
    """The endpoints that were no candidates, by reason."""
    chosen = {id(each) for each in among}
    rest = [each for each in claim.rules.targets if id(each) not in chosen]
    unready = [target_text(each) for each in rest if not each.is_ready]
    elsewhere = [target_text(each) for each in rest if each.is_ready]
    facts = [f"not ready: {listed(unready)}"] if unready else []
    return [*facts, f"ready, but not for this node: {listed(elsewhere)}"] if elsewhere else facts
