"""`simnet service NAME`: what each kind of client gets at each address of a Service.

Every row is the exact outcome of a connection tried on a copy of the cluster; clients that are not there are added to
the copy. Nodes that see the same endpoints are asked once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from simnet import ip
from simnet.cluster import Cluster
from simnet.dataplane import decisions as core
from simnet.dataplane.outcomes import Outcomes
from simnet.dataplane.packet import is_loopback
from simnet.dataplane.rules import AddressKind, is_proxied
from simnet.dataplane.ruletable import Capture, NodeRules, PortTable
from simnet.names import ObjectKey
from simnet.objects.node import Node
from simnet.objects.service import Service

PROBES = "simnet-clients"
OUTSIDE = {4: "192.0.2.1", 6: "2001:db8::1"}
LOCALHOST = "127.0.0.1"
NO_ANSWER = "no answer"  # it arrives, and the reply goes past the node that would have to translate it back
KIND_WORDS = {AddressKind.CLUSTER_IP: "cluster IP", AddressKind.EXTERNAL_IP: "external IP",
              AddressKind.LOAD_BALANCER_IP: "load-balancer IP", AddressKind.NODE_PORT: "node port"}


@dataclass(frozen=True, slots=True)
class Client:
    """A kind of client, and one of its kind: `source` and `via` as `Cluster.connect` takes them."""

    words: str
    source: str
    via: str = ""


@dataclass(slots=True)
class Row:
    """One address and one kind of client; `nodes` are the nodes where it holds. `place` tells node ports apart: the
    family, and which of the node's addresses it is. `seen` says whose address receivers see, client or node; `sources`
    are those addresses on the first of the nodes."""

    kind: AddressKind
    address: str
    place: tuple[int, int]
    client: str
    nodes: list[str]
    results: dict[str, Fraction]
    endpoints: dict[str, Fraction]
    seen: tuple[str, ...]
    sources: tuple[str, ...]
    rule: str
    source: str = field(compare=False, default="")

    @property
    def what(self) -> tuple[object, ...]:
        """Rows that differ in the node only are one row; a node port has an address of its own on each."""
        address = (self.place, self.address.rpartition(":")[2]) if self.kind is AddressKind.NODE_PORT else self.address
        return (self.kind, address, self.client, tuple(self.results.items()), tuple(self.endpoints.items()), self.seen,
                self.rule)


def service_rows(cluster: Cluster, name: str, namespace: str) -> list[Row]:
    """The whole table, rows of one address together. Raises NotFound. Empty for a Service without addresses.

    Cost: one exploration for each address, kind of client and group of nodes that see the same endpoints.
    """
    service: Service = cluster.get("service", name, namespace=namespace)
    if not is_proxied(service):
        return []
    copy = cluster.fork()
    rows: list[Row] = []
    for nodes in _groups(copy, service):
        _place_client(copy, nodes[0])
        for rules in _rules(copy, nodes[0]):
            for table in rules.tables:
                if table.rules.service.key == service.key:
                    rows += _rows(copy, table, rules, nodes)
    return _merged(rows)


def why_empty(service: Service) -> str:
    """Why the table of the Service is empty."""
    if service.is_external_name:
        return f"an alias for {service.external_name} in the DNS; no proxy looks at it"
    if service.is_headless:
        return "headless: its name leads to the pods themselves; no proxy looks at it"
    return "no node is there to ask" if is_proxied(service) else "left to another proxy: kube-proxy makes no rule for it"


# who asks ---------------------------------------------------------------------------------------------------------

def _groups(cluster: Cluster, service: Service) -> list[list[str]]:
    """The nodes by their addresses (families, and which serve node ports), by what their proxies would choose from, and
    by what the source ranges say of them and their pods."""
    groups: dict[tuple[object, ...], list[str]] = {}
    for node in cluster.list("node"):
        own = tuple((ip.family(number), cluster.view.serves_node_ports(node.name, number))
                    for number in (*node.addresses, *node.external_addresses))
        lists = [rules.usable(node.name, node.zone) for rules in cluster.view.rules(service.key).values()]
        let_in = [(any(number in cidr for number in node.addresses), any(cidr.overlaps(block) for block in node.pod_cidrs))
                  for cidr in service.load_balancer_source_ranges]
        key = (own, *((tuple(map(id, each.cluster)), tuple(map(id, each.local or ()))) for each in lists), *let_in)
        groups.setdefault(key, []).append(node.name)
    return list(groups.values())


def _rules(cluster: Cluster, node: str) -> Iterator[NodeRules]:
    found: Node = cluster.get("node", node)
    for family in (4, 6):
        if found.primary(family) is not None:
            yield cluster.rules(node, family)


def _place_client(cluster: Cluster, node: str) -> None:
    """A pod on the node that is nobody's endpoint."""
    cluster.load({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": node, "namespace": PROBES},
                  "spec": {"nodeName": node, "containers": [{"name": "client"}]}})


