"""`kubectl create`, `apply`, `replace`, `delete`, `run`, `expose`, `exec`, `logs`, `rollout`.

Words: kubernetes/kubectl pkg/cmd/{create,apply,replace,delete,run,expose,exec,logs,rollout}.
"""

from __future__ import annotations

from typing import Any

import pytest

from simnet.cluster import Cluster
from simnet.console import Session
from simnet.manifests.yaml import read_all
from tests.unit.console_net import run, shop

SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n"
TWO = SERVICE + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {k: v}\n"


@pytest.fixture
def session() -> Session:
    return Session(Cluster(), files={"web.yaml": SERVICE, "two.yaml": TWO, "dir/a.yaml": SERVICE, "dir/b.txt": "no"})


def made(session: Session, line: str) -> Any:
    """What a command would create, by its --dry-run=client -o yaml."""
    front, dashes, behind = line.partition(" -- ")
    return read_all(run(session, f"{front} --dry-run=client -o yaml{dashes}{behind}").stdout)[0]


# files ----------------------------------------------------------------------------------------------------------

def test_create_then_again(session: Session) -> None:
    assert run(session, "kubectl create -f web.yaml").shown == "service/web created\n"
    output = session.run("kubectl create -f web.yaml")
    assert (output.stderr, output.status) == (
        'Error from server (AlreadyExists): error when creating "web.yaml": services "web" already exists\n', 1)


def test_what_fails_does_not_keep_the_rest_from_being_created(session: Session) -> None:
    run(session, "kubectl create -f web.yaml")
    output = session.run("kubectl create -f two.yaml")
    assert output.stdout == "configmap/c created\n"
    assert output.status == 1


def test_apply_creates_configures_and_leaves_alone(session: Session) -> None:
    assert run(session, "kubectl apply -f web.yaml").stdout == "service/web created\n"
    assert run(session, "kubectl apply -f web.yaml").stdout == "service/web unchanged\n"
    session.files["web.yaml"] = SERVICE.replace("port: 80", "port: 81")
    assert run(session, "kubectl apply -f web.yaml").stdout == "service/web configured\n"


def test_a_folder_and_standard_input(session: Session) -> None:
    assert run(session, "kubectl apply -f dir").stdout == "service/web created\n"
    assert run(session, "cat two.yaml | kubectl apply -f -").stdout == "service/web unchanged\nconfigmap/c created\n"


def test_replace_needs_an_object_and_force_makes_it_anew(session: Session) -> None:
    output = session.run("kubectl replace -f web.yaml")
    assert output.stderr == 'Error from server (NotFound): error when replacing "web.yaml": services "web" not found\n'
    run(session, "kubectl create -f web.yaml")
    assert run(session, "kubectl replace -f web.yaml").stdout == "service/web replaced\n"
    assert run(session, "kubectl replace --force -f web.yaml").stdout == (
        'service "web" deleted from default namespace\nservice/web replaced\n')


def test_dry_runs_change_nothing(session: Session) -> None:
    assert run(session, "kubectl apply -f web.yaml --dry-run=client").stdout == "service/web created (dry run)\n"
    assert run(session, "kubectl apply -f web.yaml --dry-run=server").stdout == "service/web created (server dry run)\n"
    assert session.run("kubectl get svc web").status == 1
    assert session.run("kubectl apply -f web.yaml --dry-run=maybe").stderr == (
        'error: Invalid dry-run value (maybe). Must be "none", "server", or "client".\n')


def test_a_removed_api_version_is_converted_with_the_servers_warning(session: Session) -> None:
    session.files["i.yaml"] = (
        "apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: i}\n"
        "spec: {backend: {serviceName: web, servicePort: 80}}\n")
    output = run(session, "kubectl apply -f i.yaml")
    assert output.stdout == "ingress.networking.k8s.io/i created\n"
    assert output.stderr.startswith("Warning: extensions/v1beta1 Ingress is deprecated")
    assert output.shown == output.stderr + output.stdout


