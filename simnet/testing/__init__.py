"""The public test kit: builders for manifests, assertions over traces, and the pytest plugin."""

from simnet.testing.assertions import assert_delivered, assert_verdict
from simnet.testing.builders import deployment, ingress, pod, service

__all__ = ["assert_delivered", "assert_verdict", "deployment", "ingress", "pod", "service"]
