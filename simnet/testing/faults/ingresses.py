"""Faults of Ingresses, and of the certificates and classes they need."""

from __future__ import annotations

from random import Random

from simnet.cluster import Cluster
from simnet.diagnosis import is_healthy
from simnet.diagnosis.suspicion import thawed
from simnet.objects.ingress import Ingress
from simnet.objects.service import Service
from simnet.testing.faults.target import SYSTEM, Planted, entry, patched, routes, shuffled, slip
from simnet.x509.make import make_certificate

REWRITE = "nginx.ingress.kubernetes.io/rewrite-target"
ALLOWED = "nginx.ingress.kubernetes.io/allowlist-source-range"


def wrong_host(cluster: Cluster, random: Random) -> Planted | None:
    """The rule's host has a slip; clients ask for the right one."""
    for ingress, i, _, path in routes(cluster, random):
        host = ingress.rules[i].host
        done = patched(cluster, ingress, ("spec", "rules", i, "host"), host, slip(host, random))
        if done is not None and _is_only(cluster, ingress, host):
            return _asked("ING-HOST", done, ingress, host, path)
    return None


def _is_only(cluster: Cluster, ingress: Ingress, host: str) -> bool:
    """Whether no other rule and no tls section names the host."""
    return not ingress.tls and sum(rule.host == host for each in cluster.list("Ingress") for rule in each.rules) == 1


def wrong_class(cluster: Cluster, random: Random) -> Planted | None:
    for ingress, i, _, path in routes(cluster, random):
        old = ingress.ingress_class_name
        if old is None:
            continue
        new = random.choice([None, slip(old, random)])
        done = patched(cluster, ingress, ("spec", "ingressClassName"), old, new)
        if done is not None and _is_only(cluster, ingress, ingress.rules[i].host):
            return _asked("ING-CLASS", done, ingress, ingress.rules[i].host, path)
    return None


def exact_path(cluster: Cluster, random: Random) -> Planted | None:
    """A Prefix becomes Exact; clients ask for something below it."""
    for ingress, i, j, path in routes(cluster, random):
        rule = ingress.rules[i]
        if (rule.paths or ())[j].path_type == "Prefix" and len(rule.paths or ()) == 1:
            done = patched(cluster, ingress, ("spec", "rules", i, "http", "paths", j, "pathType"), "Prefix", "Exact")
            planted = (_asked("ING-PATHTYPE", done, ingress, rule.host, f"{path.rstrip('/')}/below")
                       if done is not None else None)
            if planted is not None and is_healthy(cluster.trace(planted.url, planted.source, **planted.options)):
                return planted
    return None


def far_path(cluster: Cluster, random: Random) -> Planted | None:
    """The only path of a host becomes another one; clients ask for what was there."""
    for ingress, i, j, path in routes(cluster, random):
        rule = ingress.rules[i]
        if len(rule.paths or ()) == 1:
            done = patched(cluster, ingress, ("spec", "rules", i, "http", "paths", j, "path"), path, "/moved-elsewhere")
            if done is not None:
                return _asked("ING-PATH", done, ingress, rule.host, path)
    return None


def collapsing_rewrite(cluster: Cluster, random: Random) -> Planted | None:
    """Every path is sent as one that the program does not have; nothing happens where it has every path."""
    for ingress, i, _, path in routes(cluster, random):
        if REWRITE in ingress.annotations:
            continue
        done = patched(cluster, ingress, ("metadata", "annotations", REWRITE), None, "/no-such-page")
        planted = _asked("ING-REWRITE", done, ingress, ingress.rules[i].host, path) if done is not None else None
        if planted is not None and not is_healthy(planted.trace()):
            return planted
    return None


def shut_out(cluster: Cluster, random: Random) -> Planted | None:
    """A list of addresses that does not hold the client's."""
    for ingress, i, _, path in routes(cluster, random):
        done = patched(cluster, ingress, ("metadata", "annotations", ALLOWED), None, "203.0.113.200/32")
        if done is not None:
            return _asked("ING-DENIED", done, ingress, ingress.rules[i].host, path)
    return None


# backends -------------------------------------------------------------------------------------------------------

def backend_slip(cluster: Cluster, random: Random) -> Planted | None:
    for ingress, i, j, path in routes(cluster, random):
        name = (ingress.rules[i].paths or ())[j].backend.service
        wrong = slip(name, random)
        if all(each.name != wrong for each in cluster.list("Service")):
            done = patched(cluster, ingress, _backend(i, j, "name"), name, wrong)
            if done is not None:
                return _asked("ING-BACKEND", done, ingress, ingress.rules[i].host, path)
    return None


def other_namespace(cluster: Cluster, random: Random) -> Planted | None:
    """The backend becomes a Service that only another namespace has."""
    everywhere: list[Service] = cluster.list("Service")
    for ingress, i, j, path in routes(cluster, random):
        local = {each.name for each in everywhere if each.namespace == ingress.namespace}
        others = [each for each in everywhere if each.namespace not in (*SYSTEM, ingress.namespace)
                  and each.name not in local and each.ports]
        if others:
            name = (ingress.rules[i].paths or ())[j].backend.service
            done = patched(cluster, ingress, _backend(i, j, "name"), name, random.choice(others).name)
            if done is not None:
                return _asked("ING-XNS", done, ingress, ingress.rules[i].host, path)
    return None


