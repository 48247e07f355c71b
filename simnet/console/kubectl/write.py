"""`kubectl create -f`, `apply`, `replace` and `delete`: objects in and out of the cluster.

Source: kubernetes/kubectl pkg/cmd/create/create.go, apply/apply.go, replace/replace.go, delete/delete.go and
pkg/cmd/util/helpers.go (how errors of the API server are worded).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace as rewritten
from typing import Any, NamedTuple

from simnet.cluster import Cluster
from simnet.console.kubectl.context import Kube, KubectlError
from simnet.console.kubectl.files import manifests_in_files
from simnet.console.kubectl.kinds import FURTHER, kind_for, kind_of, resource
from simnet.console.kubectl.printing import full, reference, written
from simnet.console.kubectl.select import Wanted, find, wanted
from simnet.console.kubectl.typed import typed
from simnet.console.output import Output
from simnet.errors import AlreadyExists, InvalidField, ManifestError, NotFound, Problem, SimnetError
from simnet.manifests import Manifest
from simnet.manifests.apply import LAST_APPLIED, remembered
from simnet.names import ObjectKey
from simnet.objects.kinds import BY_KIND
from simnet.objects.meta import Object

API_SERVICE = ObjectKey("default", "kubernetes")
"""Reported as deleted and left alone: the API server makes it again at once, with the same address.
Source: kubernetes/kubernetes pkg/controlplane/controller/kubernetesservice/controller.go UpdateKubernetesService."""
DRY_RUN = {"": "", "none": "", "client": " (dry run)", "server": " (server dry run)", "unchanged": " (dry run)"}


class Verb(NamedTuple):
    """How a verb writes: what it does to the cluster, the word for it in errors and the word when it is done."""

    write: Callable[[Cluster, Sequence[Any], str], Sequence[Any]]
    doing: str
    done: str


def _create(cluster: Cluster, manifests: Sequence[Any], namespace: str) -> Sequence[Any]:
    return cluster.create(manifests, settle=False, create_namespaces=False, namespace=namespace)


def _apply(cluster: Cluster, manifests: Sequence[Any], namespace: str) -> Sequence[Any]:
    return cluster.apply(manifests, settle=False, create_namespaces=False, namespace=namespace)


def _replace(cluster: Cluster, manifests: Sequence[Any], namespace: str) -> Sequence[Any]:
    return cluster.replace(manifests, settle=False, namespace=namespace)


CREATE = Verb(_create, "creating", "created")
APPLY = Verb(_apply, "applying", "")
REPLACE = Verb(_replace, "replacing", "replaced")


def create_from_files(kube: Kube) -> Output:
    """`kubectl create -f`."""
    refuse_operands(kube)
    return _from_files(kube, CREATE)


def apply(kube: Kube) -> Output:
    """`kubectl apply -f`."""
    if kube.flags.has("prune"):
        raise KubectlError("error: --prune is not modelled: what it would delete depends on files that are not there; "
                           "delete such objects by name or label")
    if kube.flags.on("server-side"):
        raise KubectlError("error: --server-side is not modelled: simnet keeps no record of who owns a field; without it the "
                           "manifest is merged with the one applied last")
    refuse_operands(kube)
    if kube.flags.has("kustomize"):
        raise KubectlError("error: kustomize (-k) is not modelled; write out what it would build and use -f")
    if not kube.flags.has("filename"):
        raise KubectlError("error: must specify one of -f and -k")
    return _from_files(kube, APPLY)


def refuse_operands(kube: Kube) -> None:
    """Raise KubectlError for words that are no flags: a file without its -f, mostly."""
    if kube.operands:
        file = next((each for each in kube.operands if each.endswith((".yaml", ".yml", ".json"))), "")
        raise KubectlError(f"error: Unexpected args: [{' '.join(kube.operands)}]\n"
                           f"See 'kubectl {kube.verb} -h' for help and examples",
                           hint=f"did you mean -f {file}?" if file else "")


def replace(kube: Kube) -> Output:
    """`kubectl replace -f`; `--force` deletes first."""
    refuse_operands(kube)
    if not kube.flags.has("filename"):
        raise KubectlError("error: must specify --filename to replace")
    if not kube.flags.on("force"):
        return _from_files(kube, REPLACE)
    orphan, text = _orphans(kube), ""
    for manifest, _ in manifests_in_files(kube):
        there = kube.cluster.store.get(manifest.kind, manifest.key)
        if there is not None:
            text += _deleted(kube, there, True, orphan)
    output = _from_files(kube, CREATE._replace(done="replaced"))
    return Output(text + output.stdout, output.stderr, output.status, text + output.shown)


def replaced_by(kube: Kube, path: str) -> Output:
    """Put what a virtual file holds in the place of an object, as `edit` does with what was saved."""
    kube.flags.values["filename"] = [path]
    return _from_files(kube, REPLACE._replace(done="edited"))


def _from_files(kube: Kube, verb: Verb) -> Output:
    """Write the manifests of all files one after the other; what fails does not keep the others from being written."""
    stdout = stderr = screen = ""
    status = 0
    cluster = target(kube)
    for manifest, path in manifests_in_files(kube):
        done, problems = "", "".join(f"Warning: {_warning(each)}\n" for each in manifest.warnings)
        if verb is APPLY:
            problems += _never_applied(cluster, manifest)
        elif kube.flags.on("save-config"):
            manifest = remembered(manifest)
        try:
            done = _shown(kube, verb.write(cluster, [manifest], kube.namespace)[0], verb)
        except SimnetError as problem:
            problems += refusal(problem, manifest, f'error when {verb.doing} "{path}": ') + "\n"
            status = 1
        stdout, stderr, screen = stdout + done, stderr + problems, screen + problems + done
    cluster.put()
    return Output(stdout, stderr, status, screen)


def _never_applied(cluster: Cluster, manifest: Manifest) -> str:
    """The warning about an object that was made otherwise than by apply, '' for others."""
    there = cluster.store.get(manifest.kind, manifest.key)
    if there is None or LAST_APPLIED in there.annotations:
        return ""
    return (f"Warning: resource {kind_of(there).plural}/{there.name} is missing the {LAST_APPLIED} annotation which is "
            "required by kubectl apply. kubectl apply should only be used on resources created declaratively by either "
            "kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.\n")


def _warning(problem: Problem) -> str:
    """What the API server says about a whole object stands alone; remarks about the text keep their place."""
    return problem.detail if problem.object and not problem.field else str(problem)


def target(kube: Kube) -> Cluster:
    """The cluster to write to: a copy that is thrown away for a dry run."""
    if dry_run(kube):
        return kube.cluster.fork()
    return kube.cluster


def dry_run(kube: Kube) -> str:
    """'' or the words behind the result of a dry run. Raises KubectlError for a value kubectl does not know."""
    given = kube.flags.get("dry-run")
    if given not in DRY_RUN:
        raise KubectlError(f'error: Invalid dry-run value ({given}). Must be "none", "server", or "client".')
    return DRY_RUN[given]


def _shown(kube: Kube, applied: Any, verb: Verb) -> str:
    form = kube.flags.get("output")
    if form and form != "name":
        return written(kube, full(kube, applied.object), form)
    if form == "name":
        return reference(applied.object) + "\n"
    return f"{reference(applied.object)} {verb.done or applied.action}{dry_run(kube)}\n"


def refusal(problem: SimnetError, manifest: Manifest, context: str = "") -> str:
    """An error of the API server as kubectl words it; mistakes in a file keep their line and column."""
    kind, name = manifest.kind, manifest.key.name
    if isinstance(problem, AlreadyExists):
        return f'Error from server (AlreadyExists): {context}{_resource(manifest)} "{name}" already exists'
    if isinstance(problem, NotFound):
        missing = ('namespaces' if problem.kind == "namespace" else _resource(manifest))
        return f'Error from server (NotFound): {context}{missing} "{problem.name}" not found'
    if isinstance(problem, InvalidField) and not any(each.place and each.place.file for each in problem.problems):
        said = [str(rewritten(each, place=None, object="")) for each in problem.problems]
        body = f" {said[0]}" if len(said) == 1 else "".join(f"\n* {line}" for line in said)
        return f'The {kind} "{name}" is invalid:{body}'
    if isinstance(problem, ManifestError):
        return f"error: {problem}"
    return f"Error from server ({problem.reason}): {context}{problem}"


def _resource(manifest: Manifest) -> str:
    kind = BY_KIND.get(manifest.kind) or FURTHER.get(manifest.kind.lower())
    return resource(kind) if kind is not None else manifest.kind.lower() + "s"


# deletion -------------------------------------------------------------------------------------------------------

def delete(kube: Kube) -> Output:
    """`kubectl delete TYPE NAME...`, `TYPE/NAME`, `-l`, `--all`, `-f`."""
    orphan = _orphans(kube)
    if kube.flags.has("filename"):
        wants = named_in_files(kube)
    else:
        wants = wanted(kube, kube.operands)
        bare = not any(want.names for want in wants)
        if bare and not kube.flags.has("selector") and not kube.flags.on("all") and not kube.flags.has("field-selector"):
            raise KubectlError("error: resource(s) were provided, but no name was specified")
    found = find(kube, wants)
    named = any(want.names for want in wants)
    text, complaints = "", [] if kube.flags.on("ignore-not-found") else list(found.complaints)
    for each in found.objects:
        try:
            text += _deleted(kube, each, named, orphan)
        except SimnetError as problem:
            complaints.append(f"Error from server ({problem.reason}): {problem}")
    kube.cluster.put()
    if not text and not complaints:
        text = "No resources found\n"
    return Output(text, "".join(line + "\n" for line in complaints), 1 if complaints else 0)


def named_in_files(kube: Kube) -> tuple[Wanted, ...]:
    """The objects that the manifests of `-f` name."""
    found = []
    for manifest, _ in manifests_in_files(kube):
        kind = kind_for(kube.cluster.store, _word(manifest))
        found.append(Wanted(kind, (manifest.key.name,)))
    return tuple(found)


def _word(manifest: Manifest) -> str:
    group = manifest.api_version.rpartition("/")[0]
    return f"{manifest.kind}.{group}" if group and group not in ("extensions",) else manifest.kind


CASCADES = {"": False, "background": False, "foreground": False, "true": False, "orphan": True, "false": True}


def _orphans(kube: Kube) -> bool:
    """Whether what an object owns stays. Raises KubectlError for a word kubectl does not know."""
    given = kube.flags.get("cascade")
    if given not in CASCADES:
        raise KubectlError(f'error: invalid cascade value ({given}). Must be "background", "foreground", or "orphan"')
    return CASCADES[given]


def _deleted(kube: Kube, each: Object, named: bool, orphan: bool) -> str:
    """Delete one object. One that was found by a list and has gone with its owner meanwhile is passed over, as
    kubectl's DeleteOptions.Complete sets IgnoreNotFound for --all and selectors."""
    kind, name, namespace = kind_of(each), each.name, each.namespace
    how = "force deleted" if kube.flags.get("grace-period") == "0" else "deleted"
    try:
        if (kind.kind, each.key) != ("Service", API_SERVICE):
            target(kube).delete(kind.kind, name, namespace=namespace, settle=False, orphan=orphan)
    except NotFound:
        if named:
            raise
        return ""
    if kube.flags.get("output") == "name":
        return f"{kind.qualified}/{name}\n"
    where = f" from {namespace} namespace" if namespace else ""
    return f'{kind.qualified} "{name}" {how}{where}{dry_run(kube)}\n'


# objects made by a command --------------------------------------------------------------------------------------

def submit(kube: Kube, manifest: Mapping[str, Any], failing: str = "", done: str = "created") -> Output:
    """Create one object made from flags; `failing` is how the command introduces an error (`failed to create ...`)."""
    form = kube.flags.get("output")
    if form and kube.flags.get("dry-run") in ("client", "unchanged") and form != "name":
        return Output(written(kube, typed(manifest), form))
    cluster = target(kube)
    try:
        applied = cluster.create([dict(manifest)], settle=False, create_namespaces=False, namespace=kube.namespace)[0]
    except SimnetError as problem:
        raise KubectlError(_made_refusal(problem, manifest, failing)) from None
    cluster.put()
    return Output(_shown(kube, applied, CREATE._replace(done=done)))


def _made_refusal(problem: SimnetError, manifest: Mapping[str, Any], failing: str) -> str:
    text = refusal(problem, Manifest(str(manifest["apiVersion"]), str(manifest["kind"]),
                                     ObjectKey("", str(manifest["metadata"].get("name"))), manifest))
    if failing and text.startswith("Error from server ("):
        return f"error: {failing}: {text.partition('): ')[2]}"
    return text

