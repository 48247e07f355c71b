"""The way in: what counts as a source, and what is said when it is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from simnet.errors import InvalidField, ManifestError, UsageError
from simnet.manifests import admissible, checked, decode, read_manifests
from simnet.names import ObjectKey

from .manifest_cases import manifest, pod, service

TEXT = "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  ports:\n  - port: 80\n"


class Builder:
    def __init__(self, data):
        self.data = data

    def to_manifest(self):
        return self.data


def names(source, **options):
    return [given.key.name for given in read_manifests(source, **options)]


def test_text_mappings_builders_objects_and_lists_are_sources():
    thing = decode(service(name="object"), now=0.0)
    read, = read_manifests(service(name="read"))
    assert names([TEXT, service(name="mapping"), Builder(service(name="builder")), thing, read]) == [
        "web", "mapping", "builder", "object", "read"]


def test_files_and_directories_are_sources(tmp_path: Path):
    for name in ("b.yaml", "a.yml"):
        (tmp_path / name).write_text(TEXT.replace("web", name[0]))
    (tmp_path / "notes.txt").write_text("no manifest")
    assert names(tmp_path / "b.yaml") == names(str(tmp_path / "b.yaml")) == ["b"]
    assert names(tmp_path) == ["a", "b"]


def test_text_may_be_given_the_name_of_a_file():
    assert read_manifests(TEXT, file="web.yaml")[0].place.file == "web.yaml"


def test_lists_are_taken_apart():
    listed = {"apiVersion": "v1", "kind": "List", "items": [service(), {"apiVersion": "v1", "kind": "List", "items": [pod()]}]}
    assert [given.kind for given in read_manifests(listed)] == ["Service", "Pod"]


def test_items_of_a_typed_list_have_its_kind():
    """kubectl get --raw gives such lists."""
    listed = {"apiVersion": "apps/v1", "kind": "DeploymentList", "metadata": {}, "items": [{"metadata": {"name": "a"}}]}
    assert [(given.api_version, given.kind) for given in read_manifests(listed)] == [("apps/v1", "Deployment")]


SCOPES = [  # sentence, manifests, key of the last
    ("a namespaced kind", [service()], ObjectKey("shop", "web")),
    ("a cluster-scoped kind", [manifest("Node")], ObjectKey("", "web")),
    ("a cluster-scoped kind that is not modelled", [
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "web"}}],
     ObjectKey("", "web")),
    ("a custom kind is taken for namespaced", [{"apiVersion": "a.io/v1", "kind": "Thing", "metadata": {"name": "web"}}],
     ObjectKey("shop", "web")),
    ("unless its definition says otherwise", [
        {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "things.a.io"},
         "spec": {"group": "a.io", "scope": "Cluster", "names": {"kind": "Thing"}}},
        {"apiVersion": "a.io/v1", "kind": "Thing", "metadata": {"name": "web"}}], ObjectKey("", "web")),
]


@pytest.mark.parametrize(("sentence", "source", "key"), SCOPES)
def test_where_objects_belong(sentence, source, key):
    assert read_manifests(source, namespace="shop")[-1].key == key


WARNED = [  # sentence, manifest, part of the warning
    ("a namespace on a Node", manifest("Node", metadata={"namespace": "shop"}), "belong to no namespace"),
    ("a version no server has any more", {"apiVersion": "policy/v1beta1", "kind": "PodDisruptionBudget",
                                           "metadata": {"name": "a"}}, "use policy/v1 PodDisruptionBudget"),
    ("core Endpoints", manifest("Endpoints"), "use discovery.k8s.io/v1 EndpointSlice"),
]


@pytest.mark.parametrize(("sentence", "data", "part"), WARNED)
def test_remarks_do_not_refuse(sentence, data, part):
    warning, = read_manifests(data)[0].warnings
    assert part in str(warning)


def test_every_mistake_of_every_document_is_reported_together():
    text = TEXT.replace("port: 80", "prot: 80") + "---\n- a\n---\n" + TEXT.replace("apiVersion: v1\n", "")
    with pytest.raises(ManifestError) as refused:
        read_manifests([text, "a: [", TEXT])
    assert [problem.type for problem in refused.value.problems] == ["Syntax", "Unknown", "Syntax", "Required"]


def test_a_mistake_in_one_file_does_not_hide_those_of_another(tmp_path: Path):
    (tmp_path / "a.yaml").write_text("a: [")
    (tmp_path / "b.yaml").write_text(TEXT.replace("port: 80", "prot: 80"))
    with pytest.raises(ManifestError) as refused:
        read_manifests(tmp_path)
    assert [Path(problem.place.file).name for problem in refused.value.problems] == ["a.yaml", "b.yaml"]


def test_what_the_api_server_would_understand_and_refuse_is_an_invalid_field():
    with pytest.raises(InvalidField):
        read_manifests(service(ports=[]), rules=admissible)
    with pytest.raises(InvalidField):
        checked(read_manifests([service(ports=[]), service(type="NodePrt")]))
    with pytest.raises(ManifestError) as refused:
        read_manifests([service(ports=[]), service(prots=[])], rules=admissible)
    assert not isinstance(refused.value, InvalidField)


def test_checked_manifests_know_what_would_be_stored():
    given, = checked(read_manifests(service()))
    assert given.stored["spec"]["type"] == "ClusterIP"
    assert "type" not in given.data["spec"]


def test_a_place_may_be_asked_for_by_text():
    given, = read_manifests(TEXT, file="f")
    assert str(given.place_of("spec.ports[0].port")) == "f:7:5"
    assert str(given.place_of("spec.ports[0].port", value=True)) == "f:7:11"
    assert str(given.place_of("spec.ports[0].nodePort")) == "f:7:3"


@pytest.mark.parametrize("source", [3, object(), None])
def test_anything_else_is_no_source(source):
    with pytest.raises(UsageError, match="is no source of manifests"):
        read_manifests(source)


def test_documents_that_can_be_read_are_checked_though_others_cannot(tmp_path):
    text = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containrs: []}\n---\na: @\n---\napiVersion: v1\nkind: Pod\n"
    (tmp_path / "a.yaml").write_text(text)
    (tmp_path / "b.yaml").write_text("b: @\n")
    for source, file, others in ((text, "a.yaml", []), (tmp_path, "", [1])):
        with pytest.raises(ManifestError) as refused:
            read_manifests(source, file=file)
        assert [problem.place.line for problem in refused.value.problems] == [4, 6, 8, *others]


def test_a_list_in_a_named_text_is_taken_apart():
    text = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Namespace, metadata: {name: a}}\n"
    assert [each.ref for each in read_manifests(text, file="f")] == ["namespace/a"]
