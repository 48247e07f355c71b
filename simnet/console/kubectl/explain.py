"""`kubectl explain TYPE[.field...]`: what a field is for, of which type, and what is in it, in simnet's own words.

The types are those of the published API schema; the words are about what a field does to the network, and fields that
have none are listed with their type alone.
Source of the layout: kubernetes/kubectl pkg/explain/v2/templates/plaintext.tmpl.
"""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from textwrap import wrap

from simnet.console.kubectl.context import Kube, KubectlError
from simnet.console.kubectl.kinds import kind_for
from simnet.console.output import Output
from simnet.errors import nearest
from simnet.manifests.schema import Field, Struct, tables
from simnet.objects.kinds import Kind

_SHOWN = {"int64": "integer", "int-or-string": "IntOrString", "time": "Time", "quantity": "Quantity", "bytes": "string",
          "any": "Object"}
_GENERAL = {"apiVersion": "The group and version of the API the object is written in.", "kind": "What sort of object it is.",
            "metadata": "Name, namespace, labels and annotations.", "spec": "What is wanted.",
            "status": "What is so; written by the cluster, ignored in what is applied."}
_WIDTH = 76


@cache
def _words() -> Mapping[str, str]:
    text = pkgutil.get_data(__package__, "explained.json")
    if text is None:
        raise FileNotFoundError("simnet/console/kubectl/explained.json is missing from this installation")
    found: Mapping[str, str] = json.loads(text)
    return found


def explain(kube: Kube) -> Output:
    """`explain service`, `explain svc.spec.ports`; --recursive lists the fields at every depth."""
    if len(kube.operands) != 1:
        raise KubectlError("error: You must specify the type of resource to explain. Use \"kubectl api-resources\" for a "
                           "complete list of supported resources." if not kube.operands else
                           "error: We accept only this format: explain RESOURCE")
    word, *path = kube.operands[0].split(".")
    kind = kind_for(kube.cluster.store, word)
    name = tables().kind(kind.api_version, kind.kind)
    if not name:
        raise KubectlError(f"error: nothing is known here about the fields of {kind.plural}")
    return Output(_page(kind, name, path, kube.flags.on("recursive")))


def _page(kind: Kind, name: str, path: list[str], recursive: bool) -> str:
    field, owner = _reached(kind, Field(name), path)
    lines = [f"GROUP:      {kind.group}"] if kind.group else []
    lines += [f"KIND:       {kind.kind}", f"VERSION:    {kind.api_version.rpartition('/')[2]}", ""]
    lines += [f"FIELD: {path[-1]} <{_type(field)}>", ""] if path else []
    lines += ["", *_enumeration(field, 0)] if field.allowed else []
    lines += ["DESCRIPTION:", *_wrapped(_about(owner, path[-1] if path else "", field) or "<empty>", 4)]
    struct = tables().struct(field)
    if struct is not None:
        lines += ["", "FIELDS:", *(_tree(struct, 2, (field.base,)) if recursive else _fields(field.base, struct))]
    return "\n".join(lines).rstrip() + "\n\n"


def _reached(kind: Kind, field: Field, path: list[str]) -> tuple[Field, str]:
    """The field at the end of the path, and the table it is in. Raises KubectlError, with the nearest as a hint."""
    owner = ""
    for name in path:
        struct = tables().struct(field) or {}
        if name not in struct:
            near = nearest(name, struct)
            hint = f"did you mean {near}?" if near else ""
            raise KubectlError(f'error: field "{name}" does not exist', hint=hint or (
                f"known here are {', '.join(struct)}" if struct else f"{kind.singular}.{'.'.join(path[:-1])} holds no fields"))
        owner, field = field.base, struct[name]
    return field, owner


def _about(owner: str, name: str, field: Field) -> str:
    known = _words()
    return known.get(f"{owner}.{name}") or known.get(field.base) or (_GENERAL.get(name, "") if owner in known else "")


def _type(field: Field) -> str:
    base = _SHOWN.get(field.base, field.base)
    return {"list": "[]", "map": "map[string]"}.get(field.container, "") + base


def _fields(owner: str, struct: Struct) -> Iterator[str]:
    for name in sorted(struct):
        field = struct[name]
        yield f"  {name}\t<{_type(field)}>" + (" -required-" if field.required else "")
        yield from _enumeration(field, 2)
        yield from _wrapped(_about(owner, name, field), 4)
        yield ""


def _enumeration(field: Field, indent: int) -> Iterator[str]:
    if field.allowed:
        yield " " * indent + f"enum: {', '.join(sorted(field.allowed))}"


def _tree(struct: Struct, indent: int, above: tuple[str, ...]) -> Iterator[str]:
    for name in sorted(struct):
        field = struct[name]
        yield " " * indent + f"{name}\t<{_type(field)}>" + (" -required-" if field.required else "")
        yield from _enumeration(field, indent)
        inner = tables().struct(field)
        if inner is not None and field.base not in above:
            yield from _tree(inner, indent + 2, (*above, field.base))


def _wrapped(text: str, indent: int) -> list[str]:
    return [" " * indent + line for line in wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)]
