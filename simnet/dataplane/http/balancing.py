"""What the Ingresses that use one backend make of it together: affinity, hashing, and which canary hangs on it.

All of this belongs to the backend (namespace, Service, port), not to a location, so it holds for every host and path
that leads there (rules Y-1, Y-2, Y-6, Y-7, Y-9, K-7, K-10).

Source: kubernetes/ingress-nginx internal/ingress/controller/controller.go createUpstreams, getBackendServers,
mergeAlternativeBackends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from simnet.dataplane.http.canary import CanaryPolicy
from simnet.dataplane.http.ingresses import ANY_HOST
from simnet.dataplane.http.servers import Server, Source
from simnet.dataplane.http.sticky import Sticky
from simnet.dataplane.http.upstreams import BackendKey, backend_key
from simnet.names import ObjectKey
from simnet.objects.ingress import Ingress, IngressBackend


@dataclass(frozen=True, slots=True)
class Alternative:
    """A canary of a backend: its own backend, the policy that says which requests it takes (None when an ordinary Ingress
    had the Service first, so that no policy came along and it takes none), and the Ingress that brought it."""

    backend: BackendKey
    policy: CanaryPolicy | None
    ingress: ObjectKey
    ignores_affinity: bool = False
    hash_by: str = ""
    hash_subset: int = 0


@dataclass(slots=True)
class Balancing:
    """Settings of one backend. `cookie_paths` are the (host, path) whose answers set the affinity cookie; `canaries` in
    the order in which they were attached, of which only the first is ever asked (rule Y-6)."""

    sticky: Sticky | None = None
    cookie_paths: frozenset[tuple[str, str]] = frozenset()
    hash_by: str = ""
    hash_subset: int = 0
    policy: CanaryPolicy | None = None
    canaries: tuple[Alternative, ...] = ()


def _paths(ingress: Ingress, backend: BackendKey) -> list[tuple[str, str]]:
    """(host, path) of the rules of an Ingress that lead to a backend."""
    return [(rule.host.lower(), path.path or "/") for rule in ingress.rules for path in rule.paths or ()
            if backend_key(ingress.namespace, path.backend) == backend]


def _makers(users: Iterable[Source], backend: BackendKey) -> Source | None:
    """The Ingress whose settings the backend was made with: the last that has it as default backend, else the first."""
    found: Source | None = None
    for source in users:
        if found is None or backend_key(source.ingress.namespace, source.ingress.default_backend) == backend:
            found = source
    return found


def first_seen_in_canary(users: Sequence[Source], backend: BackendKey) -> bool:
    """Whether a backend belongs to canaries only, so that it gets no location (rule Y-9). `users` in M order."""
    maker = _makers(users, backend)
    return maker is not None and maker.settings.is_canary


def balancing_of(users: Sequence[Source], backend: BackendKey) -> Balancing:
    """What the Ingresses that use a backend, in M order, say about it."""
    maker = _makers(users, backend)
    if maker is None:
        return Balancing()
    found = Balancing(hash_by=maker.settings.hash_by, hash_subset=maker.settings.hash_subset,
                      policy=maker.settings.canary if maker.settings.is_canary else None)
    if maker.settings.is_canary:
        return found
    sticky = [each for each in users if each.settings.sticky is not None and _paths(each.ingress, backend)]
    if sticky:
        found.sticky = sticky[-1].settings.sticky
        found.cookie_paths = frozenset(path for each in sticky for path in _paths(each.ingress, backend))
    return found


def alternatives_of(canaries: Iterable[Source], main: BackendKey, server: Callable[[str], Server | None],
                    alone: Callable[[BackendKey], Balancing]) -> tuple[Alternative, ...]:
    """The canaries of one backend, in the order they are attached. O(rules of all canaries, and of their hosts)."""
    found: dict[BackendKey, Alternative] = {}
    gone: set[BackendKey] = set()
    for source in canaries:
        if source.settings.is_canary:
            for backend, attached in _attachments(source, server, gone):
                if main in attached:
                    found.setdefault(backend, _alternative(source, backend, alone(backend)))
    return tuple(each for each in found.values() if each.backend not in gone)


def _alternative(source: Source, backend: BackendKey, own: Balancing) -> Alternative:
    return Alternative(backend, own.policy, source.ingress.key,
                       source.settings.canary_ignores_affinity, own.hash_by, own.hash_subset)


def _attachments(source: Source, server: Callable[[str], Server | None], gone: set[BackendKey]
                 ) -> list[tuple[BackendKey, list[BackendKey]]]:
    """For each path of a canary the main backends it is attached to. One that finds none is struck off for good."""
    found: list[tuple[BackendKey, list[BackendKey]]] = []
    for host, path, is_exact, given in _places(source.ingress):
        backend, at_host = backend_key(source.ingress.namespace, given), server(host)
        if backend is None or backend in gone or at_host is None:
            continue
        attached, is_main = _attached(at_host, path, is_exact, backend)
        found.append((backend, attached))
        if not attached and not is_main:
            gone.add(backend)
    return found


def _places(ingress: Ingress) -> Iterator[tuple[str, str | None, bool, IngressBackend]]:
    """Host, path (None: every path), whether it is Exact, and backend of all that a canary is for."""
    if ingress.default_backend is not None:
        yield ANY_HOST, None, False, ingress.default_backend
    for rule in ingress.rules:
        for path in rule.paths or ():
            yield rule.host.lower(), path.path or "/", path.path_type == "Exact", path.backend


def _attached(server: Server, path: str | None, is_exact: bool, backend: BackendKey) -> tuple[list[BackendKey], bool]:
    """Backends of the server's rules with this path and type; stops at a rule that has the canary's own backend."""
    found: list[BackendKey] = []
    for rule in server.rules:
        key = rule.backend_key
        if key == backend:
            return found, True
        if key is not None and (path is None or (rule.path == path and rule.is_exact == is_exact)):
            found.append(key)
    return found, False
