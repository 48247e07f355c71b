"""References to objects, other namespaces included: is there a grant, is there such an object. Rules G-6, G-16, G-18.

Source: kubernetes-sigs/gateway-api apis/v1/{referencegrant,object_reference,httproute}_types.go; GEP-709, GEP-1911.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final, cast

from simnet.names import ObjectKey
from simnet.objects.gateway import GROUP, Reference, ReferenceGrant
from simnet.objects.httproute import BackendRef, MirrorFilter, OtherFilter, RouteRule, RouteSpec
from simnet.objects.secret import Secret
from simnet.objects.service import Service, ServicePort
from simnet.store.store import Store
from simnet.x509.pair import UnusablePair, read_tls_pair

_SPOKEN: Final = frozenset(("", "http", "kubernetes.io/h2c", "kubernetes.io/ws"))


class Flaw(StrEnum):
    """Why a reference leads nowhere: the reasons of the condition ResolvedRefs."""

    KIND = "InvalidKind"
    NOT_PERMITTED = "RefNotPermitted"
    NOT_FOUND = "BackendNotFound"
    PROTOCOL = "UnsupportedProtocol"
    EXTERNAL = "UnsupportedValue"


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a backendRef leads to: the Service port, or the flaw and, for a missing port, the Service that lacks it."""

    ref: BackendRef
    flaw: Flaw | None = None
    service: Service | None = None
    port: ServicePort | None = None
    is_filter: bool = False

    @property
    def what(self) -> str:
        """What is wrong, as the rest of a sentence that begins with the reference."""
        target = self.ref.target
        match self.flaw:
            case Flaw.KIND:
                return f"is of kind {target.group or 'core'}/{target.kind}, which cannot be a backend"
            case Flaw.NOT_PERMITTED:
                return f"lies in another namespace, and no ReferenceGrant in {target.namespace} permits it"
            case Flaw.NOT_FOUND if self.service is not None:
                return f"has no port {self.ref.port}"
            case Flaw.NOT_FOUND:
                return "does not exist"
            case Flaw.PROTOCOL:
                return "speaks a protocol that HTTP cannot be forwarded to"
            case Flaw.EXTERNAL:
                return "is an ExternalName Service, which a Gateway does not follow"
            case None:
                return "can be used"


def is_permitted(store: Store, kind: str, namespace: str, target: Reference) -> bool:
    """Whether objects of a Gateway API kind in `namespace` may refer to `target` (rule G-18). O(grants in its
    namespace)."""
    if target.namespace == namespace:
        return True
    grants = store.names("ReferenceGrant", target.namespace).values()
    return any(cast(ReferenceGrant, each).allows((GROUP, kind, namespace), target) for each in grants)


def resolve(store: Store, namespace: str, ref: BackendRef) -> Resolved:
    """What a backendRef of an HTTPRoute in `namespace` leads to. Of several flaws the first: kind, grant, object."""
    target = ref.target
    if (target.group, target.kind) != ("", "Service"):
        return Resolved(ref, Flaw.KIND)
    if not is_permitted(store, "HTTPRoute", namespace, target):
        return Resolved(ref, Flaw.NOT_PERMITTED)
    service = cast("Service | None", store.get("Service", ObjectKey(target.namespace, target.name)))
    if service is None:
        return Resolved(ref, Flaw.NOT_FOUND)
    if service.is_external_name:
        return Resolved(ref, Flaw.EXTERNAL, service)
    found = [port for port in service.ports if port.port == ref.port]
    port = next((port for port in found if port.protocol == "TCP"), None)
    if port is None:
        return Resolved(ref, Flaw.PROTOCOL if found else Flaw.NOT_FOUND, service)
    if port.app_protocol.lower() not in _SPOKEN:
        return Resolved(ref, Flaw.PROTOCOL, service, port)
    return Resolved(ref, None, service, port)


def references_of(rule: RouteRule) -> Iterator[BackendRef]:
    """Every backend a rule names: its own, and those that get copies."""
    for backend in rule.backends:
        yield backend
        yield from (each.backend for each in backend.filters if isinstance(each, MirrorFilter))
    yield from (each.backend for each in rule.filters if isinstance(each, MirrorFilter))


def first_flaw(store: Store, namespace: str, spec: RouteSpec) -> Resolved | OtherFilter | None:
    """The first reference of a route that leads nowhere, a filter nobody knows included; None when all are good."""
    for rule in spec.rules:
        for ref in references_of(rule):
            found = resolve(store, namespace, ref)
            if found.flaw is not None:
                return found
        filters = (*rule.filters, *(each for backend in rule.backends for each in backend.filters))
        other = next((each for each in filters if isinstance(each, OtherFilter)), None)
        if other is not None:
            return other
    return None


# certificates ---------------------------------------------------------------------------------------------------

INVALID_CERTIFICATE: Final = "InvalidCertificateRef"


@dataclass(frozen=True, slots=True)
class CertificateRef:
    """One certificateRef of a listener and, unless it can be used, the reason and what is wrong."""

    ref: Reference
    reason: str = ""
    what: str = ""

    @property
    def key(self) -> ObjectKey:
        return ObjectKey(self.ref.namespace, self.ref.name)


def certificate(store: Store, namespace: str, ref: Reference) -> CertificateRef:
    """Whether a listener of a Gateway in `namespace` can use a certificateRef (rule G-3)."""
    if (ref.group, ref.kind) != ("", "Secret"):
        return CertificateRef(ref, INVALID_CERTIFICATE, f"{ref.kind} {ref.namespace}/{ref.name} is no Secret")
    if not is_permitted(store, "Gateway", namespace, ref):
        return CertificateRef(ref, Flaw.NOT_PERMITTED, f"no ReferenceGrant in {ref.namespace} permits Secret {ref.name}")
    secret = store.get("Secret", ObjectKey(ref.namespace, ref.name))
    if not isinstance(secret, Secret):
        return CertificateRef(ref, INVALID_CERTIFICATE, f"Secret {ref.namespace}/{ref.name} does not exist")
    flaw = _pair_flaw(secret.data.get("tls.crt", b""), secret.data.get("tls.key", b""))
    return CertificateRef(ref, INVALID_CERTIFICATE if flaw else "", f"Secret {secret.key}: {flaw}" if flaw else "")


@lru_cache(maxsize=256)
def _pair_flaw(certificate: bytes, key: bytes) -> str:
    """What keeps two texts from being a certificate and its key, '' when nothing does. About 5 ms, once."""
    try:
        read_tls_pair(certificate, key)
    except UnusablePair as error:
        return str(error.flaw)
    return ""
