"""The API server's door for objects that need something from the cluster: addresses, ports, a class.

All or nothing: `Admission` remembers what it took and gave back, and `undo` puts it all back. Sources: kubernetes/kubernetes
pkg/registry/core/service/storage/alloc.go, plugin/pkg/admission/network/defaultingressclass/admission.go; rules CI, NP,
DS and SV of the Service semantics, C-4 of the Ingress semantics.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from simnet import ip
from simnet.control.families import choose_families
from simnet.control.ports import ClusterIPs, NodePorts
from simnet.control.world import World
from simnet.errors import InvalidField, PoolExhausted, Problem, SimnetError
from simnet.objects.ingress import Ingress
from simnet.objects.ingressclass import IngressClass
from simnet.objects.meta import Object
from simnet.objects.service import Service, ServicePort

CLASS_ANNOTATION = "kubernetes.io/ingress.class"
NODE_PORT_TYPES = ("NodePort", "LoadBalancer")
Undo = Callable[[], object]


class Admission:
    """One transaction over the ledgers."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._undo: list[Undo] = []
        self._new_classes: dict[str, IngressClass] = {}
        self._pinned = _pinned_values(world.settings.pins)

    def admit(self, new: Object, old: Object | None) -> Object:
        """The object as it will be stored. Raises InvalidField or PoolExhausted; what was taken so far stays taken
        until `undo`."""
        if isinstance(new, IngressClass):
            self._new_classes[new.name] = new  # an Ingress behind it in the same apply may already get it
        if isinstance(new, Service):
            return self._service(new, old if isinstance(old, Service) else None)
        if isinstance(new, Ingress) and old is None:
            return self._ingress(new)
        return new

    def release(self, old: Object) -> None:
        """Give back what an object held; the next object of the transaction may have it."""
        if isinstance(old, Service):
            self._give_back(old, old.cluster_ips, old.ports_held)

    def undo(self) -> None:
        """Put every ledger back as it was."""
        for act in reversed(self._undo):
            act()
        self._undo.clear()

    # Services ----------------------------------------------------------------------------------------------------

    def _service(self, new: Service, old: Service | None) -> Service:
        new = _keeping(new, old)
        new = choose_families(new, old, self.world.settings)
        new = self._cluster_ips(new, old)
        new = self._node_ports(new, old)
        new = self._health_port(new, old)
        if old is not None:
            self._give_back(old, set(old.cluster_ips) - set(new.cluster_ips), old.ports_held - new.ports_held)
            if not new.load_balancer_ingress and not new.pending_reason and new.type == "LoadBalancer":
                new = replace(new, load_balancer_ingress=old.load_balancer_ingress, pending_reason=old.pending_reason)
        return new

    def _cluster_ips(self, new: Service, old: Service | None) -> Service:
        if new.is_external_name or new.is_headless:
            return replace(new, cluster_ips=())
        held = set(old.cluster_ips) if old is not None else set()
        given = {ip.family(number): number for number in new.cluster_ips}
        pinned = self._pin(new, "clusterIP") if old is None or old.is_external_name else None
        if isinstance(pinned, str) and not given:
            given[ip.family(ip.number(pinned))] = ip.number(pinned)
        numbers: list[int] = []
        for family in new.ip_families:
            wanted = given.get(family)
            numbers.append(wanted if wanted in held and wanted is not None else self._address(new, family, wanted))
        return replace(new, cluster_ips=tuple(numbers))

    def _address(self, service: Service, family: int, wanted: int | None) -> int:
        """Reserve the address asked for, or draw one (rules CI-4, CI-5)."""
        ledger = next(each for each in self.world.cluster_ips if ip.family(each.first) == family)
        try:
            number = ledger.request(wanted, service.key) if wanted is not None else self._draw(ledger, service)
        except PoolExhausted as problem:
            raise PoolExhausted(f"{service.ref}: {problem}") from None
        except SimnetError as problem:
            text = ip.text(wanted or 0)
            raise _invalid(service, "spec.clusterIPs", [text], str(problem)) from None
        self._undo.append(lambda: ledger.release(number, service.key))
        return number

    def _draw(self, ledger: ClusterIPs | NodePorts, service: Service) -> int:
        """A free value that the settings do not pin for somebody else. Raises PoolExhausted."""
        number = ledger.allocate(service.key)
        passed_over = []
        try:
            while self._pinned.get(number, service.ref) != service.ref:
                passed_over.append(number)
                number = ledger.allocate(service.key)
        finally:
            for each in passed_over:
                ledger.release(each, service.key)
        return number

    def _node_ports(self, new: Service, old: Service | None) -> Service:
        """One number for all entries with the same `port`; explicit ones are honoured (rules NP-3, NP-5)."""
        allocates = new.type == "NodePort" or (new.type == "LoadBalancer" and new.allocate_load_balancer_node_ports)
        held = old.ports_held if old is not None else set()
        is_update = old is not None
        by_port: dict[int, int] = {}
        ports: list[ServicePort] = []
        for index, port in enumerate(new.ports):
            if not port.node_port and not allocates:
                ports.append(port)
                continue
            number = by_port.get(port.port, 0)
            if not number:
                asked = next((each.node_port for each in new.ports if each.port == port.port and each.node_port), 0)
                number = by_port[port.port] = self._node_port(new, index, asked, held)
            elif port.node_port not in (0, number):
                number = self._node_port(new, index, port.node_port, held)
            if is_update:
                held.add(number)  # an update may name one number twice, for two protocols; a creation may not
            ports.append(port if port.node_port == number else replace(port, node_port=number))
        return replace(new, ports=tuple(ports))

    def _node_port(self, service: Service, index: int, asked: int, held: set[int]) -> int:
        if asked and asked in held:
            return asked
        pinned = self._pin(service, "nodePort") if not asked and index == 0 and not held else None
        return self._port(service, f"spec.ports[{index}].nodePort", asked or int(pinned or 0))

    def _port(self, service: Service, field: str, asked: int) -> int:
        ledger = self.world.node_ports
        try:
            number = ledger.request(asked, service.key) if asked else self._draw(ledger, service)
        except PoolExhausted as problem:
            raise PoolExhausted(f"{service.ref}: {problem}") from None
        except SimnetError as problem:
            raise _invalid(service, field, asked, str(problem)) from None
        self._undo.append(lambda: ledger.release(number, service.key))
        return number

    def _health_port(self, new: Service, old: Service | None) -> Service:
        """Drawn from the node port pool, only for LoadBalancer with policy Local (rules HC-1, NP-3)."""
        if new.type != "LoadBalancer" or new.external_traffic_policy != "Local":
            return replace(new, health_check_node_port=0)
        held = old.health_check_node_port if old is not None else 0
        if held and new.health_check_node_port in (0, held):
            return replace(new, health_check_node_port=held)
        asked = new.health_check_node_port
        try:
            return replace(new, health_check_node_port=self._port(new, "spec.healthCheckNodePort", asked))
        except InvalidField as problem:
            detail = f"failed to allocate requested HealthCheck NodePort {asked}: {problem.problems[0].detail}"
            raise InvalidField(Problem(detail, "InternalError", object=new.ref)) from None

    def _give_back(self, service: Service, numbers: Iterable[int], ports: Iterable[int]) -> None:
        """Release addresses and node ports that the Service holds; others are left alone."""
        for number in numbers:
            for ledger in self.world.cluster_ips:
                if ledger.release(number, service.key):
                    self._undo.append(partial(ledger.request, number, service.key))
        for port in ports:
            if self.world.node_ports.release(port, service.key):
                self._undo.append(partial(self.world.node_ports.request, port, service.key))

    def _pin(self, service: Service, field: str) -> Any:
        """The value that the settings pin for this field of this Service."""
        pin = self.world.settings.pins.get(service.ref)
        if isinstance(pin, str):
            return pin if field == "clusterIP" else None
        return pin.get(field) if pin is not None else None

    # Ingresses ---------------------------------------------------------------------------------------------------

    def _ingress(self, new: Ingress) -> Ingress:
        """Without class and class annotation the default class is stored; of several the youngest (rule C-4)."""
        if new.ingress_class_name is not None or CLASS_ANNOTATION in new.annotations:
            return new
        classes = {each.name: each for each in self.world.store.list("IngressClass") if isinstance(each, IngressClass)}
        defaults = [each for each in {**classes, **self._new_classes}.values() if each.is_default]
        if not defaults:
            return new
        youngest = max(defaults, key=lambda each: each.created)
        first = min((each for each in defaults if each.created == youngest.created), key=lambda each: each.name)
        return replace(new, ingress_class_name=first.name)


