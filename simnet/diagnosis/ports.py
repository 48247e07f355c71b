"""The wrong port: targetPort against what listens, node port against port, a number that nobody has."""

from __future__ import annotations

from collections.abc import Iterator

from simnet import ip
from simnet.cluster import Cluster
from simnet.dataplane import decisions as core
from simnet.dataplane.http.decisions import RuleChosen
from simnet.dataplane.packet import Packet, is_loopback
from simnet.dataplane.rules import Claim
from simnet.dataplane.step import Step, Trace
from simnet.diagnosis.again import asked_of
from simnet.diagnosis.near import distance, is_near
from simnet.diagnosis.strangers import too_broad
from simnet.diagnosis.suspicion import Instead, Patch, Suspicion
from simnet.explain.words import listed, named
from simnet.names import ObjectKey
from simnet.objects.pod import Pod
from simnet.objects.service import Service, ServicePort

ONLY_A_NOTE = "containerPort in a pod's manifest is only a note: it opens nothing and closes nothing."
MOST_PORTS = 5


def not_listening(cluster: Cluster, trace: Trace, step: Step, decision: core.NotListening) -> Iterator[Suspicion]:
    """Causes of a refusal by the receiver itself."""
    found = service_port_of(cluster, trace, step)
    if decision.loopback_only:
        yield _loopback_only(decision.receiver, decision.port)
    elif found is not None and decision.pod is not None:
        yield (too_broad(cluster, found[0], found[1], decision.pod, step.before.port)
               or no_listener(found[0], found[1], decision.pod, step.before.port, decision.open_ports))
    elif step.before.flow.parent is None:
        packet = trace.steps[0].before if decision.pod is None else step.before
        mixed_up = _node_port_mix_up(cluster, trace, packet)
        if mixed_up is not None:
            yield mixed_up
        else:
            yield _wrong_port(trace, decision)


def service_port_of(cluster: Cluster, trace: Trace, step: Step) -> tuple[Service, ServicePort] | None:
    """The Service and port that led to this step: a Service's address, or an Ingress rule's backend."""
    if isinstance(step.before.claim, Claim) and step.before.target is not None:
        rules = step.before.claim.rules
        return rules.service, rules.port
    taken = trace.steps[:trace.steps.index(step)]
    rule = next((each.because for each in reversed(taken) if isinstance(each.because, RuleChosen)), None)
    if rule is None or rule.upstream.port is None or step.before.flow.parent is None:
        return None
    service = cluster.view.service(rule.upstream.service)
    return (service, rule.upstream.port) if service is not None and rule.upstream.port in service.ports else None


def no_listener(service: Service, port: ServicePort, pod: Pod, tried: int, opened: tuple[int, ...]) -> Suspicion:
    """The endpoint is there and its program listens on another port."""
    path = ("spec", "ports", service.ports.index(port), "targetPort")
    patches = [Patch(service, path, port.target_port, each, distance(str(port.target_port), str(each)))
               for each in opened]
    declared = any(each.container_port == tried for container in pod.spec.port_owners for each in container.ports)
    listens = f"listens on {listed(opened)} only" if opened else "listens on no port at all"
    evidence = [f"Pod {pod.key} is an endpoint with port {tried}, but it {listens}."]
    evidence += [ONLY_A_NOTE] if declared else []
    return Suspicion(
        code="PRT-NOLISTEN", objects=(service.ref, pod.ref), symptom="Clients of this Service are refused at once.",
        summary=f"Service {service.key} sends to port {tried} (targetPort {port.target_port}); "
                f"pod {pod.key} {listens}",
        cause=f"Port {port.port} of Service {service.key} leads to targetPort {port.target_port} of its pods, and "
              "nothing listens there.",
        evidence=tuple(evidence), observed=f"nothing listens on {tried} in pod {pod.key}",
        about=f"{port.port}/{port.protocol}",
        expected=f"a program that listens on {tried}",
        nearest=f"port {listed(opened)} is open" if opened else "",
        candidates=tuple(sorted(patches, key=lambda patch: patch.distance)[:MOST_PORTS]),
        advice="Set targetPort to the port the program listens on, or let the program listen on targetPort.")


def deaf_endpoints(cluster: Cluster, service: Service) -> Iterator[Suspicion]:
    """Endpoints of a Service on whose port nothing listens, as far as that is known."""
    for rules in cluster.view.rules(service.key).values():
        for target in rules.targets:
            pod = cluster.view.pod(target.pod) if target.pod is not None and target.is_ready else None
            listening = cluster.view.listening(pod) if pod is not None else None
            if pod is None or listening is None or listening.unknown:
                continue
            listener = listening.at(target.port, rules.port.protocol)
            if listener is None:
                yield (too_broad(cluster, service, rules.port, pod, target.port)
                       or no_listener(service, rules.port, pod, target.port, listening.open_ports(rules.port.protocol)))
            elif listener.is_loopback_only:
                yield _loopback_only(pod.ref, target.port)


