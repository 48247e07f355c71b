"""From a pod that somebody wants to a pod that runs: scheduled, addressed, started, ready.

Where nothing stands in the way a pod is written once, in its final state; `PodMaker.stamp` makes such a pod for the
workload controllers, `PodMaker.flush` settles pods made by hand. A pod that waits for a node or an address says why,
and is tried again when something it waits for changes.

Source: kubernetes/kubernetes pkg/scheduler/schedule_one.go (sentences), pkg/kubelet/kubelet.go (rejected pods),
pkg/controller/podgc (pods of deleted nodes).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import repeat
from typing import Any, Final, NamedTuple, Self, cast

from simnet.control.hostlisteners import HostListeners
from simnet.control.kubelet import FAILED_SANDBOX, Kubelet, host_network_addresses
from simnet.control.listening import listening_of
from simnet.control.revisions import pod_raw
from simnet.control.scheduling import Scheduler, Unschedulable, Wish
from simnet.control.starting import Start, crashed, creating, interactive_containers, start_of
from simnet.control.world import World
from simnet.errors import SimnetError
from simnet.names import ObjectKey
from simnet.objects.meta import Object, Owner
from simnet.objects.node import Node
from simnet.objects.pod import ContainerState, Pod, PodSpec, PodTemplate
from simnet.store.store import Change, Event

UNSCHEDULABLE: Final = "Unschedulable"
READY_TIMER: Final = "pod-ready"
_SANDBOX_ERROR: Final = ('Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for '
                         'sandbox: plugin type="bridge" failed (add): failed to allocate for range 0: ')


_WRITE: Final[Mapping[str, Any]] = {each.name: getattr(Pod, each.name).__set__ for each in fields(Pod)}
"""The slots of a Pod. `Template.pod` fills them directly: a frozen dataclass's constructor takes three times as long,
and nobody has seen the object yet."""
_all: Final = deque[None](maxlen=0).extend  # runs an iterator to its end
_SHARED: Final = tuple(_WRITE[name] for name in (
    "labels", "annotations", "created", "deleted", "owner", "raw", "spec", "phase", "ready", "states", "reason", "message",
    "started"))
_WRITE_KEY, _WRITE_NODE, _WRITE_ADDRESSES = (_WRITE[name] for name in ("key", "node_name", "pod_ips"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """What the pods of one owner have in common; everything in it is shared by all of them.

    `is_plain`: any open node and any address will do. `shared` are the writers and values of all the slots of a pod
    that such a template decides.
    """

    namespace: str
    owner: Owner | None
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    spec: PodSpec
    raw: Mapping[str, Any]
    start: Start
    wish: Wish
    node_name: str = ""
    pinned: tuple[int, ...] = ()
    is_plain: bool = False
    shared: tuple[tuple[Any, Any], ...] = ()

    def pod(self, key: ObjectKey, node_name: str, pod_ips: tuple[int, ...]) -> Pod:
        """A settled pod on this node with these addresses."""
        pod: Pod = object.__new__(Pod)
        for write, value in self.shared:
            write(pod, value)
        _WRITE_KEY(pod, key)
        _WRITE_NODE(pod, node_name)
        _WRITE_ADDRESSES(pod, pod_ips)
        return pod


class _Wanted(NamedTuple):
    """A pod to be placed. `is_booked` tells that the scheduler's books already know it on its node."""

    key: ObjectKey
    spec: PodSpec
    wish: Wish
    node: str
    is_booked: bool
    start: Start
    pinned: tuple[int, ...]


class _Placed(NamedTuple):
    """The part of a pod that its node decides."""

    node_name: str
    pod_ips: tuple[int, ...]
    phase: str
    ready: bool
    states: tuple[ContainerState, ...]
    reason: str
    message: str


