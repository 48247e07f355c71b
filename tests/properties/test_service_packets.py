"""Random clusters, random packets: every possible outcome is the one of a second, independent writing of the rules, and
whatever was refused or dropped says why."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import simnet
from simnet import ip
from simnet.dataplane.decisions import LeftCluster
from tests.properties.service_model import Expected, Model, Sender

Data = dict[str, Any]
NODES: dict[str, tuple[str, ...]] = {"a": ("192.168.0.11", "10.10.0.11", "2001:db8::11"), "b": ("192.168.0.12", "2001:db8::12"),
                                     "c": ("192.168.0.13", "203.0.113.80", "2001:db8::13")}
PODS: dict[str, tuple[str, str, str]] = {  # name -> node, IPv4, IPv6
    "p1": ("a", "10.244.1.2", "fd00:1::2"), "p2": ("b", "10.244.2.2", "fd00:2::2"), "p3": ("c", "10.244.3.2", "fd00:3::2"),
    "p4": ("a", "10.244.1.3", "fd00:1::3"), "stray": ("b", "10.9.0.7", "fd99::7"), "host": ("b", "192.168.0.12", "2001:db8::12")}
VIPS = {4: "10.96.0.10", 6: "fd00:ffff::10"}
LB = {4: "203.0.113.80", 6: "2001:db8:1::80"}
EXTERNAL = {4: "198.51.100.50", 6: "2001:db8:2::50"}
CONDITIONS = st.sampled_from([{}, {"ready": True}, {"ready": False}, {"ready": False, "serving": True, "terminating": True},
                              {"ready": False, "terminating": True}, {"ready": False, "serving": False, "terminating": True},
                              {"ready": False, "serving": True, "terminating": False}])
HINTS = st.sampled_from([None, None, {"forZones": [{"name": "z1"}]}, {"forZones": [{"name": "z2"}]},
                         {"forZones": [{"name": "z1"}, {"name": "z2"}], "forNodes": [{"name": "a"}]},
                         {"forZones": [{"name": "z2"}], "forNodes": [{"name": "b"}]}])
POLICY = st.sampled_from(["Cluster", "Local"])


def node(name: str, zone: str) -> Data:
    labels = {"topology.kubernetes.io/zone": zone} if zone else {}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels},
            "status": {"addresses": [{"type": "InternalIP", "address": each} for each in NODES[name]]}}


def pod(name: str) -> Data:
    where, *addresses = PODS[name]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"},
            "spec": {"nodeName": where, "hostNetwork": name == "host", "containers": [{"name": "c"}]},
            "status": {"phase": "Running", "podIP": addresses[0], "podIPs": [{"ip": each} for each in addresses],
                       "conditions": [{"type": "Ready", "status": "True"}]}}


@st.composite
def service(draw: Any) -> Data:
    families = draw(st.sampled_from([[4], [6], [4, 6]]))
    kind = draw(st.sampled_from(["ClusterIP", "NodePort", "LoadBalancer", "LoadBalancer"]))
    protocols = draw(st.sampled_from([["TCP"], ["TCP", "UDP"], ["SCTP"]]))
    ports = [{"name": each.lower(), "port": 80, "protocol": each} for each in protocols]
    spec: Data = {"type": kind, "clusterIP": VIPS[families[0]], "clusterIPs": [VIPS[each] for each in families],
                  "ipFamilies": [f"IPv{each}" for each in families], "ipFamilyPolicy": "PreferDualStack",
                  "ports": ports, "internalTrafficPolicy": draw(POLICY)}
    whole = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "default"}, "spec": spec}
    if draw(st.booleans()):
        spec["externalIPs"] = [EXTERNAL[each] for each in (4, 6)]
    if kind != "ClusterIP" or "externalIPs" in spec:
        spec["externalTrafficPolicy"] = draw(POLICY)
    if kind == "NodePort" or (kind == "LoadBalancer" and draw(st.booleans())):
        for port in ports:
            port["nodePort"] = 30080
    if kind == "LoadBalancer":
        mode = draw(st.sampled_from(["VIP", "VIP", "Proxy"]))
        whole["status"] = {"loadBalancer": {"ingress": [{"ip": LB[each], "ipMode": mode} for each in (4, 6)]}}
        spec["loadBalancerSourceRanges"] = draw(st.sampled_from(
            [[], [], ["198.51.100.0/24"], ["10.244.1.0/24", " 192.168.0.0/28"], ["2001:db8:9::/48"]]))
        if spec["externalTrafficPolicy"] == "Local":
            spec["healthCheckNodePort"] = 30500
    return whole


@st.composite
def slices(draw: Any) -> list[Data]:
    found = []
    for index in range(draw(st.integers(0, 3))):
        family = draw(st.sampled_from([4, 4, 6]))
        endpoints = [{"addresses": [PODS[name][1 if family == 4 else 2]], "conditions": draw(CONDITIONS),
                      "nodeName": PODS[name][0], "hints": draw(HINTS)}
                     for name in draw(st.lists(st.sampled_from(sorted(PODS)), unique=True, max_size=4))]
        if draw(st.integers(0, 5)) == 0:
            endpoints = [{key: value for key, value in each.items() if key != "nodeName"} for each in endpoints]
        ports = [{"name": each.lower(), "port": 8080 + index % 2, "protocol": each} for each in ("TCP", "UDP", "SCTP")]
        labels = {"kubernetes.io/service-name": draw(st.sampled_from(["web", "web", "web", "other"]))}
        found.append({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": f"IPv{family}",
                      "metadata": {"name": f"s{index}", "namespace": "default", "labels": labels}, "ports": ports,
                      "endpoints": endpoints})
    return once_each(found)


def once_each(found: list[Data]) -> list[Data]:
    """Which of two copies of one endpoint wins is not defined: keep the first."""
    seen: set[tuple[str, int]] = set()
    for each in found:
        port = each["ports"][0]["port"]
        each["endpoints"] = [endpoint for endpoint in each["endpoints"] if (endpoint["addresses"][0], port) not in seen]
        seen |= {(endpoint["addresses"][0], port) for endpoint in each["endpoints"]}
    return found


CONFIGS = st.fixed_dictionaries({
    "clusterCIDRs": st.sampled_from([["10.244.0.0/16", "fd00::/16"], ["10.244.0.0/16", "fd00::/16"], ["10.244.0.0/16"], []]),
    "nodePortAddresses": st.sampled_from([None, None, ["192.168.0.0/24"], ["127.0.0.0/8", "2001:db8::/64"]]),
    "localhostNodePorts": st.sampled_from([True, True, False]), "masqueradeAll": st.sampled_from([False, False, True]),
    "mode": st.sampled_from(["iptables", "iptables", "nftables"])})
SETTINGS = {"clusterCIDRs": "cluster_cidrs", "nodePortAddresses": "node_port_addresses", "mode": "mode",
            "localhostNodePorts": "localhost_node_ports", "masqueradeAll": "masquerade_all"}
SENDERS = [*(f"pod/default/{name}" for name in PODS), "node/a", "node/c", "198.51.100.9", "203.0.113.200", "2001:db8:9::9"]
DESTINATIONS = [*((vip, 80) for vip in (*VIPS.values(), *LB.values(), *EXTERNAL.values())), (VIPS[4], 81), ("10.96.7.7", 80),
                *((address, 30080) for addresses in NODES.values() for address in addresses), ("127.0.0.1", 30080),
                ("192.168.0.11", 30500), ("2001:db8::12", 30500), ("192.168.0.12", 31999), ("10.244.1.2", 80)]


@given(st.lists(st.sampled_from(["z1", "z2", ""]), min_size=3, max_size=3), service(), slices(), CONFIGS)
def test_every_outcome_is_what_the_rules_say(zones: list[str], web: Data, given_slices: list[Data], config: Data) -> None:
    objects = [*map(node, NODES, zones), *map(pod, PODS), web, *given_slices]
    model = Model(objects, config)
    cluster = simnet.Cluster(nodes=0, addons=(), namespaces="any", proxy={SETTINGS[key]: value for key, value in config.items()})
    cluster.load(objects)
    for source in SENDERS:
        for to, port in DESTINATIONS:
            for protocol in ("TCP", "SCTP") if port == 80 else ("TCP",):
                check(cluster, model, source, to, port, protocol)


def check(cluster: simnet.Cluster, model: Model, source: str, to: str, port: int, protocol: str) -> None:
    destination = ip.number(to)
    sender = sender_of(source, destination)
    if sender is None or (to == "127.0.0.1" and not sender.is_host):
        return
    via = sender.node or "a"
    host = f"[{to}]" if ":" in to else to
    options = {} if sender.node else {"via": via}
    traces = cluster.outcomes(f"{protocol.lower()}://{host}:{port}", source, **options).traces
    expected = model.outcome(sender, destination, port, protocol, via)
    where = (source, to, port, protocol, expected, traces)
    assert {word_of(each) for each in traces} == {expected.result}, where
    if expected.result == "FORWARD":
        assert {each.service.backend: each.service.masqueraded for each in traces if each.service} == expected.masquerade, where
    for trace in traces:
        if port == 80 and protocol == "TCP" and trace.verdict in (simnet.Verdict.REFUSED, simnet.Verdict.DROPPED):
            said = simnet.explain(trace)
            assert "rule " in said and "the client sees: " in said, said
        if trace.service is not None:
            assert trace.service.node == expected.node, where
        if expected.result == "HEALTHCHECK":
            assert trace.response is not None and f'"localEndpoints":{expected.local_endpoints}' in trace.response.text


def sender_of(source: str, destination: int) -> Sender | None:
    """The address the sender uses for the destination, None when it has none of that family."""
    kind, _, name = source.partition("/")
    family = ip.family(destination)
    if kind not in ("pod", "node"):
        return Sender(ip.number(source), "", False) if ip.family(ip.number(source)) == family else None
    is_host = kind == "node" or name == "default/host"
    where = name if kind == "node" else PODS[name.rpartition("/")[2]][0]
    own = [ip.number(each) for each in (NODES[where] if is_host else PODS[name.rpartition("/")[2]][1:])]
    if is_host and (destination in own or ip.text(destination) == "127.0.0.1"):
        return Sender(destination, where, True)
    return Sender(next(each for each in own if ip.family(each) == family), where, is_host)


def word_of(trace: simnet.Trace) -> str:
    """The outcome in the words of the model."""
    if trace.service is not None:
        return trace.service.result
    if trace.verdict is simnet.Verdict.ANSWERED:
        return "HEALTHCHECK"
    if trace.verdict is simnet.Verdict.DELIVERED:
        return "direct"
    mode = type(trace.last.because).__name__
    if mode in ("RejectedByMode", "DroppedByMode"):
        return {"RejectedByMode": "REJECT", "DroppedByMode": "DROP"}[mode]
    return "off-cluster" if isinstance(trace.last.because, LeftCluster) else "closed-port"


def test_the_model_itself_knows_the_difference_between_refusal_and_silence() -> None:
    assert Expected("REJECT") != Expected("DROP")
