"""The public test kit: builders for manifests, assertions over traces, and the pytest plugin."""

from simnet.testing.assertions import assert_delivered, assert_verdict
from simnet.testing.builders import deployment, ingress, pod, service
from simnet.testing.gateways import gateway, gateway_class, http_route, listener, reference_grant

__all__ = ["assert_delivered", "assert_verdict", "deployment", "gateway", "gateway_class", "http_route", "ingress",
           "listener", "pod", "reference_grant", "service"]
