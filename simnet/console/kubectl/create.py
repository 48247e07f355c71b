"""`kubectl create KIND`: namespace, deployment, service, ingress, secret, configmap, serviceaccount; `create -f`.

The objects are those kubectl makes, names of ports and labels included.
Source: kubernetes/kubectl pkg/cmd/create/create_namespace.go, create_deployment.go, create_service.go,
create_ingress.go, create_secret.go, create_secret_tls.go, create_configmap.go, create_serviceaccount.go.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any

from simnet.console.desk import NoSuchFile
from simnet.console.kubectl.context import Kube, KubectlError
from simnet.console.kubectl.write import create_from_files, submit
from simnet.console.output import Output
from simnet.errors import nearest
from simnet.names import dns1123_label_problem
from simnet.x509.pair import PairFlaw, UnusablePair, read_tls_pair

_RULE = re.compile(r"(?P<host>[^/]*)(?P<path>/[^=,]*)=(?P<service>[^:,]+):(?P<port>[^,]+)"
                   r"(?:,(?P<tls>tls(?:=(?P<secret>.*))?))?")


def create(kube: Kube) -> Output:
    """Dispatch on the kind to make. Raises KubectlError in kubectl's words."""
    if kube.flags.has("filename"):
        return create_from_files(kube)
    if not kube.operands:
        raise KubectlError("error: must specify one of -f and -k")
    word = kube.operands.pop(0)
    maker = MAKERS.get(word)
    if maker is None:
        near = nearest(word, MAKERS)
        raise KubectlError(f"error: Unexpected args: [{' '.join([word, *kube.operands])}]\n"
                           + (f"Did you mean this?\n\tkubectl create {near}\n" if near else "")
                           + "See 'kubectl create -h' for help and examples")
    return maker(kube)


def _name(kube: Kube) -> str:
    if len(kube.operands) != 1:
        raise KubectlError(f"error: exactly one NAME is required, got {len(kube.operands)}")
    return kube.operands[0]


def _object(api_version: str, kind: str, name: str, labels: Mapping[str, str] | None = None, **rest: Any) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, **({"labels": dict(labels)} if labels else {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}


def namespace(kube: Kube) -> Output:
    return submit(kube, _object("v1", "Namespace", _name(kube)))


def service_account(kube: Kube) -> Output:
    return submit(kube, _object("v1", "ServiceAccount", _name(kube)), "failed to create serviceaccount")


# deployments ----------------------------------------------------------------------------------------------------

def deployment(kube: Kube) -> Output:
    """`create deployment NAME --image=IMAGE... [--replicas N] [--port P] [-- COMMAND]`."""
    images = [image for given in kube.flags.all("image") for image in given.split(",")]
    if not images:
        raise KubectlError('error: required flag(s) "image" not set')
    name = _name(kube)
    if len(images) > 1 and kube.command:
        raise KubectlError("error: cannot specify multiple --image options and command")
    containers = [_container(image) for image in images]
    if kube.command:
        containers[0]["command"] = list(kube.command)
    if kube.flags.get("port", "-1") not in ("-1", ""):
        containers[0]["ports"] = [{"containerPort": kube.flags.number("port")}]
    labels = {"app": name}
    spec = {"replicas": kube.flags.number("replicas", 1), "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": dict(labels)}, "spec": {"containers": containers}}}
    return submit(kube, _object("apps/v1", "Deployment", name, labels, spec=spec), "failed to create deployment")


def _container(image: str) -> dict[str, Any]:
    """A container named after the last part of its image, without tag and digest."""
    bare = image.rpartition("/")[2].partition("@")[0].partition(":")[0].lower()
    name = re.sub(r"[^a-z0-9-]", "-", bare)
    return {"name": name if not dns1123_label_problem(name) else "container", "image": image}


# services -------------------------------------------------------------------------------------------------------

def service(kube: Kube) -> Output:
    """`create service clusterip|nodeport|loadbalancer|externalname NAME --tcp=PORT:TARGET`."""
    types = {"clusterip": "ClusterIP", "nodeport": "NodePort", "loadbalancer": "LoadBalancer",
             "externalname": "ExternalName"}
    word = kube.operands.pop(0) if kube.operands else ""
    if word not in types:
        near = nearest(word, types)
        raise KubectlError(f"error: unknown type of service {word!r}; one of {', '.join(types)} is expected"
                           + (f"; did you mean {near}?" if near else ""))
    name, kind = _name(kube), types[word]
    ports = [_service_port(given) for given in kube.flags.all("tcp")]
    spec: dict[str, Any] = {"type": kind, "selector": {"app": name}}
    if kind == "ExternalName":
        if not kube.flags.get("external-name"):
            raise KubectlError('error: required flag(s) "external-name" not set')
        spec["externalName"] = kube.flags.get("external-name")
    elif kube.flags.get("clusterip") == "None" and kind == "ClusterIP":
        spec["clusterIP"] = "None"
    elif not ports:
        raise KubectlError("error: at least one tcp port specifier must be provided")
    elif kube.flags.get("clusterip"):
        spec["clusterIP"] = kube.flags.get("clusterip")
    if ports:
        spec["ports"] = ports
    if kube.flags.has("node-port") and kind == "NodePort":
        for port in ports:
            port["nodePort"] = kube.flags.number("node-port")
    return submit(kube, _object("v1", "Service", name, {"app": name}, spec=spec), f"failed to create {kind} service")


def _service_port(text: str) -> dict[str, Any]:
    """`80:8080` is a port named 80-8080; `80` alone is a port named 80."""
    port, colon, target = text.partition(":")
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise KubectlError(f"error: invalid port format, expected 'port' or 'port:targetPort': {text}")
    value: int | str = int(target) if target.isdigit() else target
    return {"name": text.replace(":", "-"), "port": int(port), "protocol": "TCP",
            "targetPort": value if colon else int(port)}


