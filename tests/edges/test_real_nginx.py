"""Server, location, rewriting and redirects as a real nginx decides them, configured from the compiled table.

Skipped, with the reason, where there is no nginx. Steps that are Lua's in ingress-nginx (the redirect to HTTPS, a backend
without endpoints, canaries) are left out on nginx's side: there the location and the target are compared.
"""

from __future__ import annotations

import json
import random
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from simnet.dataplane.http.believed import believe
from simnet.dataplane.http.matching import AnswerReason, Routing, decide
from simnet.dataplane.http.message import Request
from simnet.dataplane.http.table import ControllerTable
from simnet.ip import number
from tests.conformance.case_files import CASES
from tests.conformance.test_ingress_cases import cluster_of, with_common
from tests.edges.nginx_peer import NGINX, Numbered, ask, running
from tests.unit import ingress_world
from tests.unit.http_net import ingress, rule, table

pytestmark = pytest.mark.skipif(NGINX is None, reason="no nginx on this machine: apt-get install nginx-light")

BY_NGINX = frozenset((AnswerReason.MALFORMED, AnswerReason.WWW, AnswerReason.APP_ROOT, AnswerReason.SLASH,
                      AnswerReason.HEALTH, AnswerReason.DENIED, AnswerReason.REDIRECT, AnswerReason.EMPTY_REWRITE))
DATA = json.loads((CASES / "ingress.json").read_text(encoding="utf-8"))
GROUPS = [with_common(group, DATA) for group in DATA["groups"] if group["frontend"] == "ingress"
          and any(case.get("kind", "request") == "request" for case in group["cases"])]


def routed(found: ControllerTable, method: str, target: str, hosts: list[str], version: str) -> Routing:
    request = Request(method, "http", hosts[0] if hosts else None, target, tuple(("Host", each) for each in hosts[1:]),
                      http_version=version)
    return decide(found, request, believe(request, number("127.0.0.1"), 80, found.config))


def expected(numbered: Numbered, routing: Routing) -> tuple[int, str, str] | None:
    """What nginx must answer; None for an answer that it cannot be configured to give."""
    answer = routing.answer
    if answer is None or answer.reason is AnswerReason.HTTPS:
        where = next(index for index, each in enumerate(numbered.locations) if each is routing.location)
        return 200, "", f"{where} {routing.target}"
    return (answer.status, answer.location, "") if answer.reason in BY_NGINX else None


def disagreement(numbered: Numbered, path: Path, method: str, target: str, hosts: list[str], version: str = "1.1") -> str:
    """'' when nginx and the table agree."""
    routing = routed(numbered.table, method, target, hosts, version)
    wanted = expected(numbered, routing)
    if wanted is None:
        return ""
    status, location, body = ask(path, method, target, hosts, version)
    found = (status, location, body if status == 200 and wanted[2] else "")
    return "" if found == wanted else f"{method} {target} of {hosts} HTTP/{version}: nginx {found}, simnet {wanted}"


@pytest.mark.parametrize("group", GROUPS, ids=[group["id"] for group in GROUPS])
def test_nginx_agrees_on_the_cases(group: dict[str, Any], tmp_path: Path) -> None:
    numbered = Numbered(cluster_of(group).view.ingress.tables()[0])
    problems = []
    with running(numbered, tmp_path) as path:
        for case in group["cases"]:
            request = case.get("request")
            if request is not None:
                hosts = [request["host"]] if "host" in request else []
                hosts += [value for name, value in request.get("headers", {}).items() if name.lower() == "host"]
                problems.append(disagreement(numbered, path, request.get("method", "GET"), request["path"], hosts,
                                             request.get("http_version", "1.1")))
    assert [each for each in problems if each] == []


# generated -------------------------------------------------------------------------------------------------------

HOSTS = ["a.t", "b.t", "*.a.t", "x.a.t", "", "www.b.t", "c.t", "*.c.t", "d-1.c.t"]
PLAIN = ["/", "/foo", "/foo/", "/foo/bar", "/foo/bar/", "/aaa/bb", "/FOO", "/sp ace", "/sp%20ace", "/.well-known/x", "/a+b",
         "/~u", "/foo/b.r", "/é"]
PATTERNS = ["/foo(/|$)(.*)", "/api/v[0-9]+", "/api/[a-z0-9]+", "/foo|/bar", "/(a|b)/(.*)", "/x(y)?", "/foo/.*\\.png", "/f.o"]
TARGETS = ["/", "/$1", "/$2", "/new/$1/$2", "/x$1y", "$1", "/foo"]
SEGMENTS = ["foo", "FOO", "bar", "api", "v1", "vx", "aaa", "bb", "bbb", "a", "b", "x", "xy", "y", "a.png", "f.o", "fzo", "sp ace",
            "sp%20ace", "%66oo", "..", ".", "", "%2e%2e", "%2F", "%e9", "é", "a+b", "~u", "%25", "%", "%zz", "%00", "healthz",
            ".well-known", "a;b", "a:b@c", "\"q\"", "<>", "a%3Fb", "a%23b"]
QUERIES = ["", "", "", "?", "?q=1", "?a=b/../c", "?x=%zz", "#frag", "?q#f"]


