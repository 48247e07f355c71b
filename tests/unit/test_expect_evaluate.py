"""Does a line hold? Every form against a cluster where it holds and where it does not."""

from __future__ import annotations

from typing import Any

import pytest

import simnet
from simnet.diagnosis import codes
from simnet.errors import NotFound, ScenarioFailed, UsageError
from simnet.expect.evaluate import Checked, Context, check, matches_glob
from simnet.expect.grammar import parse
from simnet.testing import ingress
from simnet.x509.make import make_certificate
from tests.unit.flow_net import EXTERNAL_IP, NODE_A, NODE_PORT, VIP, WEB, WEB_A, WEB_B, load_balancer, net, pod, service

CERTIFICATE = make_certificate(["shop.test"], not_before=1_700_000_000, not_after=2_000_000_000, seed=b"shop")
OTHER = make_certificate(["other.test"], not_before=1_700_000_000, not_after=2_000_000_000, seed=b"other")
CONTEXT = Context(certificates={"shop": CERTIFICATE.certificate, "other": OTHER.certificate}, diagnose=codes)


def web() -> simnet.Cluster:
    """Two ready endpoints, a third that listens elsewhere, names that resolve without pods carrying the query."""
    return net(load_balancer(), dns={"transport": "direct"})


def uneven() -> simnet.Cluster:
    """One of two endpoints refuses."""
    return net(load_balancer(), pods=(WEB[0], pod("web-b", "b", "10.244.1.2", port=9), WEB[2]), dns={"transport": "direct"})


