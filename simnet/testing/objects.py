"""Short ways to write the kinds beside pods, Services and Ingresses. Each returns a plain mapping `Cluster.apply` takes."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from simnet.testing.builders import Labels, manifest
from simnet.x509.make import TestCertificate, make_certificate

START = 1798761600  # when a test's certificate becomes valid: 2027-01-01T00:00:00Z, where clusters start
YEAR = 365 * 86400


def namespace(name: str, *, labels: Labels | None = None) -> dict[str, Any]:
    """A Namespace."""
    return manifest("v1", "Namespace", name, None, labels)


def node(name: str, address: str, *, labels: Labels | None = None, **spec: Any) -> dict[str, Any]:
    """A Node with one internal address, ready. Further keywords become fields of spec: `unschedulable=True`."""
    whole = manifest("v1", "Node", name, None, labels, spec=spec)
    whole["status"] = {"addresses": [{"type": "InternalIP", "address": address}],
                       "conditions": [{"type": "Ready", "status": "True"}]}
    return whole


def config_map(name: str, data: Labels | None = None, *, namespace: str = "default") -> dict[str, Any]:
    """A ConfigMap."""
    return manifest("v1", "ConfigMap", name, namespace, None, data=dict(data or {}))


def secret(name: str, data: Labels | None = None, *, type: str = "Opaque", namespace: str = "default") -> dict[str, Any]:
    """A Secret; `data` is plain text, which is stored as base64."""
    encoded = {key: b64encode(value.encode()).decode() for key, value in (data or {}).items()}
    return manifest("v1", "Secret", name, namespace, None, type=type, data=encoded)


def tls_secret(name: str, *hosts: str, namespace: str = "default") -> dict[str, Any]:
    """A Secret of type kubernetes.io/tls with a new certificate for `hosts`, valid for the first year of a cluster. The
    same arguments give the same certificate; `Cluster(trust=[certificate_for(NAME, HOST...)])` has clients that accept it.
    """
    pair = _pair(name, hosts, namespace)
    return secret(name, {"tls.crt": pair.certificate_pem, "tls.key": pair.key_pem}, type="kubernetes.io/tls",
                  namespace=namespace)


def certificate_for(name: str, *hosts: str, namespace: str = "default") -> str:
    """The certificate in `tls_secret` of the same arguments, as PEM text."""
    return _pair(name, hosts, namespace).certificate_pem


def _pair(name: str, hosts: Sequence[str], namespace: str) -> TestCertificate:
    return make_certificate(list(hosts), not_before=START, not_after=START + YEAR, seed=f"{namespace}/{name}")


def service_account(name: str, *, namespace: str = "default") -> dict[str, Any]:
    """A ServiceAccount."""
    return manifest("v1", "ServiceAccount", name, namespace, None)


def ingress_class(name: str = "nginx", *, controller: str = "k8s.io/ingress-nginx", is_default: bool = False) -> dict[str, Any]:
    """An IngressClass, the default one if asked for."""
    whole = manifest("networking.k8s.io/v1", "IngressClass", name, None, None, spec={"controller": controller})
    if is_default:
        whole["metadata"]["annotations"] = {"ingressclass.kubernetes.io/is-default-class": "true"}
    return whole


def network_policy(name: str, *, selector: Labels | None = None, namespace: str = "default", **spec: Any) -> dict[str, Any]:
    """A NetworkPolicy that selects pods by labels (default: all of the namespace). Further keywords become fields of spec:
    `ingress=[...]`, `egress=[...]`, `policyTypes=["Egress"]`."""
    whole = {"podSelector": {"matchLabels": dict(selector)} if selector else {}, **spec}
    return manifest("networking.k8s.io/v1", "NetworkPolicy", name, namespace, None, spec=whole)


def endpoints(name: str, *addresses: str, port: int = 80, namespace: str = "default") -> dict[str, Any]:
    """The Endpoints of a Service without selector: ready addresses and one port."""
    subsets = [{"addresses": [{"ip": each} for each in addresses], "ports": [{"port": port}]}] if addresses else []
    return manifest("v1", "Endpoints", name, namespace, None, subsets=subsets)


def endpoint_slice(service: str, *addresses: str, name: str = "", port: int = 80, port_name: str = "",
                  namespace: str = "default", conditions: Mapping[str, bool] | None = None) -> dict[str, Any]:
    """A slice of a Service, made by hand: addresses of one family that share the conditions (default: ready)."""
    family = "IPv6" if any(":" in each for each in addresses) else "IPv4"
    entry = {"port": port, "protocol": "TCP", **({"name": port_name} if port_name else {})}
    return manifest(
        "discovery.k8s.io/v1", "EndpointSlice", name or f"{service}-1", namespace, {"kubernetes.io/service-name": service},
        addressType=family, ports=[entry],
        endpoints=[{"addresses": [each], "conditions": dict(conditions or {"ready": True})} for each in addresses])
