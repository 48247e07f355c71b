"""The settings that come in groups: what each part of the cluster is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from simnet.images import Listen
from simnet.ip import IPNetwork

EMPTY: Mapping[str, Any] = MappingProxyType({})


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
class CacheSettings:
    """How long answers are remembered at most, in seconds; 0 means not at all (rules D95, D96)."""

    positive: int = 0
    negative: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalSettings:
    """CoreDNS's plugin k8s_external (rule D99): a second zone for addresses that are reachable from outside. `ns_ips`
    are the addresses of its name server; `headless` adds headless Services and endpoints."""

    zone: str
    headless: bool = False
    ns_ips: tuple[str, ...] = ()
    ttl: int = 5


NO_CACHE = CacheSettings()


@dataclass(frozen=True, slots=True, kw_only=True)
class DNSSettings:
    """CoreDNS, with kubeadm's Corefile as default (rule D3). `upstream_records` are lines as dig prints them.

    `autopath`, `zonal`, `external` and `axfr` are optional features (rules D97 to D99, D50); autopath does nothing unless
    `pods` is verified, since the server does not know its clients otherwise. `cache` is the server's own,
    `node_cache` a NodeLocal DNSCache on every node, `client_cache` one in every client; all forget in logical time.
    """

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
    autopath: bool = False
    zonal: bool = False
    external: ExternalSettings | None = None
    axfr: bool = False
    cache: CacheSettings = NO_CACHE
    node_cache: CacheSettings = NO_CACHE
    client_cache: CacheSettings = NO_CACHE

    @property
    def remembers(self) -> bool:
        """Whether anybody keeps answers, so that time decides what is answered."""
        return any(each != NO_CACHE for each in (self.cache, self.node_cache, self.client_cache))


@dataclass(frozen=True, slots=True, kw_only=True)
class KubeletSettings:
    """What the kubelet writes into pods (rules D77 to D84). `host_resolv_conf` is the text of the node's file."""

    cluster_dns: tuple[str, ...] = ("10.96.0.10",)
    cluster_domain: str = "cluster.local"
    host_resolv_conf: str | None = "nameserver 192.0.2.53\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerSettings:
    """One Ingress controller add-on. The keys are those of the ingress cases; `shape` "hostport" publishes the node's
    address instead of a LoadBalancer Service. `profile` "spec" is a controller that does what the API documents promise
    and nothing else; `webhook` turns the validating webhook of ingress-nginx on."""

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
