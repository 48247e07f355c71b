"""What a receiver answers to an HTTP request: its image's program, or an echo of what arrived.

Which ports an image opens and which program listens there is said in `simnet.images`; here is what those programs say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from simnet import ip
from simnet.dataplane.http import httpbin
from simnet.dataplane.http.message import Request, Response
from simnet.dataplane.http.pages import DEFAULT_BACKEND, HTML, TEXT, nginx_page, phrase
from simnet.dataplane.packet import Packet
from simnet.images import NOT_HTTP, Listen, status_of
from simnet.objects.node import Node
from simnet.objects.pod import Pod

PLAIN: Final = "text/plain"
GOING_TAINT: Final = "ToBeDeletedByClusterAutoscaler"
_VARIABLE: Final = re.compile(r"\$(\w+)")

_NGINX_WELCOME: Final = """\
<!DOCTYPE html>
<html>
<head>
<title>Welcome to nginx!</title>
</head>
<body>
<h1>Welcome to nginx!</h1>
<p>If you see this page, the nginx web server is successfully installed and
working. Further configuration is required.</p>

<p><em>Thank you for using nginx.</em></p>
</body>
</html>
"""
_APACHE_WELCOME: Final = "<html><body><h1>It works!</h1></body></html>\n"


class Arrived:
    """One request as its receiver sees it: who has it, over which packet."""

    __slots__ = ("listen", "packet", "pod", "receiver", "request")

    def __init__(self, listen: Listen, receiver: str, pod: Pod | None, packet: Packet, request: Request) -> None:
        self.listen, self.receiver, self.pod, self.packet, self.request = listen, receiver, pod, packet, request

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.request.target.partition("?")[0]

    @property
    def name(self) -> str:
        """What the receiver calls itself: the pod's name, else the name of the host or the address."""
        return self.pod.name if self.pod is not None else self.receiver.rpartition("/")[2]

    def variables(self) -> dict[str, str]:
        """What `$name` in an answer text may stand for."""
        return {
            "pod": self.name, "namespace": self.pod.namespace if self.pod is not None else "",
            "node": self.pod.node_name if self.pod is not None else "", "ip": ip.text(self.packet.destination),
            "port": str(self.packet.port), "path": self.path, "target": self.request.target,
            "method": self.request.method, "host": self.request.host or "", "client": ip.text(self.packet.source)}

    def said(self, status: int, body: str, content_type: str = TEXT, *headers: tuple[str, str]) -> Response:
        data = body.encode("utf-8", "surrogateescape")
        return Response(status, (("Content-Type", content_type), ("Content-Length", str(len(data))), *headers), data,
                        by=self.receiver)


def answer_by(listen: Listen, receiver: str, pod: Pod | None, packet: Packet, request: Request) -> Response | None:
    """The answer of what listens there; None when it does not speak HTTP.

    A text given for the port comes before the program; `only_host` answers other hosts 404.
    """
    arrived = Arrived(listen, receiver, pod, packet, request)
    if listen.protocol != "TCP" or (listen.answer is None and listen.app in NOT_HTTP):
        return None
    if listen.only_host and (request.host or "").partition(":")[0].lower() != listen.only_host.lower():
        return arrived.said(404, "404 page not found\n", PLAIN)
    if listen.answer is not None:
        return arrived.said(listen.status, filled(listen.answer, arrived.variables()), PLAIN)
    return _PROGRAMS.get(listen.app, _echo)(arrived)


def answer_unknown(receiver: str, pod: Pod | None, packet: Packet, request: Request) -> Response:
    """An echo from a receiver of which nobody said what it is."""
    return _echo(Arrived(Listen(packet.port), receiver, pod, packet, request))


def answer_at_node(port: int, request: Request, receiver: str, node: Node | None) -> Response:
    """What runs on every node: kube-proxy's health check in the clear, kubelet and API server, which want TLS and then
    credentials."""
    if port == 10256:
        return _proxy_health(request.target.partition("?")[0], receiver, node)
    if not request.is_tls:
        return Response(400, (("Content-Type", PLAIN),), b"Client sent an HTTP request to an HTTPS server.\n",
                        by=receiver)
    return Response(401 if port == 10250 else 403, (("Content-Type", PLAIN),),
                    b"Unauthorized" if port == 10250 else b"Forbidden", by=receiver)


