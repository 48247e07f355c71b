"""All controllers of a cluster, in the order in which they answer an event: what others need comes first."""

from __future__ import annotations

from simnet.control.events import EventRecorder
from simnet.control.gateway.controller import GatewayController
from simnet.control.ingress_status import IngressStatusController
from simnet.control.loadbalancers import LoadBalancerController
from simnet.control.mirroring import EndpointsMirror
from simnet.control.namespaces import NamespaceController
from simnet.control.nodes import NodeController
from simnet.control.slices import SliceTracker
from simnet.control.workloads import WorkloadController
from simnet.control.world import Controller


def all_controllers() -> list[Controller]:
    """A fresh set for one cluster. The EventRecorder among them is the world's `recorder`."""
    return [NamespaceController(), NodeController(), WorkloadController(), LoadBalancerController(), SliceTracker(),
            EndpointsMirror(), IngressStatusController(), GatewayController(), EventRecorder()]
