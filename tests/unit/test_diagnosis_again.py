"""The request of a finished trace made again, and a field of an object changed."""

from __future__ import annotations

from typing import Any

import pytest

from simnet.cluster import Cluster
from simnet.diagnosis import ask_again
from simnet.diagnosis.again import asked_of
from simnet.diagnosis.suspicion import Patch, shown
from simnet.errors import NotFound
from simnet.explain import to_json
from tests.unit.explain_world import CERTIFICATE, ENTRY, HOST, ingress, secret, service, shop


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    cluster = shop(secret(), trust=[CERTIFICATE.certificate_pem])
    cluster.apply(ingress(tls=[{"hosts": [HOST], "secretName": "shop-tls"}]))
    return cluster


REQUESTS: list[tuple[str, str, str, dict[str, Any]]] = [  # what it shows, url, source, keywords
    ("a name", "http://web/", "pod/client", {}),
    ("a name and a musl resolver", "http://web/", "pod/client", {"libc": "musl"}),
    ("another port", "http://web:8080/", "pod/default/client", {}),
    ("a plain connection", "tcp://10.96.0.50:80", "pod/client", {}),
    ("a datagram", "udp://10.96.0.10:53", "node/node-2", {}),
    ("an IPv6 address", "tcp://[fd00::1]:80", "laptop", {}),
    ("an address instead of the name", f"http://{HOST}/cart?x=1", "laptop", {"at": ENTRY}),
    ("another port than that of the URL", f"http://{HOST}/", "laptop", {"at": f"{ENTRY}:8080"}),
    ("TLS with the name in the handshake", f"https://{HOST}/", "laptop", {"at": ENTRY}),
    ("TLS without a name", f"https://{ENTRY}/", "laptop", {"insecure": True}),
    ("TLS with a name of its own", f"https://{HOST}/", "laptop", {"at": ENTRY, "sni": "other.test"}),
    ("a certificate file", f"https://{HOST}/", "laptop", {"at": ENTRY, "cacert": CERTIFICATE.certificate_pem}),
    ("headers, method and body", f"http://{HOST}/", "laptop",
     {"at": ENTRY, "method": "POST", "body": b"x=1", "headers": [("Host", "other.test"), ("X-A", "1"), ("Host", "b")]}),
    ("a raw target", f"http://{HOST}/", "laptop", {"at": ENTRY, "target_line": "http://else.test/a b"}),
    ("HTTP/1.0 without a host", f"http://{HOST}/", "laptop", {"at": ENTRY, "http_version": "1.0"}),
    ("another node first", "http://10.96.0.50/", "laptop", {"via": "node-2"}),
    ("another source address and port", "http://10.96.0.50/", "laptop",
     {"source_address": "198.51.100.77", "source_port": 4242}),
    ("a bare outside address", "http://10.96.0.50/", "198.51.100.9", {}),
]


@pytest.mark.parametrize(("title", "url", "source", "options"), REQUESTS, ids=[row[0] for row in REQUESTS])
def test_asked_again_it_is_the_same_walk(cluster: Cluster, title: str, url: str, source: str, options: dict[str, Any]) -> None:
    trace = cluster.trace(url, source, **options)
    assert to_json(ask_again(cluster, trace)) == to_json(trace)


def test_asked_again_elsewhere_it_follows_what_is_there(cluster: Cluster) -> None:
    trace = cluster.trace("http://web/", "pod/client")
    twin = cluster.fork()
    twin.apply(service(selector={"app": "nobody"}))
    assert (trace.result, ask_again(twin, trace).result) == ("200", "refused")


def test_without_its_sender_it_cannot_be_asked(cluster: Cluster) -> None:
    trace = cluster.trace("http://web/", "pod/client")
    twin = cluster.fork()
    twin.delete("pod/client")
    with pytest.raises(NotFound):
        ask_again(twin, trace)


def test_a_changed_request(cluster: Cluster) -> None:
    asked = asked_of(cluster.trace(f"https://{HOST}/a", "laptop", at=ENTRY, insecure=True))
    assert (asked.url, asked.command) == (
        f"https://{ENTRY}/a", f"curl -k --resolve {HOST}:443:{ENTRY} https://{HOST}/a")
    assert asked.naming("b.test").command == f"curl -k --resolve b.test:443:{ENTRY} https://b.test/a"
    assert asked.over("http").naming("b.test").command == f"curl -k -H 'Host: b.test' http://{ENTRY}:443/a"
    assert asked.to("c.test", 8443).command == "curl -k https://c.test:8443/a"
    assert asked.asking_for("/b").url == f"https://{ENTRY}/b"
    assert asked_of(cluster.trace("tcp://10.96.0.50:80", "laptop")).to("10.96.0.51", 81).command == "nc -v -z 10.96.0.51 81"
    assert asked_of(cluster.trace("udp://10.96.0.50:80", "laptop")).command == "nc -v -z -u 10.96.0.50 80"


def test_a_patch_changes_one_field_of_a_copy(cluster: Cluster) -> None:
    web = cluster.get("service", "web")
    patch = Patch(web, ("spec", "ports", 0, "targetPort"), 80, 8080)
    twin = patch.on(cluster)
    assert twin is not None and twin.get("service", "web").ports[0].target_port == 8080
    assert cluster.get("service", "web") == web
    assert patch.field == "spec.ports[0].targetPort"
    assert patch.command == ("kubectl patch service web --type json -p "
                             '\'[{"op": "replace", "path": "/spec/ports/0/targetPort", "value": 8080}]\'')


def test_a_patch_the_api_server_would_refuse_gives_no_copy(cluster: Cluster) -> None:
    assert Patch(cluster.get("service", "web"), ("spec", "ports", 0, "port"), 80, 70_000).on(cluster) is None


PATCHES: list[tuple[tuple[str | int, ...], Any, Any, str, str]] = [  # path, old, new, field, operation
    (("spec", "ingressClassName"), None, "nginx", "spec.ingressClassName",
     '{"op": "add", "path": "/spec/ingressClassName", "value": "nginx"}'),
    (("metadata", "annotations", "a.io/b~c"), "x", None, "metadata.annotations[a.io/b~c]",
     '{"op": "remove", "path": "/metadata/annotations/a.io~1b~0c"}'),
]


@pytest.mark.parametrize(("path", "old", "new", "field", "operation"), PATCHES, ids=[row[3] for row in PATCHES])
def test_a_patch_is_written_as_rfc_6902_wants(cluster: Cluster, path: Any, old: Any, new: Any, field: str,
                                              operation: str) -> None:
    patch = Patch(cluster.get("ingress", "shop"), path, old, new)
    assert (patch.field, patch.command) == (field, f"kubectl patch ingress shop --type json -p '[{operation}]'")


def test_a_value_is_shown_as_one_writes_it() -> None:
    assert [shown(each) for each in ("web", 80, None, ["a", 1], {"hosts": ["a"], "secretName": "b"})] == [
        "web", "80", "", "[a, 1]", "{hosts: [a], secretName: b}"]
