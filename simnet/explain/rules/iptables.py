"""A rule table as the text of `iptables-save`: what `iptables-restore` (IPv6: `ip6tables-restore`) takes unchanged.

Chains, names, comments and order inside a chain are kube-proxy's; rules are spelt as `iptables-save` spells them, and
sorted by chain as it sorts them. The jumps from INPUT, PREROUTING and so on are part of the text.
Source: kubernetes/kubernetes pkg/proxy/iptables/proxier.go iptablesJumpChains, syncProxyRules.
"""

from __future__ import annotations

from collections.abc import Iterable

from simnet import ip
from simnet.dataplane.ruletable import NodeRules
from simnet.errors import UsageError
from simnet.explain.rules.iptables_service import service_lines
from simnet.explain.rules.iptables_words import FILTER, MARK, NAT, comment, host, line
from simnet.explain.rules.line import Line, Role

BUILT_IN = {FILTER: ("INPUT", "FORWARD", "OUTPUT"), NAT: ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING")}
TOP_CHAINS = {
    FILTER: ("KUBE-EXTERNAL-SERVICES", "KUBE-FIREWALL", "KUBE-FORWARD", "KUBE-NODEPORTS", "KUBE-PROXY-FIREWALL",
             "KUBE-SERVICES"),
    NAT: ("KUBE-MARK-MASQ", "KUBE-NODEPORTS", "KUBE-POSTROUTING", "KUBE-SERVICES")}
NEW = "-m conntrack --ctstate NEW"
PORTALS = "kubernetes service portals"
VISIBLE = "kubernetes externally-visible service portals"
BALANCERS = "kubernetes load balancer firewall"
JUMPS = (  # table, from, condition, comment, to: the last one installed stands first
    (FILTER, "INPUT", "", "", "KUBE-FIREWALL"),
    (FILTER, "INPUT", NEW, BALANCERS, "KUBE-PROXY-FIREWALL"),
    (FILTER, "INPUT", "", "kubernetes health check service ports", "KUBE-NODEPORTS"),
    (FILTER, "INPUT", NEW, VISIBLE, "KUBE-EXTERNAL-SERVICES"),
    (FILTER, "FORWARD", NEW, BALANCERS, "KUBE-PROXY-FIREWALL"),
    (FILTER, "FORWARD", "", "kubernetes forwarding rules", "KUBE-FORWARD"),
    (FILTER, "FORWARD", NEW, PORTALS, "KUBE-SERVICES"),
    (FILTER, "FORWARD", NEW, VISIBLE, "KUBE-EXTERNAL-SERVICES"),
    (FILTER, "OUTPUT", "", "", "KUBE-FIREWALL"),
    (FILTER, "OUTPUT", NEW, BALANCERS, "KUBE-PROXY-FIREWALL"),
    (FILTER, "OUTPUT", NEW, PORTALS, "KUBE-SERVICES"),
    (NAT, "PREROUTING", "", PORTALS, "KUBE-SERVICES"),
    (NAT, "OUTPUT", "", PORTALS, "KUBE-SERVICES"),
    (NAT, "POSTROUTING", "", "kubernetes postrouting rules", "KUBE-POSTROUTING"),
)
LAST_RULE = "kubernetes service nodeports; NOTE: this must be the last rule in this chain"


def iptables_lines(rules: NodeRules) -> tuple[Line, ...]:
    """Every rule, in the order in which its chain holds it. Raises UsageError for two cluster CIDRs of a family."""
    if len(rules.pods) > 1:
        raise UsageError(f"proxy.cluster_cidrs: {', '.join(map(str, rules.pods))}: kube-proxy takes one for each family "
                         "in iptables mode; leave one")
    is_large = rules.is_large
    per_service = [each for table in rules.tables for each in service_lines(table, rules, is_large)]
    return (*(_jump(*each) for each in JUMPS), *_masquerading(), *_firewall(rules), *per_service, *_node_ports(rules),
            *_forwarding())


def iptables_save(rules: NodeRules) -> str:
    """The whole text, with a newline at its end."""
    lines = iptables_lines(rules)
    tool = "ip6tables-restore" if rules.family == 6 else "iptables-restore"
    head = f"# IPv{rules.family} rules of kube-proxy on node {rules.node}, as simnet would program them; for {tool}"
    return "\n".join([head, *_table(FILTER, lines), *_table(NAT, lines)]) + "\n"


def _table(table: str, lines: Iterable[Line]) -> list[str]:
    by_chain: dict[str, list[str]] = {chain: [] for chain in (*BUILT_IN[table], *TOP_CHAINS[table])}
    for each in lines:
        if each.table == table:
            by_chain.setdefault(each.chain, []).append(each.text)
    chains = [*BUILT_IN[table], *sorted(chain for chain in by_chain if chain not in BUILT_IN[table])]
    policies = [f":{chain} {'ACCEPT' if chain in BUILT_IN[table] else '-'} [0:0]" for chain in chains]
    return [f"*{table}", *policies, *(text for chain in chains for text in by_chain[chain]), "COMMIT"]


# rules that are the same for every Service ----------------------------------------------------------------------

def _jump(table: str, chain: str, condition: str, why: str, to: str) -> Line:
    return line(table, chain, condition, comment(why) if why else "", jump=to)


def _masquerading() -> Iterable[Line]:
    yield line(NAT, "KUBE-POSTROUTING", f"-m mark ! --mark {MARK}", jump="RETURN")
    yield line(NAT, "KUBE-POSTROUTING", jump="MARK --set-xmark 0x4000/0x0")
    yield line(NAT, "KUBE-POSTROUTING", comment("kubernetes service traffic requiring SNAT"),
               jump="MASQUERADE --random-fully", role=Role.MASQUERADE)
    yield line(NAT, "KUBE-MARK-MASQ", jump=f"MARK --set-xmark {MARK}")


def _firewall(rules: NodeRules) -> Iterable[Line]:
    """Packets to loopback that did not start there: the other side of letting node ports answer on it."""
    if rules.localhost:
        yield line(FILTER, "KUBE-FIREWALL", comment("block incoming localnet connections"),
                   "-m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT", match="! -s 127.0.0.0/8 -d 127.0.0.0/8", jump="DROP")


def _node_ports(rules: NodeRules) -> Iterable[Line]:
    """The last rules of KUBE-SERVICES: what is addressed to the node itself may be a node port (rules NA-1 to NA-3)."""
    if rules.node_port_addresses is not None:
        for number in rules.node_port_addresses:
            if number != ip.number("127.0.0.1") or rules.localhost:
                yield line(NAT, "KUBE-SERVICES", comment(LAST_RULE), match=f"-d {host(number)}", jump="KUBE-NODEPORTS")
        return
    loopback = "::1/128" if rules.family == 6 else "127.0.0.0/8"
    match = "" if rules.localhost else f"! -d {loopback}"
    yield line(NAT, "KUBE-SERVICES", comment(LAST_RULE), "-m addrtype --dst-type LOCAL", match=match, jump="KUBE-NODEPORTS")


def _forwarding() -> Iterable[Line]:
    yield line(FILTER, "KUBE-FORWARD", "-m conntrack --ctstate INVALID", jump="DROP")
    yield line(FILTER, "KUBE-FORWARD", comment("kubernetes forwarding rules"), f"-m mark --mark {MARK}", jump="ACCEPT")
    yield line(FILTER, "KUBE-FORWARD", comment("kubernetes forwarding conntrack rule"),
               "-m conntrack --ctstate RELATED,ESTABLISHED", jump="ACCEPT")

