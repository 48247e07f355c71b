"""A rule table as a file for `nft -f`: one table `kube-proxy`, verdict maps from address to chain.

The first two lines clear the table, so that the file can be loaded again; nothing else of the node is touched.
Source: kubernetes/kubernetes pkg/proxy/nftables/proxier.go nftablesBaseChains, setupNFTables, syncProxyRules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from simnet import ip
from simnet.dataplane.ruletable import NodeRules
from simnet.explain.rules.line import Line, Role
from simnet.explain.rules.nftables_service import service_lines
from simnet.explain.rules.nftables_words import element, keyword, line

BASE_CHAINS = (  # name, type, hook, priority: filters that look at the address as dialled run before nat, others after
    ("filter-prerouting-pre-dnat", "filter", "prerouting", -110),
    ("filter-output-pre-dnat", "filter", "output", -110),
    ("filter-input", "filter", "input", 0),
    ("filter-forward", "filter", "forward", 0),
    ("filter-output", "filter", "output", 0),
    ("nat-prerouting", "nat", "prerouting", -100),
    ("nat-output", "nat", "output", -100),
    ("nat-postrouting", "nat", "postrouting", 100),
)
JUMPS = (
    ("filter-prerouting-pre-dnat", "ct state new jump firewall-check"),
    ("filter-output-pre-dnat", "ct state new jump firewall-check"),
    ("filter-input", "ct state new jump nodeport-endpoints-check"),
    ("filter-input", "ct state new jump service-endpoints-check"),
    ("filter-forward", "ct state new jump service-endpoints-check"),
    ("filter-forward", "ct state new jump cluster-ips-check"),
    ("filter-output", "ct state new jump service-endpoints-check"),
    ("filter-output", "ct state new jump cluster-ips-check"),
    ("nat-prerouting", "jump services"),
    ("nat-output", "jump services"),
    ("nat-postrouting", "jump masquerading"),
)
CONTAINERS = (  # kind, name, type with {} for the address, comment
    ("set", "cluster-ips", "{}", "Active ClusterIPs"),
    ("set", "nodeport-ips", "{}", "IPs that accept NodePort traffic"),
    ("map", "firewall-ips", "{} . inet_proto . inet_service : verdict",
     "destinations that are subject to LoadBalancerSourceRanges"),
    ("map", "no-endpoint-nodeports", "inet_proto . inet_service : verdict",
     "vmap to drop or reject packets to service nodeports with no endpoints"),
    ("map", "no-endpoint-services", "{} . inet_proto . inet_service : verdict",
     "vmap to drop or reject packets to services with no endpoints"),
    ("map", "service-ips", "{} . inet_proto . inet_service : verdict",
     "ClusterIP, ExternalIP and LoadBalancer IP traffic"),
    ("map", "service-nodeports", "inet_proto . inet_service : verdict", "NodePort traffic"),
)


def nftables_lines(rules: NodeRules) -> tuple[Line, ...]:
    """Every rule and every element of a map or set. The chain of an element is the map or set it is in."""
    per_service = [each for table in rules.tables for each in service_lines(table, rules)]
    return (*(line(chain, text) for chain, text in JUMPS), *_checks(rules), *_masquerading(), *_serving(rules),
            *_distinct(per_service))


def nftables_text(rules: NodeRules) -> str:
    """The whole file, with a newline at its end."""
    lines = nftables_lines(rules)
    family = keyword(rules.family)
    by_place: dict[str, list[str]] = {}
    for each in lines:
        by_place.setdefault(each.chain, []).append(each.text)
    head = [f"# IPv{rules.family} rules of kube-proxy on node {rules.node}, as simnet would program them; for nft -f",
            f"add table {family} kube-proxy", f"delete table {family} kube-proxy", f"table {family} kube-proxy {{",
            '\tcomment "rules for kube-proxy"']
    named = {name for name, *_ in BASE_CHAINS} | {name for _, name, *_ in CONTAINERS}
    blocks = [*_containers(rules, by_place), *_affinity_sets(rules, lines),
              *(_chain(name, [f"type {kind} hook {hook} priority {priority}; policy accept;", *by_place.get(name, ())])
                for name, kind, hook, priority in BASE_CHAINS),
              *(_chain(name, texts) for name, texts in by_place.items() if name not in named)]
    return "\n".join([*head, *(row for block in blocks for row in ("", *block)), "}"]) + "\n"


# blocks ----------------------------------------------------------------------------------------------------------

def _chain(name: str, rows: Iterable[str]) -> list[str]:
    return [f"\tchain {name} {{", *(f"\t\t{row}" for row in rows), "\t}"]


def _containers(rules: NodeRules, by_place: dict[str, list[str]]) -> Iterator[list[str]]:
    for kind, name, type_, why in CONTAINERS:
        elements = by_place.get(name, [])
        rows = [f"\t{kind} {name} {{", f"\t\ttype {type_.format(_address_type(rules))}", f'\t\tcomment "{why}"']
        if elements:
            rows += ["\t\telements = {", *(f"\t\t\t{each}," for each in elements[:-1]), f"\t\t\t{elements[-1]}", "\t\t}"]
        yield [*rows, "\t}"]


def _affinity_sets(rules: NodeRules, lines: Iterable[Line]) -> Iterator[list[str]]:
    """One set of clients for each endpoint of a Service with session affinity (rules AF-1, AF-3)."""
    seconds = {table.rules.identity: table.affinity_seconds for table in rules.tables}
    for each in lines:
        if each.role is Role.TRANSLATE and each.owner is not None and seconds[each.owner]:
            yield [f"\tset {each.chain.replace('endpoint-', 'affinity-', 1)} {{", f"\t\ttype {_address_type(rules)}",
                   "\t\tflags dynamic,timeout", f"\t\ttimeout {seconds[each.owner]}s", "\t}"]


def _address_type(rules: NodeRules) -> str:
    return f"ipv{rules.family}_addr"


def _distinct(lines: Iterable[Line]) -> Iterator[Line]:
    """A set holds an address once: the cluster IP of a Service with several ports comes several times."""
    known: set[tuple[str, str]] = set()
    for each in lines:
        if each.chain != "cluster-ips" or (each.chain, each.text) not in known:
            known.add((each.chain, each.text))
            yield each


# rules that are the same for every Service ----------------------------------------------------------------------

def _checks(rules: NodeRules) -> Iterator[Line]:
    word = keyword(rules.family)
    key = f"{word} daddr . meta l4proto . th dport"
    yield line("services", f"{key} vmap @service-ips")
    yield line("services", f"{_on_node(rules)}meta l4proto . th dport vmap @service-nodeports")
    yield line("service-endpoints-check", f"{key} vmap @no-endpoint-services")
    yield line("nodeport-endpoints-check", f"{_on_node(rules)}meta l4proto . th dport vmap @no-endpoint-nodeports")
    yield line("firewall-check", f"{key} vmap @firewall-ips")
    yield line("reject-chain", "reject")
    yield line("cluster-ips-check", f'{word} daddr @cluster-ips reject comment "Reject traffic to invalid ports of ClusterIPs"',
               role=Role.UNUSED, about=("REJECT",))
    if rules.service_cidrs:
        cidrs = ", ".join(map(str, rules.service_cidrs))
        yield line("cluster-ips-check", f'{word} daddr {{ {cidrs} }} drop comment "Drop traffic to unallocated ClusterIPs"',
                   role=Role.UNUSED, about=("DROP",))


def _on_node(rules: NodeRules) -> str:
    """The condition for node ports: an address that serves them (rules NA-1 to NA-3, NF-2)."""
    word = keyword(rules.family)
    if rules.node_port_addresses is not None:
        return f"{word} daddr @nodeport-ips "
    return f"fib daddr type local {word} daddr != {'127.0.0.0/8' if rules.family == 4 else '::1'} "


def _masquerading() -> Iterator[Line]:
    yield line("masquerading", "meta mark & 0x4000 == 0 return")
    yield line("masquerading", "meta mark set meta mark ^ 0x4000")
    yield line("masquerading", "masquerade fully-random", role=Role.MASQUERADE)
    yield line("mark-for-masquerade", "meta mark set meta mark | 0x4000")


def _serving(rules: NodeRules) -> Iterator[Line]:
    for number in rules.node_port_addresses or ():
        yield element("nodeport-ips", ip.text(number))
