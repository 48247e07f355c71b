"""networking.k8s.io/v1 Ingress (older versions are converted to this when they are read)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from simnet.objects.meta import Object, merged


@dataclass(frozen=True, slots=True)
class IngressBackend:
    """The `backend` of a rule: a Service of the Ingress's own namespace and one of its ports, or a resource."""

    service: str = ""
    port_number: int = 0
    port_name: str = ""
    resource: tuple[str, str, str] | None = None  # apiGroup, kind, name

    def __str__(self) -> str:
        if self.resource is not None:
            return "/".join(part for part in self.resource if part)
        return f"{self.service}:{self.port_name or self.port_number}"


@dataclass(frozen=True, slots=True)
class IngressPath:
    path: str
    path_type: str  # Exact, Prefix, ImplementationSpecific
    backend: IngressBackend


@dataclass(frozen=True, slots=True)
class IngressRule:
    """`host` '' means every host. `paths` is None when the rule has no `http` at all (rule V-3)."""

    host: str = ""
    paths: tuple[IngressPath, ...] | None = None


@dataclass(frozen=True, slots=True)
class IngressTLS:
    hosts: tuple[str, ...] = ()
    secret_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingress(Object):
    """`ingress_class_name` is None when absent; the old class annotation stays in `annotations`."""

    kind: ClassVar[str] = "Ingress"
    api_version: ClassVar[str] = "networking.k8s.io/v1"

    ingress_class_name: str | None = None
    rules: tuple[IngressRule, ...] = ()
    default_backend: IngressBackend | None = None
    tls: tuple[IngressTLS, ...] = ()
    addresses: tuple[str, ...] = ()  # status.loadBalancer.ingress, addresses or host names as text

    def _complete(self, whole: dict[str, Any]) -> None:
        if self.ingress_class_name is not None:
            whole["spec"] = merged(whole.get("spec"), {"ingressClassName": self.ingress_class_name})
        entries = [{"ip" if text[:1].isdigit() or ":" in text else "hostname": text} for text in self.addresses]
        whole["status"] = merged(whole.get("status"), {"loadBalancer": {"ingress": entries} if entries else {}})
