"""Small clusters with Gateways, for the tests of Gateway API."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import simnet
from simnet.clock import from_iso
from simnet.dataplane.http.decisions import RuleChosen
from simnet.testing import gateway, gateway_class, pod, service
from simnet.x509.make import make_certificate

CLIENT = "198.51.100.7"
START = int(from_iso("2027-01-01T00:00:00Z"))


def backend(name: str, namespace: str = "default", port: int = 80) -> list[dict[str, Any]]:
    """A Service with one pod."""
    return [pod(name, namespace=namespace), service(name, namespace=namespace, port=port, target_port=80)]


def secret(name: str, *names: str, namespace: str = "default") -> dict[str, Any]:
    """A TLS Secret with a certificate for these names."""
    made = make_certificate(names, not_before=START - 86400, not_after=START + 86400 * 365, seed=name)
    data = {"tls.crt": made.certificate_pem, "tls.key": made.key_pem}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace},
            "type": "kubernetes.io/tls", "data": {key: b64encode(text.encode()).decode() for key, text in data.items()}}


def net(*objects: Any, **settings: Any) -> simnet.Cluster:
    """A cluster with simnet's class, Gateway default/gw (HTTP on 80, unless the objects bring another), Services a and b."""
    cluster = simnet.Cluster(**{"nodes": 1, "addons": ("coredns",), **settings})
    given = [each for each in objects if isinstance(each, Mapping)] + [
        inner for each in objects if not isinstance(each, Mapping) for inner in each]
    own = [] if any(each["kind"] == "Gateway" for each in given) else [gateway()]
    cluster.apply([gateway_class(), *own, *backend("a"), *backend("b"), *given])
    return cluster


def ask(cluster: simnet.Cluster, url: str, gateway: str = "default/gw", **options: Any) -> simnet.Trace:
    return cluster.request(url, CLIENT, **{"front_end": gateway, "insecure": True, **options})


def chosen(trace: simnet.Trace) -> RuleChosen:
    return next(step.because for step in trace.steps if isinstance(step.because, RuleChosen))


def got(trace: simnet.Trace) -> str:
    """`200 a`: the status and the Service that answered; only the status where the Gateway did."""
    if trace.response is None:
        return trace.result
    served = next((step.because for step in trace.steps if isinstance(step.because, RuleChosen)), None)
    return f"{trace.response.status} {served.upstream.service.name}" if served and trace.endpoint is not None else trace.result


def condition(cluster: simnet.Cluster, ref: str, type: str, listener: str = "", parent: int = 0) -> tuple[str, str]:
    """Status and reason of a condition of an object, one of its listeners, or one of its parents."""
    kind, name = ref.split("/", 1)
    namespace, _, name = name.rpartition("/")
    status = cluster.get(kind, name, namespace=namespace or "default").manifest["status"]
    holder = status
    if listener:
        holder = next(each for each in status["listeners"] if each["name"] == listener)
    elif kind == "httproute":
        holder = status["parents"][parent]
    found = next(each for each in holder["conditions"] if each["type"] == type)
    return found["status"], found["reason"]
