"""Requests through a Gateway: rules G-4, G-7 to G-17, G-19, G-20, G-22; rows restate the project's conformance tests."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from simnet.testing import gateway, http_route, listener, reference_grant, service
from tests.unit.gateway_net import ask, backend, chosen, got, net, secret

A, B = {"backendRefs": [{"name": "a", "port": 80}]}, {"backendRefs": [{"name": "b", "port": 80}]}
CONFORMANCE = "kubernetes-sigs/gateway-api conformance/tests/"


def match(path: str = "/", type: str = "PathPrefix", **more: Any) -> dict[str, Any]:
    return {"path": {"type": type, "value": path}, **more}


def on(*matches: dict[str, Any], to: dict[str, Any] = A, filters: tuple[dict[str, Any], ...] = (), **more: Any) -> dict[str, Any]:
    return {"matches": list(matches), **to, **({"filters": list(filters)} if filters else {}), **more}


def header(name: str, value: str, **more: str) -> dict[str, Any]:
    return {"headers": [{"name": name, "value": value, **more}]}


MATCHES = [  # sentence, rules, request (method, target, headers), who answers, source
    ("a prefix ends at an element", [on(match("/v2"), to=B), on(match("/"))], ("GET", "/v2example", {}), "200 a",
     "httproute-matching.go"),
    ("a final slash of the request does not matter to a prefix", [on(match("/v2"))], ("GET", "/v2/", {}), "200 a", "same"),
    ("a final slash of the prefix does not matter", [on(match("/v2/"))], ("GET", "/v2", {}), "200 a", "httproute_types.go"),
    ("a final slash matters to Exact", [on(match("/one", "Exact"))], ("GET", "/one/", {}), "404",
     "httproute-exact-path-matching.go"),
    ("case matters", [on(match("/One", "Exact"))], ("GET", "/one", {}), "404", "httproute-exact-path-matching.go"),
    ("Exact before a longer prefix", [on(match("/a/"), to=B), on(match("/a", "Exact"))], ("GET", "/a", {}), "200 a",
     "httproute-path-match-order.go"),
    ("the longer prefix", [on(match("/match")), on(match("/match/prefix"), to=B)], ("GET", "/match/prefix/one", {}), "200 b",
     "httproute-path-match-order.go"),
    ("the method before header conditions", [on(match(**header("version", "four")), to=B), on(match(method="PATCH"))],
     ("PATCH", "/", {"version": "four"}), "200 a", "httproute-method-matching.go"),
    ("more headers before fewer", [on(match(**header("version", "two"))), on(match(headers=[
        {"name": "version", "value": "two"}, {"name": "color", "value": "orange"}]), to=B)],
     ("GET", "/", {"Version": "two", "Color": "orange"}), "200 b", "httproute-header-matching.go"),
    ("header names without case, values with", [on(match(**header("Version", "One")))], ("GET", "/", {"version": "one"}), "404",
     "same"),
    ("a header that is not sent", [on(match(**header("color", "blue")))], ("GET", "/", {}), "404", "same"),
    ("a header by pattern, whole", [on(match(**header("v", "[0-9]+", type="RegularExpression")))], ("GET", "/", {"V": "12x"}),
     "404", "[P]"),
    ("of two conditions on one header the first", [on(match(headers=[
        {"name": "V", "value": "1"}, {"name": "v", "value": "2"}]))], ("GET", "/", {"v": "1"}), "200 a", "httproute_types.go"),
    ("a query parameter", [on(match(queryParams=[{"name": "animal", "value": "whale"}]))], ("GET", "/?animal=whale", {}),
     "200 a", "httproute-query-param-matching.go"),
    ("a query parameter's name has case", [on(match(queryParams=[{"name": "animal", "value": "whale"}]))],
     ("GET", "/?ANIMAL=whale", {}), "404", "same"),
    ("of a repeated parameter the first", [on(match(queryParams=[{"name": "a", "value": "1"}]))], ("GET", "/?a=2&a=1", {}),
     "404", "[P]"),
    ("more parameters before fewer", [on(match(queryParams=[{"name": "a", "value": "1"}])), on(match(queryParams=[
        {"name": "a", "value": "1"}, {"name": "b", "value": "2"}]), to=B)], ("GET", "/?a=1&b=2", {}), "200 b", "same"),
    ("a pattern is matched whole", [on(match("/[a-z]+", "RegularExpression"))], ("GET", "/ab/c", {}), "404", "[P]"),
    ("a pattern stands by its length", [on(match("/[a-z]+", "RegularExpression"), to=B), on(match("/ab"))],
     ("GET", "/ab", {}), "200 b", "[P]"),
    ("a pattern nobody can read matches nothing", [on(match("/(", "RegularExpression"))], ("GET", "/(", {}), "404", "[P]"),
    ("the path as sent: no dots resolved", [on(match("/b", "Exact"))], ("GET", "/a/../b", {}), "404", "[P]"),
    ("the path as sent: nothing decoded", [on(match("/a%20b", "Exact"))], ("GET", "/a%20b", {}), "200 a", "[P]"),
    ("the first rule of a tie", [on(match("/")), on(match("/"), to=B)], ("GET", "/", {}), "200 a", "httproute_types.go"),
    ("no match at all is every path", [dict(A)], ("GET", "/x", {}), "200 a", "httproute_types.go"),
    ("repeated headers are joined", [on(match(**header("x", "1,2")))], ("GET", "/", [("X", "1"), ("x", "2")]), "200 a", "G-9"),
]


@pytest.mark.parametrize(("sentence", "rules", "request_", "wanted", "source"), MATCHES, ids=[row[0] for row in MATCHES])
def test_matches_and_their_precedence(sentence: str, rules: list[dict[str, Any]], request_: Any, wanted: str, source: str) -> None:
    method, target, headers = request_
    cluster = net(http_route(rules=rules))
    pairs = list(headers.items()) if isinstance(headers, dict) else headers
    assert got(ask(cluster, "http://any.t/", method=method, target_line=target, headers=[("Host", "any.t"), *pairs])) == wanted


def test_of_equal_matches_the_oldest_route_wins_then_the_first_by_name() -> None:
    """Source: httproute_types.go, HTTPRouteRule.matches; httproute-matching-across-routes.go."""
    cluster = net(http_route("young-a", to="a"))
    cluster.advance(5)
    cluster.apply(http_route("b-late", to="b"))
    assert got(ask(cluster, "http://any.t/")) == "200 a"
    cluster.delete("httproute/young-a")
    cluster.apply(http_route("a-later", to="a"))
    assert got(ask(cluster, "http://any.t/")) == "200 a", "created in the same second: namespace/name decides"


LISTENERS = [listener("empty", routes_from="All"), listener("wild", hostname="*.example.com", routes_from="All"),
             listener("deep", hostname="*.foo.example.com", routes_from="All"),
             listener("exact", hostname="abc.foo.example.com", routes_from="All")]
ISOLATED = [  # host, path, answer: every listener has one route that takes only its own path
    ("bar.com", "/empty", "200 a"), ("bar.com", "/wild", "404"), ("bar.com", "/deep", "404"), ("bar.com", "/exact", "404"),
    ("bar.example.com", "/wild", "200 a"), ("bar.example.com", "/empty", "404"), ("bar.example.com", "/deep", "404"),
    ("bar.foo.example.com", "/deep", "200 a"), ("bar.foo.example.com", "/wild", "404"), ("x.y.foo.example.com", "/deep", "200 a"),
    ("abc.foo.example.com", "/exact", "200 a"), ("abc.foo.example.com", "/deep", "404"), ("abc.foo.example.com", "/empty", "404"),
    ("ABC.foo.Example.com:1234", "/exact", "200 a"), ("example.com", "/empty", "200 a"), ("example.com", "/wild", "404"),
]


@pytest.mark.parametrize(("host", "path", "wanted"), ISOLATED)
def test_only_the_routes_of_the_most_specific_listener_count(host: str, path: str, wanted: str) -> None:
    """Source: gateway-http-listener-isolation.go; gateway_types.go Listener.hostname (case and port)."""
    routes = [http_route(name, paths={f"/{name}": "a"}, parent=f"gw#{name}") for name in ("empty", "wild", "deep", "exact")]
    cluster = net(gateway("gw", *LISTENERS), *routes)
    assert got(ask(cluster, "http://any.t/", headers=[("Host", host)], target_line=path)) == wanted


HOSTNAMES = [  # listener hostname, route hostnames, host of the request, answer
    ("very.specific.com", ["non.matching.com", "*.nonmatchingwildcard.io", "very.specific.com"], "very.specific.com", "200 a"),
    ("very.specific.com", ["non.matching.com", "very.specific.com"], "non.matching.com", "404"),
    ("*.wildcard.io", ["non.matching.com", "wildcard.io", "foo.wildcard.io"], "foo.wildcard.io", "200 a"),
    ("*.wildcard.io", ["foo.wildcard.io"], "bar.wildcard.io", "404"),
    ("*.anotherwildcard.io", ["*.anotherwildcard.io"], "one.two.three.anotherwildcard.io", "200 a"),
    ("*.anotherwildcard.io", ["*.anotherwildcard.io"], "anotherwildcard.io", "404"),
    ("very.specific.com", ["*.specific.com"], "very.specific.com", "200 a"),
    ("very.specific.com", ["*.specific.com"], "foo.specific.com", "404"),
    (None, [], "anything.t", "200 a"), ("a.t", [], "a.t", "200 a"), (None, ["a.t"], "b.t", "404"),
]


@pytest.mark.parametrize(("own", "hosts", "host", "wanted"), HOSTNAMES)
def test_hostnames_of_listener_and_route_intersect(own: str | None, hosts: list[str], host: str, wanted: str) -> None:
    """Source: httproute-hostname-intersection.go."""
    cluster = net(gateway("gw", listener(hostname=own)), http_route(to="a", hosts=hosts))
    assert got(ask(cluster, f"http://{host}/")) == wanted


def test_the_more_specific_hostname_is_decided_before_the_path() -> None:
    """Source: httproute_types.go HTTPRouteSpec.hostnames; rule G-8."""
    cluster = net(http_route("wide", hosts="*.t", paths={"/long/path": "b"}), http_route("exact", hosts="a.t", paths={"/": "a"}),
                  http_route("none", paths={"/none": "b"}))
    assert got(ask(cluster, "http://a.t/long/path")) == "200 a"
    assert got(ask(cluster, "http://b.t/long/path")) == "200 b"
    assert got(ask(cluster, "http://b.t/none")) == "404", "the wildcard route has the host, and its path does not match"


# filters --------------------------------------------------------------------------------------------------------

def redirect(**body: Any) -> dict[str, Any]:
    return {"type": "RequestRedirect", "requestRedirect": body}


def rewrite(**body: Any) -> dict[str, Any]:
    return {"type": "URLRewrite", "urlRewrite": body}


def full(path: str) -> dict[str, str]:
    return {"type": "ReplaceFullPath", "replaceFullPath": path}


def prefix(path: str) -> dict[str, str]:
    return {"type": "ReplacePrefixMatch", "replacePrefixMatch": path}


REDIRECTS = [  # match path, redirect, URL asked for, status, Location, source
    ("/", {"hostname": "example.org"}, "http://h.t/x", 302, "http://example.org/x", "httproute-redirect-host-and-status.go"),
    ("/", {"statusCode": 301, "hostname": "example.org"}, "http://h.t/", 301, "http://example.org/", "same"),
    ("/", {"path": full("/full")}, "http://h.t/a/b", 302, "http://h.t/full", "httproute-redirect-path.go"),
    ("/original", {"path": prefix("/replacement")}, "http://h.t/original/lemon", 302, "http://h.t/replacement/lemon", "same"),
    ("/original", {"path": prefix("/")}, "http://h.t/original", 302, "http://h.t/", "same"),
    ("/", {"port": 8083}, "http://h.t/", 302, "http://h.t:8083/", "httproute-redirect-port.go"),
    ("/", {"scheme": "https"}, "http://h.t/s", 302, "https://h.t/s", "httproute-redirect-scheme.go"),
    ("/", {"scheme": "https", "port": 8443}, "http://h.t/", 302, "https://h.t:8443/", "httproute-redirect-port-and-scheme.go"),
    ("/", {"scheme": "https", "port": 443}, "http://h.t/", 302, "https://h.t/", "same"),
    ("/", {"hostname": "o.t"}, "http://h.t:8080/", 302, "http://o.t:8080/", "httproute-redirect-port-and-scheme.go (8080)"),
    ("/", {"scheme": "https"}, "http://h.t:8080/x", 302, "https://h.t/x", "same"),
    ("/", {"scheme": "http"}, "http://h.t:8080/x", 302, "http://h.t/x", "same"),
    ("/", {"port": 80}, "http://h.t:8080/x", 302, "http://h.t/x", "same"),
    ("/", {"path": full("/p")}, "http://h.t/x?a=1&b", 302, "http://h.t/p?a=1&b", "httproute_types.go"),
    ("/", {"statusCode": 308}, "http://h.t/x", 308, "http://h.t/x", "httproute-308-redirect.go"),
]


@pytest.mark.parametrize(("path", "body", "url", "status", "location", "source"), REDIRECTS)
def test_redirects(path: str, body: dict[str, Any], url: str, status: int, location: str, source: str) -> None:
    cluster = net(gateway("gw", listener("a"), listener("b", port=8080)),
                  http_route(rules=[{"matches": [match(path)], "filters": [redirect(**body)]}]))
    response = ask(cluster, url).response
    assert response is not None and (response.status, response.header("location")) == (status, location)


REWRITES = [  # match path, rewrite, path asked for, Host and path the backend sees, source
    ("/prefix/one", {"path": prefix("/one")}, "/prefix/one/two", ("h.t", "/one/two"), "httproute-rewrite-path.go"),
    ("/strip-prefix", {"path": prefix("/")}, "/strip-prefix/three", ("h.t", "/three"), "same"),
    ("/strip-prefix", {"path": prefix("/")}, "/strip-prefix", ("h.t", "/"), "same"),
    ("/strip-prefix", {"path": prefix("")}, "/strip-prefix/", ("h.t", "/"), "same"),
    ("/foo/", {"path": prefix("/xyz/")}, "/foo/bar", ("h.t", "/xyz/bar"), "httproute_types.go HTTPPathModifier"),
    ("/foo", {"path": prefix("/xyz")}, "/foo/", ("h.t", "/xyz/"), "same"),
    ("/full/one", {"path": full("/one")}, "/full/one/two?q=1", ("h.t", "/one?q=1"), "httproute-rewrite-path.go"),
    ("/", {"hostname": "one.example.org"}, "/one", ("one.example.org", "/one"), "httproute-rewrite-host.go"),
    ("/", {"path": prefix("/v1")}, "/a", ("h.t", "/v1/a"), "httproute_types.go"),
]


@pytest.mark.parametrize(("path", "body", "asked", "seen", "source"), REWRITES)
def test_rewrites(path: str, body: dict[str, Any], asked: str, seen: tuple[str, str], source: str) -> None:
    cluster = net(http_route(rules=[on(match(path), filters=(rewrite(**body),))]))
    request = chosen(ask(cluster, f"http://h.t{asked}")).request
    assert (request.host, request.target) == seen


def test_header_modifiers_of_rule_and_backend() -> None:
    """Source: httproute-request-header-modifier.go, -backend-weights.go, httproute-response-header-modifier.go."""
    change = {"set": [{"name": "X-Set", "value": "s"}, {"name": "x-set", "value": "second"}],
              "add": [{"name": "X-Add", "value": "added"}], "remove": ["X-Remove"]}
    on_backend = {"type": "RequestHeaderModifier", "requestHeaderModifier": {"add": [{"name": "X-Add", "value": "last"}]}}
    rule = {"filters": [{"type": "RequestHeaderModifier", "requestHeaderModifier": change},
                        {"type": "ResponseHeaderModifier", "responseHeaderModifier": change}],
            "backendRefs": [{"name": "a", "port": 80, "filters": [on_backend]}]}
    trace = ask(net(http_route(rules=[rule])), "http://h.t/", headers=[("x-add", "mine"), ("X-REMOVE", "r"), ("X-Set", "old")],
                reply={"headers": [("X-Add", "theirs"), ("X-Remove", "r")]})
    sent = chosen(trace).request
    assert (sent.header("x-set"), sent.header("x-add"), sent.header("x-remove")) == ("s", "mine,added,last", None)
    response = trace.response
    assert response is not None
    assert (response.header("x-set"), response.header("x-add"), response.header("x-remove")) == ("s", "theirs,added", None)


def cors(**body: Any) -> dict[str, Any]:
    return {"type": "CORS", "cors": body}


PREFLIGHT = {"Origin": "https://www.foo.com", "Access-Control-Request-Method": "PUT"}
CORS = [  # sentence, filter, method, headers, status, headers of the response
    ("a preflight", cors(allowOrigins=["https://www.foo.com"], allowMethods=["GET", "PUT"], maxAge=1), "OPTIONS", PREFLIGHT, 204,
     {"access-control-allow-origin": "https://www.foo.com", "access-control-allow-methods": "GET, PUT",
      "access-control-max-age": "1"}),
    ("a preflight of somebody else", cors(allowOrigins=["https://bar.com"]), "OPTIONS", PREFLIGHT, 204,
     {"access-control-allow-origin": None}),
    ("a wildcard spans labels", cors(allowOrigins=["https://*.com"]), "GET", {"Origin": "https://a.b.com"}, 200,
     {"access-control-allow-origin": "https://a.b.com"}),
    ("with credentials the origin is named", cors(allowOrigins=["*"], allowCredentials=True), "GET", {"Origin": "https://x.t"},
     200, {"access-control-allow-origin": "https://x.t", "access-control-allow-credentials": "true"}),
    ("without Origin nothing is added", cors(allowOrigins=["*"]), "GET", {}, 200, {"access-control-allow-origin": None}),
    ("the default age", cors(allowOrigins=["*"], allowMethods=["*"]), "OPTIONS", PREFLIGHT, 204, {"access-control-max-age": "5"}),
]


@pytest.mark.parametrize(("sentence", "given", "method", "headers", "status", "wanted"), CORS, ids=[row[0] for row in CORS])
def test_cors(sentence: str, given: dict[str, Any], method: str, headers: dict[str, str], status: int, wanted: Any) -> None:
    """Source: httproute_types.go HTTPCORSFilter, httproute-cors.go."""
    response = ask(net(http_route(rules=[{**A, "filters": [given]}])), "http://h.t/", method=method, headers=headers).response
    assert response is not None and response.status == status
    assert {name: response.header(name) for name in wanted} == wanted


# backends -------------------------------------------------------------------------------------------------------

def to(*backends: Any, **more: Any) -> dict[str, Any]:
    return http_route(rules=[{"backendRefs": [dict(each) for each in backends], **more}])


def ref(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "port": 80, **more}


BACKENDS = [  # sentence, objects, shares of the results, source
    ("weights", [to(ref("a", weight=70), ref("b", weight=30))], {"200 a": "7/10", "200 b": "3/10"}, "httproute-weight.go"),
    ("a weight of nothing", [to(ref("a"), ref("b", weight=0))], {"200 a": "1"}, "same"),
    ("no weight at all", [to(ref("a", weight=0))], {"500": "1"}, "httproute_types.go HTTPBackendRef"),
    ("no backends", [http_route(rules=[{"matches": [match()]}])], {"500": "1"}, "same"),
    ("no such Service", [to(ref("nope"))], {"500": "1"}, "httproute-invalid-nonexistent-backendref.go"),
    ("no such port", [to(ref("a", port=81))], {"500": "1"}, "same"),
    ("a kind that is no backend", [to(ref("a", kind="NonExistent"))], {"500": "1"}, "httproute-invalid-backendref-unknown-kind.go"),
    ("one of two leads nowhere", [to(ref("a", weight=3), ref("nope"))], {"200 a": "3/4", "500": "1/4"}, "httproute_types.go"),
    ("another namespace without a grant", [to(ref("far", namespace="other")), *backend("far", "other")], {"500": "1"},
     "httproute-invalid-cross-namespace-backend-ref.go"),
    ("another namespace with a grant", [to(ref("far", namespace="other")), *backend("far", "other"),
                                        reference_grant(source="default", namespace="other")], {"200 far": "1"},
     "httproute-reference-grant.go"),
    ("a grant for another Service", [to(ref("far", namespace="other")), *backend("far", "other"),
                                     reference_grant(source="default", namespace="other", to="near")], {"500": "1"},
     "httproute-invalid-reference-grant.go"),
    ("a grant for Gateways does not serve routes", [to(ref("far", namespace="other")), *backend("far", "other"),
                                                    reference_grant(source="default", namespace="other", source_kind="Gateway")],
     {"500": "1"}, "same"),
    ("nobody ready", [to(ref("idle")), service("idle")], {"503": "1"}, "httproute-no-ready-endpoints"),
    ("an alias for a name outside", [to(ref("alias")), service("alias", type="ExternalName", externalName="x.t", selector={})],
     {"500": "1"}, "object_reference_types.go: SHOULD NOT support ExternalName"),
    ("a filter nobody knows", [to(ref("a"), filters=[{"type": "ExtensionRef", "extensionRef": {
        "group": "x.t", "kind": "Y", "name": "z"}}])], {"500": "1"}, "httproute_types.go: MUST NOT be skipped"),
    ("the target port behind the Service's own", [to(ref("far", port=8080)), *backend("far", port=8080)], {"200 far": "1"}, "same"),
    ("a target port is no port of the Service", [to(ref("far", port=80)), *backend("far", port=8080)], {"500": "1"}, "G-16"),
]


@pytest.mark.parametrize(("sentence", "objects", "shares", "source"), BACKENDS, ids=[row[0] for row in BACKENDS])
def test_backends_and_their_shares(sentence: str, objects: list[Any], shares: dict[str, str], source: str) -> None:
    outcomes = net(*objects).outcomes("http://h.t/", "198.51.100.7", front_end="default/gw")
    found: dict[str, Fraction] = {}
    for share, trace in outcomes:
        found[got(trace)] = found.get(got(trace), Fraction(0)) + share
    assert found == {name: Fraction(share) for name, share in shares.items()}


def test_a_grant_that_goes_takes_effect_at_once() -> None:
    """Source: referencegrant_types.go."""
    cluster = net(to(ref("far", namespace="other")), *backend("far", "other"), reference_grant(source="default", namespace="other"))
    assert got(ask(cluster, "http://h.t/")) == "200 far"
    cluster.delete("referencegrant/other/grant")
    assert got(ask(cluster, "http://h.t/")) == "500"


def mirror(name: str, **more: Any) -> dict[str, Any]:
    return {"type": "RequestMirror", "requestMirror": {"backendRef": ref(name), **more}}


def test_mirrors_get_copies() -> None:
    """Source: httproute-request-mirror.go, httproute-request-multiple-mirrors.go, -percentage-mirror.go."""
    cluster = net(to(ref("a"), filters=[mirror("b"), mirror("a", percent=25), mirror("nope"), mirror("b", percent=0)]))
    outcomes = cluster.outcomes("http://h.t/", "198.51.100.7", front_end="default/gw")
    shares = {chosen(trace).mirrors: share for share, trace in outcomes}
    assert shares == {("default/b:80", "default/a:80"): Fraction(1, 4), ("default/b:80",): Fraction(3, 4)}


TIMEOUTS = [({"request": "500ms"}, 1.0, "504"), ({"backendRequest": "500ms"}, 1.0, "504"), ({"request": "2s"}, 1.0, "200 a"),
            ({"request": "0s"}, 99.0, "200 a"), ({}, 99.0, "200 a"), ({"request": "10s", "backendRequest": "1s"}, 2.0, "504")]


@pytest.mark.parametrize(("timeouts", "delay", "wanted"), TIMEOUTS)
def test_timeouts(timeouts: dict[str, str], delay: float, wanted: str) -> None:
    """Source: httproute-timeout-request.go, -backend-request.go; GEP-1742."""
    cluster = net(to(ref("a"), timeouts=timeouts))
    trace = ask(cluster, "http://h.t/", reply={"delay": delay})
    assert (str(trace.response.status) if trace.response is not None else "") == wanted.split()[0]


# TLS and HTTP itself --------------------------------------------------------------------------------------------

def tls_net() -> Any:
    return net(gateway("gw", listener("one", hostname="one.t", tls="one"), listener("wild", hostname="*.w.t", tls="wild")),
               secret("one", "one.t"), secret("wild", "*.w.t"), http_route(to="a"))


HANDSHAKES = [  # SNI, Host, answer, certificate; source: httproute-https-listener.go, GEP-3567
    ("one.t", "one.t", "200 a", "default/one"), ("a.w.t", "a.w.t", "200 a", "default/wild"),
    ("one.t", "a.w.t", "421", "default/one"), ("one.t", "nobody.t", "404", "default/one"), ("x.t", "one.t", "tls-error", None),
    (None, "one.t", "tls-error", None), ("w.t", "w.t", "tls-error", None), ("ONE.t.", "one.t", "200 a", "default/one"),
]


@pytest.mark.parametrize(("sni", "host", "wanted", "certificate"), HANDSHAKES)
def test_sni_chooses_the_listener(sni: str | None, host: str, wanted: str, certificate: str | None) -> None:
    trace = ask(tls_net(), "https://x.t/", sni=sni, headers=[("Host", host)])
    assert got(trace) == wanted
    served = trace.response.certificate if trace.response is not None else None
    assert (served.name if served is not None else None) == certificate


def test_a_listener_without_hostname_has_every_name() -> None:
    """Rule G-12: on a connection for the named listener an unknown Host is 421, on the other one 404."""
    cluster = net(gateway("gw", listener("any", tls="any"), listener("one", hostname="one.t", tls="one")),
                  secret("any", "any.t"), secret("one", "one.t"), http_route(to="a", hosts="one.t"))
    assert got(ask(cluster, "https://one.t/", headers=[("Host", "x.t")])) == "421"
    assert got(ask(cluster, "https://x.t/")) == "404"
    assert got(ask(cluster, "https://one.t/")) == "200 a"


def test_plain_http_on_an_https_port_and_the_other_way_round() -> None:
    assert got(ask(tls_net(), "http://one.t:443/")) == "400"
    assert got(ask(net(http_route(to="a")), "https://one.t:80/")) == "tls-error"


def test_the_client_judges_the_certificate() -> None:
    assert ask(tls_net(), "https://one.t/", insecure=False).result == "tls-error"


MALFORMED = [({"headers": [("Host", None)]}, "400"), ({"headers": [("Host", "a.t"), ("Host", "b.t")]}, "400"),
             ({"target_line": "*"}, "400"), ({"target_line": "http://a.t/x"}, "200 a"),
             ({"headers": [("Host", None)], "http_version": "1.0"}, "200 a")]


@pytest.mark.parametrize(("options", "wanted"), MALFORMED)
def test_what_http_itself_asks_for(options: dict[str, Any], wanted: str) -> None:
    """Source: RFC 9112 sections 3.2 and 3.2.2."""
    assert got(ask(net(http_route(to="a")), "http://h.t/", **options)) == wanted


def test_a_backend_that_refuses_is_a_502() -> None:
    cluster = net(to(ref("deaf")), service("deaf", target_port=81, selector={"app": "a"}))
    assert got(ask(cluster, "http://h.t/")) == "502"