class PodMaker:
    """Scheduler and kubelets of a cluster, and the pods that wait for them."""

    def __init__(self) -> None:
        self.scheduler = Scheduler()
        self.kubelet = Kubelet()
        self._listeners = HostListeners()
        self._fresh: dict[ObjectKey, None] = {}
        self._restarted: dict[ObjectKey, None] = {}
        self._unscheduled: dict[ObjectKey, None] = {}
        self._retry = False

    def fork(self) -> Self:
        twin = type(self)()
        twin.scheduler, twin.kubelet = self.scheduler.fork(), self.kubelet.fork()
        twin._listeners = self._listeners.fork()
        twin._fresh, twin._restarted = self._fresh.copy(), self._restarted.copy()
        twin._unscheduled, twin._retry = self._unscheduled.copy(), self._retry
        return twin

    # following the store -------------------------------------------------------------------------------------------

    def node_changed(self, event: Event, world: World) -> Iterator[Change]:
        """Waiting pods try again; the pods of a deleted node go with it; those that came before their node keep their
        addresses from others."""
        node = cast("Node | None", event.new)
        self.scheduler.set_node(event.key.name, node)
        self._retry = True
        pods = world.pods_by_node.get(event.key.name) if node is None or event.old is None else {}
        for key, pod in list(pods.items()):
            if node is None:
                yield Change("Pod", key, None)
            else:
                self.kubelet.occupy(pod, world)

    def pod_changed(self, event: Event, world: World) -> None:
        """Keep the books, and note what has to be done when all waiting events have been seen."""
        key, old, new = event.key, cast("Pod | None", event.old), cast("Pod | None", event.new)
        freed = self.scheduler.follow(key, old, new)
        if freed:
            self._retry = True
        if new is None or new.is_terminal:
            if old is not None and not old.is_terminal:
                self._ended(old, new, world)
        elif not new.pod_ips:
            if not new.reason and new.deleted is None:
                self._fresh[key] = None
            elif old is None and new.reason == UNSCHEDULABLE:
                self._unscheduled[key] = None
        elif old is None:
            self.kubelet.occupy(new, world)
            if new.spec.host_network and self._listeners.refused(key) is None:
                self._listeners.take(key, new.node_name, listening_of(new.spec, world.images))
        elif old.spec is not new.spec and new.states and new.states is old.states and old.spec != new.spec:
            self._restarted[key] = None

    def _ended(self, old: Pod, new: Pod | None, world: World) -> None:
        self._fresh.pop(old.key, None)
        self._unscheduled.pop(old.key, None)
        self.kubelet.stop_waiting(old.key, old.node_name)
        self.kubelet.release(old.key, old.node_name, world)
        if old.spec.host_network:
            self._restarted.update(dict.fromkeys(self._listeners.release(old.key)))
        if new is None and world.store.get("Namespace", ObjectKey("", old.namespace)) is not None:
            for state in old.states:
                if state.state == "running":
                    world.record(old, "Normal", "Killing", f"Stopping container {state.name}", "kubelet")

    # settling ------------------------------------------------------------------------------------------------------

    def flush(self, world: World) -> Iterator[Change]:
        """Settle new pods, restart changed ones, and try again what waits for something that was freed."""
        fresh, self._fresh = self._fresh, {}
        for key in fresh:
            yield from self._settle(key, world)
        restarted, self._restarted = self._restarted, {}
        for key in restarted:
            yield from self._restart(key, world)
        if self._retry:
            self._retry = False
            for key in list(self._unscheduled):
                yield from self._settle(key, world)
        for node, keys in self.kubelet.next_in_line():
            for key in keys:
                pod = cast("Pod | None", world.store.get("Pod", key))
                change = self._addressed(pod, node, world) if pod is not None else None
                if change is None:
                    break
                yield change

    def fire(self, kind: str, payload: Any, world: World) -> Iterator[Change]:
        """A readiness probe has succeeded often enough."""
        if kind != READY_TIMER:
            return
        pod = cast("Pod | None", world.store.get("Pod", payload))
        if (pod is None or pod.ready or pod.phase != "Running" or pod.started is None
                or self._listeners.refused(pod.key) is not None):
            return
        start = self._start(pod, world)
        if start.delay is not None and pod.started + start.delay <= world.now:
            is_ready = all(each.ready for each in start.later)
            yield Change("Pod", pod.key, replace(pod, states=start.later, ready=is_ready))

    def template(self, owner: Object, given: PodTemplate, base: str, world: World) -> Template:
        """What the pods of a workload have in common. `base` is what their generated names start with, '' if named."""
        spec, raw = given.spec, pod_raw(base, given)
        node_name = (raw.get("spec") or {}).get("nodeName") or ""
        refs = (owner.ref, *(() if owner.owner is None else
                             (f"{owner.owner.kind.lower()}/{owner.namespace}/{owner.owner.name}",)))
        lasting = spec if spec.restart_policy == "Always" else replace(spec, restart_policy="Always")
        start = start_of(lasting, world.images, interactive_containers(raw))
        wish, pinned = Wish.of(spec), self.kubelet.pins(refs, world)
        is_plain = wish.is_empty and not (node_name or spec.host_network or self.kubelet.has_pins(world))
        by = owner.as_owner
        now = world.now
        shared = (given.labels, given.annotations, now, None, by, raw, spec, start.phase, start.ready, start.states, "",
                  start.message, now)
        return Template(
            namespace=owner.namespace, owner=by, labels=given.labels, annotations=given.annotations, spec=spec, raw=raw,
            start=start, wish=wish, node_name=node_name, pinned=pinned, is_plain=is_plain,
            shared=tuple(zip(_SHARED, shared, strict=True)))

    def stamp(self, template: Template, key: ObjectKey, world: World, node: str = "") -> Pod:
        """A new pod of a template, settled as far as possible; the caller commits it. O(log nodes)."""
        if not template.is_plain or node or not self.scheduler.is_open:
            return self._stamp(template, key, node, world)
        chosen = self.scheduler.choose_any(key)
        if not chosen:
            return self._stamp(template, key, node, world)
        try:
            addresses = self.kubelet.addresses(key, chosen, (), world)
        except SimnetError:
            self.scheduler.forget(key)
            return self._stamp(template, key, node, world)
        if template.start.delay is not None:
            world.clock.after(template.start.delay, READY_TIMER, key)
        return template.pod(key, chosen, addresses)

    def stamp_all(self, template: Template, keys: Sequence[ObjectKey], world: World) -> dict[ObjectKey, Pod]:
        """As many of these pods as need no care: any open node, any address, no timer, nobody who looks at each of
        them. The rest is for `stamp`. The caller commits them in bulk, so that no event confirms them.
        """
        if not template.is_plain or not self.scheduler.is_open or template.start.delay is not None \
                or _is_watched(template.spec, world):
            return {}
        nodes = self.scheduler.choose_all(len(keys))
        addresses = self.kubelet.first_addresses(keys, nodes, world)
        if len(addresses) < len(nodes):
            self.scheduler.take_back(nodes[len(addresses):])
        new = object.__new__
        pods = list(map(new, repeat(Pod, len(addresses))))
        for write, value in template.shared:
            _all(map(write, pods, repeat(value)))
        _all(map(_WRITE_KEY, pods, keys))
        _all(map(_WRITE_NODE, pods, nodes))
        _all(map(_WRITE_ADDRESSES, pods, addresses))
        return dict(zip(keys, pods, strict=False))

    def _stamp(self, template: Template, key: ObjectKey, node: str, world: World) -> Pod:
        """The same for a pod with wishes, or one that has to wait."""
        pinned = template.pinned or self.kubelet.pins((f"pod/{key}",), world)
        placed = self._place(_Wanted(key, template.spec, template.wish, node or template.node_name, False,
                                     template.start, pinned), world)
        pod = Pod(key=key, labels=template.labels, annotations=template.annotations, created=world.now,
                  owner=template.owner, raw=template.raw, spec=template.spec, node_name=placed.node_name,
                  pod_ips=placed.pod_ips, phase=placed.phase, ready=placed.ready, states=placed.states,
                  reason=placed.reason, message=placed.message, started=world.now if placed.pod_ips else None)
        self._announce(pod, template.start, world)
        return pod

    def _settle(self, key: ObjectKey, world: World) -> Iterator[Change]:
        pod = cast("Pod | None", world.store.get("Pod", key))
        if pod is None or pod.pod_ips or pod.is_terminal:
            self._unscheduled.pop(key, None)
            return
        is_fact = pod.phase != "Pending"  # a loaded pod that runs already lacks only its place
        if is_fact and (not self.scheduler.nodes or pod.states_no_address):
            return
        start, pinned = self._start(pod, world), self.kubelet.pins((pod.ref,), world)
        placed = self._place(_Wanted(key, pod.spec, Wish.of(pod.spec), pod.node_name, bool(pod.node_name), start,
                                     pinned), world)
        if is_fact:
            new = replace(pod, node_name=placed.node_name, pod_ips=placed.pod_ips)
        else:
            new = replace(pod, node_name=placed.node_name, pod_ips=placed.pod_ips, phase=placed.phase,
                          ready=placed.ready, states=placed.states, reason=placed.reason, message=placed.message,
                          started=world.now if placed.pod_ips else None)
            self._announce(new, start, world)
        yield Change("Pod", key, new)

    def _place(self, pod: _Wanted, world: World) -> _Placed:
        """Node, address, containers: as far as it goes, and why it goes no further."""
        node = pod.node or (self.kubelet.node_of_pin(pod.pinned, world) if pod.pinned else "")
        if not node:
            choice = self.scheduler.choose(pod.key, pod.wish)
            if isinstance(choice, Unschedulable):
                self._unscheduled[pod.key] = None
                return _Placed("", (), "Pending", False, (), UNSCHEDULABLE, str(choice))
            node = choice
        elif node not in self.scheduler.nodes:
            self._unscheduled[pod.key] = None
            return _Placed(node, (), "Pending", False, (), "NodeNotFound", f'node "{node}" not found')
        elif refused := self.scheduler.bind(pod.key, pod.wish, node, pod.is_booked):
            self._unscheduled[pod.key] = None
            return _Placed(node, (), "Pending", False, (), "NodePorts", refused)
        if self._unscheduled:
            self._unscheduled.pop(pod.key, None)
        return self._sandboxed(pod, node, world)

    def _sandboxed(self, pod: _Wanted, node: str, world: World) -> _Placed:
        start = pod.start
        if pod.spec.host_network:
            addresses = host_network_addresses(self.scheduler.nodes[node])
            start = self._on_host(pod.key, pod.spec, node, start, world)
        else:
            try:
                addresses = self.kubelet.addresses(pod.key, node, pod.pinned, world)
            except SimnetError as problem:
                self.kubelet.wait(pod.key, node)
                return _Placed(node, (), "Pending", False, creating(pod.spec), FAILED_SANDBOX, str(problem))
        if start.is_over:
            self.kubelet.release(pod.key, node, world)
        return _Placed(node, addresses, start.phase, start.ready, start.states, "", start.message)

    def _addressed(self, pod: Pod, node: str, world: World) -> Change | None:
        """One more try for a pod that waits for an address; None when there is still none."""
        start, pinned = self._start(pod, world), self.kubelet.pins((pod.ref,), world)
        placed = self._sandboxed(_Wanted(pod.key, pod.spec, Wish(), node, True, start, pinned), node, world)
        if not placed.pod_ips:
            return None
        self.kubelet.stop_waiting(pod.key, node)
        new = replace(pod, pod_ips=placed.pod_ips, phase=placed.phase, ready=placed.ready, states=placed.states,
                      reason="", message=placed.message, started=world.now)
        self._announce(new, start, world)
        return Change("Pod", pod.key, new)

    def _restart(self, key: ObjectKey, world: World) -> Iterator[Change]:
        """The containers of a running pod were changed in place: they start anew, the address stays."""
        pod = cast("Pod | None", world.store.get("Pod", key))
        if pod is not None and pod.pod_ips and not pod.is_terminal:
            start = self._start(pod, world)
            if pod.spec.host_network:
                start = self._on_host(key, pod.spec, pod.node_name, start, world)
            new = replace(pod, phase=start.phase, ready=start.ready, states=start.states, message=start.message,
                          started=world.now)
            self._announce(new, start, world)
            yield Change("Pod", key, new)

    def _start(self, pod: Pod, world: World) -> Start:
        return start_of(pod.spec, world.images, interactive_containers(pod.raw))

    def _on_host(self, key: ObjectKey, spec: PodSpec, node: str, start: Start, world: World) -> Start:
        """The start of a hostNetwork pod on its node: it crashes when another holds a port that its image opens."""
        if start.phase != "Running":
            return start
        self._listeners.take(key, node, listening_of(spec, world.images))
        refused = self._listeners.refused(key)
        return start if refused is None else crashed(spec, start, refused.container, str(refused))

    def _announce(self, pod: Pod, start: Start, world: World) -> None:
        """Tell what stands in the way, and set the timer of a probe that will succeed later."""
        if pod.reason == UNSCHEDULABLE:
            world.record(pod, "Warning", "FailedScheduling", pod.message, "default-scheduler")
        elif pod.reason == FAILED_SANDBOX:
            world.record(pod, "Warning", FAILED_SANDBOX, _SANDBOX_ERROR + pod.message, "kubelet")
        elif pod.reason:
            world.record(pod, "Warning", pod.reason, pod.message, "kubelet")
        elif pod.pod_ips and start.delay is not None:
            world.clock.after(start.delay, READY_TIMER, pod.key)


def _is_watched(spec: PodSpec, world: World) -> bool:
    """Whether somebody follows each single pod of this spec: Ingress controllers are known by their pods, and a DNS
    server with `pods verified` knows the address of every pod."""
    profiles = (world.images.of(container.image) for container in spec.port_owners)
    return world.settings.dns.pods == "verified" or any(each is not None and each.proxy for each in profiles)
