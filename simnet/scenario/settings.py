"""The settings of a story, turned into a cluster. Keys are written as in Kubernetes, `podCIDR`; unknown ones are errors."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from simnet.clock import Clock, from_iso
from simnet.cluster import Cluster
from simnet.errors import ManifestError, Place, Problem, SimnetError, UsageError, nearest
from simnet.manifests.paths import Path
from simnet.manifests.tree import place_of
from simnet.names import snake_case
from simnet.scenario.model import Story
from simnet.settings import ControllerSettings, DNSSettings, KubeletSettings, ProxySettings
from simnet.x509.certificate import Certificate
from simnet.x509.make import TestCertificate, make_certificate

TOP = ("simnet", "title", "seed", "now", "manifests", "cluster", "images", "outside", "certs", "assume", "policies", "pins")
CLUSTER = {
    "nodes": "nodes", "podCIDR": "pod_cidr", "serviceCIDR": "service_cidr", "loadBalancerPool": "load_balancer_pool",
    "nodePortRange": "node_port_range", "namespaces": "namespaces", "addons": "addons", "ingress": "ingress",
    "proxy": "proxy", "dns": "dns", "kubelet": "kubelet"}
SHORT = ("dnsIP", "proxyMode")
PARTS = {"proxy": ProxySettings, "dns": DNSSettings, "kubelet": KubeletSettings, "ingress": ControllerSettings}
PINNED = ("pod", "deployment", "replicaset", "statefulset", "daemonset", "service")
CERT = ("names", "commonName", "ips", "files", "notBefore", "notAfter", "days", "trusted")
DAY = 86400
_SPELT = {"cidrs": "CIDRs", "dns": "DNS", "ips": "IPs", "tls": "TLS"}


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a story starts: the cluster, its virtual files, its certificates by name."""

    cluster: Cluster
    files: dict[str, str]
    certificates: Mapping[str, Certificate] = field(default_factory=dict)


def ground_of(story: Story, seed: Any = None) -> Ground:
    """Build the cluster a story asks for and apply its manifests; `seed` is the one of several to use.

    Raises ManifestError at the key that is wrong, with the nearest one that exists.
    """
    given = story.settings
    _check(story, given, TOP, ())
    if given and given.get("simnet") != 1:
        found = f"{given['simnet']!r} is no version" if "simnet" in given else "the format's version is missing"
        raise _error(story, ("simnet",), f"{found}; write `simnet: 1`")
    now = str(given.get("now", "")) or None
    _check_pins(story, given.get("pins") or {})
    _check_seeds(story, given.get("seed"))
    if seed is None:
        seed = story.seeds[0]
    made = _certificates(story, given.get("certs") or {}, now, seed or 0)
    keywords = _keywords(story, given)
    if seed is not None:
        keywords["seed"] = seed
    if now:
        keywords["now"] = now
    keywords["trust"] = [pair.certificate for name, pair in made.items() if given["certs"][name].get("trusted", True)]
    try:
        cluster = Cluster(**keywords)
    except UsageError as problem:
        raise _error(story, _path_of(str(problem)), str(problem)) from None
    for manifest in _manifests(story, given.get("manifests")):
        cluster.apply(manifest)
    files: dict[str, str] = {}
    for name, pair in made.items():
        certificate, key = _file_names(story, name, given["certs"][name])
        files |= {certificate: pair.certificate_pem, key: pair.key_pem}
    return Ground(cluster, files, {name: pair.certificate for name, pair in made.items()})


def _manifests(story: Story, given: Any) -> list[pathlib.Path]:
    """The files or directories of `manifests`, which lie beside the story; one alone needs no list."""
    named = given if isinstance(given, list) else [] if given is None else [given]
    found: list[pathlib.Path] = []
    for index, name in enumerate(named):
        path: Path = ("manifests", index) if isinstance(given, list) else ("manifests",)
        if not isinstance(name, str):
            raise _error(story, path, f"{name!r} is no path of a manifest; write [web.yaml], for example")
        found.append(pathlib.Path(story.file).parent / name)
        if not found[-1].exists():
            beside = found[-1].parent
            known = [each.name for each in beside.iterdir()] if beside.is_dir() else []
            near = nearest(found[-1].name, known)
            raise _error(story, path, f"manifests: {found[-1]} does not exist", near and str(pathlib.Path(name).parent / near))
    return found


