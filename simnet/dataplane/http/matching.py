"""One request against one controller's table: server, location, and what nginx answers before any backend is asked.

Pure; the order is that of rule O-1, steps 1 to 11. Source: nginx ngx_http_core_find_location and phases,
kubernetes/ingress-nginx rootfs/etc/nginx/template/nginx.tmpl, rootfs/etc/nginx/lua/lua_ingress.lua.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from simnet.control.ingress_class import SPEC
from simnet.dataplane.http.believed import Client
from simnet.dataplane.http.cors import is_preflight
from simnet.dataplane.http.ingresses import ANY_HOST, Known
from simnet.dataplane.http.message import Headers, Request
from simnet.dataplane.http.rates import Bucket
from simnet.dataplane.http.redirects import app_root_location, https_location, slash_location, www_location
from simnet.dataplane.http.rewriting import rewritten_path
from simnet.dataplane.http.servers import Location, Rule, Server
from simnet.dataplane.http.settings import LocationSettings
from simnet.dataplane.http.table import ControllerTable, HostMatch, HostReason
from simnet.dataplane.http.target import Address, Malformed, read_address
from simnet.dataplane.http.tls import asked_certificate, has_certificate

HEALTH_PATH: Final = "/healthz"


class AnswerReason(StrEnum):
    """Why a proxy answers by itself."""

    MALFORMED = "malformed request"
    WWW = "from-to-www-redirect"
    APP_ROOT = "app-root"
    TOO_LARGE = "body larger than proxy-body-size"
    SLASH = "the path ends in a slash"
    HEALTH = "health check of the default server"
    DENIED = "an annotation of the Ingress cannot be used"
    REDIRECT = "permanent-redirect or temporal-redirect"
    EMPTY_REWRITE = "the rewritten path is empty"
    HTTPS = "plain HTTP is sent to HTTPS"
    DEFAULT_BACKEND = "default backend"
    NO_UPSTREAM = "the backend cannot serve"
    FORBIDDEN = "the client's address is not allowed"
    PREFLIGHT = "a CORS preflight is answered by the proxy"
    TOO_MANY = "more requests than limit-rps or limit-rpm allow"
    UNAUTHORIZED = "the request has no valid credentials"
    OUTER_AUTH = "auth-url does not let the request in"
    MISDIRECTED = "the TLS handshake named another host than one that asks for client certificates"
    NO_CLIENT_CERTIFICATE = "the host asks for a client certificate and none was shown"
    CLIENT_NAME = "the client certificate's name does not match auth-tls-match-cn"
    NO_ROUTE = "no route of the Gateway takes the request"
    OTHER_LISTENER = "the connection was made for another listener"
    ROUTE_REDIRECT = "a redirect filter"
    UNKNOWN_FILTER = "a filter that is not modelled"
    NO_BACKEND = "the rule has no backend with a weight"
    BAD_BACKEND = "the backend reference leads nowhere"


@dataclass(slots=True)
class Answer:
    """What the proxy says itself: reason, status and, for redirects, the Location."""

    reason: AnswerReason
    status: int
    location: str = ""


@dataclass(slots=True)
class Routing:
    """Where one request leads: everything that was decided, and the tables it was decided from.

    `address` says what was asked for, or why that was malformed; `match` how the host found its server; `location` is
    the one chosen (None before that step), `target` what a backend would be asked for, `answer` what the proxy says
    itself instead (None: it forwards). `headers` are put on whatever is answered, `counted` is what rate limits count
    the request in, `denied_by` the annotation that closes the location. `known` is every Ingress there was.
    """

    table: ControllerTable
    known: Known
    request: Request
    client: Client
    address: Address | Malformed
    match: HostMatch | None = None
    location: Location | None = None
    target: str = ""
    answer: Answer | None = None
    headers: Headers = ()
    counted: tuple[Bucket, ...] = ()
    denied_by: str = ""

    @property
    def path(self) -> str:
        """The normalised path, '' when the request was malformed."""
        return self.address.path if isinstance(self.address, Address) else ""


def decide(table: ControllerTable, request: Request, client: Client) -> Routing:
    """Route one request up to the choice of its backend. O(segments of the path); on a regex host O(its patterns).

    Never raises: a malformed request is answered 400.
    """
    is_documented = table.flags.profile == SPEC
    address = read_address(request, normalises=not is_documented)
    routing = Routing(table, table.ingresses.known(), request, client, address)
    if isinstance(address, Malformed):
        routing.answer = Answer(AnswerReason.MALFORMED, 400)
        return routing
    routing.match = match = table.find(address.host)
    routing.target = address.raw
    code = table.config.http_redirect_code
    if is_documented:
        routing.location = documented_location(table, match.server, address.path)
    elif match.reason is HostReason.WWW:
        routing.answer = Answer(AnswerReason.WWW, code, www_location(match.server.host, address, client))
    elif (asked := _client_certificate(routing, match.server, address)) is not None:
        routing.answer = asked
    elif match.server.app_root and address.path == "/":
        routing.answer = Answer(AnswerReason.APP_ROOT, 302, app_root_location(match.server, address, request))
    else:
        _locate(routing, match.server, address)
    return routing


def _client_certificate(routing: Routing, server: Server, address: Address) -> Answer | None:
    """What a host that asks for client certificates says to a client without one; here no client has any (K-18)."""
    wanted = asked_certificate(routing.table, server) if server.client_certificates else None
    if wanted is None or wanted.mode == "off":
        return None
    request = routing.request
    if request.is_tls and request.sni is not None and request.sni.lower() != address.host:
        return Answer(AnswerReason.MISDIRECTED, 421)
    if request.is_tls and wanted.mode == "on":
        if wanted.error_page:
            return Answer(AnswerReason.NO_CLIENT_CERTIFICATE, 302, wanted.error_page)
        return Answer(AnswerReason.NO_CLIENT_CERTIFICATE, 400)
    return Answer(AnswerReason.CLIENT_NAME, 403) if wanted.match_cn else None


def _locate(routing: Routing, server: Server, address: Address) -> None:
    """Steps 4 to 11 of rule O-1."""
    location, lacks_slash = find_location(server, address.path)
    if server.host == ANY_HOST and _is_health_check(server, location, lacks_slash, address.path):
        routing.answer = Answer(AnswerReason.HEALTH, 200)
        return
    routing.location = location
    settings, config = location.settings, routing.table.config
    limit = settings.proxy_body_size if settings.proxy_body_size is not None else config.proxy_body_size
    if limit and _body_length(routing.request) > limit:
        routing.answer = Answer(AnswerReason.TOO_LARGE, 413)
    elif lacks_slash:
        relative = config.relative_redirects if settings.relative_redirects is None else settings.relative_redirects
        routing.answer = Answer(AnswerReason.SLASH, 301,
                                slash_location(location, address, routing.request, bool(relative)))
    elif denied_by := location.denied_by or (routing.table.missing_reference(location) if settings.references else ""):
        routing.denied_by = denied_by
        routing.answer = Answer(AnswerReason.DENIED, 503)
    else:
        _in_location(routing, location, address)


def _in_location(routing: Routing, location: Location, address: Address) -> None:
    """Steps 8 to 11: CORS, redirects, rewriting."""
    settings = location.settings
    routing.headers = routing.table.headers_of(location, routing.request)
    if settings.cors is not None and is_preflight(settings.cors, routing.request):
        routing.answer = Answer(AnswerReason.PREFLIGHT, 204)
    elif settings.redirect is not None:
        routing.answer = Answer(AnswerReason.REDIRECT, settings.redirect.status, settings.redirect.url)
    else:
        _rewrite(routing, location, address)


def _rewrite(routing: Routing, location: Location, address: Address) -> None:
    """Steps 10 and 11: the rewritten target, then the redirect to HTTPS."""
    if location.rewrites and location.pattern is not None:
        path = rewritten_path(location.pattern, location.settings.rewrite_target, address.path)
        routing.target = path + address.arguments
        if not path:
            routing.answer = Answer(AnswerReason.EMPTY_REWRITE, 500)
            return
    if routing.client.scheme == "http" and goes_to_https(routing.table, location, address.host):
        routing.answer = Answer(AnswerReason.HTTPS, routing.table.config.http_redirect_code,
                                https_location(routing.table, location, address, routing.client))


def find_location(server: Server, path: str) -> tuple[Location, bool]:
    """The location for a normalised path; True when it only lacks the final slash (rules P-1 to P-8, X-4, X-5)."""
    if server.is_regex:
        return next(each for each in server.patterns if each.pattern is not None and each.pattern.search(path)), False
    found = server.exact.get(path)
    if found is not None:
        return found, False
    slashed = server.exact.get(path + "/") or server.prefixes.get(path + "/")
    if slashed is not None:
        return slashed, True
    end = len(path)
    while (end := path.rfind("/", 0, end)) > 0:
        found = server.prefixes.get(path[:end + 1])
        if found is not None:
            return found, False
    return server.prefixes["/"], False


def documented_location(table: ControllerTable, server: Server, path: str) -> Location:
    """The location by the API documents alone: Exact, then the longest Prefix, a final slash of which does not count;
    else the default backend, of the host's own Ingresses first (profile spec)."""
    location = server.exact.get(path) or server.prefixes.get(path + "/")
    end = len(path)
    while location is None and (end := path.rfind("/", 0, end)) >= 0:
        location = server.prefixes.get(path[:end + 1])
    if location is not None and not location.rule.is_implicit:
        return location
    owner = table.documented_default(server)
    rule = Rule(server.host, "/", "Prefix", owner.default_backend if owner is not None else None, owner, is_implicit=True)
    return Location(rule, "/", False, LocationSettings())


def _is_health_check(server: Server, location: Location, lacks_slash: bool, path: str) -> bool:
    """The default server's own `/healthz`, a plain prefix as nginx compares text; a longer or exact rule beats it, a
    regex host hides it (rule D-6)."""
    if server.is_regex or not path.startswith(HEALTH_PATH):
        return False
    if lacks_slash:
        return path == HEALTH_PATH
    return not location.is_exact and len(location.path) < len(HEALTH_PATH)


def _body_length(request: Request) -> int:
    declared = request.header("content-length") or ""
    return max(len(request.body), int(declared) if declared.isdigit() else 0)


def goes_to_https(table: ControllerTable, location: Location, host: str) -> bool:
    """Whether plain HTTP is sent to HTTPS: ssl-redirect needs some certificate for the host, force-ssl-redirect needs
    none (rules T-6, T-8)."""
    settings, config = location.settings, table.config
    if location.rule.path.startswith(config.no_tls_redirect_locations):
        return False
    force = config.force_ssl_redirect if settings.force_ssl_redirect is None else settings.force_ssl_redirect
    if force:
        return True
    wanted = config.ssl_redirect if settings.ssl_redirect is None else settings.ssl_redirect
    return bool(wanted) and has_certificate(table, host)
