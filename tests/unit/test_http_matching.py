"""Host, path, redirects: one request against one controller's table, by the rules of the Ingress semantics."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simnet import ip
from simnet.dataplane.http.access import access_refusal
from simnet.dataplane.http.matching import AnswerReason, Routing
from simnet.dataplane.http.table import ControllerTable, HostReason
from simnet.objects.ingress import Ingress, IngressTLS
from tests.unit.http_net import ask, ingress, outcome, rule, table

TEMPLATE = "kubernetes/ingress-nginx rootfs/etc/nginx/template/nginx.tmpl"


def is_kept_out(routing: Routing) -> bool:
    """Whether address list or credentials refuse the request."""
    assert routing.location is not None
    return access_refusal(routing, routing.location) is not None


def paths(*texts: str, **more: Any) -> ControllerTable:
    """One Ingress with these paths for h.t."""
    return table(ingress("i", rule("h.t", *texts), **more))


# the path table of kubernetes/website, as ingress-nginx answers it -----------------------------------------------

# rule paths, request, backend or status, source
PATH_TABLE = [
    (("Prefix / a:80",), "/anything/at/all", "a /anything/at/all", "P-2"),
    (("Exact /foo a:80",), "/foo", "a /foo", "P-1"),
    (("Exact /foo a:80",), "/bar", "default", "P-1"),
    (("Exact /foo a:80",), "/foo/", "default", "P-1"),
    (("Exact /foo/ a:80",), "/foo", "301 http://h.t/foo/", "P-5"),
    (("Prefix /foo a:80",), "/foo", "a /foo", "P-2"),
    (("Prefix /foo a:80",), "/foo/", "a /foo/", "P-2"),
    (("Prefix /foo/ a:80",), "/foo/", "a /foo/", "P-2"),
    (("Prefix /foo/ a:80",), "/foo", "301 http://h.t/foo/", "P-5"),
    (("Prefix /foo/ a:80",), "/foo?x=1", "301 http://h.t/foo/?x=1", "P-5"),
    (("Prefix /aaa/bb a:80",), "/aaa/bbb", "default", "P-2"),
    (("Prefix /aaa/bbb a:80",), "/aaa/bbb/ccc", "a /aaa/bbb/ccc", "P-2"),
    (("Prefix /aaa/bbb a:80",), "/aaa/bbbxyz", "default", "P-2"),
    (("Prefix /aaa/bbb/ a:80",), "/aaa/bbb", "301 http://h.t/aaa/bbb/", "P-5"),
    (("Prefix / a:80", "Prefix /aaa b:80"), "/aaa/ccc", "b /aaa/ccc", "P-3"),
    (("Prefix / a:80", "Prefix /aaa b:80", "Prefix /aaa/bbb c:80"), "/aaa/bbb", "c /aaa/bbb", "P-3"),
    (("Prefix / a:80", "Prefix /aaa b:80", "Prefix /aaa/bbb c:80"), "/ccc", "a /ccc", "P-3"),
    (("Prefix /aaa a:80",), "/ccc", "default", "P-8"),
    (("Prefix /foo a:80", "Exact /foo b:80"), "/foo", "b /foo", "P-3"),
    (("Prefix /foo a:80", "Exact /foo b:80"), "/foo/x", "a /foo/x", "P-3"),
    (("Prefix /foo a:80",), "/FOO", "default", "P-6"),
    (("ImplementationSpecific /foo a:80",), "/foo/x", "a /foo/x", "P-4"),
    (("Prefix  a:80",), "/x", "a /x", "P-7"),
    (("Exact / a:80",), "/", "a /", "P-8"),
    (("Exact / a:80",), "/x", "default", "P-8"),
    (("Prefix /foo/ a:80", "Exact /foo b:80"), "/foo", "b /foo", "P-5"),
    (("Prefix / a:80", "Prefix /foo/ b:80"), "/foo", "301 http://h.t/foo/", "P-5"),
    (("Prefix /sp%20ace a:80",), "/sp%20ace", "default", "P-9"),
    (("Prefix /sp%20ace a:80",), "/sp%2520ace", "a /sp%2520ace", "P-9"),
    (("Prefix /a/b a:80",), "/a//x/../b?q", "a /a//x/../b?q", "N-5"),
]


@pytest.mark.parametrize(("rules", "target", "expected", "source"), PATH_TABLE,
                         ids=[f"{', '.join(row[0])} asked for {row[1]}" for row in PATH_TABLE])
def test_path_table(rules: tuple[str, ...], target: str, expected: str, source: str) -> None:
    assert outcome(ask(paths(*rules), f"http://h.t{target}")) == expected, source


def test_the_slash_redirect_uses_the_name_in_lower_case_without_port() -> None:
    assert outcome(ask(paths("Prefix /foo/ a:80"), "http://H.T:8080/foo")) == "301 http://h.t/foo/", "P-5"


def test_relative_redirects_leave_scheme_and_host_out() -> None:
    found = paths("Prefix /foo/ a:80", annotations={"relative-redirects": "true"})
    assert outcome(ask(found, "http://h.t/foo")) == "301 /foo/", "docs annotations.md"


# a slow, obvious matcher -----------------------------------------------------------------------------------------

SEGMENT = st.sampled_from(["a", "b", "aa", "A"])
PATH = st.lists(SEGMENT, max_size=3).map(lambda parts: "/" + "/".join(parts))
RULES = st.lists(st.tuples(st.sampled_from(["Exact", "Prefix"]), PATH), max_size=6, unique=True)


def obvious(rules: list[tuple[str, str]], path: str) -> int | None:
    """The index of the rule that takes the path by rules P-1 to P-3, tried one after the other."""
    def fits(path_type: str, own: str) -> bool:
        return path == own if path_type == "Exact" else own == "/" or (path + "/").startswith(own + "/")
    fitting = [(len(own), path_type == "Exact", index) for index, (path_type, own) in enumerate(rules)
               if fits(path_type, own)]
    return max(fitting)[2] if fitting else None


@given(RULES, PATH, st.booleans())
def test_the_dictionaries_agree_with_trying_every_rule(rules: list[tuple[str, str]], path: str, slash: bool) -> None:
    asked = path + "/" if slash and path != "/" else path
    found = paths("Exact /no/such none:80", *(f"{kind} {own} s{index}:80" for index, (kind, own) in enumerate(rules)))
    expected = obvious(rules, asked)
    assert outcome(ask(found, f"http://h.t{asked}")) == ("default" if expected is None else f"s{expected} {asked}")


# regular expressions ---------------------------------------------------------------------------------------------

REGEX = {"use-regex": "true"}

# what happens, annotations, rule paths, request, outcome, source
REGEX_TABLE = [
    ("use-regex turns prefixes into patterns without boundary", REGEX, ("Prefix /some a:80",), "/something",
     "a /something", "X-3 X-5"),
    ("and ignores case", REGEX, ("Exact /some a:80",), "/SOME", "a /SOME", "X-3 X-5"),
    ("the longest text is tried first, not the most specific", REGEX,
     ("ImplementationSpecific /api/v1 a:80", "ImplementationSpecific /api/[a-z0-9]+ b:80"), "/api/v1", "b /api/v1",
     "X-4"),
    ("equal lengths are tried in descending order of text", REGEX,
     ("ImplementationSpecific /a[bc] a:80", "ImplementationSpecific /a[cb] b:80"), "/ab", "b /ab", "X-4"),
    ("there is no redirect to the slash form", REGEX, ("Prefix /foo/ a:80",), "/foo", "default", "X-5"),
    ("not a boolean counts as unset", {"use-regex": "yes"}, ("Prefix /some a:80",), "/something", "default", "X-1"),
    ("T is a boolean", {"use-regex": "T"}, ("Prefix /some a:80",), "/something", "a /something", "X-1"),
    ("a rewrite implies patterns", {"rewrite-target": "/"}, ("Prefix /hello a:80",), "/HELLOfriend", "a /", "X-2"),
    ("the query survives a rewrite", {"rewrite-target": "/"}, ("Prefix /hello a:80",), "/hello/x?q=1", "a /?q=1", "X-8"),
    ("the path before the rewrite is the normalised one", {"rewrite-target": "/$1"},
     ("ImplementationSpecific /x/(.*) a:80",), "/x//a/../%62", "a /b", "X-9"),
    ("a forbidden character in the target makes it ignored", {"rewrite-target": "/a?b"}, ("Prefix /some a:80",),
     "/something", "default", "X-10"),
    ("a target equal to the path leaves that location alone", {"rewrite-target": "/foo"}, ("Prefix /foo a:80",), "/FOO",
     "a /FOO", "X-11"),
    ("but not what lies below it", {"rewrite-target": "/foo"}, ("Prefix /foo a:80",), "/foo/bar", "a /foo", "X-11"),
    ("path / with target / stays plain", {"rewrite-target": "/"}, ("Prefix / a:80",), "/X/y", "a /X/y", "X-11"),
    ("an unmatched path is rewritten for the default backend too", {"rewrite-target": "/new"}, ("Prefix /hello a:80",),
     "/other", "default", "M-5"),
    ("an empty rewritten path is an error", {"rewrite-target": "$1"}, ("ImplementationSpecific /x(y)? a:80",), "/x",
     "500", "nginx ngx_http_script.c: zero length"),
]


@pytest.mark.parametrize(("what", "annotations", "rules", "target", "expected", "source"), REGEX_TABLE,
                         ids=[row[0] for row in REGEX_TABLE])
def test_regex_hosts(what: str, annotations: dict[str, str], rules: tuple[str, ...], target: str, expected: str,
                     source: str) -> None:
    assert outcome(ask(paths(*rules, annotations=annotations), f"http://h.t{target}")) == expected, source


def test_the_default_backend_is_asked_for_the_rewritten_path() -> None:
    routing = ask(paths("Prefix /hello a:80", annotations={"rewrite-target": "/new"}), "http://h.t/other")
    assert routing.target == "/new", "M-5"


def test_one_regex_turns_the_whole_host_and_only_that() -> None:
    found = table(
        ingress("literal", rule("rx.t", "Exact /Header lit:80"), rule("far.t", "Exact /Header far:80"), age=2),
        ingress("regex", rule("rx.t", "ImplementationSpecific /id/[0-9]+ rx:80"), age=1, annotations=REGEX))
    assert outcome(ask(found, "http://rx.t/headers/x")) == "lit /headers/x", "X-3"
    assert outcome(ask(found, "http://rx.t/id/12a")) == "rx /id/12a", "X-5"
    assert outcome(ask(found, "http://far.t/headers")) == "default", "X-3"


def test_prefix_beside_exact_of_the_same_path_on_a_regex_host() -> None:
    """The prefix becomes `^/foo/` and keeps its place in M order (location.go updateServerLocations, X-4)."""
    found = table(ingress("a", rule("h.t", "Prefix /foo p:80", "Exact /foo e:80"), age=2),
                  ingress("b", rule("h.t", "Prefix /long/path x:80"), annotations=REGEX))
    assert outcome(ask(found, "http://h.t/foo/x")) == "p /foo/x"
    assert outcome(ask(found, "http://h.t/foo")) == "e /foo"


# hosts -----------------------------------------------------------------------------------------------------------

HOSTS = table(
    ingress("exact", rule("a.shop.io", "Prefix /only exact:80"), rule("bare.shop.io"), age=9),
    ingress("wild", rule("*.shop.io", "Prefix / wild:80"), age=8),
    ingress("any", rule("", "Prefix / any:80"), age=7),
    ingress("aliased", rule("z.t", "Prefix / aliased:80"), age=6,
            annotations={"server-alias": "other.shop.io, *.long.t, ~^x\\d+\\.re\\.t$, a.shop.io"}),
    ingress("aliased-too", rule("y.t", "Prefix / second:80"), age=5, annotations={"server-alias": "both.t"}),
    ingress("aliased-three", rule("x.t", "Prefix / first:80"), age=4, annotations={"server-alias": "both.t"}),
    ingress("long", rule("*.deep.long.t", "Prefix / deep:80"), age=3))

# who is asked for, outcome, how the host was found, source
HOST_TABLE = [
    ("a.shop.io/only", "exact /only", HostReason.EXACT, "H-1"),
    ("A.Shop.IO:81/only", "exact /only", HostReason.EXACT, "H-4"),
    ("a.shop.io/other", "default", HostReason.EXACT, "H-6"),
    ("bare.shop.io/x", "default", HostReason.EXACT, "H-6"),
    ("b.shop.io/x", "wild /x", HostReason.WILDCARD, "H-2"),
    ("c.b.shop.io/x", "any /x", HostReason.DEFAULT, "H-2"),
    ("shop.io/x", "any /x", HostReason.DEFAULT, "H-2"),
    ("b!.shop.io/x", "any /x", HostReason.DEFAULT, "H-2"),
    ("nobody.net/x", "any /x", HostReason.DEFAULT, "H-3"),
    ("other.shop.io/x", "aliased /x", HostReason.ALIAS, "H-5 H-8"),
    ("a.b.long.t/x", "aliased /x", HostReason.WILDCARD_ALIAS, "H-8"),
    ("q.deep.long.t/x", "aliased /x", HostReason.WILDCARD_ALIAS, "H-5"),
    ("x12.re.t/x", "aliased /x", HostReason.PATTERN_ALIAS, "H-8"),
    ("both.t/x", "first /x", HostReason.ALIAS, "H-8"),
]


@pytest.mark.parametrize(("asked", "expected", "reason", "source"), HOST_TABLE, ids=[row[0] for row in HOST_TABLE])
def test_hosts(asked: str, expected: str, reason: HostReason, source: str) -> None:
    routing = ask(HOSTS, f"http://{asked}")
    assert routing.match is not None
    assert (outcome(routing), routing.match.reason) == (expected, reason), source


def test_http_1_0_without_host_goes_to_the_default_server() -> None:
    assert outcome(ask(HOSTS, "http://x/y", host=None, http_version="1.0")) == "any /y", "H-7"


def test_an_absolute_target_chooses_the_server() -> None:
    assert outcome(ask(HOSTS, "http://b.shop.io/", target="http://a.shop.io/only")) == "exact /only", "H-4"


def test_malformed_requests_are_answered_before_any_server_is_chosen() -> None:
    routing = ask(HOSTS, "http://x/", host=None)
    assert outcome(routing) == "400" and routing.match is None, "H-7"


def test_the_default_server_answers_health_checks_itself() -> None:
    found = table(ingress("any", rule("", "Prefix / any:80", "Prefix /healthz/deep deep:80")))
    assert outcome(ask(found, "http://x/healthz")) == "200", "D-6"
    assert outcome(ask(found, "http://x/healthzzz")) == "200", "D-6"
    assert outcome(ask(found, "http://x/healthz/deep/er")) == "deep /healthz/deep/er", "D-6"
    ruled = table(ingress("any", rule("", "Exact /healthz own:80")))
    assert outcome(ask(ruled, "http://x/healthz")) == "own /healthz", "D-6"
    patterns = table(ingress("any", rule("", "Prefix / any:80"), annotations=REGEX))
    assert outcome(ask(patterns, "http://x/healthz")) == "any /healthz", "D-6"
    assert outcome(ask(paths("Prefix / a:80"), "http://h.t/healthz")) == "a /healthz", "D-6"


# redirects -------------------------------------------------------------------------------------------------------

TLS = (IngressTLS(("h.t",), "missing"),)


def secured(*rules: str, tls: tuple[IngressTLS, ...] = TLS, config: dict[str, str] | None = None,
            **annotations: str) -> ControllerTable:
    named = {name.replace("_", "-"): value for name, value in annotations.items()}
    return table(ingress("i", rule("h.t", *rules or ("Prefix / a:80",)), tls=tls, annotations=named), config=config)


# what happens, table, request, outcome, source
HTTPS_TABLE = [
    ("TLS configured: plain HTTP is redirected", secured(), "http://h.t/a?b=c", "308 https://h.t/a?b=c", "T-6"),
    ("one final slash is dropped", secured(), "http://h.t/a/", "308 https://h.t/a", "T-7"),
    ("so / alone leaves the host", secured(), "http://h.t/", "308 https://h.t", "T-7"),
    ("also at the end of the query", secured(), "http://h.t/?next=/", "308 https://h.t/?next=", "T-7"),
    ("preserve-trailing-slash keeps it", secured(preserve_trailing_slash="true"), "http://h.t/a/", "308 https://h.t/a/",
     "T-7"),
    ("the host is spelled as sent, without port", secured(), "http://H.T:8080/", "308 https://H.T", "T-7"),
    ("use-port-in-redirects writes the HTTPS port", secured(use_port_in_redirects="true"), "http://h.t/x",
     "308 https://h.t:443/x", "T-7"),
    ("the ConfigMap gives the status", secured(config={"http-redirect-code": "301"}), "http://h.t/x",
     "301 https://h.t/x", "T-7"),
    ("ssl-redirect switched off", secured(ssl_redirect="false"), "http://h.t/x", "a /x", "T-8"),
    ("the annotation counts before the ConfigMap", secured(ssl_redirect="true", config={"ssl-redirect": "false"}),
     "http://h.t/x", "308 https://h.t/x", "T-8"),
    ("no tls section, no redirect", secured(tls=()), "http://h.t/x", "a /x", "T-6"),
    ("force-ssl-redirect needs none", secured(tls=(), force_ssl_redirect="true"), "http://h.t/x", "308 https://h.t/x",
     "T-8"),
    ("the host need not be listed", secured(tls=(IngressTLS(("other.t",), "s"),)), "http://h.t/x", "308 https://h.t/x",
     "T-6"),
    ("ACME challenges stay on HTTP", secured("Prefix /.well-known/acme-challenge a:80"),
     "http://h.t/.well-known/acme-challenge/x", "a /.well-known/acme-challenge/x", "T-8"),
    ("the rule's path decides about that, not the request's", secured(), "http://h.t/.well-known/acme-challenge/x",
     "308 https://h.t/.well-known/acme-challenge/x", "T-8"),
    ("unmatched paths are redirected too", secured("Prefix /a a:80"), "http://h.t/b", "308 https://h.t/b", "M-5"),
    ("HTTPS is not redirected", secured(), "https://h.t/x", "a /x", "T-6"),
]


@pytest.mark.parametrize(("what", "found", "url", "expected", "source"), HTTPS_TABLE, ids=[row[0] for row in HTTPS_TABLE])
def test_redirect_to_https(what: str, found: ControllerTable, url: str, expected: str, source: str) -> None:
    assert outcome(ask(found, url)) == expected, source


def test_another_ingress_or_a_wildcard_above_brings_the_redirect() -> None:
    found = table(ingress("plain", rule("a.h.t", "Prefix / a:80"), age=2),
                  ingress("tls", rule("a.h.t", "Prefix /x b:80"), tls=(IngressTLS(("a.h.t",), "s"),)),
                  ingress("wild", rule("*.w.t", "Prefix / w:80"), tls=(IngressTLS(("*.w.t",), "s"),)),
                  ingress("under", rule("b.w.t", "Prefix / u:80")))
    assert outcome(ask(found, "http://a.h.t/")) == "308 https://a.h.t", "T-6"
    assert outcome(ask(found, "http://b.w.t/")) == "308 https://b.w.t", "T-6"


def test_tls_on_rules_without_host_is_ignored() -> None:
    found = table(ingress("any", rule("", "Prefix / any:80"), tls=(IngressTLS((), "s"),)))
    assert outcome(ask(found, "http://x/y")) == "any /y", "T-9"


FORWARDED = {"use-forwarded-headers": "true"}

# what is forwarded, ConfigMap, headers, outcome, source
FORWARDED_TABLE = [
    ("X-Forwarded-Proto is not believed", {}, {"X-Forwarded-Proto": "https"}, "308 https://h.t/x", "F-3"),
    ("unless the ConfigMap says so", FORWARDED, {"X-Forwarded-Proto": "https"}, "a /x", "T-8"),
    ("anything but http stops the redirect", FORWARDED, {"X-Forwarded-Proto": "wss"}, "a /x", "T-8"),
    ("http does not", FORWARDED, {"X-Forwarded-Proto": "http"}, "308 https://h.t/x", "T-8"),
    ("the first forwarded host is the redirect's", FORWARDED, {"X-Forwarded-Host": "pub.t, h.t"}, "308 https://pub.t/x",
     "T-8"),
]


@pytest.mark.parametrize(("what", "config", "headers", "expected", "source"), FORWARDED_TABLE,
                         ids=[row[0] for row in FORWARDED_TABLE])
def test_forwarded_headers(what: str, config: dict[str, str], headers: dict[str, str], expected: str, source: str) -> None:
    routing = ask(secured(config=config), "http://h.t/x", headers=tuple(headers.items()))
    assert outcome(routing) == expected, source


# what happens, annotations, request, outcome, source
ANNOTATION_TABLE = [
    ("app-root redirects the root", {"app-root": "/app1"}, "http://h.t/", "302 http://h.t/app1", "R-1"),
    ("with the port as sent and without the query", {"app-root": "/app1"}, "http://h.t:81/?x=1", "302 http://h.t:81/app1",
     "R-1"),
    ("also when the root is only reached by normalising", {"app-root": "/app1"}, "http://h.t/a/..",
     "302 http://h.t/app1", "R-1"),
    ("and nothing else", {"app-root": "/app1"}, "http://h.t/x", "a /x", "R-1"),
    ("a relative app-root is ignored", {"app-root": "app1"}, "http://h.t/", "a /", "R-1"),
    ("permanent-redirect is exactly that", {"permanent-redirect": "https://new.t/x"}, "http://h.t/old?y=1",
     "301 https://new.t/x", "R-2"),
    ("its code can be chosen", {"permanent-redirect": "https://n.t", "permanent-redirect-code": "308"}, "http://h.t/",
     "308 https://n.t", "R-2"),
    ("within limits", {"permanent-redirect": "https://n.t", "permanent-redirect-code": "399"}, "http://h.t/",
     "301 https://n.t", "R-2"),
    ("temporal-redirect beats it", {"permanent-redirect": "https://n.t", "temporal-redirect": "https://t.t"},
     "http://h.t/", "302 https://t.t", "R-3"),
    ("an address list that cannot be read closes the paths", {"whitelist-source-range": "10.0.0.0/99"}, "http://h.t/",
     "503", "K-17"),
    ("a body above one megabyte", {}, "http://h.t/big", "a /big", "K-5"),
    ("a smaller limit", {"proxy-body-size": "1k"}, "http://h.t/big", "413", "K-5"),
    ("no limit", {"proxy-body-size": "0"}, "http://h.t/big", "a /big", "K-5"),
]


@pytest.mark.parametrize(("what", "annotations", "url", "expected", "source"), ANNOTATION_TABLE,
                         ids=[row[0] for row in ANNOTATION_TABLE])
def test_annotations(what: str, annotations: dict[str, str], url: str, expected: str, source: str) -> None:
    body = b"x" * 2048 if url.endswith("/big") else b""
    assert outcome(ask(paths("Prefix / a:80", annotations=annotations), url, body=body)) == expected, source


def test_a_declared_length_counts_like_a_body() -> None:
    headers = (("Content-Length", str(1 << 21)),)
    assert outcome(ask(paths("Prefix / a:80"), "http://h.t/", method="POST", headers=headers)) == "413", "K-5"


def test_from_to_www_answers_for_the_counterpart() -> None:
    flag = {"from-to-www-redirect": "true"}
    found = table(ingress("i", rule("site.t", "Prefix / a:80"), rule("www.other.t", "Prefix / b:80"), annotations=flag))
    assert outcome(ask(found, "http://www.site.t/foo/")) == "308 http://site.t:80/foo", "H-9"
    assert outcome(ask(found, "https://www.site.t/foo?x")) == "308 https://site.t:443/foo?x", "H-9"
    assert outcome(ask(found, "http://other.t/")) == "308 http://www.other.t:80", "H-9"
    taken = table(ingress("i", rule("site.t", "Prefix / a:80"), annotations=flag, age=1),
                  ingress("w", rule("www.site.t", "Prefix / w:80")))
    assert outcome(ask(taken, "http://www.site.t/foo")) == "w /foo", "H-9"


# client address, allow list, deny list, refused, source
LISTS = [
    ("10.9.8.7", "10.0.0.0/8,192.0.2.7", "", False, "K-1"),
    ("192.0.2.7", "10.0.0.0/8,192.0.2.7", "", False, "K-1"),
    ("192.0.2.8", "10.0.0.0/8,192.0.2.7", "", True, "K-1"),
    ("10.9.8.7", "10.0.0.0/8", "10.9.0.0/16", True, "K-2"),
    ("10.1.8.7", "10.0.0.0/8", "10.9.0.0/16", False, "K-2"),
    ("fd00::1", "fd00::/8", "", False, "K-1"),
]


@pytest.mark.parametrize(("client", "allow", "deny", "refused", "source"), LISTS)
def test_address_lists(client: str, allow: str, deny: str, refused: bool, source: str) -> None:
    annotations = {"whitelist-source-range": allow, "denylist-source-range": deny}
    routing = ask(paths("Prefix / a:80", annotations=annotations), "http://h.t/", client=ip.number(client))
    assert is_kept_out(routing) is refused, source


def refused_by_config(annotations: dict[str, str]) -> bool:
    found = table(ingress("i", rule("h.t", "Prefix / a:80"), annotations=annotations),
                  config={"whitelist-source-range": "10.0.0.0/8"})
    return is_kept_out(ask(found, "http://h.t/"))


def test_the_annotation_replaces_the_configmaps_list() -> None:
    assert refused_by_config({})
    assert not refused_by_config({"allowlist-source-range": "203.0.113.0/24"}), "K-1"


def test_of_both_names_the_new_one_counts() -> None:
    assert not refused_by_config({"whitelist-source-range": "192.0.2.1", "allowlist-source-range": "203.0.113.7"}), "K-1"


def order_of(*annotations: tuple[str, str], scheme: str = "http", target: str = "/foo", body: bytes = b"") -> Routing:
    made: Ingress = ingress("i", rule("h.t", "Prefix /foo/ a:80"), tls=TLS, annotations=dict(annotations))
    return ask(table(made), f"{scheme}://h.t{target}", body=body)


# what comes first, routing, reason, source
ORDER = [
    ("app-root before the redirect to HTTPS", order_of(("app-root", "/x"), target="/"), AnswerReason.APP_ROOT, "O-1"),
    ("the body's size before the final slash", order_of(("proxy-body-size", "1"), body=b"xx"), AnswerReason.TOO_LARGE, "O-1"),
    ("the final slash before a closed location", order_of(("denylist-source-range", "x")), AnswerReason.SLASH, "O-1"),
    ("a closed location before a redirect", order_of(("denylist-source-range", "x"), ("permanent-redirect", "http://n.t"),
                                                     target="/foo/"), AnswerReason.DENIED, "O-1"),
    ("a redirect before the one to HTTPS", order_of(("permanent-redirect", "http://n.t"), target="/foo/"),
     AnswerReason.REDIRECT, "O-1"),
]


@pytest.mark.parametrize(("what", "routing", "reason", "source"), ORDER, ids=[row[0] for row in ORDER])
def test_order_of_decisions(what: str, routing: Routing, reason: AnswerReason, source: str) -> None:
    assert routing.answer is not None and routing.answer.reason is reason, source
