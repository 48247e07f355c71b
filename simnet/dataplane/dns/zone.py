"""What a name in the cluster zone holds, before anybody asks for a type.

A name either exists (`Held`, perhaps with nothing of its own) or it does not (`Absent`), whatever the type (D60).
Rules: D4, D6, D11 to D44, D59. Source: kubernetes/dns docs/specification.md; coredns/coredns
plugin/kubernetes/kubernetes.go findServices and findPods.
"""

from __future__ import annotations

from collections.abc import Collection
from heapq import nsmallest
from typing import NamedTuple, Protocol, assert_never, cast

from simnet import ip
from simnet.dataplane.dns import questions, reasons
from simnet.dataplane.dns.endpoints import EndpointTable, Pair
from simnet.dataplane.dns.reasons import Reason
from simnet.names import ObjectKey
from simnet.objects.endpointslice import EndpointSlice
from simnet.objects.namespace import Namespace
from simnet.objects.pod import Pod
from simnet.objects.service import Service
from simnet.settings import DNSSettings, Settings
from simnet.store.index import Index, ScarceIndex
from simnet.store.store import Event
from simnet.store.work import Work

SCHEMA_VERSION = "1.1.0"
SHOWN = 5  # how many near misses a reason carries
MOST_REMEMBERED = 50_000


class Objects(Protocol):
    """What DNS reads of a cluster; the data plane's `View` has it all."""

    @property
    def settings(self) -> Settings: ...

    @property
    def now(self) -> float: ...

    @property
    def work(self) -> Work: ...

    def service(self, key: ObjectKey) -> Service | None: ...

    def namespace(self, name: str) -> Namespace | None: ...

    def pod(self, key: ObjectKey) -> Pod | None: ...

    def services(self) -> Collection[Service]: ...

    def slices(self, service: ObjectKey) -> Collection[EndpointSlice]: ...

    def services_with(self, address: int) -> tuple[Service, ...]: ...

    def pods_at(self, address: int) -> tuple[Pod, ...]: ...

    def ingress_address(self, host: str) -> str | None: ...


class Held(NamedTuple):
    """A name that exists, perhaps with address and port pairs; an alias is all in its reason."""

    reason: Reason
    pairs: tuple[Pair, ...] = ()


class Absent(NamedTuple):
    """A name that does not exist."""

    reason: Reason


