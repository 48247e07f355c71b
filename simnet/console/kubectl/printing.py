"""`-o yaml`, `-o json`, `-o name`, templates: objects as kubectl gives them out.

Source: kubernetes/cli-runtime pkg/printers (name.go, json.go, yaml.go), pkg/genericclioptions (the flags of templates);
kubernetes/kubectl pkg/cmd/get/get.go (a single named object is printed alone, everything else as a List).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from simnet.console.desk import NoSuchFile
from simnet.console.kubectl.context import Kube, KubectlError
from simnet.console.kubectl.custom_columns import custom_columns, custom_columns_of_file
from simnet.console.kubectl.gotemplate import go_template
from simnet.console.kubectl.jsonpath import jsonpath, jsonpath_as_json
from simnet.console.kubectl.kinds import kind_of
from simnet.errors import nearest
from simnet.manifests.encode import to_json, to_kyaml, to_yaml
from simnet.objects.meta import Object

COLUMNS = ("custom-columns", "custom-columns-file")
TEMPLATES = ("go-template", "go-template-file", "jsonpath", "jsonpath-as-json", "jsonpath-file", "template", "templatefile")
FORMATS = (*COLUMNS, *TEMPLATES[:2], "json", *TEMPLATES[2:5], "kyaml", "name", *TEMPLATES[5:], "wide", "yaml")


def format_of(kube: Kube) -> str:
    """What -o asks for; a --template alone is a Go template."""
    form = kube.flags.get("output")
    return form or ("go-template" if kube.flags.has("template") else "")


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
    kind, _, spec = form.partition("=")
    if kind in COLUMNS:
        rows = [json.loads(to_json(each)) for each in whole]
        headers = not kube.flags.on("no-headers")
        if kind == "custom-columns":
            return custom_columns(spec, rows, headers)
        return custom_columns_of_file(_read(kube, spec, "template"), rows, headers)
    return written(kube, whole[0] if alone else {"apiVersion": "v1", "items": whole, "kind": "List",
                                                 "metadata": {"resourceVersion": ""}}, form)


def written(kube: Kube, value: Mapping[str, Any], form: str) -> str:
    """One value as text."""
    kind = form.partition("=")[0]
    if form == "yaml":
        return to_yaml(value)
    if form == "json":
        return to_json(value)
    plain = json.loads(to_json(value))  # with its keys in the order of JSON
    if form == "kyaml":
        return to_kyaml(plain)
    if kind not in TEMPLATES:
        near = nearest(kind, FORMATS)
        raise KubectlError(f'error: unable to match a printer suitable for the output format "{form}", allowed formats are: '
                           + ",".join(FORMATS), hint=f"did you mean -o {near}?" if near else "")
    template = _template(kube, form)
    if kind == "jsonpath-as-json":
        return jsonpath_as_json(template, plain)
    return jsonpath(template, plain) if kind.startswith("jsonpath") else go_template(template, plain)


def _template(kube: Kube, form: str) -> str:
    """The text behind `=`, or that of --template, or of the file that one of them names."""
    kind, _, text = form.partition("=")
    text = text or kube.flags.get("template")
    if not text:
        raise KubectlError("error: template format specified but no template given")
    return _read(kube, text, "--template") if kind.endswith("file") else text


def _read(kube: Kube, path: str, what: str) -> str:
    try:
        return kube.call.read(path)
    except NoSuchFile:
        raise KubectlError(f"error: error reading {what} {path}, open {path}: no such file or directory") from None
