"""The real kubectl as referee of patches, where one is installed.

`kubectl patch --local` lays random patches over random objects; `kubectl apply` against a small server on the loopback
address shows the patch it makes of three random objects. No cluster is needed. What is left out: fields that the
installed release does not know, and three corners where kubectl's own answer depends on chance or is an accident of
its slices (a value added to and deleted from one set at once; a value twice in a set; merging two empty lists in a
stated order).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from typing import Any

import pytest

from simnet.manifests.patch import PatchError, field_of_kind, merged, strategic
from simnet.manifests.patch_create import three_way
from simnet.manifests.patch_json import json_patched
from simnet.manifests.schema import Field, tables

KUBECTL = shutil.which("kubectl")
pytestmark = pytest.mark.skipif(KUBECTL is None, reason="no kubectl on this machine to compare with")

KINDS = [("v1", "Pod", "pods"), ("v1", "Service", "services"), ("apps/v1", "Deployment", "deployments"),
         ("v1", "ServiceAccount", "serviceaccounts"), ("v1", "ConfigMap", "configmaps"),
         ("networking.k8s.io/v1", "Ingress", "ingresses")]
NEWER = ("unable to find api field", "no elements in any of the given slices")
SCALARS: dict[str, list[Any]] = {
    "string": ["x", "y"], "integer": [1, 2], "int64": [1, 2], "boolean": [True, False], "time": ["2027-01-01T00:00:00Z"], "any": ["x"],
    "bytes": ["aGk="], "quantity": ["1", "100m"], "int-or-string": [80, "http"], "number": [1, 2]}
LAST = "kubectl.kubernetes.io/last-applied-configuration"


class Maker:
    """Random values of fields of the tables; with `patch`, nulls and directives among them."""

    def __init__(self, random: Random, patch: bool = False) -> None:
        self.random, self.patch = random, patch

    def value(self, field: Field, depth: int = 0) -> Any:
        if self.patch and self.random.random() < 0.12:
            return None
        if field.container == "list":
            return self.items(field, depth)
        if field.container == "map":
            names = self.random.sample("abc", self.random.randint(0, 2))
            return {name: self.value(field.item, depth + 1) for name in names}
        if field.is_scalar:
            return self.random.choice(SCALARS[field.base])
        return self.members(field, depth)

    def names(self, field: Field) -> list[Any]:
        """What the items of a merged list may be called."""
        base = tables().types[field.base][field.merge_key].base if field.merge_key else field.base
        return ["a", "b", "c", "d"] if base == "string" else [80, 81, 82, 83]

    def items(self, field: Field, depth: int) -> list[Any]:
        if not field.merges:
            return [item for _ in range(self.random.randint(0, 2)) if (item := self.value(field.item, depth + 1)) is not None]
        names = self.random.sample(self.names(field), self.random.randint(0, 3))
        if not field.merge_key:
            return names
        items: list[Any] = []
        for name in names:
            if self.patch and self.random.random() < 0.25:
                items.append({field.merge_key: name, "$patch": "delete"})
            else:
                items.append({**(self.value(field.item, depth + 1) or {}), field.merge_key: name})
        if self.patch and self.random.random() < 0.08:
            items.insert(0, {"$patch": "replace"})
        return items

    def members(self, field: Field, depth: int) -> dict[str, Any]:
        struct = tables().types[field.base]
        names = self.random.sample(sorted(struct), min(len(struct), self.random.randint(0, 3))) if depth < 8 else []
        names += [name for name in struct if (struct[name].merges or struct[name].retains or name in ("template", "spec"))
                  and self.random.random() < 0.5]
        made = {name: self.value(struct[name], depth + 1) for name in dict.fromkeys(names)}
        return self.directed(made, struct) if self.patch else made

    def directed(self, made: dict[str, Any], struct: Any) -> dict[str, Any]:
        if self.random.random() < 0.05:
            return {"$patch": self.random.choice(["replace", "delete"]), **made}
        for name in [name for name, value in made.items() if isinstance(value, list) and struct[name].merges]:
            items, field = made[name], struct[name]
            if self.random.random() < 0.3 and {"$patch": "replace"} not in items:
                kept = [item[field.merge_key] if field.merge_key else item for item in items
                        if not (isinstance(item, dict) and "$patch" in item)]
                for other in self.names(field):
                    if other not in kept and self.random.random() < 0.4:
                        kept.insert(self.random.randint(0, len(kept)), other)
                made["$setElementOrder/" + name] = [{field.merge_key: each} for each in kept] if field.merge_key else kept
            elif not field.merge_key and self.random.random() < 0.5:
                made["$deleteFromPrimitiveList/" + name] = [each for each in self.names(field) if each not in items][:2]
        return made

    def object(self, version: str, kind: str) -> dict[str, Any]:
        struct = tables().types[field_of_kind(version, kind).base]
        metadata = tables().types["ObjectMeta"]
        parts = {name: self.value(struct[name], 1) for name in ("spec", "data", "secrets") if name in struct}
        return {"metadata": {name: self.value(metadata[name], 1) for name in ("labels", "annotations", "finalizers")}, **parts}


def named(parts: dict[str, Any], version: str, kind: str) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, **parts, "metadata": {**(parts["metadata"] or {}), "name": "o"}}


def without_directives(value: Any) -> Any:
    """kubectl leaves directives standing in parts that met nothing; the API server's types drop them."""
    if isinstance(value, dict):
        return {key: without_directives(item) for key, item in value.items() if not key.startswith("$")}
    return [without_directives(item) for item in value] if isinstance(value, list) else value


