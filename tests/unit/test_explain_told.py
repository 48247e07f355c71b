"""Every decision there is has words, a hop or none, and plain data: one row a decision, packets made by hand."""

from __future__ import annotations

from typing import get_args

import pytest

from simnet import ip
from simnet.dataplane import decisions as core
from simnet.dataplane.dns import reasons
from simnet.dataplane.dns.decisions import NameResolved, NameUnresolved
from simnet.dataplane.dns.lookup import Lookup, LookupStep
from simnet.dataplane.dns.records import Answer, Rcode, Record
from simnet.dataplane.http import decisions as http
from simnet.dataplane.http.matching import Answer as ProxyAnswer
from simnet.dataplane.http.matching import AnswerReason
from simnet.dataplane.http.message import Request, Response, ServedCertificate
from simnet.dataplane.http.plan import Role
from simnet.dataplane.http.upstreams import Peer, Upstream, UpstreamState
from simnet.dataplane.packet import Actor, Flow, Packet, Place
from simnet.dataplane.rules import AddressKind, Claim, ServicePortRules, Target
from simnet.dataplane.step import Attempt, Decided, Step, Trace
from simnet.dataplane.union import Decision
from simnet.dataplane.verdict import Verdict
from simnet.explain import hops_of, to_json
from simnet.explain.line import one_line
from simnet.explain.told import told
from simnet.ip import IPNetwork
from simnet.names import ObjectKey
from simnet.objects.endpointslice import Endpoint
from simnet.objects.node import Node
from simnet.objects.pod import Pod
from simnet.objects.service import Service, ServicePort
from tests.unit import http_net


def key(name: str) -> ObjectKey:
    return ObjectKey("default", name)


def target(address: str, pod: str, ready: bool = True, node: str = "node-1") -> Target:
    return Target(Endpoint((ip.number(address),), ready=ready, node_name=node, target=key(pod)), 8080)


WEB = Service(key=key("web"), type="NodePort", cluster_ips=(ip.number("10.96.0.50"),), external_traffic_policy="Local",
              ports=(ServicePort(80, "http", "TCP", 8080, 30080),))
ONE, TWO = target("10.244.0.3", "web-1"), target("10.244.1.3", "web-2", node="node-2")
LATE = target("10.244.0.9", "web-3", ready=False)
RULES = ServicePortRules(WEB, WEB.ports[0], 4, (ONE, TWO, LATE))
CLAIM = Claim(RULES, AddressKind.CLUSTER_IP, "node-1", "")
POD = Pod(key=key("web-1"), pod_ips=(ip.number("10.244.0.3"),), node_name="node-1")
CLIENT = Actor("pod/default/client", (ip.number("10.244.0.5"),), "node-1")
FLOW = Flow(CLIENT, "web", request=Request(host="web"))
BEFORE = Packet(Place.ADDRESS, "node-1", ip.number("10.244.0.5"), 32768, ip.number("10.96.0.50"), 80, FLOW)
AFTER = Packet(Place.LINK, "node-1", ip.number("172.18.0.2"), 40000, ip.number("10.244.0.3"), 8080, FLOW)

NO_WEB = Answer("web.shop.svc.cluster.local.", "A", Rcode.NXDOMAIN,
                reasons.NoSuchService(ObjectKey("shop", "web"), ("default",)))
FOUND = Answer("web.default.svc.cluster.local.", "A", Rcode.NOERROR, reasons.ServiceAddress(key("web")),
               (Record("web.default.svc.cluster.local.", 30, "A", ip.number("10.96.0.50")),))
RESOLVED = Lookup("web", "glibc", "dns", "ok", (ip.number("10.96.0.50"),), (LookupStep(FOUND.name, (FOUND,)),), "10.96.0.10")
MISSED = Lookup("web", "glibc", "dns", "EAI_NONAME", (), (LookupStep(NO_WEB.name, (NO_WEB,)),), "10.96.0.10")

SHOP = http_net.table(
    http_net.ingress("shop", http_net.rule("shop.test", "Prefix / web:80", "Exact /cart cart:80"), age=9),
    http_net.ingress("blog", http_net.rule("blog.test", "Prefix / blog:80"), age=5),
    http_net.ingress("lost", http_net.rule("shop.test", "Prefix /lost web:80"), of="other"))
