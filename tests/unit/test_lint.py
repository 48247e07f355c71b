"""`simnet lint`: each rule on a small set that breaks it and on one that does not; repairs in the user's own text.

What must be found: the ranked list of what people struggle with, and the checks that diagnosis tools chose (a selector
without pods, dangling backends, ports, Secrets and classes, duplicates, overlaps, DNS labels, probes).
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simnet.cli.main import main
from simnet.diagnosis import DIAGNOSED
from simnet.errors import ManifestError
from simnet.ip import IPNetwork
from simnet.lint import Plan, Severity, lint
from simnet.lint.catalogue import LINTED
from simnet.lint.edits import edit_of, edited
from simnet.lint.report import json_of, sarif_of, text_of
from simnet.lint.texts import differences, lint_texts, repaired
from simnet.scenario.model import VirtualFile
from simnet.scenario.reader import read_story

ROOT = Path(__file__).resolve().parents[2]
STORY = ROOT / "scenarios" / "shop-with-twelve-mistakes.story.md"

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: unheard.of/web, ports: [{name: http, containerPort: 8080}], PROBE}]}
"""
SERVICE = """\
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
"""
INGRESS = """\
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, annotations: {}}
spec:
  ingressClassName: nginx
  rules:
  - host: x.test
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
"""
SOUND = WEB.replace(", PROBE", "") + SERVICE + INGRESS
HEADLESS = """\
---
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: None, selector: {app: db}, ports: [{port: 5432}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: main, image: unheard.of/db, ports: [{containerPort: 5432}], env: [{name: URL, value: "http://db/"}]}]}
"""
POLICY = """\
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p}
spec: SPEC
"""
CLASS = """\
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: internal}
spec: {controller: example.com/internal}
"""


def node(name: str, cidr: str) -> str:
    return f"---\napiVersion: v1\nkind: Node\nmetadata: {{name: {name}}}\nspec: {{podCIDR: {cidr}}}\n"


def policy(spec: str) -> str:
    return SOUND + POLICY.replace("SPEC", spec)