class ClusterZone:
    """The names of Services, endpoints and pods. Reads `net` by key only; nothing here scans.

    `update` follows Services, slices and, with pods verified, pods; endpoint tables are rebuilt when next asked for.
    """

    def __init__(self, net: Objects, settings: DNSSettings) -> None:
        self._net = net
        self._settings = settings
        self._found: dict[str, Held | Absent] = {}
        self._tables: dict[ObjectKey, EndpointTable] = {}
        self._services_named: Index[Service] = Index(lambda service: (service.name,))
        self._pods_by_address: ScarceIndex[Pod] = ScarceIndex(_first_address)

    def update(self, event: Event) -> None:
        """Follow one event. O(1), and O(addresses) for a pod with pods verified."""
        old, new = event.old, event.new
        if self._found:
            self._found.clear()
        if event.kind == "Service":
            if (old is None) != (new is None):
                self._services_named.update(event.key, cast("Service | None", old), cast("Service | None", new))
            self._tables.pop(event.key, None)
        elif event.kind == "EndpointSlice":
            for each in (old, new):
                if isinstance(each, EndpointSlice) and each.service is not None:
                    self._tables.pop(each.service, None)
        elif event.kind == "Pod" and self._settings.pods == "verified":
            self._pods_by_address.update(event.key, cast("Pod | None", old), cast("Pod | None", new))

    def fork(self, net: Objects) -> ClusterZone:
        """An independent copy that reads `net`."""
        twin = ClusterZone(net, self._settings)
        twin._tables = self._tables.copy()
        twin._services_named = self._services_named.fork()
        twin._pods_by_address = self._pods_by_address.fork()
        return twin

    # the grammar, form by form -------------------------------------------------------------------------------------

    def find(self, relative: str) -> Held | Absent:
        """What the name (lower case, relative to the zone) holds. Remembered until the next change, for the AAAA that
        follows the A."""
        found = self._found.get(relative)
        if found is None:
            if len(self._found) >= MOST_REMEMBERED:
                self._found.clear()
            found = self._found[relative] = self._find(relative)
        return found

    def _find(self, relative: str) -> Held | Absent:
        question = questions.parse(relative, self._settings.zonal)
        match question:
            case (questions.ServiceName() | questions.EndpointName() | questions.PortName()
                  | questions.ProtocolName() | questions.ZonalName()):
                return self._service(question)
            case questions.Apex() | questions.SchemaVersion() | questions.NameServer():
                return Held(reasons.ZoneFurniture(relative))
            case questions.Branch():
                return Held(reasons.OnlyNamesBelow(relative))
            case questions.NamespaceName():
                return self._namespace(question)
            case questions.PodName():
                return self._pod(question)
            case questions.NoForm():
                return Absent(reasons.NoSuchForm(relative))
            case other:
                assert_never(other)

    def exposes(self, namespace: str) -> bool:
        """Whether names of this namespace exist at all (D4)."""
        return self._hidden(namespace) is None

    def _hidden(self, namespace: str) -> Absent | None:
        allowed = self._settings.namespaces
        exists = self._net.namespace(namespace) is not None
        if exists and (allowed is None or namespace in allowed):
            return None
        return Absent(reasons.NoSuchNamespace(namespace, exists))

    def _namespace(self, question: questions.NamespaceName) -> Held | Absent:
        if question.branch == "pod" and self._settings.pods == "disabled":
            return Absent(reasons.PodNamesDisabled(question.namespace))
        name = f"{question.namespace}.{question.branch}"
        return self._hidden(question.namespace) or Held(reasons.OnlyNamesBelow(name))

    # pods (section 6) ----------------------------------------------------------------------------------------------

    def _pod(self, question: questions.PodName) -> Held | Absent:
        mode, namespace, address = self._settings.pods, question.namespace, question.address
        if mode == "disabled":
            return Absent(reasons.PodNamesDisabled(namespace))
        hidden = self._hidden(namespace)
        if hidden is not None:
            return hidden
        if address is None:
            return Absent(reasons.NotAnAddress(question.text))
        pair = Pair(address, None, f"{question.text}.{namespace}.pod")
        if mode == "insecure":
            return Held(reasons.PodAddress(namespace, address, None), (pair,))
        pods = self._pods_by_address.get(address)
        is_exact = ip.text(address).replace(":", "-").replace(".", "-") == question.text
        pod = next((each for each in pods if each.namespace == namespace), None) if is_exact else None
        if pod is None:
            return Absent(reasons.NoSuchPod(namespace, address, tuple(sorted({each.namespace for each in pods}))))
        return Held(reasons.PodAddress(namespace, address, pod.key), (pair,))

    # Services (sections 3 to 5) ------------------------------------------------------------------------------------

    def _service(self, question: questions.ServiceName | questions.EndpointName | questions.PortName
                 | questions.ProtocolName | questions.ZonalName) -> Held | Absent:
        hidden = self._hidden(question.namespace)
        if hidden is not None:
            return hidden
        key = ObjectKey(question.namespace, question.service)
        service = self._net.service(key)
        if service is None:
            return Absent(reasons.NoSuchService(key, self._elsewhere(key)))
        if service.is_external_name:
            return _alias(service, question)
        if isinstance(question, questions.EndpointName):
            return self._endpoint(service, question.endpoint)
        if isinstance(question, questions.ZonalName):
            return self._in_zone(service, question)
        if service.is_headless:
            return self._headless(service, question)
        return self._cluster_ip(service, question)

    def _elsewhere(self, key: ObjectKey) -> tuple[str, ...]:
        """Namespaces, other than its own, with a Service of this name: the first few in alphabetical order."""
        found = self._services_named.get(key.name)
        return tuple(nsmallest(SHOWN, (each.namespace for each in found))) if found else ()

    def table(self, service: ObjectKey) -> EndpointTable:
        """The endpoints of a Service; O(1) until its slices change."""
        found = self._tables.get(service)
        if found is None:
            by_pod_name = self._settings.endpoint_pod_names
            found = self._tables[service] = EndpointTable(service, self._net.slices(service), by_pod_name)
        return found

    def _cluster_ip(self, service: Service, question: questions.ServiceName | questions.PortName
                    | questions.ProtocolName) -> Held | Absent:
        if self._settings.ignore_empty_service and not self.table(service.key).ready:
            return Absent(reasons.EmptyService(service.key, tuple(self.table(service.key).unready)))
        owner = f"{service.name}.{service.namespace}.svc"
        match question:
            case questions.ServiceName():
                chosen: list[int | None] = [port.port for port in service.ports] or [None]
            case questions.PortName(port, protocol):
                names = _port_names(service)
                chosen = [each.port for name, each in zip(names, service.ports, strict=True) if name == (port, protocol)]
                if not chosen:
                    return Absent(reasons.NoSuchPort(service.key, port, protocol, names))
            case questions.ProtocolName():
                return _above_ports(service.key, question, _port_names(service))
            case other:
                assert_never(other)
        pairs = tuple([Pair(address, number, owner) for number in chosen for address in service.cluster_ips])
        return Held(reasons.ServiceAddress(service.key), pairs)

    def _headless(self, service: Service, question: questions.ServiceName | questions.PortName
                  | questions.ProtocolName) -> Held | Absent:
        if self._settings.noendpoints:
            return Absent(reasons.EndpointsNotWatched(service.key))
        table = self.table(service.key)
        if not table.ready:
            return Absent(reasons.NobodyReady(service.key, tuple(table.unready)))
        pairs = table.pairs
        match question:
            case questions.PortName(port, protocol):
                pairs = table.by_port.get((port, protocol), [])
                if not pairs:
                    return Absent(reasons.NoSuchPort(service.key, port, protocol, tuple(table.by_port)))
            case questions.ProtocolName():
                return _above_ports(service.key, question, table.by_port)
            case questions.ServiceName():
                pass
            case other:
                assert_never(other)
        return Held(reasons.ReadyEndpoints(service.key, "", table.ready, tuple(table.unready)), tuple(pairs))

    def _endpoint(self, service: Service, label: str) -> Held | Absent:
        if self._settings.noendpoints:
            return Absent(reasons.EndpointsNotWatched(service.key))
        table = self.table(service.key)
        pairs = table.by_label.get(label)
        if pairs:
            return Held(reasons.ReadyEndpoints(service.key, label, table.ready, tuple(table.unready)), tuple(pairs))
        return Absent(self._no_endpoint(service, label, table))

    def _in_zone(self, service: Service, question: questions.ZonalName) -> Held | Absent:
        """Endpoints of a headless Service in one topology zone; `prefer` takes all of them when it has none there, `pin`
        is content with none (D98)."""
        if not service.is_headless:
            return Absent(reasons.NoZones(service.key))
        if self._settings.noendpoints:
            return Absent(reasons.EndpointsNotWatched(service.key))
        table = self.table(service.key)
        pairs = table.by_zone.get(question.zone)
        if pairs is None and question.prefers:
            return self._headless(service, questions.ServiceName(service.name, service.namespace))
        return Held(reasons.InZone(service.key, question.zone, tuple(table.by_zone)), tuple(pairs or ()))

    def _no_endpoint(self, service: Service, label: str, table: EndpointTable) -> Reason:
        """Not ready, known by another label, or a pod whose hostname and subdomain do not line up."""
        if label in table.unready_labels:
            return reasons.EndpointNotReady(service.key, label, table.unready_labels[label])
        if not table.ready:
            return reasons.NobodyReady(service.key, tuple(table.unready))
        labels = tuple(list(table.by_label)[:SHOWN])
        address = questions.PodName(label, "").address
        known_as = table.labels_of.get(address, "") if address is not None else ""
        pod = self._net.pod(ObjectKey(service.namespace, label))
        if pod is None:
            return reasons.NoSuchEndpoint(service.key, label, labels, known_as)
        return reasons.NoSuchEndpoint(service.key, label, labels, known_as, pod.key, pod.spec.hostname,
                                      pod.spec.subdomain, service.selector.matches(pod.labels))