def _keeping(new: Service, old: Service | None) -> Service:
    """What an update does not say stays: the cluster IP (or that there is none), and node ports.

    Source: pkg/registry/core/service/storage/storage.go patchAllocatedValues.
    """
    if old is None or new.is_external_name or old.is_external_name:
        return new
    if not new.cluster_ips and not new.is_headless:
        if old.is_headless and new.type in NODE_PORT_TYPES:
            raise _invalid(new, "spec.clusterIPs[0]", "None", f"may not be set to 'None' for {new.type} services")
        new = replace(new, cluster_ips=old.cluster_ips, is_headless=old.is_headless)
    if new.type in NODE_PORT_TYPES and old.type in NODE_PORT_TYPES:
        new = replace(new, ports=_with_kept_ports(new.ports, old.ports))
    return new


def _with_kept_ports(new: Sequence[ServicePort], old: Sequence[ServicePort]) -> tuple[ServicePort, ...]:
    """Entries without node port get that of the entry with the same port and protocol, which a merge would keep; else
    that of the entry of the same name, unless another entry names the number."""
    by_port = {(port.port, port.protocol): port.node_port for port in old}
    by_name = {port.name: port.node_port for port in old}
    used = {port.node_port or by_port.get((port.port, port.protocol), 0) for port in new}
    kept = []
    for port in new:
        number = port.node_port or by_port.get((port.port, port.protocol), 0)
        if not number and by_name.get(port.name, 0) not in used:
            number = by_name.get(port.name, 0)
            used.add(number)
        kept.append(replace(port, node_port=number))
    return tuple(kept)


def _pinned_values(pins: Mapping[str, Any]) -> dict[int, str]:
    """Cluster IPs and node ports that the settings give to named Services -> who is meant. (An IPv4 address that is
    also a port number does not lie in any range for Services.)"""
    found: dict[int, str] = {}
    for ref, pin in pins.items():
        if ref.startswith("service/"):
            address, port = (pin.get("clusterIP"), pin.get("nodePort")) if isinstance(pin, Mapping) else (pin, None)
            found.update({ip.number(str(address)): ref} if address else {})
            found.update({int(port): ref} if port else {})
    return found


def _invalid(service: Service, field: str, value: object, detail: str) -> InvalidField:
    return InvalidField(Problem(detail, "Invalid", object=service.ref, field=field, value=value))


