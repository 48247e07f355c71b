"""`kubectl label`, `annotate`, `scale`, `patch`, `set image`."""

from __future__ import annotations

import pytest

from simnet.console import Session
from tests.unit.console_net import run, shop


@pytest.fixture
def session() -> Session:
    return Session(shop())


def test_label(session: Session) -> None:
    """Source: kubectl pkg/cmd/label/label.go."""
    assert run(session, "kubectl label pod client tier=x").stdout == "pod/client labeled\n"
    assert run(session, "kubectl label pod client tier=x").stdout == "pod/client not labeled\n"
    output = session.run("kubectl label pod client tier=y")
    assert (output.stderr, output.status) == ("error: 'tier' already has a value (x), and --overwrite is false\n", 1)
    assert run(session, "kubectl label pod client tier=y --overwrite").stdout == "pod/client labeled\n"
    assert run(session, "kubectl label pod client tier-").stdout == "pod/client unlabeled\n"
    assert run(session, "kubectl label pod client tier-").stdout == 'label "tier" not found.\npod/client not labeled\n'
    assert run(session, "kubectl label pods --all a=b").stdout.count("labeled\n") == 4


def test_a_label_moves_a_pod_into_a_service(session: Session) -> None:
    before = run(session, "kubectl get endpoints web --no-headers").stdout
    run(session, "kubectl label pod client app=web --overwrite")
    assert run(session, "kubectl get endpoints web --no-headers").stdout != before


@pytest.mark.parametrize(("line", "stderr"), [
    ("kubectl label pod client", "error: at least one label update is required\n"),
    ("kubectl label pods a=b", "error: one or more resources must be specified as <resource> <name> or <resource>/<name>\n"),
    ("kubectl label pod nosuch a=b", 'Error from server (NotFound): pods "nosuch" not found\n'),
])
def test_label_refuses(session: Session, line: str, stderr: str) -> None:
    output = session.run(line)
    assert (output.stderr, output.status) == (stderr, 1)


def test_annotate(session: Session) -> None:
    assert run(session, "kubectl annotate svc web note='hello world'").stdout == "service/web annotated\n"
    assert "Annotations:              note: hello world\n" in run(session, "kubectl describe svc web").stdout


def test_local_changes_only_the_text(session: Session) -> None:
    session.files["p.yaml"] = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: i}]}\n"
    assert run(session, "kubectl label --local -f p.yaml x=y -o yaml").stdout == (
        "apiVersion: v1\nkind: Pod\nmetadata:\n  labels:\n    x: \"y\"\n  name: p\nspec:\n  containers:\n  - image: i\n"
        "    name: c\n")


def test_scale(session: Session) -> None:
    assert run(session, "kubectl scale deployment web --replicas=4").stdout == "deployment.apps/web scaled\n"
    assert run(session, "kubectl get deploy web --no-headers").stdout.split()[1] == "4/4"
    assert session.run("kubectl scale deploy web").stderr == 'error: required flag(s) "replicas" not set\n'
    assert session.run("kubectl scale deploy web --replicas=1 --current-replicas=9").stderr == (
        "error: Expected replicas to be 9, was 4\n")
    assert session.run("kubectl scale svc web --replicas=1").stderr.startswith("error: cannot scale service/web")


def test_patch(session: Session) -> None:
    """The example of the stories' page: a ClusterIP Service becomes a LoadBalancer."""
    assert run(session, "kubectl patch service web -p '{\"spec\":{\"type\":\"LoadBalancer\"}}'").stdout == (
        "service/web patched\n")
    assert run(session, "kubectl get service web --no-headers").stdout.split()[1:4] == [
        "LoadBalancer", "10.96.1.5", "203.0.113.2"]
    assert run(session, "kubectl patch service web -p '{\"spec\":{\"type\":\"LoadBalancer\"}}'").stdout == (
        "service/web patched (no change)\n")
    assert run(session, "kubectl patch svc web --type=json -p '[{\"op\": \"replace\", \"path\": \"/spec/selector/app\", "
               "\"value\": \"wbe\"}]'").stdout == "service/web patched\n"
    assert session.cluster.get("service", "web").manifest["spec"]["selector"] == {"app": "wbe"}
    assert session.run("kubectl patch svc web --type=merg -p '{}'").stderr == (
        'error: --type must be one of [json merge strategic], not "merg"\n')


