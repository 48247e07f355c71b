"""The iptables rules of one service port.

Source: kubernetes/kubernetes pkg/proxy/iptables/proxier.go syncProxyRules, writeServiceToEndpointRules.
"""

from __future__ import annotations

from collections.abc import Iterator

from simnet.dataplane.rules import AddressKind, Target
from simnet.dataplane.ruletable import Capture, NodeRules, PortTable
from simnet.dataplane.ways import Sources, Way
from simnet.explain.rules.iptables_words import FILTER, NAT, comment, host, line, one_of, port, recent
from simnet.explain.rules.line import Line, Role
from simnet.explain.rules.names import endpoint_hash, service_hash

ADDRESS_WORDS = {AddressKind.CLUSTER_IP: "cluster IP", AddressKind.EXTERNAL_IP: "external IP",
                 AddressKind.LOAD_BALANCER_IP: "loadbalancer IP"}
EXTERNAL_KINDS = (AddressKind.EXTERNAL_IP, AddressKind.LOAD_BALANCER_IP, AddressKind.NODE_PORT)
LOCAL_SOURCE = "-m addrtype --src-type LOCAL"


def service_lines(table: PortTable, rules: NodeRules, is_large: bool) -> Iterator[Line]:
    """All rules of one service port, chain by chain; without the comments of endpoints when the cluster is large."""
    for capture in table.captures:
        yield from _captured(table, capture)
    if table.health_check_port:
        yield line(FILTER, "KUBE-NODEPORTS", comment(f"{table.rules.name} health check node port"),
                   port("tcp", table.health_check_port), match="-p tcp", jump="ACCEPT", role=Role.HEALTH,
                   owner=table.rules.identity)
    if table.usable.has_any:
        yield from _internal(table, rules)
        yield from _external(table, rules)
        yield from _firewall(table)
        yield from _drawn(table, f"KUBE-SVC-{service_hash(table.rules)}", table.cluster, is_local=False, is_large=is_large)
        yield from _drawn(table, f"KUBE-SVL-{service_hash(table.rules)}", table.local, is_local=True, is_large=is_large)
        for target in table.reachable:
            yield from _endpoint(table, target, is_large)


# capturing an address --------------------------------------------------------------------------------------------

def _captured(table: PortTable, capture: Capture) -> Iterator[Line]:
    """The rule that takes packets to the address on, and the one that refuses those no way was open to."""
    about = (capture.kind, capture.address)
    destination = _destination(table, capture)
    if capture.ways and not (capture.kind is AddressKind.CLUSTER_IP and capture.verdict):
        chain = "KUBE-SERVICES" if capture.address is not None else "KUBE-NODEPORTS"
        words = f" {ADDRESS_WORDS[capture.kind]}" if capture.address is not None else ""
        yield line(NAT, chain, comment(f"{table.rules.name}{words}"), port(table.protocol, capture.port),
                   match=destination, jump=_entry(table, capture), role=Role.CAPTURE, owner=table.rules.identity,
                   about=about)
    if capture.verdict:
        chain = "KUBE-SERVICES" if capture.kind is AddressKind.CLUSTER_IP else "KUBE-EXTERNAL-SERVICES"
        why = "has no endpoints" if capture.verdict == "REJECT" else "has no local endpoints"
        local = "-m addrtype --dst-type LOCAL" if capture.address is None else ""
        yield line(FILTER, chain, comment(f"{table.rules.name} {why}"), local, port(table.protocol, capture.port),
                   match=destination, jump=_refusal(capture.verdict, table.rules.family), role=Role.REFUSE,
                   owner=table.rules.identity, about=about)
    if capture.ranges and capture.ways:
        why = f"{table.rules.name} traffic not accepted by KUBE-FW-{service_hash(table.rules)}"
        yield line(FILTER, "KUBE-PROXY-FIREWALL", comment(why), port(table.protocol, capture.port), match=destination,
                   jump="DROP", role=Role.FIREWALL, owner=table.rules.identity, about=about)


def _destination(table: PortTable, capture: Capture) -> str:
    return (f"-d {host(capture.address)} " if capture.address is not None else "") + f"-p {table.protocol}"


def _refusal(verdict: str, family: int) -> str:
    if verdict == "DROP":
        return "DROP"
    return f"REJECT --reject-with {'icmp-port-unreachable' if family == 4 else 'icmp6-port-unreachable'}"


def _entry(table: PortTable, capture: Capture) -> str:
    """The chain where packets to the address go on."""
    if capture.kind is AddressKind.CLUSTER_IP:
        return _list_chain(table, capture.ways[-1])
    return f"KUBE-{'FW' if capture.ranges else 'EXT'}-{service_hash(table.rules)}"


def _list_chain(table: PortTable, way: Way) -> str:
    return f"KUBE-{'SVL' if way.is_local else 'SVC'}-{service_hash(table.rules)}"


# ways ------------------------------------------------------------------------------------------------------------