def kubectl(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    assert KUBECTL is not None
    environment = {**os.environ, "HOME": str(home), "KUBECONFIG": os.devnull}
    return subprocess.run([KUBECTL, *arguments], capture_output=True, text=True, env=environment, cwd=home, timeout=60,
                          check=False)


def patched_locally(home: Path, value: Any, kind: str, patch: Any) -> tuple[Any, str]:
    """What kubectl makes of it, or what it says."""
    (home / "o.json").write_text(json.dumps(value))
    done = kubectl(home, "patch", "--local", "-f", "o.json", "--type", kind, "-p", json.dumps(patch), "-o", "json")
    return (json.loads(done.stdout), "") if done.returncode == 0 else (None, done.stderr.strip().removeprefix("error: "))


@pytest.mark.parametrize("form", ["strategic", "merge"])
def test_random_patches(form: str, scale: int, tmp_path: Path) -> None:
    random = Random(7)
    compared = 0
    for _ in range(30 * scale):
        version, kind, _plural = random.choice(KINDS)
        value = named(Maker(random).object(version, kind), version, kind)
        patch = {key: item for key, item in Maker(random, patch=True).object(version, kind).items() if item is not None}
        theirs, said = patched_locally(tmp_path, value, form, patch)
        if any(word in said for word in NEWER):
            continue
        try:
            ours = strategic(value, patch, field_of_kind(version, kind)) if form == "strategic" else merged(value, patch)
        except PatchError as problem:
            assert said.startswith(str(problem).split(":")[0]), (value, patch, said, str(problem))
        else:
            assert without_directives(ours) == without_directives(theirs), (value, patch, said)
            compared += 1
    assert compared > 20 * scale


PLACES = [*(f"/spec/containers/0/args/{step}" for step in ("0", "2", "3", "4", "-", "-1", "-3", "-4", "x", "01")),
          *(f"/spec/containers/{step}" for step in ("0", "1", "-", "-1", "0/name", "2/name", "-1/name")),
          "/metadata/labels/x~1y", "/metadata/labels/t~0u", "/metadata/labels/none", "/spec/none", "/spec/none/x", "/spec/empty/0",
          "/spec/empty/-", "/spec/map/a", "/spec/map", "/spec/containers", "/metadata/name/x", "/spec/containers/0/ports/1"]
JSON_OBJECT = {
    "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "o", "labels": {"a": "b", "x/y": "z", "t~u": "1"}},
    "spec": {"containers": [{"name": "c", "ports": [{"containerPort": 80}, {"containerPort": 81}], "args": ["1", "2", "3"]},
                            {"name": "d"}], "empty": [], "map": {}}}


def test_random_json_patches(scale: int, tmp_path: Path) -> None:
    random = Random(7)
    for _ in range(40 * scale):
        patch = [{"op": random.choice(["add", "remove", "replace", "test", "move", "copy"]), "path": random.choice(PLACES),
                  "from": random.choice(PLACES), "value": random.choice([None, 1, "b", [1], {"k": 1}, "1"])}
                 for _ in range(random.randint(1, 3))]
        theirs, said = patched_locally(tmp_path, JSON_OBJECT, "json", patch)
        try:
            assert json_patched(JSON_OBJECT, patch) == theirs, (patch, said)
        except PatchError as problem:
            assert theirs is None, (patch, str(problem), theirs)


# the patch that apply sends -----------------------------------------------------------------------------------------

class Server(BaseHTTPRequestHandler):
    """One live object; the body of the PATCH that kubectl sends for it."""

    live: dict[str, Any]
    sent: dict[str, Any] | None = None

    def do_GET(self) -> None:
        words = [word for word in self.path.partition("?")[0].split("/") if word]
        if words == ["api"]:
            self.give({"kind": "APIVersions", "versions": ["v1"]})
        elif words == ["apis"]:
            self.give({"kind": "APIGroupList", "apiVersion": "v1", "groups": [
                {"name": group, "versions": [{"groupVersion": f"{group}/v1", "version": "v1"}],
                 "preferredVersion": {"groupVersion": f"{group}/v1", "version": "v1"}}
                for group in ("apps", "networking.k8s.io")]})
        elif words[0] in ("api", "apis") and len(words) in (2, 3):
            version = "/".join(words[1:])
            self.give({"kind": "APIResourceList", "groupVersion": version, "resources": [
                {"name": plural, "namespaced": True, "kind": kind, "verbs": ["get", "patch"]}
                for each, kind, plural in KINDS if each == version]})
        elif words[0] in ("api", "apis"):
            self.give(type(self).live)
        else:
            self.send_error(404)

    def do_PATCH(self) -> None:
        type(self).sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.give(type(self).live)

    def give(self, value: Any) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[tuple[type[Server], str]]:
    handler = type("Handler", (Server,), {})
    listening = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield handler, f"http://127.0.0.1:{listening.server_address[1]}"
    listening.shutdown()
    listening.server_close()


def changed(random: Random, value: Any, field: Field) -> Any:
    """Another value of the same field, much of it the same."""
    fresh = Maker(random).value(field, 2)
    if not (isinstance(value, dict) and isinstance(fresh, dict)) or random.random() < 0.1:
        if isinstance(value, list) and field.merges and field.merge_key:
            items = {item[field.merge_key]: item for item in [*value, *(fresh or [])]}
            kept = [name for name in items if random.random() < 0.7]
            random.shuffle(kept)
            return [changed(random, items[name], field.item) | {field.merge_key: name} for name in kept]
        return value if random.random() < 0.5 else fresh
    struct = tables().struct(field) or {}
    result = {key: changed(random, item, struct.get(key, field.item)) for key, item in value.items() if random.random() < 0.85}
    return {**{key: item for key, item in fresh.items() if random.random() < 0.2}, **result}


def test_the_patch_of_an_apply(server: tuple[type[Server], str], scale: int, tmp_path: Path) -> None:
    handler, address = server
    random = Random(11)
    compared = 0
    for _ in range(25 * scale):
        version, kind, _plural = random.choice(KINDS)
        field = field_of_kind(version, kind)
        struct = tables().types[field.base]
        part = next(name for name in ("spec", "data", "secrets") if name in struct)
        base = Maker(random).value(struct[part], 1)
        last, new, live = ({"metadata": {"labels": changed(random, {"a": "x", "b": "y"}, Field("string", "map"))},
                            part: changed(random, base, struct[part])} for _ in range(3))
        for each in (last, new, live):
            each["metadata"]["namespace"] = "default"
        last, new, live = (named(each, version, kind) for each in (last, new, live))
        live["metadata"]["annotations"] = {LAST: json.dumps(last)}
        handler.live, handler.sent = live, None
        (tmp_path / "new.json").write_text(json.dumps(new))
        done = kubectl(tmp_path, "--server", address, "apply", "--validate=false", "-f", "new.json")
        if any(word in done.stderr for word in NEWER):
            continue
        assert done.returncode == 0, (done.stderr, last, new, live)
        sent = dict(handler.sent or {})
        sent.get("metadata", {}).get("annotations", {}).pop(LAST, None)
        ours = three_way({**last, "metadata": {**last["metadata"], "annotations": {}}},
                         {**new, "metadata": {**new["metadata"], "annotations": {}}}, live, field)
        assert without_empty_metadata(ours) == without_empty_metadata(sent), json.dumps([last, new, live, ours, sent])
        compared += 1
    assert compared > 15 * scale


def without_empty_metadata(patch: dict[str, Any]) -> dict[str, Any]:
    """The annotation of the last apply, which every patch carries along, leaves empty mappings behind."""
    metadata = {key: item for key, item in patch.get("metadata", {}).items() if item != {}}
    rest = {key: item for key, item in patch.items() if key != "metadata"}
    return {**rest, "metadata": metadata} if metadata else rest
