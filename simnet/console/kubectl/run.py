"""`kubectl run` and `kubectl expose`.

Source: kubernetes/kubectl pkg/cmd/run/run.go, pkg/generate/versioned/run.go; pkg/cmd/expose/expose.go,
pkg/generate/versioned/service.go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from simnet.console.frames import left_behind, pod_frame
from simnet.console.kubectl.context import Kube, KubectlError
from simnet.console.kubectl.execute import INTERPRETERS, in_pod
from simnet.console.kubectl.select import require, wanted
from simnet.console.kubectl.write import dry_run, submit
from simnet.console.output import Output, warned
from simnet.manifests.yaml import read_all
from simnet.names import ObjectKey
from simnet.objects.deployment import Deployment
from simnet.objects.pod import Pod
from simnet.objects.replicaset import ReplicaSet
from simnet.objects.service import Service

_IMAGE = re.compile(r"[a-z0-9][\w.:-]*(/[\w.-]+)*(:[\w][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?", re.IGNORECASE)
Exposable = Pod | Service | Deployment | ReplicaSet
DEPRECATED = "Flag --generator has been deprecated, has no effect and will be removed in the future.\n"


def run(kube: Kube) -> Output:
    """One pod from an image; with -i or --attach its command runs here and now, with --rm it is deleted afterwards."""
    if not kube.operands:
        raise KubectlError("error: NAME is required for run")
    if not kube.flags.get("image"):
        raise KubectlError('error: required flag(s) "image" not set')
    if not _IMAGE.fullmatch(kube.flags.get("image")):
        raise KubectlError(f'error: Invalid image name "{kube.flags.get("image")}": invalid reference format')
    interactive = kube.flags.on("stdin")
    attached = kube.flags.on("attach") or interactive
    if kube.flags.on("tty") and not interactive:
        raise KubectlError("error: -i/--stdin is required for containers with -t/--tty=true")
    if kube.flags.on("rm") and not attached:
        raise KubectlError("error: --rm should only be used for attached containers")
    if attached and dry_run(kube):
        raise KubectlError("error: --dry-run=[server|client] can't be used with attached containers options (--attach, "
                           "--stdin, or --tty)")
    output = submit(kube, _pod(kube, attached))
    stderr = DEPRECATED if kube.flags.has("generator") else ""
    if kube.flags.on("expose") and not kube.flags.get("output"):
        output = Output(submit(kube, _exposing(kube)).stdout + output.stdout)
    return warned(stderr, _attach(kube) if attached else output)


def _words(kube: Kube) -> list[str]:
    """The command or arguments: operands behind the name, and what follows `--`."""
    return kube.operands[1:] + kube.command


def _pod(kube: Kube, attached: bool) -> dict[str, Any]:
    name, words = kube.operands[0], _words(kube)
    container: dict[str, Any] = {"name": name, "image": kube.flags.get("image")}
    if kube.flags.get("image-pull-policy"):
        container["imagePullPolicy"] = kube.flags.get("image-pull-policy")
    if kube.flags.all("env"):
        container["env"] = [{"name": key, "value": value} for key, value in
                            (given.partition("=")[::2] for given in kube.flags.all("env"))]
    if kube.flags.get("port"):
        container["ports"] = [{"containerPort": kube.flags.number("port")}]
    if words:
        container["command" if kube.flags.on("command") else "args"] = words
    if attached:
        container.update(stdin=True, **({"tty": True} if kube.flags.on("tty") else {}))
    labels = _labels(kube.flags.get("labels")) if kube.flags.has("labels") else {"run": name}
    metadata: dict[str, Any] = {"name": name, "labels": labels}
    if kube.flags.all("annotations"):
        metadata["annotations"] = dict(given.partition("=")[::2] for given in kube.flags.all("annotations"))
    spec: dict[str, Any] = {"containers": [container], "dnsPolicy": "ClusterFirst",
                            "restartPolicy": kube.flags.get("restart", "Always")}
    pod: dict[str, Any] = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
    overrides = read_all(kube.flags.get("overrides")) if kube.flags.has("overrides") else []
    return _overridden(pod, overrides[0]) if overrides else pod


def _overridden(value: Any, over: Any) -> Any:
    if isinstance(value, Mapping) and isinstance(over, Mapping):
        return {**value, **{key: _overridden(value.get(key), item) for key, item in over.items()}}
    return over


def _labels(text: str) -> dict[str, str]:
    """`app=web,tier=front`. Raises KubectlError for a part without `=`."""
    found: dict[str, str] = {}
    for part in filter(None, text.split(",")):
        key, equals, value = part.partition("=")
        if not equals:
            raise KubectlError(f'error: unexpected label spec: {part}')
        found[key] = value
    return found


def _exposing(kube: Kube) -> dict[str, Any]:
    if not kube.flags.get("port"):
        raise KubectlError("error: --port must be set when exposing a service")
    name, port = kube.operands[0], kube.flags.number("port")
    labels = _labels(kube.flags.get("labels")) if kube.flags.has("labels") else {"run": name}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
            "spec": {"selector": labels, "ports": [{"port": port, "protocol": "TCP", "targetPort": port}]}}


def _attach(kube: Kube) -> Output:
    """Run the pod's command as if attached to it: a shell opens, anything else runs to its end.

    The command's status counts with --restart=Never only; otherwise the pod would just be restarted.
    """
    key = ObjectKey(kube.namespace, kube.operands[0])
    pod = kube.cluster.store.get("Pod", key)
    words = _words(kube)
    if isinstance(pod, Pod) and not pod.pod_ips:
        raise KubectlError(f"error: timed out waiting for the condition ({pod.message or pod.phase})")
    frame = pod_frame(key)
    frame.is_attached, frame.removed_after = True, kube.flags.on("rm")
    if not words or (words[0].rpartition("/")[2] in INTERPRETERS and len(words) == 1):
        frame.shell = words[0].rpartition("/")[2] if words else "sh"
        if not kube.call.stdin:
            kube.desk.frames.append(frame)
            return Output(stderr="If you don't see a command prompt, try pressing enter.\n")
        words = [frame.shell]
    output = in_pod(kube, frame, words)
    ended = ""
    if output.status and kube.flags.get("restart") == "Never":
        ended = f"pod {key} terminated (Error)\n"
    removed = left_behind(kube.desk, frame)
    return Output(output.stdout + removed, output.stderr + ended, output.status if ended else 0,
                  output.shown + removed + ended)


# expose ---------------------------------------------------------------------------------------------------------

def expose(kube: Kube) -> Output:
    """A Service for a pod, Service, deployment or replica set: its selector, and its ports unless given."""
    wants = wanted(kube, kube.operands)
    if len(wants) != 1 or len(wants[0].names) != 1:
        raise KubectlError("error: exactly one object to expose is expected, such as 'deployment web'")
    each = require(kube, wants[0].kind, wants[0].names[0])
    if not isinstance(each, Exposable):
        group = "." + each.api_version.partition("/")[0] if "/" in each.api_version else ""
        raise KubectlError(f"error: cannot expose a {each.kind}{group}")
    selector = _labels(kube.flags.get("selector")) if kube.flags.has("selector") else _selector(each)
    ports = _ports(kube, each)
    if not ports and kube.flags.get("cluster-ip") != "None":
        raise KubectlError("error: couldn't find port via --port flag or introspection\nSee 'kubectl expose -h' for help "
                           "and examples")
    spec: dict[str, Any] = {"selector": selector, **({"ports": ports} if ports else {})}
    for flag, field in (("type", "type"), ("cluster-ip", "clusterIP"), ("external-name", "externalName"),
                        ("session-affinity", "sessionAffinity"), ("load-balancer-ip", "loadBalancerIP")):
        if kube.flags.get(flag):
            spec[field] = kube.flags.get(flag)
    if kube.flags.get("external-ip"):
        spec["externalIPs"] = kube.flags.get("external-ip").split(",")
    labels = _labels(kube.flags.get("labels")) if kube.flags.has("labels") else dict(each.labels)
    metadata = {"name": kube.flags.get("name") or each.name, **({"labels": labels} if labels else {})}
    made = {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}
    return submit(kube, made, done="exposed")


def _selector(each: Exposable) -> dict[str, str]:
    """Which pods the object means. Raises KubectlError for one that means none."""
    if isinstance(each, Pod):
        found: Mapping[str, str] = each.labels
        if not found:
            raise KubectlError("error: couldn't retrieve selectors via --selector flag or introspection: the pod has no "
                               "labels and cannot be exposed")
        return dict(found)
    if each.selector.pairs:
        return dict(each.selector.pairs)
    raise KubectlError(f"error: couldn't retrieve selectors via --selector flag or introspection: {each.ref} has no "
                       "selector of equal labels")


def _ports(kube: Kube, each: Exposable) -> list[dict[str, Any]]:
    """One entry a port; a given --port counts alone, several of the object's own are named port-1, port-2, ..."""
    protocol, target = kube.flags.get("protocol", "TCP"), kube.flags.get("target-port")
    if kube.flags.get("port"):
        given = kube.flags.get("port").split(",")
        if not all(number.isdigit() for number in given):
            raise KubectlError(f"error: invalid port {kube.flags.get('port')!r}: numbers are expected")
        numbers = [(int(number), protocol) for number in given]
    elif isinstance(each, Service):
        numbers = [(port.port, port.protocol) for port in each.ports]
    else:
        spec = each.spec if isinstance(each, Pod) else each.template.spec
        numbers = [(port.container_port, port.protocol) for container in spec.containers for port in container.ports]
    made = []
    for place, (number, transport) in enumerate(numbers, 1):
        value: int | str = int(target) if target.isdigit() else target or number
        made.append({**({"name": f"port-{place}"} if len(numbers) > 1 else {}), "port": number, "protocol": transport,
                     "targetPort": value})
    return made

