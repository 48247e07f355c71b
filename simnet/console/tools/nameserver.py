"""Asking a name server, as dig, nslookup and host do it: no hosts file, one server, their own use of the search list.

Rules: D93 (what these tools do otherwise than the resolver), D65 (flags of an answer).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from simnet import ip
from simnet.console.desk import Call
from simnet.console.output import Output
from simnet.console.tools.probes import address_of
from simnet.dataplane.dns.records import Answer, Rcode
from simnet.dataplane.verdict import Verdict

DNS_PORT = 53
PUBLIC_RESOLVER = "192.0.2.53"
"""What outside hosts are taken to ask; it appears as the server in what the tools print."""

Ask = Callable[[str, str], Answer]


@dataclass(frozen=True, slots=True)
class NameServer:
    """One server as seen from here. `ask` is None when it cannot be reached, and `failure` says how that shows."""

    address: str
    ask: Ask | None
    failure: str = ""

    @property
    def label(self) -> str:
        return f"{self.address}#{DNS_PORT}"


@dataclass(frozen=True, slots=True)
class Place:
    """What a tool knows of its surroundings: its server, the search list and ndots. `is_told`: the server was named."""

    server: NameServer
    searches: tuple[str, ...]
    ndots: int
    is_told: bool = False

    def names(self, name: str, search: bool) -> Iterator[str]:
        """The absolute names to try, in order: with enough dots, or without `search`, only the name as it is."""
        if name.endswith("."):
            yield name
            return
        if search and name.count(".") < self.ndots:
            for domain in self.searches:
                yield f"{name}.{domain.strip('.')}."
        yield name + "."

    def tried(self, name: str, kind: str, search: bool) -> Iterator[Answer]:
        """Every answer up to the first that is not NXDOMAIN; none when the server cannot be reached."""
        ask = self.server.ask
        if ask is None:
            return
        for each in self.names(name, search):
            answer = ask(each, kind)
            if answer.rcode in (Rcode.TIMEOUT, Rcode.UNREACHABLE):
                return
            yield answer
            if answer.rcode is not Rcode.NXDOMAIN:
                return

    def look(self, name: str, kind: str, search: bool) -> Answer | None:
        """The first answer that is not NXDOMAIN, else the last; None when the server cannot be reached."""
        answers = list(self.tried(name, kind, search))
        return answers[-1] if answers else None


def unreached(place: Place, times: int) -> Output:
    """What nslookup and host print after so many attempts."""
    why = place.server.failure or "timed out"
    return Output(f";; communications error to {place.server.label}: {why}\n" * times + ";; no servers could be reached\n\n",
                  status=1)


def end_of_aliases(answer: Answer) -> str:
    """The name the aliases of an answer lead to: what the tools ask about next."""
    at = answer.name
    for record in answer.answer:
        if record.type == "CNAME" and record.name.lower() == at.lower():
            at = str(record.data)
    return at


def place_of(call: Call, server: str = "") -> Place | None:
    """The surroundings, with a server given by address or name; None when that name has no address."""
    conf = call.cluster.resolv_conf(call.source)
    actor = call.cluster.actor(call.source)
    if not server and actor.is_outside:
        return Place(NameServer(PUBLIC_RESOLVER, _publicly(call)), (), 1)
    address = address_of(call, server) if server else (conf.nameservers[0] if conf.nameservers else "127.0.0.1")
    if not address:
        return None
    return Place(_server(call, address, address in conf.nameservers), tuple(conf.searches), conf.ndots, bool(server))


def _publicly(call: Call) -> Ask:
    def ask(name: str, kind: str) -> Answer:
        if kind in ("A", "AAAA"):
            queries = call.cluster.resolve(name, call.source, family=4 if kind == "A" else 6).queries
            if queries:
                return queries[-1]
        return call.cluster.view.dns.upstreams.ask_publicly(name, kind)
    return ask


def _server(call: Call, address: str, is_own: bool) -> NameServer:
    """Send a packet to the server; who receives it answers: the cluster's server, or the upstream for any other."""
    cluster = call.cluster
    number = ip.number(address)
    dns_service = cluster.settings.dns.dns_service
    to_cluster = any(str(service.key) == dns_service for service in cluster.view.services_with(number)) or (
        address in cluster.settings.kubelet.cluster_dns)
    if is_own and not to_cluster:
        return NameServer(address, cluster.view.dns.upstreams.ask)
    if to_cluster and cluster.settings.dns.transport == "direct":
        return NameServer(address, lambda name, kind: cluster.query(name, kind, call.source))
    trace = cluster.connect(f"udp://{ip.host_port(number, DNS_PORT)}", call.source)
    call.desk.note(trace)
    if trace.verdict in (Verdict.DELIVERED, Verdict.ANSWERED):
        if to_cluster or (trace.endpoint is not None and trace.endpoint.pod is not None):
            return NameServer(address, lambda name, kind: cluster.query(name, kind, call.source))
        return NameServer(address, cluster.view.dns.upstreams.ask)
    return NameServer(address, None, "connection refused" if trace.verdict is Verdict.REFUSED else "timed out")
