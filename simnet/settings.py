"""What a cluster is set up with: every keyword of `Cluster`, read once, checked, frozen.

Defaults are kubeadm's where it has any. Reference behaviour: Kubernetes 1.35.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any

from simnet import ip
from simnet.clock import DEFAULT_NOW
from simnet.errors import UsageError, nearest
from simnet.images import Images, Listen, read_listen
from simnet.ip import IPNetwork
from simnet.x509.certificate import Certificate, read_certificates

EMPTY: Mapping[str, Any] = MappingProxyType({})
LAPTOP = "laptop"
NAMESPACE_RULES = ("created on apply", "listed only", "any")
ADDONS = ("coredns", "ingress-nginx")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxySettings:
    """kube-proxy. `cluster_cidrs` are the ranges whose sources count as pods; None means the pod ranges, empty means
    that pods cannot be recognised (rule MQ-4). `node_port_addresses` None means every local address."""

    mode: str = "iptables"
    cluster_cidrs: tuple[IPNetwork, ...] | None = None
    node_port_addresses: tuple[IPNetwork, ...] | None = None
    node_port_primary: bool = False
    localhost_node_ports: bool = True
    masquerade_all: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DNSSettings:
    """CoreDNS, with kubeadm's Corefile as default (rule D3). `upstream_records` are lines as dig prints them."""

    zones: tuple[str, ...] = ("cluster.local.", "in-addr.arpa.", "ip6.arpa.")
    fallthrough: tuple[str, ...] = ("in-addr.arpa.", "ip6.arpa.")
    pods: str = "insecure"
    ttl: int = 30
    endpoint_pod_names: bool = False
    ignore_empty_service: bool = False
    noendpoints: bool = False
    namespaces: tuple[str, ...] | None = None
    synced: bool = True
    dns_service: str | None = "kube-system/kube-dns"
    dns_server_ips: tuple[str, ...] = ()
    has_upstream: bool = True
    upstream_records: tuple[str, ...] = ()
    upstream_rcodes: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    stub_domains: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    transport: str = "pods"


