"""`kubectl apply` on objects that exist: the three-way merge, the annotation, places of what is refused.

The random runs against a real kubectl are in tests/edges/test_kubectl_patches.py.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

import simnet
from simnet.console import Session
from simnet.errors import InvalidField
from simnet.manifests.apply import LAST_APPLIED, annotation_of
from simnet.manifests.patch import field_of_kind
from simnet.manifests.patch_create import three_way
from simnet.manifests.read import read_manifests

Object = dict[str, Any]


@pytest.fixture
def cluster() -> simnet.Cluster:
    return simnet.Cluster(nodes=1)


def pod_with(**spec: Any) -> Object:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec}


def service(*ports: Object, **spec: Any) -> Object:
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": list(ports), **spec}}


A, B, C = ({"name": name, "image": "1"} for name in "abc")
# row, last applied, applied now, live (specs of a pod), patch; source: the PATCH body of kubectl apply 1.32
THREE_WAY: list[tuple[str, Object, Object, Object, Object]] = [
    ("nothing changed", {"nodeName": "a"}, {"nodeName": "a"}, {"nodeName": "a", "hostname": "server"}, {}),
    ("a field that is no longer said goes", {"hostname": "a"}, {}, {"hostname": "a", "nodeName": "b"}, {"hostname": None}),
    ("a field somebody else set stays", {}, {}, {"hostname": "a"}, {}),
    ("a field somebody else changed comes back", {"hostname": "a"}, {"hostname": "a"}, {"hostname": "b"}, {"hostname": "a"}),
    ("an item that is no longer said goes, another's stays", {"containers": [A, B]}, {"containers": [A]},
     {"containers": [A, B, C]},
     {"containers": [{"name": "b", "$patch": "delete"}], "$setElementOrder/containers": [{"name": "a"}]}),
    ("an item is changed and one added", {"containers": [A]}, {"containers": [B, {**A, "image": "2"}]}, {"containers": [A]},
     {"containers": [B, {"name": "a", "image": "2"}], "$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]}),
    ("another source of a volume", {"volumes": [{"name": "v", "emptyDir": {}}]},
     {"volumes": [{"name": "v", "configMap": {"name": "c"}}]}, {"volumes": [{"name": "v", "emptyDir": {}}]},
     {"volumes": [{"name": "v", "configMap": {"name": "c"}, "emptyDir": None, "$retainKeys": ["configMap", "name"]}],
      "$setElementOrder/volumes": [{"name": "v"}]}),
    ("a list without a key is sent whole", {}, {"tolerations": [{"key": "a"}]}, {"tolerations": [{"key": "a", "effect": "x"}]},
     {"tolerations": [{"key": "a"}]}),
]


@pytest.mark.parametrize(("row", "last", "new", "live", "patch"), THREE_WAY, ids=[row[0] for row in THREE_WAY])
def test_the_patch(row: str, last: Object, new: Object, live: Object, patch: Object) -> None:
    found = three_way({"spec": last}, {"spec": new}, {"spec": live}, field_of_kind("v1", "Pod"))
    assert found.get("spec", {}) == patch


def test_the_annotation_is_the_manifest_as_go_writes_it() -> None:
    """Source: kubectl apply --dry-run=client -o yaml (1.32): sorted keys, `<` escaped, namespace filled in."""
    manifest, = read_manifests({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "c"}, "data": {"b": "<ü>", "a": "&"}})
    assert annotation_of(manifest) == (
        '{"apiVersion":"v1","data":{"a":"\\u0026","b":"\\u003cü\\u003e"},"kind":"ConfigMap",'
        '"metadata":{"annotations":{},"name":"c","namespace":"default"}}\n')


def test_what_apply_and_create_leave_behind(cluster: simnet.Cluster) -> None:
    cluster.apply(service({"port": 80}))
    noted = json.loads(cluster.get("service", "web").annotations[LAST_APPLIED])
    assert noted["spec"] == {"ports": [{"port": 80}]}
    cluster.create({**service({"port": 80}), "metadata": {"name": "other"}})
    assert LAST_APPLIED not in cluster.get("service", "other").annotations


def test_a_port_of_another_number_is_a_new_port_and_keeps_its_node_port(cluster: simnet.Cluster) -> None:
    """The merge is by port; what is allocated stays with the entry. Source: kubernetes/api core/v1 ServiceSpec.ports."""
    cluster.apply(service({"port": 80, "name": "a"}, {"port": 81, "name": "b"}, type="NodePort"))
    before = {port.port: port.node_port for port in cluster.get("service", "web").ports}
    cluster.apply(service({"port": 81, "name": "b"}, {"port": 82, "name": "c"}, type="NodePort"))
    after = {port.port: port.node_port for port in cluster.get("service", "web").ports}
    assert (sorted(after), after[81]) == ([81, 82], before[81])


def test_what_others_changed_stays_and_what_the_manifest_dropped_goes(cluster: simnet.Cluster) -> None:
    """kubectl scale, then apply of a manifest that says nothing of replicas; a selector entry that is dropped."""
    session = Session(cluster)
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {
        "selector": {"matchLabels": {"app": "web"}}, "template": {
            "metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}}}
    cluster.apply([deployment, service({"port": 80}, selector={"app": "web", "tier": "x"})])
    session.run("kubectl scale deployment web --replicas=3")
    changed = json.loads(json.dumps(deployment))
    changed["spec"]["template"]["spec"]["containers"][0]["image"] = "nginx:2"
    cluster.apply([changed, service({"port": 80}, selector={"app": "web"})])
    assert cluster.get("deployment", "web").replicas == 3
    assert cluster.get("service", "web").manifest["spec"]["selector"] == {"app": "web"}


def test_a_part_of_an_object_is_enough_for_one_that_exists(cluster: simnet.Cluster) -> None:
    """The API server judges the object after the merge, not the manifest."""
    cluster.create(service({"port": 80}, selector={"app": "web"}))  # so that nothing was applied last
    result, = cluster.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "labels": {"a": "b"}}})
    assert result.action == "configured"


def test_a_refused_update_names_the_place_in_the_file_and_changes_nothing(cluster: simnet.Cluster) -> None:
    """Paths count in the merged object, where port 80 comes second; lines count in the file."""
    cluster.apply(service({"port": 80, "name": "a"}, {"port": 81, "name": "b"}))
    before = cluster.dump(), cluster.version
    session = Session(cluster, files={"web.yaml": """\
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  clusterIP: 10.96.0.77
  ports:
  - {name: b, port: 81}
  - name: a
    port: 80
    targetPort: 70000