def _internal(table: PortTable, rules: NodeRules) -> Iterator[Line]:
    """Who is masqueraded on the way to the cluster IP: nobody, everybody, or everybody but pods (rule INT-2)."""
    for capture in table.captured(AddressKind.CLUSTER_IP):
        way = capture.ways[-1]
        if way.masquerade and way.among:
            spares_pods = any(each.sources is Sources.PODS for each in capture.ways)
            others = f"! -s {rules.pods[0]} " if spares_pods else ""
            yield line(NAT, _list_chain(table, way), comment(f"{table.rules.name} cluster IP"),
                       port(table.protocol, capture.port), match=others + _destination(table, capture),
                       jump="KUBE-MARK-MASQ", role=Role.WAY, owner=table.rules.identity,
                       about=(AddressKind.CLUSTER_IP, Sources.ANY))


def _external(table: PortTable, rules: NodeRules) -> Iterator[Line]:
    """The ways that node port, external IPs and load-balancer IPs have in common (rules EXT-1 to EXT-4)."""
    found = table.captured(*EXTERNAL_KINDS)
    chain = f"KUBE-EXT-{service_hash(table.rules)}"
    for way in found[0].ways if found else ():
        about = (AddressKind.NODE_PORT, way.sources)
        words, condition, match = _who(table, way, rules)
        if way.masquerade:
            yield line(NAT, chain, comment(f"masquerade {words[0]}"), condition, jump="KUBE-MARK-MASQ", role=Role.WAY,
                       owner=table.rules.identity, about=about)
        if way.among:
            yield line(NAT, chain, comment(words[1]) if words[1] else "", condition, match=match,
                       jump=_list_chain(table, way), role=Role.WAY, owner=table.rules.identity, about=about)


def _who(table: PortTable, way: Way, rules: NodeRules) -> tuple[tuple[str, str], str, str]:
    """Words for the comments (masquerading, going on), a condition and a match of the source."""
    where = f"for {table.rules.name} external destinations"
    match way.sources:
        case Sources.PODS:
            return ("", f"pod traffic {where}"), "", f"-s {rules.pods[0]}"
        case Sources.OWN:
            return (f"LOCAL traffic {where}", f"route LOCAL traffic {where}"), LOCAL_SOURCE, ""
        case Sources.ANY:
            return (f"traffic {where}", ""), "", ""


def _firewall(table: PortTable) -> Iterator[Line]:
    """Source ranges of load-balancer IPs: what is not let on here comes to KUBE-PROXY-FIREWALL (rules FW-1 to FW-4)."""
    limited = next((each for each in table.captures if each.ranges), None)
    if limited is None:
        return
    letters = service_hash(table.rules)
    for source in (*map(str, limited.ranges), *map(host, table.own_sources)):
        yield line(NAT, f"KUBE-FW-{letters}", comment(f"{table.rules.name} loadbalancer IP"),
                   match=f"-s {source}" if not source.endswith("/0") else "", jump=f"KUBE-EXT-{letters}", role=Role.RANGE,
                   owner=table.rules.identity, about=(source,))
    yield line(NAT, f"KUBE-FW-{letters}",
               comment(f"other traffic to {table.rules.name} will be dropped by KUBE-PROXY-FIREWALL"))


# endpoints -------------------------------------------------------------------------------------------------------

def _drawn(table: PortTable, chain: str, targets: tuple[Target, ...], *, is_local: bool, is_large: bool) -> Iterator[Line]:
    """First whoever remembers the client, then a fair draw (rules AF-6, LB-1)."""
    owner, family = table.rules.identity, table.rules.family
    if table.affinity_seconds:
        for target in targets:
            endpoint = f"KUBE-SEP-{endpoint_hash(table.rules, target)}"
            remembers = recent(endpoint, f"--rcheck --seconds {table.affinity_seconds} --reap", family)
            yield line(NAT, chain, _to(table, target, is_large), remembers, jump=endpoint, role=Role.STICKY, owner=owner,
                       about=(is_local, target.text))
    for index, target in enumerate(targets):
        left = len(targets) - index
        yield line(NAT, chain, _to(table, target, is_large), one_of(left) if left > 1 else "",
                   jump=f"KUBE-SEP-{endpoint_hash(table.rules, target)}", role=Role.PICK, owner=owner,
                   about=(is_local, target.text))


def _to(table: PortTable, target: Target, is_large: bool) -> str:
    return "" if is_large else comment(f"{table.rules.name} -> {target.text}")


def _endpoint(table: PortTable, target: Target, is_large: bool) -> Iterator[Line]:
    """Masquerade the endpoint's own packets, remember the client, translate (rules MQ-1, AF-3)."""
    chain = f"KUBE-SEP-{endpoint_hash(table.rules, target)}"
    owner, about, name = table.rules.identity, (target.text,), "" if is_large else comment(table.rules.name)
    yield line(NAT, chain, name, match=f"-s {host(target.address)}", jump="KUBE-MARK-MASQ", role=Role.HAIRPIN, owner=owner,
               about=about)
    remember = recent(chain, "--set", table.rules.family) if table.affinity_seconds else ""
    yield line(NAT, chain, name, remember, f"-m {table.protocol}", match=f"-p {table.protocol}",
               jump=f"DNAT --to-destination {target.text}", role=Role.TRANSLATE, owner=owner, about=about)
