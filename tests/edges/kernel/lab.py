"""The wiring: every node, pod and outside host of a cluster is a namespace, joined by virtual Ethernet pairs.

    pod --- node --- core --- node --- pod
                      |
                   outside, and endpoints whose node is not there

The core forwards between nodes and drops what belongs to nobody. Rules are those simnet exports, nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

import simnet
from simnet.dataplane.ruletable import NodeRules, PortTable
from simnet.explain.rules import rules_text
from simnet.ip import family, number, text
from simnet.objects.pod import Pod
from tests.edges.kernel.namespaces import Namespace

CORE_GATEWAY, NODE_GATEWAY, NEAR, FAR = "169.254.0.1", "169.254.1.1", "fe80::1", "fe80::2"
OUTSIDE_TABLE = 100
QUIET = {"ipv6__conf__default__accept_dad": 0, "ipv6__conf__default__dad_transmits": 0,
         "ipv6__conf__all__forwarding": 1, "ipv4__ip_forward": 1, "ipv4__conf__all__rp_filter": 0,
         "ipv4__conf__default__rp_filter": 0, "ipv4__icmp_ratelimit": 0, "ipv6__icmp__ratelimit": 0}
Target = tuple[str, int, str]


class Lab:
    """The namespaces of one cluster, to be used in a `with` block. `outside` are addresses of clients beyond it."""

    def __init__(self, cluster: simnet.Cluster, outside: Iterable[str] = ()) -> None:
        self.cluster = cluster
        self.core, self.beyond = Namespace(), Namespace()
        self.namespaces = [self.core, self.beyond]
        self.nodes: dict[str, Namespace] = {}
        self.pods: dict[str, Namespace] = {}
        self.at: dict[str, Namespace] = {}  # address -> where its packets arrive
        self._links = 0
        self._via: dict[str, str] = {}
        try:
            self._build(outside)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give all namespaces back, and with them what is in them."""
        for each in self.namespaces:
            each.close()

    # building ------------------------------------------------------------------------------------------------------

    def _build(self, outside: Iterable[str]) -> None:
        self.core.set(**QUIET)
        self.core.ip("link set lo up", "route add blackhole 0.0.0.0/0", "route add blackhole ::/0")
        self._wire_outside(outside)
        for node in self.cluster.list("node"):
            self._add_node(node.name)
        self.follow()

    def follow(self) -> None:
        """Bring pods, endpoints and every node's rules up to date with the cluster."""
        for pod in self.cluster.list("pod"):
            if pod.spec.host_network:
                self.pods[str(pod.key)] = self.nodes[pod.node_name]
            elif str(pod.key) not in self.pods and pod.pod_ips and not pod.is_terminal:
                self._add_pod(pod)
        for address, node in self._endpoints():
            if address not in self.at:  # no pod's and no node's: somebody stands in for it
                self._stub([address], node)
        for each in self.namespaces:  # nearest to the core first: a link is made on its near side
            each.settle()
        for node, namespace in self.nodes.items():
            for rules in self.rules(node):
                _load(namespace, rules)

    def rules(self, node: str) -> list[NodeRules]:
        """The rule tables of a node, one for each family it has."""
        found = self.cluster.get("node", node)
        return [self.cluster.rules(node, each) for each in (4, 6) if found.primary(each) is not None]

    def targets(self) -> set[Target]:
        """Address, port and protocol of every endpoint of every Service."""
        return {(text(target.address), target.port, table.protocol) for table in self._tables()
                for target in table.rules.targets}

    def _endpoints(self) -> list[tuple[str, str]]:
        """Address of every endpoint, with the node its slice names."""
        return [(text(target.address), target.node_name) for table in self._tables() for target in table.rules.targets]

    def _tables(self) -> list[PortTable]:
        return [table for node in self.nodes for rules in self.rules(node) for table in rules.tables]

    def _wire_outside(self, outside: Iterable[str]) -> None:
        self.beyond.set(**QUIET)
        name = self._join(self.core, self.beyond, CORE_GATEWAY)
        for version in ("-4", "-6"):
            self.core.run(["ip", version, "rule", "add", "iif", name, "lookup", str(OUTSIDE_TABLE)])
        for address in outside:
            self._settle(self.core, self.beyond, name, address, CORE_GATEWAY)

    def _add_node(self, name: str) -> None:
        node = self.cluster.get("node", name)
        namespace = self.nodes[name] = Namespace()
        self.namespaces.append(namespace)
        localhost = node.primary(4) is not None and self.cluster.rules(name, 4).localhost
        namespace.set(**QUIET, ipv4__conf__all__route_localnet=int(localhost))  # kube-proxy sets it, no rule does
        link = self._join(self.core, namespace, CORE_GATEWAY)
        self._via[name] = link
        for address in (*node.addresses, *node.external_addresses):
            self._settle(self.core, namespace, link, text(address), CORE_GATEWAY)

    def _add_pod(self, pod: Pod) -> None:
        self.pods[str(pod.key)] = self._stub([text(address) for address in pod.pod_ips], pod.node_name)

    def _stub(self, addresses: list[str], node: str) -> Namespace:
        """A namespace with these addresses behind a node, or behind the core when there is no such node."""
        namespace = Namespace()
        self.namespaces.append(namespace)
        namespace.set(**QUIET)
        near = self.nodes.get(node, self.core)
        gateway = CORE_GATEWAY if near is self.core else NODE_GATEWAY
        link = self._join(near, namespace, gateway)
        for address in addresses:
            self._settle(near, namespace, link, address, gateway)
            if near is not self.core:
                self.core.ip(f"route replace {_block(address)} {_through(address, self._via[node])}")
        return namespace

    def _join(self, near: Namespace, far: Namespace, gateway: str) -> str:
        """A pair of interfaces, `up0` on the far side; returns the name on the near side."""
        self._links += 1
        name = f"v{self._links}"
        near.ip(f"link add {name} type veth peer name up0 netns {far.path}", f"link set {name} up",
                f"address add {gateway}/32 dev {name} scope link", f"address add {NEAR}/64 dev {name} nodad")
        far.ip("link set lo up", "link set up0 up", f"address add {FAR}/64 dev up0 nodad")
        return name

    def _settle(self, near: Namespace, far: Namespace, link: str, address: str, gateway: str) -> None:
        """Give the far side an address; the first of a family is the one it sends from."""
        known = [each for each, place in self.at.items() if place is far and family(number(each)) == family(number(address))]
        self.at[address] = far
        flag = (" nodad" + (" preferred_lft 0" if known else "")) if ":" in address else ""
        router = NEAR if ":" in address else gateway
        far.ip(f"address add {_block(address)} dev up0{flag}",
               *([] if known else [f"route add default via {router} dev up0 onlink src {address}"]))
        near.ip(f"route replace {_block(address)} dev {link}")

    # steering ------------------------------------------------------------------------------------------------------

    def steer(self, address: str, node: str) -> None:
        """Packets from outside to this address reach `node` first."""
        self.core.ip(f"route replace {_block(address)} {_through(address, self._via[node])} table {OUTSIDE_TABLE}")
        self.core.settle()

    # counters ------------------------------------------------------------------------------------------------------

    def zero_counters(self) -> None:
        """Every rule of every node (IPv4, iptables mode) has seen nothing."""
        for namespace in self.nodes.values():
            for table in ("nat", "filter"):
                namespace.run(["iptables", "-t", table, "-Z"])

    def counted(self) -> set[tuple[str, str]]:
        """Node and text of every rule that has seen a packet since."""
        found = set()
        for name, namespace in self.nodes.items():
            for row in namespace.run(["iptables-save", "-c"]).splitlines():
                counter, _, text = row.partition("] ")
                if counter.startswith("[") and not counter.startswith("[0:"):
                    found.add((name, text))
        return found


def _block(address: str) -> str:
    return f"{address}/{128 if ':' in address else 32}"


def _through(address: str, link: str) -> str:
    """The far side of a link as the next hop: packets for addresses it does not have itself."""
    return f"via {'inet6 ' if ':' not in address else ''}{FAR} dev {link} onlink"


def _load(namespace: Namespace, rules: NodeRules) -> None:
    if rules.mode == "nftables":
        namespace.run(["nft", "-f", "-"], rules_text(rules))
    else:
        namespace.run(["ip6tables-restore" if rules.family == 6 else "iptables-restore"], rules_text(rules))
