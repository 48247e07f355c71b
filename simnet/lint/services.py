"""Services: what they select, where they send, whether anybody uses them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from simnet.control.listening import DECLARED
from simnet.diagnosis.near import difference, distance, is_near, nearest_first
from simnet.diagnosis.selectors import selector_patches
from simnet.diagnosis.suspicion import Patch
from simnet.explain.words import listed
from simnet.lint.remark import Remark, Repair, Severity, remark
from simnet.lint.world import ManifestSet, Pods
from simnet.manifests import Manifest
from simnet.manifests.paths import Path
from simnet.names import ObjectKey
from simnet.objects.service import Service, ServicePort

USED_FROM_OUTSIDE = ("NodePort", "LoadBalancer")
NODE_PORTS = (30000, 32767)


def service_remarks(given: ManifestSet) -> Iterator[Remark]:
    """Everything about Services, one after the other."""
    words = _words(given)
    for service, manifest in given.services:
        if service.is_external_name:
            yield from _alias(given, service, manifest)
            continue
        pods = given.selected_by(service) if service.has_selector else []
        if service.has_selector and not pods:
            yield _nobody(given, service, manifest)
        for index, port in enumerate(service.ports):
            if pods:
                yield from _target(service, manifest, index, port, pods)
            yield from _node_port(manifest, index, port)
        if service.type not in USED_FROM_OUTSIDE and not words.get(service.name, set()) - {manifest.ref}:
            yield remark(manifest, "SVC-UNUSED", Severity.NOTE, ("metadata", "name"),
                         f"nothing in these files mentions Service {service.name}",
                         advice="Delete it if nobody calls it by an address or from elsewhere.")


# nobody is selected ---------------------------------------------------------------------------------------------

def _nobody(given: ManifestSet, service: Service, manifest: Manifest) -> Remark:
    pods = given.in_namespace(service.namespace)
    wanted = dict(service.selector.pairs or ())
    patches = selector_patches(service, wanted, pods)
    elsewhere = sorted({each.namespace for each in given.pods
                        if each.namespace != service.namespace and service.selector.matches(each.labels)})
    message = f"selects {service.selector}, and no pod of namespace {service.namespace} in these files has that"
    if elsewhere:
        message += f"; pods in namespace {listed(elsewhere)} do, but a Service only selects in its own"
    sees_all = pods and not given.may_make_pods(service.namespace)
    severity = Severity.ERROR if patches or sees_all else Severity.WARNING
    if given.may_make_pods(service.namespace) and not patches:
        severity = Severity.NOTE
    nearest = _meant(patches[0], pods) if patches else ""
    slip = isinstance(patches[0].new, str) if patches else False
    return remark(manifest, "SEL-NOMATCH", severity, patches[0].path if slip else ("spec", "selector"), message,
                  nearest=nearest, advice="Change the selector, or the labels of the pods (or of their template).",
                  repairs=[_repair(manifest, patch) for patch in patches])


def _repair(manifest: Manifest, patch: Patch) -> Repair:
    """A change of the selector; one that renames a label changes the key."""
    if isinstance(patch.new, Mapping):
        old, new = next((old, new) for old, new in zip(patch.old, patch.new, strict=True) if old != new)
        return Repair(manifest, (*patch.path, old), old, new, is_key=True)
    return Repair(manifest, patch.path, patch.old, patch.new)


def _meant(patch: Patch, pods: list[Pods]) -> str:
    """`app=web (deployment/default/web, two letters swapped)`."""
    if patch.new is None:
        return f"a selector without {patch.path[-1]}"
    if isinstance(patch.new, Mapping):
        old, key = next((old, new) for old, new in zip(patch.old, patch.new, strict=True) if old != new)
        value, how = patch.new[key], difference(old, key)
    else:
        key, value, how = str(patch.path[-1]), patch.new, difference(str(patch.old), str(patch.new))
    owners = listed((each.ref for each in pods if each.labels.get(key) == value), 3)
    return f"{key}={value} ({owners}, {how})"


# where it sends -------------------------------------------------------------------------------------------------

def _target(service: Service, manifest: Manifest, index: int, port: ServicePort, pods: list[Pods]) -> Iterator[Remark]:
    path: Path = ("spec", "ports", index, "targetPort")
    if isinstance(port.target_port, str):
        if not any(each.spec.port_named(port.target_port, port.protocol) for each in pods):
            yield _no_name(manifest, path, port, pods)
        return
    number = port.target_port
    deaf = [each for each in pods if not each.listening.unknown and each.listening.at(number, port.protocol) is None]
    if not deaf:
        return
    if len(deaf) < len(pods):
        yield _strangers(service, manifest, number, deaf, pods)
        return
    opened = sorted({each for one in deaf for each in one.listening.open_ports(port.protocol)},
                    key=lambda each: distance(str(each), str(number)))
    is_said = any(each.known_by == DECLARED for one in deaf for each in one.listening.ports.values())
    written = port.target_port if "targetPort" in manifest.data["spec"]["ports"][index] else None
    yield remark(
        manifest, "PRT-NOLISTEN", Severity.WARNING if is_said else Severity.ERROR, path,
        f"sends to port {number} of {listed(each.ref for each in deaf)}, whose containers "
        + (f"declare {listed(opened)} only" if is_said else f"listen on {listed(opened) or 'no port'}"),
        nearest=f"{opened[0]}" if opened else "", repairs=[Repair(manifest, path, written, each) for each in opened],
        advice="Set targetPort to the port the program listens on"
               + ("; a containerPort is only a note, and may itself be what is wrong." if is_said else "."))


def _no_name(manifest: Manifest, path: Path, port: ServicePort, pods: list[Pods]) -> Remark:
    name = str(port.target_port)
    named = sorted({each.name for one in pods for owner in one.spec.port_owners for each in owner.ports
                    if each.name and each.protocol == port.protocol})
    near = nearest_first(name, named)
    meant = near or (named if len(named) == 1 else [])
    return remark(
        manifest, "PRT-NAME", Severity.ERROR, path,
        f"{name} is the name of no container port of {listed(each.ref for each in pods)}; named there: "
        f"{listed(named) or 'none'}", nearest=meant[0] if meant else "",
        repairs=[Repair(manifest, path, name, each) for each in meant],
        advice="Use the name of a declared port, or the number the program listens on.")


def _strangers(service: Service, manifest: Manifest, number: int, deaf: list[Pods], pods: list[Pods]) -> Remark:
    """Some of the selected pods cannot be meant."""
    own = [each for each in pods if each not in deaf]
    telling = [(key, value) for key, value in sorted(own[0].labels.items())
               if all(each.labels.get(key) == value for each in own)
               and not any(each.labels.get(key) == value for each in deaf)]
    return remark(
        manifest, "SEL-BROAD", Severity.WARNING, ("spec", "selector"),
        f"{service.selector} also selects {listed(each.ref for each in deaf)}, where nothing listens on {number}",
        nearest=f"a selector with {'='.join(telling[0])} as well" if telling else "",
        repairs=[Repair(manifest, ("spec", "selector", key), None, value) for key, value in telling],
        advice="Add a label to the selector that only the pods of one program have.")


def _node_port(manifest: Manifest, index: int, port: ServicePort) -> Iterator[Remark]:
    low, high = NODE_PORTS
    if port.node_port and not low <= port.node_port <= high:
        yield remark(manifest, "SVC-NODEPORT", Severity.ERROR, ("spec", "ports", index, "nodePort"),
                     f"{port.node_port} is outside the range of node ports, {low}-{high}",
                     advice="Leave nodePort out and one is chosen, or take one of the range; `port` is the number inside.")


# aliases, use ---------------------------------------------------------------------------------------------------

def _alias(given: ManifestSet, service: Service, manifest: Manifest) -> Iterator[Remark]:
    """An alias for a Service of this cluster that these files do not have."""
    parts = service.external_name.rstrip(".").split(".")
    if len(parts) < 3 or parts[2] != "svc" or given.has("Service", ObjectKey(parts[1], parts[0])):
        return
    known = [each.key for each, _ in given.services if each.key != service.key]
    near = [key for key in known if is_near(parts[0], key.name) and is_near(parts[1], key.namespace)]
    repairs = [Repair(manifest, ("spec", "externalName"), service.external_name,
                      ".".join([key.name, key.namespace, *parts[2:]])) for key in near]
    yield remark(manifest, "SVC-EXTNAME", Severity.ERROR if near else Severity.WARNING, ("spec", "externalName"),
                 f"{service.external_name} is the name of a Service that these files do not have",
                 nearest=f"Service {near[0]}" if near else "", repairs=repairs,
                 advice="An ExternalName Service is only an alias: name a Service or host that exists.")


def _words(given: ManifestSet) -> dict[str, set[str]]:
    """Every word that stands in a text value -> the objects it stands in: `http://web.shop:80` mentions web and shop."""
    found: dict[str, set[str]] = {}
    for manifest in given.manifests:
        own = {key: value for key, value in manifest.data.items() if key != "metadata"}
        annotations = (manifest.data.get("metadata") or {}).get("annotations") or {}
        if manifest.kind == "Service":
            own = {"spec": {"externalName": (manifest.data.get("spec") or {}).get("externalName")}}
        for text in _texts([own, annotations]):
            for word in re.findall(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?", text):
                found.setdefault(word, set()).add(manifest.ref)
    return found


def _texts(value: object) -> Iterator[str]:
    """Text values, but no labels: that a pod is called as the Service does not mean that it calls the Service."""
    stack = [value]
    while stack:
        at = stack.pop()
        if isinstance(at, str):
            yield at
        elif isinstance(at, Mapping):
            stack += [each for key, each in at.items() if key not in ("labels", "matchLabels", "selector", "name", "image")
                      or (key == "name" and len(at) > 1 and "port" in at)]
        elif isinstance(at, list):
            stack += at
