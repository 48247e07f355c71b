"""gateway.networking.k8s.io/v1 HTTPRoute."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, ClassVar

from simnet.objects.gateway import GROUP, Condition, Reference
from simnet.objects.meta import Object, merged


@dataclass(frozen=True, slots=True)
class ParentRef:
    """What a route wants to be attached to; `section` is a listener's name, '' or 0 where the route does not say."""

    group: str
    kind: str
    namespace: str
    name: str
    section: str = ""
    port: int = 0

    @property
    def is_gateway(self) -> bool:
        return (self.group, self.kind) == (GROUP, "Gateway")


@dataclass(frozen=True, slots=True)
class Named:
    """A condition on one header or query parameter; `is_regex` for type RegularExpression."""

    name: str
    value: str
    is_regex: bool = False


@dataclass(frozen=True, slots=True)
class RouteMatch:
    """All parts must hold. `path_type` is Exact, PathPrefix or RegularExpression; `method` '' means any."""

    path_type: str = "PathPrefix"
    path: str = "/"
    method: str = ""
    headers: tuple[Named, ...] = ()
    query: tuple[Named, ...] = ()


@dataclass(frozen=True, slots=True)
class PathModifier:
    """`is_full` for ReplaceFullPath; else the matched prefix is replaced."""

    is_full: bool
    value: str


@dataclass(frozen=True, slots=True)
class HeaderFilter:
    """RequestHeaderModifier, or ResponseHeaderModifier with `of_response`."""

    set: tuple[tuple[str, str], ...] = ()
    add: tuple[tuple[str, str], ...] = ()
    remove: tuple[str, ...] = ()
    of_response: bool = False


@dataclass(frozen=True, slots=True)
class RedirectFilter:
    """Parts that are not given are '' , 0 or None."""

    scheme: str = ""
    hostname: str = ""
    port: int = 0
    path: PathModifier | None = None
    status: int = 302


@dataclass(frozen=True, slots=True)
class RewriteFilter:
    hostname: str = ""
    path: PathModifier | None = None


@dataclass(frozen=True, slots=True)
class MirrorFilter:
    """`share` of the requests is copied."""

    backend: BackendRef
    share: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class CORSFilter:
    """`max_age` in seconds."""

    origins: tuple[str, ...] = ()
    credentials: bool = False
    methods: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    expose: tuple[str, ...] = ()
    max_age: int = 5


@dataclass(frozen=True, slots=True)
class OtherFilter:
    """A filter that simnet does not act on: ExtensionRef, ExternalAuth. `type` as written."""

    type: str
    text: str = ""


Filter = HeaderFilter | RedirectFilter | RewriteFilter | MirrorFilter | CORSFilter | OtherFilter


@dataclass(frozen=True, slots=True)
class BackendRef:
    """Where a share of a rule's requests goes; `port` 0 when none is given."""

    target: Reference
    port: int = 0
    weight: int = 1
    filters: tuple[Filter, ...] = ()

    def __str__(self) -> str:
        kind = "Service" if self.target.kind == "Service" else self.target.kind
        return f"{kind} {self.target.namespace}/{self.target.name}" + (f":{self.port}" if self.port else "")


@dataclass(frozen=True, slots=True)
class RouteRule:
    """Alternatives, what is done to the request, and backends. `timeout` and `attempt_timeout` in seconds, 0 for none.

    `unmodelled` are fields of the rule that are kept and not acted on.
    """

    matches: tuple[RouteMatch, ...] = (RouteMatch(),)
    filters: tuple[Filter, ...] = ()
    backends: tuple[BackendRef, ...] = ()
    timeout: float = 0.0
    attempt_timeout: float = 0.0
    name: str = ""
    unmodelled: tuple[str, ...] = ()

    @property
    def redirect(self) -> RedirectFilter | None:
        return next((each for each in self.filters if isinstance(each, RedirectFilter)), None)


@dataclass(frozen=True, slots=True)
class ParentStatus:
    """What one controller says about one parentRef."""

    parent: ParentRef
    controller: str
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class RouteSpec:
    """All that matching needs; the same object as long as only the status of the route changes."""

    parents: tuple[ParentRef, ...] = ()
    hostnames: tuple[str, ...] = ()
    rules: tuple[RouteRule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HTTPRoute(Object):
    kind: ClassVar[str] = "HTTPRoute"
    api_version: ClassVar[str] = f"{GROUP}/v1"

    spec: RouteSpec = field(default_factory=RouteSpec)
    statuses: tuple[ParentStatus, ...] = ()

    def _complete(self, whole: dict[str, Any]) -> None:
        written = (whole.get("spec") or {}).get("parentRefs") or ()
        entries = []
        for each in self.statuses:
            given = next((ref for ref, parent in zip(written, self.spec.parents, strict=False) if parent == each.parent),
                         {"name": each.parent.name})
            entries.append({"parentRef": given, "controllerName": each.controller,
                            "conditions": [condition.as_manifest() for condition in each.conditions]})
        whole["status"] = merged(whole.get("status"), {"parents": entries})
