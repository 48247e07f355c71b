"""ingress-nginx annotations -> `IngressSettings`. Values are texts; what cannot be used has one of three outcomes.

Source: kubernetes/ingress-nginx internal/ingress/annotations/*, docs/user-guide/nginx-configuration/annotations.md;
rules X-1, X-2, X-10, K-1 to K-17, R-1 to R-3, H-8, H-9.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from simnet.dataplane.http.annotation_reader import Reader, read_codes, read_size
from simnet.dataplane.http.canary import read_canary
from simnet.dataplane.http.cors import read_cors
from simnet.dataplane.http.credentials import Credentials, read_credentials, read_outer_auth
from simnet.dataplane.http.notes import Note, Outcome
from simnet.dataplane.http.rates import read_rates
from simnet.dataplane.http.settings import (
    ClientCertificates,
    IngressSettings,
    LocationSettings,
    Redirect,
    Reference,
)
from simnet.dataplane.http.sticky import read_sticky
from simnet.errors import nearest
from simnet.names import dns1035_label_problem

_PLAIN: Final = r"\-._~a-zA-Z0-9/:"
_CAPTURE_PATH: Final = re.compile(rf"/?[{_PLAIN}$]*")
_SERVER_NAME: Final = re.compile(rf"[{_PLAIN}^$\[\](){{}}*+?|&=\\]*")
_URL_WITH_VARIABLES: Final = re.compile(rf"[{_PLAIN}?&=$]*")
_BASIC: Final = re.compile(rf"[{_PLAIN}]*")
_VARIABLES: Final = re.compile(rf"[{_PLAIN}$\[\](){{}}*+?|&=]*")
_PROTOCOLS: Final = frozenset(("HTTP", "HTTPS", "AUTO_HTTP", "GRPC", "GRPCS", "FCGI"))
_MODELLED_PROTOCOLS: Final = frozenset(("HTTP", "HTTPS", "AUTO_HTTP"))

MODELLED: Final = frozenset((
    "rewrite-target", "use-regex", "app-root", "ssl-redirect", "force-ssl-redirect", "preserve-trailing-slash",
    "use-port-in-redirects", "relative-redirects", "permanent-redirect", "permanent-redirect-code",
    "temporal-redirect", "temporal-redirect-code", "from-to-www-redirect", "server-alias", "whitelist-source-range",
    "allowlist-source-range", "denylist-source-range", "proxy-body-size", "proxy-read-timeout", "proxy-next-upstream",
    "proxy-next-upstream-tries", "upstream-vhost", "x-forwarded-prefix", "service-upstream", "default-backend",
    "backend-protocol", "canary", "canary-by-header", "canary-by-header-value", "canary-by-header-pattern",
    "canary-by-cookie", "canary-weight", "canary-weight-total", "affinity", "affinity-mode", "affinity-canary-behavior",
    "session-cookie-name", "session-cookie-path", "session-cookie-domain", "session-cookie-expires",
    "session-cookie-max-age", "session-cookie-samesite", "session-cookie-secure", "session-cookie-change-on-failure",
    "load-balance", "upstream-hash-by", "upstream-hash-by-subset", "upstream-hash-by-subset-size", "auth-type",
    "auth-secret", "auth-secret-type", "auth-realm", "satisfy", "auth-url", "auth-method", "auth-signin",
    "auth-signin-redirect-param", "auth-response-headers", "auth-tls-secret", "auth-tls-verify-client",
    "auth-tls-verify-depth", "auth-tls-error-page", "auth-tls-match-cn", "auth-tls-pass-certificate-to-upstream",
    "enable-cors", "cors-allow-origin", "cors-allow-methods", "cors-allow-headers", "cors-expose-headers",
    "cors-allow-credentials", "cors-max-age", "limit-rps", "limit-rpm", "limit-burst-multiplier", "limit-connections",
    "limit-whitelist", "limit-allowlist", "custom-http-errors", "enable-custom-http-errors",
    "disable-proxy-intercept-errors", "custom-headers",
    "mirror-target", "proxy-ssl-secret"))

NEUTRAL: Final = frozenset((
    "proxy-buffering", "proxy-buffer-size", "proxy-buffers-number", "proxy-busy-buffers-size",
    "proxy-max-temp-file-size", "proxy-connect-timeout", "proxy-send-timeout", "proxy-next-upstream-timeout",
    "proxy-request-buffering", "proxy-http-version", "proxy-cookie-path", "proxy-cookie-domain", "proxy-redirect-from",
    "proxy-redirect-to", "client-body-buffer-size", "connection-proxy-header", "http2-push-preload",
    "enable-access-log", "enable-rewrite-log", "enable-opentracing", "opentracing-trust-incoming-span",
    "enable-opentelemetry", "opentelemetry-trust-incoming-span", "opentelemetry-operation-name", "ssl-ciphers",
    "ssl-prefer-server-ciphers", "enable-influxdb", "influxdb-measurement", "influxdb-port", "influxdb-host",
    "influxdb-server-name", "enable-global-auth", "limit-rate", "limit-rate-after", "auth-cache-key",
    "auth-cache-duration", "auth-keepalive", "auth-keepalive-requests", "auth-keepalive-timeout",
    "auth-keepalive-share-vars", "proxy-ssl-ciphers", "proxy-ssl-protocols", "mirror-host", "mirror-request-body",
    "session-cookie-conditional-samesite-none"))
"""Annotations without influence on where a request goes or what is answered (rule K-13)."""

UNMODELLED: Final = frozenset((
    "auth-proxy-set-headers", "auth-request-redirect", "auth-always-set-cookie", "fastcgi-index",
    "fastcgi-params-configmap", "global-rate-limit", "global-rate-limit-window", "global-rate-limit-key",
    "global-rate-limit-ignored-cidrs", "enable-modsecurity", "enable-owasp-core-rules",
    "enable-owasp-modsecurity-crs", "modsecurity-transaction-id", "proxy-ssl-name", "proxy-ssl-verify",
    "proxy-ssl-verify-depth", "proxy-ssl-server-name", "ssl-passthrough"))

NEXT_UPSTREAM: Final = frozenset(("error", "timeout", "off", "non_idempotent", "http_500", "http_502", "http_503", "http_504",
                                  "http_403", "http_404", "http_429"))
"""Conditions of proxy-next-upstream that are modelled; `invalid_header` is the one that is not."""

SNIPPETS: Final = frozenset(("configuration-snippet", "server-snippet", "auth-snippet", "stream-snippet",
                             "modsecurity-snippet"))
_KNOWN: Final = MODELLED | NEUTRAL | UNMODELLED | SNIPPETS


def read_annotations(annotations: Mapping[str, str], prefix: str = "nginx.ingress.kubernetes.io", *,
                     validates: bool = True, allows_snippets: bool = False) -> IngressSettings:
    """All that the annotations with `prefix` say. O(annotations); never raises.

    `validates` is the controller's --enable-annotation-validation: without it nothing drops the Ingress.
    `allows_snippets` is the ConfigMap's allow-snippet-annotations: without it a snippet drops the Ingress (rule K-16).
    """
    reader = Reader(annotations, prefix)
    if not reader.values:
        return IngressSettings()
    location = _location(reader)
    aliases = _aliases(reader)
    balancing = _balancing(reader)
    _note_the_rest(reader, allows_snippets)
    dropped = next((note.name for note in reader.notes if note.outcome is Outcome.DROPPED), "")
    denied = next((note.name for note in reader.notes if note.outcome is Outcome.DENIED), "")
    return IngressSettings(location=location, aliases=aliases, dropped_by=dropped if validates else "",
                           denied_by=denied, notes=tuple(reader.notes), **balancing)


def _location(reader: Reader) -> LocationSettings:
    allow = reader.networks("allowlist-source-range")
    if not reader.values.get("allowlist-source-range"):
        allow = reader.networks("whitelist-source-range")
    tries = reader.number("proxy-next-upstream-tries")
    timeout = reader.number("proxy-read-timeout")
    return LocationSettings(
        rewrite_target=_rewrite_target(reader),
        use_regex=reader.flag("use-regex") or False, app_root=_app_root(reader),
        ssl_redirect=reader.flag("ssl-redirect"), force_ssl_redirect=reader.flag("force-ssl-redirect"),
        preserve_trailing_slash=reader.flag("preserve-trailing-slash"),
        use_port_in_redirects=reader.flag("use-port-in-redirects"),
        relative_redirects=reader.flag("relative-redirects"), redirect=_redirect(reader),
        from_to_www=reader.flag("from-to-www-redirect", Outcome.DROPPED) or False, allow=allow,
        deny=reader.networks("denylist-source-range"), proxy_body_size=_body_size(reader),
        proxy_read_timeout=float(timeout) if timeout is not None else None,
        proxy_next_upstream=_next_upstream(reader), proxy_next_upstream_tries=tries,
        upstream_vhost=reader.text("upstream-vhost", _SERVER_NAME, Outcome.DROPPED),
        x_forwarded_prefix=reader.text("x-forwarded-prefix", _BASIC, Outcome.DROPPED),
        service_upstream=reader.flag("service-upstream"), default_backend=_default_backend(reader),
        backend_protocol=_protocol(reader), **_access(reader), **_answers(reader))


def _access(reader: Reader) -> dict[str, Any]:
    """Who may come in, and how often."""
    credentials = read_credentials(reader)
    satisfy = reader.values.get("satisfy", "").strip().lower()
    if satisfy not in ("", "any", "all"):
        reader.refuse("satisfy", Outcome.IGNORED)
    return {"credentials": credentials, "satisfies_any": satisfy == "any", "outer_auth": read_outer_auth(reader),
            "rates": read_rates(reader), "references": _references(reader, credentials)}


def _answers(reader: Reader) -> dict[str, Any]:
    """What is put into answers, or in their place."""
    return {"cors": read_cors(reader), "custom_http_errors": _error_codes(reader),
            "intercepts_errors": not reader.flag("disable-proxy-intercept-errors"),
            "mirror_target": reader.values.get("mirror-target", "").strip(),
            "custom_headers": reader.values.get("custom-headers", "").strip()}


def _references(reader: Reader, credentials: Credentials | None) -> tuple[Reference, ...]:
    """The objects that must exist (rule K-17, second outcome)."""
    found = [Reference(name, kind, reader.values[name].strip(), key) for name, kind, key in (
        ("auth-tls-secret", "Secret", ""), ("proxy-ssl-secret", "Secret", ""), ("custom-headers", "ConfigMap", ""))
        if reader.values.get(name, "").strip()]
    if credentials is not None and credentials.secret:
        found.append(Reference("auth-secret", "Secret", credentials.secret, "" if credentials.is_map else "auth"))
    return tuple(found)


def _error_codes(reader: Reader) -> frozenset[int] | None:
    """custom-http-errors: a list of statuses from 400 to 599; none at all with `enable-custom-http-errors: "false"`."""
    if reader.flag("enable-custom-http-errors") is False:
        return frozenset()
    value = reader.values.get("custom-http-errors", "").strip()
    codes = read_codes(value) if value else None
    if value and (codes is None or min(codes, default=400) < 400):
        reader.refuse("custom-http-errors", Outcome.DROPPED)
        return None
    return codes


def _balancing(reader: Reader) -> dict[str, Any]:
    """How the endpoints of the Ingress's backends are chosen, whose canary it is, and what its hosts want of TLS."""
    behavior = reader.values.get("affinity-canary-behavior", "").strip()
    if behavior not in ("", "sticky", "legacy"):
        reader.refuse("affinity-canary-behavior", Outcome.IGNORED)
    subset = reader.number("upstream-hash-by-subset-size")
    by_subset = reader.flag("upstream-hash-by-subset")
    is_canary = reader.flag("canary") or False
    return {"is_canary": is_canary, "canary": read_canary(reader) if is_canary else None,
            "canary_ignores_affinity": behavior == "legacy", "sticky": read_sticky(reader),
            "hash_by": reader.text("upstream-hash-by", _VARIABLES, Outcome.DROPPED),
            "hash_subset": (subset if subset is not None and subset > 0 else 3) if by_subset else 0,
            "client_certificates": _client_certificates(reader)}


