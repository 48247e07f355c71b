"""One thing broken in a healthy cluster: the code, what was probably meant, and a fix that was tried and works.

Codes and what they must say: the ranked list of what people struggle with (users 1 to 4, 7, 8, 11, 12, 14, 16, 18, 27).
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

import simnet
from simnet.cluster import Cluster
from simnet.console.session import Session
from simnet.diagnosis import Findings, codes, diagnose, why_lines
from tests.unit.explain_world import (
    CERTIFICATE,
    ENTRY,
    HOST,
    client,
    cluster_of,
    deployment,
    ingress,
    pod,
    secret,
    service,
    shop,
)

TRUST = {"trust": [CERTIFICATE.certificate_pem]}
TLS = [{"hosts": [HOST], "secretName": "shop-tls"}]
PROBE = {"readinessProbe": {"httpGet": {"path": "/", "port": 8081}}}
DOCS = {"docs.example.net": {"address": "198.51.100.80", "listen": [
    {"port": 80, "onlyHost": "docs.example.net", "answer": "outside docs\n"}]}}
ALIAS = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "docs"},
         "spec": {"type": "ExternalName", "externalName": "docs.example.net"}}
ECHO = "kennethreitz/httpbin"


SHOP_WEB = [service(namespace="shop"), pod("web-1", namespace="shop")]


@dataclass(frozen=True, kw_only=True)
class Broken:
    """A broken cluster and a request: `fix` is the text of the first fix, '' when there is none."""

    title: str
    code: str
    cluster: Callable[[], Cluster]
    url: str = "http://web/"
    source: str = "pod/client"
    options: dict[str, Any] = field(default_factory=dict)
    nearest: str = ""
    fix: str = ""


def via_ingress(**more: Any) -> dict[str, Any]:
    return {"url": f"http://{HOST}/", "source": "laptop", "options": {"at": ENTRY}, **more}


def alias(target: str) -> dict[str, Any]:
    return {**ALIAS, "spec": {"type": "ExternalName", "externalName": target}}


def client_with(**spec: Any) -> dict[str, Any]:
    made = client()
    return {**made, "spec": {**made["spec"], **spec}}


def over_tls(**more: Any) -> dict[str, Any]:
    return via_ingress(**{"url": f"https://{HOST}/", **more})


def with_backend(*more: dict[str, Any], **given: Any) -> Callable[[], Cluster]:
    return lambda: cluster_of(client(), pod("web-1"), service(), ingress(**given), *more, **TRUST)


def with_service(*more: dict[str, Any], **given: Any) -> Callable[[], Cluster]:
    return lambda: cluster_of(client(), pod("web-1"), pod("web-2"), service(**given), ingress(), *more)


ROWS = [
    Broken(title="a selector with two letters swapped", code="SEL-NOMATCH", cluster=with_service(selector={"app": "wbe"}),
           nearest="app=web on 2 pods, two letters swapped", fix="spec.selector.app: wbe -> web"),
    Broken(title="a selector with a key that nobody has", code="SEL-NOMATCH", cluster=with_service(selector={"ap": "web"}),
           nearest="app=web on 2 pods, one letter missing in the key", fix="spec.selector: {ap: web} -> {app: web}"),
    Broken(title="a selector with one label too many", code="SEL-NOMATCH",
           cluster=with_service(selector={"app": "web", "tier": "front"}), nearest="2 pods without the label tier",
           fix="spec.selector.tier: front -> (none)"),
    Broken(title="a selector that matches in another namespace only", code="SEL-NOMATCH",
           cluster=lambda: cluster_of(client(), service(), pod("web-1", namespace="staging"))),
    Broken(title="a selector that matches nobody, behind an Ingress", code="SEL-NOMATCH",
           cluster=with_service(selector={"app": "wbe"}), **via_ingress(
               nearest="app=web on 2 pods, two letters swapped", fix="spec.selector.app: wbe -> web")),
    Broken(title="a Service without selector and without slices", code="SEL-NONE", cluster=with_service(selector=None)),
    Broken(title="the name server's own Service selects nobody", code="SEL-NOMATCH", cluster=lambda: _broken_dns(),
           nearest="k8s-app=kube-dns on 1 pod, two letters swapped", fix="spec.selector.k8s-app: kube-dsn -> kube-dns"),
    Broken(title="targetPort is not what listens", code="PRT-NOLISTEN",
           cluster=with_service(port={"port": 80, "targetPort": 8080}), nearest="port 80 is open",
           fix="spec.ports[0].targetPort: 8080 -> 80"),
    Broken(title="targetPort is not what listens, behind an Ingress: 502", code="PRT-NOLISTEN",
           cluster=with_service(port={"port": 80, "targetPort": 8080}), **via_ingress(
               nearest="port 80 is open", fix="spec.ports[0].targetPort: 8080 -> 80")),
    Broken(title="a pod is dialled on a port that is closed", code="PRT-NOLISTEN", cluster=shop,
           url="tcp://10.244.1.3:8080", nearest="port 80", fix="port: 8080 -> 80"),
    Broken(title="targetPort is a name that no container has", code="PRT-NAME", cluster=lambda: cluster_of(
        client(), pod("web-1", ports=[{"name": "http", "containerPort": 80}]),
        service(port={"port": 80, "targetPort": "htpp"})),
        nearest="http, one letter different", fix="spec.ports[0].targetPort: htpp -> http"),
    Broken(title="the program listens on loopback only", code="PRT-LOOPBACK", cluster=lambda: cluster_of(
        client(), pod("web-1", image="shop/app"), service(), images={"shop/app": {"listen": [
            {"port": 80, "bind": "127.0.0.1"}]}})),
    Broken(title="pods that are not ready: the probe asks a closed port", code="EPT-NOTREADY",
           cluster=lambda: cluster_of(client(), deployment(**PROBE), service(), ingress()),
           fix="spec.template.spec.containers[0].readinessProbe.httpGet.port: 8081 -> 80"),
    Broken(title="pods that are not ready, behind an Ingress: 503", code="EPT-NOTREADY",
           cluster=lambda: cluster_of(client(), deployment(**PROBE), service(), ingress()), **via_ingress(
               fix="spec.template.spec.containers[0].readinessProbe.httpGet.port: 8081 -> 80")),
    Broken(title="a pod by hand that is not ready cannot be changed", code="EPT-NOTREADY",
           cluster=lambda: cluster_of(client(), pod("web-1", **PROBE), service())),
    Broken(title="the cluster IP with the node port's number", code="SVC-NODEPORT",
           cluster=with_service(type="NodePort", port={"port": 80, "nodePort": 30080}), url="http://10.96.0.50:30080/",
           source="laptop", nearest="172.18.0.2:30080", fix="address: 10.96.0.50:30080 -> 172.18.0.2:30080"),
    Broken(title="a node's address with the Service's port", code="SVC-NODEPORT",
           cluster=with_service(type="NodePort", port={"port": 80, "nodePort": 30080}), url="http://172.18.0.2/",
           source="laptop", nearest="172.18.0.2:30080", fix="address: 172.18.0.2:80 -> 172.18.0.2:30080"),
    Broken(title="a node port that is one digit off", code="SVC-NODEPORT",
           cluster=with_service(type="NodePort", port={"port": 80, "nodePort": 30081}), url="http://172.18.0.3:30080/",
           source="laptop", nearest="172.18.0.3:30081", fix="address: 172.18.0.3:30080 -> 172.18.0.3:30081"),
    Broken(title="a port of a node that is far from any node port", code="PRT-NOLISTEN",
           cluster=with_service(type="NodePort", port={"port": 80, "nodePort": 30081}), url="tcp://172.18.0.2:10251",
           source="laptop", nearest="port 10250", fix="port: 10251 -> 10250"),
    Broken(title="localhost with the node port, from a pod", code="SVC-NODEPORT",
           cluster=with_service(type="NodePort", port={"port": 80, "nodePort": 30080}), url="http://localhost:30080/",
           nearest="172.18.0.2:30080", fix="address: localhost:30080 -> 10.96.0.50:80"),
    Broken(title="localhost with the node port, from the laptop", code="SVC-NODEPORT",
           cluster=with_service(type="NodePort", port={"port": 80, "nodePort": 30080}), url="http://127.0.0.1:30080/",
           source="laptop", nearest="172.18.0.2:30080", fix="address: 127.0.0.1:30080 -> 172.18.0.2:30080"),
    Broken(title="the targetPort on the Service's address", code="SVC-PORT",
           cluster=lambda: cluster_of(client(), pod("web-1", image=ECHO), service(port={"port": 8000, "targetPort": 80})),
           url="http://web:80/", nearest="port 8000", fix="port: 80 -> 8000"),
    Broken(title="https to a Service that has plain HTTP only", code="SVC-PORT", cluster=shop, url="https://web/",
           nearest="port 80", fix="URL: https://web/ -> http://web/"),
    Broken(title="in nftables mode another port of a cluster IP is rejected", code="SVC-PORT",
           cluster=lambda: shop(proxy={"mode": "nftables"}), url="http://web:8080/", nearest="port 80", fix="port: 8080 -> 80"),
    Broken(title="an address that no Service has", code="NET-NOBODY", cluster=shop, url="http://10.96.9.9/"),
    Broken(title="no endpoint on this node, policy Local", code="SVC-ETPLOCAL", cluster=lambda: cluster_of(
        pod("web-1"), service(type="NodePort", externalTrafficPolicy="Local", port={"port": 80, "nodePort": 30080})),
        url="http://172.18.0.3:30080/", source="laptop", nearest="node node-1",
        fix="spec.externalTrafficPolicy: Local -> Cluster"),
    Broken(title="a load balancer that lets others in only", code="SVC-RANGES", cluster=lambda: cluster_of(
        pod("web-1"), service(type="LoadBalancer", loadBalancerSourceRanges=["198.51.100.0/24"])),
        url="http://203.0.113.2/", source="laptop",
        fix="spec.loadBalancerSourceRanges: [198.51.100.0/24] -> [198.51.100.0/24, 192.0.2.1/32]"),
    Broken(title="a cut link", code="NET-CUT", cluster=lambda: _cut(), url="http://web/", source="laptop",
           options={"at": "10.96.0.50"}),
    Broken(title="a short name from another namespace", code="DNS-NS",
           cluster=lambda: shop(client("other", "blog")), source="pod/blog/other", nearest="web.default",
           fix="name: web -> web.default"),
    Broken(title="a name with two letters swapped", code="DNS-NONAME", cluster=shop, url="http://wbe/",
           nearest="Service web, two letters swapped", fix="name: wbe -> web"),
    Broken(title="a pod that does not ask the cluster's DNS", code="DNS-NONAME",
           cluster=lambda: cluster_of(client_with(dnsPolicy="Default"), pod("web-1"), service()),
           nearest="dnsPolicy ClusterFirst"),
    Broken(title="a pod in the node's network, which does not ask the cluster's DNS", code="DNS-NONAME",
           cluster=lambda: cluster_of(client_with(hostNetwork=True), pod("web-1"), service()),
           nearest="dnsPolicy ClusterFirstWithHostNet"),
    Broken(title="a pod that asks the cluster's DNS without search domains", code="DNS-NONAME",
           cluster=lambda: cluster_of(client_with(dnsPolicy="None", dnsConfig={"nameservers": ["10.96.0.10"]}),
                                      pod("web-1"), service()), nearest="dnsPolicy ClusterFirst"),
    Broken(title="the name of a Service, asked outside", code="DNS-NONAME", cluster=shop, source="laptop"),
    Broken(title="an alias answers to its own name only", code="SVC-EXTNAME",
           cluster=lambda: cluster_of(client(), ALIAS, outside=DOCS), url="http://docs/", nearest="Host: docs.example.net",
           fix="Host header: docs -> docs.example.net"),
    Broken(title="an alias that leads nowhere", code="SVC-EXTNAME", cluster=lambda: cluster_of(client(), {
        **ALIAS, "spec": {"type": "ExternalName", "externalName": "nope.default.svc.cluster.local"}}), url="http://docs/"),
    Broken(title="an alias with two letters swapped in the namespace", code="SVC-EXTNAME",
           cluster=lambda: cluster_of(*SHOP_WEB, client(), alias("web.sohp.svc.cluster.local")), url="http://docs/",
           nearest="namespace shop, two letters swapped",
           fix="spec.externalName: web.sohp.svc.cluster.local -> web.shop.svc.cluster.local"),
    Broken(title="an alias with two letters swapped in the Service", code="SVC-EXTNAME",
           cluster=lambda: cluster_of(*SHOP_WEB, client(), alias("wbe.shop.svc.cluster.local")), url="http://docs/",
           nearest="Service web, two letters swapped",
           fix="spec.externalName: wbe.shop.svc.cluster.local -> web.shop.svc.cluster.local"),
    Broken(title="an alias with a wrong namespace, behind an Ingress: 503", code="SVC-EXTNAME",
           cluster=lambda: cluster_of(*SHOP_WEB, alias("web.sohp.svc.cluster.local"), ingress(
               backend={"name": "docs", "port": {"number": 80}})), **via_ingress(
                   nearest="namespace shop, two letters swapped",
                   fix="spec.externalName: web.sohp.svc.cluster.local -> web.shop.svc.cluster.local")),
    Broken(title="an alias that leads nowhere, behind an Ingress: 503", code="SVC-EXTNAME", cluster=lambda: cluster_of(
        {**ALIAS, "spec": {"type": "ExternalName", "externalName": "nope.example.net"}},
        ingress(backend={"name": "docs", "port": {"number": 80}})), **via_ingress()),
    Broken(title="a cut link behind an Ingress", code="NET-CUT", cluster=lambda: _cut_behind(), **via_ingress()),
    Broken(title="a host that no Ingress names", code="ING-HOST", cluster=shop, **via_ingress(
        url="http://other.example.test/", fix=f"Host: other.example.test -> {HOST}")),
    Broken(title="a bare address, so the Host header is that address", code="ING-HOST", cluster=shop, **via_ingress(
        url=f"http://{ENTRY}/", options={}, fix=f"Host: {ENTRY} -> {HOST}")),
    Broken(title="a host with two letters swapped in the Ingress", code="ING-HOST",
           cluster=with_backend(host="shop.example.tset"), **via_ingress(
               nearest="shop.example.tset, two letters swapped",
               fix="spec.rules[0].host: shop.example.tset -> shop.example.test")),
    Broken(title="no Ingress at all", code="ING-HOST", cluster=lambda: cluster_of(pod("web-1"), service()), **via_ingress()),
    Broken(title="a default backend that answers 404 itself", code="ING-HOST", cluster=lambda: _own_default_backend(),
           **via_ingress(url="http://other.example.test/", fix=f"Host: other.example.test -> {HOST}")),
    Broken(title="an Ingress without class", code="ING-CLASS", cluster=with_backend(ingressClassName=None), **via_ingress(
        nearest="class nginx", fix="spec.ingressClassName: (none) -> nginx")),
    Broken(title="an Ingress with a class that does not exist", code="ING-CLASS",
           cluster=with_backend(ingressClassName="ngnix"), **via_ingress(
               nearest="class nginx, two letters swapped", fix="spec.ingressClassName: ngnix -> nginx")),
    Broken(title="an Ingress nobody serves has no address to find", code="ING-CLASS",
           cluster=with_backend(ingressClassName=None), **via_ingress(
               options={}, nearest="class nginx", fix="spec.ingressClassName: (none) -> nginx")),
    Broken(title="an Ingress with an old annotation of another controller", code="ING-CLASS",
           cluster=with_backend(ingressClassName=None, annotations={"kubernetes.io/ingress.class": "traefik"}),
           **via_ingress(
               nearest="class nginx", fix="metadata.annotations[kubernetes.io/ingress.class]: traefik -> nginx")),
    Broken(title="a path below an Exact one", code="ING-PATHTYPE", cluster=lambda: cluster_of(
        pod("web-1", image=ECHO), service(), ingress(paths=(("/anything", "Exact"),))), **via_ingress(
            url=f"http://{HOST}/anything/x", fix="spec.rules[0].http.paths[0].pathType: Exact -> Prefix")),
    Broken(title="a path in capitals", code="ING-PATHTYPE", cluster=lambda: cluster_of(
        pod("web-1", image=ECHO), service(), ingress(paths=(("/anything", "Prefix"),))), **via_ingress(
            url=f"http://{HOST}/ANYTHING", nearest="/anything (Prefix)", fix="path: /ANYTHING -> /anything")),
    Broken(title="a rewrite that collapses every path", code="ING-REWRITE", cluster=lambda: cluster_of(
        pod("web-1", image=ECHO), service(), ingress(annotations={
            "nginx.ingress.kubernetes.io/rewrite-target": "/nothing"})), **via_ingress(
                url=f"http://{HOST}/get",
                fix="metadata.annotations[nginx.ingress.kubernetes.io/rewrite-target]: /nothing -> (none)")),
    Broken(title="a backend in another namespace", code="ING-XNS", cluster=with_backend(namespace="gateway"), **via_ingress(
        nearest="Service default/web, in another namespace")),
    Broken(title="a backend with two letters swapped", code="ING-BACKEND",
           cluster=with_backend(backend={"name": "wbe", "port": {"number": 80}}), **via_ingress(
               nearest="Service web, two letters swapped",
               fix="spec.rules[0].http.paths[0].backend.service.name: wbe -> web")),
    Broken(title="a backend port the Service does not have", code="ING-PORT",
           cluster=with_backend(backend={"name": "web", "port": {"number": 8080}}), **via_ingress(
               nearest="port 80", fix="spec.rules[0].http.paths[0].backend.service.port.number: 8080 -> 80")),
    Broken(title="a TLS Secret that does not exist", code="TLS-FALLBACK", cluster=with_backend(tls=TLS), **over_tls()),
    Broken(title="a TLS Secret with two letters swapped", code="TLS-FALLBACK",
           cluster=with_backend(secret("shop-tsl"), tls=TLS), **over_tls(
               nearest="Secret shop-tsl, two letters swapped", fix="spec.tls[0].secretName: shop-tls -> shop-tsl")),
    Broken(title="a TLS Secret in another namespace", code="TLS-FALLBACK",
           cluster=with_backend(secret(namespace="blog"), tls=TLS), **over_tls()),
    Broken(title="no tls section at all", code="TLS-FALLBACK", cluster=with_backend(secret()), **over_tls(
        fix="spec.tls: (none) -> [{hosts: [shop.example.test], secretName: shop-tls}]")),
    Broken(title="a bare address, so no name in the handshake", code="TLS-FALLBACK",
           cluster=with_backend(secret(), tls=TLS), **over_tls(
               url=f"https://{ENTRY}/", options={}, fix=f"name in the handshake: (none) -> {HOST}")),
    Broken(title="a bare address with a Host header, so no name in the handshake", code="TLS-FALLBACK",
           cluster=with_backend(secret(), tls=TLS), **over_tls(
               url=f"https://{ENTRY}/", options={"headers": [("Host", HOST)], "insecure": True}, nearest=HOST,
               fix=f"name in the handshake: (none) -> {HOST}")),
    Broken(title="a tls entry without hosts, its certificate for another name", code="TLS-FALLBACK",
           cluster=with_backend(secret(), host="other.example.test", tls=[{"secretName": "shop-tls"}]),
           **over_tls(url="https://other.example.test/")),
    Broken(title="a tls entry without hosts, its Secret missing", code="TLS-FALLBACK",
           cluster=with_backend(secret("shop-tsl"), tls=[{"secretName": "shop-tls"}]), **over_tls(
               nearest="Secret shop-tsl, two letters swapped", fix="spec.tls[0].secretName: shop-tls -> shop-tsl")),
    Broken(title="curl -k gets an answer and the wrong certificate", code="TLS-FALLBACK", cluster=with_backend(tls=TLS),
           **over_tls(options={"at": ENTRY, "insecure": True})),
    Broken(title="a certificate that the client does not know", code="TLS-UNTRUSTED",
           cluster=lambda: cluster_of(pod("web-1"), service(), secret(), ingress(tls=TLS)), **over_tls()),
    Broken(title="https to a port that speaks plain HTTP", code="TLS-PLAIN", cluster=shop, url="https://web:80/",
           fix="scheme: https -> http"),
    Broken(title="http to a port that speaks TLS", code="TLS-WANTED", cluster=with_backend(secret(), tls=TLS),
           **via_ingress(url=f"http://{HOST}:443/", fix="scheme: http -> https")),
]


def _broken_dns() -> Cluster:
    cluster = cluster_of(client(), pod("web-1"), service())
    whole = cluster.get("service", "kube-dns", namespace="kube-system").manifest
    cluster.apply({**whole, "spec": {**whole["spec"], "selector": {"k8s-app": "kube-dsn"}}})
    return cluster


def _cut() -> Cluster:
    cluster = shop()
    cluster.cut("outside", "router")
    cluster.cut("node/node-1", "router")
    return cluster


def _cut_behind() -> Cluster:
    """The only endpoint's own link is cut: clients reach the controller, the controller reaches nobody."""
    cluster = cluster_of(pod("web-1"), service(), ingress())
    cluster.cut("pod/default/web-1", "bridge/node-1")
    return cluster


