"""A small shop cluster for the console's tests, and how its lines are run."""

from __future__ import annotations

from typing import Any

from simnet.cluster import Cluster
from simnet.console import Output, Session

SHOP = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: nginx, image: "nginx:1.25", ports: [{containerPort: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: client, labels: {app: client}}
spec:
  containers:
  - {name: client, image: "curlimages/curl:8.5.0", command: [sleep, infinity]}
---
apiVersion: v1
kind: Pod
metadata: {name: debian}
spec:
  containers:
  - {name: debian, image: "debian:12", command: [sleep, infinity]}
"""
PINS = {"service/default/web": "10.96.1.5"}
IMAGES = {"nginx:1.25": {"listen": [{"port": 80, "answer": "hello from $pod\n"}]}}


def shop(**settings: Any) -> Cluster:
    """Two web pods behind Service web, a pod with curl and a bare Debian pod."""
    cluster = Cluster(**{"pins": PINS, "images": IMAGES, **settings})
    cluster.apply(SHOP)
    return cluster


def address(cluster: Cluster, pod: str) -> str:
    """The address of a pod of the default namespace."""
    return str(cluster.get("pod", pod).manifest["status"]["podIP"])


def web_endpoints(cluster: Cluster) -> str:
    """`address:80` of both web pods in the order of their slice."""
    slices = cluster.list("EndpointSlice", selector="kubernetes.io/service-name=web")
    return ",".join(f"{endpoint['addresses'][0]}:80" for each in slices for endpoint in each.manifest["endpoints"])


def run(session: Session, line: str) -> Output:
    """Run a line that must succeed."""
    output = session.run(line)
    assert output.status == 0, output
    return output


def squeezed(text: str) -> list[str]:
    """Lines with runs of blanks made one, as stories compare them."""
    return [" ".join(line.split()) for line in text.rstrip("\n").split("\n")]