@dataclass(frozen=True, slots=True, kw_only=True)
class KubeletSettings:
    """What the kubelet writes into pods (rules D77 to D84). `host_resolv_conf` is the text of the node's file."""

    cluster_dns: tuple[str, ...] = ("10.96.0.10",)
    cluster_domain: str = "cluster.local"
    host_resolv_conf: str | None = "nameserver 192.0.2.53\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerSettings:
    """One Ingress controller add-on. The keys are those of the ingress cases; `shape` "hostport" publishes the node's
    address instead of a LoadBalancer Service."""

    name: str = "ingress-nginx"
    namespace: str = "ingress-nginx"
    node: str = ""
    ingress_class: str = "nginx"
    is_default_class: bool = False
    class_controller: str = "k8s.io/ingress-nginx"
    class_annotation: str = "nginx"
    watch_without_class: bool = False
    default_backend_service: str | None = None
    default_tls_secret: str | None = None
    publish_service: str | None = None
    http_port: int = 80
    https_port: int = 443
    config: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    profile: str = "nginx"
    webhook: bool = False
    shape: str = "loadbalancer"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideHost:
    """A host outside the cluster: name, addresses, and what it listens on."""

    name: str
    addresses: tuple[int, ...]
    listen: tuple[Listen, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything; see the README for meanings and `Settings.read` for the accepted forms."""

    nodes: tuple[tuple[str, tuple[int, ...]], ...]
    pod_cidrs: tuple[IPNetwork, ...]
    service_cidrs: tuple[IPNetwork, ...]
    node_port_range: tuple[int, int]
    load_balancer_pool: IPNetwork
    seed: int
    now: str
    namespaces: str
    addons: Mapping[str, str]
    images: Images
    outside: Mapping[str, OutsideHost]
    assume: str
    policies: str
    pins: Mapping[str, Any]
    trust: tuple[Certificate, ...]
    proxy: ProxySettings
    dns: DNSSettings
    kubelet: KubeletSettings
    ingress: tuple[ControllerSettings, ...]

    @property
    def cluster_cidrs(self) -> tuple[IPNetwork, ...]:
        """Sources inside these count as pods."""
        return self.pod_cidrs if self.proxy.cluster_cidrs is None else self.proxy.cluster_cidrs

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Settings:
        """From the keywords of `Cluster`. Raises UsageError naming the keyword, the value and what would do."""
        known = {"nodes": 1, "pod_cidr": "10.244.0.0/16", "service_cidr": "10.96.0.0/12",
                 "node_port_range": "30000-32767", "load_balancer_pool": "203.0.113.0/28", "seed": 0,
                 "now": DEFAULT_NOW, "namespaces": "created on apply", "addons": ADDONS, "images": {}, "outside": {},
                 "assume": "nothing", "policies": "required", "pins": {}, "trust": (), "proxy": {}, "dns": {},
                 "kubelet": {}, "ingress": {}, "delays": {}}
        refuse_unknown("Cluster", given, known)
        value = {**known, **given}
        if any(delay for delay in dict(value["delays"]).values()):
            raise UsageError("delays other than zero are not modelled yet; leave the keyword out")
        service_cidrs = _networks(value["service_cidr"], "service_cidr")
        outside = _outside(value["outside"])
        addons = _addons(value["addons"])
        return cls(
            nodes=_nodes(value["nodes"]), pod_cidrs=_networks(value["pod_cidr"], "pod_cidr"),
            service_cidrs=service_cidrs, node_port_range=_port_range(value["node_port_range"]),
            load_balancer_pool=_network(value["load_balancer_pool"], "load_balancer_pool"),
            seed=value["seed"], now=str(value["now"]),
            namespaces=one_of("namespaces", value["namespaces"], NAMESPACE_RULES), addons=addons,
            images=value["images"] if isinstance(value["images"], Images) else Images(value["images"]),
            outside=outside, assume=one_of("assume", value["assume"], ("nothing", "any-port")),
            policies=one_of("policies", value["policies"], ("required", "not-enforced")),
            pins=MappingProxyType(dict(value["pins"])), trust=_trust(value["trust"]),
            proxy=_proxy(value["proxy"]), dns=_dns(value["dns"]),
            kubelet=_kubelet(value["kubelet"], service_cidrs), ingress=_controllers(value["ingress"], addons))


def refuse_unknown(what: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Raise UsageError for the first key that is not known, with the nearest one that is."""
    known = list(known)
    for key in given:
        if key not in known:
            near = nearest(str(key), known)
            raise UsageError(f"{what} has no setting {key!r}" + (f"; did you mean {near}?" if near else
                                                                f"; known are {', '.join(sorted(known))}"))


def one_of(name: str, value: Any, allowed: Sequence[str]) -> str:
    """`value` if it is one of `allowed`, else UsageError."""
    if value not in allowed:
        near = nearest(str(value), allowed)
        raise UsageError(f"{name}: {value!r} is not one of {', '.join(repr(each) for each in allowed)}"
                         + (f"; did you mean {near!r}?" if near else ""))
    return str(value)


def _network(text: Any, name: str) -> IPNetwork:
    if isinstance(text, IPNetwork):
        return text
    try:
        return IPNetwork.parse(str(text))
    except ValueError as problem:
        raise UsageError(f"{name}: {problem}") from None


def _networks(value: Any, name: str) -> tuple[IPNetwork, ...]:
    values = [value] if isinstance(value, (str, IPNetwork)) else list(value)
    networks = tuple(_network(each, name) for each in values)
    if len({network.family for network in networks}) != len(networks):
        raise UsageError(f"{name}: at most one range of each family, given {', '.join(map(str, networks))}")
    return networks


def _numbers(value: Any, name: str) -> tuple[int, ...]:
    values = [value] if isinstance(value, str) else list(value)
    try:
        return tuple(ip.number(str(each)) for each in values)
    except ValueError as problem:
        raise UsageError(f"{name}: {problem}") from None


def _nodes(value: Any) -> tuple[tuple[str, tuple[int, ...]], ...]:
    if isinstance(value, Mapping):
        return tuple((str(name), _numbers(addresses, f"nodes[{name}]")) for name, addresses in value.items())
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 65_000:
        first = ip.number("172.18.0.2")
        return tuple((f"node-{i + 1}", (first + i,)) for i in range(value))
    raise UsageError(f"nodes: {value!r} is neither a number of nodes nor a mapping of name to address")


def _port_range(value: Any) -> tuple[int, int]:
    low, dash, high = str(value).partition("-")
    if not (dash and low.isdigit() and high.isdigit() and 0 < int(low) <= int(high) < 65536):
        raise UsageError(f"node_port_range: {value!r} is not LOW-HIGH with ports from 1 to 65535")
    return int(low), int(high)


def _addons(value: Any) -> Mapping[str, str]:
    """Name -> node it is put on ('' = wherever the scheduler likes)."""
    given = {str(name): str(node or "") for name, node in value.items()} if isinstance(value, Mapping) else {
        str(name): "" for name in value}
    given = {"ingress-nginx" if name == "ingress" else name: node for name, node in given.items()}
    for name in given:
        one_of("addons", name, ADDONS)
    return MappingProxyType(given)


def _outside(value: Mapping[str, Any]) -> Mapping[str, OutsideHost]:
    hosts = {LAPTOP: OutsideHost(name=LAPTOP, addresses=(ip.number("192.0.2.1"),))}
    for name, data in value.items():
        if isinstance(data, (str, list, tuple)):
            data = {"address": data}
        refuse_unknown(f"outside[{name}]", data, ("address", "addresses", "listen"))
        addresses = _numbers(data.get("addresses", data.get("address", ())), f"outside[{name}].address")
        if not addresses:
            raise UsageError(f"outside[{name}]: an address is missing")
        listen = tuple(read_listen(entry, f"outside[{name}].listen[{i}]") for i, entry in enumerate(data.get("listen") or ()))
        hosts[str(name)] = OutsideHost(name=str(name), addresses=addresses, listen=listen)
    return MappingProxyType(hosts)


def _trust(value: Any) -> tuple[Certificate, ...]:
    values = [value] if isinstance(value, (str, bytes)) else list(value)
    return tuple(certificate for each in values for certificate in
                 ([each] if isinstance(each, Certificate) else read_certificates(each)))


def _proxy(value: Any) -> ProxySettings:
    if isinstance(value, str):
        value = {"mode": value}
    given = dict(value)
    refuse_unknown("proxy", given, [each.name for each in fields(ProxySettings)])
    if given.get("cluster_cidrs") is not None:
        given["cluster_cidrs"] = tuple(_network(each, "proxy.cluster_cidrs") for each in given["cluster_cidrs"])
    addresses = given.get("node_port_addresses")
    if addresses is not None:
        addresses = [addresses] if isinstance(addresses, str) else list(addresses)
        given["node_port_primary"] = "primary" in addresses
        given["node_port_addresses"] = tuple(
            _network(each, "proxy.node_port_addresses") for each in addresses if each != "primary")
    settings = ProxySettings(**given)
    one_of("proxy.mode", settings.mode, ("iptables", "nftables"))
    return settings


def _dns(value: Mapping[str, Any]) -> DNSSettings:
    given = dict(value)
    optional = [name for name in ("autopath", "zonal", "external", "axfr") if given.pop(name, None)]
    if optional:
        raise UsageError(f"dns.{optional[0]}: this optional feature of CoreDNS is not modelled yet")
    upstream = given.pop("upstream", ...)
    refuse_unknown("dns", given, [each.name for each in fields(DNSSettings)] + ["upstream"])
    for name in ("zones", "fallthrough", "dns_server_ips", "upstream_records", "namespaces"):
        if given.get(name) is not None:
            given[name] = tuple(given[name])
    if upstream is None:
        given["has_upstream"] = False
    elif upstream is not ...:
        refuse_unknown("dns.upstream", upstream, ("records", "rcodes"))
        given["upstream_records"] = tuple(upstream.get("records") or ())
        given["upstream_rcodes"] = MappingProxyType(dict(upstream.get("rcodes") or {}))
    settings = DNSSettings(**given)
    _numbers(settings.dns_server_ips, "dns.dns_server_ips")
    one_of("dns.pods", settings.pods, ("disabled", "insecure", "verified"))
    one_of("dns.transport", settings.transport, ("pods", "direct"))
    return settings


def _kubelet(value: Mapping[str, Any], service_cidrs: tuple[IPNetwork, ...]) -> KubeletSettings:
    """The cluster DNS address is the tenth of the service range, as kubeadm gives it, unless one is named."""
    given = dict(value)
    refuse_unknown("kubelet", given, [each.name for each in fields(KubeletSettings)])
    default = tuple(ip.text(cidr.nth(10)) for cidr in service_cidrs[:1])
    given["cluster_dns"] = tuple(given.get("cluster_dns", default))
    _numbers(given["cluster_dns"], "kubelet.cluster_dns")
    return KubeletSettings(**given)


def _controllers(value: Any, addons: Mapping[str, str]) -> tuple[ControllerSettings, ...]:
    """One controller for each entry, or the one of the add-on; none when there is no ingress add-on."""
    if "ingress-nginx" not in addons:
        return ()
    entries = [value] if isinstance(value, Mapping) else list(value)
    allowed = [each.name for each in fields(ControllerSettings)]
    controllers = []
    for entry in entries:
        refuse_unknown("ingress", entry, allowed)
        controller = ControllerSettings(**{**entry, "config": MappingProxyType(dict(entry.get("config") or {}))})
        one_of("ingress.profile", controller.profile, ("nginx",))
        if controller.webhook:
            raise UsageError("ingress.webhook: the validating webhook is not modelled yet; leave the key out")
        one_of("ingress.shape", controller.shape, ("loadbalancer", "hostport"))
        controllers.append(controller if controller.node else replace(controller, node=addons["ingress-nginx"]))
    names = [(controller.namespace, controller.name) for controller in controllers]
    if len(set(names)) != len(names):
        raise UsageError(f"ingress: two controllers are called {names[0][1]!r}; give each a name of its own")
    return tuple(controllers)