ROUTED = http_net.ask(SHOP, "http://shop.test/x")
UNKNOWN = http_net.ask(SHOP, "http://nobody.test/")
PEERS = (Peer("10.244.0.3", 8080, ip.number("10.244.0.3"), key("web-1")),
         Peer("10.244.1.3", 8080, ip.number("10.244.1.3"), key("web-2")))
UPSTREAM = Upstream(key("web"), "80", UpstreamState.READY, PEERS, WEB.ports[0], (key("web-3"),))
NOBODY = Upstream(key("web"), "80", UpstreamState.NOT_READY, (), WEB.ports[0], (key("web-3"),))
SENT = Request(host="shop.test", target="/")
FAKE = ServedCertificate("fake")

AT_ONCE = "the client sees: connection refused, at once (ICMP port unreachable)"
SILENCE = "the client sees: nothing; it waits until it times out"

ROWS: list[tuple[Decided, str, list[str]]] = [  # the decision, the sentence, the facts below it
    (NameResolved(RESOLVED, ip.number("10.96.0.50"), (ip.number("10.96.0.50"), ip.number("10.96.0.51"))),
     "web is 10.96.0.50, 1 of 2 addresses",
     ["asked 10.96.0.10, 1 question:",
      "  web.default.svc.cluster.local. A: 10.96.0.50 (the cluster IP of Service default/web)",
      "could have been: 10.96.0.51"]),
    (NameUnresolved(MISSED), "web has no address: no such name (EAI_NONAME)",
     ["asked 10.96.0.10, 1 question:",
      "  web.shop.svc.cluster.local. A: no such name (no Service web in namespace shop; one of that name is in default)",
      "Services of that name elsewhere: default/web"]),
    (core.EnteredCluster("node-1", ("outside", "router", "node/node-1")),
     "the packet for 10.96.0.50:80 reaches node node-1", ["way: outside > router > node-1"]),
    (core.ServiceCaptured(CLAIM), "10.96.0.50:80 is the cluster IP of Service default/web", []),
    (core.ServiceCaptured(CLAIM, "nftables"), "10.96.0.50:80 is the cluster IP of Service default/web",
     ["kube-proxy works in nftables mode"]),
    (core.HostPortCaptured(POD, 80, 8080), "host port 80 of node node-1 belongs to pod default/web-1",
     ["destination 10.96.0.50:80 -> 10.244.0.3:8080"]),
    (core.PodAddressed(POD), "10.96.0.50 is the address of pod default/web-1: no Service is in between", []),
    (core.UnownedEndpoint(BEFORE.destination, 80),
     "no pod has 10.96.0.50; an EndpointSlice lists it, so somebody is taken to be there", []),
    (core.NodeAddressed("node-1"), "10.96.0.50 is node node-1 itself; no node port or host port takes 80", []),
    (core.Loopback("pod/default/client"), "10.96.0.50 is the loopback address: the packet never leaves pod/default/client",
     []),
    (core.NodeAddressed("node-1", WEB, "NA-3"), "10.96.0.50 is node node-1 itself; no node port or host port takes 80",
     ["rule NA-3: node port 80 of Service default/web is not served on this address"]),
    (core.RoutedToNode("node-2", ("node/node-1", "router", "node/node-2")),
     "10.96.0.50 belongs to node node-2, so it is decided there", ["way: node-1 > router > node-2"]),
    (core.OutsideAddressed("docs.example.net"), "10.96.0.50 is docs.example.net, a host outside the cluster", []),
    (core.LeftCluster(BEFORE.destination, 80, WEB, True),
     "nobody has 10.96.0.50:80: the packet leaves and no answer comes back",
     ["10.96.0.50 is an address of Service default/web; its ports are 80/TCP (node port 30080)",
      "rule MT-3; it would pass on one of these ports; iptables mode leaves all others of the address alone", SILENCE]),
    (core.RejectedByMode(WEB, 81), "10.96.0.50 is the cluster IP of Service default/web, which has no port 81: rejected",
     ["its ports are 80/TCP (node port 30080)", "rule NF-1 of nftables mode; it would pass on one of these ports", AT_ONCE]),
    (core.DroppedByMode(BEFORE.destination), "10.96.0.50 lies in the range of Services and nobody has it: dropped",
     ["rule NF-1 of nftables mode; it would pass once a Service has the address", SILENCE]),
    (core.HealthChecked(WEB, "node-1", 1, Response(200)), "node node-1 answers the health check of Service default/web",
     ["1 ready endpoint on this node"]),
    (core.EndpointChosen(CLAIM, ONE, (ONE, TWO), False, "INT-1"),
     "Service default/web:http: endpoint 10.244.0.3:8080 (pod default/web-1) is chosen, 1 of 2",
     ["destination 10.96.0.50:80 -> 10.244.0.3:8080", "could have been: 10.244.1.3:8080 (pod default/web-2)",
      "not ready: 10.244.0.9:8080 (pod default/web-3)"]),
    (core.NoEndpoints(Claim(ServicePortRules(WEB, WEB.ports[0], 4, (LATE,)), AddressKind.CLUSTER_IP, "node-1", "")),
     "Service default/web:http has no endpoints: the connection is rejected",
     ["not ready: 10.244.0.9:8080 (pod default/web-3)", "rule NE-1; it would pass once one of them is ready", AT_ONCE]),
    (core.NoLocalEndpoints(Claim(ServicePortRules(WEB, WEB.ports[0], 4, (TWO,)), AddressKind.NODE_PORT, "node-1", "")),
     "Service default/web:http has no endpoint on node node-1 and externalTrafficPolicy Local forbids others: the packet "
     "is dropped", ["ready, but not for this node: 10.244.1.3:8080 (pod default/web-2)",
                    "rule NE-2; it would pass with a ready endpoint on node-1, with externalTrafficPolicy Cluster or sent to "
                    "node-2", SILENCE]),
    (core.SourceOutOfRange(CLAIM, BEFORE.source, (IPNetwork.parse("192.0.2.0/24"),)),
     "Service default/web:http does not let 10.244.0.5 in: the packet is dropped",
     ["loadBalancerSourceRanges: 192.0.2.0/24", "rule FW-1; it would pass from 192.0.2.0/24, or through node port 30080, "
      "which the ranges do not guard (rule FW-2)", SILENCE]),
    (core.Departed(ip.number("172.18.0.2"), "", (key("deny"),)),
     "node node-1 puts its own address in place of the sender's, so that the answer comes back the same way",
     ["source 10.244.0.5:32768 -> 172.18.0.2:40000",
      "NetworkPolicies that select the sender and are not judged: default/deny"]),
    (core.Crossed(("node/node-1", "router", "node/node-2")), "carried node-1 > router > node-2", []),
    (core.ReplyLost("node-1", "node-2", "MT-6"), "the answer goes from node node-2 past node node-1, which alone can translate "
     "it back: the client hears from a stranger and the connection hangs",
     ["rule MT-6; it would pass to an endpoint on node-1, or if the source were rewritten there", SILENCE]),
    (core.NoPath("node/node-1", "node/node-2", ("node/node-1", "router")), "no way from node/node-1 to node/node-2",
     ["missing: the link between node/node-1 and router"]),
    (core.NoAddress("pod/default/client", ip.number("fd00::1")), "pod/default/client has no IPv6 address to send from", []),
    (core.Admitted((key("deny"),)), "let in", ["NetworkPolicies that select the receiver and are not judged: default/deny"]),
    (core.Delivered("pod/default/web-1", POD, "main", "declared"),
     "pod default/web-1 takes it on port 80 (container main)", ["the port is open: declared in its manifest"]),
    (core.ProxyReached(POD, "ingress-nginx/c", FAKE, "no-sni"),
     "pod ingress-nginx/c, an Ingress controller, takes it on port 80 and reads the request",
     ["certificate: the controller's own fallback; the client named no host in the handshake, so the default one is shown"]),
    (core.NotListening("pod/default/web-1", POD, None, 80, (8080, 9090)),
     "nothing listens on port 80 of pod default/web-1: the connection is refused", ["ports that are open there: 8080, 9090",
     "rule NE-3", "the client sees: connection refused, at once (TCP reset)"]),
    (core.CertificateRefused("pod/ingress-nginx/c", POD, FAKE, "self-signed", "shop.test", "secret-missing"),
     "the client wants shop.test and does not accept the certificate of pod ingress-nginx/c: it is self-signed and the "
     "client does not know it",
     ["certificate: the controller's own fallback; the Secret of the tls section does not exist, so the default one is shown"]),
    (core.NotTLS("pod/default/web-1", POD), "the client starts TLS and pod default/web-1 answers in plain text on port 80", []),
    (core.NameRefused("pod/default/web-1", POD, "default/gw", "shop.test", "no listener has this name"),
     "the client asks for shop.test, and Gateway default/gw ends the handshake: no listener has this name", []),
    (core.PlainToTLS("pod/default/web-1", POD, Response(400)),
     "the client sends plain HTTP and port 80 of pod default/web-1 wants TLS: 400", []),
    (http.RuleChosen("ingress-nginx/c", ROUTED, UPSTREAM, PEERS[0], PEERS, SENT),
     "host shop.test: rule shop.test/ (Prefix) of Ingress default/shop is chosen",
     ["backend: Service default/web port 80",
      "endpoint 10.244.0.3:8080 (pod default/web-1) is chosen, 1 of 2, by the controller itself",
      "could have been: 10.244.1.3:8080 (pod default/web-2)", "not ready: pod default/web-3",
      "Host web -> shop.test",
      "lost: shop.test/cart (Exact) of Ingress default/shop: its path does not match",
      "lost: blog.test/ (Prefix) of Ingress default/blog: another host",
      "lost: shop.test/lost (Prefix) of Ingress default/lost: its Ingress is not this controller's: no IngressClass of "
      "that name exists (other)"]),
    (http.ProxyAnswered("ingress-nginx/c", UNKNOWN, ProxyAnswer(AnswerReason.DEFAULT_BACKEND, 404), Response(404)),
     "no Ingress names the host nobody.test: no rule takes the request, so the controller answers 404 by itself",
     ["lost: blog.test/ (Prefix) of Ingress default/blog: another host",
      "lost: shop.test/ (Prefix) of Ingress default/shop: another host",
      "lost: shop.test/cart (Exact) of Ingress default/shop: another host",
      "lost: shop.test/lost (Prefix) of Ingress default/lost: its Ingress is not this controller's: no IngressClass of "
      "that name exists (other)",
      "near miss: blog.test/ (Prefix) of Ingress default/blog would take it with the host blog.test",
      "near miss: shop.test/ (Prefix) of Ingress default/shop would take it with the host shop.test"]),
    (http.ProxyAnswered("ingress-nginx/c", ROUTED, ProxyAnswer(AnswerReason.NO_UPSTREAM, 503), Response(503), NOBODY),
     "host shop.test: Service default/web port 80 cannot serve: no endpoint of the Service is ready; the answer is 503",
     ["rule shop.test/ (Prefix) of Ingress default/shop is in charge", "not ready: pod default/web-3",
      "lost: shop.test/cart (Exact) of Ingress default/shop: its path does not match",
      "lost: blog.test/ (Prefix) of Ingress default/blog: another host",
      "lost: shop.test/lost (Prefix) of Ingress default/lost: its Ingress is not this controller's: no IngressClass of "
      "that name exists (other)",
      "near miss: blog.test/ (Prefix) of Ingress default/blog would take it with the host blog.test"]),
    (http.UpstreamFailed("ingress-nginx/c", ROUTED, UPSTREAM, (Attempt("10.244.0.3:8080", Verdict.REFUSED),), Response(502)),
     "Service default/web port 80: no endpoint answered, so the controller answers 502 by itself",
     ["tried: 10.244.0.3:8080: refused",
      "lost: shop.test/cart (Exact) of Ingress default/shop: its path does not match",
      "lost: blog.test/ (Prefix) of Ingress default/blog: another host",
      "lost: shop.test/lost (Prefix) of Ingress default/lost: its Ingress is not this controller's: no IngressClass of "
      "that name exists (other)"]),
    (core.Looped(128), "after 128 steps the packet still goes round", []),
]
IDS = [type(row[0]).__name__ for row in ROWS]


