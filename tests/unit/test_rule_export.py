"""The rule texts of a node against the rules kube-proxy's own test expects for the same objects.

Source: kubernetes/kubernetes pkg/proxy/iptables/proxier_test.go TestOverallIPTablesRules, pkg/proxy/nftables/
proxier_test.go TestOverallNFTablesRules (chain names, hashes, comments, elements); iptables rules stand here in the
spelling of iptables-save, which the kernel test loads and saves again.
"""

from __future__ import annotations

from typing import Any

import pytest

import simnet
from simnet.errors import UsageError
from simnet.explain.rules import named_steps, named_text, rules_text
from tests.unit.flow_net import load_balancer, net

NODE_ADDRESS = "192.168.0.2"


def upstream(**settings: Any) -> simnet.Cluster:
    """The six Services of the upstream test, with their slices, on one node."""
    proxy = {"cluster_cidrs": "10.0.0.0/8", **settings}
    cluster = simnet.Cluster(nodes={"testnode": NODE_ADDRESS}, addons=(), namespaces="any", proxy=proxy,
                             service_cidr="172.30.0.0/16")
    local = {"externalTrafficPolicy": "Local", "externalIPs": ["192.168.99.22"], "healthCheckNodePort": 30000}
    sticky = {"sessionAffinity": "ClientIP", "loadBalancerSourceRanges": [" 203.0.113.0/25"]}
    cluster.load([
        *service("1", "172.30.0.41", ["10.180.0.1"]),
        *service("2", "172.30.0.42", ["10.180.0.2"], 3001, "1.2.3.4", type="LoadBalancer", **local),
        *service("3", "172.30.0.43", ["10.180.0.3"], 3003, type="NodePort"),
        *service("4", "172.30.0.44", ["10.180.0.4", "10.180.0.5"], type="NodePort", externalIPs=["192.168.99.33"]),
        *service("5", "172.30.0.45", ["10.180.0.3"], 3002, "5.6.7.8", type="LoadBalancer", **sticky),
        *service("6", "172.30.0.46", [])])
    return cluster


def service(number: str, cluster_ip: str, endpoints: list[str], node_port: int = 0, ingress: str = "",
            **spec: Any) -> list[dict[str, Any]]:
    name, namespace = f"svc{number}", f"ns{number}"
    port = {"name": "p80", "port": 80, "protocol": "TCP", **({"nodePort": node_port} if node_port else {})}
    made: dict[str, Any] = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace},
                            "spec": {"clusterIP": cluster_ip, "clusterIPs": [cluster_ip], "ports": [port], **spec}}
    if ingress:
        made["status"] = {"loadBalancer": {"ingress": [{"ip": ingress}]}}
    labels = {"kubernetes.io/service-name": name}
    each = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"name": name, "namespace": namespace, "labels": labels},
            "endpoints": [{"addresses": [address]} for address in endpoints],
            "ports": [{"name": "p80", "port": 80, "protocol": "TCP"}]}
    return [made, each] if endpoints else [made]


