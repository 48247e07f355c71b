"""All Ingresses and IngressClasses of a cluster, filed by what a controller's tables ask for.

Which of them a controller serves is not decided here. Follows the store by events, (old, new) each.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass

from simnet.dataplane.http.annotations import alias_names
from simnet.dataplane.http.upstreams import BackendKey, backend_key
from simnet.names import ObjectKey
from simnet.objects.ingress import Ingress
from simnet.objects.ingressclass import IngressClass
from simnet.store.index import Index

ANY_HOST = ""
"""The host of rules without one: the default server."""


@dataclass(frozen=True, slots=True)
class Known:
    """What was known at one moment: Ingresses by host, classes by name. Never changes after it was taken."""

    hosts: Mapping[str, tuple[Ingress, ...]]
    classes: Mapping[str, IngressClass]


class Ingresses:
    """The files. Look-ups are O(1); an event costs what the object itself lists.

    `hosts` is shared with every `Known` handed out and copied before the next change (copy on write), so that a
    decision can keep the table it was taken from without anybody copying it on the packet path.
    """

    def __init__(self) -> None:
        self._hosts: dict[str, tuple[Ingress, ...]] = {}
        self._classes: dict[str, IngressClass] = {}
        self._known: Known | None = None
        self._aliases: Index[Ingress] = Index(_aliases)
        self._secrets: Index[Ingress] = Index(_secrets)
        self._by_class: Index[Ingress] = Index(_class)
        self._by_backend: Index[Ingress] = Index(backends_of)
        self._canaries: Index[Ingress] = Index(_canary)
        self._defaults: Index[Ingress] = Index(_default)

    def update(self, key: ObjectKey, old: Ingress | None, new: Ingress | None) -> frozenset[str]:
        """Follow one change of an Ingress; returns the hosts it touches."""
        self._unshare()
        for host in hosts_of(old) if old is not None else ():
            left = tuple(each for each in self._hosts[host] if each.key != key)
            if left:
                self._hosts[host] = left
            else:
                del self._hosts[host]
        if new is not None:
            for host in hosts_of(new):
                self._hosts[host] = (*self._hosts.get(host, ()), new)
        for index in (self._aliases, self._secrets, self._by_class, self._by_backend, self._canaries, self._defaults):
            index.update(key, old, new)
        changed = [each for each in (old, new) if each is not None]
        return frozenset(host for each in (*changed, *self._beside_canaries(changed)) for host in hosts_of(each))

    def _beside_canaries(self, changed: list[Ingress]) -> list[Ingress]:
        """Ingresses that share a backend with a changed one where a canary takes part: who came first may be another
        now (rule Y-9). Nothing as long as there are no canaries."""
        if not self.canaries() and not any(map(is_canary, changed)):
            return []
        found: list[Ingress] = []
        for key in {key for each in changed for key in backends_of(each)}:
            sharers = self._by_backend.get(key).values()
            if any(map(is_canary, (*sharers, *changed))):
                found += sharers
        return found

    def update_class(self, name: str, new: IngressClass | None) -> frozenset[str]:
        """Follow one change of an IngressClass; returns the hosts of the Ingresses that name it."""
        self._unshare()
        if new is None:
            self._classes.pop(name, None)
        else:
            self._classes[name] = new
        return frozenset(host for each in self._by_class.get(name).values() for host in hosts_of(each))

    def _unshare(self) -> None:
        if self._known is not None:
            self._hosts, self._classes, self._known = self._hosts.copy(), self._classes.copy(), None

    def known(self) -> Known:
        """Everything as it is now. O(1)."""
        if self._known is None:
            self._known = Known(self._hosts, self._classes)
        return self._known

    def at_host(self, host: str) -> tuple[Ingress, ...]:
        """Ingresses with a rule for exactly this host (`*.` names literally); ANY_HOST: rules without host, and
        Ingresses that have only a default backend."""
        return self._hosts.get(host, ())

    def class_named(self, name: str) -> IngressClass | None:
        return self._classes.get(name)

    def with_alias(self, name: str) -> Iterable[Ingress]:
        """Ingresses whose server-alias lists `name`; all that list a pattern for '~'."""
        return self._aliases.get(name).values()

    def with_secret(self, secret: ObjectKey) -> Iterable[Ingress]:
        """Ingresses whose tls section names this Secret."""
        return self._secrets.get(secret).values()

    def using(self, backend: BackendKey) -> Iterable[Ingress]:
        """Ingresses with a path or default backend that leads there."""
        return self._by_backend.get(backend).values()

    def canaries(self) -> Iterable[Ingress]:
        """Ingresses with a canary annotation, whatever it says."""
        return self._canaries.get(True).values()

    def with_default(self) -> Iterable[Ingress]:
        """Ingresses with a Service as default backend."""
        return self._defaults.get(True).values()

    def fork(self) -> Ingresses:
        twin = Ingresses()
        twin._by_backend, twin._canaries = self._by_backend.fork(), self._canaries.fork()
        twin._defaults = self._defaults.fork()
        twin._hosts, twin._classes = self._hosts.copy(), self._classes.copy()
        twin._aliases, twin._secrets, twin._by_class = self._aliases.fork(), self._secrets.fork(), self._by_class.fork()
        return twin


def hosts_of(ingress: Ingress) -> dict[str, None]:
    """The hosts an Ingress names, each once, in its order; ANY_HOST for one that is only a default backend."""
    if not ingress.rules and ingress.default_backend is not None:
        return {ANY_HOST: None}
    return {rule.host.lower(): None for rule in ingress.rules}


def _aliases(ingress: Ingress) -> Iterable[Hashable]:
    """The names of every `.../server-alias` annotation, whatever its prefix; patterns are filed together under '~'."""
    return {"~" if alias.startswith("~") else alias
            for name, value in ingress.annotations.items() if name.endswith("/server-alias")
            for alias in alias_names(value)}


def _secrets(ingress: Ingress) -> Iterable[Hashable]:
    return {ObjectKey(ingress.namespace, entry.secret_name) for entry in ingress.tls if entry.secret_name}


def backends_of(ingress: Ingress) -> dict[BackendKey, None]:
    """The Services that an Ingress leads to, each once."""
    backends = [ingress.default_backend, *(path.backend for rule in ingress.rules for path in rule.paths or ())]
    return {key: None for each in backends if (key := backend_key(ingress.namespace, each)) is not None}


def is_canary(ingress: Ingress) -> bool:
    """Whether it carries a canary annotation, with any prefix and any value."""
    return any(name.endswith("/canary") for name in ingress.annotations)


def has_default(ingress: Ingress) -> bool:
    """Whether it has a default backend that a controller can serve."""
    return ingress.default_backend is not None and ingress.default_backend.resource is None


def _default(ingress: Ingress) -> Iterable[Hashable]:
    return (True,) if has_default(ingress) else ()


def _canary(ingress: Ingress) -> Iterable[Hashable]:
    return (True,) if is_canary(ingress) else ()


def _class(ingress: Ingress) -> Iterable[Hashable]:
    return () if ingress.ingress_class_name is None else (ingress.ingress_class_name,)