def _own_default_backend() -> Cluster:
    own = pod("fallback", "default-http-backend", "registry.k8s.io/defaultbackend-amd64:1.5", "kube-system")
    behind = {**service("default-http-backend", "kube-system", port={"port": 80, "targetPort": 8080})}
    behind["spec"]["clusterIP"] = "10.96.0.51"
    return shop(own, behind, ingress={"default_backend_service": "kube-system/default-http-backend"})


def found(row: Broken) -> tuple[Cluster, simnet.Trace, Findings]:
    cluster = row.cluster()
    trace = cluster.trace(row.url, row.source, **row.options)
    return cluster, trace, diagnose(cluster, trace)


@pytest.mark.parametrize("row", ROWS, ids=[row.title for row in ROWS])
def test_one_thing_is_broken(row: Broken) -> None:
    cluster, trace, findings = found(row)
    before = cluster.version
    assert findings, f"no finding for {trace.result}: {simnet.explain(trace)}"
    first = findings[0]
    assert (first.code, first.nearest) == (row.code, row.nearest)
    assert (str(first.fixes[0]) if first.fixes else "") == row.fix
    assert codes(cluster, trace) == [each.code for each in findings]
    assert cluster.version == before, "fixes are tried on copies"


@pytest.mark.parametrize("row", [row for row in ROWS if row.fix], ids=[row.title for row in ROWS if row.fix])
def test_the_fix_works_when_it_is_typed(row: Broken) -> None:
    """kubectl patch, curl or nc as the finding spells it, in simnet's own console."""
    cluster, _, findings = found(row)
    fix = findings[0].fixes[0]
    assert fix.tried and fix.command
    if not fix.is_request:
        output = Session(cluster).run(fix.command)
        assert (output.status, output.stderr) == (0, ""), fix.command
        healed = cluster.outcomes(row.url, row.source, **row.options)
        assert not any(diagnose(cluster, trace) for trace in healed.traces)
        return
    _, _, name = row.source.partition("/")
    quoted = shlex.quote(fix.command)
    command = fix.command if row.source == "laptop" else f"kubectl exec {_place(name)} -- sh -c {quoted}"
    assert Session(cluster).run(command).status == 0, command


