"""Everything the data plane may read, with the indexes that make each look-up O(1).

The view follows the store by events, (old, new) each; it never scans. Stages get it read-only.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from operator import attrgetter
from typing import cast

from simnet import ip
from simnet.control.listening import Listening, listening_of, serving
from simnet.dataplane import indexed
from simnet.dataplane.affinity import AffinityTable
from simnet.dataplane.decisions import ServiceCaptured
from simnet.dataplane.dns.server import FOLLOWED_KINDS, ClusterDNS
from simnet.dataplane.gateway.gateways import Gateways
from simnet.dataplane.http.controllers import Controllers
from simnet.dataplane.memo import Memo
from simnet.dataplane.packet import LOOPBACK_V4, is_loopback
from simnet.dataplane.rules import (
    AddressKind,
    Claim,
    ServicePortRules,
    UsableEndpoints,
    address_kind,
    compile_rules,
    is_proxied,
)
from simnet.dataplane.underlay import Underlay
from simnet.dataplane.ways import Ways, ways
from simnet.names import ObjectKey
from simnet.objects.configmap import ConfigMap
from simnet.objects.endpointslice import EndpointSlice
from simnet.objects.namespace import Namespace
from simnet.objects.networkpolicy import NetworkPolicy
from simnet.objects.node import Node
from simnet.objects.pod import Pod, PodSpec
from simnet.objects.secret import Secret
from simnet.objects.service import Service
from simnet.settings import OutsideHost, Settings
from simnet.store.index import Index, ScarceIndex, SelectorIndex
from simnet.store.store import Creations, Event, Store
from simnet.store.work import Work

CLAIM_KINDS = frozenset(("Service", "EndpointSlice", "Node"))
LOCALHOST = LOOPBACK_V4.first + 1
MOST_CLAIMS = 200_000
RECENT_LIST_SIZE = 100  # clients an iptables `recent` list remembers: kernel module xt_recent, ip_list_tot (AF-7)

RulesByPort = Mapping[tuple[str, str, int], ServicePortRules]


class View:
    """A read-only look at one cluster for the stages of a walk. `now` is in logical seconds."""

    def __init__(self, store: Store, settings: Settings, work: Work) -> None:
        self.store, self.settings, self.work = store, settings, work
        self.now = 0.0
        self.underlay = Underlay()
        self.affinity = AffinityTable(RECENT_LIST_SIZE if settings.proxy.mode == "iptables" else None)
        self.dns = ClusterDNS(self)
        self.ingress = Controllers(self)
        self.gateways = Gateways(self)
        self.first_node = ""
        self.memo = Memo()
        self.claims: dict[tuple[str, int, int, str], ServiceCaptured | None] = {}
        self._rules: dict[ObjectKey, RulesByPort] = {}
        self._listening: dict[int, tuple[PodSpec, Listening]] = {}
        self._services_at: ScarceIndex[Service] = ScarceIndex(indexed.captured)
        self._services_with: ScarceIndex[Service] = ScarceIndex(indexed.addresses)
        self._node_ports: ScarceIndex[Service] = ScarceIndex(indexed.node_ports)
        self._health_ports: ScarceIndex[Service] = ScarceIndex(indexed.health_ports)
        self._slices: Index[EndpointSlice] = Index(indexed.slice_service)
        self._loose_endpoints: ScarceIndex[EndpointSlice] = ScarceIndex(indexed.loose_addresses)
        self._pods_at: ScarceIndex[Pod] = ScarceIndex(indexed.own_addresses)
        self._host_pods: Index[Pod] = Index(indexed.host_network_node)
        self._host_ports: ScarceIndex[Pod] = ScarceIndex(indexed.host_ports)
        self._nodes_at: ScarceIndex[Node] = ScarceIndex(indexed.node_addresses)
        self._policies = SelectorIndex(work)
        self.has_policies = False
        self._policy_count = 0
        self._cluster_cidrs = settings.cluster_cidrs
        self._cluster_ranges = tuple((cidr.first, cidr.last) for cidr in self._cluster_cidrs)
        self._pod_families = frozenset(cidr.family for cidr in self._cluster_cidrs)
        self._outside = {number: host for host in settings.outside.values() for number in host.addresses}
        self._on: dict[str, Callable[[Event], None]] = {
            "Service": self._service_changed, "EndpointSlice": self._slice_changed, "Pod": self._pod_changed,
            "Node": self._node_changed, "NetworkPolicy": self._policy_changed}
        self._followed = frozenset((*self._on, *FOLLOWED_KINDS, *self.ingress.kinds, *self.gateways.kinds))

    # following the store ---------------------------------------------------------------------------------------

    def update(self, event: Event) -> None:
        """Follow one committed event. O(what the object itself lists)."""
        self.memo.clear()
        if event.kind not in self._followed:
            return
        handler = self._on.get(event.kind)
        if handler is not None:
            handler(event)
        self.dns.update(event)
        self.ingress.update(event)
        self.gateways.update(event)
        if self.claims and event.kind in CLAIM_KINDS:
            self.claims.clear()

    def created(self, creations: Creations) -> None:
        """Follow pods of one template created in bulk: no more than their addresses is of interest."""
        pods = creations.pods.values()
        self._pods_at.add_each(list(map(attrgetter("pod_ips"), pods)), pods)
        self.memo.clear()

    def fork(self, store: Store, work: Work) -> View:
        """An independent view over the forked store. Cost: one dict entry an indexed value."""
        twin = View(store, self.settings, work)
        twin.now, twin.first_node = self.now, self.first_node
        twin.underlay, twin.affinity = self.underlay.fork(), self.affinity.fork()
        twin.dns, twin.ingress = self.dns.fork(twin), self.ingress.fork(twin)
        twin.gateways = self.gateways.fork(twin)
        twin._services_at, twin._services_with = self._services_at.fork(), self._services_with.fork()
        twin._node_ports, twin._health_ports = self._node_ports.fork(), self._health_ports.fork()
        twin._slices, twin._loose_endpoints = self._slices.fork(), self._loose_endpoints.fork()
        twin._pods_at, twin._host_pods = self._pods_at.fork(), self._host_pods.fork()
        twin._host_ports, twin._nodes_at = self._host_ports.fork(), self._nodes_at.fork()
        twin._policies, twin._policy_count = self._policies.fork(work), self._policy_count
        twin.has_policies = self.has_policies
        twin._rules = self._rules.copy()
        return twin

    def _service_changed(self, event: Event) -> None:
        old, new = cast("Service | None", event.old), cast("Service | None", event.new)
        for index in (self._services_at, self._services_with, self._node_ports, self._health_ports):
            index.update(event.key, old, new)
        self._forget_rules(event.key)

    def _slice_changed(self, event: Event) -> None:
        old, new = cast("EndpointSlice | None", event.old), cast("EndpointSlice | None", event.new)
        self._slices.update(event.key, old, new)
        self._loose_endpoints.update(event.key, old, new)
        for each in (old, new):
            if each is not None and each.service is not None:
                self._forget_rules(each.service)

    def _pod_changed(self, event: Event) -> None:
        old, new = cast("Pod | None", event.old), cast("Pod | None", event.new)
        self._pods_at.update(event.key, old, new)
        specs = [each.spec for each in (old, new) if each is not None]
        if any(spec.host_network for spec in specs):
            self._host_pods.update(event.key, old, new)
        if any(spec.has_host_ports for spec in specs):
            self._host_ports.update(event.key, old, new)

    def _node_changed(self, event: Event) -> None:
        self._nodes_at.update(event.key, cast("Node | None", event.old), cast("Node | None", event.new))
        if event.old is None or event.new is None:
            nodes = self.store.list("Node")
            self.first_node = min(nodes, key=lambda node: (node.created, node.name)).name if nodes else ""
        if event.old is None or event.new is None or event.old.labels != event.new.labels:  # its zone decides its lists
            for service in self.affinity.services:
                self.affinity.forget_departed(service, self.rules(service), self.zone_of)

    def _policy_changed(self, event: Event) -> None:
        self._policy_count += (event.new is not None) - (event.old is not None)
        self.has_policies = self._policy_count > 0
        if isinstance(event.new, NetworkPolicy):
            self._policies.put(event.key, event.new.pod_selector)
        else:
            self._policies.remove(event.key)

    def _forget_rules(self, service: ObjectKey) -> None:
        self._rules.pop(service, None)
        if self.affinity.knows(service):
            self.affinity.forget_departed(service, self.rules(service), self.zone_of)

    # objects -----------------------------------------------------------------------------------------------------

    def node(self, name: str) -> Node | None:
        return cast("Node | None", self.store.get("Node", ObjectKey("", name)))

    def pod(self, key: ObjectKey) -> Pod | None:
        return cast("Pod | None", self.store.get("Pod", key))

    def service(self, key: ObjectKey) -> Service | None:
        return cast("Service | None", self.store.get("Service", key))

    def services(self) -> Collection[Service]:
        """All of them, by namespace and name: for whoever needs the whole, a zone transfer. O(Services)."""
        return cast("Collection[Service]", self.store.list("Service"))

    def secret(self, key: ObjectKey) -> Secret | None:
        return cast("Secret | None", self.store.get("Secret", key))

    def configmap(self, key: ObjectKey) -> ConfigMap | None:
        return cast("ConfigMap | None", self.store.get("ConfigMap", key))

    def namespace(self, name: str) -> Namespace | None:
        return cast("Namespace | None", self.store.get("Namespace", ObjectKey("", name)))

    def zone_of(self, node: str) -> str:
        found = self.node(node)
        return found.zone if found is not None else ""

    def slices(self, service: ObjectKey) -> Collection[EndpointSlice]:
        """The EndpointSlices that carry this Service's name."""
        return self._slices.get(service).values()

    def rules(self, service: ObjectKey) -> RulesByPort:
        """The Service's tables, compiled once after each change of the Service or its slices."""
        found = self._rules.get(service)
        if found is None:
            each = self.service(service)
            found = compile_rules(each, self.slices(service)) if each is not None and is_proxied(each) else {}
            self._rules[service] = found
            self.work.tables_built += 1
        return found

    # claims ------------------------------------------------------------------------------------------------------

    def captured(self, node: str, address: int, port: int, protocol: str) -> ServiceCaptured | None:
        """The claim of the Service that captures this destination on `node` by a cluster, external or load-balancer IP,
        as the decision that says so; None if there is none.

        Of several the first to claim the address wins; the rest is named in `Claim.also` (rule MT-2 leaves it open).
        Remembered in `claims` until a Service, slice or node changes: O(1).
        """
        key = (node, address, port, protocol)
        if key not in self.claims:
            if len(self.claims) >= MOST_CLAIMS:
                self.claims.clear()
            self.claims[key] = self._find_claim(*key)
        return self.claims[key]

    def _find_claim(self, node: str, address: int, port: int, protocol: str) -> ServiceCaptured | None:
        services = self.services_at(address, port, protocol)
        for service in services:
            entry = next(each for each in service.ports if each.port == port and each.protocol == protocol)
            rules = self.rules(service.key).get((entry.name, protocol, ip.family(address)))
            if rules is not None:
                also = tuple(each.key for each in services if each is not service)
                claim = Claim(rules, address_kind(service, address), node, self.zone_of(node), also)
                return ServiceCaptured(claim, self.settings.proxy.mode)
        return None

    def node_port_claim(self, node: str, address: int, port: int, protocol: str) -> Claim | None:
        """The Service whose node port this is, if the address of the node serves node ports."""
        return self._node_port_claim(node, address, port, protocol) if self.serves_node_ports(node, address) else None

    def shut_node_port_claim(self, node: str, address: int, port: int, protocol: str) -> Claim | None:
        """The Service whose node port drops packets on an address that does not serve it. In iptables mode the rule for
        "no local endpoints" matches every local address, whatever nodePortAddresses say.

        Source: kubernetes/kubernetes pkg/proxy/iptables/proxier.go syncProxyRules, KUBE-EXTERNAL-SERVICES; the kernel.
        """
        if self.settings.proxy.mode != "iptables":
            return None
        claim = self._node_port_claim(node, address, port, protocol)
        is_shut = claim is not None and claim.usable.has_any and not self.ways(claim)[-1].among
        return claim if is_shut else None

    def _node_port_claim(self, node: str, address: int, port: int, protocol: str) -> Claim | None:
        service = self.node_port_service(port, protocol)
        if service is None:
            return None
        entry = next(each for each in service.ports if each.node_port == port and each.protocol == protocol)
        rules = self.rules(service.key).get((entry.name, protocol, ip.family(address)))
        return Claim(rules, AddressKind.NODE_PORT, node, self.zone_of(node)) if rules is not None else None

    def ways(self, claim: Claim) -> Ways:
        """Who may go to which endpoints of the claimed service port: `ways.ways` with this proxy's settings. O(1)."""
        return self.ways_of(claim.rules, claim.usable, claim.kind)

    def ways_of(self, rules: ServicePortRules, usable: UsableEndpoints, kind: AddressKind) -> Ways:
        """The same by the table and the lists of a node."""
        found: Ways | None = usable.ways.get(kind)
        if found is None:
            found = usable.ways[kind] = ways(rules, usable, kind, rules.family in self._pod_families,
                                             self.settings.proxy.masquerade_all)
        return found

    # addresses ---------------------------------------------------------------------------------------------------

    def services_at(self, address: int, port: int, protocol: str) -> tuple[Service, ...]:
        """Services whose cluster, external or load-balancer IP this is, with that port."""
        return self._services_at.get((address, port, protocol))

    def services_with(self, address: int) -> tuple[Service, ...]:
        """Services that have this address, on whatever port."""
        return self._services_with.get(address)

    def is_service_address(self, address: int) -> bool:
        return bool(self._services_with.get(address))

    def pods_at(self, address: int) -> tuple[Pod, ...]:
        """Pods with this address of their own (hostNetwork pods have none). Those that have ended come last: their
        address may long belong to another."""
        found = self._pods_at.entries.get(address, ())
        return found if len(found) < 2 else tuple(sorted(found, key=lambda pod: pod.is_terminal))

    def node_at(self, address: int, seen_from: str = "") -> Node | None:
        """The node with this address. An address bound on several nodes (a load-balancer IP, say) is, on each of them,
        its own: `seen_from` names the node that asks."""
        found = self._nodes_at.get(address)
        if len(found) > 1:
            return next((each for each in found if each.name == seen_from), found[0])
        return found[0] if found else None

    def outside_at(self, address: int) -> str | None:
        """The name of the declared outside host with this address."""
        host = self._outside.get(address)
        return host.name if host is not None else None

    def outside_host(self, address: int) -> OutsideHost | None:
        return self._outside.get(address)

    def is_endpoint_address(self, address: int) -> bool:
        """Whether a slice lists this address for no pod."""
        return bool(self._loose_endpoints.get(address))

    def in_ranges(self, address: int) -> bool:
        """Whether the address lies in a pod or Service range of the cluster."""
        return any(address in cidr for cidr in (*self.settings.pod_cidrs, *self.settings.service_cidrs))

    def is_pod_source(self, address: int) -> bool:
        """Whether the proxy takes this source for a pod (its cluster CIDRs)."""
        for first, last in self._cluster_ranges:  # noqa: SIM110 - a generator costs twice as much on the packet path
            if first <= address <= last:
                return True
        return False

    def is_own_address(self, node: str, address: int) -> bool:
        """Whether `address` is one of the node's own, loopback included."""
        if LOOPBACK_V4.first <= address <= LOOPBACK_V4.last:
            return True
        return any(owner.name == node for owner in self._nodes_at.get(address))

    # node ports --------------------------------------------------------------------------------------------------

    def node_port_service(self, port: int, protocol: str) -> Service | None:
        found = self._node_ports.get((port, protocol))
        return found[0] if found else None

    def health_check_service(self, port: int) -> Service | None:
        found = self._health_ports.get(port)
        return found[0] if found else None

    def serves_node_ports(self, node: str, address: int) -> bool:
        """Whether node ports answer on this address of the node (rules NA-1 to NA-3, NF-2)."""
        proxy = self.settings.proxy
        if ip.family(address) == 6 and self.node_at(address) is None:
            return False  # ::1 never works
        is_loopback = LOOPBACK_V4.first <= address <= LOOPBACK_V4.last
        if is_loopback and (not proxy.localhost_node_ports or proxy.mode == "nftables"):
            return False
        if proxy.node_port_primary or (proxy.mode == "nftables" and proxy.node_port_addresses is None):
            owner = self.node(node)
            return owner is not None and address == owner.primary(ip.family(address))
        chosen = [cidr for cidr in proxy.node_port_addresses or () if cidr.family == ip.family(address)]
        if not chosen or any(cidr.prefix_length == 0 for cidr in chosen):
            return True  # every local address
        return any(address in cidr for cidr in chosen) and (not is_loopback or address == LOCALHOST)

    def unserved_rule(self, address: int) -> str:
        """The rule by which node ports do not answer on this address of a node."""
        if is_loopback(address):
            return "NA-2" if self.settings.proxy.mode == "iptables" else "NF-2"
        return "NF-2" if self.settings.proxy.mode == "nftables" and not self.settings.proxy.node_port_addresses else "NA-3"

    def serves_health_checks(self, node: str, address: int) -> bool:
        """Whether health check node ports answer on this address of the node: where node ports do, on every address,
        loopback included, when those are not limited (rule HC-1). Source: kubernetes/kubernetes
        pkg/proxy/healthcheck/service_health.go newServiceHealthServer."""
        proxy = self.settings.proxy
        if proxy.mode == "iptables" and proxy.node_port_addresses is None:
            return True
        return not is_loopback(address) and self.serves_node_ports(node, address)

    def host_port_pod(self, node: str, address: int, port: int, protocol: str) -> tuple[Pod, int] | None:
        """The pod on `node` that asked for this host port, with the container port behind it."""
        for pod in self._host_ports.get((node, port, protocol)):
            for container in pod.spec.port_owners:
                for each in container.ports:
                    if (each.host_port == port and each.protocol == protocol
                            and each.host_ip in ("", "0.0.0.0", "::", ip.text(address))):
                        return pod, each.container_port
        return None

    # pods --------------------------------------------------------------------------------------------------------

    def host_network_pods(self, node: str) -> Iterable[Pod]:
        """Pods that share the network of `node`."""
        return self._host_pods.get(node).values()

    def listening(self, pod: Pod) -> Listening:
        """What the pod's running processes listen on; computed once per pod template."""
        found = self._listening.get(id(pod.spec))
        if found is None or found[0] is not pod.spec:
            found = self._listening[id(pod.spec)] = (pod.spec, listening_of(pod.spec, self.settings.images))
        return found[1] if pod.ready else serving(found[1], pod.states)

    def unjudged(self, pod: Pod, direction: str) -> tuple[ObjectKey, ...]:
        """NetworkPolicies that select the pod for this direction ('Ingress' or 'Egress'): kept, not enforced."""
        if not self.has_policies:
            return ()
        keys = self._policies.matching(pod.key.namespace, pod.labels)
        found = ((key, self.store.get("NetworkPolicy", key)) for key in keys)
        return tuple(key for key, policy in found
                     if isinstance(policy, NetworkPolicy) and direction in policy.policy_types)

    def ingress_address(self, host: str) -> str | None:
        """The status address of the Ingress or Gateway that serves this host, '' if it has none yet, None if nobody
        serves it."""
        found = self.ingress.address_of(host)
        return found if found is not None else self.gateways.address_of(host)
