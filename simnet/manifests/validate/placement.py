"""Where pods may run: affinities, spreading, tolerations, gates.

Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go ValidateNodeSelector, validateAffinity,
validateTopologySpreadConstraints, ValidateTolerations, validateSchedulingGates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from simnet.manifests.findings import Findings, duplicate, each_invalid, forbidden, invalid, required
from simnet.manifests.paths import Path
from simnet.manifests.validate import rules
from simnet.names import (
    dns1123_label_problem,
    dns1123_subdomain_problem,
    label_value_problem,
    qualified_name_problem,
)

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_POSITIVE = "must be greater than zero"


def placement(spec: Mapping[str, Any], path: Path) -> Findings:
    """Everything in a pod's spec that the scheduler reads."""
    yield from rules.labels(spec.get("nodeSelector"), (*path, "nodeSelector"))
    affinity = spec.get("affinity") or {}
    yield from _node_affinity(affinity.get("nodeAffinity") or {}, (*path, "affinity", "nodeAffinity"))
    for name in ("podAffinity", "podAntiAffinity"):
        yield from _pod_affinity(affinity.get(name) or {}, (*path, "affinity", name))
    yield from _tolerations(spec.get("tolerations") or (), (*path, "tolerations"))
    yield from _spread(spec.get("topologySpreadConstraints") or (), (*path, "topologySpreadConstraints"))
    gates: list[str] = []
    for index, gate in enumerate(spec.get("schedulingGates") or ()):
        name = gate.get("name") or ""
        yield from each_invalid((*path, "schedulingGates", index), name, qualified_name_problem(name))
        if name in gates:
            yield duplicate((*path, "schedulingGates", index), name)
        gates.append(name)


def _node_affinity(given: Mapping[str, Any], path: Path) -> Findings:
    needed = given.get(REQUIRED)
    if needed is not None:
        terms = needed.get("nodeSelectorTerms") or ()
        if not terms:
            yield required((*path, REQUIRED, "nodeSelectorTerms"), "must have at least one node selector term")
        for index, term in enumerate(terms):
            yield from _node_term(term, (*path, REQUIRED, "nodeSelectorTerms", index), any_value=False)
    for index, term in enumerate(given.get(PREFERRED) or ()):
        here = (*path, PREFERRED, index)
        yield from _weight(term, here)
        yield from _node_term(term.get("preference") or {}, (*here, "preference"), any_value=True)


def _weight(term: Mapping[str, Any], path: Path) -> Findings:
    weight = term.get("weight") or 0
    if not 1 <= weight <= 100:
        yield invalid((*path, "weight"), weight, "must be in the range 1-100")


def _node_term(term: Mapping[str, Any], path: Path, any_value: bool) -> Findings:
    """`any_value`: what is only preferred may name values that no label can have."""
    for index, wanted in enumerate(term.get("matchExpressions") or ()):
        yield from _expression(wanted, (*path, "matchExpressions", index), any_value)
    for index, wanted in enumerate(term.get("matchFields") or ()):
        yield from _node_field(wanted, (*path, "matchFields", index))