"""})
    output = session.run("kubectl apply -f web.yaml")
    old = cluster.get("service", "web").manifest["spec"]["clusterIP"]
    assert output.stderr.splitlines() == [
        'error: web.yaml:5:14: service/default/web: spec.clusterIPs[0]: Invalid value: ["10.96.0.77"]: may not change once set',
        "web.yaml:10:17: service/default/web: spec.ports[1].targetPort: Invalid value: 70000: must be between 1 and 65535, "
        "inclusive"], old
    assert (cluster.dump(), cluster.version) == before


def test_an_update_to_external_name_drops_the_addresses(cluster: simnet.Cluster) -> None:
    """Source: kubernetes/kubernetes pkg/registry/core/service/strategy.go dropTypeDependentFields; rule CI-6."""
    cluster.apply(service({"port": 80}, type="NodePort"))
    cluster.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {
        "type": "ExternalName", "externalName": "docs.example.net"}})
    spec = cluster.get("service", "web").manifest["spec"]
    assert {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "externalTrafficPolicy", "ports"} & set(spec) == set()


def test_fields_that_no_longer_apply_are_refused_when_they_were_changed_too(cluster: simnet.Cluster) -> None:
    cluster.apply(service({"port": 80, "nodePort": 30001}, type="NodePort"))
    with pytest.raises(InvalidField, match="may not be used when `type` is 'ClusterIP'"):
        cluster.replace(service({"port": 80, "nodePort": 30002}, type="ClusterIP"))


def test_apply_warns_of_what_it_did_not_make(cluster: simnet.Cluster) -> None:
    """Source: kubernetes/kubectl pkg/cmd/apply/apply.go warningNoLastAppliedConfigAnnotation."""
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: b}\n"
    session = Session(cluster, files={"c.yaml": text})
    session.run("kubectl create -f c.yaml")
    output = session.run("kubectl apply -f c.yaml")
    assert (output.stdout, output.stderr) == (
        "configmap/c configured\n",
        "Warning: resource configmaps/c is missing the kubectl.kubernetes.io/last-applied-configuration annotation which is "
        "required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl "
        "create --save-config or kubectl apply. The missing annotation will be patched automatically.\n")
    again = session.run("kubectl apply -f c.yaml")
    assert (again.stdout, again.stderr) == ("configmap/c unchanged\n", "")
    session.run("kubectl delete -f c.yaml")
    session.run("kubectl create --save-config -f c.yaml")
    assert session.run("kubectl apply -f c.yaml").stdout == "configmap/c unchanged\n"


VALIDATE = [  # --validate, standard output, whether there is a warning; source: kubectl pkg/cmd/util/helpers.go
    ("strict", "", False), ("true", "", False), ("warn", "configmap/c created\n", True), ("ignore", "configmap/c created\n", False),
    ("false", "configmap/c created\n", False)]


@pytest.mark.parametrize(("directive", "stdout", "warned"), VALIDATE)
def test_unknown_fields_by_validate(directive: str, stdout: str, warned: bool, cluster: simnet.Cluster) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndta: {a: b}\n"
    output = Session(cluster, files={"c.yaml": text}).run(f"kubectl apply --validate={directive} -f c.yaml")
    assert output.stdout == stdout
    assert (output.stderr == "Warning: c.yaml:4:1: configmap/default/c: dta: unknown field, left out; did you mean data?\n") == warned


def test_an_odd_validate(cluster: simnet.Cluster) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"
    output = Session(cluster, files={"c.yaml": text}).run("kubectl apply --validate=maybe -f c.yaml")
    assert (output.stderr, output.status) == (
        "error: invalid - validate option 'maybe'; must be one of: strict (or true), warn, ignore (or false)\n", 1)


def test_what_get_wrote_can_be_replaced_only_while_nobody_changed_it(cluster: simnet.Cluster) -> None:
    """Source: kubernetes/apiserver pkg/registry/generic/registry/store.go (OptimisticLockErrorMsg)."""
    cluster.apply(service({"port": 80}))
    session = Session(cluster)
    session.run("kubectl get service web -o yaml > w.yaml")
    session.run("kubectl annotate service web a=b")
    output = session.run("kubectl replace -f w.yaml")
    assert output.stderr == (
        'Error from server (Conflict): error when replacing "w.yaml": Operation cannot be fulfilled on services "web": the '
        "object has been modified; please apply your changes to the latest version and try again\n")
    session.run("kubectl get service web -o yaml > w.yaml")
    assert session.run("kubectl replace -f w.yaml").stdout == "service/web replaced\n"


def test_what_get_wrote_can_be_applied_and_says_nothing_new(cluster: simnet.Cluster) -> None:
    """What only the server writes does not count."""
    cluster.create(service({"port": 80}))
    session = Session(cluster)
    session.run("kubectl get service web -o yaml > w.yaml")
    uid = cluster.get("service", "web").uid
    assert session.run("kubectl apply -f w.yaml").stdout == "service/web configured\n"
    assert session.run("kubectl apply -f w.yaml").stdout == "service/web unchanged\n"
    assert cluster.get("service", "web").uid == uid
