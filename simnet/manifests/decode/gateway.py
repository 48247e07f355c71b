"""GatewayClass, Gateway, HTTPRoute and ReferenceGrant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from simnet.clock import from_iso, parse_duration
from simnet.errors import UsageError
from simnet.labels import Selector
from simnet.manifests.decode.meta import Origin, common
from simnet.manifests.decode.values import Data, items, section, texts
from simnet.objects.gateway import (
    GROUP,
    Condition,
    Gateway,
    GatewayClass,
    Listener,
    ListenerStatus,
    Reference,
    ReferenceGrant,
)
from simnet.objects.httproute import (
    BackendRef,
    CORSFilter,
    Filter,
    HeaderFilter,
    HTTPRoute,
    MirrorFilter,
    Named,
    OtherFilter,
    ParentRef,
    ParentStatus,
    PathModifier,
    RedirectFilter,
    RewriteFilter,
    RouteMatch,
    RouteRule,
    RouteSpec,
)
from simnet.objects.meta import Object, read_only

_UNMODELLED = ("retry", "sessionPersistence")


# GatewayClass, Gateway ------------------------------------------------------------------------------------------

def gateway_class(data: Data, origin: Origin) -> Object:
    """A GatewayClass."""
    return GatewayClass(**common(data, origin), controller=section(data, "spec").get("controllerName") or "",
                        conditions=_conditions(origin.status(data)))


def gateway(data: Data, origin: Origin) -> Object:
    """A Gateway."""
    spec, status, whole = section(data, "spec"), origin.status(data), common(data, origin)
    infrastructure = section(spec, "infrastructure")
    return Gateway(
        **whole, class_name=spec.get("gatewayClassName") or "",
        listeners=tuple(_listener(each, whole["key"].namespace) for each in items(spec, "listeners")),
        wanted=tuple((each.get("type") or "IPAddress", each.get("value") or "") for each in items(spec, "addresses")),
        infrastructure_labels=read_only(section(infrastructure, "labels")),
        infrastructure_annotations=read_only(section(infrastructure, "annotations")),
        addresses=tuple(each.get("value") or "" for each in items(status, "addresses")),
        conditions=_conditions(status), statuses=tuple(map(_listener_status, items(status, "listeners"))))


def _listener(given: Data, namespace: str) -> Listener:
    tls, allowed = given.get("tls"), section(given, "allowedRoutes")
    source = section(allowed, "namespaces")
    selector = source.get("selector")
    return Listener(
        name=given.get("name") or "", port=given.get("port") or 0, protocol=given.get("protocol") or "",
        hostname=(given.get("hostname") or "").lower(),
        mode=(tls.get("mode") or "Terminate") if tls is not None else "",
        certificates=tuple(_reference(each, namespace, "", "Secret") for each in items(tls or {}, "certificateRefs")),
        allow_from=source.get("from") or "Same",
        selector=Selector.from_label_selector(selector) if selector is not None else None,
        kinds=tuple((each.get("group", GROUP), each.get("kind") or "") for each in items(allowed, "kinds")))


def _reference(given: Data, namespace: str, group: str, kind: str) -> Reference:
    """A reference with the defaults of the place it stands in."""
    return Reference(given.get("group", group) or "", given.get("kind") or kind, given.get("namespace") or namespace,
                     given.get("name") or "")


def _listener_status(given: Data) -> ListenerStatus:
    kinds = tuple((each.get("group", GROUP), each.get("kind") or "") for each in items(given, "supportedKinds"))
    return ListenerStatus(given.get("name") or "", given.get("attachedRoutes") or 0, kinds, _conditions(given))


def _conditions(status: Data) -> tuple[Condition, ...]:
    return tuple(Condition(each.get("type") or "", each.get("status") or "", each.get("reason") or "",
                           each.get("message") or "", _moment(each.get("lastTransitionTime")))
                 for each in items(status, "conditions"))


def _moment(text: str | None) -> float:
    return from_iso(text) if text else 0.0


def reference_grant(data: Data, origin: Origin) -> Object:
    """A ReferenceGrant."""
    spec = section(data, "spec")
    return ReferenceGrant(
        **common(data, origin),
        sources=tuple((each.get("group") or "", each.get("kind") or "", each.get("namespace") or "")
                      for each in items(spec, "from")),
        targets=tuple((each.get("group") or "", each.get("kind") or "", each.get("name") or "")
                      for each in items(spec, "to")))


# HTTPRoute ------------------------------------------------------------------------------------------------------

def http_route(data: Data, origin: Origin) -> Object:
    """An HTTPRoute. A route without rules has one that matches everything and leads nowhere."""
    spec, whole = section(data, "spec"), common(data, origin)
    namespace = whole["key"].namespace
    rules = items(spec, "rules") or ({},)
    return HTTPRoute(
        **whole,
        spec=RouteSpec(tuple(_parent(each, namespace) for each in items(spec, "parentRefs")),
                       tuple(each.lower() for each in texts(spec, "hostnames")),
                       tuple(_rule(each, namespace) for each in rules)),
        statuses=tuple(_parent_status(each, namespace) for each in items(origin.status(data), "parents")))


def _parent(given: Data, namespace: str) -> ParentRef:
    return ParentRef(given.get("group", GROUP) or "", given.get("kind") or "Gateway",
                     given.get("namespace") or namespace, given.get("name") or "", given.get("sectionName") or "",
                     given.get("port") or 0)


def _parent_status(given: Data, namespace: str) -> ParentStatus:
    return ParentStatus(_parent(section(given, "parentRef"), namespace), given.get("controllerName") or "",
                        _conditions(given))


def _rule(given: Data, namespace: str) -> RouteRule:
    timeouts = section(given, "timeouts")
    return RouteRule(
        matches=tuple(map(_match, items(given, "matches"))) or (RouteMatch(),),
        filters=_filters(given, namespace),
        backends=tuple(_backend(each, namespace) for each in items(given, "backendRefs")),
        timeout=_seconds(timeouts.get("request")),
        attempt_timeout=_seconds(timeouts.get("backendRequest")),
        name=given.get("name") or "", unmodelled=tuple(name for name in _UNMODELLED if given.get(name)))


def _seconds(text: str | None) -> float:
    """A duration in seconds; one that is absent, or stated as a fact and unreadable, is none (rule G-20)."""
    try:
        return parse_duration(text) if text else 0.0
    except UsageError:
        return 0.0


def _match(given: Data) -> RouteMatch:
    path = section(given, "path")
    return RouteMatch(path.get("type") or "PathPrefix", path.get("value", "/") or "/", given.get("method") or "",
                      _named(items(given, "headers"), str.lower), _named(items(given, "queryParams"), str))


def _named(entries: tuple[Data, ...], same: Callable[[str], str]) -> tuple[Named, ...]:
    """Of several conditions on one name only the first counts (rule G-9)."""
    found: dict[str, Named] = {}
    for each in entries:
        name = each.get("name") or ""
        found.setdefault(same(name), Named(name, each.get("value") or "", each.get("type") == "RegularExpression"))
    return tuple(found.values())


def _backend(given: Data, namespace: str) -> BackendRef:
    weight = given.get("weight")
    return BackendRef(_reference(given, namespace, "", "Service"), given.get("port") or 0,
                      1 if weight is None else weight, _filters(given, namespace))


def _filters(given: Data, namespace: str) -> tuple[Filter, ...]:
    return tuple(_filter(each, namespace) for each in items(given, "filters"))


def _filter(given: Data, namespace: str) -> Filter:
    kind = str(given.get("type"))
    read = _FILTERS.get(kind)
    if read is None:
        named = section(given, "extensionRef")
        return OtherFilter(kind, "/".join(str(named[key]) for key in ("kind", "name") if named.get(key)))
    return read(section(given, kind[:1].lower() + kind[1:] if kind not in _BODIES else _BODIES[kind]), namespace)


def _headers(given: Data, of_response: bool) -> HeaderFilter:
    """Names without case; of equal names in one list the first counts (rule G-13)."""
    def pairs(name: str) -> tuple[tuple[str, str], ...]:
        found: dict[str, tuple[str, str]] = {}
        for each in items(given, name):
            header = each.get("name") or ""
            found.setdefault(header.lower(), (header, each.get("value") or ""))
        return tuple(found.values())
    return HeaderFilter(pairs("set"), pairs("add"), texts(given, "remove"), of_response)


def _modifier(given: Data) -> PathModifier | None:
    path = section(given, "path")
    if not path:
        return None
    is_full = path.get("type") == "ReplaceFullPath"
    return PathModifier(is_full, path.get("replaceFullPath" if is_full else "replacePrefixMatch") or "")


def _redirect(given: Data, namespace: str) -> Filter:
    return RedirectFilter(given.get("scheme") or "", given.get("hostname") or "", given.get("port") or 0,
                          _modifier(given), given.get("statusCode") or 302)


def _mirror(given: Data, namespace: str) -> Filter:
    fraction, percent = section(given, "fraction"), given.get("percent")
    share = Fraction(1) if percent is None else Fraction(percent, 100)
    if fraction:
        share = Fraction(fraction.get("numerator") or 0, fraction.get("denominator") or 100)
    return MirrorFilter(_backend(section(given, "backendRef"), namespace), share)


def _cors(given: Data, namespace: str) -> Filter:
    return CORSFilter(texts(given, "allowOrigins"), bool(given.get("allowCredentials")), texts(given, "allowMethods"),
                      texts(given, "allowHeaders"), texts(given, "exposeHeaders"), given.get("maxAge") or 5)


_BODIES: Mapping[str, str] = {"URLRewrite": "urlRewrite", "CORS": "cors"}
_FILTERS: Mapping[str, Callable[[Data, str], Filter]] = {
    "RequestHeaderModifier": lambda given, namespace: _headers(given, False),
    "ResponseHeaderModifier": lambda given, namespace: _headers(given, True),
    "RequestRedirect": _redirect, "RequestMirror": _mirror, "CORS": _cors,
    "URLRewrite": lambda given, namespace: RewriteFilter(given.get("hostname") or "", _modifier(given)),
}