def generated(source: random.Random) -> ControllerTable:
    """Several Ingresses over few hosts, so that they meet."""
    found = []
    for index in range(source.randint(2, 6)):
        annotations: dict[str, str] = {}
        for name, values in (("rewrite-target", TARGETS), ("use-regex", ["true"]), ("app-root", ["/foo"]),
                             ("permanent-redirect", ["https://n.t/x"]), ("temporal-redirect", ["http://m.t"]),
                             ("server-alias", ["alias.t,*.w.t", "b.t", "~^re[0-9]+\\.t$"]), ("from-to-www-redirect", ["true"]),
                             ("relative-redirects", ["true"]), ("whitelist-source-range", ["nowhere"])):
            if source.random() < (0.25 if name in ("rewrite-target", "use-regex") else 0.08):
                annotations[name] = source.choice(values)
        rules = []
        for _ in range(source.randint(1, 2)):
            is_regex = "use-regex" in annotations or "rewrite-target" in annotations
            paths = [f"{source.choice(['Exact', 'Prefix', 'ImplementationSpecific'])} "
                     f"{source.choice(PATTERNS + PLAIN if is_regex else PLAIN).replace(' ', chr(0xA0))} s{index}:80"
                     for _ in range(source.randint(0, 4))]
            rules.append(rule(source.choice(HOSTS), *paths))
        found.append(ingress(f"i{index}", *rules, age=source.randint(0, 3), annotations=annotations))
    return table(*found)


def request_line(source: random.Random) -> tuple[str, str, list[str], str]:
    """Half of the targets are close to some rule's path."""
    target = "/" + "/".join(source.choice(SEGMENTS) for _ in range(source.randint(0, 4)))
    if source.random() < 0.5:
        path = source.choice(PLAIN).replace(" ", "%20")
        target = source.choice([path, path.rstrip("/") or "/", path + "/", path + "x", path + "/a/../b", path.swapcase()])
    target += source.choice(QUERIES)
    if source.random() < 0.03:
        target = source.choice(["http://a.t" + target, "*", "foo", "https://B.T:8080" + target])
    host = source.choice([*(each.replace("*", "one") for each in HOSTS if each), "one.two.a.t", "alias.t", "q.w.t", "r.q.w.t",
                          "re12.t", "nobody.t", "www.a.t", "www.c.t", "A.T", "a.t.", "a.t:8080", "under_score.a.t"])
    hosts = [host] if source.random() > 0.02 else source.choice([[], [host, host], [""], ["a..t"], ["a/t"]])
    return source.choice(["GET", "GET", "POST"]), target, hosts, "1.0" if source.random() < 0.05 else "1.1"


def test_nginx_agrees_on_generated_hosts_paths_and_requests(tmp_path: Path, scale: int) -> None:
    source = random.Random(7)
    problems: list[str] = []
    for turn in range(8 * scale):
        folder = tmp_path / str(turn)
        folder.mkdir()
        numbered = Numbered(generated(source))
        with running(numbered, folder) as path:
            for _ in range(150):
                problems.append(disagreement(numbered, path, *request_line(source)))
    assert [each for each in problems if each] == []


# who may come in -------------------------------------------------------------------------------------------------

USERS = ("ann:{PLAIN}secret", "bob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", "eve:$apr1$6Fz6kHkC$1F0bCjDOr5w3LGVJV.wFt0",
         "joe:{SSHA}gVK8WC9YyFT1gMsQHTGCgT3sSv5zYWx0")
LISTS: list[dict[str, str]] = [
    {}, {"whitelist_source_range": "10.0.0.0/8"}, {"whitelist_source_range": "203.0.113.0/24,192.0.2.1"},
    {"denylist_source_range": "203.0.113.0/24"},
    {"denylist_source_range": "203.0.113.7", "whitelist_source_range": "203.0.113.0/24"}]
CREDENTIALS = ["", "Basic " + b64encode(b"ann:wrong").decode(), "Basic !!", "Bearer x",
               *("Basic " + b64encode(f"{name}:secret".encode()).decode() for name in ("ann", "bob", "eve", "joe", "nobody"))]


@pytest.mark.parametrize("satisfy", ["all", "any"])
@pytest.mark.parametrize("protected", [True, False])
@pytest.mark.parametrize("lists", LISTS)
def test_nginx_agrees_on_who_may_come_in(lists: dict[str, str], protected: bool, satisfy: str, tmp_path: Path) -> None:
    users = tmp_path / "users"
    users.write_text("\n".join(USERS), encoding="utf-8")
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "users"}, "stringData": {"auth": "\n".join(USERS)}}
    asks = {"auth_type": "basic", "auth_secret": "users", "auth_realm": "zone"} if protected else {}
    cluster = ingress_world.cluster_of(secret, ingress_world.service("web"), ingress_world.pod("web-0", "web"),
                                       ingress_world.ingress(satisfy=satisfy, **lists, **asks))
    numbered = Numbered(cluster.view.ingress.tables()[0], users)
    with running(numbered, tmp_path) as path:
        for client in ("203.0.113.7", "203.0.113.8", "192.0.2.1", "198.51.100.9"):
            for given in CREDENTIALS:
                headers = (("Authorization", given),) if given else ()
                found = ask(path, "GET", "/x", ["h.t"], headers=(("X-Real-IP", client), *headers))[0]
                trace = cluster.trace("http://h.t/x", client, at=ingress_world.NODE, headers=headers)
                assert trace.result == str(found), f"{client} with {given!r}"
