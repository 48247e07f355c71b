"""A small world for the HTTP tests: objects in the shortest form that says what matters, and tables made from them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, cast

from simnet import ip
from simnet.control.ingress_class import ControllerFlags
from simnet.dataplane.http.believed import believe
from simnet.dataplane.http.controllers import Controller, Controllers
from simnet.dataplane.http.matching import Routing, decide
from simnet.dataplane.http.message import Request
from simnet.dataplane.http.table import ControllerTable
from simnet.names import ObjectKey
from simnet.objects.configmap import ConfigMap
from simnet.objects.endpointslice import SERVICE_NAME_LABEL, Endpoint, EndpointPort, EndpointSlice
from simnet.objects.ingress import Ingress, IngressBackend, IngressPath, IngressRule, IngressTLS
from simnet.objects.ingressclass import IngressClass
from simnet.objects.meta import Object
from simnet.objects.secret import Secret
from simnet.objects.service import Service, ServicePort
from simnet.settings import Settings
from simnet.store.store import Change, Store
from simnet.store.work import Work

PREFIX = "nginx.ingress.kubernetes.io/"
NGINX = IngressClass(key=ObjectKey("", "nginx"), controller="k8s.io/ingress-nginx")
CLIENT = ip.number("203.0.113.7")


def key(text: str) -> ObjectKey:
    """`name` in the default namespace, or `namespace/name`."""
    namespace, _, name = text.rpartition("/")
    return ObjectKey(namespace or "default", name)


def backend(text: str) -> IngressBackend:
    """`web:80`, `web:http`, or `resource:Bucket/x`."""
    name, _, port = text.partition(":")
    if name == "resource":
        kind, _, resource = port.partition("/")
        return IngressBackend(resource=("storage.example.com", kind, resource))
    return IngressBackend(name, int(port), "") if port.isdigit() else IngressBackend(name, 0, port)


def rule(host: str, *paths: str) -> IngressRule:
    """Paths as `Prefix /foo web:80`; a rule without any has no `http`."""
    found = []
    for text in paths:
        path_type, path, target = text.split(" ")
        found.append(IngressPath(path, path_type, backend(target)))
    return IngressRule(host, tuple(found) if paths else None)


def ingress(name: str, *rules: IngressRule, age: float = 0, annotations: Mapping[str, str] | None = None,
            tls: tuple[IngressTLS, ...] = (), default: str = "", of: str | None = "nginx", **more: Any) -> Ingress:
    """`age` in seconds: the larger, the older. Annotations without a prefix get ingress-nginx's."""
    given = {each if "/" in each else PREFIX + each: value for each, value in (annotations or {}).items()}
    return Ingress(key=key(name), rules=rules, created=1_000_000 - age, annotations=given, tls=tls,
                   ingress_class_name=of, default_backend=backend(default) if default else None, **more)


def service(name: str, *ports: ServicePort, **more: Any) -> Service:
    return Service(key=key(name), ports=ports or (ServicePort(80, target_port=8080),), **more)


def endpoints(name: str, *addresses: str, port: int = 8080, ready: bool | None = None, port_name: str = "",
              suffix: str = "s") -> EndpointSlice:
    """One slice of the Service `name`."""
    found = key(name)
    return EndpointSlice(
        key=ObjectKey(found.namespace, f"{found.name}-{suffix}"), labels={SERVICE_NAME_LABEL: found.name},
        ports=(EndpointPort(port_name, "TCP", port),),
        endpoints=tuple(Endpoint((ip.number(each),), ready=ready, target=ObjectKey(found.namespace, f"pod-{each}"))
                        for each in addresses))


class Net:
    """What the tables ask of a view, over a real store."""

    def __init__(self, *objects: Object) -> None:
        self.work = Work()
        self.settings = Settings.read({"addons": ()})
        self.store = Store(self.work)
        self.ingress = Controllers(self)
        self.put(NGINX, *objects)

    def put(self, *objects: Object) -> None:
        for each in objects:
            self._commit(Change(each.kind, each.key, each))

    def delete(self, each: Object) -> None:
        self._commit(Change(each.kind, each.key, None))

    def _commit(self, change: Change) -> None:
        event = self.store.commit(change)
        if event is not None:
            self.ingress.update(event)

    def service(self, name: ObjectKey) -> Service | None:
        return cast("Service | None", self.store.get("Service", name))

    def secret(self, name: ObjectKey) -> Secret | None:
        return cast("Secret | None", self.store.get("Secret", name))

    def configmap(self, name: ObjectKey) -> ConfigMap | None:
        return cast("ConfigMap | None", self.store.get("ConfigMap", name))

    def slices(self, name: ObjectKey) -> Collection[EndpointSlice]:
        return [each for each in self.store.list("EndpointSlice") if isinstance(each, EndpointSlice)
                and each.service == name]

    def table(self, config: Mapping[str, str] | None = None, **flags: Any) -> ControllerTable:
        """The table of a controller with these flags and this ConfigMap."""
        if config is not None:
            self.put(ConfigMap(key=key("ingress-nginx/config"), data=config))
            flags["configmap"] = key("ingress-nginx/config")
        return self.ingress.table_of(Controller(key("ingress-nginx/c"), ControllerFlags(**flags)))


def table(*objects: Object, config: Mapping[str, str] | None = None, **flags: Any) -> ControllerTable:
    return Net(*objects).table(config, **flags)


def ask(found: ControllerTable, url: str, *, client: int = CLIENT, port: int = 0, **more: Any) -> Routing:
    """Route `http://host/target`; keywords are those of Request."""
    scheme, _, rest = url.partition("://")
    host, slash, target = rest.partition("/")
    request = Request(scheme=scheme, host=more.pop("host", host), target=more.pop("target", slash + target), **more)
    arrived = port or (443 if scheme == "https" else 80)
    return decide(found, request, believe(request, client, arrived, found.config))


def outcome(routing: Routing) -> str:
    """In one word: the backend's Service and what it is asked for, `default`, or the status and Location."""
    if routing.answer is not None:
        return f"{routing.answer.status} {routing.answer.location}".strip()
    assert routing.location is not None
    chosen = routing.location.rule.backend
    return "default" if chosen is None else f"{chosen.service} {routing.target}"