def _place(name: str) -> str:
    namespace, slash, pod_name = name.partition("/")
    return f"-n {namespace} {pod_name}" if slash else name


@pytest.mark.parametrize(("url", "source", "options"), [
    ("http://web/", "pod/client", {}), ("http://10.96.0.50/", "laptop", {}), ("tcp://10.244.1.3:80", "pod/client", {}),
    (f"http://{HOST}/", "laptop", {"at": ENTRY}), (f"http://{HOST}/", "laptop", {}), ("udp://10.96.0.10:53", "pod/client", {}),
    (f"https://{HOST}/", "laptop", {"at": ENTRY}),
])
def test_a_healthy_request_has_no_finding(url: str, source: str, options: dict[str, str]) -> None:
    cluster = shop(secret(), **TRUST)
    cluster.apply(ingress(tls=TLS))
    trace = cluster.trace(url, source, **options)
    assert trace.result in ("200", "open", "308")
    assert diagnose(cluster, trace) == [] and str(diagnose(cluster, trace)) == ""
    assert why_lines(cluster, trace) == []


def test_the_programs_own_404_is_no_fault_of_the_network() -> None:
    cluster = shop()
    trace = cluster.trace("http://web/no-such-page", "pod/client")
    assert trace.result == "404" and codes(cluster, trace) == []