def test_a_refused_patch_says_what_the_api_server_says(session: Session) -> None:
    output = session.run("kubectl patch svc web -p '{\"spec\":{\"clusterIP\":\"10.96.1.6\",\"clusterIPs\":[\"10.96.1.6\"]}}'")
    assert output.status == 1
    assert output.stderr.startswith('The Service "web" is invalid:')


def test_a_patch_to_a_type_that_needs_less_drops_what_it_needed(session: Session) -> None:
    """Source: kubernetes/kubernetes pkg/registry/core/service/strategy.go dropTypeDependentFields."""
    run(session, "kubectl patch svc web -p '{\"spec\":{\"type\":\"LoadBalancer\",\"externalTrafficPolicy\":\"Local\"}}'")
    run(session, "kubectl patch svc web -p '{\"spec\":{\"type\":\"ClusterIP\"}}'")
    spec = session.cluster.get("service", "web").manifest["spec"]
    assert {"externalTrafficPolicy", "healthCheckNodePort", "allocateLoadBalancerNodePorts"} & set(spec) == set()
    assert (spec["clusterIP"], [sorted(port) for port in spec["ports"]]) == (
        "10.96.1.5", [["port", "protocol", "targetPort"]])


# row, command line, standard error (kubectl patch --local says the same; the prefixes: kubernetes/kubectl
# pkg/cmd/util/helpers.go checkErr), status
BAD_PATCHES = [
    ("no merge key", "kubectl patch deploy web -p '{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"image\":\"a\"}]}}}}'",
     "Error from server (BadRequest): map: {'image': 'a'} does not contain declared merge key: name\n", 1),
    ("a list where fields are wanted", "kubectl patch svc web -p '[1]'",
     "Error from server (BadRequest): a patch of this type is a mapping with the fields to change; a list of operations goes "
     "with --type=json\n", 1),
    ("a test that fails", "kubectl patch svc web --type=json -p '[{\"op\":\"test\",\"path\":\"/spec/type\",\"value\":\"x\"}]'",
     "The request is invalid: testing value /spec/type failed: test failed\n", 1),
    ("another name", "kubectl patch svc web -p '{\"metadata\":{\"name\":\"other\"}}'",
     "Error from server (BadRequest): the name of the object (other) does not match the name on the URL (web)\n", 1),
    ("an unknown field", "kubectl patch svc web -p '{\"spec\":{\"selectr\":{\"a\":\"b\"}}}'",
     'Warning: unknown field "spec.selectr"\n', 0),
]


@pytest.mark.parametrize(("row", "line", "stderr", "status"), BAD_PATCHES, ids=[row[0] for row in BAD_PATCHES])
def test_patches_that_change_nothing(row: str, line: str, stderr: str, status: int, session: Session) -> None:
    before = session.cluster.dump()
    output = session.run(line)
    assert (output.stderr, output.status) == (stderr, status)
    assert session.cluster.dump() == before


def test_patch_locally(session: Session) -> None:
    session.files["p.yaml"] = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: i}]}\n"
    line = "kubectl patch --local -f p.yaml -p '{\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"j\"}]}}'"
    assert run(session, line).stdout == "pod/p patched\n"
    assert run(session, line + " -o jsonpath={.spec.containers[0].image}").stdout == "j"


def test_set_image(session: Session) -> None:
    assert run(session, "kubectl set image deployment/web nginx=nginx:1.26").stdout == "deployment.apps/web image updated\n"
    assert run(session, "kubectl get deploy web -o wide --no-headers").stdout.split()[6] == "nginx:1.26"
    assert session.run("kubectl set image deploy/web nosuch=a").stderr == (
        'error: unable to find container named "nosuch"\n')