IPTABLES = """
-A KUBE-NODEPORTS -p tcp -m comment --comment "ns2/svc2:p80 health check node port" -m tcp --dport 30000 -j ACCEPT
-A KUBE-SERVICES -d 172.30.0.46/32 -p tcp -m comment --comment "ns6/svc6:p80 has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable
-A KUBE-EXTERNAL-SERVICES -d 192.168.99.22/32 -p tcp -m comment --comment "ns2/svc2:p80 has no local endpoints" -m tcp --dport 80 -j DROP
-A KUBE-EXTERNAL-SERVICES -d 1.2.3.4/32 -p tcp -m comment --comment "ns2/svc2:p80 has no local endpoints" -m tcp --dport 80 -j DROP
-A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment "ns2/svc2:p80 has no local endpoints" -m addrtype --dst-type LOCAL -m tcp --dport 3001 -j DROP
-A KUBE-PROXY-FIREWALL -d 5.6.7.8/32 -p tcp -m comment --comment "ns5/svc5:p80 traffic not accepted by KUBE-FW-NUKIZ6OKUXPJNT4C" -m tcp --dport 80 -j DROP
-A KUBE-NODEPORTS -p tcp -m comment --comment "ns2/svc2:p80" -m tcp --dport 3001 -j KUBE-EXT-GNZBNJ2PO5MGZ6GT
-A KUBE-NODEPORTS -p tcp -m comment --comment "ns3/svc3:p80" -m tcp --dport 3003 -j KUBE-EXT-X27LE4BHSL4DOUIK
-A KUBE-NODEPORTS -p tcp -m comment --comment "ns5/svc5:p80" -m tcp --dport 3002 -j KUBE-EXT-NUKIZ6OKUXPJNT4C
-A KUBE-SERVICES -d 172.30.0.41/32 -p tcp -m comment --comment "ns1/svc1:p80 cluster IP" -m tcp --dport 80 -j KUBE-SVC-XPGD46QRK7WJZT7O
-A KUBE-SERVICES -d 192.168.99.22/32 -p tcp -m comment --comment "ns2/svc2:p80 external IP" -m tcp --dport 80 -j KUBE-EXT-GNZBNJ2PO5MGZ6GT
-A KUBE-SERVICES -d 1.2.3.4/32 -p tcp -m comment --comment "ns2/svc2:p80 loadbalancer IP" -m tcp --dport 80 -j KUBE-EXT-GNZBNJ2PO5MGZ6GT
-A KUBE-SERVICES -d 5.6.7.8/32 -p tcp -m comment --comment "ns5/svc5:p80 loadbalancer IP" -m tcp --dport 80 -j KUBE-FW-NUKIZ6OKUXPJNT4C
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-EXT-4SW47YFZTEDKD3PK -m comment --comment "masquerade traffic for ns4/svc4:p80 external destinations" -j KUBE-MARK-MASQ
-A KUBE-EXT-4SW47YFZTEDKD3PK -j KUBE-SVC-4SW47YFZTEDKD3PK
-A KUBE-EXT-GNZBNJ2PO5MGZ6GT -s 10.0.0.0/8 -m comment --comment "pod traffic for ns2/svc2:p80 external destinations" -j KUBE-SVC-GNZBNJ2PO5MGZ6GT
-A KUBE-EXT-GNZBNJ2PO5MGZ6GT -m comment --comment "masquerade LOCAL traffic for ns2/svc2:p80 external destinations" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ
-A KUBE-EXT-GNZBNJ2PO5MGZ6GT -m comment --comment "route LOCAL traffic for ns2/svc2:p80 external destinations" -m addrtype --src-type LOCAL -j KUBE-SVC-GNZBNJ2PO5MGZ6GT
-A KUBE-FW-NUKIZ6OKUXPJNT4C -s 203.0.113.0/25 -m comment --comment "ns5/svc5:p80 loadbalancer IP" -j KUBE-EXT-NUKIZ6OKUXPJNT4C
-A KUBE-FW-NUKIZ6OKUXPJNT4C -m comment --comment "other traffic to ns5/svc5:p80 will be dropped by KUBE-PROXY-FIREWALL"
-A KUBE-SEP-SXIVWICOYRO3J4NJ -s 10.180.0.1/32 -m comment --comment "ns1/svc1:p80" -j KUBE-MARK-MASQ
-A KUBE-SEP-SXIVWICOYRO3J4NJ -p tcp -m comment --comment "ns1/svc1:p80" -m tcp -j DNAT --to-destination 10.180.0.1:80
-A KUBE-SEP-I77PXRDZVX7PMWMN -p tcp -m comment --comment "ns5/svc5:p80" -m recent --set --name KUBE-SEP-I77PXRDZVX7PMWMN --mask 255.255.255.255 --rsource -m tcp -j DNAT --to-destination 10.180.0.3:80
-A KUBE-SVC-4SW47YFZTEDKD3PK -m comment --comment "ns4/svc4:p80 -> 10.180.0.4:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-UKSFD7AGPMPPLUHC
-A KUBE-SVC-4SW47YFZTEDKD3PK -m comment --comment "ns4/svc4:p80 -> 10.180.0.5:80" -j KUBE-SEP-C6EBXVWJJZMIWKLZ
-A KUBE-SVC-NUKIZ6OKUXPJNT4C -m comment --comment "ns5/svc5:p80 -> 10.180.0.3:80" -m recent --rcheck --seconds 10800 --reap --name KUBE-SEP-I77PXRDZVX7PMWMN --mask 255.255.255.255 --rsource -j KUBE-SEP-I77PXRDZVX7PMWMN
-A KUBE-SVC-XPGD46QRK7WJZT7O ! -s 10.0.0.0/8 -d 172.30.0.41/32 -p tcp -m comment --comment "ns1/svc1:p80 cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
""".strip().split("\n")