# the whole cluster ----------------------------------------------------------------------------------------------

AT_REST = [  # what is in the cluster, what diagnosing it as a whole says
    ("a healthy cluster", lambda: shop(secret()), []),
    ("a Service that selects nobody, and the Ingress before it", with_service(selector={"app": "wbe"}),
     [("SEL-NOMATCH", "service/default/web")]),
    ("a targetPort that nobody listens on", with_service(port={"port": 80, "targetPort": 8080}),
     [("PRT-NOLISTEN", "service/default/web")]),
    ("pods that are not ready", lambda: cluster_of(deployment(**PROBE), service()), [("EPT-NOTREADY", "service/default/web")]),
    ("an Ingress without class", with_backend(ingressClassName=None), [("ING-CLASS", "ingress/default/shop")]),
    ("an Ingress and no controller", lambda: cluster_of(pod("web-1"), service(), ingress(), addons=("coredns",)),
     [("ING-CLASS", "ingress/default/shop")]),
    ("a TLS Secret that does not exist", with_backend(tls=TLS), [("TLS-FALLBACK", "ingress/default/shop")]),
    ("a backend in another namespace", with_backend(namespace="gateway"), [("ING-XNS", "ingress/gateway/shop")]),
    ("a backend that does not exist", with_backend(backend={"name": "api", "port": {"number": 80}}),
     [("ING-BACKEND", "ingress/default/shop")]),
    ("a load balancer without addresses left", lambda: cluster_of(pod("web-1"), service(type="LoadBalancer"),
                                                                   load_balancer_pool="203.0.113.0/32"),
     [("SVC-PENDING", "service/default/web")]),
]


