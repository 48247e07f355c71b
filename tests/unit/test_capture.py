"""Who owns a destination. Rules MT, NA, NF and HC of the Service semantics (kubernetes/kubernetes
pkg/proxy/iptables/proxier.go, pkg/proxy/util/nodeport_addresses.go, pkg/proxy/healthcheck), host ports (kubelet, CNI
portmap)."""

from __future__ import annotations

import json
from typing import Any

import pytest

import simnet
from simnet.dataplane import decisions as core
from tests.unit.flow_net import (
    CLIENT,
    EXTERNAL_IP,
    LB_IP,
    NODE_A,
    NODE_B,
    NODE_PORT,
    OUTSIDE,
    VIP,
    WEB,
    WEB_A,
    WEB_B,
    asked,
    decisions,
    load_balancer,
    net,
    only,
    pod,
    service,
)

# Services -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("to", [f"{VIP}:80", f"{LB_IP}:80", f"{EXTERNAL_IP}:80", f"{NODE_A}:{NODE_PORT}"])
@pytest.mark.parametrize("source", ["pod/client", "node/a", OUTSIDE])
def test_every_address_of_a_service_is_captured(to: str, source: str) -> None:
    assert set(asked(net(load_balancer()), to, source)) == {WEB_A, WEB_B}, "MT-1"


# row, destination, result, source
MISSES = [
    ("another port of a cluster IP", f"{VIP}:81", "timeout", "MT-3"),
    ("an address of the range that nobody has", "10.96.7.7:80", "timeout", "MT-3"),
    ("the node port on the cluster IP", f"{VIP}:{NODE_PORT}", "timeout", "NA-1"),
    ("the Service port on a node", f"{NODE_A}:80", "refused", "NE-3"),
    ("a closed port of a pod", "10.244.0.2:9", "refused", "NE-3"),
    ("a pod address nobody has", "10.244.1.77:80", "timeout", "NE-3"),
    ("a host nobody declared", "192.0.2.200:80", "timeout", "closed world"),
]


@pytest.mark.parametrize(("row", "to", "result", "rule"), MISSES, ids=[row[0] for row in MISSES])
def test_what_nobody_captures(row: str, to: str, result: str, rule: str) -> None:
    trace = only(net(load_balancer()), to)
    assert trace.result == result, rule
    assert trace.service is None


def test_a_miss_names_what_was_near() -> None:
    left = only(net(load_balancer()), f"{VIP}:81").last.because
    assert isinstance(left, core.LeftCluster) and left.near is not None
    assert (left.near.name, left.in_service_range, left.in_pod_range) == ("web", True, False)
    assert only(net(), "10.244.1.77:80").last.because.in_pod_range


def test_protocols_are_unrelated() -> None:
    cluster = net(service(ports=[{"port": 53, "targetPort": 8080}]))
    assert cluster.connect(f"tcp://{VIP}:53", "pod/client").result == "open", "MT-4"
    assert cluster.connect(f"udp://{VIP}:53", "pod/client").result == "timeout", "MT-4"


# mode, destination, result, source
MODES = [
    ("iptables", f"{VIP}:81", "timeout", "MT-3"), ("nftables", f"{VIP}:81", "refused", "NF-1"),
    ("iptables", "10.96.7.7:80", "timeout", "MT-3"), ("nftables", "10.96.7.7:80", "timeout", "NF-1"),
    ("iptables", f"127.0.0.1:{NODE_PORT}", "open", "NA-2"), ("nftables", f"127.0.0.1:{NODE_PORT}", "refused", "NF-2"),
    ("iptables", f"{NODE_A}:{NODE_PORT}", "open", "NA-1"), ("nftables", f"{NODE_A}:{NODE_PORT}", "open", "NF-2"),
]


@pytest.mark.parametrize(("mode", "to", "result", "rule"), MODES)
def test_what_the_modes_do_otherwise(mode: str, to: str, result: str, rule: str) -> None:
    assert net(load_balancer(), proxy=mode).trace(f"tcp://{to}", "node/a").result == result, rule


def test_nftables_says_which_of_its_two_rules_it_was() -> None:
    cluster = net(load_balancer(), proxy="nftables")
    assert decisions(only(cluster, f"{VIP}:81"))[-1] == "RejectedByMode"
    assert decisions(only(cluster, "10.96.7.7:80"))[-1] == "DroppedByMode"
    assert decisions(only(cluster, f"{EXTERNAL_IP}:81"))[-1] == "LeftCluster", "only cluster IPs are guarded"