def shop() -> simnet.Cluster:
    """An Ingress with TLS on a cluster of its own."""
    cluster = simnet.Cluster(nodes=1, trust=[CERTIFICATE.certificate])
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "shop-tls"}, "type": "kubernetes.io/tls",
              "stringData": {"tls.crt": CERTIFICATE.certificate_pem, "tls.key": CERTIFICATE.key_pem}}
    cluster.apply([secret, ingress("shop", host="shop.test", tls="shop-tls", paths={"/": "web"}),
                   {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
                    "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}},
                   {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web-1", "labels": {"app": "web"}},
                    "spec": {"containers": [{"name": "c", "image": "unheard.of/x", "ports": [{"containerPort": 80}]}]}}])
    return cluster


def checked(cluster: simnet.Cluster, line: str) -> Checked:
    return check(cluster, parse(line), CONTEXT)


U = f"http://{VIP}/"
# cluster, line, holds, what is said instead
LINES: list[tuple[Any, str, bool, str]] = [
    # is, may be, never
    (web, f"GET {U} from pod/client is 200", True, ""),
    (web, f"GET {U} from pod/client is 404", False, "200 by pod/default/web-"),
    (uneven, f"GET {U} from pod/client is 200", False, "refused"),
    (uneven, f"GET {U} from pod/client may be 200 | refused", True, ""),
    (uneven, f"GET {U} from pod/client may be 200", False, "refused"),
    (web, f"GET {U} from pod/client may be 200 | refused", False, "no path gives refused"),
    (uneven, f"GET {U} from pod/client never timeout", True, ""),
    (uneven, f"GET {U} from pod/client never refused", False, "refused"),
    (web, f"tcp {VIP}:80 from pod/client is open", True, ""),
    (web, f"tcp {VIP}:80 from pod/client is 200", False, "open by pod/default/web-"),
    (web, f"GET {U} from pod/client is open", False, "200 by"),
    (web, f"udp {VIP}:80 from pod/client is timeout", True, ""),
    (web, "tcp [fd00::1]:80 from pod/client is unreachable", True, ""),
    (web, "tcp nobody.test:80 from pod/client is no-name", True, ""),
    # who answered
    (web, f"GET {U} from pod/client is 200 by pod/web-*", True, ""),
    (web, f"GET {U} from pod/client is 200 by pod/default/web-*", True, ""),
    (web, f"GET {U} from pod/client is 200 by pod/shop/web-*", False, "200 by"),
    (web, f"GET {U} from pod/client is 200 by pod/web-a", False, "200 by pod/default/web-b"),
    (web, f"GET {U} from pod/client may be 200 by pod/web-a | 200 by pod/web-b", True, ""),
    (web, f"tcp {VIP}:80 from pod/client never open by pod/client", True, ""),
    (shop, "GET http://other.test/ at 203.0.113.1 from laptop is 404 by default-backend", True, ""),
    # what was said and seen
    (web, f'GET {U} from pod/client is 200 body "request: GET / HTTP/1.1"', True, ""),
    (web, f'GET {U} from pod/client is 200 body "nothing like it"', False, "200 by"),
    (web, f'POST {U} body "a b" from pod/client is 200 body "POST"', True, ""),
    (web, f'GET {U} header "Host: shop.test" from pod/client is 200 body "Host: shop.test"', True, ""),
    (web, f'GET {U} from pod/client is 200 sets "content-type: text/plain; charset=utf-8"', True, ""),
    (web, f'GET {U} from pod/client is 200 sets "Content-Type: text/html"', False, "200 by"),
    (web, f"GET {U} from pod/client is 200 seen-as 10.244.0.9", True, ""),
    (web, f"GET http://{EXTERNAL_IP}/ from pod/client is 200 seen-as {NODE_A}", True, ""),
    (web, f"GET http://{EXTERNAL_IP}/ from pod/client is 200 seen-as 10.244.0.9", False, "200 by"),
    (web, f"tcp {NODE_A}:{NODE_PORT} from 198.51.100.7 is open seen-as {NODE_A}", True, ""),
    (web, f"tcp {VIP}:81 from pod/client is timeout seen-as {NODE_A}", False, "timeout"),
    (web, f'tcp {VIP}:80 from pod/client is open body "x"', False, "open by"),
    # TLS
    (shop, "GET https://shop.test/ from laptop is 200 cert shop", True, ""),
    (shop, "GET https://shop.test/ from laptop is 200 cert shop-tls", True, ""),
    (shop, "GET https://shop.test/ from laptop is 200 cert default/shop-tls", True, ""),
    (shop, "GET https://shop.test/ from laptop is 200 cert other", False, "200 by"),
    (shop, "GET https://shop.test/ from laptop is 200 cert fallback", False, "200 by"),
    (shop, "GET https://x.test/ at 203.0.113.1 from laptop is tls-error", True, ""),
    (shop, "GET https://x.test/ at 203.0.113.1 insecure from laptop is 404 cert fallback", True, ""),
    (shop, "GET http://shop.test/ from laptop is 308 cert shop", False, "308 by"),
    (shop, 'GET http://shop.test/ from laptop is 308 sets "Location: https://shop.test"', True, ""),
    # count
    (web, "count pods = 3", True, "3"), (web, "count pods app=web = 2", True, "2"), (web, "count pods app!=web = 2", False, "1"),
    (web, "count pods app in (web, client) >= 3", True, "3"), (web, "count pods in default = 3", True, "3"),
    (web, "count pods in defalt = 0", False, "namespace defalt does not exist; did you mean default?"),
    (web, "count nodes = 2", True, "2"), (web, "count nodes > 2", False, "2"), (web, "count services < 2", True, "1"),
    (web, "count pods != 3", False, "3"), (web, "count pods <= 3", True, "3"),
    (shop, "count pods in ingress-nginx = 1", True, "1"), (shop, "count pods = 1", True, "1"),
    # endpoints
    (web, f"endpoints web are {WEB_A}, {WEB_B}", True, f"{WEB_A}, {WEB_B}"),
    (web, f"endpoints web are {WEB_B}, {WEB_A}", True, f"{WEB_A}, {WEB_B}"),
    (web, f"endpoints web are exactly {WEB_A}, {WEB_B}", True, ""), (web, f"endpoints web are exactly {WEB_B}, {WEB_A}", False, ""),
    (web, f"endpoints web are {WEB_A}", False, f"{WEB_A}, {WEB_B}"), (web, "endpoints web are none", False, WEB_A),
    (web, f"endpoints web include {WEB_A}", True, ""), (web, f"endpoints web include {WEB_A}, 10.0.0.1:80", False, ""),
    (web, "endpoints web exclude 10.0.0.1:80", True, ""), (web, f"endpoints web exclude 10.0.0.1:80, {WEB_A}", False, ""),
    (web, "endpoints nobody are none", False, "service default/nobody does not exist"),
    # resolve
    (web, f"resolve web from pod/client is {VIP}", True, VIP),
    (web, f"resolve web.default.svc.cluster.local from pod/client is {VIP}", True, VIP),
    (web, "resolve web from pod/client is 10.0.0.1", False, VIP),
    (web, "resolve web from pod/client is no-name", False, VIP),
    (web, "resolve wep from pod/client is no-name", True, "no-name"),
    (web, f"resolve wep from pod/client is {VIP}", False, "no-name"),
    (web, "resolve wep from pod/client is timeout", False, "no-name"),
    (web, f"resolve web from pod/client is {VIP} after 2 queries", True, ""),
    (web, f"resolve web from pod/client is {VIP} after 1 query", False, f"{VIP} after 2 queries"),
    (web, "resolve wep from pod/client is no-name after 8 queries", True, ""),
    (web, f"resolve web type A from pod/client is {VIP} after 1 query", True, ""),
    (web, "resolve web type AAAA from pod/client is no-name", True, ""),
    (web, 'resolve web type SRV from pod/client is no-name', False, "0 100 80 web.default.svc.cluster.local"),
    (web, 'resolve web type SRV from pod/client is "0 100 80 web.default.svc.cluster.local"', True, ""),
    (web, 'resolve web type SRV from pod/client is "0 100 80 web.default.svc.cluster.local." after 1 query', True, ""),
    (web, "resolve wep type SRV from pod/client is no-name after 4 queries", True, ""),
    (web, "resolve wep type SRV from pod/client is no-name after 1 query", False, "no-name after 4 queries"),
    (web, "resolve 50.0.96.10.in-addr.arpa type PTR from pod/client is web.default.svc.cluster.local", True, ""),
    (web, "resolve web.default.svc.cluster.local. type SRV from laptop is no-name", True, "no-name"),
    (web, "resolve web.default.svc.cluster.local. type SRV from node/a is no-name", True, "no-name"),
    # spread, path, diagnose
    (web, f"spread GET {U} from pod/client x40 over pod/web-* each >= 10", True, ""),
    (web, f"spread tcp {VIP}:80 from pod/client x40 over pod/web-* each > 40", False, "pod/default/web-a "),
    (web, f"spread GET {U} from pod/client x4 over pod/wob-* each >= 0", False, "no pod is called pod/wob-*"),
    (web, f"path GET {U} from pod/client via service/web > dnat > pod/web-*", True, ""),
    (web, f"path GET {U} from pod/client via dnat > service/web", False, "service/default/web > dnat"),
    (web, f"path GET {U} from pod/client via dnat > pod/web-a", False, "pod/default/web-b"),
    (web, f"path GET http://{EXTERNAL_IP}/ from pod/client via dnat > snat", True, ""),
    (web, "path GET http://10.244.1.2:81/ from pod/client via node/b > pod/web-b", True, ""),
    (web, f"diagnose GET {U} from pod/client says SEL-NOMATCH", False, "no finding"),
    (web, "diagnose cluster says SEL-NOMATCH", False, "no finding"),
]


@pytest.mark.parametrize(("make", "line", "holds", "got"), LINES, ids=[f"{row[0].__name__}: {row[1]}" for row in LINES])
def test_a_line_holds_or_says_what_came_instead(make: Any, line: str, holds: bool, got: str) -> None:
    answer = checked(make(), line)
    assert (answer.holds, answer.assumed) == (holds, ())
    assert answer.got.startswith(got) or got in answer.got


def test_a_diagnosis_is_the_first_finding_for_a_request_and_any_for_the_cluster() -> None:
    typo = net(service(selector={"app": "wbe"}), dns={"transport": "direct"})
    assert checked(typo, f"diagnose GET {U} from pod/client says SEL-NOMATCH").holds
    assert checked(typo, "diagnose cluster says SEL-NOMATCH").holds
    assert not checked(typo, f"diagnose GET {U} from pod/client says PRT-NOLISTEN").holds


def test_without_a_diagnosis_to_ask_a_diagnose_line_cannot_be_judged() -> None:
    with pytest.raises(UsageError, match=r"needs simnet\.expect"):
        check(web(), parse("diagnose cluster says SEL-NOMATCH"))


def test_a_wrong_path_is_the_witness_and_paths_are_counted() -> None:
    answer = checked(uneven(), f"GET {U} from pod/client is 200")
    assert (answer.paths, answer.wrong) == (2, 1)
    assert answer.trace is not None and answer.trace.result == "refused"


# assumptions ------------------------------------------------------------------------------------------------------

UNDECLARED = (pod("web-a", "a", "10.244.0.2", port=None), WEB[2])
POLICY = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "p"}, "spec": {"podSelector": {}}}
MANUAL = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
          "metadata": {"name": "x", "labels": {"kubernetes.io/service-name": "web"}}, "addressType": "IPv4",
          "endpoints": [{"addresses": ["192.168.77.7"]}], "ports": [{"name": "", "port": 9000}]}
