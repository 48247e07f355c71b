"""Addresses for Services of type LoadBalancer, lowest free one of the pool first.

Source: kubernetes/kubernetes staging/src/k8s.io/cloud-provider/controllers/service/controller.go (events, class);
kubernetes/website content/en/docs/concepts/services-networking/service.md (loadBalancerIP, loadBalancerClass).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from heapq import heappop, heappush
from typing import Any, Final, Self, cast

from simnet import ip
from simnet.control.world import World
from simnet.errors import Conflict, PoolExhausted, SimnetError, UsageError
from simnet.ip import IPNetwork
from simnet.names import ObjectKey
from simnet.objects.service import LoadBalancerIngress, Service
from simnet.store.store import Change, Event

_COMPONENT: Final = "service-controller"


class AddressPool:
    """The addresses of one network, each held by at most one Service. All operations cost O(log addresses held)."""

    def __init__(self, network: IPNetwork) -> None:
        self.network = network
        self._hosts = network.hosts()
        self._next = 0
        self._freed: list[int] = []
        self._holders: dict[int, ObjectKey] = {}

    def copy(self) -> AddressPool:
        twin = AddressPool(self.network)
        twin._next, twin._freed, twin._holders = self._next, self._freed.copy(), self._holders.copy()
        return twin

    def holder(self, address: int) -> ObjectKey | None:
        return self._holders.get(address)

    def allocate(self, owner: ObjectKey) -> int:
        """The lowest free address; network and broadcast address are never given. Raises PoolExhausted."""
        while self._freed and self._freed[0] in self._holders:
            heappop(self._freed)
        if self._freed:
            return self._take(heappop(self._freed), owner)
        while self._next < len(self._hosts):
            address = self._hosts[self._next]
            self._next += 1
            if address not in self._holders:
                return self._take(address, owner)
        raise PoolExhausted(f"no addresses left in load-balancer pool {self.network}")

    def request(self, address: int, owner: ObjectKey) -> int:
        """Exactly this address. Raises UsageError outside the pool, Conflict if somebody else has it."""
        if address not in self._hosts:
            raise UsageError(f"{ip.text(address)} is not in load-balancer pool {self.network}")
        if self._holders.get(address, owner) != owner:
            raise Conflict(f"{ip.text(address)} is held by service/{self._holders[address]}")
        return self._take(address, owner)

    def release(self, address: int, owner: ObjectKey) -> bool:
        """Give an address back; True if the owner held it."""
        if self._holders.get(address) != owner:
            return False
        del self._holders[address]
        if address < (self._hosts[self._next] if self._next < len(self._hosts) else self._hosts.stop):
            heappush(self._freed, address)
        return True

    def _take(self, address: int, owner: ObjectKey) -> int:
        self._holders[address] = owner
        return address


class LoadBalancerController:
    """Gives every LoadBalancer Service without loadBalancerClass an address of the pool; those that get none wait, with
    the reason, until one is released."""

    kinds: tuple[str, ...] = ("Service",)

    def __init__(self) -> None:
        self._pool: AddressPool | None = None
        self._held: dict[ObjectKey, int] = {}
        self._waiting: dict[ObjectKey, None] = {}
        self._fresh: dict[ObjectKey, None] = {}
        self._retry = False

    def fork(self) -> Self:
        twin = type(self)()
        twin._pool = self._pool.copy() if self._pool is not None else None
        twin._held, twin._waiting = self._held.copy(), self._waiting.copy()
        twin._fresh, twin._retry = self._fresh.copy(), self._retry
        return twin

    def handle(self, event: Event, world: World) -> Iterable[Change]:
        """Note who needs an address and release what is not needed; addresses are given when no event is left, so
        that stated ones are known before others are drawn."""
        key, new = event.key, cast("Service | None", event.new)
        if new is None or not _is_ours(new):
            self._waiting.pop(key, None)
            self._fresh.pop(key, None)
            self._release(key)
            if new is not None and new.type != "LoadBalancer" and (new.load_balancer_ingress or new.pending_reason):
                return [Change("Service", key, replace(new, load_balancer_ingress=(), pending_reason=""))]
            return ()
        if new.load_balancer_ingress:
            self._state_fact(new, world)
        elif new.pending_reason and key not in self._waiting:  # a loaded fact; only another load ends it
            self._release(key)
        elif key not in self._waiting or cast(Service, event.old).load_balancer_ip != new.load_balancer_ip:
            self._fresh[key] = None
        return ()

    def flush(self, world: World) -> Iterator[Change]:
        fresh, self._fresh = self._fresh, {}
        if self._retry:
            self._retry = False
            fresh = {**self._waiting, **fresh}
        for key in fresh:
            service = cast("Service | None", world.store.get("Service", key))
            if service is not None and _is_ours(service) and not service.load_balancer_ingress:
                yield from self._assign(service, world)

    def fire(self, kind: str, payload: Any, world: World) -> Iterable[Change]:
        return ()

    def _assign(self, service: Service, world: World) -> Iterator[Change]:
        key = service.key
        is_new = key not in self._waiting
        if is_new:
            world.record(service, "Normal", "EnsuringLoadBalancer", "Ensuring load balancer", _COMPONENT)
        try:
            address = self._address(service, world)
        except SimnetError as problem:
            self._waiting[key] = None
            if is_new or service.pending_reason != str(problem):
                world.record(service, "Warning", "SyncLoadBalancerFailed",
                             f"Error syncing load balancer: failed to ensure load balancer: {problem}", _COMPONENT)
                yield Change("Service", key, replace(service, pending_reason=str(problem)))
            return
        self._waiting.pop(key, None)
        self._held[key] = address
        world.record(service, "Normal", "EnsuredLoadBalancer", "Ensured load balancer", _COMPONENT)
        yield Change("Service", key, replace(
            service, load_balancer_ingress=(LoadBalancerIngress(address),), pending_reason=""))

    def _address(self, service: Service, world: World) -> int:
        pool = self._pool_of(world)
        if service.load_balancer_ip:
            self._release(service.key)
            return pool.request(ip.number(service.load_balancer_ip), service.key)
        held = self._held.get(service.key)
        if held is not None:
            return held
        if pool.network.family not in service.ip_families:
            raise PoolExhausted(f"load-balancer pool {pool.network} has no IPv{service.ip_families[0]} addresses")
        pinned = _pin(service, world)
        return pool.request(pinned, service.key) if pinned is not None else pool.allocate(service.key)

    def _state_fact(self, service: Service, world: World) -> None:
        """An address the status already names is held, if it is one of ours and free; a former one is released."""
        self._waiting.pop(service.key, None)
        pool = self._pool_of(world)
        addresses = [entry.address for entry in service.load_balancer_ingress if entry.address is not None]
        held = self._held.get(service.key)
        if held is not None and held not in addresses:
            self._release(service.key)
        for address in addresses:
            if address in pool.network and pool.holder(address) is None and address != pool.network.first:
                self._held[service.key] = pool.request(address, service.key)

    def _release(self, key: ObjectKey) -> None:
        address = self._held.pop(key, None)
        if address is not None and self._pool is not None:
            self._pool.release(address, key)
            self._retry = bool(self._waiting)

    def _pool_of(self, world: World) -> AddressPool:
        if self._pool is None:
            self._pool = AddressPool(world.settings.load_balancer_pool)
        return self._pool


def _is_ours(service: Service) -> bool:
    """A class names another implementation, which does not exist here: such a Service stays pending."""
    return service.type == "LoadBalancer" and not service.load_balancer_class


def _pin(service: Service, world: World) -> int | None:
    """The address that the settings pin for this Service's load balancer: `{loadBalancerIP: ...}`."""
    pin = world.settings.pins.get(service.ref)
    text = pin.get("loadBalancerIP") if isinstance(pin, Mapping) else None
    return ip.number(str(text)) if text else None
