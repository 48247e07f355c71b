"""The shell a person sits at: a beginner's first hour, prompts, lines that go on, completion, editing, forwarded ports."""

from __future__ import annotations

import pytest

from simnet.cluster import Cluster
from simnet.console import Session
from simnet.console.interactive import Interactive, goes_on
from tests.unit.console_net import shop

OK = None
HOUR: list[tuple[str, str | None]] = [  # what is typed, and what must be named; OK: it works
    ("help", OK), ("kubeclt get pods", "kubectl"), ("kubectl", OK), ("kubectl get", "api-resources"), ("kubectl get pod", OK),
    ("kubectl get podz", "pod"), ("kubectl gte pods", "get"), ("Kubectl get pods", "kubectl"), ("kubectl get pods -o wide", OK),
    ("kubectl get pods -n kube-sytem", "kube-system"), ("kubectl get pods -A", OK), ("kubectl get pods --all-namespace", "--all-namespaces"),
    ("kubectl get pods --namspace default", "--namespace"), ("kubectl get svc wbe", "web"), ("kubectl get svc,pods", OK),
    ("kubectl get ep,svcs", "svc"), ("kubectl get pod web", "web-"), ("kubectl get pods -l app=wbe", "app=web"),
    ("kubectl get pods -o wdie", "wide"), ("kubectl get po/clientt", "client"), ("kubectl get nodez", "node"),
    ("kubectl get po -o jsonpath='{.items[*].metadata.name}'", OK), ("kubectl get po -o jsonpath='{.items[*'", "unterminated"),
    ("kubectl get po -o custom-colums=A:.kind", "custom-columns"), ("kubectl get svc -o custom-columns=NAME:.metadata.name", OK),
    ("kubectl get pods --sort-by=.metadata.nme", "couldn't find any field"), ("kubectl get pods --sort-by=.metadata.name", OK),
    ("kubectl get pods --field-selector status.phse=Running", "status.phse"), ("kubectl describe deploy webb", "web"),
    ("kubectl describe svc web", OK), ("kubectl describe ns defualt", "default"), ("kubectl describe", "type of resource"),
    ("kubectl explain svc.spec.prots", "ports"), ("kubectl explain service", OK), ("kubectl explain serivce", "service"),
    ("kubectl api-resources", OK), ("kubectl api-resorces", "api-resources"), ("kubectl version", OK), ("kubectl cluster-info", OK),
    ("cur http://web", "curl"), ("curl http://web/", "not known outside"), ("curl -sS --insecrue http://web/", "--insecure"),
    ("curl", "URL"), ("ping web", "not known outside"), ("nslookup web", "not known outside"), ("wgte http://web", "wget"),
    ("kubectl exec client curl http://web", "exec [POD] -- [COMMAND]"), ("kubectl exec client -- crul http://web", "curl"),
    ("kubectl exec -it clinet -- sh", "client"), ("kubectl exec -it client", "command"), ("kubectl exec -it client -- sh", OK),
    ("curl -s http://web/", OK), ("curl -s http://wbe/", "web"), ("why", OK), ("curl -s http://web.shop/", "DNS-"),
    ("curl -s http://web:8080/", "80"), ("curl -s http://web/ | heda -1", "head"), ("curl -s http://web/ | head -1 | wc -l", OK),
    ("cat /etc/resolv.conf", OK), ("cat /etc/resolv.cnf", "/etc/resolv.conf"), ("getent hosts web", OK), ("kubectl get pods", "command not found"),
    ("exit", "exit code"), ("ls", OK), ("cat > shop.yaml <<EOF", OK), ("apiVersion: v1", OK), ("kind: Service", OK), ("metadata: {name: shop}", OK),
    ("spec: {selector: {app: wbe}, ports: [{port: 80}]}", OK), ("EOF", OK), ("kubectl aply -f shop.yaml", "apply"),
    ("kubectl apply shop.yaml", "-f shop.yaml"), ("kubectl apply -f shop.yml", "shop.yaml"), ("kubectl apply", "-f"),
    ("kubectl apply -f shop.yaml", OK), ("cat shop.ymal", "shop.yaml"), ("kubectl exec client -- curl -sS http://shop/", "app=web"),
    ("kubectl get endpoints shop", OK), ("why", OK), ("kubectl patch svc shop -p '{\"spec\":{\"selector\":{\"app\":\"web\"}}}'", OK),
    ("kubectl exec client -- curl -sS http://shop/", OK), ("kubectl patch svc shop -p '{\"spec\"'", "error"),
    ("kubectl label pod client tier=front", OK), ("kubectl label pod clint tier=front", "client"), ("kubectl scale deploy web --replicas=x", "whole number"),
    ("kubectl scale deploy web --replcas=3", "--replicas"), ("kubectl scale deploy wbe --replicas=3", "web"), ("kubectl scale deploy web --replicas=3", OK),
    ("kubectl rollout staus deploy/web", "status"), ("kubectl rollout status deploy/web", OK), ("kubectl expose deploy wbe --port=80", "web"),
    ("kubectl create deploymnt x --image=nginx", "deployment"), ("kubectl create deployment x --image=nginx", OK),
    ("kubectl run y --imgae=nginx", "--image"), ("kubectl port-forward svc/wbe 8080:80", "web"), ("kubectl port-forward svc/web 8080:81", "80"),
    ("kubectl port-forward svc/web 8080:80", OK), ("curl -s localhost:8080", OK), ("kubectl logs clent", "client"), ("kubectl logs client", OK),
    ("kubectl edit svc web", "editor"), ("vi shop.yaml", "<<EOF"), ("kubectl delete pod debain", "debian"), ("kubectl delete pod debian", OK),
    ("kubectl config set-contxt --current --namespace=shop", "set-context"), ("kubectl wait --for=condtion=Ready pod/client", "condition=Ready"),
    ("echo 'open", OK), ("quote'", OK), ("kubectl get pods | grpe web", "grep"), ("kubectl get pods | grep -c web", OK), ("echo $((1+1))", "arithmetic"),
    ("for p in a b; do echo $p; done", "for"), ("kubectl get pods &", "background"), ("kubectl get pods | | wc", "unexpected token"),
    ("curl “http://web”", 'curl "http://web"'), ("history | tail -1", OK), ("hlep", "help"), ("help", OK), ("exit", OK),
]