# row, objects, pods, settings, whether the line may rest on what was assumed
ASSUMPTIONS: list[tuple[str, list[Any], tuple[Any, ...], dict[str, str], bool]] = [
    ("a port nobody declared", [service()], UNDECLARED, {}, False),
    ("a port nobody declared, allowed", [service()], UNDECLARED, {"assume": "any-port"}, True),
    ("a policy that is not judged", [service(), POLICY], WEB, {}, False),
    ("a policy that is not judged, allowed", [service(), POLICY], WEB, {"policies": "not-enforced"}, True),
    ("the other permission does not help", [service(), POLICY], WEB, {"assume": "any-port"}, False),
    ("an endpoint that no pod owns", [service(selector=None), MANUAL], WEB, {}, True),
]


@pytest.mark.parametrize("form", ["GET {u} from pod/client is 200", "GET {u} from pod/client may be 200",
                                  "GET {u} from pod/client never 404", "path GET {u} from pod/client via service/web",
                                  "spread GET {u} from pod/client x2 over pod/* each >= 0"])
@pytest.mark.parametrize(("row", "objects", "pods", "settings", "allowed"), ASSUMPTIONS, ids=[row[0] for row in ASSUMPTIONS])
def test_no_line_rests_on_an_assumption_that_is_not_allowed(
        row: str, objects: list[Any], pods: tuple[Any, ...], settings: dict[str, str], allowed: bool, form: str) -> None:
    cluster = net(*objects, pods=pods, **settings)
    answer = checked(cluster, form.format(u=U))
    assert answer.holds == allowed and bool(answer.assumed) != allowed
    if not allowed:
        with pytest.raises(ScenarioFailed, match="ASSUMED"):
            simnet.expect(cluster, form.format(u=U))