def test_an_external_ip_that_is_a_node_address_wins_over_node_ports() -> None:
    other = service("other", ports=[{"port": NODE_PORT, "targetPort": 8080}], selector={"app": "client"},
                    clusterIP="10.96.0.51", externalIPs=[NODE_A])
    cluster = net(load_balancer(), other, pods=(*WEB[:2], pod("client", "a", CLIENT, app="client")))
    assert set(asked(cluster, f"{NODE_A}:{NODE_PORT}", OUTSIDE)) == {f"{CLIENT}:8080"}, "MT-2"
    assert set(asked(cluster, f"{NODE_B}:{NODE_PORT}", OUTSIDE)) == {WEB_A, WEB_B}, "MT-2"


def test_two_services_with_one_address_are_named() -> None:
    one, other = (service(name, clusterIP=ip, externalIPs=[EXTERNAL_IP]) for name, ip in (("one", VIP), ("two", "10.96.0.51")))
    captured = only(net(one, other, pods=WEB[1:]), f"{EXTERNAL_IP}:80").steps[0].because
    assert isinstance(captured, core.ServiceCaptured)
    assert [str(key) for key in captured.claim.also] == ["default/two"], "MT-2"


# row, changes of the Service, source
IGNORED: list[tuple[str, dict[str, Any], str]] = [
    ("a headless Service", {"clusterIP": "None", "externalIPs": [EXTERNAL_IP]}, "SV-3"),
    ("an ExternalName Service", {"type": "ExternalName", "externalName": "example.com", "clusterIP": None,
                                 "externalIPs": [EXTERNAL_IP]}, "PX-1"),
]


@pytest.mark.parametrize(("row", "spec", "rule"), IGNORED, ids=[row[0] for row in IGNORED])
def test_services_the_proxy_ignores(row: str, spec: dict[str, Any], rule: str) -> None:
    trace = only(net(service(**spec)), f"{EXTERNAL_IP}:80")
    assert (trace.result, trace.service) == ("timeout", None), rule


@pytest.mark.parametrize("label", ["service.kubernetes.io/service-proxy-name", "service.kubernetes.io/headless"])
def test_a_label_takes_a_service_away_from_the_proxy(label: str) -> None:
    labelled = service()
    labelled["metadata"]["labels"] = {label: ""}
    assert only(net(labelled), f"{VIP}:80").service is None, "PX-1"


def test_an_address_in_mode_proxy_is_not_captured() -> None:
    def of(mode: dict[str, str]) -> simnet.Cluster:
        return net(service(type="LoadBalancer", ingress=[{"ip": LB_IP, **mode}]))
    assert only(of({"ipMode": "Proxy"}), f"{LB_IP}:80").result == "timeout", "SV-9"
    assert set(asked(of({"ipMode": "VIP"}), f"{LB_IP}:80")) == {WEB_A, WEB_B}, "SV-9"


# node ports -----------------------------------------------------------------------------------------------------

TWO_ADDRESSES = {"a": [NODE_A, "192.168.50.2"], "b": NODE_B}
# row, proxy settings, destination, whether the node port answers, source
ADDRESSES: list[tuple[str, dict[str, Any], str, bool, str]] = [
    ("every address serves by default", {}, "192.168.50.2", True, "NA-1"),
    ("loopback serves by default", {}, "127.0.0.1", True, "NA-2"),
    ("all of 127.0.0.0/8 is loopback", {}, "127.9.9.9", True, "NA-2"),
    ("loopback can be switched off", {"localhost_node_ports": False}, "127.0.0.1", False, "NA-2"),
    ("::1 never serves", {}, "[::1]", False, "NA-2"),
    ("a listed range serves", {"node_port_addresses": ["192.168.50.0/24"]}, "192.168.50.2", True, "NA-3"),
    ("an address outside the list does not", {"node_port_addresses": ["192.168.50.0/24"]}, NODE_A, False, "NA-3, NA-4"),
    ("loopback must be listed", {"node_port_addresses": ["192.168.50.0/24"]}, "127.0.0.1", False, "NA-3"),
    ("loopback listed and enabled", {"node_port_addresses": ["127.0.0.0/8"]}, "127.0.0.1", True, "NA-3"),
    ("of a listed loopback range only 127.0.0.1, the address of lo", {"node_port_addresses": ["127.0.0.0/8"]}, "127.0.0.2", False,
     "NA-3; pkg/proxy/util/nodeport_addresses.go GetNodeIPs; the kernel"),
    ("an entry for everything means all of loopback too", {"node_port_addresses": ["0.0.0.0/0"]}, "127.9.9.9", True, "NA-3"),
    ("loopback listed but off", {"node_port_addresses": ["127.0.0.0/8"], "localhost_node_ports": False}, "127.0.0.1",
     False, "NA-3"),
    ("ranges of the other family do not count", {"node_port_addresses": ["fd00::/8"]}, NODE_A, True, "NA-3"),
    ("primary means the first address", {"node_port_addresses": "primary"}, NODE_A, True, "NA-3"),
    ("primary leaves the second out", {"node_port_addresses": "primary"}, "192.168.50.2", False, "NA-3"),
    ("nftables serves the primary alone", {"mode": "nftables"}, "192.168.50.2", False, "NF-2"),
    ("nftables with a list", {"mode": "nftables", "node_port_addresses": ["192.168.50.0/24"]}, "192.168.50.2", True, "NA-3"),
]