def wrong_port(cluster: Cluster, random: Random) -> Planted | None:
    for ingress, i, j, path in routes(cluster, random):
        backend = (ingress.rules[i].paths or ())[j].backend
        if backend.port_number:
            done = patched(cluster, ingress, _backend(i, j, "port", "number"), backend.port_number, backend.port_number + 7)
            if done is not None:
                return _asked("ING-PORT", done, ingress, ingress.rules[i].host, path)
    return None


def _backend(i: int, j: int, *field: str) -> tuple[str | int, ...]:
    return ("spec", "rules", i, "http", "paths", j, "backend", "service", *field)


def back_to_itself(cluster: Cluster, random: Random) -> Planted | None:
    """The backend becomes an alias for the controller's own Service."""
    own = [each for each in cluster.list("Service") if each.type == "LoadBalancer" and each.namespace == "ingress-nginx"]
    for ingress, i, j, path in routes(cluster, random):
        if ingress.tls or not own:
            continue
        prepared = cluster.fork()
        prepared.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "round", "namespace": ingress.namespace},
                        "spec": {"type": "ExternalName",
                                 "externalName": f"{own[0].name}.{own[0].namespace}.svc.cluster.local"}})
        name = (ingress.rules[i].paths or ())[j].backend.service
        done = patched(prepared, ingress, _backend(i, j, "name"), name, "round")
        if done is not None:
            return _asked("NET-LOOP", done, ingress, ingress.rules[i].host, path)
    return None


def taken_twice(cluster: Cluster, random: Random) -> Planted | None:
    """A younger Ingress with the same host and path, to another Service."""
    for ingress, i, j, _ in routes(cluster, random):
        name = (ingress.rules[i].paths or ())[j].backend.service
        others = [each for each in cluster.list("Service", namespace=ingress.namespace)
                  if each.name not in (name, "kubernetes") and cluster.view.rules(each.key) and each.ports
                  and any(rules.targets for rules in cluster.view.rules(each.key).values())]
        if others:
            other = random.choice(others)
            twin = cluster.fork()
            twin.advance(1)
            path = thawed(ingress.manifest["spec"]["rules"][i]["http"]["paths"][j])
            path["backend"]["service"] = {"name": other.name, "port": {"number": other.ports[0].port}}
            twin.apply({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
                        "metadata": {"name": "second", "namespace": ingress.namespace}, "spec": {
                            "ingressClassName": ingress.ingress_class_name,
                            "rules": [{"host": ingress.rules[i].host, "http": {"paths": [path]}}]}})
            return Planted("ING-SHADOWED", twin, f"a second Ingress with the host and path of {ingress.ref}")
    return None


# certificates ---------------------------------------------------------------------------------------------------

def _encrypted(cluster: Cluster, random: Random) -> list[Ingress]:
    return [each for each in shuffled(cluster.list("Ingress"), random)
            if each.tls and each.tls[0].secret_name and each.rules and each.rules[0].host]


def missing_secret(cluster: Cluster, random: Random) -> Planted | None:
    for ingress in _encrypted(cluster, random):
        name = ingress.tls[0].secret_name
        done = patched(cluster, ingress, ("spec", "tls", 0, "secretName"), name, slip(name, random))
        if done is not None:
            return _asked("TLS-FALLBACK", done, ingress, ingress.rules[0].host, (ingress.rules[0].paths or ())[0].path)
    return None


def unknown_certificate(cluster: Cluster, random: Random) -> Planted | None:
    """The Secret gets a certificate for the same host that no client trusts."""
    for ingress in _encrypted(cluster, random):
        host = ingress.rules[0].host
        made = make_certificate([host], not_before=1_700_000_000, not_after=2_000_000_000, seed=b"unknown")
        twin = cluster.fork()
        twin.apply({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
                    "metadata": {"name": ingress.tls[0].secret_name, "namespace": ingress.namespace},
                    "stringData": {"tls.crt": made.certificate_pem, "tls.key": made.key_pem}})
        done = (twin, f"another certificate in secret/{ingress.namespace}/{ingress.tls[0].secret_name}")
        return _asked("TLS-UNTRUSTED", done, ingress, host, (ingress.rules[0].paths or ())[0].path)
    return None


def plain_to_tls(cluster: Cluster, random: Random) -> Planted | None:
    address = entry(cluster)
    for ingress, i, _, path in routes(cluster, random):
        if address is not None:
            host = ingress.rules[i].host
            return Planted("TLS-WANTED", cluster.fork(), "plain HTTP to port 443", f"http://{host}:443{path}",
                           options={"at": f"{address}:443"})
    return None


def _asked(code: str, done: tuple[Cluster, str], ingress: Ingress, host: str, path: str) -> Planted | None:
    """The fault, met by a client outside: over TLS where the Ingress has a tls section."""
    twin, what = done
    address = entry(twin)
    scheme = "https" if ingress.tls else "http"
    return Planted(code, twin, what, f"{scheme}://{host}{path}", options={"at": address}) if address else None
