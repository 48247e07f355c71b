"""`-o yaml`, `-o json`, `-o kyaml`, `-o name`: objects as kubectl gives them out.

Source: kubernetes/cli-runtime pkg/printers (name.go, json.go, yaml.go); kubernetes/kubectl pkg/cmd/get/get.go
(a single named object is printed alone, everything else as a List).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from simnet.console.kubectl.context import Kube, KubectlError
from simnet.console.kubectl.jsonpath import jsonpath
from simnet.console.kubectl.kinds import kind_of
from simnet.manifests.encode import to_json, to_kyaml, to_yaml
from simnet.objects.meta import Object

FORMATS = ("json", "kyaml", "name", "wide", "yaml", "jsonpath=TEMPLATE")


def full(kube: Kube, each: Object) -> dict[str, Any]:
    """The whole API object, resource version included."""
    whole = each.manifest
    version = kube.cluster.resource_version(each)
    if version:
        whole["metadata"] = {**whole["metadata"], "resourceVersion": str(version)}
    return whole


def reference(each: Object) -> str:
    """`deployment.apps/web`: the name of an object on one line."""
    return f"{kind_of(each).qualified}/{each.name}"


def printed(kube: Kube, objects: Sequence[Object], form: str, alone: bool) -> str:
    """Objects in a format other than a table. Raises KubectlError for one kubectl has no printer for."""
    if form == "name":
        return "".join(reference(each) + "\n" for each in objects)
    whole = [full(kube, each) for each in objects]
    return written(whole[0] if alone else {"apiVersion": "v1", "items": whole, "kind": "List",
                                           "metadata": {"resourceVersion": ""}}, form)


def written(value: Mapping[str, Any], form: str) -> str:
    """One value as text."""
    kind, _, template = form.partition("=")
    if form == "yaml":
        return to_yaml(value)
    if form == "json":
        return to_json(value)
    if form == "kyaml":
        return to_kyaml(json.loads(to_json(value)))  # the same, with its keys in the order of JSON
    if kind == "jsonpath":
        return jsonpath(template, value)
    if kind in ("custom-columns", "go-template", "jsonpath-file", "jsonpath-as-json", "custom-columns-file",
                "go-template-file", "template", "templatefile"):
        raise KubectlError(f"error: output format {kind!r} is not modelled; use one of: {', '.join(FORMATS)}")
    raise KubectlError(f'error: unable to match a printer suitable for the output format "{form}", allowed formats are: '
                       + ",".join(FORMATS))
