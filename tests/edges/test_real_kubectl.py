"""The real kubectl as referee, where one is installed. No cluster is needed.

Commands that work offline (`--dry-run=client`, `--local`) are given to both. For descriptions and `-o yaml`, kubectl is
pointed at a small server on the loopback address that gives out a simulated cluster's objects.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from simnet.cluster import Cluster
from simnet.console import Session
from simnet.objects.kinds import KINDS

KUBECTL = shutil.which("kubectl")
pytestmark = pytest.mark.skipif(KUBECTL is None, reason="no kubectl on this machine to compare with")


def kubectl(arguments: list[str], home: Path, text: str = "") -> subprocess.CompletedProcess[str]:
    """Run the real one, without any configuration of its own."""
    assert KUBECTL is not None
    environment = {**os.environ, "HOME": str(home), "KUBECONFIG": os.devnull, "KUBECTL_KYAML": "false"}
    return subprocess.run([KUBECTL, *arguments], capture_output=True, text=True, env=environment, input=text, cwd=home,
                          timeout=60, check=False)


# offline --------------------------------------------------------------------------------------------------------

POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {app: web, n: "1"}
  annotations: {note: "a: b # c", long: "LONG", lines: "one\\ntwo\\n"}
spec:
  containers:
  - name: c
    image: nginx
    ports: [{containerPort: 80, name: http}]
    env: [{name: A, value: "true"}, {name: B, value: ""}, {name: C, value: "*x"}, {name: D, value: "0x1F"}]
""".replace("LONG", " ".join(["word"] * 40))
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, selector: {app: web}, ports: [{name: a, port: 80, nodePort: 30080}, {name: b, port: 81}]}
"""
CREATED = [
    "create deployment web --image=nginx:1.25 --replicas=2 --port=80",
    "create deployment web --image=ghcr.io/a/app@sha256:" + "0" * 64 + " -- run it",
    "create service clusterip web --tcp=80:8080 --tcp=53",
    "create service nodeport web --tcp=80 --node-port=30080",
    "create service loadbalancer web --tcp=80:http",
    "create service externalname web --external-name=docs.example.net",
    "create service clusterip web --clusterip=None",
    "create ingress shop --class=nginx --rule=shop.example/*=web:80 --rule=shop.example/x=web:http,tls=cert",
    "create ingress shop --rule=/api*=api:8080 --default-backend=web:80 --annotation=a=b",
    "create namespace shop",
    "create configmap c --from-literal=a=b --from-literal=n=1",
    "create secret generic s --from-literal=a=b",
]


@pytest.mark.parametrize("line", CREATED)
def test_what_create_makes(line: str, tmp_path: Path) -> None:
    real = kubectl([*line.partition(" -- ")[0].split(), "--dry-run=client", "-o", "json",
                    *(["--", *line.partition(" -- ")[2].split()] if " -- " in line else [])], tmp_path)
    assert real.returncode == 0, real.stderr
    front, dashes, behind = line.partition(" -- ")
    ours = Session(Cluster(addons=())).run(f"kubectl {front} --dry-run=client -o json{dashes}{behind}")
    assert without_nothing(json.loads(ours.stdout)) == without_nothing(json.loads(real.stdout))


def without_nothing(value: Any) -> Any:
    """Without nulls: up to 1.33 the typed objects carry `creationTimestamp: null` along."""
    if isinstance(value, dict):
        return {key: without_nothing(item) for key, item in value.items() if item is not None}
    return [without_nothing(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("form", ["yaml", "json", "name"])
@pytest.mark.parametrize("text", [POD, SERVICE], ids=["pod", "service"])
def test_how_an_object_is_printed(text: str, form: str, tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(text)
    real = kubectl(["label", "--local", "-f", "m.yaml", "x=y", "-o", form], tmp_path)
    assert real.returncode == 0, real.stderr
    ours = Session(Cluster(addons=()), files={"m.yaml": text}).run(f"kubectl label --local -f m.yaml x=y -o {form}")
    assert ours.stdout == real.stdout


TEMPLATES = [
    "jsonpath={.spec.containers[*].name}", "jsonpath={.metadata.labels}", "jsonpath={.metadata['name','labels']}",
    'jsonpath={.spec.containers[?(@.name=="c")].image}', 'jsonpath={.spec.containers[?(@.nosuch!="c")].image}',
    "jsonpath={.spec.containers[?(@.ports)].name}", "jsonpath={.spec.containers[0:1].name}",
    "jsonpath={.spec.containers[-1:].name}", "jsonpath={.spec.containers[0,0].name}", "jsonpath={.spec.containers[0].env[*].name}",
    "jsonpath={.spec.containers[0].env[1:4:2].name}", "jsonpath={..image}", "jsonpath={.metadata.name}{.metadata.nosuch}!",
    'jsonpath={range .spec.containers[*]}{.name}{"\\t"}{range .env[*]}{.name}={.value} {end}{"\\n"}{end}done',
    "jsonpath={range .spec.nosuch[*]}{.name}{end}after", "jsonpath={range .spec.containers[*]}{.name}",
    "jsonpath={.spec.containers[0].ports[?(@.containerPort>79)].name}", "jsonpath={.a!}", "jsonpath={true} {1} {'x'}",
    'jsonpath={.spec.containers[0].ports[?(@.containerPort=="80")].name}', "jsonpath={.spec.containers[7].name}",
    "jsonpath={.metadata.name[0]}", "jsonpath={.spec", "jsonpath={.spec.containers[0", "jsonpath={.spec.containers[x]}",
    "jsonpath={foo bar}", "jsonpath={end}", "jsonpath={.a,}", "jsonpath=", "jsonpath", "jsonpath={.spec.containers[1:0]}",
    "jsonpath={.metadata.annotations.note}", "jsonpath-as-json={.metadata.labels}", "jsonpath-as-json={.spec.containers[*].name}",
    "go-template={{.metadata.name}} {{.metadata.nosuch}} {{.metadata.nosuch.more}}",
    'go-template={{range .spec.containers}}{{.name}}{{"\\n"}}{{range .ports}}{{.containerPort}}{{end}}{{end}}',
    "go-template={{range $i, $e := (index .spec.containers 0).env}}{{if $i}}, {{end}}{{$e.name}}={{.value}}{{end}}",
    'go-template={{if eq .metadata.name "web" "x"}}yes{{else}}no{{end}}{{if .nosuch}}a{{else if .kind}}b{{else}}c{{end}}',
    "go-template={{with .metadata.labels}}{{.app}}{{else}}none{{end}}{{with .nosuch}}{{.}}{{else}}none{{end}}",
    'go-template={{len .spec.containers}} {{index .spec.containers 0 "name"}} {{index .metadata.labels "app"}}',
    "go-template={{.metadata.labels}} {{.spec.containers}}", "go-template={{range $k, $v := .metadata.labels}}{{$k}}={{$v}} {{end}}",
    "go-template=a  {{- .kind -}}  b{{/* nothing */}}", 'go-template={{.kind | printf "%q %s" "x"}}', "go-template={{$x := .kind}}{{$x}}{{$.kind}}",
    'go-template={{and .kind .metadata.name}} {{or "" "b"}} {{not .kind}} {{exists . "metadata" "name"}} {{exists . "a"}}',
    'go-template={{print 1 2 "a" true nil}}{{println .kind}}{{"YWJj" | base64decode}}{{gt (len .kind) 1}}{{printf "%5s|%-5s|" "a" "b"}}',
    "go-template={{.metadata.name.more}}", "go-template=a{{index .spec.containers 9}}", "go-template={{range .kind}}{{end}}",
    "go-template={{eq 1 .spec.containers}}", "go-template={{nosuch .a}}", "go-template={{range .a}}", "go-template={{.a", "go-template={{end}}",
    "go-template", "template={{.kind}}",
]


@pytest.mark.parametrize("form", TEMPLATES)
def test_what_a_template_prints(form: str, tmp_path: Path) -> None:
    """Messages and what was printed before them too."""
    (tmp_path / "m.yaml").write_text(POD)
    real = kubectl(["label", "--local", "-f", "m.yaml", "x=y", "-o", form], tmp_path)
    ours = Session(Cluster(addons=()), files={"m.yaml": POD}).run(shlex.join(["kubectl", "label", "--local", "-f", "m.yaml", "x=y", "-o", form]))
    assert (ours.stdout, ours.stderr.rstrip(), ours.status) == (real.stdout, real.stderr.rstrip(), real.returncode)


PATCHES = [
    (POD, "strategic", {"spec": {"containers": [{"name": "c", "image": "nginx:2"}]}}),
    (POD, "strategic", {"spec": {"containers": [{"name": "d", "image": "a"}, {"name": "e", "image": "b"}]}}),
    (POD, "strategic", {"spec": {"containers": [{"name": "c", "env": [{"name": "B", "$patch": "delete"}]}]}}),
    (POD, "strategic", {"spec": {"containers": [{"name": "c", "ports": [{"containerPort": 80, "name": "web"}]}]}}),
    (POD, "strategic", {"metadata": {"annotations": {"note": None}}}),
    (POD, "merge", {"spec": {"containers": [{"name": "d", "image": "a"}]}}),
    (SERVICE, "strategic", {"spec": {"ports": [{"port": 81, "targetPort": 8081}], "type": "ClusterIP"}}),
    (SERVICE, "strategic", {"spec": {"selector": {"$patch": "replace", "a": "b"}}}),
    (SERVICE, "json", [{"op": "replace", "path": "/spec/ports/0/port", "value": 8080},
                       {"op": "add", "path": "/metadata/labels", "value": {"a": "b"}}]),
]


@pytest.mark.parametrize(("text", "kind", "patch"), PATCHES)
def test_what_a_patch_makes(text: str, kind: str, patch: Any, tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(text)
    real = kubectl(["patch", "--local", "-f", "m.yaml", "--type", kind, "-p", json.dumps(patch), "-o", "json"], tmp_path)
    assert real.returncode == 0, real.stderr
    ours = Session(Cluster(addons=()), files={"m.yaml": text}).run(
        f"kubectl patch --local -f m.yaml --type {kind} -p '{json.dumps(patch)}' -o json")
    assert without_nothing(json.loads(ours.stdout)) == without_nothing(json.loads(real.stdout))


# against a server that gives out a simulated cluster's objects ----------------------------------------------------

OBJECTS = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 4
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: nginx, image: "nginx:1.25"}]}}
---
apiVersion: v1
kind: Service
metadata: {name: web-service, labels: {a: b, c: d}, annotations: {note: hello}}
spec: {type: NodePort, selector: {app: web}, ports: [{name: http, port: 80}, {name: s, port: 443, nodePort: 30443}]}
---
apiVersion: v1
kind: Service
metadata: {name: none}
spec: {selector: {app: nobody}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: lb}
spec: {type: LoadBalancer, externalTrafficPolicy: Local, selector: {app: web}, ports: [{port: 80}],
  sessionAffinity: ClientIP, externalIPs: [198.51.100.1], loadBalancerSourceRanges: [10.0.0.0/8]}
---
apiVersion: v1
kind: Service
metadata: {name: headless}
spec: {clusterIP: None, selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: docs}
spec: {type: ExternalName, externalName: docs.example.net}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, annotations: {nginx.ingress.kubernetes.io/rewrite-target: /}}
spec:
  ingressClassName: nginx
  tls: [{hosts: [a.example, b.example], secretName: t}, {hosts: [c.example]}]
  defaultBackend: {service: {name: web-service, port: {number: 80}}}
  rules:
  - host: a.example
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: web-service, port: {name: http}}}}
      - {path: /long/path, pathType: Exact, backend: {service: {name: missing, port: {number: 80}}}}
  - http: {paths: [{path: /x, pathType: Prefix, backend: {service: {name: none, port: {number: 80}}}}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: plain}
spec: {defaultBackend: {service: {name: web-service, port: {number: 80}}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: config}
data: {key: value, text: "one\\ntwo\\n"}
---
apiVersion: v1
kind: Secret
metadata: {name: pass}
stringData: {user: me}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template: {metadata: {labels: {app: db}}, spec: {containers: [{name: c, image: redis}]}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: rules}
spec:
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Ingress, Egress]
  ingress:
  - from:
    - {podSelector: {matchLabels: {a: b}}, namespaceSelector: {}}
    - ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}
    ports: [{port: 80}, {port: 1000, endPort: 2000, protocol: UDP}]
  - {}
"""


