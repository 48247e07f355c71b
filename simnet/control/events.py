"""Events: what controllers tell about objects, counted when they repeat, and what every pod's life tells by itself.

Told events become Event objects. What the scheduler, a kubelet or a ReplicaSet says about every single pod follows from
the pod, so it is worked out when somebody asks (`EventLog`) and costs nothing before.

Source: kubernetes/client-go tools/record/events_cache.go (what is counted as equal), tools/record/event.go (names);
pkg/kubelet/events/event.go, pkg/kubelet/kuberuntime (reasons and messages); kube-apiserver --event-ttl (one hour).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final, NamedTuple, Self

from simnet.control.listening import listening_of
from simnet.control.resolv_conf import warnings_of
from simnet.control.starting import CRASH_LOOP, restarts_of, unready_reasons
from simnet.control.world import World
from simnet.names import ObjectKey
from simnet.objects.event import Event
from simnet.objects.meta import Object
from simnet.objects.pod import Pod
from simnet.store.store import Change
from simnet.store.store import Event as Committed

TTL_SECONDS: Final = 3600.0
_POD_MAKERS: Final = {"ReplicaSet": "replicaset-controller", "DaemonSet": "daemonset-controller",
                      "StatefulSet": "statefulset-controller"}


class _Told(NamedTuple):
    """One telling, and at the same time what makes two tellings equal."""

    kind: str
    about: ObjectKey
    type: str
    reason: str
    message: str
    component: str


class EventRecorder:
    """Turns tellings into Event objects: the first makes one, equal ones raise its count; after an hour without news
    it goes. Part of the loop, so that Events are committed like everything else."""

    kinds: tuple[str, ...] = ("Event",)

    def __init__(self) -> None:
        self._told: list[_Told] = []
        self._names: dict[_Told, ObjectKey] = {}
        self._ages: deque[tuple[float, ObjectKey]] = deque()
        self._made = 0

    def fork(self) -> Self:
        twin = type(self)()
        twin._told, twin._names, twin._made = self._told.copy(), self._names.copy(), self._made
        twin._ages = self._ages.copy()
        return twin

    def record(self, about: Object, type: str, reason: str, message: str, component: str) -> None:
        """Tell something about an object. It is committed, with the time it then is, when no other event is left."""
        self._told.append(_Told(about.kind, about.key, type, reason, message, component))

    def handle(self, event: Committed, world: World) -> Iterable[Change]:
        """Forget Events that are gone."""
        gone = event.old
        if event.new is None and isinstance(gone, Event):
            self._names.pop(_identity(gone), None)
        return ()

    def flush(self, world: World) -> Iterator[Change]:
        yield from self._expired(world)
        told, self._told = self._told, []
        for each in told:
            key = self._names.get(each)
            known = world.store.get("Event", key) if key is not None else None
            if isinstance(known, Event):
                new = replace(known, count=known.count + 1, last_seen=world.now)
            else:
                new = _event(each, self._name(each, world), world.now, world.now)
                self._names[each] = new.key
            self._ages.append((world.now, new.key))
            yield Change("Event", new.key, new)

    def fire(self, kind: str, payload: Any, world: World) -> Iterable[Change]:
        return ()

    def _expired(self, world: World) -> Iterator[Change]:
        while self._ages and self._ages[0][0] + TTL_SECONDS <= world.now:
            _, key = self._ages.popleft()
            known = world.store.get("Event", key)
            if isinstance(known, Event) and known.last_seen + TTL_SECONDS <= world.now:
                yield Change("Event", key, None)

    def _name(self, told: _Told, world: World) -> ObjectKey:
        """The object's name and a number that grows, as the nanoseconds of real event names do."""
        self._made += 1
        return ObjectKey(told.about.namespace or "default", f"{told.about.name}.{int(world.now) * 10**9 + self._made:x}")


def events_of(world: World, about: Object) -> list[Event]:
    """Everything told about one object, oldest first: what `kubectl describe` shows. O(Events + the object's pods)."""
    stored = [each for each in world.store.list("Event", about.namespace or "default") if isinstance(each, Event)
              and each.involved == about.key and each.involved_kind == about.kind]
    derived: Iterable[Event] = ()
    if isinstance(about, Pod):
        derived = pod_events(about, world)
    elif about.kind in _POD_MAKERS:
        pods = world.pods_by_owner.get((about.kind, about.key.namespace, about.key.name)).values()
        derived = [made for pod in pods if (made := _made_by_owner(pod)) is not None]
    return _in_order([*stored, *derived], world.now)


def all_events(world: World, namespace: str | None = None) -> list[Event]:
    """Everything told in a namespace (None: in all), oldest first: what `kubectl get events` shows. O(Events + pods)."""
    found = [each for each in world.store.list("Event", namespace) if isinstance(each, Event)]
    for pod in world.store.list("Pod", namespace):
        if isinstance(pod, Pod):
            found += pod_events(pod, world)
            made = _made_by_owner(pod)
            found += [made] if made is not None else []
    return _in_order(found, world.now)


