"""Resource types as kubectl's users name them.

Besides the modelled kinds, the usual built-in ones are known by name, so that an empty cluster answers "No resources
found" for them; any further kind counts as soon as an object of it exists.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from simnet.console.kubectl.context import KubectlError
from simnet.errors import nearest
from simnet.objects.kinds import BY_WORD, Kind
from simnet.objects.meta import Object
from simnet.objects.other import Other
from simnet.store.store import Store

ALL = ("Pod", "Service", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet")
"""What `kubectl get all` lists, in its order. Source: the category `all` of the API server's resources."""

_FURTHER = """
CronJob batch/v1 cronjobs cj
Job batch/v1 jobs
ReplicationController v1 replicationcontrollers rc
PersistentVolumeClaim v1 persistentvolumeclaims pvc
ResourceQuota v1 resourcequotas quota
LimitRange v1 limitranges limits
HorizontalPodAutoscaler autoscaling/v2 horizontalpodautoscalers hpa
PodDisruptionBudget policy/v1 poddisruptionbudgets pdb
Role rbac.authorization.k8s.io/v1 roles
RoleBinding rbac.authorization.k8s.io/v1 rolebindings
Lease coordination.k8s.io/v1 leases
PersistentVolume v1 persistentvolumes pv cluster
StorageClass storage.k8s.io/v1 storageclasses sc cluster
ClusterRole rbac.authorization.k8s.io/v1 clusterroles cluster
ClusterRoleBinding rbac.authorization.k8s.io/v1 clusterrolebindings cluster
CustomResourceDefinition apiextensions.k8s.io/v1 customresourcedefinitions crd crds cluster
"""


def _further(line: str) -> Kind:
    kind, version, plural, *rest = line.split()
    return Kind(kind, version, plural, tuple(word for word in rest if word != "cluster"), "cluster" not in rest, Other)


def _words(kinds: Iterable[Kind]) -> dict[str, Kind]:
    return {word: kind for kind in kinds for word in (
        kind.singular, kind.plural, *kind.short_names, kind.qualified, f"{kind.plural}.{kind.group}".rstrip("."))}


FURTHER: dict[str, Kind] = _words(_further(line) for line in _FURTHER.strip().splitlines())


def kind_of(each: Object) -> Kind:
    """The resource type of an object, made up from its manifest for kinds without a table."""
    if not isinstance(each, Other):
        return BY_WORD[each.kind.lower()]
    found = FURTHER.get(each.other_kind.lower())
    return found or Kind(each.other_kind, each.other_api_version, _plural(each.other_kind), (), bool(each.namespace), Other)


def _plural(kind: str) -> str:
    word = kind.lower()
    if re.search(r"[^aeiou]y$", word):
        return word[:-1] + "ies"
    return word + ("es" if re.search(r"(s|x|z|ch|sh)$", word) else "s")


def known_kinds(store: Store) -> dict[str, Kind]:
    """Every word that names a resource type here."""
    present = [kind_of(store.list(kind)[0]) for kind in store.kinds() if kind.lower() not in BY_WORD]
    return {**_words(present), **FURTHER, **BY_WORD}


def kind_for(store: Store, word: str) -> Kind:
    """The resource type a word names (`po`, `Services`, `deployments.apps`, `ingresses.v1.networking.k8s.io`).

    Raises KubectlError in kubectl's words.
    """
    known = known_kinds(store)
    lowered = word.lower()
    found = known.get(lowered) or known.get(re.sub(r"\.v\d+((alpha|beta)\d+)?(?=\.|$)", "", lowered))
    if found is None:
        near = nearest(word, known)
        raise KubectlError(f'error: the server doesn\'t have a resource type "{word}"',
                           hint=f"did you mean {near}?" if near else "kubectl api-resources lists the types there are")
    return found


def resource(kind: Kind) -> str:
    """`services`, `deployments.apps`: how errors name a resource."""
    return f"{kind.plural}.{kind.group}" if kind.group else kind.plural
