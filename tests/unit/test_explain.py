"""Whole explanations, as text, tree and JSON, of real walks."""

from __future__ import annotations

import json

import pytest

import simnet
from simnet.cluster import Cluster
from simnet.errors import UsageError
from simnet.explain import explain, hops_of, one_line, to_json
from tests.unit.explain_world import ENTRY, HOST, client, cluster_of, controller_of, ingress, pod, service, shop


@pytest.fixture(scope="module")
def healthy() -> Cluster:
    return shop(dns={"transport": "direct"})


@pytest.fixture(scope="module")
def controller(healthy: Cluster) -> str:
    return f"ingress-nginx/{controller_of(healthy)}"


def walk_to(pod: str, cluster: Cluster, url: str, source: str, **options: object) -> simnet.Trace:
    """Of all possible walks the one that ends at this pod of the default namespace."""
    return next(trace for trace in cluster.outcomes(url, source, **options).traces
                if trace.endpoint is not None and trace.endpoint.pod == ("default", pod))


def request(cluster: Cluster, to: str = "web-2") -> simnet.Trace:
    return walk_to(to, cluster, f"http://{HOST}/", "198.51.100.9", at=ENTRY)


# text -----------------------------------------------------------------------------------------------------------

def test_a_pod_that_asks_a_service_by_name(healthy: Cluster) -> None:
    assert explain(walk_to("web-2", healthy, "http://web/", "pod/client")) == """\
pod/default/client (10.244.0.3) asks GET http://web/
result: 200, answered by pod/default/web-2

1. name       web is 10.96.0.50
              asked 10.96.0.10, 2 questions:
                web.default.svc.cluster.local. A: 10.96.0.50 (the cluster IP of Service default/web)
                web.default.svc.cluster.local. AAAA: no such record (web.default.svc has IPv4 addresses only, not IPv6)
2. address    10.96.0.50:80 is the cluster IP of Service default/web
3. service    Service default/web: endpoint 10.244.0.4:80 (pod default/web-2) is chosen, 1 of 2
              destination 10.96.0.50:80 -> 10.244.0.4:80
              could have been: 10.244.1.3:80 (pod default/web-1)
4. departure  the source stays as it is
5. link       the receiver is on node-1 too: no other node is met
6. endpoint   let in
7. pod        pod default/web-2 takes it on port 80 (container main)
              the port is open: known from its image

tracked on node-1: tcp 10.244.0.3:32768 > 10.96.0.50:80 [reply 10.244.0.4:80 > 10.244.0.3:32768]
way back: node-1; node-1 puts the addresses back"""


def test_a_request_from_outside_through_an_ingress(healthy: Cluster, controller: str) -> None:
    """What the issue asks for: address, controller pod, the rule, the endpoint among how many, pod, status, and the
    addresses before and after each translation."""
    assert explain(request(healthy)) == f"""\
198.51.100.9 asks GET http://{HOST}/ at 203.0.113.1
result: 200, answered by pod/default/web-2

 1. address    the packet for 203.0.113.1:80 reaches node node-1
               way: outside > router > node-1
 2. address    203.0.113.1:80 is the load-balancer IP of Service ingress-nginx/ingress-nginx-controller
 3. service    Service ingress-nginx/ingress-nginx-controller:http: endpoint 10.244.1.2:80 (pod {controller}) is chosen, 1 of 1
               destination 203.0.113.1:80 -> 10.244.1.2:80
 4. departure  node node-1 puts its own address in place of the sender's, so that the answer comes back the same way
               source 198.51.100.9:32768 -> {source_after(request(healthy))}
 5. link       carried node-1 > router > node-2
 6. endpoint   let in
 7. pod        pod {controller}, an Ingress controller, takes it on port 80 and reads the request
 8. proxy      host {HOST}: rule {HOST}/ (Prefix) of Ingress default/shop is chosen
               backend: Service default/web port 80
               endpoint 10.244.0.4:80 (pod default/web-2) is chosen, 1 of 2, by the controller itself
               could have been: 10.244.1.3:80 (pod default/web-1)
 9.   address    10.244.0.4 is the address of pod default/web-2: no Service is in between
10.   departure  the source stays as it is
11.   link       carried node-2 > router > node-1
12.   endpoint   let in
13.   pod        pod default/web-2 takes it on port 80 (container main)
                 the port is open: known from its image

tracked on node-1: tcp 198.51.100.9:32768 > 203.0.113.1:80 [reply 10.244.1.2:80 > {source_after(request(healthy))}]
way back: node-2 > node-1 > outside; node-1 puts the addresses back"""


