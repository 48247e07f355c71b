"""What an Ingress's annotations amount to: typed, read once, compiled into every location.

The values are made in `annotations`; here is only what they mean. None in a field that the ConfigMap also has means
"as the ConfigMap says".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from simnet.ip import IPNetwork


class Outcome(StrEnum):
    """What becomes of an annotation that has no effect as written (rule K-17)."""

    NOT_MODELLED = "known to ingress-nginx, not modelled here"
    UNKNOWN = "not an annotation of ingress-nginx"
    IGNORED = "value cannot be used: ignored, the default applies"
    DENIED = "value cannot be used: all paths of the Ingress answer 503"
    DROPPED = "value cannot be used: the whole Ingress is dropped"


@dataclass(frozen=True, slots=True)
class Note:
    """One annotation that does not do what it says. `name` is without prefix; `nearest` is the name probably meant."""

    name: str
    value: str
    outcome: Outcome
    nearest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """permanent-redirect or temporal-redirect: every request of the location goes there (rules R-2, R-3)."""

    url: str
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationSettings:
    """What the annotations of one Ingress say about its locations. Fields are called after the annotations.

    `allow` and `deny` are the source ranges, None when not given; `proxy_body_size` is in bytes, 0 for unlimited;
    timeouts in seconds; `proxy_next_upstream` the conditions on which another endpoint is tried.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class IngressSettings:
    """Everything one Ingress's annotations say.

    `dropped_by` and `denied_by` name the annotation that drops the Ingress, or closes its paths with 503; '' if none
    does. A canary Ingress has no hosts and no paths of its own (rule Y-1).
    """

    location: LocationSettings = LocationSettings()
    aliases: tuple[str, ...] = ()
    is_canary: bool = False
    dropped_by: str = ""
    denied_by: str = ""
    notes: tuple[Note, ...] = ()

    @property
    def not_modelled(self) -> tuple[str, ...]:
        """Names of the annotations that a real controller would heed and this one does not."""
        return tuple(note.name for note in self.notes if note.outcome is Outcome.NOT_MODELLED)
