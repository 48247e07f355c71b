"""`kubectl get`: golden tables.

Columns and cells: kubernetes/kubernetes pkg/printers/internalversion/printers.go; blanks: cli-runtime
pkg/printers/tabwriter.go; messages: kubectl pkg/cmd/get/get.go.
"""

from __future__ import annotations

import json

import pytest

from simnet.cluster import Cluster
from simnet.console import Session
from simnet.manifests.yaml import read_all
from tests.unit.console_net import address, run, shop


@pytest.fixture(scope="module")
def session() -> Session:
    cluster = shop(load_balancer_pool="203.0.113.0/28")
    cluster.advance(140)
    return Session(cluster)


SERVICES = """
apiVersion: v1
kind: Service
metadata: {name: np}
spec: {type: NodePort, clusterIP: 10.96.2.1, selector: {app: web}, ports: [
  {name: http, port: 80, nodePort: 30080}, {name: dns, protocol: UDP, port: 53, nodePort: 30053}]}
---
apiVersion: v1
kind: Service
metadata: {name: lb}
spec: {type: LoadBalancer, clusterIP: 10.96.2.2, externalIPs: [198.51.100.9], selector: {app: web}, ports: [{port: 80,
  nodePort: 30081}]}
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
"""


def table(text: str) -> str:
    return text.lstrip("\n")


def test_pods(session: Session) -> None:
    assert run(session, "kubectl get pod client").stdout == table("""
NAME     READY   STATUS    RESTARTS   AGE
client   1/1     Running   0          2m20s
""")


def test_pods_wide(session: Session) -> None:
    where = session.cluster.get("pod", "client").node_name
    own = address(session.cluster, "client")
    assert run(session, "kubectl get pod client -o wide").stdout == table(f"""
NAME     READY   STATUS    RESTARTS   AGE     IP           NODE     NOMINATED NODE   READINESS GATES
client   1/1     Running   0          2m20s   {own}   {where}   <none>           <none>
""")


def test_labels_and_all_namespaces(session: Session) -> None:
    assert run(session, "kubectl get pods -A -l app=client --show-labels").stdout == table("""
NAMESPACE   NAME     READY   STATUS    RESTARTS   AGE     LABELS
default     client   1/1     Running   0          2m20s   app=client
""")
    assert run(session, "kubectl get pods -l app=client -L app --no-headers").stdout == (
        "client   1/1   Running   0     2m20s   client\n")


def test_services_of_every_type() -> None:
    session = Session(shop())
    session.cluster.apply(SERVICES)
    rows = run(session, "kubectl get svc").stdout
    assert rows == table("""
NAME         TYPE           CLUSTER-IP   EXTERNAL-IP                PORT(S)                     AGE
docs         ExternalName   <none>       docs.example.net           <none>                      0s
headless     ClusterIP      None         <none>                     80/TCP                      0s
kubernetes   ClusterIP      10.96.0.1    <none>                     443/TCP                     0s
lb           LoadBalancer   10.96.2.2    203.0.113.2,198.51.100.9   80:30081/TCP                0s
np           NodePort       10.96.2.1    <none>                     80:30080/TCP,53:30053/UDP   0s
web          ClusterIP      10.96.1.5    <none>                     80/TCP                      0s
""")
    assert run(session, "kubectl get svc web -o wide").stdout == table("""
NAME   TYPE        CLUSTER-IP   EXTERNAL-IP   PORT(S)   AGE   SELECTOR
web    ClusterIP   10.96.1.5    <none>        80/TCP    0s    app=web
""")


def test_a_load_balancer_without_an_address_is_pending() -> None:
    session = Session(Cluster(load_balancer_pool="203.0.113.1/32"))  # the controller has the only address
    run(session, "kubectl create service loadbalancer lb --tcp=80")
    assert run(session, "kubectl get svc lb").stdout.splitlines()[1].split()[3] == "<pending>"


def test_ingresses(session: Session) -> None:
    session = Session(shop())
    run(session, "kubectl create ingress a --class=nginx --rule='a.example/*=web:80,tls=s'")
    run(session, "kubectl create ingress b --class=other --default-backend=web:80")
    assert run(session, "kubectl get ingress").stdout == table("""
NAME   CLASS   HOSTS       ADDRESS       PORTS     AGE
a      nginx   a.example   203.0.113.1   80, 443   0s
b      other   *                         80        0s
""")


