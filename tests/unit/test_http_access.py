"""Who may come in: credentials, satisfy, limits, auth-url, client certificates (rules K-1 to K-4, K-11, K-17, K-18)."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

import simnet
from simnet.dataplane.http.credentials import is_password
from simnet.dataplane.http.decisions import ProxyAnswered, RuleChosen
from tests.unit.ingress_world import ask, cluster_of, ingress, pod, service, status, taker


def secret(name: str = "users", namespace: str = "default", **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace},
            "data": {key.replace("_", "."): b64encode(value.encode()).decode() for key, value in data.items()}}


def basic(text: str) -> list[tuple[str, str]]:
    return [("Authorization", f"Basic {b64encode(text.encode()).decode()}")]


def world(*objects: dict[str, Any], config: dict[str, str] | None = None, **annotations: str) -> simnet.Cluster:
    return cluster_of(service("web"), pod("web-0", "web"), ingress(**annotations), *objects, config=config)


BASIC = {"auth_type": "basic", "auth_secret": "users", "auth_realm": "Staff only"}
USERS = secret(auth="ann:{PLAIN}secret\nbob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n")

# objects, annotations, headers, status, source
BASIC_TABLE = [
    ([USERS], BASIC, [], 401, "K-3"),
    ([USERS], BASIC, basic("ann:secret"), 200, "K-3"),
    ([USERS], BASIC, basic("bob:secret"), 200, "K-3"),
    ([USERS], BASIC, basic("ann:wrong"), 401, "K-3"),
    ([USERS], BASIC, basic("eve:secret"), 401, "K-3"),
    ([USERS], BASIC, [("Authorization", "Bearer x")], 401, "K-3"),
    ([USERS], BASIC, [("Authorization", "Basic !!")], 401, "K-3"),
    ([secret(ann="{PLAIN}secret")], {**BASIC, "auth_secret_type": "auth-map"}, basic("ann:secret"), 200, "K-3"),
    ([], BASIC, basic("ann:secret"), 503, "K-3, K-17: the Secret is missing"),
    ([secret(other="x")], BASIC, basic("ann:secret"), 503, "K-17: no key auth"),
    ([secret(namespace="shop", auth="ann:{PLAIN}secret")], {**BASIC, "auth_secret": "shop/users"}, basic("ann:secret"), 503,
     "K-3: another namespace"),
    ([USERS], {**BASIC, "auth_secret": "default/users"}, basic("ann:secret"), 200, "K-3"),
    ([USERS], {"auth_secret": "users"}, [], 200, "K-3: auth-secret alone protects nothing"),
    ([USERS], {"auth_type": "ntlm", "auth_secret": "users"}, [], 404, "K-17: the Ingress is dropped"),
    ([USERS], {**BASIC, "whitelist_source_range": "10.0.0.0/8"}, basic("ann:secret"), 403, "O-1: address first"),
    ([USERS], {**BASIC, "whitelist_source_range": "203.0.113.0/24"}, [], 401, "K-4: all is the default"),
    ([USERS], {**BASIC, "whitelist_source_range": "203.0.113.0/24", "satisfy": "any"}, [], 200, "K-4"),
    ([USERS], {**BASIC, "whitelist_source_range": "10.0.0.0/8", "satisfy": "any"}, basic("ann:secret"), 200, "K-4"),
    ([USERS], {**BASIC, "whitelist_source_range": "10.0.0.0/8", "satisfy": "any"}, [], 401, "K-4: neither"),
    ([], {"whitelist_source_range": "10.0.0.0/8", "satisfy": "any"}, [], 403, "K-4: only addresses"),
    ([USERS], {**BASIC, "satisfy": "any"}, [], 401, "nginx ngx_http_access_module: nobody is listed, nobody is let in"),
    ([USERS], {**BASIC, "permanent_redirect": "https://n.t/"}, [], 301, "O-1: redirects come first"),
]


@pytest.mark.parametrize(("objects", "annotations", "headers", "expected", "source"), BASIC_TABLE)
def test_basic_authentication(objects: list[dict[str, Any]], annotations: dict[str, str], headers: list[tuple[str, str]],
                              expected: int, source: str) -> None:
    assert status(ask(world(*objects, **annotations), headers=headers)) == expected, source


def test_a_401_names_the_realm_and_the_backend_never_sees_the_password() -> None:
    cluster = world(USERS, **BASIC)
    refused = ask(cluster)
    assert refused.response is not None
    assert refused.response.header("www-authenticate") == 'Basic realm="Staff only"', "K-3"
    assert isinstance(refused.last.because, ProxyAnswered) and refused.last.because.why == "no credentials are sent"
    passed = ask(cluster, headers=basic("ann:secret"))
    sent = next(step.because.request for step in passed.steps if isinstance(step.because, RuleChosen))
    assert sent.header("authorization") is None, "K-3"


# stored, password, fits, source
STORED = [
    ("$apr1$6Fz6kHkC$1F0bCjDOr5w3LGVJV.wFt0", "secret", True, "openssl passwd -apr1"),
    ("$apr1$xyzxyzxy$3nTS3tJ58kRLurtYW1fva.", "a much longer password than sixteen", True, "openssl passwd -apr1"),
    ("$1$abcd$Oy8OD9LGKv7H9yIMreLNV1", "secret", True, "openssl passwd -1"),
    ("$1$abcd$Oy8OD9LGKv7H9yIMreLNV1", "Secret", False, "openssl passwd -1"),
    ("{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", "secret", True, "openssl dgst -sha1 -binary | base64"),
    ("{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", "Secret", False, "the same"),
    ("{SSHA}gVK8WC9YyFT1gMsQHTGCgT3sSv5zYWx0", "secret", True, "nginx ngx_crypt_ssha"),
    ("{PLAIN}secret", "secret", True, "nginx ngx_crypt_plain"),
    ("$2y$05$abcdefghijklmnopqrstuu", "secret", None, "bcrypt is not modelled"),
    ("rqXexS6ZhobKA", "secret", None, "DES crypt is not modelled"),
]


@pytest.mark.parametrize(("stored", "password", "fits", "source"), STORED)
def test_stored_passwords(stored: str, password: str, fits: bool | None, source: str) -> None:
    assert is_password(password, stored) is fits, source


def test_a_password_stored_in_a_way_that_is_not_modelled_says_so() -> None:
    trace = ask(world(secret(auth="ann:$2y$05$abcdefghijklmnopqrstuu"), **BASIC), headers=basic("ann:secret"))
    assert status(trace) == 401 and "the password is stored in a way that is not modelled" in trace.not_modelled


def test_digest_authentication_challenges_and_accepts_the_answer() -> None:
    from hashlib import md5
    hashed = md5(b"ann:zone:secret").hexdigest()
    cluster = world(secret(auth=f"ann:zone:{hashed}"), auth_type="digest", auth_secret="users", auth_realm="zone")
    refused = ask(cluster)
    assert refused.response is not None
    challenge = refused.response.header("www-authenticate") or ""
    assert status(refused) == 401 and challenge.startswith("Digest ") and 'realm="zone"' in challenge, "K-3"
    nonce = challenge.partition('nonce="')[2].partition('"')[0]
    asked = md5(b"GET:/x").hexdigest()
    proof = md5(f"{hashed}:{nonce}:1:c:auth:{asked}".encode()).hexdigest()
    header = (f'Digest username="ann", realm="zone", nonce="{nonce}", uri="/x", qop=auth, nc=1, cnonce="c", '
              f'response="{proof}"')
    assert status(ask(cluster, headers=[("Authorization", header)])) == 200, "RFC 7616"
    assert status(ask(cluster, headers=[("Authorization", header.replace(proof, "0" * 32))])) == 401, "RFC 7616"


@pytest.mark.parametrize("header", ["Basic \udcff", "Basic \u00e4", "Basic dTpw=x", "Basic /w==", "Basic", "Digest \udcff", "\udcff"])
def test_credentials_that_are_no_text_are_refused_like_others(header: str) -> None:
    """Header values are any bytes (RFC 9110 section 5.5); such credentials fit nobody."""
    assert status(ask(world(USERS, **BASIC), headers=[("Authorization", header)])) == 401, "K-3"


def test_digest_answers_that_are_no_text_are_wrong() -> None:
    cluster = world(secret(auth="ann:zone:x"), auth_type="digest", auth_secret="users", auth_realm="zone")
    challenge = ask(cluster).response.header("www-authenticate")
    nonce = challenge.partition('nonce="')[2].partition('"')[0]
    for field in ("uri", "cnonce", "response"):
        header = f'Digest username="ann", realm="zone", nonce="{nonce}", {field}="\udcff", qop=auth'
        assert status(ask(cluster, headers=[("Authorization", header)])) == 401, "RFC 7616"


def test_a_closed_location_says_which_secret_it_needs() -> None:
    text = simnet.explain(ask(world(**BASIC)))
    assert "annotation auth-secret names Secret users, which is missing" in text, "K-17"
    assert "annotation whitelist-source-range cannot be used" in simnet.explain(ask(world(whitelist_source_range="x")))


# limits ----------------------------------------------------------------------------------------------------------

def many(cluster: simnet.Cluster, count: int) -> list[int]:
    return [status(ask(cluster)) for _ in range(count)]


# annotations, ConfigMap, requests at once, how many pass, status of the others, source
LIMITS = [
    ({"limit_rps": "1"}, {}, 8, 6, 503, "K-11: burst is limit times 5"),
    ({"limit_rpm": "2"}, {}, 14, 11, 503, "K-11"),
    ({"limit_rps": "1", "limit_burst_multiplier": "2"}, {}, 5, 3, 503, "K-11"),
    ({"limit_rps": "1"}, {"limit-req-status-code": "429"}, 8, 6, 429, "K-11"),
    ({"limit_rps": "1", "limit_whitelist": "203.0.113.0/24"}, {}, 8, 8, 503, "K-11"),
    ({"limit_connections": "1"}, {}, 8, 8, 503, "K-11: no two requests are under way at once"),
]


@pytest.mark.parametrize(("annotations", "config", "count", "passes", "otherwise", "source"), LIMITS)
def test_rate_limits(annotations: dict[str, str], config: dict[str, str], count: int, passes: int, otherwise: int,
                     source: str) -> None:
    cluster = world(config=config, **annotations)
    assert many(cluster, count) == [200] * passes + [otherwise] * (count - passes), source


def test_a_bucket_runs_dry_in_logical_time_and_belongs_to_one_client() -> None:
    cluster = world(limit_rps="1")
    assert many(cluster, 7)[-1] == 503, "K-11"
    assert status(cluster.request("http://h.t/x", "203.0.113.8", at="198.51.100.1")) == 200, "K-11: per client address"
    cluster.advance(2)
    assert many(cluster, 3) == [200, 200, 503], "nginx ngx_http_limit_req_module"


def test_a_dry_run_counts_nothing() -> None:
    cluster = world(limit_rps="1")
    for _ in range(20):
        cluster.trace("http://h.t/x", "203.0.113.7", at="198.51.100.1")
    assert many(cluster, 6) == [200] * 6


# auth-url --------------------------------------------------------------------------------------------------------

def guarded(answer_status: int, **annotations: str) -> simnet.Cluster:
    """auth-url is a Service whose pod answers this status."""
    image = {"guard": {"listen": [{"port": 8080, "status": answer_status, "answer": "said\n"}]}}
    return cluster_of(service("web"), pod("web-0", "web"), service("guard"), pod("guard-0", "guard", image="guard"),
                      ingress(auth_url="http://guard.default.svc.cluster.local/check", **annotations), images=image)


# what the guard answers, more annotations, status and Location for the client, source
GUARDS = [
    (200, {}, 200, None, "K-3"), (204, {}, 200, None, "K-3"), (401, {}, 401, None, "K-3"), (403, {}, 403, None, "K-3"),
    (404, {}, 500, None, "K-3: anything else is 500"), (302, {}, 500, None, "K-3"),
    (401, {"auth_signin": "https://login.t/in"}, 302, "https://login.t/in?rd=http://h.t%2Fx%3Fq%3D1", "K-3"),
    (401, {"auth_signin": "https://login.t/in?rd=fixed"}, 302, "https://login.t/in?rd=fixed", "template.go buildAuthSignURL"),
    (403, {"auth_signin": "https://login.t/in"}, 403, None, "K-3"),
    (401, {"satisfy": "any", "whitelist_source_range": "203.0.113.0/24"}, 200, None, "K-4"),
    (200, {"satisfy": "any", "whitelist_source_range": "10.0.0.0/8"}, 200, None, "K-4"),
    (403, {"satisfy": "any", "whitelist_source_range": "10.0.0.0/8"}, 403, None, "K-4"),
    (200, {"whitelist_source_range": "10.0.0.0/8"}, 403, None, "O-1: address first"),
]


@pytest.mark.parametrize(("says", "annotations", "expected", "location", "source"), GUARDS)
def test_auth_url(says: int, annotations: dict[str, str], expected: int, location: str | None, source: str) -> None:
    trace = ask(guarded(says, **annotations), "http://h.t/x?q=1")
    assert trace.response is not None
    assert (status(trace), trace.response.header("location")) == (expected, location), source


def test_the_question_is_a_walk_of_its_own_that_the_trace_keeps() -> None:
    trace = ask(guarded(200))
    chosen = next(step.because for step in trace.steps if isinstance(step.because, RuleChosen))
    (share, question), = chosen.paths
    assert share == 1 and question.endpoint is not None and question.endpoint.pod == ("default", "guard-0")
    request = question.steps[0].before.flow.request
    assert request is not None
    assert (request.method, request.target, request.header("x-original-url")) == ("GET", "/check", "http://h.t/x"), "K-3"


def test_a_guard_nobody_can_reach_keeps_everybody_out() -> None:
    cluster = guarded(200)
    cluster.delete("pod/guard-0")
    assert status(ask(cluster)) == 500, "nginx ngx_http_auth_request_module"


def test_a_controller_that_asks_itself_ends_in_500() -> None:
    cluster = cluster_of(service("web"), pod("web-0", "web"), ingress(host="edge.t", auth_url="http://edge.t/auth"),
                         outside={"edge.t": {"address": "198.51.100.1"}})
    assert status(ask(cluster, "http://edge.t/x")) == 500, "nginx ngx_http_auth_request_module"


# client certificates ---------------------------------------------------------------------------------------------

CA = secret("ca", ca_crt="-----BEGIN CERTIFICATE-----")
ASKS = {"auth_tls_secret": "default/ca"}

# annotations, url, sni, status, source
CLIENTS = [
    (ASKS, "https://h.t/", "h.t", 400, "K-18"),
    (ASKS, "http://h.t/", None, 200, "K-18: nothing is asked in the clear"),
    ({**ASKS, "auth_tls_verify_client": "optional"}, "https://h.t/", "h.t", 200, "K-18"),
    ({**ASKS, "auth_tls_verify_client": "off"}, "https://h.t/", "h.t", 200, "K-18"),
    ({**ASKS, "auth_tls_verify_client": "optional", "auth_tls_match_cn": "CN=ann"}, "https://h.t/", "h.t", 403, "K-18"),
    (ASKS, "https://h.t/", "other.t", 421, "nginx ngx_http_request.c ngx_http_set_virtual_server"),
    (ASKS, "https://h.t/", None, 400, "K-18"),
    ({"auth_tls_secret": "default/missing"}, "https://h.t/", "h.t", 503, "K-17"),
    ({"auth_tls_secret": "shop/ca"}, "https://h.t/", "h.t", 503, "K-17: another namespace"),
    ({**ASKS, "auth_tls_error_page": "http://e.t/why"}, "https://h.t/", "h.t", 302, "nginx.tmpl error_page 495 496"),
]


@pytest.mark.parametrize(("annotations", "url", "sni", "expected", "source"), CLIENTS)
def test_client_certificates(annotations: dict[str, str], url: str, sni: str | None, expected: int, source: str) -> None:
    assert status(ask(world(CA, **annotations), url, sni=sni)) == expected, source


def test_the_backend_is_told_that_no_certificate_was_shown() -> None:
    trace = ask(world(CA, **ASKS, auth_tls_verify_client="optional"), "https://h.t/", sni="h.t")
    sent = next(step.because.request for step in trace.steps if isinstance(step.because, RuleChosen))
    assert sent.header("ssl-client-verify") == "NONE" and taker(trace) == "web", "K-18"
