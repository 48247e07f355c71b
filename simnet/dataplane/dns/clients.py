"""Who asks: the resolv.conf and hosts file of every pod, node and outside client, and their lookups.

A lookup is remembered, by resolv.conf, name, family and C library, until an event can change an answer.
Rules: D77, D84 to D87, D95. A pod with a cluster name server asks the cluster's server; everybody else asks the upstream.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from simnet import ip
from simnet.control.resolv_conf import ResolvConf, Wanted, pod_resolv_conf
from simnet.dataplane.dns import reasons
from simnet.dataplane.dns.alternatives import Alternative, alternatives
from simnet.dataplane.dns.caches import Caches, Scope
from simnet.dataplane.dns.hosts_file import HostsFile, domain_of, hostname_of, node_hosts_file, pod_hosts_file
from simnet.dataplane.dns.lookup import Lookup
from simnet.dataplane.dns.questions import absolute, local_domain
from simnet.dataplane.dns.records import ADDRESS_TYPES, Answer, Rcode, Record
from simnet.dataplane.dns.resolver import NODATA, Ask, look_up
from simnet.dataplane.dns.upstream import OUTSIDE_TTL, Upstreams, address_records
from simnet.dataplane.dns.zone import Objects
from simnet.dataplane.packet import Actor
from simnet.names import ObjectKey
from simnet.objects.pod import Pod

MOST_REMEMBERED = 50_000

Files = tuple[ResolvConf, HostsFile]
Query = Callable[[str, str, ObjectKey | None], Answer]


class Clients:
    """The resolvers of all actors. `query` is the cluster's server (name, type, pod that asks), `dns_service` the Service
    in front of it, `caches` what nodes and clients remember."""

    def __init__(self, net: Objects, upstreams: Upstreams, query: Query, caches: Caches,
                 dns_service: ObjectKey | None) -> None:
        self._net, self._upstreams, self._query, self._dns_service = net, upstreams, query, dns_service
        self.caches = caches
        self._kubelet = net.settings.kubelet
        self._cluster_dns = frozenset(number for text in self._kubelet.cluster_dns
                                      if (number := ip.number_or_none(text)) is not None)
        self._outside_files: Files = (ResolvConf(), node_hosts_file("", ()))
        self._confs: dict[Wanted, ResolvConf] = {}
        self._files: dict[str, tuple[Pod | None, tuple[int, ...], Files]] = {}
        self._lookups: dict[tuple[ResolvConf, str, int | None, str], Lookup] = {}

    def forget(self) -> None:
        """Forget remembered lookups: an answer may have changed."""
        if self._lookups:
            self._lookups.clear()

    # files ---------------------------------------------------------------------------------------------------------

    def resolv_conf(self, actor: Actor) -> ResolvConf:
        """The actor's resolv.conf; an empty one outside the cluster."""
        return self.files(actor)[0]

    def hosts_file(self, actor: Actor) -> HostsFile:
        """The actor's hosts file; outside the cluster it has nothing but localhost."""
        return self.files(actor)[1]

    def files(self, actor: Actor) -> Files:
        """Both; made once for each pod object. O(1) after that."""
        if actor.is_outside:
            return self._outside_files
        found = self._files.get(actor.name)
        if found is None or found[0] is not actor.pod or found[1] != actor.addresses:
            if len(self._files) >= MOST_REMEMBERED:
                self._files.clear()
            found = self._files[actor.name] = (actor.pod, actor.addresses, self._made(actor))
        return found[2]

    def _made(self, actor: Actor) -> Files:
        families = tuple(dict.fromkeys(map(ip.family, actor.addresses)))
        if actor.pod is None:
            return (self._conf(Wanted("", "Default", True, None, local_domain(actor.node), families)),
                    node_hosts_file(actor.node, actor.addresses))
        pod, spec, domain = actor.pod, actor.pod.spec, self._kubelet.cluster_domain
        if spec.host_network:
            hosts, hostname = node_hosts_file(actor.node or pod.node_name, actor.addresses, pod), actor.node
        else:
            hosts, hostname = pod_hosts_file(pod, domain), hostname_of(pod)
            if spec.set_hostname_as_fqdn and spec.subdomain:
                hostname = f"{hostname}.{domain_of(pod, domain)}"
        return self._conf(Wanted(pod.namespace, spec.dns_policy, spec.host_network, spec.dns_config,
                                 local_domain(hostname), families)), hosts

    def _conf(self, wanted: Wanted) -> ResolvConf:
        """One object for all who are given the same file, so that they share remembered lookups."""
        found = self._confs.get(wanted)
        if found is None:
            found = self._confs[wanted] = pod_resolv_conf(wanted, self._kubelet)
        return found

    # lookups ---------------------------------------------------------------------------------------------------------

    def lookup(self, actor: Actor, name: str, family: int | None = None) -> Lookup:
        """What the actor's C library makes of `name`, if its name server can be reached.

        Address literals and the hosts file come first (D85). Never raises. Cost: O(1) when remembered, as every
        lookup is that starts in the cluster.
        """
        conf, hosts = self.files(actor)
        if hosts.addresses(name):
            found = _from_hosts(hosts, name, family, actor.libc)
            if found is not None:
                return found
        key = (conf, name, family, actor.libc)
        lookup = self._lookups.get(key)
        if lookup is None:
            lookup = _literal(name, family, actor.libc) or self._asked(actor, conf, name, family)
            if not actor.is_outside and not self.caches.is_used:
                if len(self._lookups) >= MOST_REMEMBERED:
                    self._lookups.clear()
                self._lookups[key] = lookup
        return lookup

    def alternatives(self, actor: Actor, name: str, family: int | None = None) -> tuple[Alternative, ...]:
        """What other ways to ask for the name would cost this actor (none for one outside, who does not search)."""
        conf = self.resolv_conf(actor)
        if actor.is_outside:
            return ()
        return alternatives(self.lookup(actor, name, family), conf,
                            lambda other, with_conf: self._asked(actor, with_conf, other, family))

    def _asked(self, actor: Actor, conf: ResolvConf, name: str, family: int | None) -> Lookup:
        self._net.work.lookups += 1
        if actor.is_outside:
            return look_up(absolute(name), conf, "glibc", family, self._ask_as_outsider)
        if self.cluster_server(actor) is None:
            return look_up(name, conf, actor.libc, family, self._remembering(actor, self._upstreams.ask))
        pod = actor.pod.key if actor.pod is not None and not actor.is_host else None
        ask = self._remembering(actor, lambda asked, kind: self._query(asked, kind, pod))
        return look_up(name, conf, actor.libc, family, ask)

    # what the client and its node remember --------------------------------------------------------------------------

    def _remembering(self, actor: Actor, ask: Ask) -> Ask:
        """`ask`, only for what neither the client nor its node remembers."""
        if not self.caches.is_used:
            return ask
        scopes = _near(actor)

        def ask_once(name: str, kind: str) -> Answer:
            return self.caches.find(scopes, name, kind, self._net.now) or ask(name, kind)
        return ask_once

    def remember(self, actor: Actor, lookup: Lookup) -> None:
        """Keep what a lookup brought, wherever somebody keeps it."""
        if self.caches.is_used and not actor.is_outside:
            server: tuple[Scope, ...] = (("server", ""),) if self.cluster_server(actor) is not None else ()
            for answer in lookup.queries:
                self.caches.keep((*_near(actor), *server), answer, self._net.now)

    def unreached(self, actor: Actor, name: str, family: int | None, at_once: bool) -> Lookup:
        """The lookup of an actor whose cluster name server cannot be reached: rejected `at_once`, or met with silence.

        A further name server outside the cluster answers instead, if the resolv.conf has one.
        """
        conf = self.resolv_conf(actor)
        for server in conf.servers[1:]:
            if not self._is_cluster_dns(server):
                found = look_up(name, conf, actor.libc, family, self._upstreams.ask)
                return replace(found, nameserver=ip.text(server))
        rcode = Rcode.UNREACHABLE if at_once else Rcode.TIMEOUT
        reason = reasons.NobodyThere(conf.nameservers[0] if conf.nameservers else "", at_once)
        return look_up(name, conf, actor.libc, family, lambda asked, kind: Answer(asked, kind, rcode, reason))

    def cluster_server(self, actor: Actor) -> int | None:
        """The address of the actor's first name server if that is the cluster's, else None."""
        servers = self.resolv_conf(actor).servers
        return servers[0] if servers and self._is_cluster_dns(servers[0]) else None

    def _is_cluster_dns(self, address: int) -> bool:
        if address in self._cluster_dns:
            return True
        return any(service.key == self._dns_service for service in self._net.services_with(address))

    def _ask_as_outsider(self, name: str, kind: str) -> Answer:
        """Outside the cluster the public DNS answers; the host of an Ingress is taken to be published there."""
        answer = self._upstreams.ask_publicly(name, kind)
        if answer.rcode is not Rcode.NXDOMAIN or kind not in ADDRESS_TYPES:
            return answer
        address = self._net.ingress_address(name.rstrip(".").lower())
        if not address:
            return answer
        number = ip.number_or_none(address)
        reason = reasons.IngressHost(name.rstrip("."), address)
        if number is not None:
            records = address_records(name, kind, (number,), OUTSIDE_TTL)
            return Answer(name, kind, Rcode.NOERROR, reason, records)
        target = absolute(address)
        beyond = self._upstreams.ask_publicly(target, kind).answer
        return Answer(name, kind, Rcode.NOERROR, reason, (Record(name, OUTSIDE_TTL, "CNAME", target), *beyond))


def _near(actor: Actor) -> tuple[Scope, ...]:
    """The caches a client's question meets before it leaves the node."""
    return ("client", actor.name), ("node", actor.node)


def _from_hosts(hosts: HostsFile, name: str, family: int | None, libc: str) -> Lookup | None:
    """A hit ends the lookup. With addresses of the other family only, glibc goes on to DNS and musl gives up."""
    numbers = hosts.addresses(name)
    chosen = tuple(sorted((each for each in numbers if family in (None, ip.family(each))), key=ip.family))
    if chosen:
        return Lookup(name, libc, "hosts", "ok", chosen)
    return Lookup(name, libc, "hosts", NODATA[libc]) if libc.startswith("musl") else None


def _literal(name: str, family: int | None, libc: str) -> Lookup | None:
    """An address is never looked up (D85)."""
    number = ip.number_or_none(name)
    if number is None:
        return None
    if family in (None, ip.family(number)):
        return Lookup(name, libc, "literal", "ok", (number,))
    return Lookup(name, libc, "literal", "EAI_ADDRFAMILY" if libc == "glibc" else NODATA[libc])
