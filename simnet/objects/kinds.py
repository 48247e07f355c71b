"""The kinds simnet knows: names, plurals and short names as kubectl accepts them, scope, class."""

from __future__ import annotations

from dataclasses import dataclass

from simnet.errors import UsageError, nearest
from simnet.objects.configmap import ConfigMap
from simnet.objects.daemonset import DaemonSet
from simnet.objects.deployment import Deployment
from simnet.objects.endpoints import Endpoints
from simnet.objects.endpointslice import EndpointSlice
from simnet.objects.event import Event
from simnet.objects.gateway import Gateway, GatewayClass, ReferenceGrant
from simnet.objects.httproute import HTTPRoute
from simnet.objects.ingress import Ingress
from simnet.objects.ingressclass import IngressClass
from simnet.objects.meta import Object
from simnet.objects.namespace import Namespace
from simnet.objects.networkpolicy import NetworkPolicy
from simnet.objects.node import Node
from simnet.objects.pod import Pod
from simnet.objects.replicaset import ReplicaSet
from simnet.objects.secret import Secret
from simnet.objects.service import Service
from simnet.objects.serviceaccount import ServiceAccount
from simnet.objects.statefulset import StatefulSet


@dataclass(frozen=True, slots=True)
class Kind:
    """One row of `kubectl api-resources`."""

    kind: str
    api_version: str
    plural: str
    short_names: tuple[str, ...]
    namespaced: bool
    type: type[Object]

    @property
    def group(self) -> str:
        """'' for the core group, else `apps`, `networking.k8s.io` ..."""
        return self.api_version.rpartition("/")[0]

    @property
    def singular(self) -> str:
        return self.kind.lower()

    @property
    def qualified(self) -> str:
        """`deployment.apps`, `service`: how kubectl names the kind before an object's name."""
        return f"{self.singular}.{self.group}" if self.group else self.singular


def _kind(cls: type[Object], plural: str, *short_names: str, namespaced: bool = True) -> Kind:
    return Kind(cls.kind, cls.api_version, plural, short_names, namespaced, cls)


KINDS: tuple[Kind, ...] = (
    _kind(Namespace, "namespaces", "ns", namespaced=False),
    _kind(Node, "nodes", "no", namespaced=False),
    _kind(IngressClass, "ingressclasses", namespaced=False),
    _kind(ServiceAccount, "serviceaccounts", "sa"),
    _kind(ConfigMap, "configmaps", "cm"),
    _kind(Secret, "secrets"),
    _kind(Service, "services", "svc"),
    _kind(Endpoints, "endpoints", "ep"),
    _kind(EndpointSlice, "endpointslices"),
    _kind(Pod, "pods", "po"),
    _kind(ReplicaSet, "replicasets", "rs"),
    _kind(Deployment, "deployments", "deploy"),
    _kind(StatefulSet, "statefulsets", "sts"),
    _kind(DaemonSet, "daemonsets", "ds"),
    _kind(Ingress, "ingresses", "ing"),
    _kind(NetworkPolicy, "networkpolicies", "netpol"),
    _kind(GatewayClass, "gatewayclasses", "gc", namespaced=False),
    _kind(Gateway, "gateways", "gtw"),
    _kind(HTTPRoute, "httproutes"),
    _kind(ReferenceGrant, "referencegrants", "refgrant"),
    _kind(Event, "events", "ev"),
)

BY_KIND = {kind.kind: kind for kind in KINDS}
BY_WORD = {word: kind for kind in KINDS for word in (
    kind.singular, kind.plural, *kind.short_names, kind.qualified, f"{kind.plural}.{kind.group}".rstrip("."))}


def kind_named(word: str) -> Kind:
    """The kind a user means by `svc`, `services`, `Service` or `deployments.apps`.

    Raises UsageError naming the nearest known word.
    """
    found = BY_WORD.get(word.lower())
    if found is None:
        near = nearest(word, BY_WORD)
        raise UsageError(f"{word!r} is not a kind of object" + (f"; did you mean {near}?" if near else ""))
    return found
