"""A Kubernetes cluster's network in one Python object.

`Cluster` is the one mutable thing users hold. It owns the store, the ledgers, the clock and the view, and offers the
verbs; no networking rule is written here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from functools import partial
from random import Random
from typing import Any

from simnet.clock import Clock, parse_duration
from simnet.compare import Diff, compare
from simnet.control.addons import base_manifests, controller_manifests, coredns_manifests
from simnet.control.controllers import all_controllers
from simnet.control.door import Applied, Door, readable
from simnet.control.endpoints import endpoints_of
from simnet.control.events import EventRecorder, all_events, events_of
from simnet.control.loop import Loop
from simnet.control.resolv_conf import ResolvConf
from simnet.control.world import World
from simnet.dataplane.client import Options, actor_of, first_packet, parse_url, reply_of
from simnet.dataplane.dns.alternatives import Alternative
from simnet.dataplane.dns.lookup import Lookup
from simnet.dataplane.dns.records import Answer
from simnet.dataplane.exchange import exchange, exchanges
from simnet.dataplane.link import Link
from simnet.dataplane.outcomes import Outcomes
from simnet.dataplane.packet import Actor, Packet
from simnet.dataplane.resolve import remember_lookups
from simnet.dataplane.ruletable import NodeRules, node_rules
from simnet.dataplane.step import Step, Trace
from simnet.dataplane.topology import check_link, check_vertex
from simnet.dataplane.view import View
from simnet.dataplane.walk import flow_hash, look_up
from simnet.errors import NotFound, UsageError, nearest
from simnet.explain.notebook import cluster_svg, page
from simnet.images.profile import LIBCS
from simnet.labels import Selector
from simnet.manifests import read_manifests
from simnet.names import ObjectKey
from simnet.objects.endpoints import Endpoints
from simnet.objects.endpointslice import MANAGED_BY_LABEL
from simnet.objects.kinds import BY_KIND, BY_WORD, kind_named
from simnet.objects.meta import Object
from simnet.objects.node import Node
from simnet.objects.service import Service
from simnet.settings import LAPTOP, Settings, one_of
from simnet.store.store import Change, Store
from simnet.store.work import Work

API_SERVICE = ObjectKey("default", "kubernetes")
FIRST_SOURCE_PORT = 32768
LAST_SOURCE_PORT = 60999
Results = list[Applied]
Found = list[Any]
Manifests = list[dict[str, Any]]


class Cluster:
    """A cluster. Keyword arguments are the settings of `simnet.settings`; all have defaults.

    `is_live` set: changes no longer wait until the controllers are quiet, time moves by `advance` alone.
    Not thread-safe; two clusters never meet; `fork` gives an independent one cheaply. Same settings, same calls: the
    same results to the byte.
    """

    def __init__(self, **settings: Any) -> None:
        """Raises UsageError naming the keyword, the value and what would do."""
        self.settings = Settings.read(settings)
        self.work = Work()
        self.store = Store(self.work)
        self.world = World(self.store, self.settings, Clock(self.settings.now), Random(self.settings.seed), self.work)
        self.view = View(self.store, self.settings, self.work)
        self._wire(all_controllers())
        self._source_ports: dict[str, int] = {}
        self.is_live = False
        self._set_up()

    def _wire(self, controllers: Sequence[Any]) -> None:
        self._loop = Loop(self.world, controllers, self.view)
        self.world.recorder = next(each for each in controllers if isinstance(each, EventRecorder))
        self._door = Door(self.world, self._loop)
        self.view.now = self.world.now
        self.world.webhook = self.view.ingress.refusal

    def _set_up(self) -> None:
        """Nodes, and what `addons` asks for; an empty `addons` leaves the cluster empty but for its nodes."""
        for name, addresses in self.settings.nodes:
            labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
            self._loop.put(Node(key=ObjectKey("", name), addresses=addresses, labels=labels, created=self.now))
        self._loop.run()
        manifests: Manifests = []
        if self.settings.addons:
            manifests += base_manifests(self.settings)
        if "coredns" in self.settings.addons:
            manifests += coredns_manifests(self.settings)
        for controller in self.settings.ingress:
            manifests += [each for each in controller_manifests(controller) if each not in manifests]
        if manifests:
            self.create(manifests)

    # time ----------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        """Logical time, seconds since 1970."""
        return self.world.now

    @property
    def clock(self) -> Clock:
        return self.world.clock

    @property
    def version(self) -> int:
        """Grows with every committed change."""
        return self.store.version

    def advance(self, seconds: float | str) -> None:
        """Let logical time pass (a number of seconds, or text such as `1h30m`); everything due in it happens."""
        span = parse_duration(seconds) if isinstance(seconds, str) else float(seconds)
        if span < 0:
            raise UsageError(f"time cannot go back: advance({seconds})")
        self._at_work(lambda: self._loop.advance_to(self.now + span))

    def settle(self) -> None:
        """Let controllers and timers work until they are quiet. Raises DidNotSettle after ten logical minutes."""
        self._at_work(self._loop.settle)

    def _settle(self, settle: bool) -> None:
        self._at_work(self._loop.settle if settle and not self.is_live else self._loop.run)

    def _at_work(self, act: Callable[[], None]) -> None:
        """Let the controllers work; the data plane sees the time they came to, also when they did not settle."""
        try:
            act()
        finally:
            self.view.now = self.now

    # objects -------------------------------------------------------------------------------------------------------

    def apply(self, source: Any, *, settle: bool = True, create_namespaces: bool = True,
              namespace: str | None = None) -> Results:
        """Apply manifests as an API server and its controllers would: validate, default, allocate, then act.

        `source` is a file, a directory, manifest text, a mapping, a list of these, or builder objects. All or nothing:
        a refused apply changes nothing. Returns every object with `created`, `configured` or `unchanged`.
        Raises ManifestError or InvalidField with all problems at once, PoolExhausted, NotFound (namespace).
        """
        return self._apply(source, "apply", settle, create_namespaces, namespace)

    def create(self, source: Any, *, settle: bool = True, create_namespaces: bool = True,
               namespace: str | None = None) -> Results:
        """Like `apply`, but AlreadyExists when an object is there."""
        return self._apply(source, "create", settle, create_namespaces, namespace)

    def replace(self, source: Any, *, settle: bool = True, namespace: str | None = None) -> Results:
        """Like `apply`, but NotFound when an object is not there."""
        return self._apply(source, "replace", settle, True, namespace)

    def _apply(self, source: Any, verb: str, settle: bool, create_namespaces: bool,
               namespace: str | None) -> Results:
        manifests = read_manifests(source, namespace=namespace or "default",
                                   rules=lambda manifest: self._door.problems(manifest, verb))
        results = self._door.apply(manifests, verb, create_namespaces)
        self._settle(settle)
        return [Applied(self.store.get(each.object.kind, each.object.key) or each.object, each.action)
                for each in results]

    def load(self, source: Any, *, settle: bool = True) -> None:
        """State facts (a dump, a live `kubectl get -o yaml`, a test case): addresses, status and times are kept as
        given, outside every range too; only absent values are filled in. The same key replaces."""
        self._door.load(read_manifests(source, rules=readable))
        self._settle(settle)

    def delete(self, ref: str, name: str | None = None, *, namespace: str | None = None, settle: bool = True,
               orphan: bool = False) -> Object:
        """Delete `pod/web-1`, `pod/shop/web-1`, or `("pod", "web-1")`; returns what was deleted. With `orphan` the pods
        of a workload stay (`kubectl delete --cascade=orphan`). Raises NotFound."""
        kind, key = self._key(ref, name, namespace)
        gone = self._door.delete(kind, key, orphan)
        self._settle(settle)
        return gone

    def get(self, kind: str, name: str | None = None, *, namespace: str | None = None) -> Any:
        """The object as a frozen typed value; `.manifest` is its full API object. Raises NotFound with the nearest."""
        kind_name, key = self._key(kind, name, namespace)
        found = self.store.get(kind_name, key)
        if found is None and kind_name == "Endpoints":
            found = self._derived_endpoints(key)
        if found is None:
            known = [each.name for each in self.list(kind_name, namespace=key.namespace)]
            raise NotFound(kind_name.lower(), key.name, key.namespace, known, nearest(key.name, known))
        return found

    def list(self, kind: str, *, selector: str | None = None, namespace: str | None = None) -> Found:
        """All objects of a kind, by namespace and name; `namespace` None means all, `selector` is kubectl's -l."""
        kind_name = self._kind_called(kind)
        found: Found = [*self.store.list(kind_name, namespace)]
        if kind_name == "Endpoints":
            found = self._all_endpoints(found, namespace)
        elif kind_name == "Event":
            found = [*all_events(self.world, namespace)]
        if selector is not None:
            wanted = Selector.parse(selector)
            found = [each for each in found if wanted.matches(each.labels)]
        return found

    def events_of(self, about: Object) -> Found:
        """Everything controllers told about one object, oldest first (what `kubectl describe` shows)."""
        return [*events_of(self.world, about)]

    def dump(self) -> Manifests:
        """Every object as a manifest with its status: what `load` reads back. Derived slices and events are left out."""
        return [each.manifest for kind in sorted(self.store.kinds()) if kind != "Event"
                for each in self.store.list(kind) if not (kind == "EndpointSlice" and MANAGED_BY_LABEL in each.labels)]

    def resource_version(self, each: Object) -> int:
        """The version of the store when this object was last written."""
        return self.store.resource_version(each.kind, each.key)

    def put(self, *objects: Object, settle: bool = True) -> None:
        """Commit typed objects as they are (a label changed by kubectl, a pod marked failed): no validation."""
        self._loop.commit([Change(each.kind, each.key, each) for each in objects])
        self._settle(settle)

    def _key(self, kind: str, name: str | None, namespace: str | None) -> tuple[str, ObjectKey]:
        """`("pod/shop/web", None)` and `("pod", "web")` alike -> kind and key."""
        if name is None:
            kind, slash, name = kind.partition("/")
            if not slash:
                raise UsageError(f"{kind!r} names no object; write KIND/NAME or give the name")
            if "/" in name:
                namespace, _, name = name.partition("/")
        kind = self._kind_called(kind)
        row = BY_KIND.get(kind)
        key = ObjectKey(namespace or "default", name)
        if row is None and self.store.get(kind, key) is None:
            return kind, ObjectKey("", name) if self.store.get(kind, ObjectKey("", name)) is not None else key
        return kind, key if row is None or row.namespaced else ObjectKey("", name)

    def _kind_called(self, word: str) -> str:
        """The kind a user means: `svc`, `Service`, or one that is only kept, `jobs`. Raises UsageError with the nearest."""
        if word in BY_KIND:
            return word
        kept = self.store.kind_called(word) if word.lower() not in BY_WORD else None
        return kept or kind_named(word).kind

    def _derived_endpoints(self, key: ObjectKey) -> Endpoints | None:
        service = self.view.service(key)
        return endpoints_of(service, self.view.slices(key)) if service is not None and _has_endpoints(service) else None

    def _all_endpoints(self, stored: Found, namespace: str | None) -> Found:
        known: dict[ObjectKey, Object] = {each.key: each for each in stored}
        for service in self.store.list("Service", namespace):
            if service.key not in known and (derived := self._derived_endpoints(service.key)) is not None:
                known[service.key] = derived
        return [known[key] for key in sorted(known)]

    # names ---------------------------------------------------------------------------------------------------------

    def actor(self, source: str = LAPTOP) -> Actor:
        """Who `source` is. Raises NotFound or UsageError with the nearest name."""
        return actor_of(self.view, source)

    def resolve(self, name: str, source: str = LAPTOP, *, libc: str | None = None, family: int | None = None) -> Lookup:
        """What the resolver of a program at `source` does with `name`: every query in order, and the result."""
        if libc is not None:
            one_of("libc", libc, LIBCS)
        actor = self.actor(source)
        lookup = look_up(self.view, actor, name, libc, family, flow_hash(self.settings.seed))
        self.view.dns.clients.remember(actor, lookup)
        return lookup

    def alternatives(self, name: str, source: str, *, libc: str | None = None,
                     family: int | None = None) -> tuple[Alternative, ...]:
        """What a final dot, another ndots or a shorter name would have cost `source`, each with its lookup. A dry run."""
        if libc is not None:
            one_of("libc", libc, LIBCS)
        actor = self.actor(source)
        return self.view.dns.clients.alternatives(actor if libc is None else actor.with_libc(libc), name, family)

    def query(self, name: str, type: str = "A", source: str | None = None) -> Answer:
        """One question to the cluster's DNS server; `source` matters only to optional features."""
        actor = self.actor(source) if source else None
        answer = self.view.dns.query(name, type, actor.pod.key if actor is not None and actor.pod is not None else None)
        self.view.dns.remember(answer)
        return answer

    def resolv_conf(self, source: str) -> ResolvConf:
        """`/etc/resolv.conf` as the kubelet writes it for a pod (or a node's own); `str()` is the file."""
        return self.view.dns.clients.resolv_conf(self.actor(source))

    def hosts_file(self, source: str) -> str:
        """`/etc/hosts` of a pod or node."""
        return str(self.view.dns.clients.hosts_file(self.actor(source)))

    # packets -------------------------------------------------------------------------------------------------------

    def request(self, url: str, source: str = LAPTOP, **options: Any) -> Trace:
        """Send one HTTP request and commit what it leaves behind (affinity, the source's next port)."""
        return self._send(url, source, options, commit=True)

    def connect(self, url: str, source: str = LAPTOP, **options: Any) -> Trace:
        """Open one plain connection, `tcp://10.96.0.10:80`, udp or sctp, and commit what it leaves behind."""
        return self._send(url, source, options, commit=True)

    def trace(self, url: str, source: str = LAPTOP, **options: Any) -> Trace:
        """A dry run of `request` or `connect`: the same trace, nothing committed."""
        return self._send(url, source, options, commit=False)

    def outcomes(self, url: str, source: str = LAPTOP, **options: Any) -> Outcomes:
        """Every possible trace with its exact probability; nothing committed."""
        given = Options.read(options)
        packet = self._packet(url, source, given)
        reply = reply_of(given.reply)
        return Outcomes(exchanges(self.view, packet, reply))

    def rules(self, node: str, family: int = 4) -> NodeRules:
        """What kube-proxy would program on `node` for IPv4 (4) or IPv6 (6), in the cluster's proxy mode.

        `simnet.explain.rules.rules_text` makes the text of it. Raises NotFound with the nearest node, and UsageError for
        a family the node has no address of. Cost: O(service ports and their endpoints).
        """
        found: Node = self.get("node", node)
        if found.primary(family) is None:
            raise UsageError(f"node/{node} has no IPv{family} address, so no rules of that family")
        return node_rules(self.view, node, family)

    def open(self, url: str, source: str = LAPTOP, **options: Any) -> Link:
        """Open a connection that later requests reuse: it stays with the endpoint it got."""
        return Link(self.view, self._send(url, source, options, commit=True), partial(flow_hash, self.settings.seed),
                    self._remember)

    def _send(self, url: str, source: str, options: dict[str, Any], commit: bool) -> Trace:
        given = Options.read(options)
        packet = self._packet(url, source, given)
        trace = exchange(self.view, packet, flow_hash(self.settings.seed), reply_of(given.reply))
        if commit:
            self._commit(packet, trace)
        return trace

    def _packet(self, url: str, source: str, given: Options) -> Packet:
        actor = self.actor(source)
        if given.via and self.view.node(given.via) is None:
            known = [each.name for each in self.store.list("Node")]
            raise NotFound("node", given.via, suggestion=nearest(given.via, known))
        port = self._source_ports.get(actor.name, FIRST_SOURCE_PORT)
        return first_packet(self.view, parse_url(url), actor, given, port)

    def _commit(self, packet: Packet, trace: Trace) -> None:
        """Effects are values in the trace; here they become state."""
        name = packet.flow.actor.name
        used = self._source_ports.get(name, FIRST_SOURCE_PORT)
        self._source_ports[name] = used + 1 if used < LAST_SOURCE_PORT else FIRST_SOURCE_PORT
        self._remember(trace.steps)

    def _remember(self, steps: tuple[Step, ...]) -> None:
        self.view.affinity.commit(steps, self.now)
        self.view.ingress.commit(steps, self.now)
        if self.settings.dns.remembers:
            remember_lookups(self.view, steps)

    # underlay ------------------------------------------------------------------------------------------------------

    def cut(self, one: str, other: str) -> None:
        """Take a link of the underlay out: `cut("node/node-1", "router")`, `cut("pod/default/web", "bridge/node-1")`.

        Raises UsageError with the nearest name for a vertex that does not exist, and for two that no link joins.
        """
        check_link(self.view, one, other)
        self.view.underlay.cut_link(one, other)
        self.view.memo.clear()

    def mend(self, one: str, other: str) -> None:
        """Put a link back. Raises UsageError like `cut`."""
        check_link(self.view, one, other)
        self.view.underlay.mend_link(one, other)
        self.view.memo.clear()

    def partition(self, ones: Sequence[str], others: Sequence[str]) -> None:
        """Let nothing pass between two sets of vertices (`node/a`, `outside`). Raises UsageError for an unknown one."""
        for vertex in (*ones, *others):
            check_vertex(self.view, vertex)
        self.view.underlay.part(ones, others)
        self.view.memo.clear()

    def rejoin(self) -> None:
        """Undo every partition."""
        self.view.underlay.rejoin()
        self.view.memo.clear()

    # copies and counters -------------------------------------------------------------------------------------------

    def fork(self) -> Cluster:
        """An independent cluster in the same state; frozen objects are shared. Cost: one dict entry an object."""
        twin = Cluster.__new__(Cluster)
        twin.settings = self.settings
        twin.work = Work()
        twin.store = self.store.fork(twin.work)
        twin.world = self.world.fork(twin.store, twin.work)
        twin.view = self.view.fork(twin.store, twin.work)
        twin._source_ports = dict(self._source_ports)
        twin.is_live = self.is_live
        twin._wire([each.fork() for each in self._loop.controllers])
        return twin

    def diff(self, other: Cluster) -> Diff:
        """The concrete requests that come out differently in `other`, grouped, one witness each (see `compare`)."""
        return compare(self, other)

    def set(self, **changes: Any) -> None:
        """Change `assume`, `policies` or `trust` afterwards; other settings are fixed when a cluster is made.

        Raises UsageError for another name, or a value that would not do at the start either.
        """
        self.settings = replace(self.settings, **self.settings.changes(changes))
        self.world.settings = self.view.settings = self.settings

    @contextmanager
    def counting(self) -> Iterator[Work]:
        """Count the work done inside a `with` block; the numbers are final when the block ends."""
        before, counted = self.work.copy(), Work()
        try:
            yield counted
        finally:
            difference = self.work.since(before)
            for field in fields(Work):
                setattr(counted, field.name, getattr(difference, field.name))

    def _repr_svg_(self) -> str:
        return cluster_svg(self.store.list)

    def _repr_html_(self) -> str:
        return page([self._repr_svg_()], repr(self))

    def __repr__(self) -> str:
        return (f"<Cluster: {self.store.count('Node')} nodes, {self.store.count('Pod')} pods, "
                f"{self.store.count('Service')} services, version {self.version}>")


def _has_endpoints(service: Service) -> bool:
    """The endpoints controller's Services, and the one whose Endpoints the API server writes itself."""
    return (service.has_selector and not service.is_external_name) or service.key == API_SERVICE