def _loopback_only(receiver: str, port: int) -> Suspicion:
    who = named(receiver)
    return Suspicion(
        code="PRT-LOOPBACK", objects=(receiver,), symptom="Everybody but the pod itself is refused at once.",
        summary=f"{who} listens on port {port} on 127.0.0.1 only",
        cause=f"The program in {who} is bound to the loopback address, which nobody outside the pod can reach.",
        evidence=("Inside the pod, and through port-forward, the port answers.",),
        observed=f"port {port} is bound to 127.0.0.1", expected=f"port {port} bound to 0.0.0.0",
        advice="Let the program listen on 0.0.0.0 (or ::) instead of 127.0.0.1.")


def _wrong_port(trace: Trace, decision: core.NotListening) -> Suspicion:
    """The port was dialled directly, with no Service in between."""
    asked = asked_of(trace)
    who = named(decision.receiver)
    opened = sorted(decision.open_ports, key=lambda port: distance(str(port), str(decision.port)))
    instead = [Instead(asked.to(asked.host, port), "port", str(decision.port), str(port)) for port in opened]
    return Suspicion(
        code="PRT-NOLISTEN", objects=(decision.receiver,),
        summary=f"nothing listens on port {decision.port} of {who}; open: {listed(decision.open_ports) or 'none'}",
        cause=f"The connection went straight to {who}, and no program listens on port {decision.port} there.",
        evidence=(f"Ports that are open there: {listed(decision.open_ports) or 'none'}.", ONLY_A_NOTE),
        observed=f"nothing listens on {decision.port}", expected="a port somebody listens on",
        nearest=f"port {opened[0]}" if opened else "", candidates=tuple(instead[:MOST_PORTS]),
        advice="Connect to a port that is open, or start a program that listens on this one.")


# node port against port -----------------------------------------------------------------------------------------

Nobody = core.LeftCluster | core.RejectedByMode | core.DroppedByMode


def nobody_there(cluster: Cluster, trace: Trace, step: Step, decision: Nobody) -> Iterator[Suspicion]:
    """Causes of silence (in nftables mode also of a refusal) from an address and port that nobody has."""
    packet = step.before
    near = _near(decision)
    mixed_up = _node_port_mix_up(cluster, trace, packet)
    if mixed_up is not None:
        yield mixed_up
    elif near is not None:
        yield wrong_service_port(trace, near, packet)
    else:
        yield _no_owner(decision)


def _near(decision: Nobody) -> Service | None:
    """The Service that has the address with other ports."""
    match decision:
        case core.LeftCluster():
            return decision.near
        case core.RejectedByMode():
            return decision.service
        case core.DroppedByMode():
            return None


def wrong_service_port(trace: Trace, service: Service, packet: Packet) -> Suspicion:
    """A Service's own address, and a port it does not have."""
    asked = asked_of(trace)
    ports = sorted(service.ports, key=lambda each: distance(str(each.port), str(packet.port)))
    inner = next((each for each in ports if str(each.target_port) == str(packet.port)), None)
    evidence = [f"Its ports are {listed(f'{each.port}/{each.protocol}' for each in service.ports)}."]
    if inner is not None:
        evidence.append(f"{packet.port} is the targetPort, the port inside the pods; clients use {inner.port}.")
        ports.sort(key=lambda each: each is not inner)
    instead = [Instead(asked.to(asked.host, each.port), "port", str(packet.port), str(each.port))
               for each in ports[:MOST_PORTS]]
    if asked.scheme == "https":
        instead += [Instead(each.asked.over("http"), "URL", asked.url, each.asked.over("http").url) for each in instead]
    return Suspicion(
        code="SVC-PORT", objects=(service.ref,),
        summary=f"Service {service.key} has no port {packet.port}; it has {listed(each.port for each in service.ports)}",
        cause=f"{ip.text(packet.destination)} is an address of Service {service.key}, but the Service has no port "
              f"{packet.port}. Its address exists only together with its ports: other ports have no owner.",
        evidence=tuple(evidence), observed=f"no port {packet.port}/{packet.protocol}", expected="a port of the Service",
        nearest=f"port {ports[0].port}" if ports else "",
        candidates=tuple(instead), advice="Use one of the Service's ports.")