def _expression(wanted: Mapping[str, Any], path: Path, any_value: bool) -> Findings:
    operator, values = wanted.get("operator") or "", wanted.get("values") or ()
    if operator in ("In", "NotIn"):
        if not values:
            yield required((*path, "values"), "must be specified when `operator` is 'In' or 'NotIn'")
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            yield forbidden((*path, "values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
    elif operator in ("Gt", "Lt"):
        if len(values) != 1:
            yield required((*path, "values"), "must be specified single value when `operator` is 'Lt' or 'Gt'")
    else:
        yield invalid((*path, "operator"), operator, "not a valid selector operator")
    key = wanted.get("key") or ""
    yield from each_invalid((*path, "key"), key, qualified_name_problem(key))
    for index, value in enumerate(() if any_value else values):
        yield from each_invalid((*path, "values", index), value, label_value_problem(value))


def _node_field(wanted: Mapping[str, Any], path: Path) -> Findings:
    operator, values, key = wanted.get("operator") or "", wanted.get("values") or (), wanted.get("key") or ""
    if operator not in ("In", "NotIn"):
        yield invalid((*path, "operator"), operator, "not a valid selector operator")
    elif len(values) != 1:
        yield required((*path, "values"), "must be only one value when `operator` is 'In' or 'NotIn' for node field selector")
    if key != "metadata.name":
        yield invalid((*path, "key"), key, "not a valid field selector key")
        return
    for index, value in enumerate(values):
        yield from each_invalid((*path, "values", index), value, dns1123_subdomain_problem(value))


def _pod_affinity(given: Mapping[str, Any], path: Path) -> Findings:
    for index, term in enumerate(given.get(REQUIRED) or ()):
        yield from _pod_term(term, (*path, REQUIRED, index))
    for index, weighted in enumerate(given.get(PREFERRED) or ()):
        here = (*path, PREFERRED, index)
        yield from _weight(weighted, here)
        yield from _pod_term(weighted.get("podAffinityTerm") or {}, (*here, "podAffinityTerm"))


def _pod_term(term: Mapping[str, Any], path: Path) -> Findings:
    for name in ("labelSelector", "namespaceSelector"):
        yield from rules.label_selector(term.get(name), (*path, name))
    for name in term.get("namespaces") or ():
        yield from each_invalid((*path, "namespaces"), name, dns1123_label_problem(name))
    key = term.get("topologyKey") or ""
    if not key:
        yield required((*path, "topologyKey"), "can not be empty")
    yield from each_invalid((*path, "topologyKey"), key, qualified_name_problem(key))


def _spread(given: Sequence[Mapping[str, Any]], path: Path) -> Findings:
    seen: set[tuple[str, str]] = set()
    for index, each in enumerate(given):
        here: Path = (*path, index)
        skew, key, when = each.get("maxSkew") or 0, each.get("topologyKey") or "", each.get("whenUnsatisfiable") or ""
        if skew <= 0:
            yield invalid((*here, "maxSkew"), skew, _POSITIVE)
        if not key:
            yield required((*here, "topologyKey"), "can not be empty")
        else:
            yield from each_invalid((*here, "topologyKey"), key, qualified_name_problem(key))
        if not when:
            yield required((*here, "whenUnsatisfiable"), "can not be empty")
        if (key, when) in seen:
            yield duplicate(here, f"{{{key}, {when}}}")
        seen.add((key, when))
        least = each.get("minDomains")
        if least is not None and least <= 0:
            yield invalid((*here, "minDomains"), least, _POSITIVE)
        elif least is not None and when == "ScheduleAnyway":
            yield invalid((*here, "minDomains"), least,
                          "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway")
        yield from rules.label_selector(each.get("labelSelector"), (*here, "labelSelector"))


def _tolerations(tolerations: Sequence[Mapping[str, Any]], path: Path) -> Findings:
    for index, given in enumerate(tolerations):
        here: Path = (*path, index)
        key, operator, value = given.get("key") or "", given.get("operator") or "", given.get("value") or ""
        if key:
            yield from each_invalid((*here, "key"), key, qualified_name_problem(key))
        elif operator != "Exists":
            yield invalid((*here, "operator"), operator, "operator must be Exists when `key` is empty, which means "
                          '"match all values and all keys"')
        if given.get("tolerationSeconds") is not None and given.get("effect") != "NoExecute":
            yield invalid((*here, "effect"), given.get("effect") or "",
                          "effect must be 'NoExecute' when `tolerationSeconds` is set")
        if operator in ("", "Equal"):
            yield from each_invalid((*here, "operator"), value, label_value_problem(value))
        elif operator == "Exists" and value:
            yield invalid((*here, "operator"), value, "value must be empty when `operator` is 'Exists'")
