"""Every destination one cluster knows of: names, addresses, ports, hosts and paths, each with what it is about.

Keys are the same on both sides for the same thing, so that a Service whose cluster IP another run allocated differently
is asked at its own address on each side.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from simnet import ip
from simnet.compare.network import Network, role_of
from simnet.names import ObjectKey
from simnet.objects.httproute import HTTPRoute
from simnet.objects.ingress import Ingress
from simnet.objects.node import Node
from simnet.objects.pod import Pod
from simnet.objects.service import Service, ServicePort

EVERYBODY, CLUSTER, PODS = "everybody", "pods and nodes", "pods"
ANOTHER_HOST = "another-host.invalid"
_PATTERN = frozenset("([\\*+?{|^$.")
Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """One destination. `local_url` is what pods of `namespace` type instead; `senders` who may try it at all; `members`
    are the pods behind it, which may meet themselves."""

    about: str
    url: str
    senders: str = EVERYBODY
    at: str = ""
    local_url: str = ""
    namespace: str = ""
    members: tuple[ObjectKey, ...] = field(default=(), compare=False)


def destinations(cluster: Network) -> dict[Key, Asked]:
    """All destinations of one side. Cost: the number of ports of its Services and pods times its nodes, and of its hosts
    times their paths."""
    found: dict[Key, Asked] = {}
    nodes = cluster.list("Node")
    for service in cluster.list("Service"):
        found.update(_of_service(cluster, service, nodes))
    ports = _endpoint_ports(cluster)
    seen: set[str] = set()
    for pod in cluster.list("Pod"):
        role = role_of(cluster.view, pod)
        if role not in seen and pod.pod_ips:
            seen.add(role)
            found.update(_of_pod(pod, role, ports.get(pod.key, set()), nodes))
    found.update(_of_sites(cluster))
    return found


# Services -------------------------------------------------------------------------------------------------------

def _of_service(cluster: Network, service: Service, nodes: list[Node]) -> Iterator[tuple[Key, Asked]]:
    members = tuple(each.target for piece in cluster.view.slices(service.key) for each in piece.endpoints
                    if each.target is not None)
    name, dotted = service.name, f"{service.name}.{service.namespace}"
    ports = service.ports or ((ServicePort(80),) if service.is_external_name else ())
    for port in ports:
        about, proto = f"{service.ref} port {port.port}/{port.protocol}", port.protocol
        yield (about, "name"), Asked(about, _url(port, dotted), PODS, local_url=_url(port, name),
                                     namespace=service.namespace, members=members)
        for host in _names_of_pods(cluster, service):
            yield (about, host), Asked(about, _url(port, f"{host}.{dotted}"), PODS)
        for index, number in enumerate(service.cluster_ips):
            yield (about, "cluster IP", index), Asked(about, _url(port, ip.text(number)), CLUSTER, members=members)
        for number in service.external_ips:
            yield (about, "external IP", number), Asked(about, _url(port, ip.text(number)), members=members)
        for index, number in enumerate(service.load_balancer_ips):
            yield (about, "load balancer", index), Asked(about, _url(port, ip.text(number)), members=members)
        for node in nodes if port.node_port else ():
            url = f"{proto.lower()}://{ip.host_port(node.addresses[0], port.node_port)}"
            yield (about, "node port", node.name), Asked(about, url, members=members)


def _names_of_pods(cluster: Network, service: Service) -> list[str]:
    """Host names the DNS has for single pods of a headless Service."""
    if not service.is_headless:
        return []
    return sorted({each.hostname for piece in cluster.view.slices(service.key) for each in piece.endpoints if each.hostname})


def _url(port: ServicePort, host: str) -> str:
    """HTTP where the port says so by its number or name, a plain connection elsewhere."""
    literal = f"[{host}]" if ":" in host else host
    if port.protocol == "TCP" and (port.port == 80 or (port.app_protocol or port.name).lower() in ("http", "web")):
        return f"http://{literal}/" if port.port == 80 else f"http://{literal}:{port.port}/"
    return f"{port.protocol.lower()}://{literal}:{port.port}"


# pods -----------------------------------------------------------------------------------------------------------

def _endpoint_ports(cluster: Network) -> dict[ObjectKey, set[tuple[str, int]]]:
    """The ports that slices send to, of each pod."""
    found: dict[ObjectKey, set[tuple[str, int]]] = {}
    for piece in cluster.list("EndpointSlice"):
        ports = {(port.protocol, port.port) for port in piece.ports if port.port}
        for each in piece.endpoints:
            if each.target is not None:
                found.setdefault(each.target, set()).update(ports)
    return found


def _of_pod(pod: Pod, role: str, ports: set[tuple[str, int]], nodes: list[Node]) -> Iterator[tuple[Key, Asked]]:
    declared = [port for container in pod.spec.port_owners for port in container.ports]
    for proto, number in sorted(ports | {(port.protocol, port.container_port) for port in declared}):
        about = f"{role} port {number}/{proto}"
        for index, address in enumerate(pod.pod_ips):
            yield (about, index), Asked(about, f"{proto.lower()}://{ip.host_port(address, number)}", CLUSTER)
    for port in declared:
        for node in nodes if port.host_port else ():
            about = f"{role} host port {port.host_port}/{port.protocol}"
            yield (about, node.name), Asked(
                about, f"{port.protocol.lower()}://{ip.host_port(node.addresses[0], port.host_port)}")


# hosts and paths ------------------------------------------------------------------------------------------------

@dataclass(slots=True)
class _Site:
    """Concrete hosts with the paths of their rules, the addresses they are served at, and whether any of it by TLS."""

    paths: dict[str, set[str]] = field(default_factory=lambda: {ANOTHER_HOST: set()})
    addresses: dict[str, None] = field(default_factory=dict)
    encrypted: bool = False
    known: bool = False

    def add(self, host: str, paths: Iterable[tuple[str, str]]) -> None:
        own = self.paths.setdefault(_host(host), set())
        own.update(variant for path, path_type in paths for variant in _variants(path, path_type))
        self.known = True


def _of_sites(cluster: Network) -> Iterator[tuple[Key, Asked]]:
    """Each host with its own paths and those of rules for every host; one host that no rule names."""
    site = _Site()
    for each in cluster.list("Ingress"):
        _read_ingress(site, each)
    for route in cluster.list("HTTPRoute"):
        _read_route(site, route)
    for gateway in cluster.list("Gateway"):
        site.addresses.update(dict.fromkeys(filter(_is_address, gateway.addresses)))
        site.encrypted |= any(each.mode for each in gateway.listeners)
    if not site.known:
        return
    for host, own in sorted(site.paths.items()):
        about = f"host {host}" if host != ANOTHER_HOST else "any other host"
        for path in sorted(own | site.paths[ANOTHER_HOST] | {"/", "/another-path"}):
            for scheme in ("http", "https") if site.encrypted else ("http",):
                for index, address in enumerate(site.addresses):
                    yield (about, path, scheme, index), Asked(about, f"{scheme}://{host}{path}", at=address)


def _read_ingress(site: _Site, ingress: Ingress) -> None:
    site.addresses.update(dict.fromkeys(filter(_is_address, ingress.addresses)))
    site.encrypted |= bool(ingress.tls)
    for rule in ingress.rules:
        site.add(rule.host, [(path.path, path.path_type) for path in rule.paths or ()])


def _read_route(site: _Site, route: HTTPRoute) -> None:
    paths = [(match.path, match.path_type) for rule in route.spec.rules for match in rule.matches]
    for host in route.spec.hostnames or ("",):
        site.add(host, paths)


def _host(host: str) -> str:
    """A concrete host for a rule's: `any.example.com` for `*.example.com`, the unnamed one for none."""
    return f"any{host[1:]}" if host.startswith("*.") else host or ANOTHER_HOST


def _variants(path: str, path_type: str) -> Iterator[str]:
    """Paths around a rule's border: itself, below it, beside it, with and without the final slash. Of a pattern, what
    stands before its first special character."""
    special = next((index for index, letter in enumerate(path) if letter in _PATTERN), len(path))
    plain = path[:special] if path_type in ("ImplementationSpecific", "RegularExpression") else path
    stem = plain.rstrip("/")
    yield from (plain or "/", f"{stem}/", f"{stem}/below", *((stem, f"{stem}x") if stem else ()))


def _is_address(text: str) -> bool:
    try:
        ip.number(text)
    except ValueError:
        return False
    return True

