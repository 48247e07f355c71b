"""`kubectl get`.

Source: kubernetes/kubectl pkg/cmd/get/get.go, table_printer.go; kubernetes/cli-runtime pkg/printers/tableprinter.go.
"""

from __future__ import annotations

from collections.abc import Sequence

from simnet.console.kubectl.context import Kube
from simnet.console.kubectl.kinds import kind_of
from simnet.console.kubectl.printing import format_of, printed
from simnet.console.kubectl.select import Found, find, wanted
from simnet.console.kubectl.sorting import in_order
from simnet.console.kubectl.tables import columns_of
from simnet.console.kubectl.words import pairs
from simnet.console.kubectl.write import named_in_files
from simnet.console.layout import table
from simnet.console.output import Output
from simnet.objects.kinds import Kind
from simnet.objects.meta import Object


def get(kube: Kube) -> Output:
    """Objects as a table, or in full with -o yaml and json, or by name with -o name."""
    form = format_of(kube)
    wants = named_in_files(kube) if kube.flags.has("filename") else wanted(kube, kube.operands)
    found = in_order(kube, find(kube, wants))
    complaints = "".join(line + "\n" for line in found.complaints)
    if kube.flags.on("ignore-not-found"):
        complaints = ""
    status = 1 if complaints else 0
    if form and form != "wide":
        alone = len(found.objects) == 1 and all(want.names for want in wants)
        if not found.objects and complaints:
            return Output("", complaints, status)
        return Output(printed(kube, found.objects, form, alone), complaints, status)
    text = tables(kube, found)
    if not text and not complaints and not kube.flags.on("ignore-not-found"):
        return Output(stderr=nothing_found(kube, [kind for kind, _ in found.groups]))
    return Output(text, complaints, status)


def nothing_found(kube: Kube, kinds: Sequence[Kind]) -> str:
    """On standard error, with status 0."""
    if kube.all_namespaces or not any(kind.namespaced for kind in kinds):
        return "No resources found\n"
    return f"No resources found in {kube.namespace} namespace.\n"


def tables(kube: Kube, found: Found) -> str:
    """One table a resource type, an empty line between them; names carry their type when there are several."""
    several = len(found.groups) > 1
    return "\n".join(_table(kube, kind, objects, several) for kind, objects in found.groups if objects)


def _table(kube: Kube, kind: Kind, objects: Sequence[Object], several: bool) -> str:
    wide = kube.flags.get("output") == "wide"
    columns = columns_of(kind.kind, wide)
    extra = [label for given in kube.flags.all("label-columns") for label in given.split(",")]
    spaces = kube.all_namespaces and kind.namespaced
    headers = [column.header for column in columns] + [label.rpartition("/")[2].upper() for label in extra]
    rows = []
    for each in objects:
        row = [column.value(each, kube.cluster.now, wide) for column in columns]
        if several or kube.flags.on("show-kind"):  # TablePrinter.addColumns: on the column of format "name"
            row = [f"{kind_of(each).qualified}/{cell}" if column.header == "NAME" else cell
                   for column, cell in zip(columns, row, strict=True)]
        row += [each.labels.get(label, "") for label in extra]
        row = [each.namespace, *row] if spaces else row
        rows.append([*row, pairs(each.labels)] if kube.flags.on("show-labels") else row)
    headers = ["NAMESPACE", *headers] if spaces else headers
    headers = [*headers, "LABELS"] if kube.flags.on("show-labels") else headers
    return table([] if kube.flags.on("no-headers") else headers, rows)