def _client_certificates(reader: Reader) -> ClientCertificates | None:
    secret, mode = reader.values.get("auth-tls-secret", "").strip(), reader.values.get("auth-tls-verify-client", "").strip()
    if mode not in ("", "on", "off", "optional", "optional_no_ca"):
        reader.refuse("auth-tls-verify-client", Outcome.IGNORED)
        mode = ""
    if not secret:
        return None
    return ClientCertificates(secret=secret, mode=mode or "on",
                              error_page=reader.values.get("auth-tls-error-page", "").strip(),
                              match_cn=reader.values.get("auth-tls-match-cn", "").strip())


def _rewrite_target(reader: Reader) -> str:
    """Letters after a `$` name an nginx variable, which is not filled in here."""
    value = reader.text("rewrite-target", _CAPTURE_PATH, Outcome.IGNORED)
    if re.search(r"\$[A-Za-z_]", value):
        reader.refuse("rewrite-target", Outcome.NOT_MODELLED)
    return value


def _app_root(reader: Reader) -> str:
    value = reader.text("app-root", _CAPTURE_PATH, Outcome.IGNORED)
    if value and not value.startswith("/"):
        reader.refuse("app-root", Outcome.IGNORED)
        return ""
    return value


def _redirect(reader: Reader) -> Redirect | None:
    """The temporal one if there is one, else the permanent one; a code out of range is the default (R-2, R-3)."""
    temporal = _redirect_url(reader, "temporal-redirect")
    temporal_code = reader.number("temporal-redirect-code", Outcome.DROPPED)
    permanent = _redirect_url(reader, "permanent-redirect")
    permanent_code = reader.number("permanent-redirect-code", Outcome.DROPPED)
    if temporal:
        return Redirect(url=temporal, status=_code(temporal_code, 307, 302))
    return Redirect(url=permanent, status=_code(permanent_code, 308, 301)) if permanent else None


