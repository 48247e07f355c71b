"""Which template a pod was made from: hashes, labels that carry them, and the manifests that pods share.

The hash is our own (a digest of the template), written with the letters Kubernetes uses; equal templates give equal
names in every run.

Source: kubernetes/kubernetes pkg/controller/deployment/util/deployment_util.go (EqualIgnoreHash, revision annotation),
pkg/controller/controller_utils.go ComputeHash, pkg/controller/history (controller-revision-hash).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any, Final

from simnet.manifests.defaults_pod import pod_of_template
from simnet.names import SUFFIX_ALPHABET, safe_encode
from simnet.objects.meta import read_only
from simnet.objects.pod import PodTemplate

HASH_LABEL: Final = "pod-template-hash"
REVISION_LABEL: Final = "controller-revision-hash"
REVISION_ANNOTATION: Final = "deployment.kubernetes.io/revision"
_LONGEST_GENERATED_BASE: Final = 58
_SUFFIXES: Final = len(SUFFIX_ALPHABET) ** 5


def template_hash(template: PodTemplate, collisions: int = 0) -> str:
    """Ten letters or fewer, the same for equal templates: `5d9c7b8f6d`."""
    parts = {"labels": template.labels, "annotations": template.annotations, "collisions": collisions,
             "spec": template.raw.get("spec") or repr(template.spec)}
    text = json.dumps(parts, sort_keys=True, default=_plain)
    digest = hashlib.sha1(text.encode(), usedforsecurity=False).digest()
    return safe_encode(str(int.from_bytes(digest[:4], "big")))


def same_template(ours: PodTemplate, other: PodTemplate) -> bool:
    """Whether two templates make the same pods; the hash label does not count."""
    return (ours is other or (
        ours.spec == other.spec and ours.annotations == other.annotations
        and _without_hash(ours.labels) == _without_hash(other.labels)
        and (ours.raw.get("spec") or {}) == (other.raw.get("spec") or {})))


def with_labels(template: PodTemplate, labels: Mapping[str, str]) -> PodTemplate:
    """The template with further labels, in its manifest too."""
    together = read_only({**template.labels, **labels})
    metadata = {**(template.raw.get("metadata") or {}), "labels": dict(together)}
    return replace(template, labels=together, raw={**template.raw, "metadata": metadata})


def pod_raw(base: str, template: PodTemplate) -> Mapping[str, Any]:
    """The manifest that all pods of one owner share, with what the API server gives every pod on its way in; `base` is
    what their generated names start with, '' if named."""
    raw: dict[str, Any] = pod_of_template({"spec": template.raw.get("spec") or {}})
    if base:
        raw["metadata"] = {"generateName": base}
    return raw


_PAIRS: Final = tuple(first + second for first in SUFFIX_ALPHABET for second in SUFFIX_ALPHABET)

_TRIPLES: Final = tuple(pair + third for pair in _PAIRS for third in SUFFIX_ALPHABET)


def quick_suffixes(rng: Random, count: int) -> list[str]:
    """Five random letters for each of `count` generated names, from one draw each; `names.random_suffix` needs five."""
    draw, pairs, triples, suffixes, size = rng.random, _PAIRS, _TRIPLES, _SUFFIXES, len(_TRIPLES)
    return [pairs[(number := int(draw() * suffixes)) // size] + triples[number % size] for _ in range(count)]


def name_base(owner: str) -> str:
    """What generated names of an owner's pods start with; long names are cut as the API server cuts them.

    Source: kubernetes/apiserver pkg/storage/names/generate.go.
    """
    return f"{owner}-"[:_LONGEST_GENERATED_BASE]


def _without_hash(labels: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in labels.items() if name != HASH_LABEL}


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else str(value)