def _clients(cluster: Cluster, table: PortTable, capture: Capture, node: str) -> Iterator[Client]:
    """The kinds of client of an address of the Service, those of the node first."""
    family = table.rules.family
    if any(ip.family(number) == family for number in cluster.actor(f"pod/{PROBES}/{node}").addresses):
        yield Client("a pod", f"pod/{PROBES}/{node}")
    own = next((each.pod for each in table.reachable if each.pod is not None and each.node_name == node), None)
    if own is not None and not _is_on_host(cluster, own):
        yield Client("a pod that is an endpoint", f"pod/{own}")
    yield Client("a process of the node", f"node/{node}")
    if capture.address is None:
        other = next((each.name for each in cluster.list("node")
                      if each.name != node and each.primary(family) is not None), "")
        yield from (Client("a process of another node", f"node/{other}"),) if other else ()
    if not any(ip.number(OUTSIDE[family]) in cidr for cidr in capture.ranges):
        yield Client("outside", OUTSIDE[family], node)
    for cidr in capture.ranges:
        yield Client(f"outside, in {cidr}", ip.text(min(cidr.first + 1, cidr.last)), node)


def _is_on_host(cluster: Cluster, key: ObjectKey) -> bool:
    pod = cluster.view.pod(key)
    return pod is None or pod.spec.host_network


# rows -------------------------------------------------------------------------------------------------------------

def _rows(cluster: Cluster, table: PortTable, rules: NodeRules, nodes: list[str]) -> Iterator[Row]:
    for capture in table.captures:
        for index, number in enumerate(_numbers(cluster, capture, rules)):
            address, place = ip.host_port(number, capture.port), (rules.family, index)
            clients = _clients(cluster, table, capture, nodes[0])
            if is_loopback(number):
                clients = iter([Client("a process of the node", f"node/{nodes[0]}")])
            for client in clients:
                yield _row(cluster, table, capture.kind, address, place, client, nodes)


def _numbers(cluster: Cluster, capture: Capture, rules: NodeRules) -> Iterator[int]:
    """The address itself, or all addresses of the node and loopback for a node port."""
    if capture.address is not None:
        yield capture.address
        return
    node: Node = cluster.get("node", rules.node)
    yield from (each for each in (*node.addresses, *node.external_addresses) if ip.family(each) == rules.family)
    yield ip.number(LOCALHOST if rules.family == 4 else "::1")


def _row(cluster: Cluster, table: PortTable, kind: AddressKind, address: str, place: tuple[int, int],
         client: Client, nodes: list[str]) -> Row:
    options = {"via": client.via} if client.via else {}
    outcomes = cluster.outcomes(f"{table.protocol}://{address}", client.source, **options)
    results: dict[str, Fraction] = {}
    endpoints: dict[str, Fraction] = {}
    for share, trace in outcomes:
        word = NO_ANSWER if any(way.is_bypassed for way in trace.ways_back) else trace.result
        results[word] = results.get(word, Fraction()) + share
        if trace.service is not None and trace.service.backend is not None:
            endpoints[trace.service.backend] = endpoints.get(trace.service.backend, Fraction()) + share
    return Row(kind, f"{address}/{table.rules.port.protocol}", place, client.words, list(nodes), results, endpoints,
               *_seen(outcomes), _rule(outcomes), client.source)