def _proxy_health(path: str, receiver: str, node: Node | None) -> Response:
    """/healthz tells load balancers to leave a node that is going away; /livez tells only that the proxy runs.

    Source: kubernetes/kubernetes pkg/proxy/healthcheck/proxy_health.go, pkg/proxy/node.go; KEP-3836. Rule HC-4.
    """
    if path not in ("/healthz", "/livez"):
        return Response(404, (("Content-Type", PLAIN),), b"404 page not found\n", by=receiver)
    goes = node is not None and (node.deleted is not None or any(each.key == GOING_TAINT for each in node.taints))
    return Response(503 if goes and path == "/healthz" else 200, (("Content-Type", PLAIN),), b"", by=receiver)


def filled(text: str, variables: Mapping[str, str]) -> str:
    """`$name` replaced where the name is known, left alone elsewhere."""
    return _VARIABLE.sub(lambda found: variables.get(found[1], found[0]), text)


# programs -------------------------------------------------------------------------------------------------------

def _echo(arrived: Arrived) -> Response:
    """Pod, address, path and headers as seen, one a line: the answer of everything that is not known better."""
    request, packet = arrived.request, arrived.packet
    lines = [f"pod: {arrived.pod.key}" if arrived.pod is not None else f"receiver: {arrived.receiver}",
             f"address: {ip.host_port(packet.destination, packet.port)}", f"client: {ip.text(packet.source)}",
             f"request: {request.method} {request.target} HTTP/{_version(request)}"]
    lines += [f"{name}: {value}" for name, value in _seen(request)]
    return arrived.said(arrived.listen.status, "\n".join(lines) + "\n")


def _version(request: Request) -> str:
    """Pods speak HTTP/1.1 to clients that offer more."""
    return "1.1" if request.http_version == "2" else request.http_version


def _seen(request: Request) -> list[tuple[str, str]]:
    return ([("Host", request.host)] if request.host is not None else []) + list(request.headers)


def _nginx(arrived: Arrived) -> Response:
    status = status_of(arrived.listen, arrived.path) or 404
    if status != 200:
        return arrived.said(status, nginx_page(status).decode(), HTML)
    if arrived.request.method not in ("GET", "HEAD"):
        return arrived.said(405, nginx_page(405).decode(), HTML)
    return arrived.said(200, _NGINX_WELCOME, HTML)


def _apache(arrived: Arrived) -> Response:
    status = status_of(arrived.listen, arrived.path) or 404
    if status == 200:
        return arrived.said(200, _APACHE_WELCOME, HTML)
    return arrived.said(status, f"<html><body><h1>{phrase(status)}</h1></body></html>\n", HTML)


def _default_backend(arrived: Arrived) -> Response:
    if arrived.path == "/healthz":
        return arrived.said(200, "ok")
    return arrived.said(404, DEFAULT_BACKEND)


def _whoami(arrived: Arrived) -> Response:
    """The lines of traefik/whoami. Source: traefik/whoami app.go whoamiHandler."""
    request, packet = arrived.request, arrived.packet
    lines = [f"Hostname: {arrived.name}", f"IP: {ip.text(packet.destination)}",
             f"RemoteAddr: {ip.host_port(packet.source, packet.source_port)}",
             f"{request.method} {request.target} HTTP/{_version(request)}"]
    lines += [f"{name}: {value}" for name, value in _seen(request)]
    return arrived.said(200, "\n".join(lines) + "\n\n")


def _httpbin(arrived: Arrived) -> Response:
    status = status_of(arrived.listen, arrived.path) or 404
    page = httpbin.page(arrived.request, arrived.path, ip.text(arrived.packet.source), status)
    return arrived.said(page.status, page.body, page.content_type, *page.headers)


def _short(text: str) -> Callable[[Arrived], Response]:
    """A program with one short text for its known paths, 404 elsewhere."""
    def answer(arrived: Arrived) -> Response:
        status = status_of(arrived.listen, arrived.path) or 404
        if status == 302:
            return arrived.said(302, "", HTML, ("Location", "/login" if arrived.listen.app == "grafana" else "/graph"))
        return arrived.said(status, text if status == 200 else "404 page not found\n", PLAIN)
    return answer


_PROGRAMS: Final[Mapping[str, Callable[[Arrived], Response]]] = {
    "nginx": _nginx, "httpd": _apache, "httpbin": _httpbin, "default-backend": _default_backend, "whoami": _whoami,
    "echo": _echo, "coredns-health": _short("OK"), "coredns-ready": _short("OK"), "controller-status": _short("ok"),
    "metrics": _short("# metrics are not modelled\n"), "prometheus": _short("Prometheus Server is Healthy.\n"),
    "grafana": _short("Grafana\n")}
