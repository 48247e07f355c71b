"""Silence by design: traffic policies and source ranges; and ways that are cut."""

from __future__ import annotations

from collections.abc import Iterator

from simnet import ip
from simnet.dataplane import decisions as core
from simnet.dataplane.rules import AddressKind
from simnet.diagnosis.suspicion import Patch, Suspicion
from simnet.explain.words import counted, listed


def no_local_endpoints(decision: core.NoLocalEndpoints) -> Iterator[Suspicion]:
    """A Local traffic policy on a node without an endpoint."""
    claim, service = decision.claim, decision.claim.rules.service
    field = "internalTrafficPolicy" if claim.kind is AddressKind.CLUSTER_IP else "externalTrafficPolicy"
    ready = [target for target in claim.rules.targets if target.is_ready]
    where = listed(sorted({target.node_name for target in ready if target.node_name}))
    yield Suspicion(
        code="SVC-ETPLOCAL" if field == "externalTrafficPolicy" else "SVC-ITPLOCAL", objects=(service.ref,),
        summary=f"Service {service.key} is {field} Local and has no endpoint on node {claim.node}",
        cause=f"{field} of Service {service.key} is Local: a node only uses endpoints of its own. Node {claim.node} has "
              "none, so it drops the packet: silence, not a refusal.",
        evidence=(f"Its {counted(len(ready), 'ready endpoint')}: on {where or 'no node'}.",),
        observed=f"no endpoint on {claim.node}", expected=f"a node with an endpoint: {where or 'none has one'}",
        nearest=f"node {where}" if where else "",
        candidates=(Patch(service, ("spec", field), "Local", "Cluster", 1),),
        advice="Send to a node that has an endpoint, or set the policy to Cluster.")


def source_out_of_range(decision: core.SourceOutOfRange) -> Iterator[Suspicion]:
    """loadBalancerSourceRanges without the client."""
    service, source = decision.claim.rules.service, ip.text(decision.source)
    ranges = [str(cidr) for cidr in decision.ranges]
    host = f"{source}/{128 if ip.family(decision.source) == 6 else 32}"
    yield Suspicion(
        code="SVC-RANGES", objects=(service.ref,),
        summary=f"Service {service.key} lets in {listed(ranges)} only; {source} is not in there",
        cause=f"loadBalancerSourceRanges of Service {service.key} does not contain the client's address {source}, so the "
              "packet is dropped.",
        observed=source, expected=f"an address in {listed(ranges)}",
        candidates=(Patch(service, ("spec", "loadBalancerSourceRanges"), ranges, [*ranges, host], len(host)),),
        advice="Add the client's range to loadBalancerSourceRanges.")


def no_path(decision: core.NoPath) -> Iterator[Suspicion]:
    one, other = decision.missing
    yield Suspicion(
        code="NET-CUT", objects=(one, other), summary=f"the link between {one} and {other} is cut",
        cause=f"There is no way from {decision.origin} to {decision.goal}: the link between {one} and {other} is cut.",
        observed=f"no link {one} - {other}", expected=f"a way from {decision.origin} to {decision.goal}",
        advice="Mend the link; no Kubernetes object can replace it.")


def no_address(decision: core.NoAddress) -> Iterator[Suspicion]:
    family = ip.family(decision.destination)
    yield Suspicion(
        code="NET-FAMILY", objects=(decision.actor,),
        summary=f"{decision.actor} has no IPv{family} address to reach {ip.text(decision.destination)} from",
        cause=f"The destination {ip.text(decision.destination)} is an IPv{family} address, and {decision.actor} has no "
              "address of that family.",
        observed=f"no IPv{family} address", expected=f"an IPv{family} address on both sides",
        advice="Use an address of the other family, or run the cluster in dual stack.")