class Objects(BaseHTTPRequestHandler):
    """Discovery, get and list of the objects in `everything`; no writes."""

    everything: tuple[dict[str, Any], ...] = ()

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        words = [word for word in parts.path.split("/") if word]
        self.give(*self.answer(words, {key: values[0] for key, values in parse_qs(parts.query).items()}))

    def answer(self, words: list[str], query: dict[str, str]) -> tuple[Any, int]:
        groups = sorted({kind.group for kind in KINDS} - {""})
        if words == ["version"]:
            return {"major": "1", "minor": "35", "gitVersion": "v1.35.0"}, 200
        if words == ["api"]:
            return {"kind": "APIVersions", "versions": ["v1"]}, 200
        if words == ["apis"]:
            versions = [{"name": group, "versions": [version], "preferredVersion": version} for group in groups
                        for version in ({"groupVersion": f"{group}/v1", "version": "v1"},)]
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": versions}, 200
        group, rest = ("", words[2:]) if words[0] == "api" else (words[1], words[3:])
        kinds = [kind for kind in KINDS if kind.group == group]
        if not rest and kinds:
            return {"kind": "APIResourceList", "groupVersion": kinds[0].api_version, "resources": [
                {"name": kind.plural, "singularName": kind.singular, "namespaced": kind.namespaced, "kind": kind.kind,
                 "verbs": ["get", "list"], "shortNames": list(kind.short_names)} for kind in kinds]}, 200
        return self.objects(rest, query, group)

    def objects(self, rest: list[str], query: dict[str, str], group: str) -> tuple[Any, int]:
        namespace, rest = (rest[1], rest[2:]) if rest[0] == "namespaces" and len(rest) > 2 else ("", rest)
        kind = next((each for each in KINDS if each.plural == rest[0] and each.group == group), None)
        found = [each for each in self.everything if kind is not None and each["kind"] == kind.kind
                 and (not namespace or each["metadata"].get("namespace") == namespace)]
        if len(rest) > 1:
            named = [each for each in found if each["metadata"]["name"] == rest[1]]
            resource = f"{rest[0]}.{group}" if group else rest[0]
            missing = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404,
                       "message": f'{resource} "{rest[1]}" not found', "details": {"name": rest[1], "kind": rest[0]}}
            return (named[0], 200) if named else (missing, 404)
        for name, value in (pair.split("=") for pair in query.get("labelSelector", "").split(",") if pair):
            found = [each for each in found if each["metadata"].get("labels", {}).get(name) == value]
        wanted = dict(pair.split("=") for pair in query.get("fieldSelector", "").split(",") if pair)
        found = [each for each in found if "involvedObject.name" not in wanted or (
            each["involvedObject"]["name"] == wanted["involvedObject.name"]
            and each["involvedObject"]["kind"] == wanted.get("involvedObject.kind", each["involvedObject"]["kind"]))]
        listed = f"{kind.kind}List" if kind is not None else "List"
        return {"kind": listed, "apiVersion": kind.api_version if kind else "v1", "metadata": {}, "items": found}, 200

    def give(self, value: Any, status: int) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Session, str, Path]]:
    """A session, the address of a server with the same objects, and an empty home."""
    cluster = Cluster(now=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    cluster.apply(OBJECTS)
    cluster.advance(3)
    plain = json.dumps([each.manifest for kind in KINDS for each in cluster.list(kind.kind)],
                       default=lambda value: dict(value) if hasattr(value, "keys") else list(value))
    everything = json.loads(plain)
    handler = type("Handler", (Objects,), {"everything": tuple(everything)})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Session(cluster), f"http://127.0.0.1:{server.server_address[1]}", tmp_path_factory.mktemp("home")
    server.shutdown()
    server.server_close()


DESCRIBED = ["svc web-service", "svc none", "svc lb headless", "svc docs", "ingress shop", "ingress plain", "sts db",
             "cm config", "secret pass", "ns default", "endpoints web-service", "endpoints none", "endpointslices",
             "netpol rules", "ingressclass nginx", "svc nosuch", "pod nosuch", "deploy nosuch"]


@pytest.mark.parametrize("what", DESCRIBED)
def test_how_an_object_is_described(what: str, pair: tuple[Session, str, Path]) -> None:
    session, server, home = pair
    real = kubectl(["--server", server, "describe", *what.split()], home)
    ours = session.run(f"kubectl describe {what}")
    assert ageless(sorted_data(ours.shown)) == ageless(sorted_data(real.stdout + real.stderr))
    assert ours.status == real.returncode


def sorted_data(text: str) -> str:
    """A description with the keys of a ConfigMap in order. kubectl ranges over a Go map, so each run has another order.

    Source: kubernetes/kubectl pkg/describe/describe.go describeConfigMap.
    """
    head, data, rest = text.partition("\nData\n====\n")
    keys, binary, tail = rest.partition("\n\nBinaryData\n====\n")
    return head + data + "".join(sorted(re.split(r"(?m)^(?=[-.\w]+:\n----$)", keys + "\n"))) + binary + tail if binary else text


def test_keys_of_a_described_config_map_have_no_order() -> None:
    one, two = (f"Name:  c\n\nData\n====\n{data}\nBinaryData\n====\n\nEvents:  <none>\n" for data in
                ("a:\n----\n1\n\nb:\n----\n2\n3\n\n", "b:\n----\n2\n3\n\na:\n----\n1\n\n"))
    assert one != two and sorted_data(one) == sorted_data(two)
    assert sorted_data(one.replace("2", "4")) != sorted_data(two)


def ageless(text: str) -> list[str]:
    """Lines without trailing blanks; those that hold an age (a few seconds differ) with the age and blanks evened out."""
    lines = [re.sub(r"\b\d+s( \(x\d+ over \d+s\))?", "AGE", line) for line in text.rstrip("\n").split("\n")]
    return [" ".join(line.split()) if "AGE" in line else line.rstrip() for line in lines]


GOTTEN = ["svc web-service -o name", "svc,deploy -o name", "svc none -o jsonpath={.spec.ports[*].port}",
          "svc nosuch", "nosuch", "pods -l app=nosuch", "pods -n nosuch",
          "ingress shop -o jsonpath={.spec.tls[0].hosts}", "svc web-service -o jsonpath={.metadata.labels}",
          "svc -o custom-columns=NAME:.metadata.name,P:.spec.ports[*].port,L:.metadata.labels,NO:.x.y",
          "svc docs -o custom-columns=NAME:metadata.name,P:{.spec.ports[0].port} --no-headers",
          "svc,deploy -o custom-columns=KIND:.kind,NAME:.metadata.name", "svc -o custom-columns=NAME", "svc -o custom-columns=",
          "svc -o custom-columns", "svc -o custom-columns=A:}", "svc -o custom-columns=A:", "svc -o custom-columns-file=nofile",
          "svc -o jsonpath-file=nofile", "svc -o name --sort-by=.spec.type", "svc -o name --sort-by=.spec.nosuch",
          "svc -o name --sort-by=spec.ports[0].nodePort", "svc -o name --sort-by={.metadata.name}", "svc -o name --sort-by=}",
          "svc,deploy,cm -o name --sort-by=.metadata.name", "svc web-service none -o jsonpath={.items[*].metadata.name}",
          "svc -o go-template --template={{range.items}}{{.metadata.name}}{{end}}", "svc --template={{.kind}}",
          "svc -o jsonpath --template={.kind}", "svc -o jsonpath={$.kind}{range.items[*]}{$.kind}{end}"]


@pytest.mark.parametrize("what", GOTTEN)
def test_what_get_says(what: str, pair: tuple[Session, str, Path]) -> None:
    session, server, home = pair
    real = kubectl(["--server", server, "get", *what.split()], home)
    ours = session.run(f"kubectl get '{what.replace(' ', chr(39) + ' ' + chr(39))}'")
    assert (ours.stdout, ours.stderr.strip(), ours.status) == (real.stdout, real.stderr.strip(), real.returncode)


@pytest.mark.parametrize("what", ["svc web-service", "ingress shop", "cm config", "sts db", "ns default"])
def test_a_whole_object_as_yaml(what: str, pair: tuple[Session, str, Path]) -> None:
    """Ours also has the resource version, which the small server does not keep."""
    session, server, home = pair
    real = kubectl(["--server", server, "get", *what.split(), "-o", "yaml"], home)
    ours = session.run(f"kubectl get {what} -o yaml").stdout
    assert re.sub(r'  resourceVersion: "\d+"\n', "", ours) == real.stdout
