"""The Ingress controllers of a cluster: pods whose image is one, what each serves, and the tables they route by.

Follows the store by events; a table forgets only the hosts an event touches. Rules C-1 to C-5, B-1.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import cast

from simnet.control.ingress_class import SPEC, ClassMatch, ControllerFlags, controller_flags
from simnet.dataplane.http.config import DOCUMENTED, read_config
from simnet.dataplane.http.ingresses import Ingresses
from simnet.dataplane.http.keyring import Keyring
from simnet.dataplane.http.lookups import Lookups
from simnet.dataplane.http.message import ServedCertificate
from simnet.dataplane.http.rates import RateMemory
from simnet.dataplane.http.table import ControllerTable, HostReason
from simnet.dataplane.http.tls import show
from simnet.dataplane.http.upstreams import Upstream, resolve_upstream
from simnet.dataplane.http.webhook import NAME, refusal
from simnet.dataplane.step import Step
from simnet.names import ObjectKey
from simnet.objects.endpointslice import EndpointSlice
from simnet.objects.ingress import Ingress
from simnet.objects.ingressclass import IngressClass
from simnet.objects.pod import Pod
from simnet.store.store import Event


@dataclass(frozen=True, slots=True)
class Controller:
    """One pod that routes HTTP. `name` is `namespace/pod`."""

    pod: ObjectKey
    flags: ControllerFlags

    @property
    def name(self) -> str:
        return str(self.pod)

    @property
    def ports(self) -> tuple[int, ...]:
        """The ports it routes on: plain HTTP, then HTTPS."""
        return self.flags.http_port, self.flags.https_port

    @property
    def https_ports(self) -> tuple[int, ...]:
        return (self.flags.https_port,)


class Controllers:
    """Which pods are controllers and what each knows. Controllers with the same flags share one table."""

    def __init__(self, net: Lookups) -> None:
        self.net = net
        self.ingresses = Ingresses()
        self._keyring = Keyring(net)
        self._controllers: dict[ObjectKey, Controller] = {}
        self._tables: dict[ControllerFlags, ControllerTable] = {}
        self._upstreams: dict[ObjectKey, dict[tuple[str, bool, bool, bool], Upstream]] = {}
        self.rates = RateMemory()
        self._on: dict[str, Callable[[Event], None]] = {
            "Ingress": self._ingress_changed, "IngressClass": self._class_changed, "Pod": self._pod_changed,
            "Service": self._service_changed, "EndpointSlice": self._slice_changed, "ConfigMap": self._config_changed}

    @property
    def kinds(self) -> Collection[str]:
        """The kinds `update` has to hear of."""
        return self._on.keys()

    # following the store -----------------------------------------------------------------------------------------

    def update(self, event: Event) -> None:
        """Follow one committed event. O(what the object itself lists)."""
        handler = self._on.get(event.kind)
        if handler is not None:
            handler(event)

    def _ingress_changed(self, event: Event) -> None:
        hosts = self.ingresses.update(event.key, cast("Ingress | None", event.old), cast("Ingress | None", event.new))
        for table in self._tables.values():
            table.forget_ingress(event.key)
            table.forget_hosts(hosts)

    def _class_changed(self, event: Event) -> None:
        hosts = self.ingresses.update_class(event.key.name, cast("IngressClass | None", event.new))
        for table in self._tables.values():
            table.forget_hosts(hosts)

    def _pod_changed(self, event: Event) -> None:
        pod = cast("Pod | None", event.new)
        flags = controller_flags(pod, self.net.settings.images) if pod is not None and not pod.is_terminal else None
        if flags is not None:
            self._controllers[event.key] = Controller(event.key, flags)
        else:
            self._controllers.pop(event.key, None)

    def _service_changed(self, event: Event) -> None:
        self._upstreams.pop(event.key, None)

    def _slice_changed(self, event: Event) -> None:
        for each in (event.old, event.new):
            if isinstance(each, EndpointSlice) and each.service is not None:
                self._upstreams.pop(each.service, None)

    def _config_changed(self, event: Event) -> None:
        for flags in [flags for flags in self._tables if flags.configmap == event.key]:
            del self._tables[flags]

    def fork(self, net: Lookups) -> Controllers:
        """An independent copy over another view; compiled servers and read Secrets are shared."""
        twin = Controllers(net)
        twin.rates = self.rates.fork()
        twin.ingresses, twin._keyring = self.ingresses.fork(), self._keyring.fork(net)
        twin._controllers = self._controllers.copy()
        twin._tables = {flags: table.fork(twin.ingresses, twin._keyring, net.work)
                        for flags, table in self._tables.items()}
        twin._upstreams = {key: found.copy() for key, found in self._upstreams.items()}
        return twin

    def commit(self, steps: Iterable[Step], now: float) -> None:
        """Count a finished walk's request wherever a rate limit counts it, once a controller."""
        seen: set[int] = set()
        for step in steps:
            counted = getattr(getattr(step.because, "routing", None), "counted", ())
            if counted and id(step.before.flow) not in seen:
                seen.add(id(step.before.flow))
                self.rates.count(counted, now)

    # questions ---------------------------------------------------------------------------------------------------

    def all(self) -> Iterable[Controller]:
        """Every controller pod, by namespace and name."""
        return [self._controllers[key] for key in sorted(self._controllers)]

    def controller_of(self, pod: Pod) -> Controller | None:
        """The controller in this pod, None for an ordinary one. O(1)."""
        return self._controllers.get(pod.key)

    def table_of(self, controller: Controller) -> ControllerTable:
        """What this controller routes by. O(1); hosts in it are compiled when asked for."""
        table = self._tables.get(controller.flags)
        if table is None:
            key = controller.flags.configmap
            configmap = self.net.configmap(key) if key is not None else None
            data = configmap.data if configmap is not None else {}
            config = read_config(data) if controller.flags.profile != SPEC else DOCUMENTED
            table = ControllerTable(controller.flags, config, self.ingresses, self._keyring, self.net.work)
            self._tables[controller.flags] = table
        return table

    def tables(self) -> list[ControllerTable]:
        """The tables of all controllers, each once."""
        return list({id(table): table for each in self.all() for table in (self.table_of(each),)}.values())

    def classes_of(self, ingress: Ingress) -> list[tuple[Controller, ClassMatch]]:
        """For each controller whether it serves the Ingress, and why (or why not)."""
        return [(each, self.table_of(each).class_of(ingress)) for each in self.all()]

    def refusal(self, ingress: Ingress, waiting: Iterable[Ingress]) -> str:
        """Why the webhook of a controller refuses an Ingress that is about to be stored, '' when none does."""
        for table in self.tables():
            refused = refusal(table, ingress, waiting) if table.flags.validating_webhook else ""
            if refused:
                return f'admission webhook "{NAME}" denied the request: {refused}'
        return ""

    def certificate_for(self, pod: Pod, sni: str | None) -> tuple[ServedCertificate, str]:
        """What the controller in `pod` shows for a server name, and why (a `tls.CertificateReason`)."""
        controller = self._controllers[pod.key]
        shown = show(self.table_of(controller), sni)
        return shown.served, str(shown.reason)

    def upstream(self, service: ObjectKey, wanted: str, by_service: bool = False, allows_external: bool = True,
                 by_target: bool = True) -> Upstream:
        """What stands behind a port of a Service ('' for its first); `by_target`: a target port will do as well. O(1)
        until Service or slices change."""
        known = self._upstreams.setdefault(service, {})
        found = known.get((wanted, by_service, allows_external, by_target))
        if found is None:
            found = known[(wanted, by_service, allows_external, by_target)] = resolve_upstream(
                service, self.net.service(service), self.net.slices(service), wanted,
                by_service=by_service, allows_external=allows_external, by_target=by_target)
        return found

    def address_of(self, host: str) -> str | None:
        """The status address of the Ingress that serves a host: '' while it has none, None if nobody names the host.

        Rules without a host name none.
        """
        for table in self.tables():
            match = table.find(host.lower().removesuffix("."))
            if match.reason is not HostReason.DEFAULT:
                return next((each.ingress.addresses[0] for each in match.server.sources if each.ingress.addresses), "")
        return None
