"""The API server's door: manifests in, admitted objects out, all or nothing.

`apply` admits (defaults, validation, allocation); `load` states facts and fills in only what is absent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple, cast

from simnet.control.admission import Admission
from simnet.control.loop import Loop
from simnet.control.ownership import released
from simnet.control.updates import Update, update_of
from simnet.control.world import World
from simnet.errors import AlreadyExists, Conflict, Forbidden, InvalidField, NotFound, Problem, nearest
from simnet.manifests import Manifest, admissible, check, decode
from simnet.manifests.apply import SERVER_FIELDS, keyless, remembered
from simnet.names import ObjectKey, random_suffix
from simnet.objects.gateway import Gateway, GatewayClass
from simnet.objects.httproute import HTTPRoute
from simnet.objects.ingress import Ingress
from simnet.objects.kinds import BY_KIND
from simnet.objects.meta import Object, read_only
from simnet.objects.namespace import Namespace
from simnet.objects.node import Node
from simnet.objects.other import Other
from simnet.objects.pod import Pod
from simnet.objects.service import Service
from simnet.objects.workload import Workload
from simnet.store.store import Change

NAME_LABEL = "kubernetes.io/metadata.name"
IMMORTAL_NAMESPACES = ("default", "kube-system", "kube-public")  # plugin/pkg/admission/namespace/lifecycle
Staged = dict[tuple[str, ObjectKey], Object]


class Applied(NamedTuple):
    """One object of an apply and what became of it: created, configured or unchanged."""

    object: Object
    action: str


class Door:
    """Turns manifests into commits of one loop."""

    def __init__(self, world: World, loop: Loop) -> None:
        self.world, self.loop = world, loop
        self._looked_at: dict[int, tuple[Manifest, Object, str, Update | None]] = {}

    def apply(self, manifests: Sequence[Manifest], verb: str = "apply", create_namespaces: bool = True) -> list[Applied]:
        """Admit and commit every manifest (valid ones, see `manifests.admissible`), or none. `verb` is apply, create or
        replace.

        Raises InvalidField for all that cannot be allocated or may not change; AlreadyExists (create), NotFound (replace,
        or a namespace when those are not created). The ledgers and the store are then as they were.
        """
        self._need_namespaces(manifests, create_namespaces)
        admission = Admission(self.world)
        drawn = self.world.rng.getstate()
        staged: Staged = {}
        try:
            results = self._stage(manifests, verb, admission, staged)
        except Exception:
            admission.undo()
            self.world.rng.setstate(drawn)
            raise
        finally:
            self._looked_at.clear()
        self._make_namespaces(new.namespace for new in staged.values())
        for (kind, _), new in staged.items():
            self.loop.put(new, kind)
        return results

    def _stage(self, manifests: Sequence[Manifest], verb: str, admission: Admission, staged: Staged) -> list[Applied]:
        """Admit one after the other into `staged`; what is wrong with several of them is told together."""
        results: list[Applied] = []
        problems: list[Problem] = []
        for manifest in manifests:
            try:
                new, action = self._admitted(manifest, verb, admission, staged)
            except InvalidField as refused:
                problems += refused.problems
                continue
            staged[(_kind(new), new.key)] = new
            results.append(Applied(new, action))
        if problems:
            raise InvalidField(problems)
        return results

    def load(self, manifests: Sequence[Manifest]) -> list[Object]:
        """Put facts into the store as given: no admission, no range checks; absent values are filled in.

        Of several facts with the same key the last holds. What any of them states is taken before anything is drawn.
        """
        decoded = [decode(manifest, now=self.world.now, facts=True) for manifest in manifests]
        loaded = {(_kind(each), each.key): each for each in decoded}
        if self.world.settings.namespaces != "listed only":
            self._make_namespaces(each.namespace for each in loaded.values())
        services = [each for each in loaded.values() if isinstance(each, Service)]
        for each in services:
            old = self.world.store.get("Service", each.key)
            if old is not None and not _lacks_address(each):
                Admission(self.world).release(old)
        for each in services:
            self._occupy(each)
        for (kind, _), new in loaded.items():
            self.loop.put(self._filled(new) if isinstance(new, Service) else new, kind)
        return list(loaded.values())

    def delete(self, kind: str, key: ObjectKey, orphan: bool = False) -> Object:
        """Remove one object; with `orphan` what it owns stays, without owner. Raises NotFound with the nearest name,
        Forbidden for a namespace that every cluster has."""
        old = self.world.store.get(kind, key)
        if old is None:
            known = [each.name for each in self.world.store.list(kind, key.namespace)]
            raise NotFound(kind.lower(), key.name, key.namespace, known, nearest(key.name, known))
        if kind == "Namespace" and key.name in IMMORTAL_NAMESPACES:
            raise Forbidden(f'namespaces "{key.name}" is forbidden: this namespace may not be deleted')
        freed = [*released(kind, key, self.world)] if orphan else []
        self.loop.commit([*freed, Change(kind, key, None)])
        return old

    # one manifest ------------------------------------------------------------------------------------------------

    def problems(self, manifest: Manifest, verb: str) -> list[Problem]:
        """Everything that is wrong with a manifest that `verb` is to bring in: with the manifest alone when it creates,
        else with the object it makes of the one that is there. For `read_manifests`, before `apply`."""
        old = self._there(manifest) if verb != "create" else None
        if old is None:
            return admissible(manifest)
        found = check(manifest)
        if any(problem.type == "TypeInvalid" or problem.excerpt for problem in found):
            return found
        lacking = keyless(manifest) if verb == "apply" else []
        update = None if lacking else update_of(manifest, old, verb)
        self._looked_at[id(manifest)] = manifest, old, verb, update
        return [*found, *lacking, *(update.problems() if update is not None else ())]

    def _update(self, manifest: Manifest, old: Object, verb: str) -> Update | None:
        """What `update_of` gives, once for `problems` and `apply`."""
        known = self._looked_at.pop(id(manifest), None)
        if known is not None and known[0] is manifest and known[1] is old and known[2] == verb:
            return known[3]
        return update_of(manifest, old, verb)

    def _there(self, manifest: Manifest) -> Object | None:
        named = (manifest.data.get("metadata") or {}).get("name")
        return self.world.store.get(manifest.kind, manifest.key) if named else None

    def _admitted(self, manifest: Manifest, verb: str, admission: Admission, staged: Staged) -> tuple[Object, str]:
        """The object to be stored, and what became of it."""
        before = staged.get((manifest.kind, manifest.key))
        old = before or self._there(manifest)
        if old is None:
            return self._placed(lambda: self._asked(admission.admit(self._created(manifest, verb), None), staged),
                                manifest), "created"
        if verb == "create":
            raise AlreadyExists(f"{manifest.kind.lower()} {old.name!r} already exists")
        if verb == "replace" and before is None:
            self._need_version(manifest, old)
        update = self._update(manifest, old, verb)
        if update is None:
            return old, "unchanged"
        problems = update.problems() if before is not None else []  # else they have been looked for: see `problems`
        if problems:
            raise InvalidField(problems)
        changed = decode(replace(manifest, data=update.data, stored=update.data), now=self.world.now)
        new = self._placed(lambda: self._asked(
            admission.admit(_carried_over(_named_space(changed), old), old), staged), manifest)
        if new.manifest != update.live:
            return new, "configured"
        return old, "configured" if verb == "apply" else "unchanged"  # kubectl: its patch was not empty

    def _need_version(self, manifest: Manifest, old: Object) -> None:
        """Refuse a manifest made from an older state of the object. Source: kubernetes/apiserver
        pkg/registry/generic/registry/store.go Update, OptimisticLockErrorMsg."""
        given = (manifest.data.get("metadata") or {}).get("resourceVersion")
        if given and given != str(self.world.store.resource_version(manifest.kind, old.key)):
            kind = BY_KIND.get(manifest.kind)
            resource = f"{kind.plural}.{kind.group}".rstrip(".") if kind is not None else manifest.kind.lower() + "s"
            raise Conflict(f'Operation cannot be fulfilled on {resource} "{old.name}": the object has been modified; please '
                           "apply your changes to the latest version and try again")

    def _created(self, manifest: Manifest, verb: str) -> Object:
        if verb == "replace":
            known = [each.name for each in self.world.store.list(manifest.kind, manifest.key.namespace)]
            raise NotFound(manifest.kind.lower(), manifest.key.name, manifest.key.namespace, known,
                           nearest(manifest.key.name, known))
        given = remembered(manifest) if verb == "apply" else manifest
        return _named_space(_without_server_fields(self._named(decode(given, now=self.world.now))))

    @staticmethod
    def _placed(admit: Callable[[], Object], manifest: Manifest) -> Object:
        """What `admit` gives; its refusal with the places in the user's file."""
        try:
            return admit()
        except InvalidField as refused:
            raise InvalidField([
                problem if problem.place else replace(problem, place=manifest.place_of(problem.field, value=True))
                for problem in refused.problems]) from None

    def _asked(self, new: Object, staged: Staged) -> Object:
        """The object, once the webhook has had the last word on an Ingress, after the server's own rules and defaults
        (rules W-1 to W-4)."""
        if self.world.webhook is not None and isinstance(new, Ingress):
            refused = self.world.webhook(new, [each for each in staged.values() if isinstance(each, Ingress)])
            if refused:
                raise InvalidField([Problem(refused, "BadRequest", object=new.ref)])
        return new

    def _named(self, new: Object) -> Object:
        """An object with generateName gets its suffix (from the seed)."""
        metadata = new.raw.get("metadata") or {}
        if metadata.get("name") or not metadata.get("generateName"):
            return new
        return replace(new, key=ObjectKey(new.namespace, new.name + random_suffix(self.world.rng)))

    # namespaces --------------------------------------------------------------------------------------------------

    def _need_namespaces(self, manifests: Sequence[Manifest], create: bool) -> None:
        """Refuse objects of a namespace that does not exist, where namespaces are not made on apply."""
        if create and self.world.settings.namespaces != "listed only":
            return
        made = {manifest.key.name for manifest in manifests if manifest.kind == "Namespace"}
        for manifest in manifests:
            name = manifest.key.namespace
            if name and name not in made and self.world.store.get("Namespace", ObjectKey("", name)) is None:
                known = [each.name for each in self.world.store.list("Namespace")]
                raise NotFound("namespace", name, "", known, nearest(name, known))

    def _make_namespaces(self, names: Iterable[str]) -> None:
        for name in dict.fromkeys(names):
            if name and self.world.store.get("Namespace", ObjectKey("", name)) is None:
                self.loop.put(Namespace(key=ObjectKey("", name), labels={NAME_LABEL: name}, created=self.world.now))

    # facts -------------------------------------------------------------------------------------------------------

    def _filled(self, service: Service) -> Service:
        """Facts keep their addresses and ports, whoever else has them; absent ones stay what they were, or are drawn."""
        if not _lacks_address(service):
            return service
        old = self.world.store.get("Service", service.key)
        if isinstance(old, Service) and old.cluster_ips:
            held = replace(old, ports=(*old.ports, *service.ports))
        else:
            held = replace(service, ip_families=())
        return cast(Service, Admission(self.world).admit(service, held))  # what it states counts as held already

    def _occupy(self, service: Service) -> None:
        """Mark given values as taken where they lie in our ranges and are free."""
        for number in service.cluster_ips:
            for ledger in self.world.cluster_ips:
                if number in ledger and ledger.holder(number) is None:
                    ledger.request(number, service.key)
        low, high = self.world.settings.node_port_range
        for number in (*(port.node_port for port in service.ports), service.health_check_node_port):
            if low <= number <= high and self.world.node_ports.holder(number) is None:
                self.world.node_ports.request(number, service.key)