def test_iptables_rules_are_those_of_the_upstream_test() -> None:
    rows = rules_text(upstream().rules("testnode")).split("\n")
    assert [rule for rule in IPTABLES if rule not in rows] == []
    chains = {row.split()[1] for row in rows if row.startswith("-A")}
    assert not any("SVL" in chain for chain in chains), "an endpoint without nodeName is local nowhere"
    per_service = [row for row in rows if row.startswith("-A") and "svc" in row]
    filters, node_ports, addresses, external, firewall, masquerading, drawn, sticky, endpoints = 6, 3, 9, 6, 2, 5, 6, 1, 12
    assert len(per_service) == filters + node_ports + addresses + external + firewall + masquerading + drawn + sticky + endpoints


NFTABLES = [  # block, row
    ("chain service-ULMVA6XW-ns1/svc1/tcp/p80", "ip daddr 172.30.0.41 ip saddr != 10.0.0.0/8 jump mark-for-masquerade"),
    ("chain service-ULMVA6XW-ns1/svc1/tcp/p80",
     "numgen random mod 1 vmap { 0 : goto endpoint-5OJB2KTY-ns1/svc1/tcp/p80__10.180.0.1/80 }"),
    ("chain endpoint-5OJB2KTY-ns1/svc1/tcp/p80__10.180.0.1/80", "ip saddr 10.180.0.1 jump mark-for-masquerade"),
    ("chain endpoint-5OJB2KTY-ns1/svc1/tcp/p80__10.180.0.1/80", "meta l4proto tcp dnat to 10.180.0.1:80"),
    ("chain external-42NFTM6N-ns2/svc2/tcp/p80",
     'ip saddr 10.0.0.0/8 goto service-42NFTM6N-ns2/svc2/tcp/p80 comment "short-circuit pod traffic"'),
    ("chain external-42NFTM6N-ns2/svc2/tcp/p80",
     'fib saddr type local jump mark-for-masquerade comment "masquerade local traffic"'),
    ("chain external-42NFTM6N-ns2/svc2/tcp/p80",
     'fib saddr type local goto service-42NFTM6N-ns2/svc2/tcp/p80 comment "short-circuit local traffic"'),
    ("chain external-4AT6LBPK-ns3/svc3/tcp/p80", "jump mark-for-masquerade"),
    ("chain external-4AT6LBPK-ns3/svc3/tcp/p80", "goto service-4AT6LBPK-ns3/svc3/tcp/p80"),
    ("chain service-LAUZTJTB-ns4/svc4/tcp/p80",
     "numgen random mod 2 vmap { 0 : goto endpoint-UNZV3OEC-ns4/svc4/tcp/p80__10.180.0.4/80, "
     "1 : goto endpoint-5RFCDDV7-ns4/svc4/tcp/p80__10.180.0.5/80 }"),
    ("chain service-HVFWP5L3-ns5/svc5/tcp/p80",
     "ip saddr @affinity-GTK6MW7G-ns5/svc5/tcp/p80__10.180.0.3/80 goto endpoint-GTK6MW7G-ns5/svc5/tcp/p80__10.180.0.3/80"),
    ("chain endpoint-GTK6MW7G-ns5/svc5/tcp/p80__10.180.0.3/80",
     "update @affinity-GTK6MW7G-ns5/svc5/tcp/p80__10.180.0.3/80 { ip saddr }"),
    ("set affinity-GTK6MW7G-ns5/svc5/tcp/p80__10.180.0.3/80", "timeout 10800s"),
    ("chain firewall-HVFWP5L3-ns5/svc5/tcp/p80", "ip saddr != { 203.0.113.0/25 } drop"),
    ("map service-ips", "172.30.0.41 . tcp . 80 : goto service-ULMVA6XW-ns1/svc1/tcp/p80"),
    ("map service-ips", "1.2.3.4 . tcp . 80 : goto external-42NFTM6N-ns2/svc2/tcp/p80"),
    ("map service-nodeports", "tcp . 3001 : goto external-42NFTM6N-ns2/svc2/tcp/p80"),
    ("map no-endpoint-nodeports", 'tcp . 3001 comment "ns2/svc2:p80" : drop'),
    ("map no-endpoint-services", '192.168.99.22 . tcp . 80 comment "ns2/svc2:p80" : drop'),
    ("map no-endpoint-services", '172.30.0.46 . tcp . 80 comment "ns6/svc6:p80" : goto reject-chain'),
    ("map firewall-ips", "5.6.7.8 . tcp . 80 : goto firewall-HVFWP5L3-ns5/svc5/tcp/p80"),
    ("set cluster-ips", "172.30.0.46"),
    ("set nodeport-ips", NODE_ADDRESS),
    ("chain cluster-ips-check", 'ip daddr { 172.30.0.0/16 } drop comment "Drop traffic to unallocated ClusterIPs"'),
    ("chain services", "ip daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports"),
]


