"""The nftables chains and map elements of one service port.

Source: kubernetes/kubernetes pkg/proxy/nftables/proxier.go syncProxyRules, writeServiceToEndpointRules.
"""

from __future__ import annotations

from collections.abc import Iterator

from simnet import ip
from simnet.dataplane.rules import AddressKind, Target
from simnet.dataplane.ruletable import Capture, NodeRules, PortTable
from simnet.dataplane.ways import Sources, Way
from simnet.explain.rules.line import Line, Role
from simnet.explain.rules.names import endpoint_base, service_base
from simnet.explain.rules.nftables_words import element, keyword, line

EXTERNAL_KINDS = (AddressKind.EXTERNAL_IP, AddressKind.LOAD_BALANCER_IP, AddressKind.NODE_PORT)
MASQUERADE = "jump mark-for-masquerade"


def service_lines(table: PortTable, rules: NodeRules) -> Iterator[Line]:
    """All elements and rules of one service port."""
    for number in table.rules.service.cluster_ips:
        if ip.family(number) == rules.family:
            yield element("cluster-ips", ip.text(number))
    for capture in table.captures:
        yield from _captured(table, capture)
    yield from _firewall(table)
    if table.usable.has_any:
        yield from _internal(table, rules)
        yield from _external(table, rules)
        yield from _drawn(table, f"service-{service_base(table.rules)}", table.cluster, is_local=False)
        yield from _drawn(table, f"local-{service_base(table.rules)}", table.local, is_local=True)
        for target in table.reachable:
            yield from _endpoint(table, target)


# capturing an address --------------------------------------------------------------------------------------------

def _captured(table: PortTable, capture: Capture) -> Iterator[Line]:
    """The elements that lead to the service's chain, and to refusal when no way is open."""
    about, owner = (capture.kind, capture.address), table.rules.identity
    is_internal = capture.kind is AddressKind.CLUSTER_IP
    key = (*((ip.text(capture.address),) if capture.address is not None else ()), table.protocol, str(capture.port))
    services, refusing = (("service-ips", "no-endpoint-services") if capture.address is not None
                          else ("service-nodeports", "no-endpoint-nodeports"))
    if capture.ways and not (is_internal and capture.verdict):
        chain = _list_chain(table, capture.ways[-1]) if is_internal else f"external-{service_base(table.rules)}"
        yield element(services, *key, verdict=f"goto {chain}", role=Role.CAPTURE, owner=owner, about=about)
    if capture.verdict:
        verdict = "goto reject-chain" if capture.verdict == "REJECT" else "drop"
        yield element(refusing, *key, comment=table.rules.name, verdict=verdict, role=Role.REFUSE, owner=owner, about=about)
    if capture.ranges:
        yield element("firewall-ips", *key, verdict=f"goto firewall-{service_base(table.rules)}", owner=owner)


def _list_chain(table: PortTable, way: Way) -> str:
    return f"{'local' if way.is_local else 'service'}-{service_base(table.rules)}"


def _firewall(table: PortTable) -> Iterator[Line]:
    """Sources outside the ranges are dropped, whether or not anybody could be reached (rules FW-1 to FW-4)."""
    limited = next((each for each in table.captures if each.ranges), None)
    if limited is not None and all(cidr.prefix_length for cidr in limited.ranges):
        sources = ", ".join((*_widest(limited), *map(ip.text, table.own_sources)))
        yield line(f"firewall-{service_base(table.rules)}",
                   f"{keyword(table.rules.family)} saddr != {{ {sources} }} drop", role=Role.FIREWALL,
                   owner=table.rules.identity)
    elif limited is not None:
        yield line(f"firewall-{service_base(table.rules)}", "return")


def _widest(limited: Capture) -> Iterator[str]:
    """The ranges without those that lie in another: the elements of an interval set may not overlap."""
    distinct = dict.fromkeys(limited.ranges)
    yield from (str(cidr) for cidr in distinct if not any(other is not cidr and other.covers(cidr) for other in distinct))


