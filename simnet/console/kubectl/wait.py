"""`kubectl wait`. The cluster has settled before a command runs, so what does not hold now will not come by waiting.

Source: kubernetes/kubectl pkg/cmd/wait/wait.go, condition.go, delete.go.
"""

from __future__ import annotations

from simnet.console.kubectl.context import Kube, KubectlError
from simnet.console.kubectl.printing import reference
from simnet.console.kubectl.select import find, value_at, wanted
from simnet.console.output import Output
from simnet.objects.meta import Object
from simnet.objects.workload import Workload


def wait(kube: Kube) -> Output:
    """`wait --for=condition=NAME[=VALUE] | delete | jsonpath={...}=VALUE`; --timeout changes nothing."""
    goal = kube.flags.get("for")
    if not goal:
        raise KubectlError('error: required flag(s) "for" not set')
    found = find(kube, wanted(kube, kube.operands))
    if goal == "delete":
        if found.objects:
            raise _timed_out(found.objects)
        return Output()
    if found.complaints:
        raise KubectlError("\n".join(found.complaints))
    if not found.objects:
        raise KubectlError("error: no matching resources found")
    missed = [each for each in found.objects if not _holds(each, goal)]
    met = "".join(f"{reference(each)} condition met\n" for each in found.objects if each not in missed)
    if missed:
        raise KubectlError(str(_timed_out(missed)), stdout=met)
    return Output(met)


def _timed_out(objects: tuple[Object, ...] | list[Object]) -> KubectlError:
    return KubectlError("\n".join(f"error: timed out waiting for the condition on {reference(each).replace('/', 's/', 1)}"
                                  for each in objects))


def _holds(each: Object, goal: str) -> bool:
    kind, _, rest = goal.partition("=")
    if kind == "condition":
        name, _, value = rest.partition("=")
        return _condition(each, name.lower()) == (value or "true").lower()
    if kind == "jsonpath":
        path, _, value = rest.partition("}=")
        found = value_at(each.manifest, path.lstrip("{"))
        return str(found) == value.strip("'\"") if "}=" in rest else found not in (None, "")
    raise KubectlError(f'error: unrecognized condition: "{goal}"')


def _condition(each: Object, name: str) -> str:
    if isinstance(each, Workload) and name == "available":
        return str(each.ready_replicas >= each.replicas).lower()
    conditions = (each.manifest.get("status") or {}).get("conditions") or ()
    return next((str(item.get("status")).lower() for item in conditions if str(item.get("type")).lower() == name), "")
