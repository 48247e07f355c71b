"""Scenarios as data: the same steps as a story's, tables, coverage, and the reports other programs read."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

import pytest

from simnet.cli.main import main
from simnet.errors import ManifestError
from simnet.scenario import Scenario, find_stories
from simnet.scenario.data import parse_data
from simnet.scenario.formats import junit_of, tap_of
from simnet.scenario.many import run_many

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: nginx, image: "nginx:1.25"}]}
---
apiVersion: v1
kind: Service
metadata: {name: web-service}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: client}
spec: {containers: [{name: c, image: "curlimages/curl:8.5.0", command: [sleep, infinity]}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  ingressClassName: nginx
  rules:
  - host: shop.example.test
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web-service, port: {number: 80}}}}]}
"""
DATA = """\
simnet: 1
title: web-service routing
seed: 101
manifests: [web.yaml]
cluster:
  nodes: {node-a: 192.168.10.11, node-b: 192.168.10.12}
  podCIDR: 10.244.0.0/16
images:
  nginx:1.25: {listen: [{port: 80, answer: "hello from $pod\\n"}]}
outside:
  laptop: {address: 192.168.10.1}
steps:
- name: both pods answer
  expect:
  - count pods app=web = 2
  - GET http://web-service/ from pod/client is 200 by pod/web-*
- name: typo in the selector
  mode: what-if
  apply:
  - apiVersion: v1
    kind: Service
    metadata: {name: web-service}
    spec: {selector: {app: wbe}, ports: [{port: 80, targetPort: 80}]}
  expect:
  - GET http://web-service/ from pod/client is refused
  - diagnose GET http://web-service/ from pod/client says SEL-NOMATCH
- name: routing table
  table:
    template: GET http://$host$path at 203.0.113.1 from laptop is $want
    rows:
    - {host: shop.example.test, path: /, want: "200"}
    - {host: other.example.test, path: /, want: 404 by default-backend}
- name: a console
  console: |
    $ kubectl get svc web-service -o name
    service/web-service
  advance: 30s
  delete: [{apiVersion: v1, kind: Pod, metadata: {name: client}}]
coverage:
  ingressPaths: 100
  endpoints: 100
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "web.yaml").write_text(WEB)
    (tmp_path / "a.scenario.yaml").write_text(DATA)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_example_of_the_format_passes(folder: Path) -> None:
    report = Scenario.read("a.scenario.yaml").check()
    assert report.title == "web-service routing" and report.checks == 9
    assert [step.name for step in report.steps] == ["both pods answer", "typo in the selector", "routing table", "a console", "coverage"]


def test_json_has_the_same_keys(folder: Path) -> None:
    from simnet.manifests.yaml import read_all

    (folder / "b.scenario.json").write_text(json.dumps(read_all(DATA)[0]))
    one, other = (Scenario.read(name).run() for name in ("a.scenario.yaml", "b.scenario.json"))
    assert other.passed and [step.checks for step in one.steps] == [step.checks for step in other.steps]


@pytest.mark.parametrize(("before", "after", "line", "says"), [
    ("is 200 by pod/web-*", "is 201 by pod/web-*", 16, "GET http://web-service/ from pod/client is 201 by pod/web-*"),
    ("want: \"200\"}", "want: \"404\"}", 31, "GET http://shop.example.test/ at 203.0.113.1 from laptop is 404"),
    ("says SEL-NOMATCH", "says SEL-NONE", 26, "diagnose GET http://web-service/ from pod/client says SEL-NONE"),
    ("    service/web-service", "    service/other", 35, "$ kubectl get svc web-service -o name"),
    ("app: wbe}, ports: [{port: 80,", "app: wbe}, ports: [{port: 80000,", 23, "apply"),
])
def test_a_line_that_does_not_hold_is_reported_with_its_place(folder: Path, before: str, after: str, line: int, says: str) -> None:
    path = folder / "a.scenario.yaml"
    path.write_text(DATA.replace(before, after))
    failures = Scenario.read(path).run().failures
    where = [each for each in failures if each.what == says]
    assert where, failures
    assert where[0].place.line == line or f":{line}:" in "\n".join(where[0].details)


@pytest.mark.parametrize(("before", "after", "message"), [
    ("expect:\n  - count", "expct:\n  - count", ":14:3: 'expct' is not known here; known are name, mode"),
    ("mode: what-if", "mode: what-iff", "'what-iff' is no mode of a step; normal and what-if are; did you mean what-if?"),
    ("coverage:\n  ingressPaths", "coverage:\n  ingresspaths", "did you mean ingressPaths?"),
    ("ingressPaths: 100", "ingressPaths: 101", "101 is no per cent; write a number from 0 to 100"),
    ("{host: shop.example.test, path: /,", "{hots: shop.example.test, path: /,", "the template has no $hots"),
    ("path: /, want: \"200\"}", "path: /}", "this row gives no value for $want of the template"),
    ("title: web", "titel: web", "did you mean title?"),
    ("  podCIDR", "  podCDIR", "did you mean podCIDR?"),
    ("count pods app=web = 2", "cuont pods app=web = 2", "count"),
    ("coverage:\n  ingressPaths: 100\n  endpoints: 100", "coverage: 5", "5 is no mapping; write {ingressPaths: 100}"),
    ("simnet: 1", "simnet: 2", "2 is no version"),
])
def test_mistakes_are_placed_and_name_what_would_do(folder: Path, before: str, after: str, message: str) -> None:
    assert before in DATA
    (folder / "a.scenario.yaml").write_text(DATA.replace(before, after))
    with pytest.raises(ManifestError) as caught:
        Scenario.read(folder / "a.scenario.yaml").run()
    assert message in str(caught.value) and "a.scenario.yaml:" in str(caught.value)


@pytest.mark.parametrize("text", ["", "- a", "a", "simnet: 1\nsteps: {}\n", "simnet: 1\nsteps: [1]\n", "a: 1\n---\nb: 2\n",
                                  "simnet: 1\nsteps:\n- table: 1\n", "simnet: 1\nsteps:\n- table: {template: a, rows: [1]}\n",
                                  "simnet: 1\nsteps:\n- apply: [x]\n", "simnet: 1\nsteps:\n- console: [x]\n", "simnet: 1\nsteps:\n- advance: x\n"])
def test_what_is_no_scenario_is_refused(text: str) -> None:
    with pytest.raises(ManifestError):
        parse_data(text, "a.scenario.yaml")


def test_one_that_asserts_nothing_is_refused(folder: Path) -> None:
    (folder / "n.scenario.yaml").write_text("simnet: 1\nsteps: [{name: a}]\n")
    with pytest.raises(ManifestError, match="asserts nothing"):
        Scenario.read(folder / "n.scenario.yaml").run()


# coverage -------------------------------------------------------------------------------------------------------

def test_what_no_line_touched_fails_the_coverage(folder: Path) -> None:
    """One path of two, and no endpoint through the Ingress either once its line is gone."""
    more = WEB.replace("{path: /, pathType: Prefix", "{path: /old, pathType: Prefix, backend: {service: {name: web-service, port: {number: 80}}}},"
                       " {path: /, pathType: Prefix")
    (folder / "web.yaml").write_text(more)
    report = Scenario.read("a.scenario.yaml").run()
    failure, = report.failures
    assert failure.what == "coverage ingressPaths >= 100 %" and failure.place.line == 40
    assert failure.details == ("got      50 %: 1 of 2", "left     shop.example.test/old of ingress/default/shop")
    (folder / "a.scenario.yaml").write_text(DATA.replace("ingressPaths: 100", "ingressPaths: 50"))
    assert Scenario.read("a.scenario.yaml").run().passed


def test_endpoints_count_by_every_way_a_request_can_take(folder: Path) -> None:
    lines = [line for line in DATA.split("\n") if "web-service/ from pod/client is 200" not in line and "shop.example.test, path" not in line]
    (folder / "a.scenario.yaml").write_text("\n".join(lines))
    report = Scenario.read("a.scenario.yaml").run()
    assert [each.what for each in report.failures] == ["coverage ingressPaths >= 100 %", "coverage endpoints >= 100 %"]
    assert report.failures[1].details[0] == "got      0 %: 0 of 2"


# reports --------------------------------------------------------------------------------------------------------

def broken(folder: Path) -> None:
    (folder / "b.scenario.yaml").write_text(DATA.replace("is 200 by pod/web-*", "is 201 by pod/web-*").replace("both pods answer", "'both # pods <&>'"))
    (folder / "c.scenario.yaml").write_text("simnet: 1\nstesp: []\n")


def test_tap_has_a_point_for_each_step(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Source: TAP 14: the plan, numbered points, `#` escaped, a YAML block indented by two under what failed."""
    from simnet.manifests.yaml import read_all

    broken(folder)
    assert main(["run", "--format", "tap", "."]) == 2
    lines = capsys.readouterr().out.split("\n")
    points = [line for line in lines if line.startswith(("ok ", "not ok "))]
    assert lines[0] == "TAP version 14" and lines[1] == f"1..{len(points)}" == "1..11"
    assert [line.split(" - ")[0].split()[-1] for line in points] == [str(number) for number in range(1, 12)]
    assert sum(line.startswith("not ok") for line in points) == 2 and "both \\# pods" in points[5]
    start = lines.index("  ---")
    block, = read_all("\n".join(line[2:] for line in lines[start + 1:lines.index("  ...", start)]))
    assert block["failures"][0]["message"] == "GET http://web-service/ from pod/client is 201 by pod/web-*"