def test_workloads(session: Session) -> None:
    assert run(session, "kubectl get deploy web -o wide").stdout == table("""
NAME   READY   UP-TO-DATE   AVAILABLE   AGE     CONTAINERS   IMAGES       SELECTOR
web    2/2     2            2           2m20s   nginx        nginx:1.25   app=web
""")
    assert run(session, "kubectl get rs").stdout.splitlines()[0].split() == [
        "NAME", "DESIRED", "CURRENT", "READY", "AGE"]


def test_the_other_kinds(session: Session) -> None:
    for kind, headers in (("nodes", "NAME STATUS ROLES AGE VERSION"), ("ns", "NAME STATUS AGE"),
                          ("ep", "NAME ENDPOINTS AGE"), ("endpointslices", "NAME ADDRESSTYPE PORTS ENDPOINTS AGE"),
                          ("cm -A", "NAMESPACE NAME DATA AGE"), ("ingressclass", "NAME CONTROLLER PARAMETERS AGE"),
                          ("events", "LAST SEEN TYPE REASON OBJECT MESSAGE")):
        assert run(session, f"kubectl get {kind}").stdout.splitlines()[0].split() == headers.split(), kind


def test_endpoints_show_three_and_count_the_rest() -> None:
    session = Session(shop())
    run(session, "kubectl scale deployment web --replicas=5")
    cell = run(session, "kubectl get endpoints web --no-headers").stdout
    assert cell.count(":80") == 3
    assert "+ 2 more..." in cell


def test_several_kinds_are_tables_with_the_kind_before_each_name(session: Session) -> None:
    text = run(session, "kubectl get svc,deploy").stdout
    first, second = text.split("\n\n")
    assert [line.split()[0] for line in first.splitlines()[1:]] == ["service/kubernetes", "service/web"]
    assert second.splitlines()[1].split()[0] == "deployment.apps/web"
    assert [line.split("/")[0] for line in run(session, "kubectl get all").stdout.splitlines() if "/web" in line] == [
        "pod", "pod", "service", "deployment.apps", "replicaset.apps"]


def test_kind_slash_name(session: Session) -> None:
    assert run(session, "kubectl get pod/client svc/web -o name").stdout == "pod/client\nservice/web\n"
    assert run(session, "kubectl get deploy,svc web -o name").stdout == "deployment.apps/web\nservice/web\n"


# full objects ---------------------------------------------------------------------------------------------------

def test_kyaml_is_the_same_object(session: Session) -> None:
    text = run(session, "kubectl get service web -o kyaml").stdout
    assert text.startswith('---\n{\n  apiVersion: "v1",\n  kind: "Service",\n  metadata: {\n')
    assert read_all(text) == read_all(run(session, "kubectl get service web -o json").stdout)


def test_yaml_is_the_object_with_sorted_keys(session: Session) -> None:
    text = run(session, "kubectl get service web -o yaml").stdout
    value = read_all(text)[0]
    assert list(value) == sorted(value)
    assert value["spec"]["clusterIP"] == "10.96.1.5"
    assert value["metadata"]["resourceVersion"].isdigit()
    assert text.startswith("apiVersion: v1\nkind: Service\nmetadata:\n  annotations:\n"
                           "    kubectl.kubernetes.io/last-applied-configuration: |\n      {\"apiVersion\":\"v1\",")
    assert '  creationTimestamp: "2027-01-01T00:00:00Z"\n' in text


def test_json_has_four_blanks_and_a_list_around_several(session: Session) -> None:
    text = run(session, "kubectl get pods -l app=client -o json").stdout
    assert text.startswith('{\n    "apiVersion": "v1",\n    "items": [\n        {\n            "apiVersion": "v1",\n')
    value = json.loads(text)
    assert (value["kind"], [item["metadata"]["name"] for item in value["items"]]) == ("List", ["client"])


