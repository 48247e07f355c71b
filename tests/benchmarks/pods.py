"""M1 and S3: memory of a pod, and creating many pods, against the manifest as a dict and json.loads."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from dataclasses import replace
from time import perf_counter
from typing import Any

import simnet
from simnet.store.store import Change
from tests.benchmarks.bench import Row


def shop_manifests(services: int, pods: int, namespaces: int) -> list[dict[str, Any]]:
    """`services` Services, each with a Deployment of `pods` replicas, spread over namespaces."""
    made: list[dict[str, Any]] = []
    for i in range(services):
        name, namespace = f"app-{i}", f"ns-{i % namespaces}"
        labels = {"app": name}
        made.append({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace},
                     "spec": {"selector": labels, "ports": [{"port": 80}]}})
        made.append({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": namespace},
                     "spec": {"replicas": pods, "selector": {"matchLabels": labels}, "template": {
                         "metadata": {"labels": labels}, "spec": {"containers": [
                             {"name": "main", "image": "nginx:1.29", "ports": [{"containerPort": 80}]}]}}}})
    return made


def pod_text(i: int) -> str:
    """One pod of the S3 workload as JSON, 296 bytes or a little more."""
    return json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {
        "name": f"app-{i % 10000}-5d9c7b8f6d-{i:06}", "namespace": f"ns-{i % 500}",
        "labels": {"app": f"app-{i % 10000}", "pod-template-hash": "5d9c7b8f6d"}},
        "spec": {"nodeName": f"node-{i % 5000}", "containers": [{"name": "main", "image": "nginx:1.29"}]},
        "status": {"podIP": f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}"}})


def replica_sets(services: int, namespaces: int) -> list[dict[str, Any]]:
    """The templates of S3: the Services of `shop_manifests`, each with a ReplicaSet that wants no pod yet."""
    made = shop_manifests(services, 0, namespaces)
    for each in made:
        if each["kind"] == "Deployment":
            each["kind"] = "ReplicaSet"
            each["spec"]["template"]["metadata"]["labels"] = {**each["spec"]["template"]["metadata"]["labels"],
                                                              "pod-template-hash": "5d9c7b8f6d"}
    return made


def create(services: int) -> tuple[float, int]:
    """Seconds to create 15 pods for each of `services` templates: named, scheduled, addressed, endpoints of a Service.

    The templates (ReplicaSets) and Services are read before the clock starts, as the texts are for json.loads.
    """
    nodes = {f"node-{i}": f"172.{16 + i // 60000}.{i // 250 % 250}.{i % 250 + 2}" for i in range(max(services // 2, 2))}
    cluster = simnet.Cluster(nodes=nodes, addons=(), pod_cidr="10.0.0.0/8", service_cidr="192.168.0.0/16")
    cluster.apply(replica_sets(services, namespaces=max(services // 20, 1)))
    wanted = [replace(each, replicas=15) for each in cluster.list("replicaset")]
    gc.collect()
    start = perf_counter()
    cluster._loop.commit([Change(each.kind, each.key, each) for each in wanted])
    cluster._loop.run()
    taken = perf_counter() - start
    pods = cluster.store.count("Pod")
    assert pods == 15 * services, pods
    assert sum(len(each.endpoints) for each in cluster.list("endpointslice")) == pods
    return taken, pods


def memory(code: str) -> int:
    """Resident bytes that `code` adds in a fresh process; it must leave its result in `kept`."""
    script = ("import gc, os\n"
              "def rss():\n    return int(open('/proc/self/statm').read().split()[1]) * os.sysconf('SC_PAGE_SIZE')\n"
              f"{code}\n")
    return int(subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout)


DICTS = """
before = rss()
kept = []
for i in range(COUNT):
    kept.append({'apiVersion': 'v1', 'kind': 'Pod', 'metadata': {'name': 'web-5d9c7b8f6d-%06d' % i, 'namespace': 'shop',
        'labels': {'app': 'web', 'tier': 'front', 'version': 'v1', 'team': 'a', 'pod-template-hash': '5d9c7b8f6d'},
        'ownerReferences': [{'kind': 'ReplicaSet', 'name': 'web-5d9c7b8f6d', 'controller': True}]},
        'spec': {'nodeName': 'node-1', 'containers': [{'name': 'web', 'image': 'nginx:1.29',
                 'ports': [{'containerPort': 80}]}]},
        'status': {'phase': 'Running', 'podIP': '10.%d.%d.%d' % (i >> 16, i >> 8 & 255, i & 255),
                   'conditions': [{'type': 'Ready', 'status': 'True'}]}})
print((rss() - before))
"""
OBJECTS = """
from simnet.names import ObjectKey
from simnet.objects.meta import Owner, read_only
from simnet.objects.pod import Container, ContainerPort, ContainerState, Pod, PodSpec
labels = [read_only({'app': 'web-%d' % i, 'tier': 'front', 'version': 'v1', 'team': 'a', 'pod-template-hash': '5d9c7b8f6d'})
          for i in range(COUNT // 15)]
specs = [PodSpec(containers=(Container('web', 'nginx:1.29', (ContainerPort(80),)),)) for i in range(COUNT // 15)]
owners = [Owner('ReplicaSet', 'web-%d-5d9c7b8f6d' % i) for i in range(COUNT // 15)]
states = (ContainerState('web'),)
raw = {}
before = rss()
kept = []
for i in range(COUNT):
    t = i % len(labels)
    kept.append(Pod(key=ObjectKey('shop', 'web-5d9c7b8f6d-%06d' % i), labels=labels[t], owner=owners[t], created=1.0, raw=raw,
                    annotations=raw, spec=specs[t], node_name='node-1', pod_ips=(0x0a000000 + i,), phase='Running', ready=True,
                    states=states, started=1.0))
print((rss() - before))
"""


def rows(smoke: bool) -> list[Row]:
    services = 200 if smoke else 10_000
    found = [_memory_row(15_000 if smoke else 150_000)]
    texts = "[" + ",".join(pod_text(i) for i in range(services * 15)) + "]"
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(3 if smoke else 2):
        start = perf_counter()
        loaded = json.loads(texts)
        theirs.append(perf_counter() - start)
        del loaded
        taken, pods = create(services)
        ours.append(taken)
    found.append(Row("S3", f"create {pods:,} pods with addresses and endpoints", "json.loads of the same pods",
                     f"{min(ours):.2f} s", f"{min(theirs):.2f} s", min(theirs) / min(ours), 1.0))
    return found


def _memory_row(count: int) -> Row:
    objects, dicts = (memory(code.replace("COUNT", str(count))) / count for code in (OBJECTS, DICTS))
    return Row("M1", "memory of a pod", "pod as manifest dict", f"{objects:.0f} B", f"{dicts:.0f} B", objects / dicts, 0.25,
               at_most=True)