def test_lines_about_a_refusal_rest_on_nothing() -> None:
    """Nobody received anything, so nobody's ports and no ingress policy took part."""
    for objects in ([service()], [service(), POLICY]):
        assert checked(net(*objects, pods=WEB[2:]), f"GET {U} from pod/client is refused").holds


# time and state ---------------------------------------------------------------------------------------------------

def test_a_later_moment_is_looked_at_on_a_copy() -> None:
    cluster = net(service(sessionAffinity="ClientIP"))
    cluster.connect(f"tcp://{VIP}:80", "pod/client")
    before = cluster.now
    assert checked(cluster, f"at +1h path GET {U} from pod/client via dnat > pod/web-*").paths == 1
    assert checked(cluster, f"at +4h path GET {U} from pod/client via dnat > pod/web-*").paths == 2, "AF-2"
    assert cluster.now == before and checked(cluster, f"GET {U} from pod/client is 200").paths == 1


def test_judging_changes_nothing() -> None:
    cluster = net(service(sessionAffinity="ClientIP"), pods=WEB)
    before = cluster.dump(), cluster.version, cluster.now, cluster.trace(U, "pod/client").steps[0].before.source_port
    for line in (f"GET {U} from pod/client is 200", f"spread GET {U} from pod/client x9 over pod/web-* each >= 0",
                 f"at +1h GET {U} from pod/client is 200"):
        assert checked(cluster, line).holds
    assert (cluster.dump(), cluster.version, cluster.now, cluster.trace(U, "pod/client").steps[0].before.source_port) == before
    assert len(cluster.outcomes(U, "pod/client")) == 2


def test_who_is_nobody_is_an_error_not_a_result() -> None:
    with pytest.raises(NotFound, match="did you mean client"):
        checked(web(), f"GET {U} from pod/clent is refused")


# name, pattern, matches
GLOBS = [("pod/default/web-1", "pod/web-*", True), ("pod/default/web-1", "pod/default/web-?", True),
         ("pod/shop/web-1", "pod/web-*", False), ("pod/shop/web-1", "pod/shop/*", True), ("pod/default/web-1", "web-*", False),
         ("default-backend", "default-*", True), ("node/a", "node/a", True), ("service/default/web", "service/web", True),
         ("dnat", "dnat", True), ("pod/default/Web", "pod/web", False)]


@pytest.mark.parametrize(("name", "glob", "matches"), GLOBS)
def test_names_without_namespace_mean_the_default_one(name: str, glob: str, matches: bool) -> None:
    assert matches_glob(name, glob) == matches