def pod_events(pod: Pod, world: World) -> list[Event]:
    """What scheduler and kubelet said about a pod up to now; it follows from the pod itself."""
    told = [*_scheduled(pod), *_names(pod, world), *_containers(pod, world.now), *_unready(pod, world)]
    return [replace(each, key=ObjectKey(pod.namespace, f"{pod.name}.{int(each.first_seen) * 10**9 + index:x}"))
            for index, each in enumerate(told)]


def _scheduled(pod: Pod) -> Iterator[Event]:
    if pod.node_name and pod.started is not None:
        yield _about(pod, "Normal", "Scheduled", f"Successfully assigned {pod.key} to {pod.node_name}",
                     "default-scheduler")


def _names(pod: Pod, world: World) -> Iterator[Event]:
    """What the kubelet says about the resolv.conf it wrote (rule D82)."""
    if pod.node_name and pod.started is not None:
        for reason, message in warnings_of(pod, world.settings.kubelet):
            yield _about(pod, "Warning", reason, message, "kubelet")


def _containers(pod: Pod, now: float) -> Iterator[Event]:
    """Pulled, Created and Started once for each start; BackOff for a container that keeps ending."""
    if pod.started is None:
        return
    images = {container.name: container.image for container in pod.spec.port_owners}
    for state in pod.states:
        if state.state == "waiting" and state.reason != CRASH_LOOP:
            continue
        restarts = restarts_of(state, now - pod.started)
        pulled = f'Container image "{images.get(state.name, "")}" already present on machine'
        for reason, message in (("Pulled", pulled), ("Created", "Container created"), ("Started", "Container started")):
            yield _about(pod, "Normal", reason, message, "kubelet", 1 + restarts)
        if state.reason == CRASH_LOOP:
            where = f"{pod.name}_{pod.namespace}({pod.uid})"
            yield _about(pod, "Warning", "BackOff", f"Back-off restarting failed container {state.name} in pod {where}",
                         "kubelet", restarts)


def _unready(pod: Pod, world: World) -> Iterator[Event]:
    """A readiness probe that fails is told again in every period."""
    if pod.ready or pod.phase != "Running" or pod.started is None or not any(
            container.readiness_probe for container in pod.spec.port_owners):
        return
    address = pod.pod_ips[0] if pod.pod_ips else 0
    reasons = unready_reasons(pod.spec, listening_of(pod.spec, world.images), address)
    running = {state.name for state in pod.states if state.state == "running"}
    for container in pod.spec.port_owners:
        probe = container.readiness_probe
        if probe is None or container.name not in reasons or container.name not in running:
            continue
        first = pod.started + probe.initial_delay_seconds
        period = max(1, probe.period_seconds)
        if first <= world.now:
            count = int((world.now - first) // period) + 1
            event = _about(pod, "Warning", "Unhealthy", f"Readiness probe failed: {reasons[container.name]}", "kubelet")
            yield replace(event, count=count, first_seen=first, last_seen=first + (count - 1) * period)


def _made_by_owner(pod: Pod) -> Event | None:
    """What the workload controller told about itself when it made the pod."""
    owner = pod.owner
    if owner is None or owner.kind not in _POD_MAKERS:
        return None
    text = f"Created pod: {pod.name}" if owner.kind != "StatefulSet" else (
        f"create Pod {pod.name} in StatefulSet {owner.name} successful")
    told = _Told(owner.kind, ObjectKey(pod.namespace, owner.name), "Normal", "SuccessfulCreate", text,
                 _POD_MAKERS[owner.kind])
    return _event(told, ObjectKey(pod.namespace, f"{owner.name}.{pod.name}"), pod.created, pod.created)


def _about(pod: Pod, type: str, reason: str, message: str, component: str, count: int = 1) -> Event:
    told = _Told("Pod", pod.key, type, reason, message, component)
    seen = pod.started if pod.started is not None else pod.created
    return replace(_event(told, pod.key, seen, seen), count=count)


def _event(told: _Told, key: ObjectKey, first: float, last: float) -> Event:
    return Event(key=key, created=first, involved_kind=told.kind, involved=told.about, type=told.type,
                 reason=told.reason, message=told.message, component=told.component, first_seen=first, last_seen=last)


def _identity(event: Event) -> _Told:
    return _Told(event.involved_kind, event.involved, event.type, event.reason, event.message, event.component)


def _in_order(events: Iterable[Event], now: float) -> list[Event]:
    """Oldest news first; what is older than an hour has been forgotten."""
    return sorted((each for each in events if each.last_seen + TTL_SECONDS > now),
                  key=lambda each: (each.last_seen, each.first_seen))