@pytest.mark.parametrize(("line", "stderr"), [
    ("kubectl apply -f wbe.yaml", 'error: the path "wbe.yaml" does not exist; did you mean web.yaml?\n'),
    ("kubectl apply -f https://example.com/a.yaml", 'error: unable to read URL "https://example.com/a.yaml": nothing '
     "outside the simulation can be fetched; put the text into a file\n"),
    ("kubectl apply", "error: must specify one of -f and -k\n"),
    ("kubectl apply -f web.yaml --server-side", "error: --server-side is not modelled: simnet keeps no record of who owns a "
     "field; without it the manifest is merged with the one applied last\n"),
    ("kubectl apply -f web.yaml --prune", "error: --prune is not modelled: what it would delete depends on files that "
     "are not there; delete such objects by name or label\n"),
    ("kubectl apply -n nosuch -f web.yaml",
     'Error from server (NotFound): error when applying "web.yaml": namespaces "nosuch" not found\n'),
])
def test_files_that_cannot_be_used(session: Session, line: str, stderr: str) -> None:
    output = session.run(line)
    assert (output.stdout, output.stderr, output.status) == ("", stderr, 1)


def test_a_namespace_on_the_command_line_must_agree_with_the_file(session: Session) -> None:
    session.files["n.yaml"] = SERVICE.replace("{name: web}", "{name: web, namespace: shop}")
    assert session.run("kubectl apply -n other -f n.yaml").stderr == (
        'error: the namespace from the provided object "shop" does not match the namespace "other". You must pass '
        "'--namespace=shop' to perform this operation.\n")


def test_mistakes_in_a_file_keep_their_line_and_column(session: Session) -> None:
    session.files["bad.yaml"] = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  ports: [{port: 99999}]\n"
    output = session.run("kubectl apply -f bad.yaml")
    assert output.status == 1
    assert output.stderr.startswith("error: bad.yaml:5:18: service/default/web: spec.ports[0].port: ")


# deletion -------------------------------------------------------------------------------------------------------

def test_delete_by_name_by_label_and_by_file() -> None:
    session = Session(shop(), files={"web.yaml": SERVICE})
    assert run(session, "kubectl delete pod client").stdout == 'pod "client" deleted from default namespace\n'
    assert run(session, "kubectl delete -f web.yaml").stdout == 'service "web" deleted from default namespace\n'
    assert run(session, "kubectl delete deploy/web").stdout == 'deployment.apps "web" deleted from default namespace\n'
    assert run(session, "kubectl get pods -l app=web").stdout == ""
    output = session.run("kubectl delete pod client")
    assert (output.stderr, output.status) == ('Error from server (NotFound): pods "client" not found\n', 1)
    assert run(session, "kubectl delete pod client --ignore-not-found").stdout == "No resources found\n"
    assert run(session, "kubectl delete pods --all --force --grace-period=0").stdout == (
        'pod "debian" force deleted from default namespace\n')


def test_delete_wants_a_name(session: Session) -> None:
    assert session.run("kubectl delete svc").stderr == (
        "error: resource(s) were provided, but no name was specified\n")


def test_a_namespace_goes_with_everything_in_it(session: Session) -> None:
    run(session, "kubectl create ns shop && kubectl -n shop apply -f web.yaml")
    assert run(session, "kubectl delete ns shop").stdout == 'namespace "shop" deleted\n'
    assert session.run("kubectl -n shop get svc").stderr == "No resources found in shop namespace.\n"


# made by flags --------------------------------------------------------------------------------------------------

def test_run_makes_a_pod(session: Session) -> None:
    assert run(session, "kubectl run web --image=nginx --labels=app=web,tier=front --port=80 --env=A=b").stdout == (
        "pod/web created\n")
    assert made(session, "kubectl run c --image=busybox --command -- sleep 1d")["spec"]["containers"] == [
        {"command": ["sleep", "1d"], "image": "busybox", "name": "c", "resources": {}}]
    pod = made(session, "kubectl run c --image=busybox -- a b")
    assert pod["spec"]["containers"][0]["args"] == ["a", "b"]
    assert pod["metadata"]["labels"] == {"run": "c"}


def test_the_old_generator_flag_is_accepted_with_kubectls_sentence(session: Session) -> None:
    output = run(session, "kubectl run httpbin --generator=run-pod/v1 --image=kennethreitz/httpbin")
    assert output.stderr == "Flag --generator has been deprecated, has no effect and will be removed in the future.\n"
    assert output.stdout == "pod/httpbin created\n"