@pytest.mark.parametrize(("title", "made", "expected"), AT_REST, ids=[row[0] for row in AT_REST])
def test_a_whole_cluster(title: str, made: Callable[[], Cluster], expected: list[tuple[str, str]]) -> None:
    cluster = made()
    assert [(each.code, each.objects[0]) for each in diagnose(cluster)] == expected
    assert codes(cluster) == [code for code, _ in expected]


def test_a_fix_for_the_whole_cluster_makes_the_finding_go() -> None:
    cluster = with_service(selector={"app": "wbe"})()
    fix = diagnose(cluster)[0].fixes[0]
    assert (fix.object, str(fix), fix.tried) == (
        "service/default/web", "spec.selector.app: wbe -> web", "tried on a copy: this finding is gone")
    assert Session(cluster).run(fix.command).status == 0
    assert diagnose(cluster) == []


# what it looks like ---------------------------------------------------------------------------------------------

def test_a_finding_in_full() -> None:
    _, _, findings = found(ROWS[0])
    assert str(findings) == """\
SEL-NOMATCH: Service default/web wants app=wbe; 0 of 3 pods have it
The connection is refused at once. Service default/web selects pods with app=wbe, and none has that. A Service without \
endpoints rejects every connection: clients see a refusal, not silence. 0 of 3 pods in namespace default match. Closest: \
app=web on 2 pods, two letters swapped. What helps in service default/web: spec.selector.app: wbe -> web.
  ✓ exists?      Service default/web
  ✓ name?        web is 10.96.0.50
  ✓ address?     10.96.0.50:80 is its clusterIP
  ✗ endpoints?   none
  - listening?
  - policy?
  - route?
  - certificate?
fix: spec.selector.app: wbe -> web of service/default/web (tried on a copy: the request gets 200)
     kubectl patch service web --type json -p '[{"op": "replace", "path": "/spec/selector/app", "value": "web"}]'"""
    assert findings[0].observed == "0 of 3 pods match app=wbe"
    assert findings[0].expected == "at least one pod with the labels of spec.selector"