@pytest.mark.parametrize(("template", "shown"), [
    ("{.spec.clusterIP}", "10.96.1.5"), (".spec.clusterIP", ".spec.clusterIP"), ("{.spec.ports[0].port}", "80"),
    ("{.spec.ports[*].port}", "80"), ("{.metadata.name}{\"\\n\"}", "web\n"), ("{.spec.nosuch}", ""),
    ("{range .spec.ports[*]}{.port}/{.protocol} {end}", "80/TCP "), ("{.spec.ports[?(@.port==80)].targetPort}", "80"),
    ("{..clusterIP}", "10.96.1.5"), ("name {.metadata.name}!", "name web!"),
])
def test_jsonpath(session: Session, template: str, shown: str) -> None:
    """Source: kubernetes/client-go util/jsonpath; the Kubernetes page "JSONPath Support"."""
    assert run(session, f"kubectl get service web -o jsonpath='{template}'").stdout == shown


# what is missing ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("line", "stderr", "status"), [
    ("kubectl get svc nosuch", 'Error from server (NotFound): services "nosuch" not found\n', 1),
    ("kubectl get deploy nosuch", 'Error from server (NotFound): deployments.apps "nosuch" not found\n', 1),
    ("kubectl get ing nosuch", 'Error from server (NotFound): ingresses.networking.k8s.io "nosuch" not found\n', 1),
    ("kubectl get podz", 'error: the server doesn\'t have a resource type "podz"\n', 1),
    ("kubectl get secrets", "No resources found in default namespace.\n", 0),
    ("kubectl get secrets -n kube-system", "No resources found in kube-system namespace.\n", 0),
    ("kubectl get pods -A -l app=nosuch", "No resources found\n", 0),
    ("kubectl get persistentvolumes", "No resources found\n", 0),
    ("kubectl get jobs", "No resources found in default namespace.\n", 0),
    ("kubectl get pods --show-lables", "error: unknown flag: --show-lables\nDid you mean --show-labels?\n"
     "See 'kubectl get --help' for usage.\n", 1),
    ("kubectl gett pods", 'error: unknown command "gett" for "kubectl"\n\nDid you mean this?\n\tget\n', 1),
    ("kubectl get pods client -o yml", 'error: unable to match a printer suitable for the output format "yml", allowed '
     "formats are: custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,wide,yaml\n", 1),
    ("kubectl get pods --field-selector foo=bar", 'Error from server (BadRequest): Unable to find "/v1, Resource=pods" that '
     'match label selector "", field selector "foo=bar": field label not supported: foo\n', 1),
    ("kubectl get ing --field-selector spec.x=y", 'Error from server (BadRequest): Unable to find "networking.k8s.io/v1, '
     'Resource=ingresses" that match label selector "", field selector "spec.x=y": "spec.x" is not a known field selector: '
     'only "metadata.name", "metadata.namespace"\n', 1),
    ("kubectl get svc web -o jsonpath='{bad'", "error: error parsing jsonpath {bad, unclosed action\n", 1),
    ("kubectl get pods client -A", "error: a resource cannot be retrieved by name across all namespaces\n", 1),
    ("kubectl get pods client -l a=b", "error: name cannot be provided when a selector is specified\n", 1),
])
def test_what_is_not_there_is_said_in_kubectls_words(session: Session, line: str, stderr: str, status: int) -> None:
    output = session.run(line)
    assert (output.stdout, output.stderr, output.status) == ("", stderr, status)


def test_what_exists_is_shown_before_the_complaint(session: Session) -> None:
    output = session.run("kubectl get pod client nosuch -o name")
    assert (output.stdout, output.stderr, output.status) == (
        "pod/client\n", 'Error from server (NotFound): pods "nosuch" not found\n', 1)


@pytest.mark.parametrize(("template", "problem"), [
    ("{.items[5].kind}", "array index out of bounds: index 5, length 0"),
    ("{.items[-1].kind}", "array index out of bounds: index -1, length 0"),
    ("{.metadata[0]}", "map[string]interface {} is not array or slice"),
])
def test_an_index_beyond_the_end_shows_the_object(session: Session, template: str, problem: str) -> None:
    """Words and layout seen with kubectl 1.32; client-go util/jsonpath evalArray, Go's %#v."""
    output = session.run(f"kubectl get jobs -o jsonpath='{template}'")
    assert (output.stdout, output.status) == ("", 1)
    assert output.stderr.rstrip("\n") == (
        f'error: error executing jsonpath "{template}": Error executing template: {problem}. Printing more information for '
        f"debugging the template:\n\ttemplate was:\n\t\t{template}\n\tobject given to jsonpath engine was:\n\t\t"
        'map[string]interface {}{"apiVersion":"v1", "items":[]interface {}{}, "kind":"List", '
        '"metadata":map[string]interface {}{"resourceVersion":""}}')


