"""`kubectl version`, `cluster-info`, `api-resources`, `config`: what is this cluster, and which namespace am I in.

Source: kubernetes/kubectl pkg/cmd/version/version.go, clusterinfo/clusterinfo.go, apiresources/apiresources.go,
config/.
"""

from __future__ import annotations

from simnet import ip
from simnet.console.kubectl.context import Kube, KubectlError
from simnet.console.layout import table
from simnet.console.output import Output
from simnet.names import ObjectKey
from simnet.objects.kinds import KINDS
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


def api_resources(kube: Kube) -> Output:
    """The modelled kinds."""
    rows = [[kind.plural, ",".join(kind.short_names), kind.api_version, str(kind.namespaced).lower(), kind.kind]
            for kind in sorted(KINDS, key=lambda kind: (kind.group, kind.plural))]
    return Output(table(["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"], rows))


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
