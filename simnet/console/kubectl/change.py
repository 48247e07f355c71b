"""`kubectl label`, `annotate`, `scale`, `patch`, `set image`: small changes to objects that exist.

Source: kubernetes/kubectl pkg/cmd/label/label.go, annotate/annotate.go, scale/scale.go, patch/patch.go,
set/set_image.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from simnet.console.kubectl.context import Kube, KubectlError
from simnet.console.kubectl.files import manifests_in_files
from simnet.console.kubectl.kinds import kind_of
from simnet.console.kubectl.printing import full, reference, written
from simnet.console.kubectl.select import find, require, wanted
from simnet.console.kubectl.write import dry_run, named_in_files, refusal, target
from simnet.console.output import Output
from simnet.errors import ManifestError, SimnetError
from simnet.manifests import Manifest
from simnet.manifests.check import leniently
from simnet.manifests.patch import PatchError, field_of_kind, merged, strategic
from simnet.manifests.patch_json import json_patched
from simnet.manifests.schema import tables
from simnet.manifests.yaml import read_all
from simnet.names import label_value_problem, qualified_name_problem
from simnet.objects.daemonset import DaemonSet
from simnet.objects.kinds import BY_KIND
from simnet.objects.meta import Object
from simnet.objects.workload import Workload

# labels and annotations -----------------------------------------------------------------------------------------

def label(kube: Kube) -> Output:
    """`label TYPE NAME KEY=VALUE... KEY-`; an existing value changes only with --overwrite."""
    return _marked(kube, "labels", "label", "labeled", "unlabeled")


def annotate(kube: Kube) -> Output:
    """`annotate TYPE NAME KEY=VALUE... KEY-`."""
    return _marked(kube, "annotations", "annotation", "annotated", "annotated")


def _marked(kube: Kube, field: str, word: str, done: str, undone: str) -> Output:
    resources, new, gone = _split(kube, word)
    if not new and not gone:
        raise KubectlError(f"error: at least one {word} update is required")
    if kube.flags.on("local"):
        return _marked_locally(kube, field, new, gone)
    wants = named_in_files(kube) if kube.flags.has("filename") else wanted(kube, resources)
    if not any(want.names for want in wants) and not kube.flags.on("all") and not kube.flags.has("selector"):
        raise KubectlError("error: one or more resources must be specified as <resource> <name> or <resource>/<name>")
    found = find(kube, wants)
    stdout, stderr = "", "".join(line + "\n" for line in found.complaints)
    for each in found.objects:
        text, problem = _mark(kube, each, field, new, gone, (word, done, undone))
        stdout, stderr = stdout + text, stderr + problem
    return Output(stdout, stderr, 1 if stderr else 0)


def _split(kube: Kube, word: str) -> tuple[list[str], dict[str, str], list[str]]:
    """Operands that name objects, pairs to set, keys to remove. Raises KubectlError for what is no label."""
    resources = [each for each in kube.operands if "=" not in each and not (each.endswith("-") and len(each) > 1)]
    new = dict(each.partition("=")[::2] for each in kube.operands if "=" in each)
    for key, value in new.items():
        problem = qualified_name_problem(key) or (label_value_problem(value) if word == "label" else "")
        if problem:
            raise KubectlError(f'error: invalid {word} {"value" if not qualified_name_problem(key) else "key"}: '
                               f'"{key}={value}": {problem}')
    return resources, new, [each[:-1] for each in kube.operands if "=" not in each and each.endswith("-") and len(each) > 1]


def _mark(kube: Kube, each: Object, field: str, new: Mapping[str, str], gone: list[str],
          words: tuple[str, str, str]) -> tuple[str, str]:
    word, done, undone = words
    before: Mapping[str, str] = getattr(each, field)
    clashing = [key for key, value in new.items() if key in before and before[key] != value]
    if clashing and not kube.flags.on("overwrite"):
        given = "; ".join(f"'{key}' already has a value ({before[key]}), and --overwrite is false" for key in clashing)
        return "", f"error: {given}\n"
    after = {key: value for key, value in {**before, **new}.items() if key not in gone}
    missing = "".join(f'{word} "{key}" not found.\n' for key in gone if key not in before)
    changed = replace(each, labels=after) if field == "labels" else replace(each, annotations=after)
    if dict(before) != after and not dry_run(kube):
        kube.cluster.put(changed)
    form = kube.flags.get("output")
    if form and form != "name":
        return missing + written(kube, full(kube, changed), form), ""
    if dict(before) == after:
        return f"{missing}{reference(each)} not {'labeled' if word == 'label' else 'annotated'}{dry_run(kube)}\n", ""
    return f"{missing}{reference(each)} {done if new else undone}{dry_run(kube)}\n", ""


def _marked_locally(kube: Kube, field: str, new: Mapping[str, str], gone: list[str]) -> Output:
    """`--local -f FILE`: the manifests with the change made, nothing sent anywhere."""
    text = ""
    form = kube.flags.get("output")
    for manifest, _ in manifests_in_files(kube):
        whole = dict(manifest.data)
        metadata = dict(whole.get("metadata") or {})
        marks = {key: value for key, value in {**(metadata.get(field) or {}), **new}.items() if key not in gone}
        whole["metadata"] = {**metadata, field: marks}
        kind = BY_KIND.get(manifest.kind)
        name = f"{kind.qualified if kind else manifest.kind.lower()}/{manifest.key.name}"
        if form and form != "name":
            text += written(kube, whole, form)
        else:
            text += name + ("\n" if form == "name" else " labeled\n" if field == "labels" else " annotated\n")
    return Output(text)


# scale ----------------------------------------------------------------------------------------------------------

def scale(kube: Kube) -> Output:
    """`scale --replicas=N TYPE NAME`."""
    if not kube.flags.has("replicas"):
        raise KubectlError('error: required flag(s) "replicas" not set')
    replicas = kube.flags.number("replicas")
    if replicas < 0:
        raise KubectlError("error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0")
    found = find(kube, named_in_files(kube) if kube.flags.has("filename") else wanted(kube, kube.operands))
    text, complaints = "", "".join(line + "\n" for line in found.complaints)
    for each in found.objects:
        if not isinstance(each, Workload) or isinstance(each, DaemonSet):
            raise KubectlError(f"error: cannot scale {reference(each)}: only deployments, replica sets and stateful sets "
                               "have a number of replicas")
        current = kube.flags.number("current-replicas", each.replicas)
        if current != each.replicas:
            complaints += f"error: Expected replicas to be {current}, was {each.replicas}\n"
            continue
        if not dry_run(kube):
            kube.cluster.put(replace(each, replicas=replicas))
        text += f"{reference(each)} scaled{dry_run(kube)}\n"
    return Output(text, complaints, 1 if complaints else 0)


# patch ----------------------------------------------------------------------------------------------------------

FORMS = ("json", "merge", "strategic")


def patch(kube: Kube) -> Output:
    """`patch TYPE NAME -p TEXT [--type strategic|merge|json]`; the text is JSON or YAML. `--local -f FILE` patches the
    manifests and sends nothing anywhere."""
    form = kube.flags.get("type", "strategic")
    if form not in FORMS:
        raise KubectlError(f'error: --type must be one of [json merge strategic], not "{form}"')
    change = _patch_given(kube)
    if kube.flags.on("local"):
        return _patched_locally(kube, form, change)
    wants = named_in_files(kube) if kube.flags.has("filename") else wanted(kube, kube.operands)
    found = find(kube, wants)
    outputs = [_patch(kube, each, form, change) for each in found.objects]
    complaints = "".join(line + "\n" for line in found.complaints)
    return Output("".join(each.stdout for each in outputs), "".join(each.stderr for each in outputs) + complaints,
                  1 if complaints else 0)


def _patch_given(kube: Kube) -> Any:
    text = kube.flags.get("patch")
    if kube.flags.has("patch-file"):
        text = kube.call.read(kube.flags.get("patch-file"))
    if not text:
        raise KubectlError("error: must specify --patch or --patch-file containing the contents of the patch")
    try:
        values = read_all(text)
    except ManifestError as problem:
        raise KubectlError(f'error: unable to parse "{text}": {problem}') from None
    return values[0] if values else {}


def _patch(kube: Kube, each: Object, form: str, change: Any) -> Output:
    before = full(kube, each)
    if form == "strategic" and not _knows_strategic(each):
        raise KubectlError("Error from server (UnsupportedMediaType): the body of the request was in an unknown format - "
                           "accepted media types include: application/json-patch+json, application/merge-patch+json, "
                           "application/apply-patch+yaml")
    try:
        whole = _laid_over(before, form, change)
    except PatchError as problem:
        said = f"The request is invalid: {problem}" if form == "json" else f"Error from server (BadRequest): {problem}"
        raise KubectlError(said) from None
    name = (whole.get("metadata") or {}).get("name")
    if name != each.name:
        raise KubectlError(f"Error from server (BadRequest): the name of the object ({name}) does not match the name on the "
                           f"URL ({each.name})")
    sent = leniently(Manifest(str(whole.get("apiVersion")), str(whole.get("kind")), each.key, whole))
    warnings = "".join(f'Warning: unknown field "{problem.field}"\n' for problem in sent.warnings)
    return Output(_patched(kube, each, sent.data, "patched", " (no change)"), warnings)


def _knows_strategic(each: Object) -> bool:
    """Whether a kind is one of the API server's own; others (of a CustomResourceDefinition) have no merge keys."""
    return kind_of(each).kind in tables().served.get(each.manifest["apiVersion"], ())


