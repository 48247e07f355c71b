"""All Ingresses and IngressClasses of a cluster, filed by what a controller's tables ask for.

Which of them a controller serves is not decided here. Follows the store by events, (old, new) each.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass

from simnet.dataplane.http.annotations import alias_names
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
        for index in (self._aliases, self._secrets, self._by_class):
            index.update(key, old, new)
        return frozenset(host for each in (old, new) if each is not None for host in hosts_of(each))

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

    def fork(self) -> Ingresses:
        twin = Ingresses()
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


def _class(ingress: Ingress) -> Iterable[Hashable]:
    return () if ingress.ingress_class_name is None else (ingress.ingress_class_name,)
