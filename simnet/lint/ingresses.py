"""Ingresses: class, backends, hosts and paths, certificates, rewrites."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from simnet.control.ingress_class import CLASS_ANNOTATION
from simnet.dataplane.http.keyring import read_secret
from simnet.diagnosis.near import difference, distance, is_near, nearest_first
from simnet.explain.words import listed
from simnet.lint.remark import Remark, Repair, Severity, remark
from simnet.lint.world import ManifestSet
from simnet.manifests import Manifest
from simnet.manifests.paths import Path
from simnet.names import ObjectKey
from simnet.objects.ingress import Ingress, IngressBackend
from simnet.objects.service import Service

WELL_KNOWN = ("alb", "azure-application-gateway", "cilium", "contour", "gce", "haproxy", "istio", "kong", "nginx", "public",
              "traefik")
"""Class names that controllers document; a set without IngressClasses may rely on them."""
DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"
ISSUERS = ("cert-manager.io/", "kubernetes.io/tls-acme")
"""Annotations that mean: somebody else writes the Secret."""
REWRITE = re.compile(r"[a-z0-9.-]+/rewrite-target")


class Backend(NamedTuple):
    """A backend of an Ingress: where it stands, and the host and path that lead to it."""

    path: Path
    backend: IngressBackend
    host: str = ""
    route: str = ""
    path_type: str = ""


def ingress_remarks(given: ManifestSet) -> Iterator[Remark]:
    """Everything about Ingresses, one after the other; then what two of them claim."""
    for ingress, manifest in given.ingresses:
        yield from _class(given, ingress, manifest)
        for each in backends_of(ingress):
            if each.backend.resource is None:
                yield from _backend(given, ingress, manifest, each)
        yield from _certificates(given, ingress, manifest)
        yield from _rewrites(ingress, manifest)
    yield from _claims(given)


def backends_of(ingress: Ingress) -> Iterator[Backend]:
    """All backends of an Ingress, the default one first."""
    if ingress.default_backend is not None:
        yield Backend(("spec", "defaultBackend"), ingress.default_backend)
    for i, rule in enumerate(ingress.rules):
        for j, path in enumerate(rule.paths or ()):
            yield Backend(("spec", "rules", i, "http", "paths", j, "backend"), path.backend, rule.host.lower(),
                          path.path or "/", path.path_type)


# the class ------------------------------------------------------------------------------------------------------

def _class(given: ManifestSet, ingress: Ingress, manifest: Manifest) -> Iterator[Remark]:
    known = [each.name for each, _ in given.classes]
    wanted = ingress.ingress_class_name
    path: Path = ("spec", "ingressClassName")
    if wanted is None:
        if CLASS_ANNOTATION in ingress.annotations or any(
                each.annotations.get(DEFAULT_CLASS) == "true" for each, _ in given.classes):
            return
        names = known or sorted({each.ingress_class_name for each, _ in given.ingresses if each.ingress_class_name})
        yield remark(manifest, "ING-CLASS", Severity.ERROR if known else Severity.WARNING, path,
                     "no class is named, and no class of these files is the default: no controller serves it",
                     nearest=f"ingressClassName: {names[0]}" if len(names) == 1 else "",
                     repairs=[Repair(manifest, path, None, name) for name in names],
                     advice="Name the class of the controller that should serve it.")
    elif wanted not in known:
        yield from _unknown_class(given, ingress, manifest, known)


def _unknown_class(given: ManifestSet, ingress: Ingress, manifest: Manifest, known: list[str]) -> Iterator[Remark]:
    """A class that no IngressClass has; without any IngressClass, one that reads like a slip of a common one."""
    wanted = ingress.ingress_class_name or ""
    others = Counter(each.ingress_class_name for each, _ in given.ingresses if each.ingress_class_name)
    if not known and (wanted in WELL_KNOWN or others[wanted] > 1):
        return
    words = known or [*WELL_KNOWN, *(str(name) for name in others if name != wanted)]
    near = nearest_first(wanted, words)
    if not known and not near:
        return
    meant = near or (known if len(known) == 1 else [])
    yield remark(manifest, "ING-CLASS", Severity.ERROR if known else Severity.WARNING, ("spec", "ingressClassName"),
                 f"no IngressClass is called {wanted}" + (f"; there are {listed(known)}" if known else ""),
                 nearest=f"{meant[0]} ({difference(wanted, meant[0])})" if near else "".join(meant),
                 repairs=[Repair(manifest, ("spec", "ingressClassName"), wanted, name) for name in meant],
                 advice="Name a class whose controller runs.")


# backends -------------------------------------------------------------------------------------------------------

def _backend(given: ManifestSet, ingress: Ingress, manifest: Manifest, each: Backend) -> Iterator[Remark]:
    name = each.backend.service
    service = given.service(ObjectKey(ingress.namespace, name))
    if service is not None:
        yield from _port(manifest, each, service)
        return
    if given.has("Service", ObjectKey(ingress.namespace, name)):
        return
    path: Path = (*each.path, "service", "name")
    local = [one.name for one, _ in given.services if one.namespace == ingress.namespace]
    elsewhere = [one.key for one, _ in given.services if one.name == name]
    near = nearest_first(name, local)
    if elsewhere:
        yield remark(manifest, "ING-XNS", Severity.ERROR, path,
                     f"no Service {ingress.namespace}/{name}; {listed(elsewhere)} exists, but a backend is always of the "
                     "Ingress's own namespace", nearest=near[0] if near else "",
                     repairs=[Repair(manifest, path, name, one) for one in near],
                     advice=f"Move the Ingress to namespace {elsewhere[0].namespace}, or put an ExternalName Service here.")
        return
    yield remark(manifest, "ING-BACKEND", Severity.ERROR if local else Severity.WARNING, path,
                 f"no Service {ingress.namespace}/{name} in these files",
                 nearest=f"{near[0]} ({difference(name, near[0])})" if near else "",
                 repairs=[Repair(manifest, path, name, one) for one in near],
                 advice=f"Services of namespace {ingress.namespace} in these files: {listed(local) or 'none'}.")


def _port(manifest: Manifest, each: Backend, service: Service) -> Iterator[Remark]:
    backend = each.backend
    if service.is_external_name or any(
            port.port == backend.port_number if backend.port_number else port.name == backend.port_name
            for port in service.ports):
        return
    by_name = not backend.port_number
    path: Path = (*each.path, "service", "port", "name" if by_name else "number")
    wanted = backend.port_name if by_name else backend.port_number
    values: list[str | int] = [port.name if by_name else port.port for port in service.ports if port.name or not by_name]
    near = [value for value in values if by_name and is_near(str(wanted), str(value))]
    meant = near or values
    inner = next((port for port in service.ports if port.target_port == wanted), None)
    said = f"; {wanted} is its targetPort, which a rule does not name" if inner is not None else ""
    if inner is not None and not by_name:
        meant = [inner.port]
    ports = listed(f"{port.port} ({port.name})" if port.name else port.port for port in service.ports)
    yield remark(manifest, "ING-PORT", Severity.ERROR, path, f"Service {service.key} has no port {wanted}, only {ports}{said}",
                 nearest=str(min(meant, key=lambda value: distance(str(wanted), str(value)))) if meant else "",
                 repairs=[Repair(manifest, path, wanted, value) for value in meant],
                 advice="Name a port of the Service, by its number or its name.")


# certificates ---------------------------------------------------------------------------------------------------

def _certificates(given: ManifestSet, ingress: Ingress, manifest: Manifest) -> Iterator[Remark]:
    if any(key.startswith(ISSUERS) for key in ingress.annotations):
        return
    for index, entry in enumerate(ingress.tls):
        if entry.secret_name:
            yield from _secret(given, ingress, manifest, index)
    hosts = {host for entry in ingress.tls for host in entry.hosts}
    if hosts and all(entry.hosts for entry in ingress.tls):
        for index, rule in enumerate(ingress.rules):
            if rule.host and not any(_covers(host, rule.host) for host in hosts):
                yield remark(manifest, "TLS-FALLBACK", Severity.WARNING, ("spec", "rules", index, "host"),
                             f"{rule.host} is not in spec.tls, which lists {listed(sorted(hosts))}: it gets the controller's "
                             "own certificate", nearest=next(iter(nearest_first(rule.host, hosts)), ""),
                             advice="Add the host to spec.tls[].hosts, or let the rule name one that is there.")


def _covers(listed_host: str, host: str) -> bool:
    if listed_host.startswith("*."):
        return host.lower().partition(".")[2] == listed_host[2:].lower()
    return host.lower() == listed_host.lower()


def _secret(given: ManifestSet, ingress: Ingress, manifest: Manifest, index: int) -> Iterator[Remark]:
    entry = ingress.tls[index]
    path: Path = ("spec", "tls", index, "secretName")
    key = ObjectKey(ingress.namespace, entry.secret_name)
    secret = next((each for each, _ in given.secrets if each.key == key), None)
    if secret is None and not given.has("Secret", key):
        local = [each.name for each, _ in given.secrets if each.namespace == ingress.namespace]
        others = [each.key for each, _ in given.secrets if each.name == entry.secret_name]
        near = nearest_first(entry.secret_name, local)
        also = f"; {listed(others)} is of another namespace, which an Ingress cannot use" if others else ""
        yield remark(manifest, "TLS-FALLBACK", Severity.ERROR if near or others else Severity.WARNING, path,
                     f"no Secret {key} in these files{also}: the controller would show its own certificate",
                     nearest=f"{near[0]} ({difference(entry.secret_name, near[0])})" if near else "",
                     repairs=[Repair(manifest, path, entry.secret_name, each) for each in near],
                     advice="Create it with `kubectl create secret tls` in the Ingress's namespace.")
    elif secret is not None:
        read = read_secret(secret)
        hosts = entry.hosts or tuple(rule.host for rule in ingress.rules if rule.host)
        missed = [] if read.pair is None else [host for host in hosts if not read.pair.certificate.covers(host)]
        if read.pair is None or missed:
            why = (f"cannot be used: {read.flaw}" if read.pair is None
                   else f"is for {listed(read.pair.certificate.names) or 'no name'}, not for {listed(missed)}")
            yield remark(manifest, "TLS-FALLBACK", Severity.ERROR, path, f"the certificate in Secret {key} {why}",
                         advice="Put the host's own certificate and key into the Secret.")


# rewrites, claims -----------------------------------------------------------------------------------------------

def _rewrites(ingress: Ingress, manifest: Manifest) -> Iterator[Remark]:
    """A rewrite that makes one path of all, or uses a group that no path has (rules X-6, X-7)."""
    for name, target in ingress.annotations.items():
        if not REWRITE.fullmatch(name):
            continue
        groups = [int(group) for group in re.findall(r"\$(\d)", target)]
        for each in backends_of(ingress):
            have = len(re.findall(r"(?<!\\)\((?!\?)", each.route))
            if groups and max(groups) > have:
                said = f"uses group ${max(groups)}, and the path {each.route} has {have or 'none'}"
            elif not groups and each.route not in ("", "/") and each.path_type != "Exact":
                said = f"sends every request under {each.route} as {target}: nothing of the rest of the path is kept"
            else:
                continue
            yield remark(manifest, "ING-REWRITE", Severity.WARNING, ("metadata", "annotations", name), said,
                         advice="Keep the rest with a group: path /app(/|$)(.*), pathType ImplementationSpecific, and "
                                "rewrite-target /$2.")
            break


def _claims(given: ManifestSet) -> Iterator[Remark]:
    """The same host and path twice, leading to two places."""
    seen: dict[tuple[str, str, str, str], tuple[str, IngressBackend]] = {}
    for ingress, manifest in given.ingresses:
        if any(name.endswith("/canary") for name in ingress.annotations):
            continue
        of_class = ingress.ingress_class_name or ingress.annotations.get(CLASS_ANNOTATION, "")
        for each in backends_of(ingress):
            if not each.path_type:
                continue
            claim = (of_class, each.host, each.route, each.path_type)
            first, backend = seen.setdefault(claim, (manifest.ref, each.backend))
            if backend != each.backend or (first != manifest.ref and backend == each.backend):
                yield remark(manifest, "ING-SHADOWED", Severity.ERROR, (*each.path[:-1], "path"),
                             f"{each.host or 'any host'}{each.route} is already taken by {first}, which leads to {backend}: "
                             "the older one wins", advice="Give one of them another host or path, or delete it.")
