"""Deployment, ReplicaSet, StatefulSet and DaemonSet.

Source: kubernetes/kubernetes pkg/apis/apps/validation/validation.go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from simnet.errors import UsageError
from simnet.labels import Selector
from simnet.manifests.findings import Findings, forbidden, invalid, negative, required, unsupported
from simnet.manifests.paths import Path
from simnet.manifests.validate import rules
from simnet.manifests.validate.pod import pod_template
from simnet.names import dns1123_subdomain_problem

Spec = Mapping[str, Any]

TEMPLATE: Path = ("spec", "template")
_PERCENT = re.compile(r"[0-9]+%")


def deployment(data: Mapping[str, Any]) -> Findings:
    """Every rule for a Deployment."""
    spec = data.get("spec") or {}
    yield from _workload(data, spec, "deployment")
    yield from _strategy(spec.get("strategy") or {}, ("spec", "strategy"))
    deadline, ready = spec.get("progressDeadlineSeconds"), spec.get("minReadySeconds") or 0
    yield from negative(("spec", "progressDeadlineSeconds"), deadline)
    if deadline is not None and deadline <= ready:
        yield invalid(("spec", "progressDeadlineSeconds"), deadline, "must be greater than minReadySeconds")


def replica_set(data: Mapping[str, Any]) -> Findings:
    """Every rule for a ReplicaSet."""
    yield from _workload(data, data.get("spec") or {}, "replicaset")


def daemon_set(data: Mapping[str, Any]) -> Findings:
    """Every rule for a DaemonSet."""
    spec = data.get("spec") or {}
    yield from _workload(data, spec, "daemonset")
    strategy = spec.get("updateStrategy") or {}
    if strategy.get("type") not in ("RollingUpdate", "OnDelete"):
        yield unsupported(("spec", "updateStrategy", "type"), strategy.get("type"), ("RollingUpdate", "OnDelete"))
    elif strategy.get("type") == "RollingUpdate":
        yield from _rolling_daemons(strategy.get("rollingUpdate") or {}, ("spec", "updateStrategy", "rollingUpdate"))


def _rolling_daemons(rolling: Mapping[str, Any], path: Path) -> Findings:
    """Exactly one of the two amounts is not zero. Source: ValidateRollingUpdateDaemonSet."""
    unavailable, surge = rolling.get("maxUnavailable"), rolling.get("maxSurge")
    for name, value in (("maxUnavailable", unavailable), ("maxSurge", surge)):
        yield from _amount(value, (*path, name))
    none = (None, 0, "0%")
    if unavailable not in none and surge not in none:
        yield invalid((*path, "maxSurge"), surge, "may not be set when maxUnavailable is non-zero")
    elif unavailable in none and surge in none:
        yield required((*path, "maxUnavailable"), "cannot be 0 when maxSurge is 0")


def stateful_set(data: Mapping[str, Any]) -> Findings:
    """Every rule for a StatefulSet."""
    spec = data.get("spec") or {}
    yield from _workload(data, spec, "statefulset")
    policy = spec.get("podManagementPolicy")
    if policy not in ("OrderedReady", "Parallel"):
        yield invalid(("spec", "podManagementPolicy"), policy, "must be 'OrderedReady' or 'Parallel'")
    strategy, path = spec.get("updateStrategy") or {}, ("spec", "updateStrategy")
    rolling = strategy.get("rollingUpdate")
    if strategy.get("type") not in ("RollingUpdate", "OnDelete"):
        yield invalid(path, strategy, "must be 'RollingUpdate' or 'OnDelete'")
    elif rolling is not None and strategy["type"] == "OnDelete":
        yield invalid((*path, "rollingUpdate"), rolling, "only allowed for updateStrategy 'RollingUpdate'")
    elif rolling is not None:
        yield from negative((*path, "rollingUpdate", "partition"), rolling.get("partition"))
        yield from _amount(rolling.get("maxUnavailable"), (*path, "rollingUpdate", "maxUnavailable"))
        if rolling.get("maxUnavailable") in (0, "0%"):
            yield invalid((*path, "rollingUpdate", "maxUnavailable"), rolling["maxUnavailable"], "cannot be 0")
    yield from negative(("spec", "ordinals", "start"), (spec.get("ordinals") or {}).get("start"))


def _workload(data: Mapping[str, Any], spec: Spec, kind: str) -> Findings:
    yield from rules.metadata(data, dns1123_subdomain_problem, namespaced=True)
    for name in ("replicas", "minReadySeconds", "revisionHistoryLimit"):
        yield from negative(("spec", name), spec.get(name))
    selector = spec.get("selector")
    if selector is None:
        yield required(("spec", "selector"))
    else:
        yield from rules.label_selector(selector, ("spec", "selector"))
        if not selector.get("matchLabels") and not selector.get("matchExpressions"):
            yield invalid(("spec", "selector"), selector, f"empty selector is invalid for {kind}")
    template = spec.get("template") or {}
    yield from _matching(selector, template)
    claims = frozenset(_claims(spec))
    yield from pod_template(_with_claims(template, claims), TEMPLATE)
    pods = template.get("spec") or {}
    if pods.get("restartPolicy") != "Always":
        yield unsupported((*TEMPLATE, "spec", "restartPolicy"), pods.get("restartPolicy"), ("Always",))
    if pods.get("activeDeadlineSeconds") is not None:
        yield forbidden((*TEMPLATE, "spec", "activeDeadlineSeconds"),
                        f"activeDeadlineSeconds in {data.get('kind')} is not Supported")


def _matching(selector: Mapping[str, Any] | None, template: Mapping[str, Any]) -> Findings:
    labels = (template.get("metadata") or {}).get("labels") or {}
    try:
        wanted = Selector.from_label_selector(selector)
    except UsageError:
        return  # the selector itself has been complained about
    if selector and not wanted.matches(labels):
        yield invalid((*TEMPLATE, "metadata", "labels"), labels, "`selector` does not match template `labels`")


def _claims(spec: Spec) -> list[str]:
    return [(claim.get("metadata") or {}).get("name") or "" for claim in spec.get("volumeClaimTemplates") or ()]


def _with_claims(template: Mapping[str, Any], claims: frozenset[str]) -> Mapping[str, Any]:
    """The template with a volume for every claim template that has no volume of its name."""
    if not claims:
        return template
    pods = template.get("spec") or {}
    own = list(pods.get("volumes") or ())
    missing = sorted(claims - {volume.get("name") for volume in own})
    return {**template, "spec": {**pods, "volumes": own + [{"name": name, "emptyDir": {}} for name in missing]}}


def _strategy(strategy: Mapping[str, Any], path: Path) -> Findings:
    rolling = strategy.get("rollingUpdate")
    if strategy.get("type") == "Recreate":
        if rolling is not None:
            yield forbidden((*path, "rollingUpdate"), "may not be specified when strategy `type` is 'Recreate'")
        return
    rolling = rolling or {}
    for name in ("maxUnavailable", "maxSurge"):
        yield from _amount(rolling.get(name), (*path, "rollingUpdate", name))
    if rolling.get("maxUnavailable") in (0, "0%") and rolling.get("maxSurge") in (0, "0%"):
        yield invalid((*path, "rollingUpdate", "maxUnavailable"), rolling["maxUnavailable"],
                      "may not be 0 when `maxSurge` is 0")


def _amount(value: Any, path: Path) -> Findings:
    if isinstance(value, str) and not _PERCENT.fullmatch(value):
        yield invalid(path, value, "a valid percent string must be a numeric string followed by an ending '%' "
                      "(e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')")
    elif isinstance(value, int):
        yield from negative(path, value)
    if path[-1] == "maxUnavailable" and isinstance(value, str) and _PERCENT.fullmatch(value) and int(value[:-1]) > 100:
        yield invalid(path, value, "must not be greater than 100%")


