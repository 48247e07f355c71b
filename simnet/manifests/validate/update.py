"""What may not change once an object exists.

Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go (validateUpgradeDowngradeClusterIPs,
validateUpgradeDowngradeIPFamilies, validateLoadBalancerClassField, ValidatePodUpdate, ValidateSecretUpdate),
pkg/apis/apps/validation, pkg/apis/networking/validation, pkg/registry/apps/deployment/strategy.go; rules SV-4, SV-5,
V-12.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from simnet.manifests.findings import Findings, forbidden, invalid
from simnet.manifests.paths import Path, at
from simnet.manifests.validate.service import is_headless, needs_health_check

Data = Mapping[str, Any]

IMMUTABLE = "field is immutable"
ONCE_SET = "may not change once set"
_STATEFUL_MUTABLE = ("replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
                     "persistentVolumeClaimRetentionPolicy", "minReadySeconds")


def update(old: Data, new: Data) -> Findings:
    """The findings of `validate_update`; both sides with their defaults."""
    rule = _RULES.get(str(new.get("kind")))
    if rule is not None and old.get("kind") == new.get("kind"):
        yield from rule(old, new)


def _service(old: Data, new: Data) -> Findings:
    before, after = old.get("spec") or {}, new.get("spec") or {}
    if "ExternalName" not in (before.get("type"), after.get("type")):
        yield from _cluster_ips(before, after)
        yield from _families(before, after)
    if before.get("type") == after.get("type") == "LoadBalancer":
        name = after.get("loadBalancerClass")
        if before.get("loadBalancerClass") != name:
            yield invalid(("spec", "loadBalancerClass"), name, ONCE_SET)
    was, port = before.get("healthCheckNodePort"), after.get("healthCheckNodePort")
    if needs_health_check(before) and needs_health_check(after) and was and port and was != port:
        yield forbidden(("spec", "healthCheckNodePort"), IMMUTABLE)


def _cluster_ips(before: Data, after: Data) -> Findings:
    if is_headless(before) and is_headless(after):
        return
    was, now = list(before.get("clusterIPs") or ()), list(after.get("clusterIPs") or ())
    if was and now and was[0] != now[0]:
        yield invalid(("spec", "clusterIPs", 0), now, ONCE_SET)
    if len(was) == len(now) == 2 and was[1] != now[1]:
        yield invalid(("spec", "clusterIPs", 1), now, ONCE_SET)
    if len(was) > len(now) == 1 and after.get("ipFamilyPolicy") != "SingleStack":
        yield invalid(("spec", "ipFamilyPolicy"), after.get("ipFamilyPolicy"),
                      "must be set to 'SingleStack' when releasing the secondary clusterIP")


def _families(before: Data, after: Data) -> Findings:
    if is_headless(before) or is_headless(after):
        return
    was, now = list(before.get("ipFamilies") or ()), list(after.get("ipFamilies") or ())
    changed = was[:1] != now[:1] or (len(was) == len(now) and was != now)
    if was and now and changed:
        yield invalid(("spec", "ipFamilies", 0), now, ONCE_SET)


def _immutable(*paths: Path) -> Callable[[Data, Data], Findings]:
    def rule(old: Data, new: Data) -> Findings:
        for path in paths:
            if at(old, path) != at(new, path):
                yield invalid(path, at(new, path), IMMUTABLE)
    return rule


def _stateful_set(old: Data, new: Data) -> Findings:
    before, after = old.get("spec") or {}, new.get("spec") or {}
    fixed = {*before, *after} - {*_STATEFUL_MUTABLE}
    if any(before.get(name) != after.get(name) for name in fixed):
        quoted = ", ".join(f"'{name}'" for name in _STATEFUL_MUTABLE[:-1])
        yield forbidden(("spec",), f"updates to statefulset spec for fields other than {quoted} and "
                        f"'{_STATEFUL_MUTABLE[-1]}' are forbidden")


def _pod(old: Data, new: Data) -> Findings:
    """Images, deadline, grace period and tolerations may change, and what the cluster filled in."""
    was, now = old.get("spec") or {}, new.get("spec") or {}
    for name in ("containers", "initContainers"):
        if len(was.get(name) or ()) != len(now.get(name) or ()):
            yield forbidden(("spec", name), "pod updates may not add or remove containers")
            return
    yield from _deadline(was.get("activeDeadlineSeconds"), now.get("activeDeadlineSeconds"))
    before, after = _fixed_part(was), _fixed_part(now)
    if any(before.get(name) != after[name] for name in after):
        yield forbidden(("spec",), "pod updates may not change fields other than `spec.containers[*].image`,"
                        "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only "
                        "additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set "
                        "to 1 if it was previously negative)")


def _deadline(was: int | None, now: int | None) -> Findings:
    path: Path = ("spec", "activeDeadlineSeconds")
    if was is not None and now is None:
        yield invalid(path, None, "must not update from a positive integer to nil value")
    elif was is not None and now is not None and now > was:
        yield invalid(path, now, "must be less than or equal to previous value")


def _fixed_part(spec: Data) -> dict[str, Any]:
    free = ("activeDeadlineSeconds", "terminationGracePeriodSeconds", "tolerations")
    fixed = {name: value for name, value in spec.items() if name not in free}
    for name in ("containers", "initContainers"):
        if name in fixed:
            fixed[name] = [{key: value for key, value in container.items() if key not in ("image", "imagePullPolicy")}
                           for container in fixed[name]]
    return fixed


def _kept_data(old: Data, new: Data) -> Findings:
    """Secret and ConfigMap: nothing but metadata may change once `immutable` is true."""
    if not old.get("immutable"):
        return
    if not new.get("immutable"):
        yield forbidden(("immutable",), "field is immutable when `immutable` is set")
    for name in ("data", "binaryData"):
        if (old.get(name) or {}) != (new.get(name) or {}):
            yield forbidden((name,), "field is immutable when `immutable` is set")


def _secret(old: Data, new: Data) -> Findings:
    yield from _immutable(("type",))(old, new)
    yield from _kept_data(old, new)


def _node(old: Data, new: Data) -> Findings:
    was, now = at(old, ("spec", "podCIDRs")), at(new, ("spec", "podCIDRs"))
    if was and now and was != now:
        yield forbidden(("spec", "podCIDRs"), 'node updates may not change podCIDR except from "" to valid')
    was, now = at(old, ("spec", "providerID")), at(new, ("spec", "providerID"))
    if was and was != now:
        yield forbidden(("spec", "providerID"), 'node updates may not change providerID except from "" to valid')


def _controller_name(old: Data, new: Data) -> Findings:
    """Rule G-1; the words are those of the Gateway API's own rule."""
    name = at(new, ("spec", "controllerName"))
    if name != at(old, ("spec", "controllerName")):
        yield invalid(("spec", "controllerName"), name, "Value is immutable")


_SELECTOR: Path = ("spec", "selector")
_RULES: Mapping[str, Callable[[Data, Data], Findings]] = {
    "Service": _service, "Pod": _pod, "Deployment": _immutable(_SELECTOR), "ReplicaSet": _immutable(_SELECTOR),
    "DaemonSet": _immutable(_SELECTOR), "StatefulSet": _stateful_set,
    "GatewayClass": _controller_name,
    "IngressClass": _immutable(("spec", "controller")),
    "EndpointSlice": _immutable(("addressType",)), "Secret": _secret, "ConfigMap": _kept_data, "Node": _node,
}
