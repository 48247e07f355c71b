"""ingress-nginx's ConfigMap -> `ProxyConfig`: what holds for every location unless an annotation says otherwise.

Source: kubernetes/ingress-nginx docs/user-guide/nginx-configuration/configmap.md, internal/ingress/controller/
config/config.go (defaults); rules T-7, T-8, T-10, F-2, F-4, K-1, K-2, K-5, K-12.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from simnet.control.ingress_class import go_bool
from simnet.dataplane.http.annotation_reader import read_codes, read_networks, read_size
from simnet.ip import IPNetwork

ANYWHERE: Final = (IPNetwork.parse("0.0.0.0/0"), IPNetwork.parse("::/0"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyConfig:
    """Fields are called after the keys. Sizes in bytes, times in seconds.

    `not_modelled` lists keys that would change what clients or backends see and have no effect here, `unusable` those
    whose value cannot be read.
    """

    ssl_redirect: bool = True
    force_ssl_redirect: bool = False
    preserve_trailing_slash: bool = False
    use_port_in_redirects: bool = False
    relative_redirects: bool = False
    http_redirect_code: int = 308
    no_tls_redirect_locations: tuple[str, ...] = ("/.well-known/acme-challenge",)
    hsts: bool = True
    hsts_include_subdomains: bool = True
    hsts_max_age: str = "31536000"
    hsts_preload: bool = False
    use_forwarded_headers: bool = False
    compute_full_forwarded_for: bool = False
    proxy_real_ip_cidr: tuple[IPNetwork, ...] = ANYWHERE
    proxy_add_original_uri_header: bool = False
    proxy_body_size: int = 1 << 20
    proxy_read_timeout: float = 60.0
    proxy_next_upstream: frozenset[str] = frozenset(("error", "timeout"))
    proxy_next_upstream_tries: int = 3
    service_upstream: bool = False
    use_http2: bool = True
    whitelist_source_range: tuple[IPNetwork, ...] | None = None
    denylist_source_range: tuple[IPNetwork, ...] | None = None
    allow_snippet_annotations: bool = False
    custom_http_errors: frozenset[int] = frozenset()
    intercepts_errors: bool = True
    limit_req_status_code: int = 503
    global_allowed_response_headers: tuple[str, ...] = ()
    allow_cross_namespace_resources: bool = False
    strict_validate_path_type: bool = True
    annotation_value_word_blocklist: tuple[str, ...] = ()
    not_modelled: tuple[str, ...] = ()
    unusable: tuple[str, ...] = ()


DOCUMENTED: Final = ProxyConfig(ssl_redirect=False, hsts=False, proxy_body_size=0, proxy_next_upstream=frozenset(("off",)))
"""A controller that keeps to the API documents: none of nginx's own steps."""


def _whole(text: str) -> int | None:
    return int(text) if text.strip().isdigit() else None


def _seconds(text: str) -> float | None:
    number = _whole(text)
    return float(number) if number is not None else None


def _words(text: str) -> frozenset[str] | None:
    return frozenset(text.split()) or None


def _paths(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _redirect_code(text: str) -> int | None:
    number = _whole(text)
    return number if number in (301, 302, 307, 308) else None


def _error_status(text: str) -> int | None:
    number = _whole(text)
    return number if number is not None and 400 <= number <= 599 else None


def _age(text: str) -> str | None:
    return text.strip() if text.strip().isdigit() else None


_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    **dict.fromkeys(("ssl-redirect", "force-ssl-redirect", "preserve-trailing-slash", "use-port-in-redirects",
                     "relative-redirects", "hsts", "hsts-include-subdomains", "hsts-preload", "use-forwarded-headers",
                     "compute-full-forwarded-for", "proxy-add-original-uri-header", "service-upstream",
                     "allow-snippet-annotations", "allow-cross-namespace-resources", "strict-validate-path-type",
                     "use-http2"),
                    go_bool),
    "custom-http-errors": read_codes, "limit-req-status-code": _error_status,
    "global-allowed-response-headers": _paths, "annotation-value-word-blocklist": _paths,
    "http-redirect-code": _redirect_code, "no-tls-redirect-locations": _paths, "hsts-max-age": _age,
    "proxy-real-ip-cidr": read_networks, "proxy-body-size": read_size, "proxy-read-timeout": _seconds,
    "proxy-next-upstream": _words, "proxy-next-upstream-tries": _whole, "whitelist-source-range": read_networks,
    "denylist-source-range": read_networks}

UNMODELLED: Final = frozenset((
    "add-headers", "proxy-set-headers", "hide-headers", "custom-headers", "location-snippet", "server-snippet",
    "http-snippet", "main-snippet", "global-auth-url", "global-auth-signin", "limit-conn-status-code",
    "use-proxy-protocol", "enable-real-ip", "forwarded-for-header", "block-cidrs", "block-user-agents",
    "block-referers", "enable-modsecurity", "enable-owasp-modsecurity-crs", "annotations-risk-level",
    "generate-request-id", "enable-underscores-in-headers",
    "ignore-invalid-headers", "allow-backend-server-header"))
"""Keys that change what clients or backends see and are not modelled. Others tune nginx or its logs."""


def read_config(data: Mapping[str, str]) -> ProxyConfig:
    """The ConfigMap's data; a value that cannot be read leaves the default, as ingress-nginx does. Never raises."""
    values: dict[str, Any] = {}
    unusable: list[str] = []
    for key, value in data.items():
        if key == "disable-proxy-intercept-errors":
            values["intercepts_errors"] = go_bool(value) is not True
        reader = _READERS.get(key)
        if reader is None:
            continue
        read = reader(value)
        if read is None:
            unusable.append(key)
        else:
            values[key.replace("-", "_")] = read
    return ProxyConfig(**values, unusable=tuple(unusable), not_modelled=tuple(key for key in data if key in UNMODELLED))