def test_the_rows_cover_every_decision_there_is() -> None:
    assert {type(decision) for decision, _, _ in ROWS} == set(get_args(Decision))


@pytest.mark.parametrize(("decision", "sentence", "facts"), ROWS, ids=IDS)
def test_a_decision_is_told_in_these_words(decision: Decided, sentence: str, facts: list[str]) -> None:
    said = told(Step(BEFORE, AFTER, decision))
    assert (said.sentence, list(said.facts)) == (sentence, facts)
    assert (said.place, said.depth) == ("address", 0)


def test_a_bridge_is_not_called_like_its_node() -> None:
    """With a link cut somewhere the way is told down to the pod."""
    crossed = core.Crossed(("node/node-2", "bridge/node-2", "pod/default/web-1"))
    assert told(Step(BEFORE, AFTER, crossed)).sentence == "carried node-2 > bridge of node-2 > web-1"


HOPS = {  # what a `path ... via` line sees of each decision; spec/stories.md, "hop is ..."
    "NameResolved": ["dns"], "NameUnresolved": ["dns"], "EnteredCluster": ["node/node-1"],
    "ServiceCaptured": ["service/default/web"], "HostPortCaptured": ["dnat"], "NodeAddressed": ["node/node-1"],
    "RoutedToNode": ["node/node-2"], "RejectedByMode": ["reject"], "DroppedByMode": ["drop"],
    "HealthChecked": ["node/node-1"], "EndpointChosen": ["dnat"], "NoEndpoints": ["reject"], "NoLocalEndpoints": ["drop"],
    "SourceOutOfRange": ["drop"], "Departed": ["snat"], "Crossed": ["node/node-1", "node/node-2"],
    "Delivered": ["pod/default/web-1"], "ProxyReached": ["pod/default/web-1"], "NotListening": ["pod/default/web-1"],
    "CertificateRefused": ["pod/ingress-nginx/c"], "NotTLS": ["pod/default/web-1"], "PlainToTLS": ["pod/default/web-1"],
    "NameRefused": ["pod/default/web-1"],
    "RuleChosen": ["ingress/default/shop"],
}