@pytest.mark.parametrize(("row", "proxy", "address", "serves", "rule"), ADDRESSES, ids=[row[0] for row in ADDRESSES])
def test_node_port_addresses(row: str, proxy: dict[str, Any], address: str, serves: bool, rule: str) -> None:
    cluster = net(load_balancer(), nodes=TWO_ADDRESSES, proxy=proxy)
    trace = cluster.trace(f"tcp://{address}:{NODE_PORT}", "node/a")
    if serves:
        assert trace.result == "open" and trace.service is not None, rule
    else:
        assert trace.service is None and trace.result in ("refused", "unreachable"), rule


# mode, what an address that does not serve node ports answers; source
UNSERVED = [
    ("iptables", "timeout", "iptables/proxier.go: the DROP of KUBE-EXTERNAL-SERVICES matches every local address; the kernel"),
    ("nftables", "refused", "nftables/proxier.go: nodeport-endpoints-check looks at @nodeport-ips; the kernel"),
]


@pytest.mark.parametrize(("mode", "result", "source"), UNSERVED, ids=[row[0] for row in UNSERVED])
@pytest.mark.parametrize("client", ["pod/client", "node/b", OUTSIDE])
def test_an_unserved_address_and_a_service_that_has_nothing_here(client: str, mode: str, result: str, source: str) -> None:
    """NE-2 before NA-4: with policy Local and endpoints elsewhere only, the node port is dropped even where it is not served."""
    proxy = {"mode": mode, "node_port_addresses": ["192.168.50.0/24"]}
    cluster = net(load_balancer("Local"), pods=WEB[:1] + WEB[2:], nodes=TWO_ADDRESSES, proxy=proxy)
    assert cluster.trace(f"tcp://{NODE_B}:{NODE_PORT}", client).result == result, source


def test_a_node_port_is_decided_on_the_node_that_owns_the_address() -> None:
    trace = net(load_balancer()).trace(f"tcp://{NODE_B}:{NODE_PORT}", "pod/client")
    assert decisions(trace)[0] == "RoutedToNode" and trace.service is not None and trace.service.node == "b", "MT-5"


def test_a_load_balancer_address_can_be_entered_at_any_node() -> None:
    cluster = net(load_balancer("Local"))
    for node, endpoint in (("a", WEB_A), ("b", WEB_B)):
        assert asked(cluster, f"{LB_IP}:80", OUTSIDE, via=node) == {endpoint: 1}, "EXT-4"
    assert only(cluster, f"{LB_IP}:80", OUTSIDE).service.node == "a", "the first node, where none is named"


# health checks --------------------------------------------------------------------------------------------------

CHECKED = load_balancer("Local", healthCheckNodePort=31000)


@pytest.mark.parametrize(("node", "address", "status", "count"), [("a", NODE_A, 200, 1), ("b", NODE_B, 503, 0)])
def test_health_checks_count_the_ready_endpoints_of_the_node(node: str, address: str, status: int, count: int) -> None:
    cluster = net(CHECKED, pods=(WEB[0], pod("web-b", "b", "10.244.1.2", ready=False), WEB[2]))
    trace = cluster.request(f"http://{address}:31000/", OUTSIDE)
    assert trace.response is not None and trace.response.status == status, "HC-2"
    assert json.loads(trace.response.text) == {
        "service": {"namespace": "default", "name": "web"}, "localEndpoints": count, "serviceProxyHealthy": True}, "HC-2"
    assert trace.response.header("X-Load-Balancing-Endpoint-Weight") == str(count), "HC-2"
    assert decisions(trace)[-1] == "HealthChecked"


def test_addresses_count_once_however_many_ports() -> None:
    ports = [{"name": name, "port": number, "targetPort": 8080} for name, number in (("a", 80), ("b", 81))]
    cluster = net(service(type="LoadBalancer", ports=ports, externalTrafficPolicy="Local", healthCheckNodePort=31000))
    assert json.loads(cluster.request(f"http://{NODE_A}:31000/", OUTSIDE).response.text)["localEndpoints"] == 1, "HC-2"