def _node_port_mix_up(cluster: Cluster, trace: Trace, packet: Packet) -> Suspicion | None:
    """A node port on an address that is no node's; on a node's address a Service's port, or a number like a node port."""
    number, view = packet.port, cluster.view
    by_node_port = view.node_port_service(number, packet.protocol)
    is_node = view.node_at(packet.destination) is not None
    if by_node_port is not None and not is_node:
        what = "the loopback address" if is_loopback(packet.destination) else _owner_text(cluster, packet.destination)
        port = next(each for each in by_node_port.ports if each.node_port == number)
        return _mix_up(cluster, trace, packet, by_node_port, port,
                       f"{number} is a node port, and {ip.text(packet.destination)} is {what}, not a node")
    if not is_node:
        return None
    doors = [(service, port) for service in cluster.list("Service") for port in service.ports if port.node_port]
    for service, port in doors:
        if number in (port.port, port.target_port):
            return _mix_up(cluster, trace, packet, service, port,
                           f"on a node the Service answers on its node port {port.node_port}, not on {number}")
    low, high = view.settings.node_port_range
    slips = [(distance(str(number), str(port.node_port)), port.node_port, service.key, service, port)
             for service, port in doors if port.protocol == packet.protocol
             and (low <= number <= high or is_near(str(number), str(port.node_port)))]
    if not slips:
        return None
    *_, service, port = min(slips, key=lambda slip: slip[:3])
    return _mix_up(cluster, trace, packet, service, port,
                   f"{number} is no Service's node port; the nearest is {port.node_port}")


def _owner_text(cluster: Cluster, address: int) -> str:
    services = cluster.view.services_with(address)
    if services:
        return f"an address of Service {services[0].key}"
    pods = cluster.view.pods_at(address)
    return f"pod {pods[0].key}" if pods else "nobody's"


def _mix_up(cluster: Cluster, trace: Trace, packet: Packet, service: Service, port: ServicePort,
            fact: str) -> Suspicion:
    nodes = [(node.name, ip.text(number)) for node in cluster.list("Node") for number in node.addresses[:1]]
    nodes.sort(key=lambda node: node[1] != ip.text(packet.destination))
    inside = ip.text(service.cluster_ips[0]) if service.cluster_ips else ""
    is_one = packet.port in (port.port, port.target_port, port.node_port)
    return Suspicion(
        code="SVC-NODEPORT", objects=(service.ref,),
        summary=f"Service {service.key}: {fact}",
        cause=f"Service {service.key} has three numbers: port {port.port} on its cluster IP, targetPort "
              f"{port.target_port} in its pods, and node port {port.node_port} on every node's address. "
              f"{'Here they are mixed up' if is_one else 'This is none of them'}: {fact}.",
        evidence=(f"Node addresses: {listed(f'{name} {address}' for name, address in sorted(nodes))}.",),
        observed=f"{ip.text(packet.destination)}:{packet.port}",
        expected=f"a node's address with {port.node_port}, or {inside} with {port.port}",
        nearest=f"{nodes[0][1]}:{port.node_port}" if nodes else "",
        candidates=tuple(_other_doors(trace, port, nodes, inside)),
        advice=f"Use port {port.node_port} of a node's address from outside, or {inside}:{port.port} from inside.")


def _other_doors(trace: Trace, port: ServicePort, nodes: list[tuple[str, str]], inside: str) -> list[Instead]:
    """The node's door first for those outside, the cluster IP first for those inside."""
    asked = asked_of(trace)
    old = f"{asked.host}:{asked.port}"
    doors = [(address, port.node_port) for _, address in nodes[:1]]
    if inside:
        is_outside = trace.steps[0].before.flow.actor.is_outside
        doors = [*doors, (inside, port.port)] if is_outside else [(inside, port.port), *doors]
    return [Instead(asked.to(host, number), "address", old, f"{host}:{number}") for host, number in doors]


# nobody's address -----------------------------------------------------------------------------------------------

def _no_owner(decision: Nobody) -> Suspicion:
    assert not isinstance(decision, core.RejectedByMode), "it has a Service near"
    address = ip.text(decision.destination)
    left = decision if isinstance(decision, core.LeftCluster) else None
    pod: ObjectKey | None = left.stopped if left is not None else None
    if pod is not None:
        fact = f"pod {pod} had it and has ended"
        advice = "Pods come and go, and their addresses with them: use a Service."
    elif left is None or left.in_service_range:
        fact = "it lies in the range of Services, and no Service has it"
        advice = "Ask for the Service by its name: the address may be that of a Service that was deleted."
    elif left.in_pod_range:
        fact = "it lies in the range of pods, and no pod has it"
        advice = "Use a Service instead of a pod's address, which changes with every new pod."
    else:
        fact = "nobody inside or outside has been declared to have it"
        advice = "Declare a host outside with this address, if there should be one."
    return Suspicion(
        code="NET-NOBODY", objects=(f"pod/{pod}",) if pod is not None else (),
        summary=f"nobody has the address {address}: {fact}",
        cause=f"Nobody has the address {address}: {fact}. "
              + ("The node drops the packet" if left is None else "The packet leaves by the default route")
              + ", and no answer comes.",
        observed=f"{address} has no owner", expected="an address of a Service, pod, node or declared host",
        advice=advice)
