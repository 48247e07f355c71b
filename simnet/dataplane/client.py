"""What the client program makes of a URL and its options before anything is sent.

As curl does it: scheme, host, port, Host header, name in the TLS handshake, and who the sender is.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import unquote

from simnet import ip
from simnet.dataplane.http.message import Reply, Request
from simnet.dataplane.packet import Actor, Flow, Packet, Place
from simnet.dataplane.view import View
from simnet.errors import NotFound, UsageError, nearest
from simnet.images.profile import LIBCS
from simnet.names import ObjectKey, split_host_port
from simnet.objects.pod import Pod
from simnet.settings import one_of, refuse_unknown

DEFAULT_PORTS = {"http": 80, "https": 443}
TRANSPORTS = {"tcp": "TCP", "udp": "UDP", "sctp": "SCTP"}
_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # a token; RFC 9110 sections 5.6.2 and 9.1


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart: `host` as written (an IPv6 literal without brackets), `path` the request target with its query,
    `netloc` host and port as written, `credentials` USER:PASSWORD if there are any."""

    scheme: str
    host: str
    port: int
    path: str
    netloc: str
    credentials: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The keywords of `request`, `connect`, `trace` and `outcomes`.

    `target_line` is a raw request target instead of the URL's; `headers` are pairs or a mapping, a Host of None sends no
    Host header; `sni` None sends no name in the TLS handshake (default: the URL's host unless it is an address); `at`
    connects to this address (`203.0.113.1` or with a port) instead of resolving the host; `via` is the node a packet
    from outside reaches first; `front_end` NS/NAME enters at that Ingress controller or Gateway with the source unchanged;
    `insecure` and `cacert` (PEM text) are curl's -k and --cacert; `family` 4 or 6 limits name resolution; `reply` is
    what the backend answers: a status, or a mapping with status, headers, body and delay.
    """

    method: str = "GET"
    target_line: str | None = None
    headers: Any = ()
    body: bytes | str = b""
    sni: Any = ...
    http_version: str = "1.1"
    insecure: bool = False
    cacert: str = ""
    at: str | None = None
    via: str = ""
    source_address: str | None = None
    source_port: int | None = None
    front_end: str = ""
    family: int | None = None
    libc: str | None = None
    reply: Any = None

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Options:
        """The keywords of one request. Raises UsageError naming the keyword, the value and what would do."""
        refuse_unknown("request", given, OPTION_NAMES)
        options = cls(**given)
        if options.source_address is not None:
            ip.number(options.source_address)
        if options.libc is not None:
            one_of("libc", options.libc, LIBCS)
        one_of("http_version", options.http_version, ("1.0", "1.1", "2"))
        if options.family not in (None, 4, 6):
            raise UsageError(f"family: {options.family!r} is neither 4 nor 6")
        if options.source_port is not None and options.source_port not in range(1, 65536):
            raise UsageError(f"source_port: {options.source_port!r} is not a port from 1 to 65535")
        return options


OPTION_NAMES = tuple(each.name for each in fields(Options))


def parse_url(url: str) -> Target:
    """Take a URL apart. Raises UsageError that says what is missing or wrong."""
    if "://" not in url:
        raise UsageError(f"{url!r} has no scheme; write http://{url} (or https, tcp, udp, sctp)")
    scheme = url.partition("://")[0].lower()
    if scheme not in DEFAULT_PORTS and scheme not in TRANSPORTS:
        near = nearest(scheme, [*DEFAULT_PORTS, *TRANSPORTS])
        raise UsageError(f"{url!r}: scheme {scheme!r} is not one of http, https, tcp, udp, sctp"
                         + (f"; did you mean {near}?" if near else ""))
    rest = url.partition("://")[2]
    netloc = rest[:min((rest.find(mark) for mark in "/?#" if mark in rest), default=len(rest))]
    path = rest[len(netloc):].partition("#")[0]
    credentials, _, authority = netloc.rpartition("@")
    host, port = _host_and_port(url, authority)
    if port is None and scheme in TRANSPORTS:
        raise UsageError(f"{url!r}: {scheme} needs a port, {scheme}://{authority.removesuffix(':')}:80 for example")
    return Target(scheme, host, port if port is not None else DEFAULT_PORTS[scheme],
                  path if path.startswith("/") else "/" + path, authority.removesuffix(":"), unquote(credentials))


def _host_and_port(url: str, authority: str) -> tuple[str, int | None]:
    """Host and port of `web:80`, `10.0.0.1`, `[fd00::1]:80`; an empty port is none, as in RFC 3986."""
    if any(character.isspace() or not character.isprintable() for character in authority):
        raise UsageError(f"{url!r}: there is a blank or a control character in the host")
    if authority.count(":") > 1 and not authority.startswith("["):
        raise UsageError(f"{url!r}: an IPv6 address stands in brackets, http://[fd00::1]:80/ for example")
    try:
        host, port = split_host_port(authority.removesuffix(":"))
    except UsageError as problem:
        raise UsageError(f"{url!r}: {problem}") from None
    if not host:
        raise UsageError(f"{url!r} names no host")
    if authority.startswith("[") and not (_is_address(host) and ":" in host):
        raise UsageError(f"{url!r}: {host!r} in brackets is not an IPv6 address")
    return host, port


def request_of(target: Target, options: Options) -> Request | None:
    """The HTTP request the client will send; None for a plain connection."""
    if target.scheme in TRANSPORTS:
        return None
    if not _METHOD.fullmatch(options.method):
        raise UsageError(f"method: {options.method!r} is not a method; write GET or POST, without blanks")
    hosts, others = split_headers(options.headers)
    if target.credentials and not any(name.lower() == "authorization" for name, _ in others):
        others = (("Authorization", f"Basic {b64encode(target.credentials.encode()).decode()}"), *others)
    default_host = None if options.http_version == "1.0" and not hosts else _host_header(target)
    host = hosts[0] if hosts else default_host
    sni = (None if _is_address(target.host) else target.host.rstrip(".")) if options.sni is ... else options.sni
    body = options.body.encode() if isinstance(options.body, str) else options.body
    return Request(options.method, target.scheme, host, options.target_line or target.path, others, body,
                   sni if target.scheme == "https" else None, options.http_version, options.insecure, options.cacert)


def split_headers(headers: Any) -> tuple[tuple[Any, ...], tuple[tuple[str, str], ...]]:
    """What `headers` (pairs or a mapping) say for Host, and the others; a second Host is one of the others."""
    pairs = tuple(headers.items() if isinstance(headers, Mapping) else headers)
    hosts = tuple(value for name, value in pairs if name.lower() == "host")
    others = tuple((str(name), str(value)) for name, value in pairs if name.lower() != "host")
    return hosts, others + tuple(("Host", str(each)) for each in hosts[1:])


def _host_header(target: Target) -> str:
    """The host as written, with the port only when it is not the scheme's own."""
    if target.port == DEFAULT_PORTS.get(target.scheme):
        suffix = f":{target.port}"
        return target.netloc[:-len(suffix)] if target.netloc.endswith(suffix) else target.netloc
    return target.netloc


def reply_of(given: Any) -> Reply | None:
    """What the caller wants the backend to answer: None, a status, or a mapping with status, headers, body, delay."""
    if given is None or isinstance(given, Reply):
        return given
    if isinstance(given, int):
        return Reply(given)
    unknown = set(given) - {"status", "headers", "body", "delay"}
    if unknown:
        raise UsageError(f"reply has no key {sorted(unknown)[0]!r}; known are status, headers, body, delay")
    headers = given.get("headers", ())
    body = given.get("body", b"")
    return Reply(int(given.get("status", 200)), tuple(headers.items() if isinstance(headers, Mapping) else headers),
                 body.encode() if isinstance(body, str) else body, float(given.get("delay", 0.0)))


# who sends ------------------------------------------------------------------------------------------------------

def actor_of(net: View, source: str) -> Actor:
    """`pod/NAMESPACE/NAME`, `pod/NAME`, `node/NAME`, a declared outside host, or an address outside the cluster.

    Raises NotFound with the nearest name that exists, UsageError for text that is none of these.
    """
    kind, slash, rest = source.partition("/")
    if slash and kind == "pod":
        namespace, _, name = rest.rpartition("/")
        if "/" in namespace:
            raise UsageError(f"source {source!r} has too many parts; write pod/NAMESPACE/NAME or pod/NAME")
        return pod_actor(net, ObjectKey(namespace or "default", name))
    if slash and kind == "node":
        node = net.node(rest)
        if node is None:
            raise NotFound("node", rest, suggestion=nearest(rest, [each.name for each in net.store.list("Node")]))
        return Actor(f"node/{rest}", (*node.addresses, *node.external_addresses), rest, None, True)
    host = net.settings.outside.get(rest if slash and kind == "host" else source)
    if host is not None:
        return Actor(host.name, host.addresses)
    return _address_actor(net, source)


def pod_actor(net: View, key: ObjectKey) -> Actor:
    """A process in a pod; a hostNetwork pod is a host process of its node."""
    pod = net.pod(key)
    if pod is None:
        known = [each.name for each in net.store.list("Pod", key.namespace)]
        raise NotFound("pod", key.name, key.namespace, known, nearest(key.name, known))
    node = net.node(pod.node_name)
    if pod.spec.host_network and node is not None:
        return Actor(f"pod/{key}", (*node.addresses, *node.external_addresses), node.name, pod, True, _libc(net, pod))
    if not pod.pod_ips:
        raise UsageError(f"pod/{key} has no address ({pod.message or pod.phase}); nothing can be sent from it")
    return Actor(f"pod/{key}", pod.pod_ips, pod.node_name, pod, False, _libc(net, pod), net.unjudged(pod, "Egress"))


def _libc(net: View, pod: Pod) -> str:
    """The C library of the first container's image; it decides how names are searched."""
    profile = net.settings.images.of(pod.spec.containers[0].image) if pod.spec.containers else None
    return profile.libc if profile is not None else "glibc"


def _address_actor(net: View, source: str) -> Actor:
    try:
        number = ip.number(source)
    except ValueError:
        known = [*net.settings.outside, "pod/NAME", "node/NAME"]
        near = nearest(source, known)
        raise UsageError(f"source {source!r} is neither pod/NAMESPACE/NAME, pod/NAME, node/NAME, an outside host ("
                         f"{', '.join(net.settings.outside)}) nor an address" + (f"; did you mean {near}?" if near else "")
                         ) from None
    return Actor(source, (number,))


def _is_address(text: str) -> bool:
    try:
        ip.number(text)
    except ValueError:
        return False
    return True


# the first packet -----------------------------------------------------------------------------------------------

def first_packet(net: View, target: Target, actor: Actor, options: Options, source_port: int) -> Packet:
    """The packet the client sends first: to an address, or, when it asked for a name, still to be resolved."""
    request = request_of(target, options)
    if options.libc is not None:
        actor = actor.with_libc(options.libc)
    at_host, at_port = _at(options.at, target)
    flow = Flow(actor, at_host, TRANSPORTS.get(target.scheme, "TCP"), request, options.family, None, options.via,
                options.front_end)
    port = options.source_port if options.source_port is not None else source_port
    given = ip.number(options.source_address) if options.source_address else 0
    if options.front_end:
        return _at_gateway(net, flow, given, port, at_port) or _at_front_end(net, flow, given, port)
    if not _is_address(at_host):
        return Packet(Place.NAME, actor.node, given, port, 0, at_port, flow)
    destination = ip.number(at_host)
    source = given or actor.address_for(destination) or 0
    return Packet(Place.ADDRESS, actor.node, source, port, destination, at_port, flow)


def _at_gateway(net: View, flow: Flow, given: int, source_port: int, port: int) -> Packet | None:
    """The packet as it stands before a Gateway's pod, on the port of the URL; None when no Gateway has this name.

    Raises UsageError when it has no pod that could take it.
    """
    namespace, _, name = flow.front_end.rpartition("/")
    key = ObjectKey(namespace, name)
    if key not in net.gateways.all():
        return None
    pods = [pod for each in net.gateways.pods_of(key) if (pod := net.pod(each)) is not None and pod.pod_ips]
    if flow.request is None or not pods:
        raise UsageError("front_end takes HTTP requests; use an http:// or https:// URL" if flow.request is None else
                         f"gateway/{key} has no running pod: kubectl describe gateway {name} -n {namespace} says why")
    return _entering(flow, given, source_port, pods[0], port)


def _at_front_end(net: View, flow: Flow, given: int, source_port: int) -> Packet:
    """The packet as it stands before the controller: nothing on the way has translated it."""
    if flow.request is None:
        raise UsageError("front_end takes HTTP requests; use an http:// or https:// URL")
    namespace, _, name = flow.front_end.rpartition("/")
    found = [each for each in net.ingress.all() if each.pod.namespace == namespace
             and (each.pod.name == name or each.pod.name.startswith(f"{name}-"))]
    pod = net.pod(found[0].pod) if found else None
    if pod is None or not pod.pod_ips:
        known = [str(each) for each in (*(each.pod for each in net.ingress.all()), *net.gateways.all())]
        raise NotFound("controller", name, namespace, known, nearest(flow.front_end, known))
    port = found[0].https_ports[0] if flow.request.is_tls else found[0].ports[0]
    return _entering(flow, given, source_port, pod, port)


def _entering(flow: Flow, given: int, source_port: int, pod: Pod, port: int) -> Packet:
    """A packet at a front end's pod. The source is the client's, also when the pod has no address of its family."""
    source = given or flow.actor.address_for(pod.pod_ips[0]) or next(iter(flow.actor.addresses), 0)
    return Packet(Place.POD, pod.node_name, source, source_port, pod.pod_ips[0], port, flow)


def _at(at: str | None, target: Target) -> tuple[str, int]:
    """Where to connect: the URL's host and port, or what `at` says (address, or address:port)."""
    if at is None:
        return target.host, target.port
    if _is_address(at):
        return at, target.port
    host, colon, port = at.rpartition(":")
    host = host.strip("[]")
    if not colon or not port.isdigit() or not _is_address(host):
        raise UsageError(f"at={at!r} is not an address (203.0.113.1) or address and port (203.0.113.1:8443)")
    return host, int(port)


