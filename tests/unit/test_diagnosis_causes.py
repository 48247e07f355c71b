"""Causes that lie beside the path of a request: names of single pods, address plans, host ports, selectors that take in
too much, Ingresses that overlap; and what one cause explains.

Source of the cases and of what must be said: the ranked list of what people struggle with (6, 9, 11, 15, 17, 19, 21, 25,
28, 29, 33).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simnet.cluster import Cluster
from simnet.console.session import Session
from simnet.diagnosis import codes, diagnose, notes, told_codes
from simnet.testing import deployment, ingress, pod, service

API = {"api.example.com": {"address": "198.51.100.80", "listen": [{"port": 80}]}}


def made(*objects: dict[str, Any], nodes: int = 2, **settings: Any) -> Cluster:
    cluster = Cluster(nodes=nodes, **settings)
    cluster.apply([pod("client"), *objects])
    return cluster


def stateful(name: str = "db", service_name: str = "db", **container: Any) -> dict[str, Any]:
    inside = {"name": "main", "image": "simnet.example/echo", "ports": [{"containerPort": 80}], **container}
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": name}, "spec": {
        "serviceName": service_name, "replicas": 2, "selector": {"matchLabels": {"app": name}},
        "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [inside]}}}}


def host_port(name: str) -> dict[str, Any]:
    whole = deployment(name, replicas=1)
    whole["spec"]["template"]["spec"]["containers"][0]["ports"][0]["hostPort"] = 8080
    return whole


def not_ready(name: str = "web") -> dict[str, Any]:
    whole = deployment(name)
    whole["spec"]["template"]["spec"]["containers"][0]["readinessProbe"] = {"httpGet": {"path": "/", "port": 8081}}
    return whole


def two_ingresses() -> Cluster:
    cluster = made(deployment("a"), service("a"), deployment("b"), service("b"))
    cluster.apply(ingress("one", host="x.test", paths={"/": "a"}))
    cluster.advance(5)
    cluster.apply(ingress("two", host="x.test", paths={"/": "b"}))
    return cluster


AT_REST = [  # title, cluster, code, its objects, words of the summary
    ("serviceName of no Service", lambda: made(stateful(service_name="db-svc"), service("db", clusterIP="None")),
     "DNS-HEADLESS", ("statefulset/default/db", "service/default/db"),
     "has serviceName db-svc, and there is no such Service; Service default/db selects its pods"),
    ("a node out of addresses", lambda: made(deployment("web", replicas=300), service("web"), nodes=1,
                                             pod_cidr="10.244.0.0/24"),
     "IPM-EXHAUSTED", ("node/node-1", "deployment/default/web"), "has no pod address left in 10.244.0.0/24"),
    ("pods and Services in one range", lambda: made(service_cidr="10.244.128.0/17"), "IPM-OVERLAP", ("cluster",),
     "pod range 10.244.0.0/16 and Service range 10.244.128.0/17 overlap"),
    ("a node inside the range of Services", lambda: Cluster(nodes={"a": "10.96.7.7"}), "IPM-OVERLAP", ("node/a",),
     "node a has the address 10.96.7.7, which lies in the Service range 10.96.0.0/12"),
    ("two pods that want one host port", lambda: made(host_port("one"), host_port("two"), nodes=1), "POD-HOSTPORT",
     ("deployment/default/two",), "waits for host port 8080, which another pod has on every node"),
    ("a pod that found no node", lambda: made(pod("web", nodeSelector={"disk": "ssd"})), "POD-PENDING",
     ("pod/default/web", "pod/default/web"), "found no node"),
    ("a selector that takes in another program", lambda: made(
        deployment("web", labels={"tier": "shop", "app": "web"}), service("web", selector={"tier": "shop"}),
        deployment("mysql", labels={"tier": "shop", "app": "mysql"}, port=3306, replicas=1)),
     "SEL-BROAD", ("service/default/web", "deployment/default/mysql"), "takes in deployment/default/mysql: 1 of 3 endpoints"),
    ("two Ingresses with one host and path", two_ingresses, "ING-SHADOWED", ("ingress/default/two", "ingress/default/one"),
     "never gets x.test/: the older Ingress default/one has it"),
    ("an annotation that cannot be used", lambda: made(deployment(), service(), ingress(annotations={"auth-type": "magic"})),
     "ING-DENIED", ("ingress/default/web",), "auth-type cannot be used, so the controller drops the whole Ingress"),
    ("an alias for a Service that is not there", lambda: made({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "db"},
        "spec": {"type": "ExternalName", "externalName": "db.shop.svc.cluster.local"}}),
     "SVC-EXTNAME", ("service/default/db",), "namespace shop does not exist"),
    ("a program bound to loopback", lambda: made(
        pod("web", image="shop/app"), service("web"), images={"shop/app": {"listen": [{"port": 80, "bind": "127.0.0.1"}]}}),
     "PRT-LOOPBACK", ("pod/default/web",), "listens on port 80 on 127.0.0.1 only"),
]


@pytest.mark.parametrize(("title", "cluster", "code", "objects", "words"), AT_REST, ids=[row[0] for row in AT_REST])
def test_a_cluster_looked_over(title: str, cluster: Callable[[], Cluster], code: str, objects: tuple[str, ...],
                               words: str) -> None:
    findings = diagnose(cluster())
    assert [each.code for each in findings] == [code]
    first = findings[0]
    assert words in first.summary and first.objects[:len(objects)] == objects
    assert all(fix.tried for fix in first.fixes)


def test_a_selector_made_narrower_is_tried_and_works() -> None:
    cluster = AT_REST[6][1]()
    fix = diagnose(cluster)[0].fixes[0]
    assert str(fix) == "spec.selector.app: (none) -> web"
    assert Session(cluster).run(fix.command).status == 0 and diagnose(cluster) == []


def test_canaries_on_purpose_are_not_strangers() -> None:
    both = [deployment(name, labels={"app": "web", "track": name}) for name in ("stable", "canary")]
    assert diagnose(made(*both, service("web", selector={"app": "web"}))) == []


HEADLESS = [  # title, objects, host, code, words of the summary
    ("the pod's subdomain is another", [stateful(service_name="db-svc"), service("db", clusterIP="None")], "db-0.db",
     "DNS-HEADLESS", "has subdomain db-svc (serviceName of StatefulSet default/db), so it has no name below"),
    ("a pod without subdomain", [pod("db-0", labels={"app": "db"}), service("db", clusterIP="None")], "db-0.db",
     "DNS-HEADLESS", "has no subdomain, so it has no name below Service default/db"),
    ("the Service of serviceName is not there", [stateful(service_name="db-svc"), service("db", clusterIP="None")],
     "db-0.db-svc", "DNS-HEADLESS", "StatefulSet default/db has serviceName db-svc, and there is no such Service"),
    ("the pod is not ready", [stateful(readinessProbe={"httpGet": {"path": "/", "port": 8081}}),
                              service("db", clusterIP="None")], "db-0.db",
     "DNS-HEADLESS", "has no address, because the pod is not ready: the readiness probe of container main fails"),
    ("a pod that does not exist", [stateful(), service("db", clusterIP="None")], "db-7.db", "DNS-NONAME", ""),
]


@pytest.mark.parametrize(("title", "objects", "host", "code", "words"), HEADLESS, ids=[row[0] for row in HEADLESS])
def test_the_name_of_a_single_pod(title: str, objects: list[dict[str, Any]], host: str, code: str, words: str) -> None:
    cluster = made(*objects)
    findings = diagnose(cluster, cluster.trace(f"http://{host}/", "pod/client"))
    assert findings[0].code == code and words in findings[0].summary


def test_names_before_readiness_are_mended_by_one_field() -> None:
    cluster = made(stateful(readinessProbe={"httpGet": {"path": "/", "port": 8081}}), service("db", clusterIP="None"))
    fixes = diagnose(cluster, cluster.trace("http://db-0.db/", "pod/client"))[0].fixes
    assert [str(fix) for fix in fixes] == ["spec.publishNotReadyAddresses: (none) -> True"]


def test_each_path_type_is_held_against_the_request() -> None:
    exact = ingress("web", host="x.test", paths={"/cart": "web"})
    exact["spec"]["rules"][0]["http"]["paths"][0]["pathType"] = "Exact"
    cluster = made(deployment(), service(), exact)
    first = diagnose(cluster, cluster.trace("http://x.test/cart/7", "laptop", at="203.0.113.1"))[0]
    assert first.code == "ING-PATHTYPE"
    assert "/cart/7 against /cart: Exact no, Prefix yes, ImplementationSpecific yes" in first.text
    far = diagnose(cluster, cluster.trace("http://x.test/other", "laptop", at="203.0.113.1"))[0]
    assert far.code == "ING-PATH"


# answers that nobody wanted, or that nobody gets ------------------------------------------------------------------

HUNG = {"proxy": {"cluster_cidrs": []}}


@pytest.mark.parametrize(("url", "result"), [("http://10.96.0.50/", "timeout"), ("tcp://10.96.0.50:80", "open")])
def test_an_answer_that_passes_by_the_node_which_translated(url: str, result: str) -> None:
    """A plain connection is delivered and hangs all the same. Source: rule MQ-4, Linux nf_nat_core.c."""
    cluster = made(pod("web", node="node-2"), service("web", clusterIP="10.96.0.50"), **HUNG)
    trace = cluster.trace(url, "laptop", via="node-1")
    findings = diagnose(cluster, trace)
    assert (trace.result, [each.code for each in findings]) == (result, ["NAT-REPLY"])
    assert "goes from node-2 past node node-1" in findings[0].summary
    near = cluster.trace(url, "laptop", via="node-2")
    assert diagnose(cluster, near) == []


DENIED = [  # title, annotations, words of the summary, the first fix
    ("an address that is not on the list", {"allowlist-source-range": "198.51.100.0/24"}, "not allowed",
     "metadata.annotations[nginx.ingress.kubernetes.io/allowlist-source-range]: 198.51.100.0/24 -> "),
    ("no credentials", {"auth-type": "basic", "auth-secret": "users"}, "", ""),
    ("a Secret that is not there", {"auth-type": "basic", "auth-secret": "nobody"}, "annotation auth-secret", ""),
    ("a list that cannot be read", {"allowlist-source-range": "nonsense"}, "annotation allowlist-source-range", ""),
    ("an annotation for which the Ingress is dropped", {"auth-type": "magic"}, "drops the whole Ingress",
     "metadata.annotations[nginx.ingress.kubernetes.io/auth-type]: magic -> (none)"),
]


@pytest.mark.parametrize(("title", "annotations", "words", "fix"), DENIED, ids=[row[0] for row in DENIED])
def test_what_an_annotation_says(title: str, annotations: dict[str, str], words: str, fix: str) -> None:
    users = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "users"}, "stringData": {"auth": "a:{PLAIN}b"}}
    cluster = made(deployment(), service(), users, ingress(host="x.test", annotations=annotations))
    trace = cluster.trace("http://x.test/", "laptop", at="203.0.113.1")
    first = diagnose(cluster, trace)[0]
    assert (first.code, first.objects) == ("ING-DENIED", ("ingress/default/web",)), trace.result
    assert words in first.summary and str(first.fixes[0] if first.fixes else "").startswith(fix)
    assert all(each.tried for each in first.fixes)


# one cause, its symptoms ----------------------------------------------------------------------------------------

FOLDED = [  # title, objects, code, symptoms
    ("an Ingress before a Service that selects nobody",
     [deployment("web"), service("web", selector={"app": "wbe"}), ingress("web", host="x.test", paths={"/": "web", "/b": "web"})],
     "SEL-NOMATCH", ("Ingress default/web answers 503 for x.test/", "Ingress default/web answers 503 for x.test/b")),
    ("two Services before pods that are not ready",
     [not_ready(), service("web"), service("also", selector={"app": "web"}), ingress("web", host="x.test")],
     "EPT-NOTREADY", ("Service default/web has no endpoint and refuses", "Ingress default/web answers 503 for x.test/")),
]


@pytest.mark.parametrize(("title", "objects", "code", "symptoms"), FOLDED, ids=[row[0] for row in FOLDED])
def test_one_cause_comes_once_with_what_it_explains(title: str, objects: list[dict[str, Any]], code: str,
                                                    symptoms: tuple[str, ...]) -> None:
    findings = diagnose(made(*objects))
    assert [(each.code, each.symptoms) for each in findings] == [(code, symptoms)]
    assert f"so also: {symptoms[0]}" in str(findings)


def test_pods_without_addresses_explain_the_service_before_them() -> None:
    """Both Deployments fill the node; the second gets no address at all."""
    cluster = made(deployment("first", replicas=252), nodes=1, pod_cidr="10.244.0.0/24")
    cluster.apply([deployment("web"), service("web")])
    findings = diagnose(cluster)
    assert [(each.code, each.symptoms) for each in findings] == [
        ("IPM-EXHAUSTED", ("Service default/web has no endpoint and refuses",))]
    assert codes(cluster, cluster.trace("http://web/", "pod/client")) == ["IPM-EXHAUSTED"]


# what is not judged, what only surprises --------------------------------------------------------------------------

def test_policies_that_select_a_pod_are_said_to_be_unjudged() -> None:
    deny = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "deny"},
            "spec": {"podSelector": {}, "policyTypes": ["Egress"]}}
    cluster = made(deployment(), service(target_port=8080), deny)
    first = diagnose(cluster, cluster.trace("http://web/", "pod/client"))[0]
    assert first.code == "PRT-NOLISTEN" and "are not judged by simnet" in first.text
    assert "  - policy?      not judged: default/deny" in str(first).splitlines()


NOTED = [  # title, objects, url, source, codes
    ("an outside name with two dots", [], "http://api.example.com/", "pod/client", ["DNS-NDOTS"]),
    ("the same with a dot at its end", [], "http://api.example.com./", "pod/client", []),
    ("a node port, policy Cluster", [deployment(), service(type="NodePort", ports=[{"port": 80, "nodePort": 30080}])],
     "http://172.18.0.2:30080/", "laptop", ["NAT-SNAT"]),
    ("affinity behind an Ingress", [deployment(), service(sessionAffinity="ClientIP"), ingress(host="x.test")],
     "http://x.test/", "laptop", ["LBS-AFFINITY", "NAT-SNAT"]),
    ("a pod that reaches itself", [pod("web-1", labels={"app": "web"}), service()], "http://web/", "pod/web-1",
     ["NAT-HAIRPIN"]),
    ("a Service from a pod", [deployment(), service()], "http://web/", "pod/client", []),
]


@pytest.mark.parametrize(("title", "objects", "url", "source", "expected"), NOTED, ids=[row[0] for row in NOTED])
def test_what_surprises_is_noted_and_no_fault(title: str, objects: list[dict[str, Any]], url: str, source: str,
                                              expected: list[str]) -> None:
    cluster = made(*objects, outside=API)
    trace = cluster.trace(url, source)
    assert trace.result == "200" and diagnose(cluster, trace) == []
    assert [each.code for each in notes(cluster, trace)] == expected == told_codes(cluster, trace)
    assert all(each.severity == "note" for each in notes(cluster, trace))


@pytest.mark.parametrize(("policies", "words"), [("required", "does not judge by them yet"),
                                                ("not-enforced", "does not enforce policies, so everything is let through")])
def test_policies_on_the_way_of_a_request_that_went_well(policies: str, words: str) -> None:
    """A dead policy must not look like a sound one: users 37, and 9, 10 and 13 until policies are judged."""
    deny = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "deny"},
            "spec": {"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Ingress"]}}
    cluster = made(deployment(), service(), deny, policies=policies)
    trace = cluster.trace("http://web/", "pod/client")
    told = notes(cluster, trace)
    assert diagnose(cluster, trace) == [] and [(each.code, each.objects) for each in told] == [
        ("POL-UNJUDGED", ("networkpolicy/default/deny",))]
    assert words in told[0].text


def test_the_second_connection_of_a_client_with_affinity() -> None:
    cluster = made(deployment(), service(sessionAffinity="ClientIP"))
    cluster.request("http://web/", "pod/client")
    assert told_codes(cluster, cluster.request("http://web/", "pod/client")) == ["LBS-AFFINITY"]


def test_queries_are_counted() -> None:
    cluster = made(outside=API)
    told = notes(cluster, cluster.trace("http://api.example.com/", "pod/client"))[0]
    assert told.summary == "api.example.com took 8 queries, 6 of them for names that do not exist"


# forms ----------------------------------------------------------------------------------------------------------

def test_one_line_and_json_say_what_the_text_says() -> None:
    findings = diagnose(made(deployment(), service(selector={"app": "wbe"})))
    assert findings.lines() == ("SEL-NOMATCH Service default/web wants app=wbe; 0 of 3 pods have it "
                                "[spec.selector.app: wbe -> web]")
    whole = findings.to_json()
    assert whole["schema"] == "simnet/diagnosis/v1"
    first = whole["findings"][0]
    assert (first["code"], first["text"], first["fixes"][0]["new"]) == ("SEL-NOMATCH", findings[0].text, "web")


def test_the_smallest_change_that_works_is_the_fix() -> None:
    """Two ports are open; the nearer number wins though the other is the lower one."""
    cluster = made(pod("web", image="shop/app"), service(target_port=8081),
                   images={"shop/app": {"listen": [{"port": 80}, {"port": 8080}]}})
    fixes = diagnose(cluster, cluster.trace("http://web/", "pod/client"))[0].fixes
    assert [str(fix) for fix in fixes] == ["spec.ports[0].targetPort: 8081 -> 8080", "spec.ports[0].targetPort: 8081 -> 80"]
