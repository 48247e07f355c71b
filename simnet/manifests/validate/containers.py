"""Containers: names, images, ports, probes, hooks, what they use.

Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go validateContainers, validateContainerCommon,
validateContainerPorts, validateProbe, validateHandler.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from simnet.manifests.findings import Findings, duplicate, each_invalid, forbidden, invalid, negative, required, unsupported
from simnet.manifests.paths import Path
from simnet.manifests.validate import rules
from simnet.manifests.validate.environment import environment
from simnet.manifests.validate.resources import resize_policies, resources, used_claims
from simnet.manifests.validate.security import container_security
from simnet.manifests.validate.volumes import mounts
from simnet.names import dns1123_label_problem, port_name_problem

Container = Mapping[str, Any]

PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_HEADER = re.compile(r"[-A-Za-z0-9]+")
_HEADER_SAYS = ("a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for "
                "validation is '[-A-Za-z0-9]+')")
_PROBE_NUMBERS = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")


class PodNames(NamedTuple):
    """What containers may name of their pod: its volumes and its claims of devices."""

    volumes: set[str]
    claims: set[str]


def containers(spec: Mapping[str, Any], path: Path, known: PodNames) -> Findings:
    """The ordinary containers, then the init containers; a name may occur once among all of them."""
    ordinary: Sequence[Container] = spec.get("containers") or ()
    if not ordinary:
        yield required((*path, "containers"))
    names: set[str] = set()
    for index, container in enumerate(ordinary):
        here: Path = (*path, "containers", index)
        yield from _container(container, here, names, known)
        yield from _in_pod(container, here, spec)
        yield from _probes(container, here)
        if container.get("restartPolicy") and not container.get("restartPolicyRules"):
            yield forbidden((*here, "restartPolicy"), "may not be set for non-init containers")
    yield from _host_ports(ordinary, (*path, "containers"))
    for index, container in enumerate(spec.get("initContainers") or ()):
        here = (*path, "initContainers", index)
        yield from _container(container, here, names, known)
        yield from _in_pod(container, here, spec)
        yield from _init(container, here)
        yield from _host_ports([container], (*path, "initContainers"))


def _container(container: Container, path: Path, names: set[str], known: PodNames) -> Findings:
    """What all containers have in common; `names` collects the names of the pod."""
    name = container.get("name") or ""
    if name:
        yield from each_invalid((*path, "name"), name, dns1123_label_problem(name))
        if name in names:
            yield duplicate((*path, "name"), name)
        names.add(name)
    else:
        yield required((*path, "name"))
    if not container.get("image"):
        yield required((*path, "image"))
    yield from _ports(container.get("ports") or (), (*path, "ports"))
    yield from environment(container, path)
    yield from mounts(container, path, known.volumes)
    asked = container.get("resources") or {}
    yield from resources(asked, (*path, "resources"))
    yield from used_claims(asked.get("claims") or (), (*path, "resources", "claims"), known.claims)


def _in_pod(container: Container, path: Path, spec: Mapping[str, Any]) -> Findings:
    """What depends on other fields of the pod."""
    yield from resize_policies(container.get("resizePolicy") or (), (*path, "resizePolicy"), spec.get("restartPolicy") or "")
    yield from container_security(container, path, host_users=spec.get("hostUsers") is not False)


def _init(container: Container, path: Path) -> Findings:
    """Probes and hooks are for sidecars only."""
    policy = container.get("restartPolicy")
    if policy == "Always":
        yield from _probes(container, path)
        return
    if policy is not None and not container.get("restartPolicyRules"):
        yield unsupported((*path, "restartPolicy"), policy, ("Always",))
    for name in ("lifecycle", *PROBES):
        if container.get(name) is not None:
            yield forbidden((*path, name), "may not be set for init containers without restartPolicy=Always")


def _ports(ports: Sequence[Mapping[str, Any]], path: Path) -> Findings:
    names: set[str] = set()
    for index, port in enumerate(ports):
        name, number = port.get("name") or "", port.get("containerPort")
        complaint = port_name_problem(name) if name else ""
        yield from each_invalid((*path, index, "name"), name, complaint)
        if name in names:
            yield duplicate((*path, index, "name"), name)
        if name and not complaint:
            names.add(name)
        if not number:
            yield required((*path, index, "containerPort"))
        else:
            yield from rules.port_number(number, (*path, index, "containerPort"))
        if port.get("hostPort"):
            yield from rules.port_number(port["hostPort"], (*path, index, "hostPort"))


def _host_ports(group: Sequence[Container], path: Path) -> Findings:
    """No two containers may ask for the same protocol, host address and host port."""
    seen: set[str] = set()
    for outer, container in enumerate(group):
        for index, port in enumerate(container.get("ports") or ()):
            if not port.get("hostPort"):
                continue
            text = f"{port.get('protocol', 'TCP')}/{port.get('hostIP', '')}/{port['hostPort']}"
            if text in seen:
                yield duplicate((*path, outer, "ports", index, "hostPort"), text)
            seen.add(text)


def _probes(container: Container, path: Path) -> Findings:
    for name in PROBES:
        probe = container.get(name)
        if probe is None:
            continue
        yield from _handler(probe, (*path, name), ("exec", "httpGet", "tcpSocket", "grpc"))
        for key in _PROBE_NUMBERS:
            yield from negative((*path, name, key), probe.get(key))
        if name != "readinessProbe" and probe.get("successThreshold", 1) != 1:
            yield invalid((*path, name, "successThreshold"), probe["successThreshold"], "must be 1")
        grace, here = probe.get("terminationGracePeriodSeconds"), (*path, name, "terminationGracePeriodSeconds")
        if grace is not None and grace <= 0:
            yield invalid(here, grace, "must be greater than 0")
        if grace is not None and name == "readinessProbe":
            yield invalid(here, grace, "must not be set for readinessProbes")
    for name in ("postStart", "preStop"):
        hook = (container.get("lifecycle") or {}).get(name)
        if hook is not None:
            yield from _handler(hook, (*path, "lifecycle", name), ("exec", "httpGet", "tcpSocket", "sleep"))


def _handler(holder: Mapping[str, Any], path: Path, kinds: Sequence[str]) -> Findings:
    given = [kind for kind in kinds if holder.get(kind) is not None]
    if not given:
        yield required(path, "must specify a handler type")
    for kind in given[1:]:
        yield forbidden((*path, kind), "may not specify more than 1 handler type")
    if not given:
        return
    action, here = holder[given[0]], (*path, given[0])
    if given[0] == "exec" and not action.get("command"):
        yield required((*here, "command"))
    elif given[0] in ("httpGet", "tcpSocket", "grpc"):
        yield from rules.port_or_name(action.get("port"), (*here, "port"))
    for header in action.get("httpHeaders") or () if given[0] == "httpGet" else ():
        name = header.get("name") or ""
        if not _HEADER.fullmatch(name):
            yield invalid((*here, "httpHeaders"), name, _HEADER_SAYS)