@pytest.mark.parametrize(("line", "stderr"), [
    ("kubectl run", "error: NAME is required for run\n"),
    ("kubectl run web", 'error: required flag(s) "image" not set\n'),
    ("kubectl run web --image=nginx --rm", "error: --rm should only be used for attached containers\n"),
    ("kubectl run web --image=nginx -t", "error: -i/--stdin is required for containers with -t/--tty=true\n"),
    ("kubectl run web --image='a b'", 'error: Invalid image name "a b": invalid reference format\n'),
    ("kubectl run web --image=nginx --labels=app", "error: unexpected label spec: app\n"),
])
def test_run_refuses(session: Session, line: str, stderr: str) -> None:
    output = session.run(line)
    assert (output.stderr, output.status) == (stderr, 1)


def test_run_it_runs_here_and_rm_takes_the_pod_away() -> None:
    session = Session(shop())
    output = run(session, "kubectl run tmp --rm -it --image=busybox -- wget -qO- web")
    assert output.stdout.startswith("hello from web-")
    assert output.stdout.endswith('pod "tmp" deleted from default namespace\n')
    assert session.run("kubectl get pod tmp").status == 1


def test_run_it_with_a_shell_moves_there() -> None:
    session = Session(shop())
    output = run(session, "kubectl run tmp --rm -it --image=busybox -- sh")
    assert output.shown == "If you don't see a command prompt, try pressing enter.\n"
    assert session.prompt_actor == "pod/default/tmp"
    assert run(session, "wget -qO- web").stdout.startswith("hello from web-")
    session.run("false")
    assert run(session, "exit").shown == 'pod "tmp" deleted from default namespace\n'
    assert session.prompt_actor == "laptop"


def test_the_commands_status_counts_with_restart_never_only() -> None:
    """Source: kubectl pkg/cmd/run/run.go, waitForExitCode."""
    session = Session(shop())
    assert session.run("kubectl run t --rm -it --image=busybox -- false").status == 0
    output = session.run("kubectl run t --rm -it --restart=Never --image=busybox -- false")
    assert (output.stderr, output.status) == ("pod default/t terminated (Error)\n", 1)


def test_create_deployment(session: Session) -> None:
    assert run(session, "kubectl create deployment web --image=nginx:1.25 --replicas=2 --port=80").stdout == (
        "deployment.apps/web created\n")
    assert made(session, "kubectl create deploy d --image=ghcr.io/a/My-App:1 --port=80 -- run it") == {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"labels": {"app": "d"}, "name": "d"},
        "status": {}, "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "d"}}, "strategy": {}, "template": {
            "metadata": {"labels": {"app": "d"}}, "spec": {"containers": [
                {"command": ["run", "it"], "image": "ghcr.io/a/My-App:1", "name": "my-app",
                 "ports": [{"containerPort": 80}], "resources": {}}]}}}}


def test_create_service(session: Session) -> None:
    assert run(session, "kubectl create service clusterip web --tcp=80:8080").stdout == "service/web created\n"
    assert made(session, "kubectl create svc nodeport n --tcp=80 --node-port=30080")["spec"] == {
        "ports": [{"name": "80", "nodePort": 30080, "port": 80, "protocol": "TCP", "targetPort": 80}],
        "selector": {"app": "n"}, "type": "NodePort"}
    assert made(session, "kubectl create service clusterip h --clusterip=None")["spec"]["clusterIP"] == "None"
    assert made(session, "kubectl create service externalname e --external-name=a.example")["spec"] == {
        "externalName": "a.example", "selector": {"app": "e"}, "type": "ExternalName"}
    assert session.run("kubectl create service clusterip web --tcp=80").stderr == (
        'error: failed to create ClusterIP service: services "web" already exists\n')
    assert session.run("kubectl create service clusterip x").stderr == (
        "error: at least one tcp port specifier must be provided\n")
    assert session.run("kubectl create service nodport x --tcp=80").stderr == (
        "error: unknown type of service 'nodport'; one of clusterip, nodeport, loadbalancer, externalname is expected; did "
        "you mean nodeport?\n")


def test_create_ingress(session: Session) -> None:
    """Source: kubectl pkg/cmd/create/create_ingress.go and its examples: a path that ends in * is a prefix."""
    assert run(session, "kubectl create ingress shop --class=nginx --rule='shop.example/*=web:80'").stdout == (
        "ingress.networking.k8s.io/shop created\n")
    spec = made(session, "kubectl create ing i --rule='a.example/x=web:http,tls=cert' --rule='a.example/y*=api:80' "
                "--default-backend=d:80 --annotation=k=v")["spec"]
    assert spec["tls"] == [{"hosts": ["a.example"], "secretName": "cert"}]
    assert [(path["path"], path["pathType"], path["backend"]["service"]["port"]) for path in
            spec["rules"][0]["http"]["paths"]] == [("/x", "Exact", {"name": "http"}), ("/y", "Prefix", {"number": 80})]
    assert spec["defaultBackend"] == {"service": {"name": "d", "port": {"number": 80}}}
    assert session.run("kubectl create ingress i --rule=nonsense").stderr == (
        "error: rule nonsense is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]\n")