def _port_names(service: Service) -> tuple[tuple[str, str], ...]:
    """(port, protocol) in lower case, in the order of the Service's ports."""
    return tuple((port.name.lower(), port.protocol.lower()) for port in service.ports)


def _alias(service: Service, question: questions.Question) -> Held | Absent:
    """An ExternalName Service has its own name and none below; an address is no target (D38, D39)."""
    target = service.external_name
    if ip.number_or_none(target) is not None:
        return Absent(reasons.TargetIsAddress(service.key, target))
    if not isinstance(question, questions.ServiceName):
        return Absent(reasons.AliasOnly(service.key))
    return Held(reasons.Alias(service.key, questions.absolute(target)))


def _above_ports(service: ObjectKey, question: questions.ProtocolName,
                 ports: Collection[tuple[str, str]]) -> Held | Absent:
    """`_tcp.SVC...` exists when a named port of that protocol does (D57)."""
    if any(name and protocol == question.protocol for name, protocol in ports):
        return Held(reasons.OnlyNamesBelow(f"_{question.protocol}.{question.service}.{question.namespace}.svc"))
    return Absent(reasons.NoSuchPort(service, "", question.protocol, tuple(ports)))


def _first_address(pod: Pod) -> tuple[int, ...]:
    """What verified pod names are matched against: the primary address of a pod that still runs (D42)."""
    return pod.pod_ips[:1] if not pod.is_terminal else ()
