"""The ways through a service port: who may go to which endpoints, by the kind of address dialled.

`balance` follows the first way that is open to a packet; the rule table lists them all. Nothing else decides.
Source: kubernetes/kubernetes pkg/proxy/iptables/proxier.go syncProxyRules; rules INT-1, INT-2, EXT-1 to EXT-4, MQ-4.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from simnet.dataplane.rules import AddressKind, ServicePortRules, Target, UsableEndpoints


class Sources(StrEnum):
    """Whom a way is open to: pods (a source in the cluster CIDR), the node's own addresses, anybody."""

    PODS = "pods"
    OWN = "own"
    ANY = "any"


class Way(NamedTuple):
    """One line of the decision: packets of `sources` go to one of `among`, masqueraded or not, because of `rule`.

    `is_local` tells that `among` is the node's own list, which may be empty: such packets are dropped (rule NE-2).
    """

    sources: Sources
    among: tuple[Target, ...]
    is_local: bool
    masquerade: bool
    rule: str


Ways = tuple[Way, ...]


def ways(rules: ServicePortRules, usable: UsableEndpoints, kind: AddressKind, knows_pods: bool,
         masquerade_all: bool) -> Ways:
    """The ways of a service port that has usable endpoints, in the order they are tried; the last is open to anybody.

    `knows_pods`: the proxy of this family has a cluster CIDR. Cost: O(1).
    """
    if kind is AddressKind.CLUSTER_IP:
        is_local = rules.service.internal_traffic_policy == "Local"
        among = (usable.local or ()) if is_local else usable.cluster
        if knows_pods and not masquerade_all:
            return (Way(Sources.PODS, among, is_local, False, "INT-1"), Way(Sources.ANY, among, is_local, True, "INT-1"))
        return (Way(Sources.ANY, among, is_local, masquerade_all, "INT-1"),)
    if rules.service.external_traffic_policy != "Local":
        return (Way(Sources.ANY, usable.cluster, False, True, "EXT-1"),)
    return (*((Way(Sources.PODS, usable.cluster, False, False, "EXT-2"),) if knows_pods else ()),
            Way(Sources.OWN, usable.cluster, False, True, "EXT-3"),
            Way(Sources.ANY, usable.local or (), True, False, "EXT-4"))
