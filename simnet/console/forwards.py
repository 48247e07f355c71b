"""Ports of an actor that `kubectl port-forward` leads to a pod: what a client there reaches at its own loopback.

The API server and the kubelet carry the connection, so no Service, policy or Ingress is on the way; the kubelet connects
to the loopback inside the pod.
Source: kubernetes/kubectl pkg/cmd/portforward/portforward.go; the CRI's PortForward, which dials localhost in the pod.
"""

from __future__ import annotations

from simnet.console.desk import Call, Forward

LOOPBACK = "127.0.0.1"
_OWN = ("localhost", LOOPBACK, "::1")


def forward_at(call: Call, host: str, port: int) -> Forward | None:
    """Where a connection from here to `host:port` is led, None when it is an ordinary one."""
    found = call.desk.forwards.get((call.source, port)) if host.strip("[]").lower() in _OWN else None
    if found is not None and call.cluster.store.get("Pod", found.pod) is None:
        del call.desk.forwards[(call.source, port)]  # kubectl says "lost connection to pod" and ends
        return None
    return found
