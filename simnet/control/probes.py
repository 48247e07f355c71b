"""Readiness: whether a container's probe succeeds against what its pod really listens on.

A probe that runs a command is taken to succeed; network probes are judged. The sentences are the kubelet's.

Source: kubernetes/kubernetes pkg/kubelet/prober/prober.go, pkg/probe/http, pkg/probe/tcp, pkg/probe/grpc.
"""

from __future__ import annotations

from simnet import ip
from simnet.control.listening import Listener, Listening
from simnet.images import status_of
from simnet.objects.pod import Container, Probe


def probe_failure(container: Container, listening: Listening, address: int = 0) -> str:
    """Why the readiness probe fails, '' when it succeeds or there is none. `address` is the pod's, for the text."""
    probe = container.readiness_probe
    if probe is None or probe.handler not in ("httpGet", "tcpSocket", "grpc"):
        return ""
    port = probe_port(container, probe)
    if port is None:
        return f"couldn't find port: {probe.port!s} in container {container.name}"
    where = ip.host_port(address, port)
    listener = listening.at(port)
    if listener is None and listening.unknown:
        return ""
    is_open = listener is not None and not listener.is_loopback_only
    match probe.handler:
        case "httpGet":
            return _http(probe, listener, where) if is_open and listener is not None else (
                f'Get "{_url(probe, where)}": dial tcp {where}: connect: connection refused')
        case "tcpSocket":
            return "" if is_open else f"dial tcp {where}: connect: connection refused"
        case _:
            return "" if is_open else (
                f'timeout: failed to connect service "{where}" within 1s: context deadline exceeded')


def probe_port(container: Container, probe: Probe) -> int | None:
    """The number a probe's port means: itself, or the container port of that name; None if there is none."""
    if isinstance(probe.port, int):
        return probe.port
    if probe.port is not None and probe.port.isdigit():
        return int(probe.port)
    return next((port.container_port for port in container.ports if port.name == probe.port), None)


def _http(probe: Probe, listener: Listener, where: str) -> str:
    if probe.scheme == "HTTPS" and not listener.listen.tls:
        return f'Get "{_url(probe, where)}": http: server gave HTTP response to HTTPS client'
    status = status_of(listener.listen, probe.path or "/")
    if status is None:
        return f'Get "{_url(probe, where)}": EOF'
    if listener.listen.tls and probe.scheme != "HTTPS":
        status = 400
    return "" if 200 <= status < 400 else f"HTTP probe failed with statuscode: {status}"


def _url(probe: Probe, where: str) -> str:
    path = probe.path or "/"
    return f"{probe.scheme.lower()}://{where}{path if path.startswith('/') else '/' + path}"
