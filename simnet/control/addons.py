"""What a fresh cluster contains: namespaces, the API server's Service, CoreDNS, the Ingress controllers.

Ordinary manifests, so that everything about them can be looked at and taken away like a user's own. Names and labels
are those of kubeadm's CoreDNS and of the ingress-nginx project's install manifests.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simnet import ip
from simnet.settings import ControllerSettings, Settings

SYSTEM_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")


def base_manifests(settings: Settings) -> list[dict[str, Any]]:
    """Namespaces, and the Service of the API server with its endpoint on the first node."""
    objects: list[dict[str, Any]] = [_object("v1", "Namespace", name) for name in SYSTEM_NAMESPACES]
    if settings.service_cidrs:
        objects.append(_object("v1", "Service", "kubernetes", "default", spec={
            "clusterIP": ip.text(settings.service_cidrs[0].nth(1)),
            "ports": [{"name": "https", "port": 443, "targetPort": 6443}]},
            labels={"component": "apiserver", "provider": "kubernetes"}))
        objects += _api_endpoint(settings)
    return objects


def _api_endpoint(settings: Settings) -> list[dict[str, Any]]:
    if not settings.nodes:
        return []
    _, addresses = min(settings.nodes)  # the node the data plane takes for the first one
    slice_ = _object("discovery.k8s.io/v1", "EndpointSlice", "kubernetes", "default",
                     labels={"kubernetes.io/service-name": "kubernetes"})
    return [{**slice_, "addressType": f"IPv{ip.family(addresses[0])}",
             "ports": [{"name": "https", "port": 6443, "protocol": "TCP"}],
             "endpoints": [{"addresses": [ip.text(addresses[0])], "conditions": {"ready": True}}]}]


def coredns_manifests(settings: Settings) -> list[dict[str, Any]]:
    """CoreDNS behind Service kube-system/kube-dns, at the kubelet's cluster DNS address."""
    labels = {"k8s-app": "kube-dns"}
    ports = [{"name": "dns", "port": 53, "protocol": "UDP"}, {"name": "dns-tcp", "port": 53, "protocol": "TCP"},
             {"name": "metrics", "port": 9153, "protocol": "TCP"}]
    container = {"name": "coredns", "image": "registry.k8s.io/coredns/coredns:v1.13.1",
                 "args": ["-conf", "/etc/coredns/Corefile"],
                 "ports": [{"name": port["name"], "containerPort": port["port"], "protocol": port["protocol"]}
                           for port in ports]}
    addresses = [text for text in settings.kubelet.cluster_dns if _in_service_range(settings, text)]
    spec: dict[str, Any] = {"selector": labels, "ports": ports}
    if addresses:
        spec["clusterIP"] = addresses[0]
    return [
        _object("v1", "Service", "kube-dns", "kube-system", spec=spec,
                labels={**labels, "kubernetes.io/name": "CoreDNS"}),
        _deployment("coredns", "kube-system", labels, container, settings.addons.get("coredns", ""),
                    dns_policy="Default")]


def _in_service_range(settings: Settings, text: str) -> bool:
    return any(text in cidr for cidr in settings.service_cidrs)


PROGRAMS = {"nginx": ("registry.k8s.io/ingress-nginx/controller:v1.15.1", "/nginx-ingress-controller"),
            "spec": ("registry.example/simnet/spec-ingress:v1", "/spec-ingress")}
"""Image and program of a controller with each profile; the second exists nowhere but here."""


def controller_manifests(controller: ControllerSettings) -> list[dict[str, Any]]:
    """One ingress-nginx: class, configuration, Deployment with host ports, and its Service unless `shape` is hostport."""
    labels = {"app.kubernetes.io/name": "ingress-nginx", "app.kubernetes.io/instance": controller.name,
              "app.kubernetes.io/component": "controller"}
    name = f"{controller.name}-controller"
    ports = [{"name": "http", "containerPort": controller.http_port, "hostPort": controller.http_port},
             {"name": "https", "containerPort": controller.https_port, "hostPort": controller.https_port}]
    image, program = PROGRAMS[controller.profile]
    container = {"name": "controller", "image": image, "args": [program, *_flags(controller, name)], "ports": ports}
    objects = [
        _object("v1", "Namespace", controller.namespace),
        _object("networking.k8s.io/v1", "IngressClass", controller.ingress_class,
                spec={"controller": controller.class_controller}, annotations=_default_mark(controller)),
        {**_object("v1", "ConfigMap", name, controller.namespace), "data": dict(controller.config)},
        _deployment(name, controller.namespace, labels, container, controller.node)]
    if controller.shape == "loadbalancer":
        objects.append(_object("v1", "Service", name, controller.namespace, labels=labels, spec={
            "type": "LoadBalancer", "selector": labels, "ports": [
                {"name": "http", "port": controller.http_port, "targetPort": "http"},
                {"name": "https", "port": controller.https_port, "targetPort": "https"}]}))
    return objects


def _flags(controller: ControllerSettings, name: str) -> list[str]:
    """The settings as ingress-nginx's own command line flags (internal/ingress flags, `flags.go`)."""
    flags = {
        "--controller-class": controller.class_controller, "--ingress-class": controller.class_annotation,
        "--configmap": f"{controller.namespace}/{name}", "--http-port": str(controller.http_port),
        "--https-port": str(controller.https_port),
        "--watch-ingress-without-class": "true" if controller.watch_without_class else None,
        "--default-backend-service": controller.default_backend_service,
        "--default-ssl-certificate": controller.default_tls_secret,
        "--publish-service": controller.publish_service or (
            f"{controller.namespace}/{name}" if controller.shape == "loadbalancer" else None),
        "--validating-webhook": ":8443" if controller.webhook else None}
    return [f"{flag}={value}" for flag, value in flags.items() if value is not None]


def _default_mark(controller: ControllerSettings) -> dict[str, str] | None:
    return {"ingressclass.kubernetes.io/is-default-class": "true"} if controller.is_default_class else None


def _deployment(name: str, namespace: str, labels: Mapping[str, str], container: Mapping[str, Any], node: str,
                dns_policy: str | None = None) -> dict[str, Any]:
    pod: dict[str, Any] = {"containers": [dict(container)]}
    if node:
        pod["nodeName"] = node
    if dns_policy:
        pod["dnsPolicy"] = dns_policy
    return _object("apps/v1", "Deployment", name, namespace, labels=dict(labels), spec={
        "replicas": 1, "selector": {"matchLabels": dict(labels)},
        "template": {"metadata": {"labels": dict(labels)}, "spec": pod}})


def _object(api_version: str, kind: str, name: str, namespace: str = "", *, spec: Mapping[str, Any] | None = None,
            labels: Mapping[str, str] | None = None, annotations: Mapping[str, str] | None = None) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    if labels:
        metadata["labels"] = dict(labels)
    if annotations:
        metadata["annotations"] = dict(annotations)
    whole: dict[str, Any] = {"apiVersion": api_version, "kind": kind, "metadata": metadata}
    if spec is not None:
        whole["spec"] = dict(spec)
    return whole
