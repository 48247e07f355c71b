"""`kubectl port-forward`: a port of whoever types leads to a pod, by way of the API server.

It goes on in the background, as if `&` stood behind it, so that the next line can use it: `curl localhost:8080`. A pod is
chosen once, for a Service or a workload too. A local port that is forwarded again is forwarded anew.
Source: kubernetes/kubectl pkg/cmd/portforward/portforward.go (translateServicePortToTargetPort and its messages);
client-go tools/portforward (parsePorts).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from simnet.console.desk import Forward
from simnet.console.kubectl.context import Kube, KubectlError
from simnet.console.kubectl.execute import pod_of
from simnet.console.kubectl.kinds import kind_for
from simnet.console.kubectl.select import require
from simnet.console.output import Output
from simnet.objects.pod import Pod
from simnet.objects.service import Service

_FIRST_FREE = 40000
_ASSIGNED = re.compile(r"[0-9]{1,5}")


def port_forward(kube: Kube) -> Output:
    """`port-forward TYPE/NAME [LOCAL:]REMOTE...`. Raises KubectlError for ports that lead nowhere."""
    if len(kube.operands) < 2:
        raise KubectlError("error: TYPE/NAME and list of ports are required for port-forward\n"
                           "See 'kubectl port-forward -h' for help and examples")
    what, *given = kube.operands
    pod = pod_of(kube, what)
    if pod.phase != "Running":
        raise KubectlError(f"error: unable to forward port because pod is not running. Current status={pod.phase}")
    pairs = [_pair(kube, what, pod, text) for text in given]
    addresses = kube.flags.get("address", "localhost").split(",")
    text = ""
    for local, remote in pairs:
        kube.desk.forwards[(kube.call.source, local)] = Forward(pod.key, remote)
        for address in [each for given in addresses for each in (("127.0.0.1", "[::1]") if given == "localhost" else (given,))]:
            text += f"Forwarding from {address}:{local} -> {remote}\n"
    return Output(text)


def _pair(kube: Kube, what: str, pod: Pod, text: str) -> tuple[int, int]:
    """The local port and the pod's, as numbers."""
    local, colon, remote = text.rpartition(":")
    remote_number = _remote(kube, what, pod, remote)
    if colon and not local:
        return _free(kube), remote_number
    return _number(local or (remote if _ASSIGNED.fullmatch(remote) else str(remote_number)), "local", text), remote_number


def _remote(kube: Kube, what: str, pod: Pod, text: str) -> int:
    word, slash, name = what.partition("/")
    each = require(kube, kind_for(kube.cluster.store, word), name) if slash else pod
    if not isinstance(each, Service):
        return _number(text, "remote", text) if _ASSIGNED.fullmatch(text) else _named(pod, text)
    port = next((port for port in each.ports if text in (str(port.port), port.name)), None)
    if port is None:
        known = ", ".join(str(port.port) for port in each.ports)
        raise KubectlError(f"error: Service {each.name} does not have a service port {text}" if text.isdigit() else
                           f"error: Service '{each.name}' does not have a named port '{text}'",
                           hint=f"its ports are {known}" if known else "it has no ports")
    if port.protocol == "UDP":
        raise KubectlError(f"error: UDP protocol is not supported for {text}")
    if each.is_headless:
        return port.port
    target = port.target_port
    return target if isinstance(target, int) and target else _named(pod, target) if target else port.port


def _named(pod: Pod, name: str | int) -> int:
    names: Sequence[tuple[str, int]] = [(port.name, port.container_port) for container in pod.spec.port_owners
                                        for port in container.ports]
    for known, number in names:
        if known == name:
            return number
    raise KubectlError(f"error: Pod '{pod.name}' does not have a named port '{name}'",
                       hint=f"its named ports are {', '.join(known for known, _ in names if known) or 'none'}")


def _number(text: str, side: str, whole: str) -> int:
    if not _ASSIGNED.fullmatch(text) or not 0 < int(text) < 65536:
        raise KubectlError(f"error: error parsing {side} port '{text}': " + (
            f'strconv.ParseUint: parsing "{text}": ' + ("value out of range" if text.isdigit() else "invalid syntax")),
            hint=f"{whole} should be [LOCAL:]REMOTE with numbers from 1 to 65535")
    return int(text)


def _free(kube: Kube) -> int:
    taken = {port for source, port in kube.desk.forwards if source == kube.call.source}
    return next(port for port in range(_FIRST_FREE, 65536) if port not in taken)
