"""`kubectl edit TYPE NAME`: the object in the editor of whoever sits there, and what was saved put in its place.

Source: kubernetes/kubectl pkg/cmd/util/editor/editoptions.go (the comment on top and the words of the results). A text
that is refused is kept in a virtual file, as kubectl keeps it in /tmp.
"""

from __future__ import annotations

from simnet.console.kubectl.context import Kube, KubectlError
from simnet.console.kubectl.printing import full
from simnet.console.kubectl.select import find, wanted
from simnet.console.kubectl.write import replaced_by
from simnet.console.output import Output
from simnet.manifests.encode import to_yaml

_TOP = """\
# Please edit the object below. Lines beginning with a '#' will be ignored,
# and an empty file will abort the edit. If an error occurs while saving this file will be
# reopened with the relevant failures.
#
"""
COPY = "/tmp/kubectl-edit.yaml"


def edit(kube: Kube) -> Output:
    """Edit one object or several, one after the other. Raises KubectlError without an editor."""
    if kube.desk.editor is None:
        raise KubectlError("error: there is no editor here; `simnet shell` opens $EDITOR, and `kubectl patch` or `kubectl get "
                           "-o yaml > FILE` with `kubectl replace -f FILE` do without one")
    found = find(kube, wanted(kube, kube.operands))
    if found.complaints:
        raise KubectlError("\n".join(found.complaints))
    stdout = stderr = ""
    for each in found.objects:
        before = _TOP + to_yaml(full(kube, each))
        after = kube.desk.editor(f"{each.name}.yaml", before)
        meant = "\n".join(line for line in after.split("\n") if not line.startswith("#"))
        if not meant.strip() or after == before:
            stderr += "Edit cancelled, " + ("no changes made.\n" if meant.strip() else "saved file was empty.\n")
            continue
        kube.call.write(COPY, after)
        output = replaced_by(kube, COPY)
        stdout += output.stdout
        if output.status:
            return Output(stdout, f'{stderr}{output.stderr}A copy of your changes has been stored to "{COPY}"\nerror: Edit '
                          "cancelled, no valid changes were saved.\n", 1)
        stderr += output.stderr
    return Output(stdout, stderr)