def _code(given: int | None, highest: int, default: int) -> int:
    return given if given is not None and 300 <= given <= highest else default


def _redirect_url(reader: Reader, name: str) -> str:
    """A URL of http or https; nginx variables in it are not filled in."""
    value = reader.text(name, _URL_WITH_VARIABLES, Outcome.DROPPED)
    if value and not value.startswith("http"):
        reader.refuse(name, Outcome.IGNORED)
        return ""
    if "$" in value:
        reader.refuse(name, Outcome.NOT_MODELLED)
    return value


def _body_size(reader: Reader) -> int | None:
    value = reader.values.get("proxy-body-size", "")
    size = read_size(value) if value else None
    if value and size is None:
        reader.refuse("proxy-body-size", Outcome.IGNORED)
    return size


def _next_upstream(reader: Reader) -> frozenset[str] | None:
    words = frozenset(reader.values.get("proxy-next-upstream", "").split())
    if words - NEXT_UPSTREAM:
        reader.refuse("proxy-next-upstream", Outcome.NOT_MODELLED)
    return words or None


def _default_backend(reader: Reader) -> str:
    value = reader.values.get("default-backend", "").strip()
    if value and dns1035_label_problem(value):
        reader.refuse("default-backend", Outcome.DROPPED)
        return ""
    return value