def test_the_lines_of_a_failure_report() -> None:
    """The example of spec/stories.md to the letter."""
    typo = service("web-service", type="NodePort", selector={"app": "wbe"}, port={"port": 80, "nodePort": 30080})
    cluster = cluster_of(client(), pod("web-1"), pod("web-2"), typo)
    trace = cluster.trace("http://172.18.0.2:30080/", "laptop")

    def holds(twin: Cluster) -> bool:
        return twin.outcomes("http://172.18.0.2:30080/", "laptop").results == {"200": 1}

    assert why_lines(cluster, trace, holds) == [
        "why      SEL-NOMATCH   Service default/web-service wants app=wbe; 0 of 3 pods have it",
        "nearest  app=web on 2 pods, two letters swapped",
        "fix      spec.selector.app: wbe -> web        tried on a copy: the line above passes"]


def test_a_change_that_does_not_make_the_line_pass_is_no_fix() -> None:
    cluster, trace, _ = found(ROWS[0])
    assert why_lines(cluster, trace, lambda twin: False) == [
        "why      SEL-NOMATCH   Service default/web wants app=wbe; 0 of 3 pods have it",
        "nearest  app=web on 2 pods, two letters swapped"]


def test_a_changed_request_is_something_to_try_not_a_fix() -> None:
    cluster, trace, _ = found(next(row for row in ROWS if row.code == "DNS-NS"))
    assert why_lines(cluster, trace, lambda twin: False) == [
        "why      DNS-NS        web is no Service of this namespace; namespace default has a web",
        "nearest  web.default", "try      name: web -> web.default             tried: the request gets 200"]


