"""Both asked the same: generated requests, what came of each, and what kind of behaviour differs where they differ."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final, NamedTuple

from simnet.cluster import Cluster
from simnet.dataplane.http.decisions import ProxyAnswered, RuleChosen
from simnet.dataplane.http.matching import AnswerReason, Routing
from simnet.dataplane.http.table import ControllerTable, HostReason
from simnet.dataplane.http.target import escape_path
from simnet.dataplane.step import Trace
from simnet.names import ObjectKey

CLIENT: Final = "198.51.100.7"
UNKNOWN_HOST: Final = "nobody.invalid"


class Behaviour(StrEnum):
    """What an Ingress controller does and HTTPRoutes cannot be made to do."""

    AS_SENT = ("paths with //, dot segments or escapes are normalised before they are compared; a Gateway compares them as "
               "they were sent")
    LABELS = "the wildcard host of an Ingress stands for one label, that of an HTTPRoute for any number"
    FALLBACK = ("hosts without a certificate are served over HTTPS with the controller's own one; a Gateway ends the "
                "handshake")
    SNI = "the certificate is chosen by the name in the handshake and the route by Host; a Gateway wants both the same (421)"
    HEALTH = "the default server answers /healthz by itself"
    BODY = "bodies above proxy-body-size are refused with 413"
    QUERY = "a redirect drops the query; that of an HTTPRoute keeps it"
    FINAL_SLASH = "a redirect to HTTPS drops the final slash of the target"
    PORT = "a redirect names Host as it was sent, port included; that of an HTTPRoute names the listener's port"
    REDIRECT = "a redirect to a URL that a redirect filter cannot say"
    REWRITE = "a rewrite whose groups or letters have no counterpart"
    BACKEND = "a backend that does not exist or cannot be followed is answered 503; a Gateway answers 500"
    ACCESS = "address lists, credentials and limits"
    CLOSED = "an annotation that cannot be used closes the paths with 503"
    ERRORS = "error pages of a default backend"
    ALIAS = "aliases that are patterns"
    WWW = "the counterpart with or without www is redirected"
    AFFINITY = "cookies that keep a client at one endpoint"
    CORS = "CORS answers differ"
    MALFORMED = "requests that nginx does not take and a Gateway does"
    ANOTHER = "another answer"


class Asked(NamedTuple):
    """One request: URL, Host header, method, headers, size of the body."""

    scheme: str
    host: str
    target: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body_bytes: int = 0

    @property
    def command(self) -> str:
        """How one would type it."""
        options = [f"-X {self.method}"] if self.method != "GET" else []
        options += [f"-H '{name}: {value}'" for name, value in self.headers]
        options += [f"--data-binary @{self.body_bytes}-bytes"] if self.body_bytes else []
        options += ["-k"] if self.scheme == "https" else []
        return " ".join(["curl --path-as-is", *options, f"'{self.scheme}://{self.host}{self.target}'"])


@dataclass(frozen=True, slots=True)
class Lost:
    """A behaviour that differs, the first request that shows it, and what each side answers; `count` requests did."""

    behaviour: Behaviour
    asked: Asked
    ingress: str
    gateway: str
    count: int


def differences(cluster: Cluster, controller: str, manifests: Sequence[Any], gateway: ObjectKey, table: ControllerTable
                ) -> Iterator[Lost]:
    """Every kind of behaviour that the generated requests show to differ, each with its first witness."""
    both = Pair(cluster, controller, manifests, gateway)
    found: dict[Behaviour, list[tuple[Asked, str, str]]] = {}
    for asked in requests(table):
        difference = both.difference(asked)
        if difference is not None:
            found.setdefault(difference.behaviour, []).append((asked, difference.ingress, difference.gateway))
    for behaviour in Behaviour:
        if behaviour in found:
            asked, one, other = found[behaviour][0]
            yield Lost(behaviour, asked, one, other, len(found[behaviour]))


class Pair:
    """The cluster with its Ingresses, and a fork with the routes in their place."""

    def __init__(self, cluster: Cluster, controller: str, manifests: Sequence[Any], gateway: ObjectKey) -> None:
        self.before, self.after = cluster, cluster.fork()
        self.controller, self.gateway = controller, str(gateway)
        self.after.apply(list(manifests))

    def difference(self, asked: Asked) -> Lost | None:
        """What differs for one request, None when both do the same."""
        one, other = _outcomes(self.before, self.controller, asked), _outcomes(self.after, self.gateway, asked)
        if _shares(one) == _shares(other):
            return None
        behaviour = _behaviour(asked, [trace for _, trace in one], [trace for _, trace in other])
        return Lost(behaviour, asked, _told(_shares(one)), _told(_shares(other)), 1)


def _outcomes(cluster: Cluster, front_end: str, asked: Asked) -> list[tuple[Fraction, Trace]]:
    name = re.sub(r":\d+$", "", asked.host)
    return list(cluster.outcomes(
        f"{asked.scheme}://{name}/", CLIENT, front_end=front_end, insecure=True, method=asked.method, sni=name,
        target_line=asked.target, headers=[("Host", asked.host), *asked.headers], body=b"x" * asked.body_bytes,
        reply={"status": 200}))


def _shares(outcomes: list[tuple[Fraction, Trace]]) -> dict[tuple[str, ...], Fraction]:
    found: dict[tuple[str, ...], Fraction] = {}
    for share, trace in outcomes:
        key = _seen(trace)
        found[key] = found.get(key, Fraction(0)) + share
    return found


def _seen(trace: Trace) -> tuple[str, ...]:
    """What counts: status, Service, what the backend is asked, where a redirect leads, HSTS, cookies, CORS."""
    response = trace.response
    if response is None:
        return (trace.result,)
    chosen = next((step.because for step in reversed(trace.steps) if isinstance(step.because, RuleChosen)), None)
    parts = [str(response.status)]
    if chosen is not None and trace.endpoint is not None:
        parts += [f"Service {chosen.upstream.service}", f"path {chosen.request.target}", f"Host {chosen.request.host}"]
        parts += ["HSTS"] if response.header("strict-transport-security") else []
    location = response.header("location")
    if location:
        parts.append("to " + re.sub(r"^(http://[^/]*):80(?=/|$)|^(https://[^/]*):443(?=/|$)",
                                    lambda found: found[1] or found[2], location))
    cookie = response.header("set-cookie")
    parts += [f"cookie {cookie.partition('=')[0]}"] if cookie else []
    origin = response.header("access-control-allow-origin")
    return (*parts, f"allows origin {origin}") if origin else tuple(parts)


def _told(shares: dict[tuple[str, ...], Fraction]) -> str:
    return "; ".join((f"{share}: " if share != 1 else "") + ", ".join(seen) for seen, share in sorted(shares.items()))


# why ------------------------------------------------------------------------------------------------------------

_ACCESS: Final = (AnswerReason.FORBIDDEN, AnswerReason.UNAUTHORIZED, AnswerReason.OUTER_AUTH, AnswerReason.TOO_MANY,
                  AnswerReason.NO_CLIENT_CERTIFICATE, AnswerReason.CLIENT_NAME)
_REASONS: Final = {
    **dict.fromkeys(_ACCESS, Behaviour.ACCESS), AnswerReason.DENIED: Behaviour.CLOSED, AnswerReason.HEALTH: Behaviour.HEALTH,
    AnswerReason.TOO_LARGE: Behaviour.BODY, AnswerReason.MALFORMED: Behaviour.MALFORMED, AnswerReason.WWW: Behaviour.WWW,
    AnswerReason.NO_UPSTREAM: Behaviour.BACKEND, AnswerReason.PREFLIGHT: Behaviour.CORS,
    AnswerReason.EMPTY_REWRITE: Behaviour.REWRITE, AnswerReason.MISDIRECTED: Behaviour.SNI}


def _behaviour(asked: Asked, before: list[Trace], after: list[Trace]) -> Behaviour:
    """The kind of a difference, from the request and what both sides decided."""
    path, _, query = asked.target.partition("?")
    routing = _routing(before[0])
    answered = before[0].last.because
    reason = answered.answer.reason if isinstance(answered, ProxyAnswered) else None
    if reason in (AnswerReason.HEALTH, AnswerReason.MALFORMED):
        return _REASONS[reason]
    if asked.scheme == "https" and after[0].result in ("tls-error", "refused"):
        return Behaviour.FALLBACK
    if _is_far_wildcard(asked, routing, after):
        return Behaviour.LABELS
    if re.search(r"//|/\.{1,2}(/|$)|%", path):
        return Behaviour.AS_SENT
    if reason is AnswerReason.APP_ROOT and ":" in asked.host:
        return Behaviour.PORT
    if reason in (AnswerReason.HTTPS, AnswerReason.REDIRECT, AnswerReason.APP_ROOT, AnswerReason.SLASH):
        return Behaviour.QUERY if query and reason is not AnswerReason.HTTPS else (
            Behaviour.FINAL_SLASH if reason is AnswerReason.HTTPS and asked.target.endswith("/") else Behaviour.REDIRECT)
    if reason in _REASONS and reason is not None:
        return _REASONS[reason]
    return _of_backend(before, after, routing)


def _of_backend(before: list[Trace], after: list[Trace], routing: Routing | None) -> Behaviour:
    """Both may have reached a backend: what is different about it."""
    if routing is not None and routing.match is not None and routing.match.reason in (
            HostReason.PATTERN_ALIAS, HostReason.WILDCARD_ALIAS):
        return Behaviour.ALIAS
    chosen = next((step.because for step in before[0].steps if isinstance(step.because, RuleChosen)), None)
    if chosen is not None and chosen.upstream.is_external:
        return Behaviour.BACKEND
    seen, other = _seen(before[0]), _seen(after[0])
    if any(each.startswith("cookie") for each in seen):
        return Behaviour.AFFINITY
    if any(each.startswith("allows") for each in (*seen, *other)):
        return Behaviour.CORS
    if routing is not None and routing.match is not None and routing.match.server.is_regex:
        return Behaviour.REWRITE
    return Behaviour.ERRORS if chosen is not None and chosen.is_fallback else Behaviour.ANOTHER


def _is_far_wildcard(asked: Asked, routing: Routing | None, after: list[Trace]) -> bool:
    """Whether the Gateway took the host by a wildcard of more than one label."""
    host = re.sub(r":\d+$", "", asked.host).lower()
    if routing is None or routing.match is None or routing.match.reason is not HostReason.DEFAULT:
        return False
    hosts = routing.known.hosts
    return any(host.endswith(each[1:]) and host.count(".") > each.count(".") for each in hosts if each.startswith("*."))


def _routing(trace: Trace) -> Routing | None:
    for step in trace.steps:
        found = getattr(step.because, "routing", None)
        if isinstance(found, Routing):
            return found
    return None


# requests -------------------------------------------------------------------------------------------------------

def requests(table: ControllerTable) -> Iterator[Asked]:
    """Requests that try every path of every host at its edges. O(rules)."""
    known = table.ingresses.known().hosts
    for host in sorted(known):
        server = table.server(host)
        for name in _names(host):
            paths = dict.fromkeys(each.path for each in server.rules) if server is not None else {"/": None}
            for scheme in ("http", "https"):
                for target in dict.fromkeys(each for path in paths for each in _targets(path)):
                    yield Asked(scheme, name, target)
            yield from _special(name, server.rules[0].path if server is not None and server.rules else "/")
        for source in (*server.sources, *server.canaries) if server is not None else ():
            yield from _by_header(source.settings, next(iter(_names(host))), source.ingress.rules)
    for path in ("/", "/healthz"):
        yield Asked("http", UNKNOWN_HOST, path)
    yield Asked("https", UNKNOWN_HOST, "/")


def _names(host: str) -> Iterator[str]:
    """Names that a rule host stands for, or nearly does."""
    if not host:
        yield UNKNOWN_HOST
    elif host.startswith("*."):
        yield "one" + host[1:]
        yield "two.labels" + host[1:]
        yield host[2:]
    else:
        yield host
        yield f"{host}:8080"
        yield f"sub.{host}"


def _targets(path: str) -> Iterator[str]:
    """A path and its edges. What a pattern takes is guessed: its literal beginning, and a text like it."""
    start = escape_path(re.split(r"[()\[\]{}|*+?^$\\]", path)[0] or "/")
    trimmed = start.rstrip("/")
    yield from (start, trimmed or "/", f"{trimmed}/", f"{trimmed}/sub", f"{trimmed}/sub/", f"{trimmed or '/'}beside", "/else",
                f"{start}?a=1", f"{trimmed}/?a=/", start.upper(), f"/{start}", f"{trimmed}/./x/../y", f"{trimmed}%2Fz")
    like = _like(path)
    if like != path:
        yield from (like, f"{like}/sub", like.upper())


def _like(path: str) -> str:
    """A text that a pattern probably matches: the first of alternatives, one letter for what may be any."""
    text = path
    for pattern, one in ((r"\(/\|\$\)", "/"), (r"\(\?:", "("), (r"\.[*+]\??", "x"), (r"\[(\^?)([^\]])[^\]]*\][*+?]?", r"\2"),
                         (r"\(([^()|]*)(?:\|[^()]*)?\)[*+?]?", r"\1"), (r"\|.*", ""), (r"[\^$?*+\\()]", "")):
        text = re.sub(pattern, one, text)
    return text or "/"


def _special(host: str, path: str) -> Iterator[Asked]:
    for scheme in ("http", "https"):
        yield Asked(scheme, host, path, "POST", (), 2 << 20)
        yield Asked(scheme, host, path, "OPTIONS", (("Origin", "https://app.example"), (
            "Access-Control-Request-Method", "PUT")))
        yield Asked(scheme, host, path, "GET", (("Origin", "https://app.example"),))


def _by_header(settings: Any, host: str, rules: Any) -> Iterator[Asked]:
    """Requests that a canary decides by header or cookie."""
    policy = settings.canary
    if policy is None:
        return
    values = [policy.header_value or "always", "never", "other"]
    for rule in rules:
        for path in rule.paths or ():
            for scheme in ("http", "https"):
                if policy.header:
                    yield from (Asked(scheme, host, path.path or "/", "GET", ((policy.header, value),)) for value in values)
                if policy.cookie:
                    yield from (Asked(scheme, host, path.path or "/", "GET", (("Cookie", f"{policy.cookie}={value}"),))
                                for value in ("always", "never"))


