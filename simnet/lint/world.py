"""The manifests of a lint, decoded, and what in them makes pods."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from simnet.control.listening import Listening, listening_of
from simnet.images import Images
from simnet.ip import IPNetwork
from simnet.manifests import Manifest, decode
from simnet.manifests.decode.pod import pod_template
from simnet.manifests.paths import Path, at
from simnet.names import ObjectKey
from simnet.objects.ingress import Ingress
from simnet.objects.ingressclass import IngressClass
from simnet.objects.meta import Object
from simnet.objects.networkpolicy import NetworkPolicy
from simnet.objects.node import Node
from simnet.objects.other import Other
from simnet.objects.pod import Pod, PodSpec
from simnet.objects.secret import Secret
from simnet.objects.service import Service
from simnet.objects.statefulset import StatefulSet
from simnet.objects.workload import Workload

T = TypeVar("T", bound=Object)
TEMPLATES: tuple[Path, ...] = (("spec", "template"), ("spec", "jobTemplate", "spec", "template"))
OWN_GROUPS = ("apps", "batch", "policy", "autoscaling", "extensions")
"""API groups of Kubernetes itself without a dot; the others end in .k8s.io."""


@dataclass(frozen=True, slots=True)
class Pods:
    """The pods that one manifest makes: one by hand, or those of a workload's template. `path` leads to what holds
    their metadata and spec, () for a pod by hand."""

    manifest: Manifest
    labels: Mapping[str, str]
    spec: PodSpec
    path: Path
    listening: Listening

    @property
    def namespace(self) -> str:
        return self.manifest.key.namespace

    @property
    def ref(self) -> str:
        return self.manifest.ref


@dataclass(frozen=True, slots=True)
class Plan:
    """Ranges that are known from elsewhere than the manifests: how the cluster was made."""

    pod_cidrs: tuple[IPNetwork, ...] = ()
    service_cidrs: tuple[IPNetwork, ...] = ()


class ManifestSet:
    """Manifests that belong together. `unsound` are those that the API server would refuse: they count as there, and
    nothing else is asked of them. `images` tells what listens in the containers."""

    def __init__(self, manifests: Iterable[Manifest], unsound: Iterable[Manifest] = (), plan: Plan | None = None,
                 images: Images | None = None) -> None:
        self.manifests: tuple[Manifest, ...] = tuple(manifests)
        self.refused = {(each.kind, each.key) for each in unsound}
        self.plan = plan or Plan()
        self._images = images or Images()
        self._decoded = [(decode(each, now=0.0), each) for each in self.manifests]
        self._there = self.refused | {(each.kind, each.key) for each in self.manifests}
        self._services = {each.key: each for each, _ in self._decoded if isinstance(each, Service)}
        self.pods: tuple[Pods, ...] = tuple(self._pods())
        self._pods_in: dict[str, list[Pods]] = {}
        for made in self.pods:
            self._pods_in.setdefault(made.namespace, []).append(made)

    def of(self, kind: type[T]) -> list[tuple[T, Manifest]]:
        """Objects of one kind with their manifests, in the order they were given."""
        return [(each, manifest) for each, manifest in self._decoded if isinstance(each, kind)]

    @property
    def services(self) -> list[tuple[Service, Manifest]]:
        return self.of(Service)

    @property
    def ingresses(self) -> list[tuple[Ingress, Manifest]]:
        return self.of(Ingress)

    @property
    def policies(self) -> list[tuple[NetworkPolicy, Manifest]]:
        return self.of(NetworkPolicy)

    @property
    def stateful_sets(self) -> list[tuple[StatefulSet, Manifest]]:
        return self.of(StatefulSet)

    @property
    def secrets(self) -> list[tuple[Secret, Manifest]]:
        return self.of(Secret)

    @property
    def classes(self) -> list[tuple[IngressClass, Manifest]]:
        return self.of(IngressClass)

    @property
    def nodes(self) -> list[tuple[Node, Manifest]]:
        return self.of(Node)

    def service(self, key: ObjectKey) -> Service | None:
        return self._services.get(key)

    def has(self, kind: str, key: ObjectKey) -> bool:
        """Whether the set holds such an object, sound or not."""
        return (kind, key) in self._there

    def selected_by(self, service: Service) -> list[Pods]:
        """What a Service's selector matches in its namespace."""
        return [each for each in self.in_namespace(service.namespace) if service.selector.matches(each.labels)]

    def in_namespace(self, namespace: str) -> list[Pods]:
        """What makes pods in a namespace."""
        return self._pods_in.get(namespace, [])

    def may_make_pods(self, namespace: str) -> bool:
        """Whether something here may make pods that nobody can see: a custom resource, or a refused manifest."""
        hidden = any(key.namespace == namespace for _, key in self.refused)
        return hidden or any(isinstance(each, Other) and each.namespace == namespace and _is_custom(each)
                             for each, _ in self._decoded)

    def _pods(self) -> Iterator[Pods]:
        for each, manifest in self._decoded:
            if isinstance(each, Pod):
                yield self._made(manifest, each.labels, each.spec, ())
            elif isinstance(each, Workload):
                yield self._made(manifest, each.template.labels, each.template.spec, TEMPLATES[0])
            elif isinstance(each, Other):
                for path in TEMPLATES:
                    template = at(manifest.data, path)
                    if isinstance(template, Mapping) and isinstance(template.get("spec"), Mapping):
                        read = pod_template(template)
                        yield self._made(manifest, read.labels, read.spec, path)

    def _made(self, manifest: Manifest, labels: Mapping[str, str], spec: PodSpec, path: Path) -> Pods:
        return Pods(manifest, labels, spec, path, listening_of(spec, self._images))


def containers_of(pods: Pods) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Each container as written, with the path to it."""
    for name in ("containers", "initContainers"):
        path = (*pods.path, "spec", name)
        given = at(pods.manifest.data, path)
        for index, each in enumerate(given if isinstance(given, Sequence) else ()):
            if isinstance(each, Mapping):
                yield (*path, index), each


def _is_custom(other: Other) -> bool:
    group, slash, _ = other.other_api_version.partition("/")
    return bool(slash) and group not in OWN_GROUPS and not group.endswith(".k8s.io")
