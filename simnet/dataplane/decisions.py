"""Why each step was taken: a closed union of small classes, one for each thing a stage can decide.

A decision holds the table or objects it was taken from, so that what else was possible can be read later; it is
never written after creation (slots without `frozen`, which would cost five times as much on this path). `verdict`
is None where the walk goes on, and the verdict where it ends.
Text is made in `explain/` only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from simnet.dataplane.http.message import Response, ServedCertificate
from simnet.dataplane.rules import Claim, Target, UsableEndpoints
from simnet.dataplane.verdict import Verdict
from simnet.ip import IPNetwork
from simnet.names import ObjectKey
from simnet.objects.node import Node
from simnet.objects.pod import Pod
from simnet.objects.service import Service

# capture: who owns the destination ------------------------------------------------------------------------------

@dataclass(slots=True)
class ServiceCaptured:
    """The address belongs to a Service. `mode` is that of the proxy, iptables or nftables."""

    verdict: ClassVar[Verdict | None] = None
    claim: Claim
    mode: str = "iptables"


@dataclass(slots=True)
class HostPortCaptured:
    """A pod of this node asked for this host port; the packet goes to that pod."""

    verdict: ClassVar[Verdict | None] = None
    pod: Pod
    host_port: int
    container_port: int


@dataclass(slots=True)
class PodAddressed:
    """The destination is a pod's own address; nothing is translated."""

    verdict: ClassVar[Verdict | None] = None
    pod: Pod


@dataclass(slots=True)
class UnownedEndpoint:
    """An address that only EndpointSlices know: counted as a listener, which is an assumption."""

    verdict: ClassVar[Verdict | None] = None
    address: int
    port: int


@dataclass(slots=True)
class NodeAddressed:
    """The destination is an address of the node the packet is on, and no rule there takes it. `unserved` is the Service
    whose node port this would be on another address of the node, `rule` says why not on this one (NA-2, NA-3, NF-2)."""

    verdict: ClassVar[Verdict | None] = None
    node: str
    unserved: Service | None = None
    rule: str = ""


@dataclass(slots=True)
class Loopback:
    """The destination is the sender's own loopback address: the packet stays in the pod, or on the node."""

    verdict: ClassVar[Verdict | None] = None
    owner: str


@dataclass(slots=True)
class RoutedToNode:
    """The destination is another node's address: no match here, decided there (rule MT-5)."""

    verdict: ClassVar[Verdict | None] = None
    node: str
    path: tuple[str, ...]


@dataclass(slots=True)
class EnteredCluster:
    """A packet from outside reached its first node. `path` is the way it came; `is_routed_by_assumption` when it is
    for a pod or cluster IP, to which few networks outside have a route."""

    verdict: ClassVar[Verdict | None] = None
    node: str
    path: tuple[str, ...]
    is_routed_by_assumption: bool = False


@dataclass(slots=True)
class OutsideAddressed:
    """The destination is a declared host outside the cluster."""

    verdict: ClassVar[Verdict | None] = None
    host: str


@dataclass(slots=True)
class LeftCluster:
    """The destination belongs to nobody known: the packet leaves by the default route and nothing comes back.

    `near` is the Service whose address this is when only port or protocol differ; `in_service_range` tells that the
    address lies in the range of Services but is not in use; `stopped` names the pod that held the address and ended;
    `is_unrejected` when `near` has no endpoints, yet iptables mode rejects only what others than host processes send.
    """

    verdict: ClassVar[Verdict | None] = Verdict.DROPPED
    destination: int
    port: int
    near: Service | None = None
    in_service_range: bool = False
    in_pod_range: bool = False
    stopped: ObjectKey | None = None
    is_unrejected: bool = False

    @property
    def rule(self) -> str:
        return "NE-4" if self.is_unrejected else "MT-3"


@dataclass(slots=True)
class RejectedByMode:
    """nftables mode: another port of an active cluster IP is rejected (rule NF-1)."""

    verdict: ClassVar[Verdict | None] = Verdict.REFUSED
    service: Service
    port: int

    @property
    def rule(self) -> str:
        return "NF-1"


@dataclass(slots=True)
class DroppedByMode:
    """nftables mode: an address of the service range that nobody has is dropped (rule NF-1)."""

    verdict: ClassVar[Verdict | None] = Verdict.DROPPED
    destination: int

    @property
    def rule(self) -> str:
        return "NF-1"


@dataclass(slots=True)
class HealthChecked:
    """The health check node port of a Service: the node answers for its local endpoints (rules HC-1 to HC-3)."""

    verdict: ClassVar[Verdict | None] = Verdict.ANSWERED
    service: Service
    node: str
    local_endpoints: int
    response: Response


# balance: which endpoint ----------------------------------------------------------------------------------------

@dataclass(slots=True)
class EndpointChosen:
    """One of `among` was picked. `reason` is the rule that made this the list to pick from (INT-1, EXT-1 to EXT-4);
    `sticky`: remembered by session affinity."""

    verdict: ClassVar[Verdict | None] = None
    claim: Claim
    target: Target
    among: tuple[Target, ...]
    masquerade: bool
    reason: str
    sticky: bool = False

    @property
    def usable(self) -> UsableEndpoints:
        """What the node could choose from at all."""
        return self.claim.usable

    @property
    def policy(self) -> str:
        """The traffic policy that applies to the address dialled, `externalTrafficPolicy Local`."""
        return self.claim.policy


@dataclass(slots=True)
class NoEndpoints:
    """Nothing usable anywhere: the proxy rejects, the client is refused at once (rule NE-1)."""

    verdict: ClassVar[Verdict | None] = Verdict.REFUSED
    claim: Claim

    @property
    def rule(self) -> str:
        return "NE-1"