def test_junit_is_xml_with_a_case_for_each_step(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Source: junit-10.xsd of Jenkins' xunit plug-in: testsuites, testsuite, testcase, failure or error; the counts agree."""
    broken(folder)
    assert main(["run", "--format", "junit", "."]) == 2
    root = ElementTree.fromstring(capsys.readouterr().out)
    assert root.tag == "testsuites" and [suite.tag for suite in root] == ["testsuite"] * 3
    for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
        assert int(root.attrib[name]) == len(list(root.iter(tag))) == sum(int(suite.attrib[name]) for suite in root)
    assert (root.attrib["tests"], root.attrib["failures"], root.attrib["errors"]) == ("11", "1", "1")
    assert "stesp" in str(next(root.iter("error")).text) and next(root.iter("failure")).attrib["message"]


def test_several_processes_give_the_same_bytes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken(folder)
    said = []
    for jobs in ("1", "2"):
        for form in ("text", "json", "tap", "junit"):
            assert main(["run", "--jobs", jobs, "--format", form, "."]) == 2
            said.append(capsys.readouterr().out)
    assert said[:4] == said[4:]
    assert main(["run", "--jobs", "0", "."]) == 2 and "--jobs 0 is no number" in capsys.readouterr().err


def test_any_executor_runs_many_and_what_dies_is_that_files_failure(folder: Path) -> None:
    broken(folder)
    paths = find_stories([folder])
    seen: list[Path] = []
    with ThreadPoolExecutor(3) as executor:
        assert run_many(paths, executor=executor, done=seen.append) == run_many(paths) and seen == paths

    class Dying(ThreadPoolExecutor):
        def submit(self, function, path, *rest):  # type: ignore[no-untyped-def]
            if path.name.startswith("b."):
                return super().submit(int, "no")
            return super().submit(function, path, *rest)

    with Dying(1) as executor:
        reports = run_many(paths, executor=executor)
    assert [bool(report.error) for report in reports] == [False, True, True] and "ValueError" in reports[1].error


def test_texts_no_xml_can_hold_are_replaced_and_lines_of_tap_stay_lines() -> None:
    from simnet.errors import Place
    from simnet.scenario.report import Failure, Report, StepReport

    report = Report("f", "t", (StepReport("a\nb\\#", 1, "normal", 1, (Failure(Place("f", 1), "w\x00<", ("d\n",)),)),))
    assert "not ok 1 - f: a b\\\\\\#\n" in tap_of([report])
    assert next(ElementTree.fromstring(junit_of([report])).iter("failure")).attrib["message"] == "w?<"


def test_pytest_collects_scenario_files_step_by_step(folder: Path) -> None:
    import subprocess
    import sys

    (folder / "a.scenario.yaml").write_text(DATA.replace("want: \"200\"}", "want: \"404\"}"))
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)], capture_output=True, text=True, check=False)
    assert "1 failed, 4 passed" in done.stdout and "is 404" in done.stdout
