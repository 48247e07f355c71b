"""Whatever a random change does to a valid manifest: an object, or a ManifestError with a place in the file.

10,000 changes with --long, a fiftieth of them otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

import simnet
from simnet.errors import ManifestError, SimnetError
from simnet.manifests import admissible, decode, not_modelled, read_manifests
from simnet.manifests.encode import to_yaml
from simnet.manifests.paths import Path as Steps
from simnet.manifests.paths import at
from simnet.manifests.yaml import read_all
from tests.unit.manifest_cases import container, ingress, manifest, pod, service, workload

SETS = Path(__file__).parent.parent / "manifests"
VALUES: list[Any] = [
    None, True, 0, -1, 80, 65536, 2**31, 2**70, 1.5, "", "a", "A b", "80", "on", "10.0.0.1", "10.0.0.0/8", "fd00::1", "None",
    "NodePort", "http", "25%", "100m", "2027-01-01T00:00:00Z", "aGk=", "*.example.com", "../x", "x" * 300, [], {}, [1], {"a": 1},
    [None], [{}], {"": ""}, {"a": None}, [["a"]], "\u00a0", "a: b # c", "{}", "- x",
]
NAMES = ["spec", "ports", "port", "name", "selector", "metadata", "data", "containers", "status", "kind", "apiVersion", "prots", "",
         "a/b/c", "on", "rules", "labels", "namespace", "clusterIP", "type", "template", "subsets", "$patch"]


def manifests() -> list[dict[str, Any]]:
    """One of every modelled kind, and those of the public sets that are of modelled kinds."""
    own = [
        service(type="NodePort", selector={"app": "web"}, sessionAffinity="ClientIP", externalIPs=["192.0.2.1"]), ingress(),
        pod(container(ports=[{"containerPort": 80}], resources={"limits": {"cpu": "1"}}, env=[{"name": "A", "value": "1"}]),
            tolerations=[{"key": "a", "operator": "Exists"}], volumes=[{"name": "v", "configMap": {"name": "c"}}]),
        *(workload(kind) for kind in ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet")),
        manifest("Namespace"), manifest("Node", spec={"podCIDR": "10.244.9.0/24", "taints": [{"key": "a", "effect": "NoExecute"}]}),
        manifest("ConfigMap", data={"a": "b"}), manifest("Secret", stringData={"a": "b"}, type="Opaque"),
        manifest("ServiceAccount"), manifest("IngressClass", spec={"controller": "example.com/x"}),
        manifest("Endpoints", subsets=[{"addresses": [{"ip": "192.0.2.7"}], "ports": [{"port": 80}]}]),
        manifest("EndpointSlice", addressType="IPv4", endpoints=[{"addresses": ["192.0.2.7"]}], ports=[{"port": 80}]),
        manifest("NetworkPolicy", spec={"podSelector": {}, "ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]}),
        manifest("Event", involvedObject={"kind": "Pod", "name": "a"}, reason="x"),
    ]
    files = sorted(SETS.glob("shop/*.yaml"))[:8]
    return own + [value for file in files for value in read_all(file.read_text(encoding="utf-8")) if value]


def places(value: Any, path: Steps = ()) -> Iterator[Steps]:
    yield path
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def changed(random: Random, value: Any) -> Any:
    """A deep copy with one thing replaced, removed, renamed, doubled or put somewhere else."""
    whole = plain(value)
    path = random.choice(list(places(whole))[1:])
    holder, key = at(whole, path[:-1]), path[-1]
    match random.randint(0, 5):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[random.choice(NAMES)] = holder.pop(key)
        case 2 if isinstance(holder, list):
            holder.append(plain(holder[key]))
        case 3:
            other = at(whole, random.choice(list(places(whole))))
            if isinstance(other, dict):
                other[random.choice([str(key), *NAMES])] = plain(holder[key])
        case _:
            holder[key] = plain(random.choice(VALUES))
    return whole


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def test_a_changed_manifest_is_read_or_refused_with_its_place(scale: int) -> None:
    random = Random(20271)
    given = manifests()
    refused = accepted = 0
    for _ in range(200 * scale):
        data = random.choice(given)
        for _ in range(random.randint(1, 3)):
            data = changed(random, data)
        text = to_yaml(data)
        try:
            read = read_manifests(text, file="m.yaml", rules=admissible)
        except ManifestError as error:
            refused += 1
            lines = text.count("\n") + 1
            for problem in error.problems:
                assert problem.place is not None and problem.place.file == "m.yaml", (text, str(problem))
                assert 1 <= problem.place.line <= lines and problem.place.column >= 0, (text, str(problem))
                assert str(problem)
        else:
            accepted += 1
            not_modelled(read)
            for each in read:
                assert decode(each, now=0.0).manifest["kind"] == each.kind
    assert refused > 80 * scale
    assert accepted > 5 * scale


@pytest.mark.parametrize("verb", ["apply", "replace"])
def test_a_changed_manifest_over_the_object_it_was_changed_from(verb: str, scale: int) -> None:
    """An update that is refused leaves the cluster as it was, to the byte of its dump."""
    random = Random(20272)
    given = [each for each in manifests() if each["kind"] not in ("Event", "Node", "Namespace")]
    base = simnet.Cluster(nodes=1)
    base.apply([{**each, "metadata": {**each["metadata"], "name": f"{each['metadata']['name']}-{index}"}}
                for index, each in enumerate(given)], settle=False)
    dump, version = base.dump(), base.version
    refused = 0
    for _ in range(40 * scale):
        index = random.randrange(len(given))
        name = f"{given[index]['metadata']['name']}-{index}"
        data = changed(random, {**given[index], "metadata": {**given[index]["metadata"], "name": name}})
        twin = base.fork()
        try:
            getattr(twin, verb)(to_yaml(data), settle=False)
        except SimnetError as problem:
            refused += 1
            assert str(problem)
            assert (twin.dump(), twin.version) == (dump, version), to_yaml(data)
    assert refused > 5 * scale