ROWS = [  # title, text, (code, severity, line, only repair) of each remark
    ("a sound set", SOUND, []),
    ("a sound set with a headless Service", SOUND + HEADLESS, []),
    ("a selector with a slip", SOUND.replace("selector: {app: web}", "selector: {app: wbe}"),
     [("SEL-NOMATCH", "error", 13, "spec.selector.app: wbe -> web")]),
    ("a selector with a slip in the key", SOUND.replace("selector: {app: web}", "selector: {ap: web}"),
     [("SEL-NOMATCH", "error", 13, "key of spec.selector: ap -> app")]),
    ("a selector with one label too many", SOUND.replace("selector: {app: web}", "selector: {app: web, tier: x}"),
     [("SEL-NOMATCH", "error", 13, "spec.selector.tier: x -> (none)")]),
    ("a selector that nothing is near to", SOUND.replace("selector: {app: web}", "selector: {app: search}"),
     [("SEL-NOMATCH", "error", 13, "")]),
    ("a Service alone", SERVICE, [("SEL-NOMATCH", "warning", 5, "")]),
    ("a port that no container declares", SOUND.replace("targetPort: 8080", "targetPort: 3000"),
     [("PRT-NOLISTEN", "warning", 13, "spec.ports[0].targetPort: 3000 -> 8080")]),
    ("a port by default that no container declares", SOUND.replace(", targetPort: 8080", ""),
     [("PRT-NOLISTEN", "warning", 13, "spec.ports[0].targetPort: (none) -> 8080")]),
    ("a name that no container port has", SOUND.replace("targetPort: 8080", "targetPort: htpp"),
     [("PRT-NAME", "error", 13, "spec.ports[0].targetPort: htpp -> http")]),
    ("two programs behind one selector", SOUND + WEB.replace(", PROBE", "").replace("name: web", "name: db").replace(
        "8080", "5432").replace("{app: web}", "{app: web, tier: db}").join(("---\n", "")),
     [("SEL-BROAD", "warning", 13, "")]),
    ("a Service nobody mentions", SOUND + SERVICE.replace("type: NodePort, ", "").replace("name: web", "name: spare"),
     [("SVC-UNUSED", "note", 26, "")]),
    ("a node port out of range", SOUND.replace("port: 80, ", "port: 80, nodePort: 8080, "),
     [("SVC-NODEPORT", "error", 13, "")]),
    ("one node port twice", SOUND.replace("port: 80, ", "port: 80, nodePort: 30080, ")
     + SERVICE.replace("port: 80, ", "port: 80, nodePort: 30080, ").replace("name: web", "name: two"),
     [("SVC-DUPPORT", "error", 27, "")]),
    ("one cluster IP twice", SOUND.replace("type: NodePort", "type: NodePort, clusterIP: 10.96.0.9")
     + SERVICE.replace("type: NodePort", "type: NodePort, clusterIP: 10.96.0.9").replace("name: web", "name: two"),
     [("SVC-DUPIP", "error", 27, "")]),
    ("an alias for a Service with a slip", SOUND + SERVICE.replace("name: web", "name: alias").replace(
        "{type: NodePort, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}",
        "{type: ExternalName, externalName: wbe.default.svc.cluster.local}"),
     [("SVC-EXTNAME", "error", 27, "spec.externalName: wbe.default.svc.cluster.local -> web.default.svc.cluster.local")]),
    ("an Ingress without class", SOUND.replace("  ingressClassName: nginx\n", ""), [("ING-CLASS", "warning", 18, "")]),
    ("an Ingress without class where there is one", SOUND.replace("  ingressClassName: nginx\n", "") + CLASS,
     [("ING-CLASS", "error", 18, "spec.ingressClassName: (none) -> internal")]),
    ("a class with a slip", SOUND.replace("ClassName: nginx", "ClassName: ngnix"),
     [("ING-CLASS", "warning", 19, "spec.ingressClassName: ngnix -> nginx")]),
    ("a class that only a real cluster knows", SOUND.replace("ClassName: nginx", "ClassName: company-edge"), []),
    ("a class that none of these files has", SOUND + CLASS,
     [("ING-CLASS", "error", 19, "spec.ingressClassName: nginx -> internal")]),
    ("a class by default", SOUND.replace("  ingressClassName: nginx\n", "") + CLASS.replace(
        "{name: internal}", '{name: internal, annotations: {ingressclass.kubernetes.io/is-default-class: "true"}}'), []),
    ("a backend with a slip", SOUND.replace("service: {name: web", "service: {name: wbe"),
     [("ING-BACKEND", "error", 22, "spec.rules[0].http.paths[0].backend.service.name: wbe -> web")]),
    ("a backend of another namespace", SOUND.replace("{name: web, annotations: {}}", "{name: web, namespace: edge}"),
     [("ING-XNS", "error", 22, "")]),
    ("a backend's targetPort", SOUND.replace("{number: 80}", "{number: 8080}"),
     [("ING-PORT", "error", 22, "spec.rules[0].http.paths[0].backend.service.port.number: 8080 -> 80")]),
    ("a Secret that is not there", SOUND + "  tls: [{hosts: [x.test], secretName: x-tls}]\n",
     [("TLS-FALLBACK", "warning", 23, "")]),
    ("a Secret that somebody will write", SOUND.replace("annotations: {}", "annotations: {cert-manager.io/issuer: le}")
     + "  tls: [{hosts: [x.test], secretName: x-tls}]\n", []),
    ("a Secret with a slip, and it is empty", SOUND + "  tls: [{hosts: [x.test], secretName: x-tls}]\n"
     "---\n{apiVersion: v1, kind: Secret, metadata: {name: x-tsl}}\n",
     [("TLS-FALLBACK", "error", 23, "spec.tls[0].secretName: x-tls -> x-tsl")]),
    ("a host that tls does not list", SOUND + "  tls: [{hosts: [y.test]}]\n", [("TLS-FALLBACK", "warning", 21, "")]),
    ("one host and path for two Services", SOUND + HEADLESS + INGRESS.replace("name: web", "name: db").replace(
        "number: 80}", "number: 5432}"), [("ING-SHADOWED", "error", 46, "")]),
    ("a rewrite that keeps nothing", SOUND.replace("annotations: {}", "annotations: {nginx.ingress.kubernetes.io/rewrite-target: /}"
     ).replace("path: /,", "path: /app,"), [("ING-REWRITE", "warning", 17, "")]),
    ("a rewrite with a group that is not there", SOUND.replace(
        "annotations: {}", "annotations: {nginx.ingress.kubernetes.io/rewrite-target: /$2}").replace(
            "path: /, pathType: Prefix", 'path: "/app/(.*)", pathType: ImplementationSpecific'), [("ING-REWRITE", "warning", 17, "")]),
    ("a rewrite that keeps the rest", SOUND.replace(
        "annotations: {}", "annotations: {nginx.ingress.kubernetes.io/rewrite-target: /$2}").replace(
            "path: /, pathType: Prefix", 'path: "/app(/|$)(.*)", pathType: ImplementationSpecific'), []),
    ("serviceName with a slip", SOUND + HEADLESS.replace("serviceName: db", "serviceName: dbs"),
     [("DNS-HEADLESS", "error", 33, "spec.serviceName: dbs -> db")]),
    ("a StatefulSet whose pods can have no host name", SOUND + HEADLESS.replace(
        "kind: StatefulSet\nmetadata: {name: db}", "kind: StatefulSet\nmetadata: {name: db.v1}"), [("DNS-LABEL", "error", 31, "")]),
    ("a Service whose name is no DNS label", SOUND + SERVICE.replace("name: web", "name: web_2"), [("DNS-LABEL", "error", 26, "")]),
    ("a number out of range", SOUND.replace("port: 80,", "port: 80000,"), [("API-INVALID", "error", 13, "")]),
    ("a label key that is a boolean", SOUND.replace("annotations: {}", "labels: {on: x}"), [("API-WARNING", "warning", 17, "")]),
    ("a probe on another port", WEB.replace("PROBE", "livenessProbe: {tcpSocket: {port: 9090}}") + SERVICE,
     [("PRB-PORT", "warning", 8, "spec.template.spec.containers[0].livenessProbe.tcpSocket.port: 9090 -> 8080")]),
    ("a probe on a name that is not there", WEB.replace("PROBE", "readinessProbe: {httpGet: {port: web}}") + SERVICE,
     [("PRB-PORT", "error", 8, "spec.template.spec.containers[0].readinessProbe.httpGet.port: web -> http")]),
    ("a probe on the declared name", WEB.replace("PROBE", "readinessProbe: {httpGet: {port: http}}") + SERVICE, []),
    ("two nodes with one range", node("a", "10.1.0.0/24") + node("b", "10.1.0.0/25"), [("IPM-OVERLAP", "error", 10, "")]),
    ("a cluster IP in a range of pods", SOUND.replace("type: NodePort", "type: NodePort, clusterIP: 10.1.0.9")
     + node("a", "10.1.0.0/24"), [("IPM-OVERLAP", "error", 13, "")]),
    ("a node in a range of Services", "apiVersion: networking.k8s.io/v1\nkind: ServiceCIDR\nmetadata: {name: more}\n"
     "spec: {cidrs: [10.9.0.0/16]}\n" + node("a", "10.1.0.0/24") + "status: {addresses: [{type: InternalIP, address: 10.9.0.7}]}\n",
     [("IPM-OVERLAP", "error", 10, "")]),
    ("a range of Services over one of pods", node("a", "10.1.0.0/24") + "---\napiVersion: networking.k8s.io/v1\n"
     "kind: ServiceCIDR\nmetadata: {name: more}\nspec: {cidrs: [10.0.0.0/8]}\n", [("IPM-OVERLAP", "error", 5, "")]),
    ("no way out to the name server", policy("{podSelector: {}, policyTypes: [Egress]}"), [("POL-DNS", "warning", 27, "")]),
    ("only a way out to a database", policy("{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 5432}]}]}"),
     [("POL-DNS", "warning", 27, "")]),
    ("a way out to the name server", policy("{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 53, protocol: UDP}]}]}"),
     []),
    ("a policy that selects nobody", policy("{podSelector: {matchLabels: {app: wbe}}}"), [("POL-NOMATCH", "warning", 27, "")]),
    ("a policy with the Service's port", policy("{podSelector: {}, ingress: [{ports: [{port: 80}]}]}"),
     [("POL-PORT", "warning", 27, "")]),
    ("a policy with the pod's port", policy("{podSelector: {}, ingress: [{ports: [{port: 8080}]}]}"), []),
    ("two dashes", policy("{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}, {podSelector: {}}]}]}"),
     [("POL-ANDOR", "note", 27, "")]),
    ("one dash", policy("{podSelector: {}, ingress: [{from: [{namespaceSelector: {}, podSelector: {}}]}]}"), []),
]