def readable(manifest: Manifest) -> list[Problem]:
    """The rules for facts: types must fit, but a live object may have fields newer than our tables."""
    return check(manifest, lenient=True)


def _lacks_address(service: Service) -> bool:
    return not (service.is_external_name or service.is_headless or service.cluster_ips)


def _kind(new: Object) -> str:
    return new.other_kind if isinstance(new, Other) else new.kind


def _without_server_fields(new: Object) -> Object:
    """What only the server writes does not count in a manifest that is applied (a copy of a live object, say)."""
    metadata = new.raw.get("metadata") or {}
    if not any(name in metadata for name in SERVER_FIELDS):
        return new
    kept = {name: value for name, value in metadata.items() if name not in SERVER_FIELDS}
    return replace(new, raw={**new.raw, "metadata": kept})


def _named_space(new: Object) -> Object:
    """A Namespace with the label that every one has; other kinds as they are."""
    return replace(new, labels={**new.labels, NAME_LABEL: new.name}) if isinstance(new, Namespace) else new


def _carried_over(new: Object, old: Object) -> Object:
    """What a manifest cannot say stays: creation time and uid, owner, where a pod runs and how it is, a workload's
    status, an Ingress's addresses."""
    new = replace(_without_server_fields(new), created=old.created, owner=new.owner or old.owner)
    uid = (old.raw.get("metadata") or {}).get("uid")
    if uid:
        new = replace(new, raw={**new.raw, "metadata": {**new.raw["metadata"], "uid": uid}})
    match new, old:
        case Pod(), Pod():
            return replace(new, node_name=old.node_name, pod_ips=old.pod_ips, phase=old.phase, ready=old.ready,
                           states=old.states, reason=old.reason, message=old.message, started=old.started)
        case Workload(), Workload():
            own = f"{old.kind.lower()}.kubernetes.io/"  # deployment.kubernetes.io/revision
            kept = {key: value for key, value in old.annotations.items() if key.startswith(own)}
            annotations = read_only({**new.annotations, **kept}) if kept else new.annotations
            return replace(new, observed=old.observed, ready_replicas=old.ready_replicas, annotations=annotations)
        case Ingress(), Ingress():
            return replace(new, addresses=old.addresses)
        case GatewayClass(), GatewayClass():
            return replace(new, conditions=old.conditions)
        case Gateway(), Gateway():
            return replace(new, addresses=old.addresses, conditions=old.conditions, statuses=old.statuses)
        case HTTPRoute(), HTTPRoute():
            return replace(new, statuses=old.statuses)
        case Node(), Node():
            new = replace(new, pod_cidrs=new.pod_cidrs or old.pod_cidrs)
            if "status" in new.raw:
                return new
            return replace(new, addresses=old.addresses, external_addresses=old.external_addresses, ready=old.ready)
        case _:
            return new