def blocks(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    name = ""
    for row in text.split("\n"):
        if row.startswith("\t") and not row.startswith("\t\t") and row.endswith("{"):
            name = row.strip(" \t{")
        found.setdefault(name, []).append(row.strip().rstrip(","))
    return found


@pytest.mark.parametrize(("block", "row"), NFTABLES, ids=[f"{block} {row}"[:70] for block, row in NFTABLES])
def test_nftables_rules_are_those_of_the_upstream_test(block: str, row: str) -> None:
    found = blocks(rules_text(upstream(mode="nftables").rules("testnode")))
    assert row in found[block]


NODE_PORT_JUMPS = [  # proxy settings, the rules at the end of KUBE-SERVICES (iptables/proxier.go, after the Services)
    ({}, ["-m addrtype --dst-type LOCAL"]),
    ({"localhost_node_ports": False}, ["! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL"]),
    ({"node_port_addresses": ["192.168.0.0/24"]}, ["-d 192.168.0.2/32"]),
    ({"node_port_addresses": ["192.168.0.0/24", "127.0.0.0/8"]}, ["-d 192.168.0.2/32", "-d 127.0.0.1/32"]),
    ({"node_port_addresses": ["192.168.0.0/24", "127.0.0.0/8"], "localhost_node_ports": False}, ["-d 192.168.0.2/32"]),
    ({"node_port_addresses": ["fd00::/8"]}, ["-m addrtype --dst-type LOCAL"]),
    ({"node_port_addresses": ["0.0.0.0/0"]}, ["-m addrtype --dst-type LOCAL"]),
    ({"node_port_addresses": ["primary"]}, ["-d 192.168.0.2/32"]),
]


@pytest.mark.parametrize(("proxy", "expected"), NODE_PORT_JUMPS, ids=str)
def test_the_last_rules_of_the_services_chain_say_where_node_ports_answer(proxy: dict[str, Any],
                                                                          expected: list[str]) -> None:
    rows = rules_text(upstream(**proxy).rules("testnode")).split("\n")
    comment = '-m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain"'
    jumps = [row for row in rows if comment in row]
    found = [row.removeprefix("-A KUBE-SERVICES ").removesuffix(" -j KUBE-NODEPORTS").replace(f"{comment} ", "")
             .replace(f" {comment}", "") for row in jumps]
    assert found == expected
    services = [row for row in rows if row.startswith("-A KUBE-SERVICES") and "-j KUBE-" in row]
    assert services[-len(jumps):] == jumps


def test_a_second_service_on_the_same_address_has_no_rule_there() -> None:
    """MT-2: which of the two wins is open; the rules are those of the one that gets the packets."""
    cluster = upstream()
    cluster.load(service("7", "172.30.0.47", ["10.180.0.9"], externalIPs=["192.168.99.33"], type="NodePort"))
    owner = cluster.trace("tcp://192.168.99.33:80", "198.51.100.1", via="testnode").service
    rows = [row for row in rules_text(cluster.rules("testnode")).split("\n") if "-d 192.168.99.33/32" in row]
    assert owner is not None and len(rows) == 1 and f'"{owner.service_port} external IP"' in rows[0]


def test_two_cluster_cidrs_of_a_family_are_refused_as_kube_proxy_refuses_them() -> None:
    rules = upstream(cluster_cidrs=["10.0.0.0/8", "192.168.0.0/16"]).rules("testnode")
    with pytest.raises(UsageError) as caught:
        rules_text(rules)
    assert str(caught.value) == ("proxy.cluster_cidrs: 10.0.0.0/8, 192.168.0.0/16: kube-proxy takes one for each family "
                                 "in iptables mode; leave one")


def test_a_node_without_the_family_has_no_rules_of_it() -> None:
    with pytest.raises(UsageError) as caught:
        upstream().rules("testnode", 6)
    assert str(caught.value) == "node/testnode has no IPv6 address, so no rules of that family"


# endpoints of all service ports together, whether endpoints have comments (iptables/proxier.go largeClusterEndpointsThreshold)
SIZES = [(1000, True), (1001, False)]


@pytest.mark.parametrize(("count", "commented"), SIZES)
def test_a_large_cluster_has_no_comments_at_its_endpoints(count: int, commented: bool) -> None:
    cluster = simnet.Cluster(nodes={"testnode": NODE_ADDRESS}, addons=(), namespaces="any")
    cluster.load(service("1", "10.96.0.41", [f"10.180.{index // 200}.{index % 200 + 1}" for index in range(count)]))
    rows = rules_text(cluster.rules("testnode")).split("\n")
    assert sum("--comment" in row for row in rows if "KUBE-SEP-" in row) == (3 * count if commented else 0)
    assert any('"ns1/svc1:p80 cluster IP"' in row for row in rows)


# naming the rules of a walk ---------------------------------------------------------------------------------------

NAMED = [  # dialled, from, chains of the rules met, in order
    ("tcp://172.30.0.41:80", "10.0.0.9", ["KUBE-SERVICES", "KUBE-SVC", "KUBE-SEP"]),
    ("tcp://172.30.0.41:80", "198.51.100.1", ["KUBE-SERVICES", "KUBE-SVC", "KUBE-SVC", "KUBE-SEP", "KUBE-POSTROUTING"]),
    ("tcp://172.30.0.46:80", "198.51.100.1", ["KUBE-SERVICES"]),
    ("tcp://1.2.3.4:80", "198.51.100.1", ["KUBE-SERVICES", "KUBE-EXTERNAL-SERVICES"]),
    ("tcp://1.2.3.4:80", "10.0.0.9", ["KUBE-SERVICES", "KUBE-EXT", "KUBE-SVC", "KUBE-SEP"]),
    ("tcp://1.2.3.4:80", "node/testnode",
     ["KUBE-SERVICES", "KUBE-EXT", "KUBE-EXT", "KUBE-SVC", "KUBE-SEP", "KUBE-POSTROUTING"]),
    (f"tcp://{NODE_ADDRESS}:3003", "198.51.100.1",
     ["KUBE-NODEPORTS", "KUBE-EXT", "KUBE-EXT", "KUBE-SVC", "KUBE-SEP", "KUBE-POSTROUTING"]),
    ("tcp://5.6.7.8:80", "203.0.113.7",
     ["KUBE-SERVICES", "KUBE-FW", "KUBE-EXT", "KUBE-EXT", "KUBE-SVC", "KUBE-SEP", "KUBE-POSTROUTING"]),
    ("tcp://5.6.7.8:80", "198.51.100.1", ["KUBE-SERVICES", "KUBE-PROXY-FIREWALL"]),
    (f"tcp://{NODE_ADDRESS}:30000", "198.51.100.1", ["KUBE-NODEPORTS"]),
    (f"tcp://{NODE_ADDRESS}:1", "198.51.100.1", []),
]


@pytest.mark.parametrize(("url", "source", "chains"), NAMED, ids=[f"{row[0]} from {row[1]}" for row in NAMED])
def test_the_rules_of_a_walk_are_those_its_packet_meets(url: str, source: str, chains: list[str]) -> None:
    cluster = upstream()
    steps = named_steps(cluster.trace(url, source, via="" if source.startswith("node") else "testnode"), cluster.rules)
    lines = [line for step in steps for line in step.lines]
    assert [line.chain.removesuffix(line.chain[-17:]) if len(line.chain.split("-")[-1]) == 16 else line.chain
            for line in lines] == chains
    text = rules_text(cluster.rules("testnode"))
    assert all(line.text in text for line in lines)
    assert all(line.text in named_text(steps) for line in lines)


def test_a_remembered_client_meets_the_affinity_rule() -> None:
    cluster = net(load_balancer(sessionAffinity="ClientIP"))
    first = cluster.connect("tcp://10.96.0.50:80", "pod/client")
    again = cluster.trace("tcp://10.96.0.50:80", "pod/client")
    assert "--rcheck" not in named_text(named_steps(first, cluster.rules))
    text = named_text(named_steps(again, cluster.rules))
    assert "--rcheck --seconds 10800 --reap" in text and "statistic" not in text


def test_other_ports_of_a_cluster_ip_meet_the_check_of_nftables_mode() -> None:
    """NF-1."""
    cluster = upstream(mode="nftables")
    rejected = named_steps(cluster.trace("tcp://172.30.0.41:81", "node/testnode"), cluster.rules)
    dropped = named_steps(cluster.trace("tcp://172.30.0.99:80", "node/testnode"), cluster.rules)
    assert [line.text for step in rejected for line in step.lines] == [
        'ip daddr @cluster-ips reject comment "Reject traffic to invalid ports of ClusterIPs"']
    assert [line.text for step in dropped for line in step.lines] == [
        'ip daddr { 172.30.0.0/16 } drop comment "Drop traffic to unallocated ClusterIPs"']