def test_a_beginners_first_hour() -> None:
    """A hundred lines and more with the usual slips: nothing is raised, and whatever fails names what would do."""
    shell = Interactive(Session(shop()))
    assert len(HOUR) >= 100
    for line, named in HOUR:
        output = shell.feed(line)
        if named is OK:
            assert output.status == 0, (line, output)
        else:
            failed = output.status or "No resources found" in output.stderr
            assert failed and named.lower() in output.shown.lower(), (line, output)
    assert shell.is_over


def test_the_prompt_says_where_one_is() -> None:
    cluster = shop()
    cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "c", "namespace": "shop"},
                   "spec": {"containers": [{"name": "c", "image": "curlimages/curl:8.5.0", "command": ["sleep", "infinity"]}]}})
    shell = Interactive(Session(cluster))
    seen = []
    for line in ("kubectl exec -it client -- sh", "echo 'a", "b'", "exit", "kubectl exec -it -n shop c -- sh", "exit"):
        seen.append(shell.prompt)
        shell.feed(line)
    assert seen == ["laptop$ ", "client$ ", "> ", "client$ ", "laptop$ ", "shop/c$ "]
    assert Interactive(Session(cluster, actor="node/node-1")).prompt == "node-1$ "


@pytest.mark.parametrize(("text", "more"), [
    ("echo a", False), ("echo 'a", True), ('echo "a', True), ("echo a |", True), ("echo a \\", True), ("echo a \\\\", False),
    ("cat <<EOF", True), ("cat <<EOF\na", True), ("cat <<EOF\na\nEOF", False), ("cat <<'X' > f\n$a\nX", False),
    ("cat <<< text", False), ("echo $(date", True), ("echo a &&", True), ("echo )", False), ("", False),
])
def test_lines_that_go_on(text: str, more: bool) -> None:
    """Source: POSIX.1-2017 Shell Command Language 2.2, 2.3 and 2.7.4."""
    assert goes_on(text) is more


def test_an_interrupt_drops_a_line_that_goes_on() -> None:
    shell = Interactive(Session(shop()))
    shell.feed("cat <<EOF")
    shell.interrupt()
    assert shell.prompt == "laptop$ " and shell.feed("echo a").stdout == "a\n"


@pytest.mark.parametrize(("line", "found"), [
    ("kubectl des", ["describe"]), ("kube", ["kubectl"]), ("kubectl get deployme", ["deployment", "deployments"]),
    ("kubectl describe pod cl", ["client"]), ("kubectl get svc -n kube-s", ["kube-system"]), ("kubectl get svc -n kube-system kube", ["kube-dns"]),
    ("kubectl get pods --show-l", ["--show-labels"]), ("kubectl get pods -o js", ["json", "jsonpath-as-json", "jsonpath-file", "jsonpath="]),
    ("kubectl exec -it cl", ["client", "clusterrole", "clusterrolebinding", "clusterrolebindings", "clusterroles"]),
    ("kubectl exec client -- cur", ["curl"]), ("kubectl get svc/w", ["svc/web"]), ("kubectl apply -f w", ["web.yaml"]), ("cat we", ["web.yaml"]),
    ("kubectl explain svc.spec.po", ["svc.spec.ports"]), ("kubectl get pods | gre", ["grep"]), ("curl --inse", ["--insecure"]),
    ("kubectl get pods -l app=w", ["app=web"]), ("kubectl rollout st", ["status"]), ("kubectl create ns x; kubectl get po deb", ["debian"]),
    ("nosuch ", []), ("kubectl get pods 'cl", ["client"][:0]),
])
def test_completion(line: str, found: list[str]) -> None:
    shell = Interactive(Session(shop(), files={"web.yaml": ""}))
    assert sorted(shell.complete(line)) == sorted(found)


