"""Faults of names: who asks, what for, and what a name stands for."""

from __future__ import annotations

from random import Random

from simnet.cluster import Cluster
from simnet.objects.pod import Pod
from simnet.objects.statefulset import StatefulSet
from simnet.testing.faults.target import SYSTEM, Planted, client, patched, remade, services, shuffled, slip


def from_another_namespace(cluster: Cluster, random: Random) -> Planted | None:
    for service, port, _ in services(cluster, random):
        taken = {each.namespace for each in cluster.list("Service") if each.name == service.name}
        askers: list[Pod] = [each for each in cluster.list("Pod") if each.ready and each.namespace not in (*taken, *SYSTEM)]
        if askers:
            return Planted("DNS-NS", cluster.fork(), f"the short name {service.name} asked in another namespace",
                           f"tcp://{service.name}:{port.port}", random.choice(askers).ref)
    return None


def name_slip(cluster: Cluster, random: Random) -> Planted | None:
    known = {each.name for each in cluster.list("Service")}
    for service, port, pods in services(cluster, random):
        name, source = slip(service.name, random), client(cluster, service.namespace, pods, random)
        if source is not None and name not in known:
            return Planted("DNS-NONAME", cluster.fork(), f"a request to {name} instead of {service.name}",
                           f"tcp://{name}:{port.port}", source)
    return None


def dead_alias(cluster: Cluster, random: Random) -> Planted | None:
    """An alias that exists gets a slip; without any, one is made."""
    for service in shuffled(cluster.list("Service"), random):
        target = service.external_name
        if service.is_external_name and target.endswith(".svc.cluster.local"):
            name = target.partition(".")[0]
            done = patched(cluster, service, ("spec", "externalName"), target, target.replace(name, slip(name, random), 1))
            source = client(cluster, service.namespace, [], random)
            if done is not None and source is not None:
                return Planted("SVC-EXTNAME", *done, f"tcp://{service.name}:80", source)
    for service, port, pods in services(cluster, random):
        source = client(cluster, service.namespace, pods, random)
        if source is not None:
            twin = cluster.fork()
            twin.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "alias", "namespace": service.namespace},
                        "spec": {"type": "ExternalName",
                                 "externalName": f"{slip(service.name, random)}.{service.namespace}.svc.cluster.local"}})
            return Planted("SVC-EXTNAME", twin, f"an alias for {service.key} with a slip", f"tcp://alias:{port.port}", source)
    return None


def headless(cluster: Cluster, random: Random) -> Planted | None:
    """serviceName of a StatefulSet has a slip, so its pods have no names."""
    for each in shuffled(cluster.list("StatefulSet"), random):
        if not isinstance(each, StatefulSet) or not each.service_name:
            continue
        wrong = slip(each.service_name, random)

        def change(whole: dict[str, dict[str, object]], wrong: str = wrong) -> None:
            whole["spec"]["serviceName"] = wrong

        twin = remade(cluster, each, change)
        source = client(twin, each.namespace, [], random)
        if source is not None:
            host = f"{each.name}-{each.start_ordinal}.{each.service_name}.{each.namespace}.svc.cluster.local"
            return Planted("DNS-HEADLESS", twin, f"{each.ref} made anew with serviceName {wrong}", f"tcp://{host}:80", source)
    return None