def _seen(outcomes: Outcomes) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Whose address the receivers see, and which."""
    found = {}
    for trace in outcomes.traces:
        if trace.seen_source is not None:
            is_own = trace.seen_source == ip.text(trace.steps[0].before.source)
            found[trace.seen_source] = "client" if is_own else "node"
    return tuple(dict.fromkeys(found.values())), tuple(found)


def _rule(outcomes: Outcomes) -> str:
    """The rule of the Service semantics that decided."""
    for step in reversed(outcomes.traces[0].steps):
        match step.because:
            case core.EndpointChosen():
                return step.because.reason
            case core.NoEndpoints():
                return "NE-1"
            case core.NoLocalEndpoints():
                return "NE-2"
            case core.SourceOutOfRange():
                return "FW-1"
    return "NA-4" if isinstance(outcomes.traces[0].last.because, core.NotListening) else "MT-3"


def _merged(rows: list[Row]) -> list[Row]:
    """Rows that differ in their nodes only become one, in the order of addresses and clients."""
    found: dict[tuple[object, ...], Row] = {}
    for row in rows:
        known = found.setdefault(row.what, row)
        if known is not row:
            known.nodes += [node for node in row.nodes if node not in known.nodes]
    order = {kind: index for index, kind in enumerate(KIND_WORDS)}
    return sorted(found.values(), key=lambda row: order[row.kind])


# text and data ----------------------------------------------------------------------------------------------------

def as_table(service: Service, rows: list[Row]) -> str:
    """The rows in columns, as kubectl lays tables out."""
    head = f"Service {service.key}: {service.type}, internalTrafficPolicy {service.internal_traffic_policy}"
    if service.has_external_address:
        head += f", externalTrafficPolicy {service.external_traffic_policy}"
    if service.session_affinity == "ClientIP":
        head += f", sessionAffinity ClientIP ({service.affinity_timeout_seconds} s)"
    cells = [("ADDRESS", "CLIENT", "ON", "RESULT", "ENDPOINTS", "SEEN SOURCE", "RULE"), *map(_cells, rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    lines = ["   ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    return "\n".join([head, "", *lines]) + "\n"


def _cells(row: Row) -> tuple[str, ...]:
    nodes = row.nodes if len(row.nodes) <= 3 else [*row.nodes[:2], f"{len(row.nodes) - 2} more"]
    results = list(row.results) if len(row.results) == 1 else [f"{word} {share}" for word, share in row.results.items()]
    address = row.address
    if row.kind is AddressKind.NODE_PORT and len(row.nodes) > 1 and not address.startswith((LOCALHOST, "[::1]")):
        address = f"NODE:{address.rpartition(':')[2]}"
    return (f"{KIND_WORDS[row.kind]} {address}", row.client, ",".join(nodes), ",".join(results),
            ",".join(row.endpoints) or "-", _seen_words(row), row.rule)


def _seen_words(row: Row) -> str:
    """`client`, `node 172.18.0.2`; without the address where it is another on each node."""
    if not row.seen:
        return "-"
    return ",".join(f"node {row.sources[row.seen.index(each)]}" if each == "node" and len(row.nodes) == 1 else each
                    for each in row.seen)


def as_data(service: Service, rows: list[Row]) -> dict[str, Any]:
    """The same for machines; shares are texts like `1/3`."""
    return {"schema": "simnet/service/v1", "service": str(service.key), "type": service.type,
            "without_addresses": None if rows else why_empty(service),
            "rows": [{"address_kind": str(row.kind), "address": row.address, "client": row.client, "source": row.source,
                      "nodes": row.nodes, "results": {word: str(share) for word, share in row.results.items()},
                      "endpoints": {name: str(share) for name, share in row.endpoints.items()},
                      "seen": list(row.seen), "seen_sources": list(row.sources), "rule": row.rule} for row in rows]}