@pytest.mark.parametrize(("title", "text", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_what_is_found_and_where(title: str, text: str, expected: list[tuple[str, str, int, str]]) -> None:
    found = lint_texts({"x.yaml": text})
    assert [(each.code, str(each.severity), each.place.line, str(each.repair or "")) for each in found] == expected


FIXABLE = [row for row in ROWS if any(repair for *_, repair in row[2])]


@pytest.mark.parametrize(("title", "text", "expected"), FIXABLE, ids=[row[0] for row in FIXABLE])
def test_a_repair_that_leaves_no_choice_lints_clean(title: str, text: str, expected: list[tuple[str, str, int, str]]) -> None:
    after, left = repaired({"x.yaml": text})
    assert [each.code for each in left if each.repair is not None] == []
    assert differences({"x.yaml": text}, after).count("\n+") == 2  # the header, and one line


def test_what_a_set_does_not_show_is_not_held_against_it() -> None:
    """A custom resource may make the pods; pods without declared ports may listen anywhere."""
    custom = "---\napiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\n"
    assert [str(each.severity) for each in lint_texts({"x": SERVICE + custom})] == ["note"]
    silent = SOUND.replace(", ports: [{name: http, containerPort: 8080}]", "").replace("targetPort: 8080", "targetPort: 1")
    assert lint_texts({"x": silent}) == []


@pytest.mark.parametrize("name", ["shop", "monitoring", "gateway"])
def test_large_sets_that_are_sound(name: str) -> None:
    assert lint(ROOT / "tests" / "manifests" / name) == []


def test_ranges_the_manifests_do_not_show() -> None:
    plan = Plan((IPNetwork.parse("10.96.0.0/16"),), (IPNetwork.parse("10.96.0.0/12"),))
    assert [(each.code, each.object) for each in lint(SOUND, plan=plan)] == [("IPM-OVERLAP", "cluster/plan")]


@pytest.mark.parametrize("kind", ["{a: b}", "[Service]", "1", "null", "''"])
def test_a_kind_of_any_shape_is_refused_not_looked_up(kind: str) -> None:
    with pytest.raises(ManifestError):
        lint(f"apiVersion: v1\nkind: {kind}\nmetadata: {{name: x}}\n")


def test_equal_names_in_many_namespaces_do_not_meet() -> None:
    text = "---\n".join((WEB.replace(", PROBE", "") + SERVICE).replace("{name: web}", f"{{name: web, namespace: n{number}}}")
                        for number in range(200))
    assert lint(text) == []


# the shop -------------------------------------------------------------------------------------------------------

def shop() -> dict[str, str]:
    files: dict[str, str] = {}
    for step in read_story(STORY).steps:
        for action in step.actions:
            if isinstance(action, VirtualFile):
                files.setdefault(action.name, action.text)
    return files


def test_twelve_planted_mistakes_and_nothing_else() -> None:
    texts = shop()
    planted = [(file, number) for file, text in texts.items() for number, line in enumerate(text.splitlines(), 1)
               if "# " in line and line.rpartition("# ")[2][:1].isdigit()]
    found = [(each.place.file, each.place.line) for each in lint_texts(texts)]
    assert len(planted) == len(found) == len(set(found)) == 12
    without_class = ("doors.yaml", 38)  # points to spec, whose first key is the line of the mistake
    assert set(found) - set(planted) <= {without_class}, set(found) ^ set(planted)


def test_the_shop_after_the_repairs() -> None:
    after, left = repaired(shop())
    assert [each.code for each in left] == ["SVC-DUPPORT", "TLS-FALLBACK", "ING-XNS"]
    assert all(each.repair is None for each in left)
    del (sound := dict(after))["rest.yaml"]
    assert [each.code for each in lint_texts(sound)] == ["ING-BACKEND"]  # the Service of the file left out
    assert repaired(after)[0] == after


def decided() -> dict[str, str]:
    """The shop once its owner has decided what only an owner can: the last file as the story ends with it."""
    files = [action for step in read_story(STORY).steps for action in step.actions if isinstance(action, VirtualFile)]
    return {**shop(), "rest.yaml": next(each.text for each in reversed(files) if each.name == "rest.yaml")}


def test_the_shop_is_clean_once_what_needs_a_decision_is_decided() -> None:
    """Nine mistakes have exactly one repair, three need a decision. Decided before or after `--fix`: nothing is left."""
    found = lint_texts(decided())
    assert len(found) == 9 and all(each.repair is not None for each in found)
    assert repaired(decided())[1] == []
    assert lint_texts({**repaired(shop())[0], "rest.yaml": decided()["rest.yaml"]}) == []


FURTHER_SLIPS = [("selector: {app: search}", "selector: {app: serch}"), ("ingressClassName: nginx", "ingressClassName: ngnix"),
                 ("name: web\n            port", "name: webb\n            port")]


def test_twelve_mistakes_with_one_repair_each_are_repaired_to_the_letter() -> None:
    sound = repaired(decided())[0]
    broken = decided()
    for right, wrong in FURTHER_SLIPS:
        assert broken["rest.yaml"].count(right) == 1
        broken["rest.yaml"] = broken["rest.yaml"].replace(right, wrong)
    found = lint_texts(broken)
    assert len(found) == 12 and all(len(each.repairs) == 1 for each in found)
    assert repaired(broken) == (sound, [])


# the user's text ------------------------------------------------------------------------------------------------

STYLES = [  # how a selector is written, how it is after the repair
    ("selector: {app: wbe}", "selector: {app: web}"),
    ('selector: {"app": "wbe"}', 'selector: {"app": "web"}'),
    ("selector: {app: 'wbe'}  # why", "selector: {app: 'web'}  # why"),
    ("selector:\n    app:   wbe   # slip", "selector:\n    app:   web   # slip"),
    ("selector:\n    app:\n      wbe", "selector:\n    app:\n      web"),
    ("selector: {ap: web}", "selector: {app: web}"),
    ("selector:\n    app: web\n    tier: x", "selector:\n    app: web"),
    ("selector: {tier: x, app: web}", "selector: {app: web}"),
    ("selector: {app: web, tier: x}", "selector: {app: web}"),
]


@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize(("before", "after"), STYLES, ids=[row[0] for row in STYLES])
def test_only_the_value_changes(before: str, after: str, ending: str) -> None:
    rest = WEB.replace(", PROBE", "") + ("---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n"
                                         "  SELECTOR\n  type: NodePort\n  ports: [{port: 8080}]\n")
    given, wanted = (rest.replace("SELECTOR", each).replace("\n", ending) for each in (before, after))
    assert repaired({"x.yaml": given})[0]["x.yaml"] == wanted


def test_a_value_from_an_anchor_is_left_alone() -> None:
    text = WEB.replace(", PROBE", "") + ("---\napiVersion: v1\nkind: Service\nmetadata: {name: web, labels: {x: &x wbe}}\n"
                                         "spec: {type: NodePort, selector: {app: *x}, ports: [{port: 8080}]}\n")
    assert repaired({"x.yaml": text})[0]["x.yaml"] == text


def test_json_files_stay_json() -> None:
    files = {"a.json": json.dumps({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "web"}, "spec": {
        "rules": [{"host": "x.test", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": {
            "service": {"name": "wbe", "port": {"number": 80}}}}]}}]}}), "b.yaml": WEB.replace(", PROBE", "") + SERVICE + CLASS}
    after, left = repaired(files)
    spec = json.loads(after["a.json"])["spec"]
    assert left == [] and spec["ingressClassName"] == "internal"
    assert spec["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] == "web"


def test_an_edit_that_no_longer_fits_is_left_out() -> None:
    remark = lint_texts({"x.yaml": ROWS[2][1]})[0]
    assert remark.repair is not None and (edit := edit_of(remark.repair)) is not None
    assert edited(SOUND, [edit]) == SOUND


# forms ----------------------------------------------------------------------------------------------------------

def test_text_json_and_sarif_tell_the_same() -> None:
    remarks = lint_texts(shop())
    text, data, sarif = text_of(remarks), json_of(remarks), sarif_of(remarks)
    assert text.endswith("10 errors, 2 warnings; 9 of them have exactly one repair (--fix)\n")
    assert (data["schema"], data["passed"], len(data["findings"])) == ("simnet/lint/v1", False, 12)
    results = sarif["runs"][0]["results"]
    assert sarif["version"] == "2.1.0"
    assert [each["ruleId"] for each in results] == [each["code"] for each in data["findings"]] == [each.code for each in remarks]
    assert sum("fixes" in each for each in results) == sum(each["fix"] is not None for each in data["findings"]) == 9
    for each, remark in zip(results, remarks, strict=True):
        region = each["locations"][0]["physicalLocation"]["region"]
        assert (region["startLine"], each["level"]) == (remark.place.line, str(remark.severity))
    assert {rule["id"] for rule in sarif["runs"][0]["tool"]["driver"]["rules"]} == {each.code for each in remarks}


def test_a_sarif_fix_applied_by_hand_gives_the_repaired_text() -> None:
    text = ROWS[2][1]
    change = sarif_of(lint_texts({"x.yaml": text}))["runs"][0]["results"][0]["fixes"][0]["artifactChanges"][0]["replacements"][0]
    region, lines = change["deletedRegion"], text.splitlines(keepends=True)
    line = lines[region["startLine"] - 1]
    lines[region["startLine"] - 1] = (line[:region["startColumn"] - 1] + change["insertedContent"]["text"]
                                      + line[region["endColumn"] - 1:])
    assert "".join(lines) == SOUND


WARNED = [  # sentence, manifest, line and column, words
    ("a key that is a boolean", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  on: x\n", (5, 3),
     "the key `on` without quotes is a boolean, and becomes `true`"),
    ("quotes that quote nothing", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  a: “x”\n", (5, 6),
     "are part of the value"),
    ("a version no server has any more", "apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: c}\n", (1, 1),
     "use policy/v1 PodDisruptionBudget"),
]


@pytest.mark.parametrize(("text", "place", "words"), [row[1:] for row in WARNED], ids=[row[0] for row in WARNED])
def test_what_is_taken_with_a_warning(text: str, place: tuple[int, int], words: str) -> None:
    (found,) = lint_texts({"m.yaml": text})
    assert (found.code, found.severity.value, found.place.line, found.place.column) == ("API-WARNING", "warning", *place)
    assert words in found.message


def test_every_code_is_in_a_catalogue() -> None:
    given = {code for *_, expected in ROWS for code, *_ in expected}
    assert set(LINTED) <= given, set(LINTED) - given
    assert given <= set(LINTED) | set(DIAGNOSED)


def test_what_cannot_be_read_is_no_remark() -> None:
    with pytest.raises(ManifestError):
        lint("kind: [")


# the command line -----------------------------------------------------------------------------------------------

@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in (("sound", SOUND), ("slip", ROWS[2][1]), ("note", ROWS[11][1]), ("broken", "kind: [")):
        (tmp_path / f"{name}.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("arguments", "status", "out", "err"), [
    (["sound.yaml"], 0, "nothing found\n", ""), (["note.yaml"], 0, "SVC-UNUSED", ""), (["slip.yaml"], 1, "SEL-NOMATCH", ""),
    (["broken.yaml"], 2, "", "broken.yaml:1"), (["missing.yaml"], 2, "", "missing.yaml"),
    (["sound.yaml", "--pod-cidr", "10.96.0.0/300"], 2, "", "--pod-cidr"), (["--fix", "-"], 2, "", "standard input"),
    (["sound.yaml", "--pod-cidr", "10.0.0.0/8", "--service-cidr", "10.96.0.0/12"], 1, "IPM-OVERLAP", ""),
], ids=lambda value: " ".join(value) if isinstance(value, list) else None)
def test_statuses(files: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, out: str,
                  err: str) -> None:
    assert main(["lint", *arguments]) == status
    said = capsys.readouterr()
    assert out in said.out and err in said.err and bool(said.err) == bool(err)


def test_diff_shows_and_fix_makes_the_change(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "--diff", "slip.yaml"]) == 1
    shown = capsys.readouterr().out
    assert shown.startswith("--- a/slip.yaml\n+++ b/slip.yaml\n@@ ") and (files / "slip.yaml").read_text() == ROWS[2][1]
    assert main(["lint", "--fix", "slip.yaml"]) == 0
    assert (files / "slip.yaml").read_text() == SOUND
    out = capsys.readouterr().out
    assert out.startswith("--- a/slip.yaml") and out.endswith("nothing found\n")


def test_a_byte_order_mark_stays(files: Path) -> None:
    (files / "slip.yaml").write_bytes(b"\xef\xbb\xbf" + ROWS[2][1].encode())
    assert main(["lint", "--fix", "slip.yaml"]) == 0
    assert (files / "slip.yaml").read_bytes() == b"\xef\xbb\xbf" + SOUND.encode()


def test_severities_are_three_words() -> None:
    assert [str(each) for each in Severity] == ["error", "warning", "note"]