def source_after(trace: simnet.Trace) -> str:
    """The masqueraded source: the node's address, and a port that follows from the connection."""
    after = trace.steps[3].after
    assert after is not None
    return f"172.18.0.2:{after.source_port}"


def test_what_was_taken_for_granted_stands_at_the_end() -> None:
    silent = {**pod("app", "app", "registry.example/app"), "apiVersion": "v1"}
    policy = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "deny"},
              "spec": {"podSelector": {}, "policyTypes": ["Ingress"]}}
    cluster = cluster_of(client(), silent, policy)
    address = cluster.get("pod", "app").manifest["status"]["podIP"]
    text = explain(cluster.trace(f"tcp://{address}:8080", "pod/client"))
    assert text.splitlines()[0] == f"pod/default/client (10.244.0.3) opens TCP {address}:8080"
    assert text.splitlines()[-3:] == [
        "", "assumed: policy: networkpolicy/default/deny selects the pod and is not judged",
        "assumed: port: nobody declared the ports of pod/default/app"]


def test_a_setting_that_has_no_effect_is_listed_as_not_modelled() -> None:
    cluster = cluster_of(client(), pod("web-1"), service(), ingress(annotations={
        "nginx.ingress.kubernetes.io/ssl-passthrough": "true"}))
    assert explain(request(cluster, to="web-1")).splitlines()[-1] == (
        "not modelled: annotation nginx.ingress.kubernetes.io/ssl-passthrough of ingress/default/shop")


def test_the_ways_of_a_query_that_can_go_to_several_servers_are_listed() -> None:
    cluster = cluster_of(client(), pod("web-1"), service())
    coredns = cluster.get("deployment", "coredns", namespace="kube-system").manifest
    cluster.apply({**coredns, "spec": {**coredns["spec"], "replicas": 2}})
    lines = [line.strip() for line in explain(cluster.trace("http://web/", "pod/client")).splitlines()]
    ways = [line for line in lines if line.startswith("the query, 1/2 (50.0 %): pod/client 10.244.0.3 > service/")]
    assert len(ways) == 2


# tree -----------------------------------------------------------------------------------------------------------

def test_the_tree_nests_the_query_and_the_proxys_own_connection() -> None:
    cluster = shop()
    coredns = cluster.list("pod", namespace="kube-system")[0].name
    assert explain(walk_to("web-2", cluster, "http://web/", "pod/client"), "tree") == f"""\
pod/default/client (10.244.0.3) asks GET http://web/
├─ name: web is 10.96.0.50
│  ├─ asked 10.96.0.10, 2 questions:
│  │  ├─ web.default.svc.cluster.local. A: 10.96.0.50 (the cluster IP of Service default/web)
│  │  └─ web.default.svc.cluster.local. AAAA: no such record (web.default.svc has IPv4 addresses only, not IPv6)
│  └─ the query: UDP 10.96.0.10:53
│     ├─ address: 10.96.0.10:53 is the cluster IP of Service kube-system/kube-dns
│     ├─ service: Service kube-system/kube-dns:dns: endpoint 10.244.0.2:53 (pod kube-system/{coredns}) is chosen, 1 of 1
│     │  └─ destination 10.96.0.10:53 -> 10.244.0.2:53
│     ├─ departure: the source stays as it is
│     ├─ link: the receiver is on node-1 too: no other node is met
│     ├─ endpoint: let in
│     ├─ pod: pod kube-system/{coredns} takes it on port 53 (container coredns)
│     │  └─ the port is open: known from its image
│     └─ result: open: the receiver takes it
├─ address: 10.96.0.50:80 is the cluster IP of Service default/web
├─ service: Service default/web: endpoint 10.244.0.4:80 (pod default/web-2) is chosen, 1 of 2
│  ├─ destination 10.96.0.50:80 -> 10.244.0.4:80
│  └─ could have been: 10.244.1.3:80 (pod default/web-1)
├─ departure: the source stays as it is
├─ link: the receiver is on node-1 too: no other node is met
├─ endpoint: let in
├─ pod: pod default/web-2 takes it on port 80 (container main)
│  └─ the port is open: known from its image
└─ result: 200, answered by pod/default/web-2

tracked on node-1: tcp 10.244.0.3:32768 > 10.96.0.50:80 [reply 10.244.0.4:80 > 10.244.0.3:32768]
way back: node-1; node-1 puts the addresses back"""
    lines = explain(request(cluster), "tree").splitlines()
    own = lines.index("│  └─ the controller's own connection")
    assert lines[own + 1] == "│     ├─ address: 10.244.0.4 is the address of pod default/web-2: no Service is in between"
    assert lines[-4] == "└─ result: 200, answered by pod/default/web-2"


