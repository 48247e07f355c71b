"""What users read when they made a mistake: the exact text, the type, and no inner traceback.

One row, one mistake. The texts are part of the product; a change here is a change users see.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simnet.errors import InvalidField, ManifestError, SimnetError, UsageError
from simnet.manifests import admissible, decode, read_manifests
from simnet.objects.kinds import kind_named


def assert_message(act: Callable[[], Any], kind: type[SimnetError], text: str) -> None:
    """`act` raises exactly `kind` with exactly `text`, and hides the error it came from."""
    with pytest.raises(SimnetError) as refused:
        act()
    error = refused.value
    assert (type(error), str(error)) == (kind, text)
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None


def manifest(text: str) -> Callable[[], Any]:
    return lambda: read_manifests(text, file="web.yaml", rules=admissible)


def service(*lines: str) -> Callable[[], Any]:
    """A Service whose spec, from line 5 on, is these lines."""
    return manifest("apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n" + "".join(f"  {line}\n" for line in lines))


PORT = "ports: [{port: 80}]"
MESSAGES = [  # mistake, act, type, text
    ("a misspelt field", service("prots: [{port: 80}]", PORT), ManifestError,
     "web.yaml:5:3: service/default/web: spec.prots: unknown field; did you mean ports?"),
    ("a port as text", service('ports: [{port: "80"}]'), ManifestError,
     'web.yaml:5:18: service/default/web: spec.ports[0].port: Invalid value: "80": must be an integer; the quotes make it '
     "a string; did you mean 80?"),
    ("a label that YAML reads as a number", service("selector: {version: 1.10}", PORT), ManifestError,
     "web.yaml:5:23: service/default/web: spec.selector.version: Invalid value: 1.1: must be a string; 1.10 without "
     'quotes is a number; did you mean "1.10"?'),
    ("a word outside an enumeration", service("type: Nodeport", PORT), InvalidField,
     'web.yaml:5:9: service/default/web: spec.type: Unsupported value: "Nodeport": supported values: "ClusterIP", '
     '"ExternalName", "LoadBalancer", "NodePort"; did you mean NodePort?'),
    ("a port above the range", service("ports: [{port: 70000}]"), InvalidField,
     "web.yaml:5:18: service/default/web: spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, "
     "inclusive"),
    ("no port", service("ports: [{name: http}]"), InvalidField,
     "web.yaml:5:11: service/default/web: spec.ports[0].port: Required value"),
    ("two mistakes at once", service("ports: [{port: 0}]", "clusterIP: 10.96.0.256"), InvalidField,
     "web.yaml:5:18: service/default/web: spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive\n"
     'web.yaml:6:14: service/default/web: spec.clusterIPs[0]: Invalid value: "10.96.0.256": must be a valid IP address, '
     "(e.g. 10.9.8.7 or 2001:db8::ffff)"),
    ("lost indentation", service("ports:", "- name: http", "port: 80"), ManifestError,
     "web.yaml:7:3: service/default/web: spec.port: wrong indentation: spec.ports[0] lacks port, which stands one level "
     "too high\nindented like this it is accepted:\napiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  ports:\n"
     "  - name: http\n    port: 80"),
    ("no kind", manifest("apiVersion: v1\nmetadata: {name: web}\n"), ManifestError,
     "web.yaml:1:1: kind: Required value: every manifest says its kind, such as Service"),
    ("no name", manifest("apiVersion: v1\nkind: Service\nspec: {}\n"), InvalidField,
     "web.yaml:1:1: service: metadata.name: Required value: name or generateName is required"),
    ("a kind in the wrong group", manifest("apiVersion: v1\nkind: Deployment\nmetadata: {name: web}\n"), ManifestError,
     'web.yaml:1:13: deployment/default/web: no matches for kind "Deployment" in version "v1"; did you mean apps/v1?'),
    ("a misspelt kind", manifest("apiVersion: v1\nkind: Servce\nmetadata: {name: web}\n"), ManifestError,
     'web.yaml:2:7: servce/default/web: no matches for kind "Servce" in version "v1"; did you mean Service?'),
    ("a list where an object is expected", manifest("- a\n"), ManifestError,
     "web.yaml:1:1: found a list where a manifest is expected: a mapping with apiVersion, kind and metadata"),
    ("keys without spaces after their colons", manifest("apiVersion:v1\nkind:Pod\n"), ManifestError,
     "web.yaml:1: found the text 'apiVersion:v1 kind:Pod' where a manifest is expected: a mapping with apiVersion, kind "
     "and metadata; a colon needs a space after it: `apiVersion: v1`"),
    ("plain text in a Secret's data", manifest(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\ndata:\n  password: hunter2\n"), InvalidField,
     'web.yaml:5:13: secret/default/db: data.password: Invalid value: "hunter2": illegal base64 data; use stringData for '
     "plain text"),
    ("an address that is none in a live object", lambda: decode(
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "status": {"podIP": "10.0.0"}}, now=0.0, facts=True),
     InvalidField, 'pod/default/a: status.podIP: Invalid value: "10.0.0": must be a valid IP address, (e.g. 10.9.8.7 or '
     "2001:db8::ffff)"),
    ("something that is no manifest at all", lambda: read_manifests(3), UsageError,
     "int is no source of manifests: a Path, text, a mapping, an object with to_manifest(), or a list of these is expected"),
    ("a kind kubectl does not know", lambda: kind_named("servcie"), UsageError,
     "'servcie' is not a kind of object; did you mean service?"),
]


@pytest.mark.parametrize(("mistake", "act", "kind", "text"), MESSAGES, ids=[row[0] for row in MESSAGES])
def test_the_message_is_exactly_this(mistake: str, act: Callable[[], Any], kind: type[SimnetError], text: str) -> None:
    assert_message(act, kind, text)
