"""Services, endpoints, slices, ingresses and their classes.

Source: kubernetes/kubectl pkg/describe/describe.go describeService, describeEndpoints, describeEndpointSliceV1,
describeIngressV1, describeIngressClassV1.
"""

from __future__ import annotations

from simnet import ip
from simnet.console.kubectl.describe.page import Page
from simnet.console.kubectl.words import pairs, ready_addresses
from simnet.names import ObjectKey
from simnet.objects.endpoints import Endpoints
from simnet.objects.endpointslice import SERVICE_NAME_LABEL, EndpointSlice
from simnet.objects.ingress import Ingress, IngressBackend
from simnet.objects.ingressclass import IngressClass
from simnet.objects.service import LoadBalancerIngress, Service, ServicePort


def slices_of(page: Page, namespace: str, service: str) -> list[EndpointSlice]:
    """The slices of a Service, by the label that ties them to it."""
    return list(page.kube.cluster.list("EndpointSlice", selector=f"{SERVICE_NAME_LABEL}={service}", namespace=namespace))


def describe_service(page: Page, service: Service) -> None:
    page.write(0, "Name:", service.name)
    page.write(0, "Namespace:", service.namespace)
    page.labels(service.labels)
    page.annotations(service.annotations)
    page.write(0, "Selector:", pairs(dict(service.selector.pairs or ())))
    page.write(0, "Type:", service.type)
    _addresses(page, service)
    slices = slices_of(page, service.namespace, service.name)
    for port in service.ports:
        _port(page, service, port, slices)
    page.write(0, "Session Affinity:", service.session_affinity)
    if service.has_external_address:
        page.write(0, "External Traffic Policy:", service.external_traffic_policy)
    if not service.is_external_name:
        page.write(0, "Internal Traffic Policy:", service.internal_traffic_policy)
    if service.health_check_node_port:
        page.write(0, "HealthCheck NodePort:", service.health_check_node_port)
    if service.load_balancer_source_ranges:
        page.write(0, "LoadBalancer Source Ranges:", ",".join(map(str, service.load_balancer_source_ranges)))
    if service.traffic_distribution:
        page.write(0, "Traffic Distribution:", service.traffic_distribution)
    page.events(service)


def _addresses(page: Page, service: Service) -> None:
    has_family = not service.is_external_name
    if has_family:
        page.write(0, "IP Family Policy:", service.ip_family_policy)
    page.write(0, "IP Families:", ",".join(f"IPv{family}" for family in service.ip_families) if has_family else "<none>")
    numbers = ["None"] if service.is_headless else [ip.text(number) for number in service.cluster_ips]
    page.write(0, "IP:", numbers[0] if numbers else "")
    page.write(0, "IPs:", ",".join(numbers) or "<none>")
    if service.external_ips:
        page.write(0, "External IPs:", ",".join(ip.text(number) for number in service.external_ips))
    if service.load_balancer_ip:
        page.write(0, "Desired LoadBalancer IP:", service.load_balancer_ip)
    if service.external_name:
        page.write(0, "External Name:", service.external_name)
    if service.load_balancer_ingress:
        page.write(0, "LoadBalancer Ingress:", ", ".join(map(_held, service.load_balancer_ingress)))


def _held(entry: LoadBalancerIngress) -> str:
    return entry.hostname if entry.address is None else f"{ip.text(entry.address)} ({entry.ip_mode})"


def _port(page: Page, service: Service, port: ServicePort, slices: list[EndpointSlice]) -> None:
    name = port.name or "<unset>"
    page.write(0, "Port:", name, f"{port.port}/{port.protocol}")
    page.write(0, "TargetPort:", f"{port.target_port or port.port}/{port.protocol}")
    if port.app_protocol:
        page.write(0, "AppProtocol:", port.app_protocol)
    if port.node_port:
        page.write(0, "NodePort:", name, f"{port.node_port}/{port.protocol}")
    page.write(0, "Endpoints:", ready_addresses(slices, port.name))


def describe_endpoints(page: Page, endpoints: Endpoints) -> None:
    page.write(0, "Name:", endpoints.name)
    page.write(0, "Namespace:", endpoints.namespace)
    page.labels(endpoints.labels)
    page.annotations(endpoints.annotations)
    page.write(0, "Subsets:")
    for subset in endpoints.subsets:
        for label, addresses in (("Addresses:", subset.addresses), ("NotReadyAddresses:", subset.not_ready_addresses)):
            page.write(1, label, ",".join(ip.text(each.address) for each in addresses) or "<none>")
        if subset.ports:
            page.write(1, "Ports:")
            page.write(2, "Name", "Port", "Protocol")
            page.write(2, "----", "----", "--------")
            for port in subset.ports:
                page.write(2, port.name or "<unset>", port.port, port.protocol)
        page.write(0, "")
    page.events(endpoints)


