"""Templates, custom columns and the order of `kubectl get`, checked without a kubectl at hand.

The expectations are what kubectl 1.32 printed for the same objects; tests/edges/test_real_kubectl.py compares many more.
"""

from __future__ import annotations

import shlex

import pytest

from simnet.cluster import Cluster
from simnet.console import Session
from tests.unit.console_net import run, shop, squeezed


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(shop())


def form(session: Session, what: str, form: str) -> str:
    return run(session, shlex.join(["kubectl", "get", *what.split(), "-o", form])).stdout


@pytest.mark.parametrize(("template", "shown"), [
    ("{.metadata['name','namespace']}", "web default"), ("{.metadata.labels.app}", "web"),
    ("{range .spec.template.spec.containers[*]}{.name}={.image}{\"\\n\"}{end}end", "nginx=nginx:1.25\nend"),
    ("{.spec.template.spec.containers[?(@.nosuch!=\"x\")].name}", ""), ("{$.kind}{@.kind}", "DeploymentDeployment"),
    ("{.spec.template.spec.containers[-1:].ports[0].containerPort}", "80"), ("{.metadata.labels}", '{"app":"web"}'),
])
def test_jsonpath(session: Session, template: str, shown: str) -> None:
    """Source: kubernetes/client-go util/jsonpath; an item without a side of a comparison is left out, whatever the sign."""
    assert form(session, "deployment web", f"jsonpath={template}") == shown


@pytest.mark.parametrize(("template", "shown"), [
    ("{{range .items}}{{.metadata.name}} {{end}}", "client debian "),
    ('{{range $i, $p := .items}}{{if $i}}, {{end}}{{$p.metadata.name}}{{end}}', "client, debian"),
    ('{{range .items}}{{if eq .metadata.name "client"}}yes{{else}}no{{end}} {{end}}', "yes no "),
    ("{{.nosuch}} {{len .items}} {{with .nosuch}}{{.}}{{else}}nothing{{end}}", "<no value> 2 nothing"),
])
def test_go_template(session: Session, template: str, shown: str) -> None:
    """Source: golang text/template; kubernetes/cli-runtime pkg/printers/template.go."""
    assert form(session, "pods client debian", f"go-template={template}") == shown


def test_a_template_that_cannot_go_on_says_where_and_what_was_printed_before(session: Session) -> None:
    output = session.run("kubectl get svc web -o go-template='name {{.metadata.name.x}}'")
    assert output.stdout.startswith("name Error executing template: template: output:1:16: executing")
    assert output.stderr.endswith("<.metadata.name.x>: can't evaluate field x in type interface {}\n") and output.status == 1


def test_custom_columns(session: Session) -> None:
    """Source: kubernetes/kubectl pkg/cmd/get/customcolumn.go."""
    assert form(session, "svc,deploy web", "custom-columns=KIND:.kind,NAME:metadata.name,PORTS:{.spec.ports[*].port}") == (
        "KIND         NAME   PORTS\nService      web    80\nDeployment   web    <none>\n")
    session.files["columns"] = "NAME            LABELS\nmetadata.name   metadata.labels\n"
    assert form(session, "pod client", "custom-columns-file=columns") == "NAME     LABELS\nclient   map[app:client]\n"


def test_the_order_of_a_field() -> None:
    """What lacks the field comes first; numbers as numbers; over several kinds. Source: kubectl pkg/cmd/get/sorter.go."""
    cluster = Cluster(addons=(), namespaces="any")
    cluster.apply([{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": labels}} for name, labels in
                   (("a", {"n": "10"}), ("b", {"n": "9"}), ("c", {}), ("d", {"n": "x2"}), ("e", {"n": "x10"}))])
    cluster.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "labels": {"n": "9.5"}}})
    got = run(Session(cluster), "kubectl get cm,secret --sort-by=.metadata.labels.n -o name").stdout.split()
    assert got == ["configmap/c", "configmap/b", "secret/s", "configmap/a", "configmap/d", "configmap/e"]
    refused = Session(cluster).run("kubectl get cm --sort-by=.nosuch")
    assert refused.stderr == 'error: couldn\'t find any field with path "{.nosuch}" in the list of objects\n'


def test_label_columns_stand_behind_and_are_empty_where_absent(session: Session) -> None:
    assert run(session, "kubectl get pods client debian -L app,x.example/tier --no-headers").stdout.split() == [
        "client", "1/1", "Running", "0", "0s", "client", "debian", "1/1", "Running", "0", "0s"]
    assert run(session, "kubectl get pods -L app,x.example/tier").stdout.split("\n")[0].split()[-2:] == ["APP", "TIER"]


# explain, api-resources -----------------------------------------------------------------------------------------

def test_explain_tells_a_field_its_type_and_what_is_in_it(session: Session) -> None:
    """Layout: kubernetes/kubectl pkg/explain/v2/templates/plaintext.tmpl; types: the published API schema."""
    text = run(session, "kubectl explain svc.spec.ports").stdout
    assert text.startswith("KIND:       Service\nVERSION:    v1\n\nFIELD: ports <[]ServicePort>\n\nDESCRIPTION:\n    The ports")
    assert "  port\t<integer> -required-\n" in text and "  protocol\t<string>\n  enum: SCTP, TCP, UDP\n" in text
    assert run(session, "kubectl explain ingress").stdout.startswith("GROUP:      networking.k8s.io\nKIND:       Ingress\n")
    assert "\n  paths\t<[]HTTPIngressPath> -required-\n    backend\t<IngressBackend> -required-\n" in run(
        session, "kubectl explain ing.spec.rules.http --recursive").stdout


@pytest.mark.parametrize(("line", "stderr", "hint"), [
    ("kubectl explain svc.spec.targetport", 'error: field "targetport" does not exist\n', ""),
    ("kubectl explain svc.spec.ports.targetport", 'error: field "targetport" does not exist\n', "did you mean targetPort?"),
    ("kubectl explain serivce", 'error: the server doesn\'t have a resource type "serivce"\n', "did you mean service?"),
    ("kubectl get svc -o yam", 'error: unable to match a printer suitable for the output format "yam"', "did you mean -o yaml?"),
])
def test_what_kubectl_does_not_say_is_kept_for_why(session: Session, line: str, stderr: str, hint: str) -> None:
    output = session.run(line)
    assert output.status == 1 and output.stderr.startswith(stderr.rstrip("\n"))
    assert hint in session.desk.hint and hint in session.run("why").shown


def test_every_word_of_explain_belongs_to_a_field_of_the_schema() -> None:
    """A text under a name the schema does not have would never be shown."""
    from simnet.console.kubectl.explain import _words
    from simnet.manifests.schema import tables

    types = tables().types
    for name in _words():
        table, _, field = name.partition(".")
        assert table in types and (not field or field in types[table]), name
    for kind in ("Service", "Ingress", "NetworkPolicy", "EndpointSlice"):
        assert all(f"{kind}Spec.{field}" in _words() for field in types.get(f"{kind}Spec", ())), kind


def test_api_resources(session: Session) -> None:
    """Columns: kubernetes/kubectl pkg/cmd/apiresources/apiresources.go."""
    listed = squeezed(run(session, "kubectl api-resources --namespaced=false").stdout)
    assert listed[0] == "NAME SHORTNAMES APIVERSION NAMESPACED KIND"
    assert "ingressclasses networking.k8s.io/v1 false IngressClass" in listed and "nodes no v1 false Node" in listed
    assert run(session, "kubectl api-resources -o name --api-group=apps").stdout.split() == [
        "daemonsets.apps", "deployments.apps", "replicasets.apps", "statefulsets.apps"]
