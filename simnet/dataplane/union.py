"""The closed union of everything a stage can decide. Renderers `match` over it and end in `assert_never`."""

from __future__ import annotations

from typing import cast

from simnet.dataplane import decisions as core
from simnet.dataplane.dns import decisions as dns
from simnet.dataplane.http import decisions as http
from simnet.dataplane.step import Step

Decision = (
    dns.NameResolved | dns.NameUnresolved
    | core.EnteredCluster | core.ServiceCaptured | core.HostPortCaptured | core.PodAddressed | core.UnownedEndpoint
    | core.NodeAddressed | core.Loopback | core.RoutedToNode | core.OutsideAddressed | core.LeftCluster
    | core.RejectedByMode | core.DroppedByMode | core.HealthChecked
    | core.EndpointChosen | core.NoEndpoints | core.NoLocalEndpoints | core.SourceOutOfRange
    | core.Departed | core.Crossed | core.ReplyLost | core.NoPath | core.NoAddress | core.Admitted
    | core.Delivered | core.ProxyReached | core.NotListening | core.CertificateRefused | core.NotTLS | core.NameRefused
    | core.PlainToTLS
    | http.RuleChosen | http.ProxyAnswered | http.UpstreamFailed
    | core.Looped
)


def decision_of(step: Step) -> Decision:
    """The decision of a step, as a member of the closed union."""
    return cast(Decision, step.because)
