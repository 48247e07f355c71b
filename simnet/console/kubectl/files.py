"""`-f FILE`: virtual files, folders of them, and standard input, read into manifests.

Source: kubernetes/cli-runtime pkg/resource/builder.go (FilenameParam), visitor.go; the namespace rule: builder.go
RequireNamespace and its message.
"""

from __future__ import annotations

from dataclasses import replace

from simnet.console.desk import files_here
from simnet.console.kubectl.context import Kube, KubectlError
from simnet.errors import ManifestError, nearest
from simnet.manifests import Manifest, read_manifests

_ENDINGS = (".yaml", ".yml", ".json")


def manifests_in_files(kube: Kube) -> list[tuple[Manifest, str]]:
    """Every manifest of every `-f`, with the name its errors call the file by (STDIN for `-`).

    With `--validate=warn` or `ignore` unknown fields are left out. Raises KubectlError: a path that does not exist,
    nothing in it, or everything that is wrong with the manifests.
    """
    found: list[tuple[Manifest, str]] = []
    lenient = _validation(kube)
    for path, text in _texts(kube):
        try:
            manifests = read_manifests(text, namespace=kube.namespace, file=path, lenient=lenient != "strict")
            if lenient == "ignore":
                manifests = [replace(each, warnings=tuple(warning for warning in each.warnings if warning.type != "Unknown"))
                             for each in manifests]
        except ManifestError as problem:
            raise KubectlError(f"error: {problem}") from None
        found += [(manifest, path) for manifest in manifests]
    if not found:
        raise KubectlError("error: no objects passed to " + kube.verb)
    for manifest, _ in found:
        given = manifest.key.namespace
        if kube.flags.has("namespace") and given and given != kube.namespace:
            raise KubectlError(f'error: the namespace from the provided object "{given}" does not match the namespace '
                               f'"{kube.namespace}". You must pass \'--namespace={given}\' to perform this operation.')
    return found


def _validation(kube: Kube) -> str:
    """`--validate`: strict, warn or ignore. Source: kubectl pkg/cmd/util/helpers.go GetValidationDirective."""
    given = kube.flags.get("validate") or "strict"
    word = {"true": "strict", "false": "ignore"}.get(given, given)
    if word not in ("strict", "warn", "ignore"):
        raise KubectlError(f"error: invalid - validate option {given!r}; must be one of: strict (or true), warn, ignore (or "
                           "false)")
    return word


def _texts(kube: Kube) -> list[tuple[str, str]]:
    paths = [path for given in kube.flags.all("filename") for path in given.split(",")]
    return [pair for path in paths for pair in _text(kube, path)]


def _text(kube: Kube, path: str) -> list[tuple[str, str]]:
    if path == "-":
        return [("STDIN", kube.call.stdin)]
    if path.startswith(("http://", "https://")):
        raise KubectlError(f'error: unable to read URL "{path}": nothing outside the simulation can be fetched; '
                           "put the text into a file")
    files = files_here(kube.desk)
    name = path.removeprefix("./")
    if name in files:
        return [(name, files[name])]
    folder = name.rstrip("/") + "/" if name not in (".", "") else ""
    inside = [each for each in sorted(files) if each.startswith(folder) and each.endswith(_ENDINGS)
              and (kube.flags.on("recursive") or "/" not in each[len(folder):])]
    if inside and (folder or path in (".", "./")):
        return [(each, files[each]) for each in inside]
    near = nearest(name, files)
    raise KubectlError(f'error: the path "{path}" does not exist' + (f"; did you mean {near}?" if near else ""))
