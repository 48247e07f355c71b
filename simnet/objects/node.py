"""v1 Node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from simnet import ip
from simnet.ip import IPNetwork
from simnet.objects.meta import Object, merged

ZONE_LABEL = "topology.kubernetes.io/zone"


@dataclass(frozen=True, slots=True)
class Taint:
    key: str
    effect: str
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node(Object):
    """A node: all its own addresses as numbers (first = primary of its family) and its block of pod addresses.

    `millicores` is its allocatable CPU in thousandths of a core, 0 when nobody said.
    """

    kind: ClassVar[str] = "Node"

    addresses: tuple[int, ...] = ()
    external_addresses: tuple[int, ...] = ()
    pod_cidrs: tuple[IPNetwork, ...] = ()
    unschedulable: bool = False
    ready: bool = True
    taints: tuple[Taint, ...] = ()
    millicores: int = 0

    @property
    def zone(self) -> str:
        """Value of the label topology.kubernetes.io/zone, '' if it has none."""
        return self.labels.get(ZONE_LABEL, "")

    def primary(self, family: int) -> int | None:
        """The first InternalIP of `family` (4 or 6), else the first ExternalIP.

        Source: kubernetes/kubernetes pkg/util/node/node.go GetNodeHostIPs.
        """
        for address in (*self.addresses, *self.external_addresses):
            if ip.family(address) == family:
                return address
        return None

    def _complete(self, whole: dict[str, Any]) -> None:
        cidrs = [str(cidr) for cidr in self.pod_cidrs]
        whole["spec"] = merged(whole.get("spec"), {
            "podCIDR": cidrs[0] if cidrs else None, "podCIDRs": cidrs or None,
            "unschedulable": True if self.unschedulable else None})
        addresses = [{"type": "InternalIP", "address": ip.text(number)} for number in self.addresses]
        addresses += [{"type": "ExternalIP", "address": ip.text(number)} for number in self.external_addresses]
        addresses.append({"type": "Hostname", "address": self.name})
        conditions = [{"type": "Ready", "status": "True" if self.ready else "False",
                       "reason": "KubeletReady" if self.ready else "KubeletNotReady"}]
        given = whole.get("status") or {}
        whole["status"] = merged(given, {"addresses": given.get("addresses") or addresses, "conditions": conditions})