# ingresses ------------------------------------------------------------------------------------------------------

def ingress(kube: Kube) -> Output:
    """`create ingress NAME --rule=HOST/PATH=SERVICE:PORT[,tls[=SECRET]]`; a path that ends in `*` is a prefix."""
    name = _name(kube)
    spec: dict[str, Any] = {}
    if kube.flags.has("class"):
        spec["ingressClassName"] = kube.flags.get("class")
    if kube.flags.has("default-backend"):
        target, _, port = kube.flags.get("default-backend").partition(":")
        spec["defaultBackend"] = _backend(target, port)
    rules: dict[str, list[dict[str, Any]]] = {}
    tls: list[dict[str, Any]] = []
    for text in kube.flags.all("rule"):
        found = _RULE.fullmatch(text)
        if found is None:
            raise KubectlError(f"error: rule {text} is invalid and should be in format host/path=svcname:svcport[,tls"
                               "[=secret]]")
        is_prefix = found["path"].endswith("*")
        rules.setdefault(found["host"], []).append({
            "path": found["path"].removesuffix("*"), "pathType": "Prefix" if is_prefix else "Exact",
            "backend": _backend(found["service"], found["port"])})
        if found["tls"] is not None:
            _add_tls(tls, found["host"], found["secret"] or "")
    if not rules and "defaultBackend" not in spec:
        raise KubectlError("error: not enough information provided: every ingress has to either specify a default-backend "
                           "(which catches all traffic) or a list of rules (which catch specific paths)")
    if rules:
        spec["rules"] = [{**({"host": host} if host else {}), "http": {"paths": paths}} for host, paths in rules.items()]
    if tls:
        spec["tls"] = tls
    made = _object("networking.k8s.io/v1", "Ingress", name, spec=spec)
    annotations = dict(each.partition("=")[::2] for each in kube.flags.all("annotation"))
    if annotations:
        made["metadata"]["annotations"] = annotations
    return submit(kube, made, "failed to create ingress")


def _backend(service_name: str, port: str) -> dict[str, Any]:
    return {"service": {"name": service_name, "port": {"number": int(port)} if port.isdigit() else {"name": port}}}


def _add_tls(tls: list[dict[str, Any]], host: str, secret: str) -> None:
    for entry in tls:
        if entry.get("secretName", "") == secret:
            if host and host not in entry.setdefault("hosts", []):
                entry["hosts"].append(host)
            return
    tls.append({**({"hosts": [host]} if host else {}), **({"secretName": secret} if secret else {})})


# secrets and config maps ----------------------------------------------------------------------------------------

def secret(kube: Kube) -> Output:
    """`create secret tls NAME --cert=FILE --key=FILE`, `create secret generic NAME --from-literal|--from-file`."""
    word = kube.operands.pop(0) if kube.operands else ""
    if word == "tls":
        return _tls_secret(kube)
    if word == "generic":
        made = _object("v1", "Secret", _name(kube), data={key: _encoded(value) for key, value in _pairs(kube).items()})
        if kube.flags.get("type"):
            made["type"] = kube.flags.get("type")
        return submit(kube, made, "failed to create secret")
    near = nearest(word, ("tls", "generic"))
    raise KubectlError(f"error: unknown type of secret {word!r}; one of generic, tls is expected"
                       + (f"; did you mean {near}?" if near else ""))


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _tls_secret(kube: Kube) -> Output:
    name = _name(kube)
    if not kube.flags.get("key"):
        raise KubectlError("error: key must be specified")
    if not kube.flags.get("cert"):
        raise KubectlError("error: certificate must be specified")
    certificate, key = _text(kube, kube.flags.get("cert")), _text(kube, kube.flags.get("key"))
    try:
        read_tls_pair(certificate, key, (kube.flags.get("cert"), kube.flags.get("key")))
    except UnusablePair as problem:
        if problem.flaw is not PairFlaw.ALGORITHM_NOT_MODELLED:
            raise KubectlError(f"error: {problem}") from None
    made = _object("v1", "Secret", name, type="kubernetes.io/tls",
                   data={"tls.crt": _encoded(certificate), "tls.key": _encoded(key)})
    return submit(kube, made, "failed to create secret")


def _text(kube: Kube, path: str) -> str:
    try:
        return kube.call.read(path)
    except NoSuchFile:
        raise KubectlError(f"error: open {path}: no such file or directory") from None


def config_map(kube: Kube) -> Output:
    """`create configmap NAME --from-literal=KEY=VALUE --from-file=[KEY=]FILE`."""
    return submit(kube, _object("v1", "ConfigMap", _name(kube), data=_pairs(kube)), "failed to create configmap")


def _pairs(kube: Kube) -> dict[str, str]:
    found: dict[str, str] = {}
    for given in kube.flags.all("from-literal"):
        key, equals, value = given.partition("=")
        if not equals or not key:
            raise KubectlError(f"error: invalid literal source {given}, expected key=value")
        found[key] = value
    for given in kube.flags.all("from-file"):
        key, equals, path = given.partition("=")
        path = path if equals else key
        found[key if equals else path.rpartition("/")[2]] = _text(kube, path)
    return found


MAKERS: dict[str, Callable[[Kube], Output]] = {
    "cm": config_map, "configmap": config_map, "deploy": deployment, "deployment": deployment, "ing": ingress,
    "ingress": ingress, "namespace": namespace, "ns": namespace, "sa": service_account, "secret": secret,
    "service": service, "serviceaccount": service_account, "svc": service,
}