SAYS = [  # code, a sentence that the text must hold; users.md, "Say"
    ("SEL-NOMATCH", "A Service without endpoints rejects every connection: clients see a refusal, not silence."),
    ("PRT-NOLISTEN", "is an endpoint with port 8080, but it listens on 80 only."),
    ("EPT-NOTREADY", "Running is not Ready: a pod that is not ready is in the EndpointSlice with ready=false"),
    ("SVC-NODEPORT", "Node addresses: node-1 172.18.0.2, node-2 172.18.0.3."),
    ("DNS-NS", "Names tried: web.blog.svc.cluster.local, web.svc.cluster.local, web.cluster.local, web."),
    ("ING-HOST", f"Hosts with rules: {HOST}."),
    ("ING-CLASS", "Classes there are: nginx (controller k8s.io/ingress-nginx)."),
    ("ING-XNS", "a Gateway with a ReferenceGrant may cross namespaces."),
    ("TLS-FALLBACK", "Ingress default/shop asks for Secret default/shop-tls, which does not exist."),
    ("SVC-EXTNAME", "It changes the address the client connects to (198.51.100.80), not the name inside HTTP and TLS."),
    ("SVC-ETPLOCAL", "Node node-2 has none, so it drops the packet: silence, not a refusal."),
]


@pytest.mark.parametrize(("code", "sentence"), SAYS, ids=[code for code, _ in SAYS])
def test_the_text_says_what_a_learner_needs(code: str, sentence: str) -> None:
    _, _, findings = found(next(row for row in ROWS if row.code == code))
    assert sentence in findings[0].text