def _laid_over(whole: Mapping[str, Any], form: str, change: Any) -> Mapping[str, Any]:
    """Raises PatchError."""
    if form == "json":
        result = json_patched(whole, change)
    elif not isinstance(change, Mapping):
        raise PatchError("a patch of this type is a mapping with the fields to change; a list of operations goes with "
                         "--type=json")
    elif form == "merge":
        result = merged(whole, change)
    else:
        result = strategic(whole, change, field_of_kind(str(whole.get("apiVersion")), str(whole.get("kind"))))
    if not isinstance(result, Mapping):
        raise PatchError("what the patch leaves is no object")
    return result


def _patched_locally(kube: Kube, form: str, change: Any) -> Output:
    text, output = "", kube.flags.get("output")
    for manifest, _ in manifests_in_files(kube):
        try:
            whole = _laid_over(manifest.data, form, change)
        except PatchError as problem:
            raise KubectlError(f"error: {problem}") from None
        kind = BY_KIND.get(manifest.kind)
        name = f"{kind.qualified if kind else manifest.kind.lower()}/{manifest.key.name}"
        text += written(kube, whole, output) if output and output != "name" else name + ("\n" if output else " patched\n")
    return Output(text)


def _patched(kube: Kube, each: Object, whole: Mapping[str, Any], done: str, unchanged: str = "") -> str:
    """Write the changed object back; `unchanged` is said when that changed nothing. Raises KubectlError as the API
    server's client reports a refusal."""
    metadata = {key: value for key, value in (whole.get("metadata") or {}).items() if key != "resourceVersion"}
    sent = {**{key: value for key, value in whole.items() if key != "status"}, "metadata": metadata}
    try:
        applied = target(kube).replace([sent], namespace=each.namespace or None)[0]
    except SimnetError as problem:
        raise KubectlError(refusal(problem, Manifest(each.api_version, each.kind, each.key, sent))) from None
    form = kube.flags.get("output")
    if form and form != "name":
        return written(kube, full(kube, applied.object), form)
    return f"{reference(each)} {done}{dry_run(kube)}{unchanged if applied.action == 'unchanged' else ''}\n"