@pytest.mark.parametrize("decision", [row[0] for row in ROWS], ids=IDS)
def test_a_decision_gives_these_hops(decision: Decided) -> None:
    hops = hops_of(Trace((Step(BEFORE, None, decision),)))
    if isinstance(decision, http.ProxyAnswered):  # the Ingress was met only if one of its rules was in charge
        assert hops == (["ingress/default/shop"] if decision.upstream is not None else [])
    else:
        assert hops == HOPS.get(type(decision).__name__, [])


LINES = {  # the end of the one line of a failure report; spec/stories.md, "What a failure should look like"
    "NoEndpoints": "reject (no endpoints)", "NoLocalEndpoints": "drop (no endpoints on node-1)",
    "LeftCluster": "lost (nobody has 10.96.0.50:80)", "NameUnresolved": "no-name (web: no such name)",
    "NotListening": "pod/web-1:80 > refused (nothing listens)", "NoPath": "unreachable (no link node/node-1 - router)",
    "UpstreamFailed": "502 (no endpoint answered)", "CertificateRefused": "pod/ingress-nginx/c:80 > tls-error (self-signed)",
    "SourceOutOfRange": "drop (the source is not let in)", "NoAddress": "unreachable (no IPv6 address)",
    "RejectedByMode": "reject (the Service has no port 81)", "DroppedByMode": "drop (no Service has the address)",
    "PlainToTLS": "pod/web-1:80 > 400 (the port speaks TLS)", "NotTLS": "pod/web-1:80 > tls-error (the port speaks plain text)",
    "ReplyLost": "hangs (the answer goes past node-1)", "HealthChecked": "200 (health check of node-1)", "Looped": "loop", "Delivered": "pod/web-1:80 > open",
    "NameRefused": "pod/web-1:80 > tls-error (no listener for shop.test)",
}