TOLD = [  # title of the row: objects, observed, expected, the summary
    ("a bare address with a Host header, so no name in the handshake", ("ingress/default/shop",),
     "fallback certificate (no-sni)", f"{HOST} in the handshake",
     f"the client named no host in the handshake, as with a bare address; the Host header {HOST} comes too late"),
    ("a tls entry without hosts, its certificate for another name", ("ingress/default/shop", "secret/default/shop-tls"),
     "fallback certificate (names-do-not-cover)", "the certificate for other.example.test",
     "the tls section of Ingress default/shop lists no host, and the certificate in Secret default/shop-tls is for "
     f"{HOST}, not for other.example.test"),
    ("a tls entry without hosts, its Secret missing", ("ingress/default/shop", "secret/default/shop-tls"),
     "fallback certificate (not-listed)", f"the certificate for {HOST}",
     "the tls section of Ingress default/shop lists no host, and Secret default/shop-tls does not exist"),
    ("a pod that does not ask the cluster's DNS", ("pod/default/client", "service/default/web"),
     "dnsPolicy: Default", "dnsPolicy: ClusterFirst",
     "pod default/client does not ask the cluster's DNS (dnsPolicy Default), so it does not find Service default/web"),
    ("an alias with two letters swapped in the namespace", ("service/default/docs", "service/shop/web"),
     "namespace sohp does not exist", "externalName: a DNS name that exists",
     "Service default/docs is an alias for web.sohp.svc.cluster.local, and namespace sohp does not exist"),
    ("a node port that is one digit off", ("service/default/web",), "172.18.0.3:30080",
     "a node's address with 30081, or 10.96.0.50 with 80",
     "Service default/web: 30080 is no Service's node port; the nearest is 30081"),
    ("no Ingress at all", (), f"Host: {HOST}", "an Ingress with a rule for this host",
     f"no Ingress names the host {HOST}; no Ingress is served here"),
    ("a selector that matches in another namespace only", ("service/default/web",), "0 of 1 pod matches app=web",
     "at least one pod with the labels of spec.selector", "Service default/web wants app=web; 0 of 1 pod has it"),
    ("a pod by hand that is not ready cannot be changed", ("service/default/web", "pod/default/web-1"),
     "0 of 1 selected pod is ready", "at least one ready pod",
     "Service default/web selects 1 pod; 0 of them is ready: the readiness probe of container main fails: "),
]


@pytest.mark.parametrize(("title", "objects", "observed", "expected", "summary"), TOLD, ids=[row[0] for row in TOLD])
def test_what_a_finding_names(title: str, objects: tuple[str, ...], observed: str, expected: str, summary: str) -> None:
    _, _, findings = found(next(row for row in ROWS if row.title == title))
    first = findings[0]
    assert (first.objects, first.observed, first.expected) == (objects, observed, expected)
    assert first.summary.startswith(summary)


@pytest.mark.parametrize(("headers", "told"), [
    ([("Host", HOST)], f"--resolve: curl --resolve {HOST}:443:{ENTRY} https://{HOST}/."),
    ([], f"--resolve: curl --resolve {HOST}:443:{ENTRY} https://{HOST}/."),
    ([("Host", "other.example.test")], "By the name other.example.test it would still be the fallback: "
                                       "no Ingress has the host other.example.test."),
])
def test_a_bare_address_is_told_to_use_the_name(headers: list[tuple[str, str]], told: str) -> None:
    """Also when nothing that was tried ends well: here the client does not trust the certificate it would get.

    Source: the lesson of scenarios/as-published.story.md.
    """
    cluster = cluster_of(pod("web-1"), service(), secret(), ingress(tls=[{"secretName": "shop-tls"}]))
    first = diagnose(cluster, cluster.trace(f"https://{ENTRY}/", "laptop", headers=headers))[0]
    assert first.code == "TLS-FALLBACK" and first.fixes == () and told in first.text
    assert first.objects == (("host/other.example.test",) if "other" in told else ("ingress/default/shop",))


def test_a_secret_of_the_same_name_elsewhere_is_mentioned() -> None:
    _, _, findings = found(next(row for row in ROWS if row.title == "a TLS Secret in another namespace"))
    assert ("A Secret of that name exists in namespace blog, but an Ingress can only use Secrets of its own namespace."
            in findings[0].text)


def test_pods_of_another_namespace_that_would_match_are_mentioned() -> None:
    _, _, findings = found(next(row for row in ROWS if "another namespace only" in row.title))
    assert ("1 pod in namespace staging would match, but a Service only selects in its own namespace."
            in findings[0].text)