# set image ------------------------------------------------------------------------------------------------------

def set_image(kube: Kube) -> Output:
    """`set image TYPE/NAME CONTAINER=IMAGE...`; `*` means every container."""
    if not kube.operands or kube.operands.pop(0) != "image":
        raise KubectlError("error: 'kubectl set image TYPE/NAME CONTAINER=IMAGE' is what is modelled of 'set'")
    images = dict(each.partition("=")[::2] for each in kube.operands if "=" in each)
    names = [each for each in kube.operands if "=" not in each]
    if not images:
        raise KubectlError("error: at least one image update is required")
    text = ""
    for want in wanted(kube, names):
        for name in want.names:
            each = require(kube, want.kind, name)
            whole = full(kube, each)
            spec = whole["spec"] = dict(whole.get("spec") or {})
            holder = spec
            if "template" in spec:
                template = spec["template"] = dict(spec["template"])
                holder = template["spec"] = dict(template.get("spec") or {})
            known = [container["name"] for container in holder.get("containers") or ()]
            for container in images:
                if container != "*" and container not in known:
                    raise KubectlError(f'error: unable to find container named "{container}"')
            holder["containers"] = [{**container, "image": images.get(container["name"], images.get("*", container["image"]))}
                                    for container in holder.get("containers") or ()]
            text += _patched(kube, each, whole, "image updated")
    return Output(text)

