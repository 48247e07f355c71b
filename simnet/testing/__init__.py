"""The public test kit: builders for every kind, assertions over traces and clusters, the pytest plugin, and strategies for
hypothesis (`simnet.testing.strategies`, loaded when it is first used)."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from simnet.testing.assertions import (
    assert_delivered,
    assert_endpoints,
    assert_healthy,
    assert_resolves,
    assert_result,
    assert_same,
    assert_verdict,
)
from simnet.testing.builders import daemon_set, deployment, ingress, manifest, pod, replica_set, service, stateful_set
from simnet.testing.gateways import gateway, gateway_class, http_route, listener, reference_grant
from simnet.testing.objects import (
    certificate_for,
    config_map,
    endpoint_slice,
    endpoints,
    ingress_class,
    namespace,
    network_policy,
    node,
    secret,
    service_account,
    tls_secret,
)

__all__ = [
    "assert_delivered", "assert_endpoints", "assert_healthy", "assert_resolves", "assert_result", "assert_same",
    "assert_verdict", "certificate_for", "config_map", "daemon_set", "deployment", "endpoint_slice", "endpoints",
    "gateway", "gateway_class", "http_route", "ingress", "ingress_class", "listener", "manifest", "namespace",
    "network_policy", "node", "pod", "reference_grant", "replica_set", "secret", "service", "service_account",
    "stateful_set", "tls_secret"]


def __getattr__(name: str) -> Any:
    if name != "strategies":
        raise AttributeError(f"module 'simnet.testing' has no attribute {name!r}")
    return import_module("simnet.testing.strategies")
