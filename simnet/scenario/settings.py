"""The settings of a story, turned into a cluster. Keys are written as in Kubernetes, `podCIDR`; unknown ones are errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simnet.clock import Clock, from_iso
from simnet.cluster import Cluster
from simnet.errors import ManifestError, Place, Problem, SimnetError, UsageError, nearest
from simnet.manifests.tree import place_of
from simnet.names import snake_case
from simnet.scenario.model import Story
from simnet.x509.certificate import Certificate
from simnet.x509.make import TestCertificate, make_certificate

TOP = ("simnet", "title", "seed", "now", "manifests", "cluster", "images", "outside", "certs", "assume", "policies", "pins")
CLUSTER = {
    "nodes": "nodes", "podCIDR": "pod_cidr", "serviceCIDR": "service_cidr", "loadBalancerPool": "load_balancer_pool",
    "nodePortRange": "node_port_range", "namespaces": "namespaces", "addons": "addons", "ingress": "ingress",
    "proxy": "proxy", "dns": "dns", "kubelet": "kubelet"}
SHORT = ("dnsIP", "proxyMode")
CERT = ("names", "commonName", "ips", "files", "notBefore", "notAfter", "days", "trusted")
DAY = 86400


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a story starts: the cluster, its virtual files, its certificates by name."""

    cluster: Cluster
    files: dict[str, str]
    certificates: Mapping[str, Certificate] = field(default_factory=dict)


def ground_of(story: Story) -> Ground:
    """Build the cluster a story asks for and apply its manifests.

    Raises ManifestError at the key that is wrong, with the nearest one that exists.
    """
    given = story.settings
    _check(story, given, TOP, ())
    if given and given.get("simnet") != 1:
        raise _error(story, ("simnet",), f"{given.get('simnet')!r} is not a version; write `simnet: 1`")
    now = str(given.get("now", "")) or None
    made = _certificates(story, given.get("certs") or {}, now)
    keywords = _keywords(story, given)
    if now:
        keywords["now"] = now
    keywords["trust"] = [pair.certificate for name, pair in made.items() if given["certs"][name].get("trusted", True)]
    try:
        cluster = Cluster(**keywords)
    except UsageError as problem:
        raise _error(story, ("cluster",), str(problem)) from None
    for path in given.get("manifests") or ():
        cluster.apply(Path(story.file).parent / str(path))
    files = {file: text for name, pair in made.items()
             for file, text in zip(_file_names(name, given["certs"][name]), (pair.certificate_pem, pair.key_pem), strict=True)}
    return Ground(cluster, files, {name: pair.certificate for name, pair in made.items()})


def _keywords(story: Story, given: Mapping[str, Any]) -> dict[str, Any]:
    """Keywords of `Cluster` from the settings' own spelling."""
    cluster = given.get("cluster") or {}
    _check(story, cluster, (*CLUSTER, *SHORT), ("cluster",))
    keywords: dict[str, Any] = {CLUSTER[key]: value for key, value in cluster.items() if key in CLUSTER}
    for key in ("proxy", "dns", "kubelet"):
        if isinstance(keywords.get(key), Mapping):
            keywords[key] = snaked(keywords[key])
    ingress = keywords.get("ingress")
    if isinstance(ingress, str):
        if ingress not in ("ingress-nginx", "nginx"):
            raise _error(story, ("cluster", "ingress"), f"{ingress!r} is no dialect that is modelled; write ingress-nginx")
        del keywords["ingress"]
    elif ingress is not None:
        keywords["ingress"] = [snaked(each) for each in ingress] if isinstance(ingress, list) else snaked(ingress)
    if "proxyMode" in cluster:
        keywords["proxy"] = {**keywords.get("proxy", {}), "mode": cluster["proxyMode"]}
    if "dnsIP" in cluster:
        keywords["kubelet"] = {**keywords.get("kubelet", {}), "cluster_dns": [cluster["dnsIP"]]}
    for key in ("seed", "images", "outside", "assume", "policies", "pins"):
        if key in given:
            keywords[key] = given[key]
    return keywords


def snaked(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Keys from camelCase to snake_case, values untouched."""
    return {snake_case(key): value for key, value in mapping.items()}


def _certificates(story: Story, given: Mapping[str, Any], now: str | None) -> dict[str, TestCertificate]:
    start = int(from_iso(now) if now else Clock().now)
    made: dict[str, TestCertificate] = {}
    for name, data in given.items():
        _check(story, data, CERT, ("certs", name))
        not_before = _moment(story, name, data, "notBefore", start - DAY)
        not_after = _moment(story, name, data, "notAfter", not_before + DAY * int(data.get("days", 365)))
        try:
            made[name] = make_certificate(
                [str(each) for each in data.get("names") or ()], common_name=data.get("commonName"),
                ips=[str(each) for each in data.get("ips") or ()], not_before=not_before, not_after=not_after,
                seed=f"{story.settings.get('seed', 0)}/{name}")
        except SimnetError as problem:
            raise _error(story, ("certs", name), str(problem)) from None
    return made


def _moment(story: Story, name: str, data: Mapping[str, Any], key: str, default: int) -> int:
    if key not in data:
        return default
    try:
        return int(from_iso(str(data[key])))
    except (SimnetError, ValueError) as problem:
        raise _error(story, ("certs", name, key), str(problem)) from None


def _file_names(name: str, data: Mapping[str, Any]) -> tuple[str, str]:
    """Names of the certificate's and the key's virtual files: NAME.crt and NAME.key unless `files` says otherwise."""
    files = data.get("files") or (f"{name}.crt", f"{name}.key")
    return str(files[0]), str(files[1])


def _check(story: Story, given: Any, known: tuple[str, ...], path: tuple[str, ...]) -> None:
    """Refuse a key that is not known."""
    if not isinstance(given, Mapping):
        raise _error(story, path, f"{given!r} is no mapping")
    for key in given:
        if key not in known:
            raise _error(story, (*path, key), f"{key!r} is no setting; known here are {', '.join(known)}", nearest(key, known))


def _error(story: Story, path: tuple[str, ...], detail: str, suggestion: str = "") -> ManifestError:
    line = story.settings_line
    from_tree = place_of(story.settings, path, file=story.file) if path else None
    place = from_tree if from_tree is not None and from_tree.line else Place(story.file, line)
    return ManifestError(Problem(detail, "Syntax", place, suggestion=suggestion))
