"""Two nodes and a few pods with known addresses, for tests that send packets.

    node a 172.18.0.2  bridge 10.244.0.0/24   pods web-a 10.244.0.2, client 10.244.0.9
    node b 172.18.0.3  bridge 10.244.1.0/24   pods web-b 10.244.1.2

Everything is loaded as facts, so that addresses stay as written.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import simnet
from simnet.dataplane.step import Trace

NODE_A, NODE_B = "172.18.0.2", "172.18.0.3"
WEB_A, WEB_B, CLIENT = "10.244.0.2:8080", "10.244.1.2:8080", "10.244.0.9"
VIP, LB_IP, EXTERNAL_IP = "10.96.0.50", "203.0.113.9", "198.51.100.50"
OUTSIDE = "198.51.100.7"
NODE_PORT = 30080

Object = dict[str, Any]


def pod(name: str, node: str, address: str | list[str], app: str = "web", port: int | None = 8080, ready: bool = True,
        phase: str = "Running", labels: dict[str, str] | None = None, **spec: Any) -> Object:
    """A pod as a live cluster would show it."""
    addresses = [address] if isinstance(address, str) else address
    container: Object = {"name": "main", "image": "simnet.example/echo"}
    if port is not None:
        container["ports"] = [{"name": "http", "containerPort": port}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": app, **(labels or {})}},
            "spec": {"nodeName": node, "containers": [container], **spec},
            "status": {"phase": phase, "podIP": addresses[0], "podIPs": [{"ip": each} for each in addresses],
                       "conditions": [{"type": "Ready", "status": str(ready)}]}}


def service(name: str = "web", ports: list[Object] | None = None, ingress: list[Object] | None = None, **spec: Any) -> Object:
    """A Service with cluster IP 10.96.0.50; `ingress` is status.loadBalancer.ingress."""
    entries = ports or [{"port": 80, "targetPort": 8080}]
    whole = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
             "spec": {"clusterIP": VIP, "selector": {"app": "web"}, "ports": entries, **spec}}
    return {**whole, "status": {"loadBalancer": {"ingress": ingress}}} if ingress else whole


def load_balancer(policy: str = "Cluster", **spec: Any) -> Object:
    """The Service with every kind of address: cluster IP, node port, load-balancer IP and external IP."""
    return service(type="LoadBalancer", ports=[{"port": 80, "targetPort": 8080, "nodePort": NODE_PORT}],
                   externalTrafficPolicy=policy, externalIPs=[EXTERNAL_IP], ingress=[{"ip": LB_IP}], **spec)


WEB = (pod("web-a", "a", "10.244.0.2"), pod("web-b", "b", "10.244.1.2"), pod("client", "a", CLIENT, app="client"))


def net(*objects: Object, pods: tuple[Object, ...] = WEB, **settings: Any) -> simnet.Cluster:
    """The cluster above with further objects; settings are those of `Cluster`."""
    cluster = simnet.Cluster(**{"nodes": {"a": NODE_A, "b": NODE_B}, "addons": (), **settings})
    cluster.load([*pods, *objects])
    return cluster


def asked(cluster: simnet.Cluster, to: str, source: str = "pod/client", **options: Any) -> dict[str, Fraction]:
    """Every possible outcome of a TCP connection to `address:port`: who gets it (or the word), with its probability."""
    found: dict[str, Fraction] = {}
    for share, trace in cluster.outcomes(f"tcp://{to}", source, **options):
        got = trace.endpoint.text if trace.endpoint is not None else trace.result
        found[got] = found.get(got, Fraction()) + share
    return found


def seen(cluster: simnet.Cluster, to: str, source: str = "pod/client", **options: Any) -> dict[str, str]:
    """Endpoint -> the source address it sees."""
    return {trace.endpoint.text: str(trace.seen_source)
            for trace in cluster.outcomes(f"tcp://{to}", source, **options).traces if trace.endpoint is not None}


def only(cluster: simnet.Cluster, to: str, source: str = "pod/client", **options: Any) -> Trace:
    """The one possible trace of a TCP connection."""
    (_, trace), = cluster.outcomes(f"tcp://{to}", source, **options)
    return trace


def decisions(trace: Trace) -> list[str]:
    """The names of the decisions of a trace, in order."""
    return [type(step.because).__name__ for step in trace.steps]
