"""What an Ingress's annotations amount to: typed, read once, compiled into every location.

The values are made in `annotations`; here is only what they mean. None in a field that the ConfigMap also has means
"as the ConfigMap says".
"""

from __future__ import annotations

from dataclasses import dataclass

from simnet.dataplane.http.canary import CanaryPolicy
from simnet.dataplane.http.cors import Cors
from simnet.dataplane.http.credentials import Credentials, OuterAuth
from simnet.dataplane.http.notes import Note, Outcome
from simnet.dataplane.http.rates import Rates
from simnet.dataplane.http.sticky import Sticky
from simnet.ip import IPNetwork


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """permanent-redirect or temporal-redirect: every request of the location goes there (rules R-2, R-3)."""

    url: str
    status: int


@dataclass(frozen=True, slots=True)
class Reference:
    """An object that an annotation names: `kind` Secret or ConfigMap, `name` as written, the key it must have ('' for
    any). It must exist in the Ingress's own namespace (rules K-3, K-17, K-18)."""

    annotation: str
    kind: str
    name: str
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCertificates:
    """auth-tls-secret: whether a client must show a certificate; `mode` on, off, optional or optional_no_ca (K-18)."""

    secret: str
    mode: str = "on"
    error_page: str = ""
    match_cn: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationSettings:
    """What the annotations of one Ingress say about its locations. Fields are called after the annotations.

    `allow` and `deny` are the source ranges, None when not given; `proxy_body_size` is in bytes, 0 for unlimited;
    timeouts in seconds; `proxy_next_upstream` the conditions on which another endpoint is tried. `references` are the
    Secrets and ConfigMaps that must be there, else the location is closed.
    """

    rewrite_target: str = ""
    use_regex: bool = False
    app_root: str = ""
    ssl_redirect: bool | None = None
    force_ssl_redirect: bool | None = None
    preserve_trailing_slash: bool | None = None
    use_port_in_redirects: bool | None = None
    relative_redirects: bool | None = None
    redirect: Redirect | None = None
    from_to_www: bool = False
    allow: tuple[IPNetwork, ...] | None = None
    deny: tuple[IPNetwork, ...] | None = None
    proxy_body_size: int | None = None
    proxy_read_timeout: float | None = None
    proxy_next_upstream: frozenset[str] | None = None
    proxy_next_upstream_tries: int | None = None
    upstream_vhost: str = ""
    x_forwarded_prefix: str = ""
    service_upstream: bool | None = None
    default_backend: str = ""
    backend_protocol: str = "HTTP"
    cors: Cors | None = None
    credentials: Credentials | None = None
    outer_auth: OuterAuth | None = None
    satisfies_any: bool = False
    rates: Rates | None = None
    custom_http_errors: frozenset[int] | None = None
    intercepts_errors: bool = True
    mirror_target: str = ""
    custom_headers: str = ""
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IngressSettings:
    """Everything one Ingress's annotations say.

    `dropped_by` and `denied_by` name the annotation that drops the Ingress, or closes its paths with 503; '' if none
    does. A canary Ingress has no hosts and no paths of its own (rule Y-1); `canary` says which requests it takes.
    `hash_by` is upstream-hash-by, `hash_subset` the size of the subset (0: a single endpoint).
    """

    location: LocationSettings = LocationSettings()
    aliases: tuple[str, ...] = ()
    is_canary: bool = False
    canary: CanaryPolicy | None = None
    canary_ignores_affinity: bool = False
    sticky: Sticky | None = None
    hash_by: str = ""
    hash_subset: int = 0
    client_certificates: ClientCertificates | None = None
    dropped_by: str = ""
    denied_by: str = ""
    notes: tuple[Note, ...] = ()

    @property
    def not_modelled(self) -> tuple[str, ...]:
        """Names of the annotations that a real controller would heed and this one does not."""
        return tuple(note.name for note in self.notes if note.outcome is Outcome.NOT_MODELLED)
