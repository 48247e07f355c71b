"""Defaults of pods and pod templates: spec, containers, probes, volumes.

Source: kubernetes/kubernetes pkg/apis/core/v1/defaults.go, conversion.go (serviceAccount); what every Pod gets on the way
in: plugin/pkg/admission/{serviceaccount,priority}, without the volume of the account's token.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from simnet.manifests.convert import Tree, copied

_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_PROBE_DEFAULTS = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
_WITH_MODE = ("secret", "configMap", "downwardAPI", "projected")
_FILE_MODE = 0o644


def pod_spec_defaults(spec: Tree) -> None:
    """What pods and pod templates both get. Changes `spec` in place."""
    for key, value in (("restartPolicy", "Always"), ("dnsPolicy", "ClusterFirst"),
                       ("schedulerName", "default-scheduler")):
        if not spec.get(key):
            spec[key] = value
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("securityContext", {})
    account = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if account:
        spec["serviceAccountName"] = spec["serviceAccount"] = account
    for container in containers_of(spec):
        _container(container)
    for volume in spec.get("volumes", ()):
        _volume(volume)


def pod_level_defaults(spec: Tree) -> None:
    """What only a Pod gets, not a template: requests from limits, host ports on the host network, an account and
    a priority."""
    spec.setdefault("enableServiceLinks", True)
    account = spec.get("serviceAccountName") or "default"
    spec["serviceAccountName"] = spec["serviceAccount"] = account
    if not spec.get("priorityClassName"):  # the value of a class is not modelled
        spec.setdefault("priority", 0)
        spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
    for container in containers_of(spec):
        resources = container.get("resources") or {}
        if resources.get("limits"):
            resources["requests"] = {**resources["limits"], **resources.get("requests", {})}
        for port in container.get("ports", ()) if spec.get("hostNetwork") else ():
            if not port.get("hostPort") and "containerPort" in port:
                port["hostPort"] = port["containerPort"]


def pod_of_template(raw: Mapping[str, Any]) -> Tree:
    """What a pod made from a defaulted template is stored as. The template stays untouched; what a pod has as its
    template has it is shared with it."""
    spec: Tree = dict(raw.get("spec") or {})
    for name in _CONTAINERS:
        containers = spec.get(name)
        if containers and (spec.get("hostNetwork") or any(each.get("resources", {}).get("limits") for each in containers)):
            spec[name] = copied(containers)
    pod_level_defaults(spec)
    return {**raw, "spec": spec}


def containers_of(spec: Tree) -> Iterable[Tree]:
    """Every container of a pod spec: ordinary, init and ephemeral ones."""
    return (container for name in _CONTAINERS for container in spec.get(name, ()))


def default_pull_policy(image: str) -> str:
    """Always for the tag latest and for no tag at all, else IfNotPresent (a digest counts as a tag).

    Source: kubernetes/kubernetes pkg/util/parsers/parsers.go ParseImageName.
    """
    name, digest = image.partition("@")[::2]
    tag = name.rpartition("/")[2].partition(":")[2]
    return "Always" if tag == "latest" or not (tag or digest) else "IfNotPresent"


def _container(container: Tree) -> None:
    if not container.get("imagePullPolicy") and container.get("image"):
        container["imagePullPolicy"] = default_pull_policy(container["image"])
    container.setdefault("resources", {})
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    for port in container.get("ports", ()):
        if not port.get("protocol"):
            port["protocol"] = "TCP"
    for variable in container.get("env", ()):
        field = (variable.get("valueFrom") or {}).get("fieldRef")
        if field is not None and not field.get("apiVersion"):
            field["apiVersion"] = "v1"
    for name in _PROBES:
        if name in container:
            _probe(container[name])
    for hook in (container.get("lifecycle") or {}).values():
        if isinstance(hook, dict):
            _http_get(hook)


def _probe(probe: Tree) -> None:
    for key, value in _PROBE_DEFAULTS.items():
        if not probe.get(key):
            probe[key] = value
    _http_get(probe)
    if "grpc" in probe:
        probe["grpc"].setdefault("service", "")


def _http_get(handler: Tree) -> None:
    action = handler.get("httpGet")
    if action is not None:
        action["path"] = action.get("path") or "/"
        action["scheme"] = action.get("scheme") or "HTTP"


def _volume(volume: Tree) -> None:
    """A volume without a source is an emptyDir."""
    if set(volume) <= {"name"}:
        volume["emptyDir"] = {}
    for name in _WITH_MODE:
        source: Any = volume.get(name)
        if source is not None:
            source.setdefault("defaultMode", _FILE_MODE)
    for source in (volume.get("projected") or {}).get("sources", ()):
        if "serviceAccountToken" in source:
            source["serviceAccountToken"].setdefault("expirationSeconds", 3600)
    if "hostPath" in volume:
        volume["hostPath"].setdefault("type", "")