def test_completion_inside_a_pod_knows_the_names_there() -> None:
    shell = Interactive(Session(shop()))
    shell.feed("kubectl exec -it client -- sh")
    assert "http://web" in shell.complete("curl http://w") and shell.complete("kubectl g") == []


# editing --------------------------------------------------------------------------------------------------------

def edited(old: str, new: str) -> Interactive:
    """A shell with an editor that replaces one text by another."""
    shell = Interactive(Session(shop()))
    shell.desk.editor = lambda name, text: text.replace(old, new)
    return shell


def test_edit_puts_what_was_saved_in_place() -> None:
    """Words: kubernetes/kubectl pkg/cmd/util/editor/editoptions.go."""
    shell = edited("app: web\n", "app: client\n")
    assert shell.feed("kubectl edit svc web").shown == "service/web edited\n"
    assert shell.feed("kubectl get svc web -o jsonpath='{.spec.selector}'").stdout == '{"app":"client"}'


def test_edit_without_a_change_and_with_an_empty_text() -> None:
    assert edited("nosuch", "").feed("kubectl edit svc web").stderr == "Edit cancelled, no changes made.\n"
    shell = edited("", "")
    shell.desk.editor = lambda name, text: ""
    assert shell.feed("kubectl edit svc web").stderr == "Edit cancelled, saved file was empty.\n"


def test_an_edit_that_is_refused_keeps_its_text_and_changes_nothing() -> None:
    shell = edited("port: 80", "port: 80000")
    output = shell.feed("kubectl edit svc web")
    assert output.status == 1 and "spec.ports[0].port" in output.stderr and "cancelled" in output.stderr
    assert "80000" in shell.feed("cat /tmp/kubectl-edit.yaml").stdout
    assert shell.feed("kubectl get svc web -o jsonpath='{.spec.ports[0].port}'").stdout == "80"


def test_files_are_edited_too() -> None:
    shell = edited("a", "b")
    shell.feed("echo a > f")
    assert shell.feed("vi f").status == 0 and shell.feed("cat f").stdout == "b\n"


# port-forward ---------------------------------------------------------------------------------------------------

def test_a_forwarded_port_leads_to_one_pod_of_a_service_past_service_and_policy() -> None:
    """A Service's port is translated to the pods' port. Source: kubectl pkg/cmd/portforward/portforward.go."""
    cluster = shop()
    cluster.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "front"}, "spec": {
        "selector": {"app": "web"}, "ports": [{"port": 8000, "targetPort": 80, "name": "http"}]}})
    session = Session(cluster)
    assert session.run("kubectl port-forward svc/front 9000:8000").stdout == (
        "Forwarding from 127.0.0.1:9000 -> 80\nForwarding from [::1]:9000 -> 80\n")
    assert {session.run("curl -s localhost:9000").stdout for _ in range(8)} == {session.run("curl -s 127.0.0.1:9000").stdout}
    assert "Host: localhost:9000" in session.run("curl -sv http://localhost:9000/").stderr
    assert session.run("kubectl port-forward svc/front :http").stdout.startswith("Forwarding from 127.0.0.1:40000 -> 80\n")


@pytest.mark.parametrize(("line", "stderr"), [
    ("svc/web 81", "error: Service web does not have a service port 81\n"),
    ("svc/web http", "error: Service 'web' does not have a named port 'http'\n"),
    ("client http", "error: Pod 'client' does not have a named port 'http'\n"),
    ("client", "error: TYPE/NAME and list of ports are required for port-forward\nSee 'kubectl port-forward -h' for help and examples\n"),
    ("client 99999:80", "error: error parsing local port '99999': strconv.ParseUint: parsing \"99999\": value out of range\n"),
    ("nosuch 80", 'Error from server (NotFound): pods "nosuch" not found\n'),
])
def test_ports_that_lead_nowhere(line: str, stderr: str) -> None:
    output = Session(shop()).run(f"kubectl port-forward {line}")
    assert (output.stdout, output.stderr, output.status) == ("", stderr, 1)


def test_a_port_nobody_listens_on_is_taken_and_ends_and_a_pod_that_went_is_refused() -> None:
    session = Session(shop())
    session.run("kubectl port-forward client 9000:77")
    assert session.run("curl -s localhost:9000").status == 52 and session.run("nc -z localhost 9000").status == 0
    assert session.run("kubectl exec client -- curl -s localhost:9000").status == 7
    session.run("kubectl delete pod client")
    assert session.run("curl -s localhost:9000").status == 7


def test_a_program_on_loopback_only_is_reached_through_a_forwarded_port() -> None:
    """Row 27 of the confusions list: works in port-forward, not in the Service."""
    cluster = Cluster(images={"app:1": {"listen": [{"port": 80, "bind": "127.0.0.1", "answer": "me\n"}]}})
    cluster.apply([{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [{"name": "a", "image": "app:1"}]}}])
    session = Session(cluster)
    session.run("kubectl port-forward pod/a 8080:80")
    assert session.run("curl -s localhost:8080").stdout == "me\n"