def test_endpoints_that_end_drain_the_node() -> None:
    ending = pod("web-a", "a", "10.244.0.2")
    ending["metadata"]["deletionTimestamp"] = "2027-01-01T00:01:00Z"
    cluster = net(CHECKED, pods=(ending, WEB[1], WEB[2]))
    assert cluster.request(f"http://{NODE_A}:31000/", OUTSIDE).response.status == 503, "HC-3"
    assert asked(cluster, f"{NODE_A}:{NODE_PORT}", OUTSIDE) == {WEB_A: 1}, "HC-3: still served"


@pytest.mark.parametrize(("policy", "result"), [("Local", "200"), ("Cluster", "refused")])
def test_only_policy_local_has_a_health_check(policy: str, result: str) -> None:
    checked = load_balancer(policy, healthCheckNodePort=31000)
    assert net(checked).request(f"http://{NODE_A}:31000/", OUTSIDE).result == result, "HC-1"


# row, proxy settings, address, whether it answers
CHECK_ADDRESSES: list[tuple[str, dict[str, Any], str, bool]] = [
    ("every address of the node", {}, "192.168.50.2", True),
    ("loopback too", {}, "127.0.0.1", True),
    ("loopback even without localhost node ports", {"localhost_node_ports": False}, "127.0.0.1", True),
    ("the listed ones, where some are", {"node_port_addresses": ["192.168.50.0/24"]}, "192.168.50.2", True),
    ("no others then", {"node_port_addresses": ["192.168.50.0/24"]}, NODE_A, False),
    ("nftables: the primary one", {"mode": "nftables"}, "192.168.50.2", False),
]


@pytest.mark.parametrize(("row", "proxy", "address", "answers"), CHECK_ADDRESSES, ids=[row[0] for row in CHECK_ADDRESSES])
def test_health_checks_answer_where_node_ports_do(row: str, proxy: dict[str, Any], address: str, answers: bool) -> None:
    """HC-1; kubernetes/kubernetes pkg/proxy/healthcheck/service_health.go newServiceHealthServer."""
    cluster = net(CHECKED, nodes=TWO_ADDRESSES, proxy=proxy)
    assert cluster.request(f"http://{address}:31000/", "node/a").result == ("200" if answers else "refused")


# host ports, hostNetwork, loopback --------------------------------------------------------------------------------

def host_port(**port: Any) -> dict[str, Any]:
    each = pod("web-a", "a", "10.244.0.2")
    each["spec"]["containers"][0]["ports"] = [{"containerPort": 8080, "hostPort": 8000, **port}]
    return each


def test_a_host_port_answers_on_its_node_only() -> None:
    cluster = net(pods=(host_port(), *WEB[1:]))
    trace = only(cluster, f"{NODE_A}:8000", OUTSIDE)
    assert trace.endpoint is not None and trace.endpoint.text == WEB_A
    assert "HostPortCaptured" in decisions(trace)
    assert asked(cluster, f"{NODE_B}:8000", OUTSIDE) == {"refused": 1}
    assert cluster.connect(f"udp://{NODE_A}:8000", OUTSIDE).result == "refused"


def test_a_host_port_rewrites_the_source_for_the_pod_itself_and_for_loopback_only() -> None:
    """Source: containernetworking/plugins plugins/meta/portmap/README.md, portmap_integ_test.go."""
    cluster = net(pods=(host_port(), *WEB[1:]))
    sources = {source: only(cluster, f"{host}:8000", source).seen_source for source, host in (
        ("pod/web-a", NODE_A), ("node/a", "127.0.0.1"), ("pod/client", NODE_A), (OUTSIDE, NODE_A))}
    assert sources == {"pod/web-a": NODE_A, "node/a": NODE_A, "pod/client": CLIENT, OUTSIDE: OUTSIDE}


def test_a_host_port_can_be_bound_to_one_address() -> None:
    cluster = net(pods=(host_port(hostIP="192.168.50.2"),), nodes=TWO_ADDRESSES)
    assert asked(cluster, "192.168.50.2:8000", OUTSIDE) == {WEB_A: 1}
    assert asked(cluster, f"{NODE_A}:8000", OUTSIDE) == {"refused": 1}


def test_node_ports_come_before_host_ports() -> None:
    cluster = net(load_balancer(), pods=(host_port(hostPort=NODE_PORT), *WEB[1:]))
    assert set(asked(cluster, f"{NODE_A}:{NODE_PORT}", OUTSIDE)) == {WEB_A, WEB_B}


