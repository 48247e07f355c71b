"""What a refused or dropped packet is told: the rule that decided, what would let it pass, what the client sees."""

from __future__ import annotations

from simnet.dataplane import decisions as core
from simnet.dataplane.rules import AddressKind, Claim
from simnet.explain.words import listed

AT_ONCE = "the client sees: connection refused, at once (ICMP port unreachable)"
RESET = "the client sees: connection refused, at once (TCP reset)"
SILENCE = "the client sees: nothing; it waits until it times out"


def rejected(rule: str, passes: str) -> list[str]:
    """The facts of a rejection by a rule of the proxy."""
    return [f"rule {rule}; it would pass {passes}", AT_ONCE]


def dropped(rule: str, passes: str) -> list[str]:
    """The facts of a packet that is dropped."""
    return [f"rule {rule}; it would pass {passes}" if passes else f"rule {rule}", SILENCE]


def endpoint_wanted(claim: Claim) -> str:
    """What a Service without a usable endpoint lacks."""
    service, port = claim.rules.service, claim.rules.port
    if claim.rules.targets:
        return "once one of them is ready"
    if service.has_selector:
        return f"once a ready pod with {service.selector} stands behind port {port.name or port.port}"
    return f"once an EndpointSlice of the Service has a ready endpoint for port {port.name or port.port}/{port.protocol}"


def local_wanted(decision: core.NoLocalEndpoints) -> str:
    """What a Local policy lacks on this node."""
    claim = decision.claim
    nodes = sorted({each.node_name for each in claim.rules.targets if each.node_name and (each.is_ready or each.is_fallback)})
    field = decision.policy.partition(" ")[0]
    ways = [f"with a ready endpoint on {claim.node}", f"with {field} Cluster"]
    if nodes:
        where = "sent from" if claim.kind is AddressKind.CLUSTER_IP else "sent to"
        ways.append(f"{where} {listed(nodes)}")
    return f"{', '.join(ways[:-1])} or {ways[-1]}"


def source_wanted(decision: core.SourceOutOfRange) -> str:
    """Whom the source ranges let in, and which address they do not guard."""
    port = decision.claim.rules.port.node_port
    node_port = f", or through node port {port}, which the ranges do not guard (rule FW-2)" if port else ""
    return f"from {listed(decision.ranges)}{node_port}"


def left_passes(decision: core.LeftCluster) -> list[str]:
    """What a packet that nobody takes lacks; nothing for one that was never for this cluster."""
    if decision.is_unrejected:
        return dropped(decision.rule, "once the Service has an endpoint; iptables mode refuses others than host processes")
    if decision.near is not None:
        return dropped(decision.rule, "on one of these ports; iptables mode leaves all others of the address alone")
    if decision.in_service_range:
        return dropped(decision.rule, "once a Service has the address")
    return dropped(decision.rule, "once a pod has the address" if decision.in_pod_range else "")
