"""The request of a finished trace, made again: as it was, or with one part of it changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from simnet import ip
from simnet.cluster import Cluster
from simnet.dataplane.http.message import Request
from simnet.dataplane.outcomes import Outcomes
from simnet.dataplane.packet import Packet, Place, is_loopback
from simnet.dataplane.step import Trace
from simnet.errors import UsageError
from simnet.names import split_host_port

DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Asked:
    """A call of `Cluster.trace` or `Cluster.outcomes`: who asks, where the connection goes, and, for HTTP, what is
    asked there. `options` are the remaining keywords."""

    source: str
    scheme: str
    host: str
    port: int
    request: Request | None
    options: Mapping[str, Any]

    @property
    def url(self) -> str:
        path = self.request.target if self.request is not None and self.request.target.startswith("/") else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == DEFAULT_PORTS.get(self.scheme) else f":{self.port}"
        return f"{self.scheme}://{host}{port}{path}"

    def trace(self, cluster: Cluster) -> Trace:
        return cluster.trace(self.url, self.source, **self._keywords())

    def outcomes(self, cluster: Cluster) -> Outcomes:
        return cluster.outcomes(self.url, self.source, **self._keywords())

    def _keywords(self) -> dict[str, Any]:
        request = self.request
        if request is None:
            return dict(self.options)
        hosts = [("Host", request.host)] if request.host is not None else []
        return {**self.options, "method": request.method, "target_line": request.target,
                "headers": [*hosts, *request.headers], "body": request.body, "sni": request.sni,
                "http_version": request.http_version, "insecure": request.insecure, "cacert": request.cacert}

    # changed ---------------------------------------------------------------------------------------------------------

    def to(self, host: str, port: int) -> Asked:
        """The same request to another host and port, which is then also what it names."""
        moved = replace(self, host=host, port=port)
        if self.request is None:
            return moved
        authority = f"[{host}]" if ":" in host else host
        authority += "" if port == DEFAULT_PORTS.get(self.scheme) else f":{port}"
        sni = host if self.request.is_tls and not is_address(host) else None
        return replace(moved, request=replace(self.request, host=authority, sni=sni))

    def naming(self, host: str) -> Asked:
        """The same connection, the request naming another host (Host header, and name in the TLS handshake)."""
        assert self.request is not None
        sni = host if self.request.is_tls else None
        return replace(self, request=replace(self.request, host=host, sni=sni))

    def over(self, scheme: str) -> Asked:
        """The same request over http or https; a TLS handshake names the host that the request names."""
        assert self.request is not None
        sni = None if scheme == "http" or is_address(self.named_host) else self.named_host
        return replace(self, scheme=scheme, request=replace(self.request, scheme=scheme, sni=sni))

    def asking_for(self, target: str) -> Asked:
        """The same request for another path."""
        assert self.request is not None
        return replace(self, request=replace(self.request, target=target))

    @property
    def named_host(self) -> str:
        """The host of the Host header without its port, or the one connected to when none is sent."""
        if self.request is None or self.request.host is None:
            return self.host
        try:
            return split_host_port(self.request.host)[0]
        except UsageError:
            return self.request.host

    @property
    def command(self) -> str:
        """How one would type it: curl, or nc for a plain connection."""
        if self.request is None:
            return f"nc -v -z {'-u ' if self.scheme == 'udp' else ''}{self.host} {self.port}"
        options = ["-k"] if self.request.insecure else []
        options += ["-X", self.request.method] if self.request.method != "GET" else []
        url = self.url
        if self.named_host != self.host:
            if self.request.is_tls:
                options += ["--resolve", f"{self.named_host}:{self.port}:{self.host}"]
                url = replace(self, host=self.named_host).url
            else:
                options += ["-H", f"'Host: {self.request.host}'"]
        return " ".join(["curl", *options, url])


def asked_of(trace: Trace) -> Asked:
    """What was asked in a finished trace; `Asked.trace(cluster)` asks it again.

    What a test made the backend answer (`reply`) is not in a trace: asked again, the image's own answer comes.
    """
    packet = trace.steps[0].before
    flow = packet.flow
    options: dict[str, Any] = {"source_port": packet.source_port, "family": flow.family, "via": flow.via,
                               "front_end": flow.front_end, "libc": flow.actor.libc, "source_address": _source(packet)}
    scheme = flow.request.scheme if flow.request is not None else packet.protocol.lower()
    return Asked(flow.actor.name, scheme, flow.host, packet.port, flow.request, options)


def ask_again(cluster: Cluster, trace: Trace) -> Trace:
    """The walk the request of `trace` takes in `cluster` now: a dry run from the same source and port.

    Raises NotFound when the sender no longer exists there.
    """
    return asked_of(trace).trace(cluster)


def _source(packet: Packet) -> str | None:
    """The source address, if the caller chose it: the sender's own ones follow from who it is."""
    if packet.place is Place.NAME or not packet.source or packet.source in packet.flow.actor.addresses:
        return None
    return None if is_loopback(packet.source) else ip.text(packet.source)


def is_address(text: str) -> bool:
    """Whether a host is an address, in brackets or not, rather than a name."""
    try:
        ip.number(text.strip("[]"))
    except ValueError:
        return False
    return True
