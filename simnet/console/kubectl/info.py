"""`kubectl version`, `cluster-info`, `api-resources`, `config`: what is this cluster, and which namespace am I in.

Source: kubernetes/kubectl pkg/cmd/version/version.go, clusterinfo/clusterinfo.go, apiresources/apiresources.go,
config/.
"""

from __future__ import annotations

from simnet import ip
from simnet.console.kubectl.context import Kube, KubectlError
from simnet.console.kubectl.kinds import ALL, resource
from simnet.console.layout import table
from simnet.console.output import Output
from simnet.names import ObjectKey
from simnet.objects.kinds import KINDS, Kind
from simnet.objects.service import Service

VERSION = "v1.35.0"
CONTEXT = "simnet"


def version(kube: Kube) -> Output:
    """The versions whose behaviour is modelled."""
    client = f"Client Version: {VERSION}\nKustomize Version: v5.7.1\n"
    return Output(client if kube.flags.on("client") else f"{client}Server Version: {VERSION}\n")


def cluster_info(kube: Kube) -> Output:
    """Where the control plane would answer, and the DNS Service."""
    server = kube.cluster.store.get("Service", ObjectKey("default", "kubernetes"))
    address = ip.text(server.cluster_ips[0]) if isinstance(server, Service) and server.cluster_ips else "127.0.0.1"
    text = f"Kubernetes control plane is running at https://{address}:443\n"
    if kube.cluster.store.get("Service", ObjectKey("kube-system", "kube-dns")) is not None:
        text += (f"CoreDNS is running at https://{address}:443/api/v1/namespaces/kube-system/services/kube-dns:dns/proxy\n")
    return Output(text + "\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n")


VERBS = "create,delete,get,list,patch,update"


def api_resources(kube: Kube) -> Output:
    """The modelled kinds, with those asked for by --namespaced and --api-group; -o name, -o wide."""
    form, order = kube.flags.get("output"), kube.flags.get("sort-by")
    if form not in ("", "name", "wide"):
        raise KubectlError(f"error: --output {form} is not available")
    if order not in ("", "name", "kind"):
        raise KubectlError("error: --sort-by accepts only name or kind")
    kinds = sorted((kind for kind in KINDS if _asked_for(kube, kind)), key=lambda kind: {
        "name": (kind.plural,), "kind": (kind.kind,)}.get(order, (kind.group, kind.plural)))
    if form == "name":
        return Output("".join(resource(kind) + "\n" for kind in kinds))
    rows = [[kind.plural, ",".join(kind.short_names), kind.api_version, str(kind.namespaced).lower(), kind.kind,
             *((VERBS, "all" if kind.kind in ALL else "") if form else ())] for kind in kinds]
    headers = ["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND", *(("VERBS", "CATEGORIES") if form else ())]
    return Output(table([] if kube.flags.on("no-headers") else headers, rows))


def _asked_for(kube: Kube, kind: Kind) -> bool:
    flags = kube.flags
    return ((not flags.has("namespaced") or kind.namespaced == flags.on("namespaced"))
            and (not flags.has("api-group") or kind.group == flags.get("api-group")))


def config(kube: Kube) -> Output:
    """`config set-context --current --namespace=NS`, `current-context`, `get-contexts`, `view`."""
    match kube.operands:
        case ["set-context", *_]:
            if not kube.flags.has("namespace"):
                raise KubectlError("error: 'config set-context --current --namespace=NAME' is what is modelled")
            kube.desk.namespace = kube.flags.get("namespace")
            return Output(f'Context "{CONTEXT}" modified.\n')
        case ["current-context"]:
            return Output(CONTEXT + "\n")
        case ["get-contexts", *_]:
            row = ["*", CONTEXT, CONTEXT, "admin", kube.desk.namespace]
            return Output(table(["CURRENT", "NAME", "CLUSTER", "AUTHINFO", "NAMESPACE"], [row]))
        case ["view", *_]:
            return Output(f"    namespace: {kube.desk.namespace}\n")
        case ["use-context", *_]:
            return Output(f'Switched to context "{CONTEXT}".\n')
        case _:
            raise KubectlError("error: of 'config', set-context, current-context, get-contexts, use-context and view are "
                               "modelled")