def describe_slice(page: Page, each: EndpointSlice) -> None:
    page.write(0, "Name:", each.name)
    page.write(0, "Namespace:", each.namespace)
    page.labels(each.labels)
    page.annotations(each.annotations)
    page.write(0, "AddressType:", each.address_type)
    page.write(0, "Ports:" if each.ports else "Ports: <unset>")
    if each.ports:
        page.write(1, "Name", "Port", "Protocol")
        page.write(1, "----", "----", "--------")
    for port in each.ports:
        page.write(1, port.name or "<unset>", "<unset>" if port.port is None else port.port, port.protocol)
    page.write(0, "Endpoints:" if each.endpoints else "Endpoints: <none>")
    for endpoint in each.endpoints:
        page.write(1, "- Addresses:", ", ".join(ip.text(number) for number in endpoint.addresses) or "<none>")
        page.write(2, "Conditions:")
        page.write(3, "Ready:", "<unset>" if endpoint.ready is None else str(endpoint.ready).lower())
        page.write(2, "Hostname:", endpoint.hostname or "<unset>")
        if endpoint.target is not None:
            page.write(2, "TargetRef:", f"Pod/{endpoint.target.name}")
        page.write(2, "NodeName:", endpoint.node_name or "<unset>")
        page.write(2, "Zone:", endpoint.zone or "<unset>")
    page.events(each)


def describe_ingress(page: Page, ingress: Ingress) -> None:
    page.write(0, "Name:", ingress.name)
    page.labels(ingress.labels)
    page.write(0, "Namespace:", ingress.namespace)
    page.write(0, "Address:", ",".join(sorted(set(ingress.addresses))))
    page.write(0, "Ingress Class:", "<none>" if ingress.ingress_class_name is None else ingress.ingress_class_name)
    default = "<default>" if ingress.default_backend is None else _backend(page, ingress, ingress.default_backend)
    page.write(0, "Default backend:", default)
    if ingress.tls:
        page.write(0, "TLS:")
    for entry in ingress.tls:
        hosts = ",".join(entry.hosts)
        page.write(1, f"{entry.secret_name} terminates {hosts}" if entry.secret_name else f"SNI routes {hosts}")
    page.write(0, "Rules:")
    page.write(1, "Host", "Path", "Backends")
    page.write(1, "----", "----", "--------")
    rules = [rule for rule in ingress.rules if rule.paths is not None]
    for rule in rules:
        page.write(1, rule.host or "*", "")
        for path in rule.paths or ():
            page.write(2, "", f"{path.path} ", _backend(page, ingress, path.backend))
    if not rules:
        page.write(1, "*", "*", default)
    page.annotations(ingress.annotations)
    page.events(ingress)


def _backend(page: Page, ingress: Ingress, backend: IngressBackend) -> str:
    """`web:80 (10.244.0.3:80)`; an error text where the Service is missing."""
    if backend.resource is not None:
        group, kind, name = backend.resource
        return f"APIGroup: {group or '<none>'}, Kind: {kind}, Name: {name}"
    service = page.kube.cluster.store.get("Service", ObjectKey(ingress.namespace, backend.service))
    if not isinstance(service, Service):
        return f'{backend} (<error: services "{backend.service}" not found>)'
    port_name = ""
    for port in service.ports:
        if (backend.port_number and backend.port_number == port.port) or (
                not backend.port_number and backend.port_name == port.name):
            port_name = port.name
    return f"{backend} ({ready_addresses(slices_of(page, ingress.namespace, backend.service), port_name)})"


def describe_ingress_class(page: Page, each: IngressClass) -> None:
    page.write(0, "Name:", each.name)
    page.labels(each.labels)
    page.annotations(each.annotations)
    page.write(0, "Controller:", each.controller)
    given = (each.raw.get("spec") or {}).get("parameters")
    if given:
        page.write(0, "Parameters:")
        for label, key in (("APIGroup:", "apiGroup"), ("Kind:", "kind"), ("Name:", "name")):
            if key != "apiGroup" or given.get(key):
                page.write(1, label, given.get(key, ""))
    page.events(each)