# ways ------------------------------------------------------------------------------------------------------------

def _internal(table: PortTable, rules: NodeRules) -> Iterator[Line]:
    """Who is masqueraded on the way to the cluster IP (rule INT-2)."""
    word = keyword(rules.family)
    for capture in table.captured(AddressKind.CLUSTER_IP):
        way = capture.ways[-1]
        if way.masquerade and way.among and capture.address is not None:
            spares_pods = any(each.sources is Sources.PODS for each in capture.ways)
            others = f"{word} saddr != {_pods(rules)}" if spares_pods else ""
            destination = f"{word} daddr {ip.text(capture.address)}"
            yield line(_list_chain(table, way), destination, others, MASQUERADE, role=Role.WAY, owner=table.rules.identity,
                       about=(AddressKind.CLUSTER_IP, Sources.ANY))


def _pods(rules: NodeRules) -> str:
    return str(rules.pods[0]) if len(rules.pods) == 1 else f"{{ {', '.join(map(str, rules.pods))} }}"


def _external(table: PortTable, rules: NodeRules) -> Iterator[Line]:
    """The ways that node port, external IPs and load-balancer IPs have in common (rules EXT-1 to EXT-4)."""
    found = table.captured(*EXTERNAL_KINDS)
    chain, owner = f"external-{service_base(table.rules)}", table.rules.identity
    for way in found[0].ways if found else ():
        condition, marked, gone = _who(way, rules)
        about = (AddressKind.NODE_PORT, way.sources)
        if way.masquerade:
            yield line(chain, condition, MASQUERADE, marked, role=Role.WAY, owner=owner, about=about)
        if way.among:
            yield line(chain, condition, f"goto {_list_chain(table, way)}", gone, role=Role.WAY, owner=owner, about=about)


def _who(way: Way, rules: NodeRules) -> tuple[str, str, str]:
    """A condition, and the comments of masquerading and of going on."""
    match way.sources:
        case Sources.PODS:
            return f"{keyword(rules.family)} saddr {_pods(rules)}", "", 'comment "short-circuit pod traffic"'
        case Sources.OWN:
            return "fib saddr type local", 'comment "masquerade local traffic"', 'comment "short-circuit local traffic"'
        case Sources.ANY:
            return "", "", ""


# endpoints -------------------------------------------------------------------------------------------------------

def _drawn(table: PortTable, chain: str, targets: tuple[Target, ...], *, is_local: bool) -> Iterator[Line]:
    """First whoever remembers the client, then a fair draw (rules AF-6, LB-1)."""
    owner, word = table.rules.identity, keyword(table.rules.family)
    if table.affinity_seconds:
        for target in targets:
            base = endpoint_base(table.rules, target)
            yield line(chain, f"{word} saddr @affinity-{base} goto endpoint-{base}", role=Role.STICKY, owner=owner,
                       about=(is_local, target.text))
    if targets:
        drawn = ", ".join(f"{index} : goto endpoint-{endpoint_base(table.rules, target)}"
                          for index, target in enumerate(targets))
        yield line(chain, f"numgen random mod {len(targets)} vmap {{ {drawn} }}", role=Role.PICK, owner=owner,
                   about=(is_local, *(target.text for target in targets)))


def _endpoint(table: PortTable, target: Target) -> Iterator[Line]:
    """Masquerade the endpoint's own packets, remember the client, translate (rules MQ-1, AF-3)."""
    base, word = endpoint_base(table.rules, target), keyword(table.rules.family)
    chain, owner, about = f"endpoint-{base}", table.rules.identity, (target.text,)
    yield line(chain, f"{word} saddr {ip.text(target.address)} {MASQUERADE}", role=Role.HAIRPIN, owner=owner, about=about)
    if table.affinity_seconds:
        yield line(chain, f"update @affinity-{base} {{ {word} saddr }}", owner=owner, about=about)
    yield line(chain, f"meta l4proto {table.protocol} dnat to {target.text}", role=Role.TRANSLATE, owner=owner, about=about)