# one line, hops -------------------------------------------------------------------------------------------------

def test_one_line_is_that_of_a_failure_report() -> None:
    """The form of spec/stories.md, "What a failure should look like"."""
    typo = service("web-service", type="NodePort", selector={"app": "wbe"}, port={"port": 80, "nodePort": 30080})
    cluster = simnet.Cluster(nodes={"node-a": "192.168.10.11", "node-b": "192.168.10.12"},
                             outside={"laptop": {"address": "192.168.10.1"}})
    cluster.apply([pod("web-1"), typo])
    assert one_line(cluster.trace("http://192.168.10.11:30080/", "laptop")) == (
        "laptop 192.168.10.1 > node-a:30080 > service/web-service > reject (no endpoints)")


def test_the_hops_of_a_name_and_a_service(healthy: Cluster) -> None:
    assert hops_of(walk_to("web-2", healthy, "http://web/", "pod/client")) == [
        "dns", "service/default/web", "dnat", "pod/default/web-2"]


def test_the_hops_through_an_ingress_meet_no_backend_service(healthy: Cluster, controller: str) -> None:
    assert hops_of(request(healthy)) == [
        "node/node-1", "service/ingress-nginx/ingress-nginx-controller", "dnat", "snat", "node/node-2",
        f"pod/{controller}", "ingress/default/shop", "node/node-1", "pod/default/web-2"]


def test_with_service_upstream_the_backend_service_is_a_hop() -> None:
    cluster = cluster_of(pod("web-1"), service(), ingress(annotations={
        "nginx.ingress.kubernetes.io/service-upstream": "true"}))
    assert "service/default/web" in hops_of(request(cluster, to="web-1"))


# outcomes, lookups, answers -------------------------------------------------------------------------------------

def test_outcomes_begin_with_how_likely_each_result_is(healthy: Cluster) -> None:
    text = explain(healthy.outcomes("http://web/", "pod/client"))
    assert text.splitlines()[:7] == [
        "pod/default/client (10.244.0.3) asks GET http://web/", "2 possible paths", "", "1 (always): 200",
        "1/2 (50.0 %): received by 10.244.1.3:80", "1/2 (50.0 %): received by 10.244.0.4:80", ""]
    assert [line for line in text.splitlines() if line.startswith("path ")] == [
        "path 1 of 2, 1/2 (50.0 %): 200, answered by pod/default/web-1",
        "path 2 of 2, 1/2 (50.0 %): 200, answered by pod/default/web-2"]
    tree = explain(healthy.outcomes("http://web/", "pod/client"), "tree").splitlines()
    assert tree[0] == "pod/default/client (10.244.0.3) asks GET http://web/: 2 possible paths"
    assert [line for line in tree if line.startswith(("├─ ", "└─ "))] == [
        "├─ 1/2 (50.0 %): pod/client 10.244.0.3 > dns (10.96.0.50) > service/web > pod/web-1:80 > 200",
        "└─ 1/2 (50.0 %): pod/client 10.244.0.3 > dns (10.96.0.50) > service/web > pod/web-2:80 > 200"]


def test_a_lookup_lists_every_question(healthy: Cluster) -> None:
    assert explain(healthy.resolve("nope", "pod/client", libc="musl", family=4)) == """\
nope: no such name (EAI_NONAME)
asked 10.96.0.10, 4 questions:
  nope.default.svc.cluster.local. A: no such name (no Service nope in namespace default)
  nope.svc.cluster.local. A: no such name (no namespace nope)
  nope.cluster.local. A: no such name (nope has none of the forms the cluster's zone knows)
  nope. A: no such name (not a name of the cluster, and nobody outside declared it)"""
    assert explain(healthy.resolve("localhost", "pod/client")) == (
        "localhost: 127.0.0.1, ::1\nfound in the hosts file; nobody was asked")
    assert explain(healthy.resolve("10.96.0.50", "pod/client")) == (
        "10.96.0.50: 10.96.0.50\nan address already; nobody was asked")