@dataclass(slots=True)
class NoLocalEndpoints:
    """The applicable list is the local one and it is empty, while others exist elsewhere: silence (rule NE-2)."""

    verdict: ClassVar[Verdict | None] = Verdict.DROPPED
    claim: Claim

    @property
    def usable(self) -> UsableEndpoints:
        """What the node could choose from if another policy applied."""
        return self.claim.usable

    @property
    def policy(self) -> str:
        """The traffic policy that applies to the address dialled."""
        return self.claim.policy

    @property
    def rule(self) -> str:
        return "NE-2"


@dataclass(slots=True)
class SourceOutOfRange:
    """loadBalancerSourceRanges do not contain the source: dropped (rules FW-1 to FW-6)."""

    verdict: ClassVar[Verdict | None] = Verdict.DROPPED
    claim: Claim
    source: int
    ranges: tuple[IPNetwork, ...]

    @property
    def rule(self) -> str:
        return "FW-1"


# depart, cross, admit -------------------------------------------------------------------------------------------

@dataclass(slots=True)
class Departed:
    """Leaves the deciding node's rules. `unjudged` are egress policies that select the sender and are not judged."""

    verdict: ClassVar[Verdict | None] = None
    masqueraded_to: int | None
    reason: str
    unjudged: tuple[ObjectKey, ...] = ()


@dataclass(slots=True)
class Crossed:
    """The way from node to node over the underlay; `path` has one entry when nothing had to be crossed."""

    verdict: ClassVar[Verdict | None] = None
    path: tuple[str, ...]


@dataclass(slots=True)
class ReplyLost:
    """The receiver's answer goes past `node`, which alone could translate it back; the client never gets it (rules
    MT-6, MQ-4). `receiver` is the node it is sent from."""

    verdict: ClassVar[Verdict | None] = Verdict.DROPPED
    node: str
    receiver: str
    rule: str


@dataclass(slots=True)
class NoPath:
    """No way through the underlay; `missing` is the cut link nearest to the sender."""

    verdict: ClassVar[Verdict | None] = Verdict.UNREACHABLE
    origin: str
    goal: str
    missing: tuple[str, str]


@dataclass(slots=True)
class NoAddress:
    """The sender has no address of the destination's family."""

    verdict: ClassVar[Verdict | None] = Verdict.UNREACHABLE
    actor: str
    destination: int


@dataclass(slots=True)
class Admitted:
    """Let in. `unjudged` are ingress policies that select the receiver and are not judged."""

    verdict: ClassVar[Verdict | None] = None
    unjudged: tuple[ObjectKey, ...] = ()


# arrive: is anybody listening -----------------------------------------------------------------------------------

@dataclass(slots=True)
class Delivered:
    """The receiver has it. `known_by` says how we know that the port is open: profile, declared, endpoint, outside,
    node, or assumed when nobody declared the pod's ports. `name` is '' for a pod, whose key says it when it is read."""

    __match_args__ = ("receiver", "pod", "container", "known_by", "certificate")
    verdict: ClassVar[Verdict | None] = Verdict.DELIVERED
    name: str
    pod: Pod | None
    container: str
    known_by: str
    certificate: ServedCertificate | None = None

    @property
    def receiver(self) -> str:
        """`pod/default/web-1`, `node/node-1`, `host/laptop`, or an address that nobody owns."""
        return self.name or (f"pod/{self.pod.key}" if self.pod is not None else "")


@dataclass(slots=True)
class ProxyReached:
    """An HTTP proxy pod has it and will route it. `certificate` is what it showed, None for plain HTTP. `controller` is
    the Gateway that the pod serves (`is_gateway`), or the Ingress controller's own pod."""

    verdict: ClassVar[Verdict | None] = None
    pod: Pod
    controller: str
    certificate: ServedCertificate | None = None
    certificate_reason: str = ""
    is_gateway: bool = False


@dataclass(slots=True)
class NotListening:
    """Nothing listens on this port: reset. `open_ports` are the ports that do listen there."""

    verdict: ClassVar[Verdict | None] = Verdict.REFUSED
    receiver: str
    pod: Pod | None
    node: Node | None
    port: int
    open_ports: tuple[int, ...]
    loopback_only: bool = False

    @property
    def rule(self) -> str:
        return "NE-3"


@dataclass(slots=True)
class CertificateRefused:
    """The client does not accept the certificate. `reason` is one of self-signed, name, expired, not-yet-valid."""

    verdict: ClassVar[Verdict | None] = Verdict.TLS_FAILED
    receiver: str
    pod: Pod | None
    certificate: ServedCertificate
    reason: str
    host: str
    certificate_reason: str = ""


@dataclass(slots=True)
class NotTLS:
    """The client speaks TLS and the port speaks plain text."""

    verdict: ClassVar[Verdict | None] = Verdict.TLS_FAILED
    receiver: str
    pod: Pod | None


@dataclass(slots=True)
class NameRefused:
    """A Gateway has no listener for the name in the handshake, or none with a certificate: it ends there. `server_name`
    is '' when the client sent none; `reason` says which of the two."""

    verdict: ClassVar[Verdict | None] = Verdict.TLS_FAILED
    receiver: str
    pod: Pod
    gateway: str
    server_name: str
    reason: str


@dataclass(slots=True)
class PlainToTLS:
    """Plain HTTP sent to a port that speaks TLS: the server answers 400."""

    verdict: ClassVar[Verdict | None] = Verdict.ANSWERED
    receiver: str
    pod: Pod | None
    response: Response


# walk -----------------------------------------------------------------------------------------------------------

@dataclass(slots=True)
class Looped:
    """The packet goes round, and the walk is given up; `limit` is the number of steps it has taken."""

    verdict: ClassVar[Verdict | None] = Verdict.LOOPED
    limit: int