def test_create_namespace_secret_and_config_map(session: Session) -> None:
    session.files["app.conf"] = "x=1\n"
    assert run(session, "kubectl create namespace shop").stdout == "namespace/shop created\n"
    assert session.run("kubectl create ns shop").stderr == (
        'Error from server (AlreadyExists): namespaces "shop" already exists\n')
    assert made(session, "kubectl create secret generic s --from-literal=a=b")["data"] == {"a": "Yg=="}
    assert made(session, "kubectl create configmap c --from-literal=a=b --from-file=app.conf --from-file=k=app.conf")[
        "data"] == {"a": "b", "app.conf": "x=1\n", "k": "x=1\n"}
    assert session.run("kubectl create cm c --from-file=nosuch").stderr == "error: open nosuch: no such file or directory\n"
    assert session.run("kubectl create deploymnt d").stderr == (
        "error: Unexpected args: [deploymnt d]\nDid you mean this?\n\tkubectl create deployment\n"
        "See 'kubectl create -h' for help and examples\n")


def test_expose() -> None:
    session = Session(shop())
    run(session, "kubectl delete svc web")
    assert run(session, "kubectl expose deployment web --port=80 --target-port=8080 --type=NodePort").stdout == (
        "service/web exposed\n")
    spec = session.cluster.get("service", "web").manifest["spec"]
    assert (spec["type"], spec["selector"], spec["ports"][0]["targetPort"]) == ("NodePort", {"app": "web"}, 8080)
    assert made(session, "kubectl expose pod client --port=80 --name=c")["spec"] == {
        "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}], "selector": {"app": "client"}}
    assert made(session, "kubectl expose deploy web --name=w")["spec"]["ports"] == [
        {"port": 80, "protocol": "TCP", "targetPort": 80}]
    assert session.run("kubectl expose pod client").stderr.startswith(
        "error: couldn't find port via --port flag or introspection\n")
    assert session.run("kubectl expose namespace default --port 80").stderr == "error: cannot expose a Namespace\n"
    assert session.run("kubectl expose pod debian --port 80").stderr.startswith("error: couldn't retrieve selectors")


# exec, logs, rollout --------------------------------------------------------------------------------------------

def test_exec_runs_a_command_and_reports_its_status() -> None:
    session = Session(shop())
    assert run(session, "kubectl exec client -- sh -c 'echo a; echo b | cat'").stdout == "a\nb\n"
    output = session.run("kubectl exec client -- sh -c 'exit 3'")
    assert (output.stderr, output.status) == ("command terminated with exit code 3\n", 3)
    assert run(session, "echo in | kubectl exec -i client -- cat").stdout == "in\n"
    assert run(session, "kubectl exec deploy/web -- hostname").stdout.startswith("web-")


@pytest.mark.parametrize(("line", "stderr"), [
    ("kubectl exec nosuch -- ls", 'Error from server (NotFound): pods "nosuch" not found\n'),
    ("kubectl exec client ls", "error: exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead\n"
     "See 'kubectl exec -h' for help and examples\n"),
    ("kubectl exec client", "error: you must specify at least one command for the container\n"),
    ("kubectl exec client -c nosuch -- ls",
     "Error from server (BadRequest): container nosuch is not valid for pod client\n"),
])
def test_exec_refuses(line: str, stderr: str) -> None:
    output = Session(shop()).run(line)
    assert (output.stderr, output.status) == (stderr, 1)


def test_exec_into_what_does_not_run() -> None:
    session = Session(Cluster())
    run(session, "kubectl run done --image=busybox --restart=Never -- true")
    assert session.run("kubectl exec done -- ls").stderr == (
        "error: cannot exec into a container in a completed pod; current phase is Succeeded\n")
    run(session, "kubectl run stuck --image=nginx --overrides='{\"spec\":{\"nodeSelector\":{\"a\":\"b\"}}}'")
    assert session.run("kubectl exec stuck -- ls").stderr == "error: pod stuck does not have a host assigned\n"


def test_logs_of_a_running_pod_are_empty_and_a_waiting_one_has_none() -> None:
    session = Session(shop())
    assert run(session, "kubectl logs client").shown == ""
    run(session, "kubectl run stuck --image=nginx --overrides='{\"spec\":{\"nodeSelector\":{\"a\":\"b\"}}}'")
    assert session.run("kubectl logs stuck").stderr == (
        "Error from server (BadRequest): pod stuck does not have a host assigned\n")


def test_rollout() -> None:
    session = Session(shop())
    assert run(session, "kubectl rollout status deployment/web").stdout == 'deployment "web" successfully rolled out\n'
    before = run(session, "kubectl get pods -l app=web -o name").stdout
    assert run(session, "kubectl rollout restart deploy web").stdout == "deployment.apps/web restarted\n"
    assert run(session, "kubectl get pods -l app=web -o name").stdout != before


def test_wait() -> None:
    session = Session(shop())
    assert run(session, "kubectl wait --for=condition=Ready pod/client --timeout=60s").stdout == "pod/client condition met\n"
    assert run(session, "kubectl wait --for=condition=available deploy/web").stdout == "deployment.apps/web condition met\n"
    assert run(session, "kubectl wait --for=jsonpath='{.status.phase}'=Running pod/client").status == 0
    run(session, "kubectl run stuck --image=nginx --overrides='{\"spec\":{\"nodeSelector\":{\"a\":\"b\"}}}'")
    output = session.run("kubectl wait --for=condition=Ready pod/stuck")
    assert (output.stderr, output.status) == ("error: timed out waiting for the condition on pods/stuck\n", 1)


# the rest -------------------------------------------------------------------------------------------------------

def test_the_current_namespace_can_be_changed(session: Session) -> None:
    run(session, "kubectl create ns shop; kubectl config set-context --current --namespace=shop")
    run(session, "kubectl apply -f web.yaml")
    assert run(session, "kubectl get svc -o name").stdout == "service/web\n"
    assert session.run("kubectl -n default get svc web").status == 1


def test_versions_are_those_modelled(session: Session) -> None:
    assert run(session, "kubectl version").stdout == (
        "Client Version: v1.35.0\nKustomize Version: v5.7.1\nServer Version: v1.35.0\n")
    assert run(session, "kubectl cluster-info").stdout.startswith("Kubernetes control plane is running at https://")
    assert run(session, "kubectl api-resources").stdout.startswith(
        "NAME              SHORTNAMES   APIVERSION                     NAMESPACED   KIND\n")


def test_a_verb_that_exists_and_is_not_modelled_says_so(session: Session) -> None:
    assert session.run("kubectl drain node-1").stderr.startswith("error: 'kubectl drain' is not modelled; these are: ")


@pytest.mark.parametrize(("line", "stderr"), [  # seen with kubectl 1.32, but for kustomize
    ("kubectl apply x.yaml", "error: Unexpected args: [x.yaml]\nSee 'kubectl apply -h' for help and examples\n"),
    ("kubectl apply -f web.yaml y", "error: Unexpected args: [y]\nSee 'kubectl apply -h' for help and examples\n"),
    ("kubectl create -f web.yaml y", "error: Unexpected args: [y]\nSee 'kubectl create -h' for help and examples\n"),
    ("kubectl apply -k .", "error: kustomize (-k) is not modelled; write out what it would build and use -f\n"),
])
def test_words_that_are_no_flags_are_refused(session: Session, line: str, stderr: str) -> None:
    output = session.run(line)
    assert (output.stdout, output.stderr, output.status) == ("", stderr, 1)


def test_help_is_a_command_too(session: Session) -> None:
    assert run(session, "kubectl help").stdout == run(session, "kubectl").stdout
    assert run(session, "kubectl help get").stdout == run(session, "kubectl get --help").stdout


@pytest.mark.parametrize(("line", "empty"), [  # fields without pointers in kubernetes/api; seen with kubectl 1.32
    ("create ns x", {"spec": {}, "status": {}}),
    ("create service clusterip web --tcp=80", {"status": {"loadBalancer": {}}}),
    ("create ingress i --rule=a/b=c:80", {"status": {"loadBalancer": {}}}),
    ("create deployment web --image=nginx", {"status": {}}),
    ("run web --image=nginx", {"status": {}}),
])
def test_a_dry_run_shows_the_empty_parts_of_typed_objects(session: Session, line: str, empty: dict[str, Any]) -> None:
    whole = made(session, f"kubectl {line}")
    assert {key: value for key, value in whole.items() if key in empty} == empty
    assert whole["metadata"].keys() <= {"name", "labels"}


# deleting everything --------------------------------------------------------------------------------------------

def test_delete_all_passes_over_what_went_with_its_owner(session: Session) -> None:
    """Source: kubectl pkg/cmd/delete/delete.go Complete (--all ignores what is not found)."""
    run(session, "kubectl create deployment web --image=nginx")
    pod = run(session, "kubectl get pods -o name").stdout.strip().removeprefix("pod/")
    assert run(session, "kubectl delete all --all").shown == (
        f'pod "{pod}" deleted from default namespace\nservice "kubernetes" deleted from default namespace\n'
        'deployment.apps "web" deleted from default namespace\n')
    assert run(session, "kubectl get all -o name").stdout == "service/kubernetes\n"


def test_the_api_servers_service_comes_back_with_its_address(session: Session) -> None:
    before = run(session, "kubectl get svc kubernetes -o jsonpath='{.spec.clusterIP}'").stdout
    assert run(session, "kubectl delete svc kubernetes").stdout == 'service "kubernetes" deleted from default namespace\n'
    assert run(session, "kubectl get svc kubernetes -o jsonpath='{.spec.clusterIP}'").stdout == before


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-public"])
def test_the_namespaces_every_cluster_has_stay(session: Session, name: str) -> None:
    run(session, "kubectl create ns other")
    output = session.run(f"kubectl delete ns {name} other")
    assert output.stdout == 'namespace "other" deleted\n'
    assert (output.stderr, output.status) == (
        f'Error from server (Forbidden): namespaces "{name}" is forbidden: this namespace may not be deleted\n', 1)


CASCADES = [("deployment", "", (0, 0)), ("deployment", "--cascade=orphan", (1, 2)), ("replicaset", "--cascade=orphan", (0, 2)),
            ("statefulset", "", (0, 0)), ("statefulset", "--cascade=background", (0, 0)),
            ("statefulset", "--cascade=orphan", (0, 2)), ("daemonset", "--cascade=false", (0, 2))]


@pytest.mark.parametrize(("kind", "flag", "left"), CASCADES)
def test_an_orphan_stays_and_is_taken_back(kind: str, flag: str, left: tuple[int, int]) -> None:
    """Source: kubernetes/kubectl pkg/cmd/util/helpers.go GetCascadingStrategy; kubernetes/kubernetes
    pkg/controller/garbagecollector/garbagecollector.go orphanDependents, pkg/controller/controller_ref_manager.go."""
    session = Session(Cluster(nodes=2))
    made = {"deployment": "Deployment", "replicaset": "ReplicaSet", "statefulset": "StatefulSet", "daemonset": "DaemonSet"}[kind]
    spec = {"selector": {"matchLabels": {"app": "db"}}, "template": {
        "metadata": {"labels": {"app": "db"}}, "spec": {"containers": [{"name": "db", "image": "db"}]}}}
    manifest = {"apiVersion": "apps/v1", "kind": made, "metadata": {"name": "db"},
                "spec": spec if kind == "daemonset" else {**spec, "replicas": 2}}
    session.cluster.apply(manifest)
    before = {each.name for each in session.cluster.list("pod", namespace="default")}
    run(session, f"kubectl delete {kind} db {flag}")
    pods = session.cluster.list("pod", namespace="default")
    assert (len(session.cluster.list("replicaset", namespace="default")), len(pods)) == left
    assert all(each.owner is None or each.owner.kind == "ReplicaSet" for each in pods)
    session.cluster.apply(manifest)
    again = {each.name for each in session.cluster.list("pod", namespace="default") if each.owner is not None}
    assert (again == before) == (left[1] == 2 or kind == "statefulset"), "pods of a StatefulSet are called the same anew"


def test_kubectl_knows_three_words_for_cascade(session: Session) -> None:
    run(session, "kubectl apply -f web.yaml")
    refused = session.run("kubectl delete svc web --cascade=none")
    assert refused.stderr == 'error: invalid cascade value (none). Must be "background", "foreground", or "orphan"\n'
    assert run(session, "kubectl get svc web -o name").stdout == "service/web\n"