def test_a_lookup_from_outside_says_what_it_takes_for_granted(healthy: Cluster) -> None:
    assert explain(healthy.resolve(HOST, "laptop", family=4)) == f"""\
{HOST}.: 203.0.113.1
asked the public DNS, 1 question:
  {HOST}. A: 203.0.113.1 ({HOST} is the host of an Ingress or Gateway, taken to be published at its address 203.0.113.1)
assumed: the host {HOST} of an Ingress or Gateway is published in the public DNS"""


def test_a_lookup_tree_hangs_the_questions_below_the_server(healthy: Cluster) -> None:
    assert explain(healthy.resolve("web", "pod/client", family=4), "tree") == """\
web: 10.96.0.50
└─ asked 10.96.0.10, 1 question:
   └─ web.default.svc.cluster.local. A: 10.96.0.50 (the cluster IP of Service default/web)"""


def test_one_answer_of_the_server(healthy: Cluster) -> None:
    lines = explain(healthy.query("web.default.svc.cluster.local.", "AAAA")).splitlines()
    assert lines[:2] == ["web.default.svc.cluster.local. AAAA: no such record (web.default.svc has IPv4 addresses only, "
                         "not IPv6)", "rcode: NOERROR"]
    assert lines[2].startswith("authority: cluster.local. ")


# JSON -----------------------------------------------------------------------------------------------------------

def test_a_trace_as_json(healthy: Cluster) -> None:
    trace = walk_to("web-2", healthy, "http://web/", "pod/client")
    data = json.loads(explain(trace, "json"))
    assert data == to_json(trace)
    assert (data["schema"], data["source"], data["result"], data["verdict"]) == (
        "simnet/trace/v1", "pod/default/client", "200", "ANSWERED")
    assert data["endpoint"] == {"pod": "default/web-2", "address": "10.244.0.4", "port": 80}
    assert data["service"] == {"service_port": "default/web", "node": "node-1", "result": "FORWARD",
                               "backend": "10.244.0.4:80", "masqueraded": False}
    assert [step["because"]["kind"] for step in data["steps"]] == [
        "NameResolved", "ServiceCaptured", "EndpointChosen", "Departed", "Crossed", "Admitted", "Delivered"]
    assert data["steps"][2]["before"]["destination"] == "10.96.0.50"
    assert data["steps"][2]["after"]["destination"] == "10.244.0.4"
    lookup = data["steps"][0]["because"]["lookup"]
    assert lookup["queries"][0]["reason"] == {"kind": "ServiceAddress", "service": "default/web"}


def test_the_walk_of_a_query_stands_in_full_in_the_json() -> None:
    data = to_json(shop().trace("http://web/", "pod/client"))
    way, = data["steps"][0]["because"]["queries_went"]
    assert way["probability"] == "1" and way["trace"]["result"] == "open"
    assert way["trace"]["steps"][0]["because"]["service"] == "kube-system/kube-dns"


def test_outcomes_lookups_and_answers_have_schemas_of_their_own(healthy: Cluster) -> None:
    outcomes = to_json(healthy.outcomes("http://web/", "pod/client"))
    assert outcomes["schema"] == "simnet/outcomes/v1" and outcomes["results"] == {"200": "1"}
    assert outcomes["endpoints"] == {"10.244.1.3:80": "1/2", "10.244.0.4:80": "1/2"}
    assert [path["probability"] for path in outcomes["paths"]] == ["1/2", "1/2"]
    lookup = to_json(healthy.resolve("web", "pod/client"))
    assert (lookup["schema"], lookup["addresses"], lookup["status"]) == ("simnet/lookup/v1", ["10.96.0.50"], "ok")
    answer = to_json(healthy.query("web.default.svc.cluster.local."))
    assert answer["schema"] == "simnet/answer/v1"
    assert answer["answer"] == ["web.default.svc.cluster.local. 30 IN A 10.96.0.50"]


# mistakes -------------------------------------------------------------------------------------------------------

def test_an_unknown_format_names_the_nearest(healthy: Cluster) -> None:
    with pytest.raises(UsageError) as caught:
        explain(healthy.trace("http://web/", "pod/client"), "tre")
    assert str(caught.value) == "explain: format 'tre' is not one of text, tree, json; did you mean tree?"


def test_a_thing_that_is_no_trace_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        explain("http://web/")  # type: ignore[arg-type]
    assert str(caught.value) == ("explain: a str cannot be explained; a trace, the outcomes of a request, a lookup and "
                                 "an answer can")
