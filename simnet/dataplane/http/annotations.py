"""ingress-nginx annotations -> `IngressSettings`. Values are texts; what cannot be used has one of three outcomes.

Source: kubernetes/ingress-nginx internal/ingress/annotations/*, docs/user-guide/nginx-configuration/annotations.md;
rules X-1, X-2, X-10, K-1 to K-17, R-1 to R-3, H-8, H-9.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from simnet.control.ingress_class import go_bool
from simnet.dataplane.http.settings import IngressSettings, LocationSettings, Note, Outcome, Redirect
from simnet.errors import nearest
from simnet.ip import IPNetwork
from simnet.names import dns1035_label_problem

_PLAIN: Final = r"\-._~a-zA-Z0-9/:"
_CAPTURE_PATH: Final = re.compile(rf"/?[{_PLAIN}$]*")
_SERVER_NAME: Final = re.compile(rf"[{_PLAIN}^$\[\](){{}}*+?|&=\\]*")
_URL_WITH_VARIABLES: Final = re.compile(rf"[{_PLAIN}?&=$]*")
_BASIC: Final = re.compile(rf"[{_PLAIN}]*")
_SIZE: Final = re.compile(r"(\d+)([bkmg]?)", re.IGNORECASE)
_UNITS: Final[Mapping[str, int]] = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_PROTOCOLS: Final = frozenset(("HTTP", "HTTPS", "AUTO_HTTP", "GRPC", "GRPCS", "FCGI"))
_MODELLED_PROTOCOLS: Final = frozenset(("HTTP", "HTTPS", "AUTO_HTTP"))

MODELLED: Final = frozenset((
    "rewrite-target", "use-regex", "app-root", "ssl-redirect", "force-ssl-redirect", "preserve-trailing-slash",
    "use-port-in-redirects", "relative-redirects", "permanent-redirect", "permanent-redirect-code",
    "temporal-redirect", "temporal-redirect-code", "from-to-www-redirect", "server-alias", "whitelist-source-range",
    "allowlist-source-range", "denylist-source-range", "proxy-body-size", "proxy-read-timeout", "proxy-next-upstream",
    "proxy-next-upstream-tries", "upstream-vhost", "x-forwarded-prefix", "service-upstream", "default-backend",
    "backend-protocol"))

NEUTRAL: Final = frozenset((
    "proxy-buffering", "proxy-buffer-size", "proxy-buffers-number", "proxy-busy-buffers-size",
    "proxy-max-temp-file-size", "proxy-connect-timeout", "proxy-send-timeout", "proxy-next-upstream-timeout",
    "proxy-request-buffering", "proxy-http-version", "proxy-cookie-path", "proxy-cookie-domain", "proxy-redirect-from",
    "proxy-redirect-to", "client-body-buffer-size", "connection-proxy-header", "http2-push-preload", "satisfy",
    "enable-access-log", "enable-rewrite-log", "enable-opentracing", "opentracing-trust-incoming-span",
    "enable-opentelemetry", "opentelemetry-trust-incoming-span", "opentelemetry-operation-name", "ssl-ciphers",
    "ssl-prefer-server-ciphers", "enable-influxdb", "influxdb-measurement", "influxdb-port", "influxdb-host",
    "influxdb-server-name", "enable-global-auth"))
"""Annotations without influence on where a request goes (rule K-13). `satisfy` joins address and credentials; without
credentials it changes nothing."""

UNMODELLED: Final = frozenset((
    "affinity", "affinity-mode", "affinity-canary-behavior", "session-cookie-name", "session-cookie-path",
    "session-cookie-domain", "session-cookie-expires", "session-cookie-max-age", "session-cookie-samesite",
    "session-cookie-secure", "session-cookie-conditional-samesite-none", "session-cookie-change-on-failure",
    "auth-type", "auth-secret", "auth-secret-type", "auth-realm", "auth-url", "auth-signin",
    "auth-signin-redirect-param", "auth-method", "auth-cache-key", "auth-cache-duration", "auth-keepalive",
    "auth-keepalive-requests", "auth-keepalive-timeout", "auth-keepalive-share-vars", "auth-response-headers",
    "auth-proxy-set-headers", "auth-request-redirect", "auth-always-set-cookie", "auth-tls-secret",
    "auth-tls-verify-client", "auth-tls-verify-depth", "auth-tls-error-page", "auth-tls-match-cn",
    "auth-tls-pass-certificate-to-upstream", "canary", "canary-by-header", "canary-by-header-value",
    "canary-by-header-pattern", "canary-by-cookie", "canary-weight", "canary-weight-total", "enable-cors",
    "cors-allow-origin", "cors-allow-methods", "cors-allow-headers", "cors-expose-headers", "cors-allow-credentials",
    "cors-max-age", "custom-headers", "custom-http-errors", "disable-proxy-intercept-errors", "fastcgi-index",
    "fastcgi-params-configmap", "global-rate-limit", "global-rate-limit-window", "global-rate-limit-key",
    "global-rate-limit-ignored-cidrs", "limit-connections", "limit-rps", "limit-rpm", "limit-burst-multiplier",
    "limit-rate", "limit-rate-after", "limit-whitelist", "limit-allowlist", "load-balance", "mirror-target",
    "mirror-host", "mirror-request-body", "enable-modsecurity", "enable-owasp-core-rules",
    "enable-owasp-modsecurity-crs", "modsecurity-transaction-id", "proxy-ssl-secret", "proxy-ssl-ciphers",
    "proxy-ssl-name", "proxy-ssl-protocols", "proxy-ssl-verify", "proxy-ssl-verify-depth", "proxy-ssl-server-name",
    "ssl-passthrough", "upstream-hash-by", "upstream-hash-by-subset", "upstream-hash-by-subset-size"))

SNIPPETS: Final = frozenset(("configuration-snippet", "server-snippet", "auth-snippet", "stream-snippet",
                             "modsecurity-snippet"))
_KNOWN: Final = MODELLED | NEUTRAL | UNMODELLED | SNIPPETS


class _Reader:
    """The annotations with one prefix; remembers which of them could not be used."""

    def __init__(self, annotations: Mapping[str, str], prefix: str) -> None:
        start = prefix + "/"
        self.values = {name[len(start):]: value for name, value in annotations.items() if name.startswith(start)}
        self.notes: list[Note] = []

    def refuse(self, name: str, outcome: Outcome) -> None:
        self.notes.append(Note(name, self.values[name], outcome))

    def text(self, name: str, allowed: re.Pattern[str], outcome: Outcome) -> str:
        """The trimmed value, '' when absent, empty or refused."""
        value = self.values.get(name, "").strip()
        if value and not allowed.fullmatch(value):
            self.refuse(name, outcome)
            return ""
        return value

    def flag(self, name: str, outcome: Outcome = Outcome.IGNORED) -> bool | None:
        value = self.values.get(name)
        read = go_bool(value) if value is not None else None
        if value and read is None:
            self.refuse(name, outcome)
        return read

    def number(self, name: str, outcome: Outcome = Outcome.IGNORED) -> int | None:
        value = self.values.get(name, "")
        if value and not re.fullmatch(r"-?\d+", value):
            self.refuse(name, outcome)
            return None
        return int(value) if value else None

    def networks(self, name: str) -> tuple[IPNetwork, ...] | None:
        """Comma-separated addresses and CIDRs; None when absent, and when one is wrong, which closes the location."""
        value = self.values.get(name, "").strip()
        if not value:
            return None
        found = read_networks(value)
        if found is None:
            self.refuse(name, Outcome.DENIED)
        return found


def read_networks(text: str) -> tuple[IPNetwork, ...] | None:
    """`10.0.0.0/8, 192.0.2.7`; None when an entry is neither address nor CIDR."""
    parts = [part.strip() for part in text.split(",")]
    try:
        return tuple(IPNetwork.parse(part if "/" in part else f"{part}/{128 if ':' in part else 32}")
                     for part in parts if part)
    except ValueError:
        return None


def read_size(text: str) -> int | None:
    """Bytes of an nginx size: `1m`, `512k`, `0`; None for anything else."""
    found = _SIZE.fullmatch(text.strip())
    return int(found[1]) * _UNITS[found[2].lower()] if found else None


def read_annotations(annotations: Mapping[str, str], prefix: str = "nginx.ingress.kubernetes.io", *,
                     validates: bool = True, allows_snippets: bool = False) -> IngressSettings:
    """All that the annotations with `prefix` say. O(annotations); never raises.

    `validates` is the controller's --enable-annotation-validation: without it nothing drops the Ingress.
    `allows_snippets` is the ConfigMap's allow-snippet-annotations: without it a snippet drops the Ingress (rule K-16).
    """
    reader = _Reader(annotations, prefix)
    if not reader.values:
        return IngressSettings()
    location = _location(reader)
    aliases = _aliases(reader)
    _note_the_rest(reader, allows_snippets)
    dropped = next((note.name for note in reader.notes if note.outcome is Outcome.DROPPED), "")
    denied = next((note.name for note in reader.notes if note.outcome is Outcome.DENIED), "")
    is_canary = go_bool(reader.values.get("canary", "")) is True
    return IngressSettings(location=location, aliases=aliases, is_canary=is_canary,
                           dropped_by=dropped if validates else "", denied_by=denied, notes=tuple(reader.notes))


def _location(reader: _Reader) -> LocationSettings:
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
        backend_protocol=_protocol(reader))


def _rewrite_target(reader: _Reader) -> str:
    """Letters after a `$` name an nginx variable, which is not filled in here."""
    value = reader.text("rewrite-target", _CAPTURE_PATH, Outcome.IGNORED)
    if re.search(r"\$[A-Za-z_]", value):
        reader.refuse("rewrite-target", Outcome.NOT_MODELLED)
    return value


def _app_root(reader: _Reader) -> str:
    value = reader.text("app-root", _CAPTURE_PATH, Outcome.IGNORED)
    if value and not value.startswith("/"):
        reader.refuse("app-root", Outcome.IGNORED)
        return ""
    return value


def _redirect(reader: _Reader) -> Redirect | None:
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


def _redirect_url(reader: _Reader, name: str) -> str:
    """A URL of http or https; nginx variables in it are not filled in."""
    value = reader.text(name, _URL_WITH_VARIABLES, Outcome.DROPPED)
    if value and not value.startswith("http"):
        reader.refuse(name, Outcome.IGNORED)
        return ""
    if "$" in value:
        reader.refuse(name, Outcome.NOT_MODELLED)
    return value


def _body_size(reader: _Reader) -> int | None:
    value = reader.values.get("proxy-body-size", "")
    size = read_size(value) if value else None
    if value and size is None:
        reader.refuse("proxy-body-size", Outcome.IGNORED)
    return size


def _next_upstream(reader: _Reader) -> frozenset[str] | None:
    words = frozenset(reader.values.get("proxy-next-upstream", "").split())
    if words - {"error", "timeout", "off", "non_idempotent"}:
        reader.refuse("proxy-next-upstream", Outcome.NOT_MODELLED)
    return words or None


def _default_backend(reader: _Reader) -> str:
    value = reader.values.get("default-backend", "").strip()
    if value and dns1035_label_problem(value):
        reader.refuse("default-backend", Outcome.DROPPED)
        return ""
    return value


def _protocol(reader: _Reader) -> str:
    value = reader.values.get("backend-protocol", "HTTP").strip().upper()
    if value not in _PROTOCOLS:
        reader.refuse("backend-protocol", Outcome.IGNORED)
        return "HTTP"
    if value not in _MODELLED_PROTOCOLS:
        reader.refuse("backend-protocol", Outcome.NOT_MODELLED)
    return value


def _aliases(reader: _Reader) -> tuple[str, ...]:
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


def _note_the_rest(reader: _Reader, allows_snippets: bool) -> None:
    """Annotations nobody has looked at yet."""
    for name in reader.values:
        if name in SNIPPETS:
            reader.refuse(name, Outcome.NOT_MODELLED if allows_snippets else Outcome.DROPPED)
        elif name in UNMODELLED:
            reader.refuse(name, Outcome.NOT_MODELLED)
        elif name not in _KNOWN:
            reader.notes.append(Note(name, reader.values[name], Outcome.UNKNOWN, nearest(name, _KNOWN)))
