"""A cluster as the DNS server sees it: a real store, real indexes, objects written down in one line each."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from simnet import ip
from simnet.dataplane.dns.lookup import Lookup
from simnet.dataplane.dns.server import ClusterDNS
from simnet.dataplane.memo import Memo
from simnet.dataplane.packet import Actor
from simnet.labels import NOTHING, Selector
from simnet.names import ObjectKey
from simnet.objects.endpointslice import SERVICE_NAME_LABEL, Endpoint, EndpointPort, EndpointSlice
from simnet.objects.meta import Object
from simnet.objects.namespace import Namespace
from simnet.objects.pod import DNSConfig, Pod, PodSpec
from simnet.objects.service import Service, ServicePort
from simnet.settings import Settings
from simnet.store.index import Index, ScarceIndex
from simnet.store.store import Change, Store
from simnet.store.work import Work


class Net:
    """What `View` offers to DNS, fed by commits to a real store."""

    def __init__(self, *objects: Object, ingress: dict[str, str] | None = None, **settings: Any) -> None:
        self.settings = Settings.read({"nodes": 0, "addons": (), **settings})
        self.work = Work()
        self.store = Store(self.work)
        self.now = 1_800_000_000.0
        self.memo = Memo()
        self._ingress = ingress if ingress is not None else {}
        self._slices: Index[EndpointSlice] = Index(lambda each: (each.service,))
        self._with: ScarceIndex[Service] = ScarceIndex(lambda each: each.cluster_ips)
        self._pods: ScarceIndex[Pod] = ScarceIndex(lambda each: each.pod_ips)
        self._indexes = {"EndpointSlice": self._slices, "Service": self._with, "Pod": self._pods}
        self.dns = ClusterDNS(self)
        self.add(*objects)

    def add(self, *objects: Object) -> None:
        for each in objects:
            self.commit(Change(each.kind, each.key, each))

    def remove(self, each: Object) -> None:
        self.commit(Change(each.kind, each.key, None))

    def commit(self, change: Change) -> None:
        event = self.store.commit(change)
        if event is not None:
            self.memo.clear()
            if event.kind in self._indexes:
                self._indexes[event.kind].update(event.key, event.old, event.new)
            self.dns.update(event)

    def service(self, key: ObjectKey) -> Service | None:
        return self.store.get("Service", key)

    def services(self) -> Collection[Service]:
        return self.store.list("Service")

    def namespace(self, name: str) -> Namespace | None:
        return self.store.get("Namespace", ObjectKey("", name))

    def pod(self, key: ObjectKey) -> Pod | None:
        return self.store.get("Pod", key)

    def slices(self, service: ObjectKey) -> Collection[EndpointSlice]:
        return self._slices.get(service).values()

    def services_with(self, address: int) -> tuple[Service, ...]:
        return self._with.get(address)

    def pods_at(self, address: int) -> tuple[Pod, ...]:
        return self._pods.get(address)

    def ingress_address(self, host: str) -> str | None:
        return self._ingress.get(host)

    def ask(self, name: str, kind: str = "A") -> str:
        """The answer in one line: the records' data in order of text, or NODATA, NXDOMAIN ..."""
        answer = self.dns.query(name, kind)
        return " ".join(sorted(record.data_text for record in answer.answer)) or answer.kind

    def why(self, name: str, kind: str = "A") -> object:
        return self.dns.query(name, kind).reason

    def look_up(self, name: str, pod: Pod, libc: str = "glibc", family: int | None = None) -> Lookup:
        return self.dns.clients.lookup(actor(pod, libc), name, family)


def actor(each: Pod, libc: str = "glibc") -> Actor:
    return Actor(f"pod/{each.key}", each.pod_ips, each.node_name, each, each.spec.host_network, libc)


def numbers(*texts: str) -> tuple[int, ...]:
    return tuple(ip.number(text) for text in texts)


def key(text: str) -> ObjectKey:
    return ObjectKey(*text.split("/"))


def namespace(*names: str) -> list[Namespace]:
    return [Namespace(key=ObjectKey("", name)) for name in names]


def service(name: str, *addresses: str, ports: tuple[tuple[str, int] | tuple[str, int, str], ...] = (("http", 80),),
            selector: dict[str, str] | None = None, external_name: str = "") -> Service:
    """`addresses` are the cluster IPs; none makes the Service headless, unless it is an ExternalName one."""
    return Service(
        key=key(name), cluster_ips=numbers(*addresses), is_headless=not addresses and not external_name,
        type="ExternalName" if external_name else "ClusterIP", external_name=external_name,
        selector=Selector.from_map(selector) if selector else NOTHING,
        ports=tuple(ServicePort(port[1], port[0], port[2] if len(port) > 2 else "TCP") for port in ports))


def slice_of(service_name: str, *endpoints: Endpoint, ports: tuple[tuple[str, int], ...] = (("http", 8080),),
             family: int = 4, suffix: str = "1") -> EndpointSlice:
    owner = key(service_name)
    return EndpointSlice(
        key=ObjectKey(owner.namespace, f"{owner.name}-v{family}-{suffix}"), labels={SERVICE_NAME_LABEL: owner.name},
        address_type=f"IPv{family}", endpoints=endpoints,
        ports=tuple(EndpointPort(name, "TCP", number) for name, number in ports))


def endpoint(address: str, hostname: str = "", ready: bool | None = True, pod: str = "") -> Endpoint:
    return Endpoint(numbers(address), ready=ready, hostname=hostname, target=key(pod) if pod else None)


def pod(name: str, *addresses: str, phase: str = "Running", labels: dict[str, str] | None = None,
        **spec: Any) -> Pod:
    config = spec.pop("dns_config", None)
    return Pod(key=key(name), pod_ips=numbers(*addresses), phase=phase, ready=True, labels=labels or {},
               spec=PodSpec(dns_config=DNSConfig(**config) if config else None, **spec))