@pytest.mark.parametrize("decision", [row[0] for row in ROWS if row[0].verdict is not None],
                         ids=[type(row[0]).__name__ for row in ROWS if row[0].verdict is not None])
def test_the_line_of_a_failure_report_ends_with_the_decision(decision: Decided) -> None:
    line = one_line(Trace((Step(BEFORE, None, decision),)))
    if isinstance(decision, http.ProxyAnswered):
        end = "503 (no endpoint of the Service is ready)" if decision.upstream is not None else "404 (default backend)"
    else:
        end = LINES[type(decision).__name__]
    assert line == f"pod/client 10.244.0.5 > {end}"


PLAIN: list[tuple[str, dict[str, object]]] = [  # kind, facts that must be in the JSON
    ("ServiceCaptured", {"service": "default/web", "service_port": "default/web:http", "address_kind": "clusterIP",
                         "node": "node-1", "also_claimed_by": [], "proxy_mode": "iptables"}),
    ("EndpointChosen", {"policy": "internalTrafficPolicy Cluster", "rule": "INT-1", "masquerade": False, "sticky": False,
                        "endpoint": {"address": "10.244.0.3", "port": 8080, "node": "node-1", "pod": "default/web-1",
                                     "ready": True}}),
    ("LeftCluster", {"address": "10.96.0.50", "port": 80, "in_service_range": True, "in_pod_range": False,
                     "service_with_address": "default/web", "stopped_pod": None, "rule": "MT-3"}),
    ("NotListening", {"receiver": "pod/default/web-1", "pod": "default/web-1", "node": None, "port": 80,
                      "open_ports": [8080, 9090], "loopback_only": False}),
    ("Departed", {"masqueraded_to": "172.18.0.2", "rule": None, "unjudged_policies": ["default/deny"]}),
    ("NoPath", {"origin": "node/node-1", "goal": "node/node-2", "missing_link": ["node/node-1", "router"]}),
    ("RuleChosen", {"host": "shop.test", "path": "/x", "host_match": "exact host", "controller": "ingress-nginx/c",
                    "rule_chosen": {"ingress": "default/shop", "host": "shop.test", "path": "/", "path_type": "Prefix",
                                    "is_implicit": False, "backend": "web:80", "created": "1970-01-12T13:46:31Z"}}),
]