def test_a_pod_on_the_network_of_its_node_answers_at_the_nodes_address() -> None:
    cluster = net(pods=(pod("proxy", "a", NODE_A, port=8443, hostNetwork=True), *WEB[1:]))
    trace = only(cluster, f"{NODE_A}:8443", OUTSIDE)
    assert trace.endpoint is not None and str(trace.endpoint.pod) == "default/proxy"
    assert "NodeAddressed" in decisions(trace)
    assert asked(cluster, "127.0.0.1:8443", "node/a") == {"127.0.0.1:8443": 1}, "the same network"
    assert asked(cluster, f"{NODE_B}:8443", OUTSIDE) == {"refused": 1}


def test_localhost_stays_in_the_pod() -> None:
    trace = only(net(), "127.0.0.1:8080", "pod/web-a")
    assert decisions(trace) == ["Loopback", "Delivered"] and str(trace.endpoint.pod) == "default/web-a"
    assert asked(net(), "127.0.0.1:9", "pod/web-a") == {"refused": 1}


# other owners -----------------------------------------------------------------------------------------------------

def test_a_pod_is_reached_at_its_own_address() -> None:
    assert decisions(only(net(), WEB_B)) == ["PodAddressed", "Departed", "Crossed", "Admitted", "Delivered"]


@pytest.mark.parametrize("order", [("done", "live"), ("live", "done")])
def test_an_address_that_an_ended_pod_had_belongs_to_its_new_owner(order: tuple[str, str]) -> None:
    """The kubelet releases a pod's sandbox when it ends, and the status keeps the address."""
    phases = {"done": "Succeeded", "live": "Running"}
    pods = tuple(pod(name, "b", "10.244.1.2", ready=name == "live", phase=phases[name]) for name in order)
    trace = only(net(pods=(*pods, WEB[2])), WEB_B)
    assert trace.endpoint is not None and str(trace.endpoint.pod) == "default/live"


def test_the_address_of_an_ended_pod_is_nobodys_and_the_trace_says_whose_it_was() -> None:
    left = only(net(pods=(pod("done", "b", "10.244.1.2", phase="Succeeded", ready=False), WEB[2])), WEB_B).last.because
    assert isinstance(left, core.LeftCluster) and str(left.stopped) == "default/done"


def test_an_endpoint_that_no_pod_has_counts_as_a_listener() -> None:
    manual = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
              "metadata": {"name": "x", "labels": {"kubernetes.io/service-name": "web"}}, "addressType": "IPv4",
              "endpoints": [{"addresses": ["192.168.77.7"]}], "ports": [{"name": "", "port": 9000, "protocol": "TCP"}]}
    cluster = net(service(selector=None), manual)
    for to in (f"{VIP}:80", "192.168.77.7:9000"):
        trace = only(cluster, to)
        assert trace.endpoint == (None, "192.168.77.7", 9000)
        assert [each.kind for each in trace.assumed] == ["endpoint"]


def test_outside_hosts_are_reached_from_inside_and_from_outside() -> None:
    cluster = net(outside={"docs": {"address": "198.51.100.80", "listen": [80]}})
    assert asked(cluster, "198.51.100.80:80") == {"198.51.100.80:80": 1}
    assert decisions(only(cluster, "198.51.100.80:80", "laptop")) == ["OutsideAddressed", "Delivered"]
    assert asked(cluster, "198.51.100.80:81") == {"refused": 1}


def test_an_outside_client_reaches_pods_where_they_are() -> None:
    trace = only(net(), WEB_B, OUTSIDE)
    assert trace.endpoint is not None and decisions(trace)[0] == "EnteredCluster" and trace.steps[0].because.node == "b"


def test_the_api_server_listens_on_the_first_node() -> None:
    cluster = simnet.Cluster(nodes={"worker": NODE_A, "control": NODE_B})
    assert cluster.connect("tcp://10.96.0.1:443", "node/worker").endpoint == (None, NODE_B, 6443)
    assert cluster.connect(f"tcp://{NODE_B}:6443", "node/worker").result == "open"
    assert cluster.connect(f"tcp://{NODE_A}:6443", "node/worker").result == "refused"
    assert cluster.connect(f"tcp://{NODE_A}:10250", "node/control").result == "open", "the kubelet"


def test_a_sender_without_an_address_of_the_family_gets_nowhere() -> None:
    trace = only(net(), "[2001:db8::1]:80")
    assert trace.result == "unreachable" and decisions(trace) == ["NoAddress"]