def _protocol(reader: Reader) -> str:
    value = reader.values.get("backend-protocol", "HTTP").strip().upper()
    if value not in _PROTOCOLS:
        reader.refuse("backend-protocol", Outcome.IGNORED)
        return "HTTP"
    if value not in _MODELLED_PROTOCOLS:
        reader.refuse("backend-protocol", Outcome.NOT_MODELLED)
    return value


def _aliases(reader: Reader) -> tuple[str, ...]:
    """Other names for the host, each once, sorted (rule H-8)."""
    names = alias_names(reader.values.get("server-alias", ""))
    if any(not _SERVER_NAME.fullmatch(name) for name in names):
        reader.refuse("server-alias", Outcome.DROPPED)
        return ()
    return names


def alias_names(text: str) -> tuple[str, ...]:
    """The names in a server-alias annotation, each once, sorted; names that are no patterns in lower case."""
    parts = (part.strip() for part in text.split(","))
    return tuple(sorted({part if part.startswith("~") else part.lower() for part in parts if part}))


def _note_the_rest(reader: Reader, allows_snippets: bool) -> None:
    """Annotations nobody has looked at yet."""
    for name in reader.values:
        if name in SNIPPETS:
            reader.refuse(name, Outcome.NOT_MODELLED if allows_snippets else Outcome.DROPPED)
        elif name in UNMODELLED:
            reader.refuse(name, Outcome.NOT_MODELLED)
        elif name not in _KNOWN:
            reader.notes.append(Note(name, reader.values[name], Outcome.UNKNOWN, nearest(name, _KNOWN)))
