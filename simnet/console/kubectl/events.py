"""`kubectl events`: like `get events`, oldest first, with the count in LAST SEEN.

Source: kubernetes/kubectl pkg/cmd/events/events.go, event_printer.go.
"""

from __future__ import annotations

from simnet.console.kubectl.context import Kube
from simnet.console.kubectl.describe.page import event_age
from simnet.console.kubectl.printing import printed
from simnet.console.layout import table
from simnet.console.output import Output


def events(kube: Kube) -> Output:
    """Events of a namespace; `--for KIND/NAME` and `--types` narrow them."""
    found = kube.cluster.list("Event", namespace=kube.where)
    kind, _, name = kube.flags.get("for").partition("/")
    if kind:
        found = [each for each in found if (each.involved_kind.lower(), each.involved.name) == (kind.lower(), name)]
    types = [each for each in kube.flags.get("types").split(",") if each]
    found = sorted((each for each in found if not types or each.type in types), key=lambda each: each.last_seen)
    if kube.flags.get("output") in ("json", "yaml", "name"):
        return Output(printed(kube, found, kube.flags.get("output"), False))
    if not found:
        return Output(stderr="No events found.\n" if kube.all_namespaces else
                      f"No events found in {kube.namespace} namespace.\n")
    headers = ["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]
    rows = [[event_age(kube, each), each.type, each.reason, f"{each.involved_kind}/{each.involved.name}",
             each.message.strip()] for each in found]
    if kube.all_namespaces:
        headers, rows = ["NAMESPACE", *headers], [[each.namespace, *row] for each, row in zip(found, rows, strict=True)]
    return Output(table([] if kube.flags.on("no-headers") else headers, rows))