@pytest.mark.parametrize(("kind", "facts"), PLAIN, ids=[kind for kind, _ in PLAIN])
def test_a_decision_is_this_plain_data(kind: str, facts: dict[str, object]) -> None:
    decision = next(row[0] for row in ROWS if type(row[0]).__name__ == kind)
    steps = (Step(BEFORE, AFTER, decision), Step(AFTER, None, core.Looped(1)))
    because = to_json(Trace(steps))["steps"][0]["because"]
    assert because["kind"] == kind
    assert {name: because[name] for name in facts} == facts


@pytest.mark.parametrize("decision", [row[0] for row in ROWS], ids=IDS)
def test_every_decision_has_facts_besides_its_kind(decision: Decided) -> None:
    because = to_json(Trace((Step(BEFORE, AFTER, decision), Step(AFTER, None, core.Looped(1)))))["steps"][0]["because"]
    assert because.pop("kind") == type(decision).__name__ and because


def test_a_port_of_the_loopback_address_alone_is_told_apart_from_a_closed_one() -> None:
    said = told(Step(BEFORE, None, core.NotListening("pod/default/web-1", POD, Node(key=key("n")), 80, (80,), True)))
    assert said.facts[0] == "a program listens on 80, but only on 127.0.0.1, inside"


def test_a_proxys_own_connection_is_one_deeper() -> None:
    inner = Packet(Place.POD, "node-1", 1, 1, 2, 2, Flow(CLIENT, "10.244.0.3", parent=BEFORE))
    assert told(Step(inner, None, core.Looped(1))).depth == 1


def test_a_default_backend_is_told_apart_from_a_rule() -> None:
    own = Upstream(ObjectKey("kube-system", "fallback"), "", UpstreamState.READY, PEERS[:1])
    decision = http.RuleChosen("ingress-nginx/c", UNKNOWN, own, PEERS[0], PEERS[:1], SENT)
    assert told(Step(BEFORE, AFTER, decision)).sentence == (
        "no Ingress names the host nobody.test: no rule takes the request, so the default backend, Service "
        "kube-system/fallback, gets it")
    stand_in = http.RuleChosen("ingress-nginx/c", ROUTED, own, PEERS[0], PEERS[:1], SENT, role=Role.DEFAULT)
    assert told(Step(BEFORE, AFTER, stand_in)).sentence == (
        "host shop.test: the rule's backend has no endpoints, so its default-backend, Service kube-system/fallback, gets "
        "the request")