# selections -----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("options", "names"), [
    ("-l app=client", ["client"]), ("-l 'app in (client)'", ["client"]), ("-l '!app'", ["debian"]),
    ("--field-selector metadata.name=debian", ["debian"]),
    ("--field-selector status.phase=Running,metadata.namespace=default -l app=client", ["client"]),
    ("--field-selector status.phase!=Running", []), ("-l app!=web --sort-by=.metadata.name", ["client", "debian"]),
])
def test_selections(session: Session, options: str, names: list[str]) -> None:
    output = session.run(f"kubectl get pods {options} -o name")
    assert output.stdout.split() == [f"pod/{name}" for name in names]


@pytest.mark.parametrize(("types", "kinds"), [  # Source: cli-runtime pkg/resource/builder.go ReplaceAliases
    ("all", ["deployment.apps", "pod", "replicaset.apps", "service"]),
    ("all,cm", ["configmap", "deployment.apps", "pod", "replicaset.apps", "service"]),
    ("ns,all,po", ["deployment.apps", "namespace", "pod", "replicaset.apps", "service"]),
])
def test_all_stands_for_its_types_inside_a_list_too(types: str, kinds: list[str]) -> None:
    session = Session(shop())
    run(session, "kubectl create cm c --from-literal=a=b")
    names = run(session, f"kubectl get {types} -o name").stdout.split()
    assert sorted({name.partition("/")[0] for name in names}) == kinds
    assert len(names) == len(set(names))


def test_the_prefix_stands_at_the_column_name() -> None:
    """Source: cli-runtime TablePrinter: the kind goes to the column of format `name`, an event's with -o wide only."""
    session = Session(shop())
    lines = run(session, "kubectl get pods,events --no-headers").stdout.split("\n\n")[1].splitlines()
    assert {line.split()[0] for line in lines} == {"0s"}
    wide = run(session, "kubectl get pods,events -o wide --no-headers").stdout.split("\n\n")[1].splitlines()
    assert all(line.startswith("0s ") and line.split()[-1].startswith("event/") for line in wide)


@pytest.mark.parametrize(("seconds", "restarts"), [  # back-off 10 s, 20 s, 40 s ... after the first restart at once
    (0, "1 (0s ago)"), (9, "1 (9s ago)"), (10, "2 (0s ago)"), (35, "3 (5s ago)"), (100, "4 (30s ago)"),
])
def test_restarts_tell_how_long_ago(seconds: int, restarts: str) -> None:
    """Source: printers.go printPod; kubernetes/website pod-lifecycle.md (back-off delay)."""
    session = Session(Cluster())
    run(session, "kubectl run boom --image=busybox -- false")
    session.cluster.advance(seconds)
    row = run(session, "kubectl get pod boom --no-headers").stdout
    assert row.startswith(f"boom   0/1   CrashLoopBackOff   {restarts}   "), row


def test_the_api_servers_own_endpoints_are_listed_once() -> None:
    shown = run(Session(Cluster()), "kubectl get ep").stdout.splitlines()
    assert [line.split()[0] for line in shown] == ["NAME", "kubernetes"]


def test_custom_kinds_are_listed_by_their_plural() -> None:
    session = Session(Cluster())
    session.cluster.apply({"apiVersion": "example.com/v1", "kind": "Gadget", "metadata": {"name": "one"}, "spec": {}})
    for word in ("gadget", "gadgets", "gadgets.example.com", "Gadget"):
        assert run(session, f"kubectl get {word}").stdout == "NAME   AGE\none    0s\n"
    assert run(session, "kubectl get gadgets -o name").stdout == "gadget.example.com/one\n"


def test_a_pod_that_waits_ended_or_crashed() -> None:
    session = Session(Cluster())
    run(session, "kubectl run done --image=busybox --restart=Never -- true")
    run(session, "kubectl run failed --image=busybox --restart=Never -- false")
    run(session, "kubectl run stuck --image=nginx --overrides='{\"spec\":{\"nodeSelector\":{\"a\":\"b\"}}}'")
    rows = {line.split()[0]: line.split()[1:3] for line in run(session, "kubectl get pods --no-headers").stdout.splitlines()}
    assert rows == {"done": ["0/1", "Completed"], "failed": ["0/1", "Error"], "stuck": ["0/1", "Pending"]}