def _keywords(story: Story, given: Mapping[str, Any]) -> dict[str, Any]:
    """Keywords of `Cluster` from the settings' own spelling."""
    cluster = given.get("cluster") or {}
    _check(story, cluster, (*CLUSTER, *SHORT), ("cluster",))
    keywords: dict[str, Any] = {CLUSTER[key]: value for key, value in cluster.items() if key in CLUSTER}
    if isinstance(cluster.get("ingress"), str):
        if cluster["ingress"] not in ("ingress-nginx", "nginx"):
            raise _error(story, ("cluster", "ingress"),
                         f"{cluster['ingress']!r} is no dialect that is modelled; write ingress-nginx")
        del keywords["ingress"]
    for key in PARTS:
        if isinstance(keywords.get(key), Mapping):
            keywords[key] = _part(story, key, keywords[key], ("cluster", key))
        elif isinstance(keywords.get(key), list):
            keywords[key] = [_part(story, key, each, ("cluster", key, index)) for index, each in enumerate(keywords[key])]
    if "proxyMode" in cluster:
        proxy = keywords.get("proxy", {})
        keywords["proxy"] = {**({"mode": proxy} if isinstance(proxy, str) else proxy), "mode": cluster["proxyMode"]}
    if "dnsIP" in cluster:
        keywords["kubelet"] = {**keywords.get("kubelet", {}), "cluster_dns": [cluster["dnsIP"]]}
    for key in ("images", "outside", "assume", "policies", "pins"):
        if key in given:
            keywords[key] = given[key]
    return keywords


def _part(story: Story, name: str, given: Any, path: Path) -> dict[str, Any]:
    """One of PARTS as the cluster takes it: its keys from camelCase to snake_case, values untouched."""
    known = [_camel_case(each.name) for each in fields(PARTS[name])] + (["upstream"] if name == "dns" else [])
    _check(story, given, known, path)
    return {snake_case(key): value for key, value in given.items()}


def _camel_case(name: str) -> str:
    """`default_tls_secret` -> `defaultTLSSecret`, as Kubernetes writes its fields."""
    first, *rest = name.split("_")
    return first + "".join(_SPELT.get(each, each.capitalize()) for each in rest)


def _check_pins(story: Story, pins: Any) -> None:
    """Each is KIND/NAMESPACE/NAME of something that gets an address; anything else would pin nothing, unnoticed."""
    _check_mapping(story, pins, ("pins",))
    for ref in pins:
        kind = str(ref).partition("/")[0]
        if kind not in PINNED or str(ref).count("/") != 2:
            raise _error(story, ("pins", ref), f"{ref!r} cannot be pinned; write KIND/NAMESPACE/NAME with one of "
                         f"{', '.join(PINNED)}", "" if kind in PINNED else nearest(kind, PINNED))


def _path_of(problem: str) -> Path:
    """The setting that an error of `Cluster` is about: its message starts with the keyword."""
    keyword = re.match(r"\w*", problem)[0]  # type: ignore[index]
    cluster = {value: key for key, value in CLUSTER.items()}
    return (keyword,) if keyword in TOP else ("cluster", cluster[keyword]) if keyword in cluster else ("cluster",)


def _check_seeds(story: Story, given: Any) -> None:
    """A list of seeds holds numbers, each once."""
    if isinstance(given, list) and (not given or len({str(each) for each in given}) < len(given)):
        raise _error(story, ("seed",), "a list of seeds names at least one, and none twice; write seed: [1, 2]")


def _certificates(story: Story, given: Mapping[str, Any], now: str | None, seed: Any) -> dict[str, TestCertificate]:
    start = int(from_iso(now) if now else Clock().now)
    made: dict[str, TestCertificate] = {}
    for name, data in given.items():
        _check(story, data, CERT, ("certs", name))
        not_before = _moment(story, name, data, "notBefore", start - DAY)
        days = data.get("days", 365)
        if not isinstance(days, int):
            raise _error(story, ("certs", name, "days"), f"{days!r} is not a number of days")
        not_after = _moment(story, name, data, "notAfter", not_before + DAY * days)
        try:
            made[name] = make_certificate(
                [str(each) for each in data.get("names") or ()], common_name=data.get("commonName"),
                ips=[str(each) for each in data.get("ips") or ()], not_before=not_before, not_after=not_after,
                seed=f"{seed}/{name}")
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


def _file_names(story: Story, name: str, data: Mapping[str, Any]) -> tuple[str, str]:
    """Names of the certificate's and the key's virtual files: NAME.crt and NAME.key unless `files` says otherwise."""
    files = data.get("files", [f"{name}.crt", f"{name}.key"])
    if not isinstance(files, list) or len(files) != 2:
        raise _error(story, ("certs", name, "files"), f"{files!r} is not [CERTIFICATE, KEY], the names of two files")
    return str(files[0]), str(files[1])


def _check(story: Story, given: Any, known: Sequence[str], path: Path) -> None:
    """Refuse what is no mapping, and a key that is not known."""
    _check_mapping(story, given, path)
    for key in given:
        if key not in known:
            raise _error(story, (*path, key), f"{key!r} is no setting; known here are {', '.join(known)}", nearest(key, known))


def _check_mapping(story: Story, given: Any, path: Path) -> None:
    if not isinstance(given, Mapping):
        raise _error(story, path, f"{given!r} is no mapping")


def _error(story: Story, path: Path, detail: str, suggestion: str = "") -> ManifestError:
    line = story.settings_line
    from_tree = place_of(story.settings, path, file=story.file) if path else None
    place = from_tree if from_tree is not None and from_tree.line else Place(story.file, line)
    return ManifestError(Problem(detail, "Syntax", place, suggestion=suggestion))
