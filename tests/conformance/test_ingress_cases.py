"""The cases of ingress.json: one request, or one manifest, against the cluster of its group, through the public API.

The cluster has one node whose Ingress controller answers on the node's own ports, so that it sees the client's address.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import pytest

import simnet
from simnet.clock import from_iso, iso
from simnet.dataplane.http.decisions import RuleChosen
from simnet.errors import ManifestError, NotFound
from tests.conformance.case_files import load, rows_of

Case = dict[str, Any]

TOP_KEYS = {"format", "common", "groups"}
GROUP_KEYS = {"id", "title", "frontend", "profile", "controller", "use", "objects", "certs", "cases", "source", "note"}
CASE_KEYS = {"id", "kind", "rule", "why", "note", "source", "verified", "expect", "expect_any", "request", "create",
             "by", "object"}
REQUEST_KEYS = {"method", "scheme", "host", "path", "headers", "cookies", "client_ip", "sni", "port", "http_version",
                "body_bytes", "backend_status", "backend_headers", "backend_delay_ms", "repeat", "gateway"}
ADMISSION_KEYS = {"accepted", "errors", "stored", "message_contains"}
STATUS_KEYS = {"loadBalancer", "parent", "conditions", "listeners"}
NODE = "198.51.100.1"
CONTROLLER = "ingress-nginx/ingress-nginx-controller"
FIRST_MOMENT = from_iso("2020-01-01T00:00:00Z")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    data = load(metafunc.config, "ingress.json")
    if data is None:
        metafunc.parametrize(("group", "case", "profile"), [], ids=[])
        return
    assert set(data) <= TOP_KEYS, f"unknown keys {set(data) - TOP_KEYS}"
    rows = [(with_common(group, data), case, profile) for group in rows_of(data, "ingress.json", "groups") for profile in profiles(group)
            for case in rows_of(group, f"group {group.get('id')}", "cases")]
    metafunc.parametrize(("group", "case", "profile"), rows,
                         ids=[f"{case['id']} {case.get('why', '')} ({profile})" for _, case, profile in rows])


def profiles(group: Case) -> list[str]:
    """The controller profiles a group holds in; what is portable follows from the documents alone, whatever the
    controller adds."""
    assert group["profile"] in ("portable", "nginx", "spec"), f"unknown profile {group['profile']}"
    if group["frontend"] != "ingress":
        return ["nginx"]
    return ["nginx", "spec"] if group["profile"] == "portable" else [group["profile"]]


def with_common(group: Case, data: Case) -> Case:
    shared = [each for name in group.get("use", ()) for each in data["common"][name]]
    return {**group, "objects": shared + group["objects"]}


@pytest.fixture(scope="module")
def clusters() -> dict[tuple[str, str, bool], simnet.Cluster]:
    """The cluster of each group, built when its first case asks for it; cases work on forks."""
    return {}


def test_ingress_case(group: Case, case: Case, profile: str, clusters: dict[tuple[str, str, bool], simnet.Cluster]
                      ) -> None:
    assert set(group) <= GROUP_KEYS, f"unknown keys {set(group) - GROUP_KEYS}"
    assert set(case) <= CASE_KEYS, f"unknown keys {set(case) - CASE_KEYS}"
    assert group["frontend"] in ("ingress", "gateway"), f"unknown front end {group['frontend']}"
    key = (group["id"], profile, case.get("by") == "webhook")
    if key not in clusters:
        clusters[key] = cluster_of(group, profile, webhook=key[2])
    check = CHECKS[case.get("kind", "request")]
    allowed = case.get("expect_any") or [case["expect"]]
    assert all(allowed), "a case expects nothing"
    failures = []
    for expect in allowed:
        try:
            check(clusters[key].fork(), case, expect)
            return
        except AssertionError as failure:
            failures.append(failure)
    raise failures[0]


def cluster_of(group: Case, profile: str = "nginx", webhook: bool = False) -> simnet.Cluster:
    """A node with a controller as the group wants it, and the group's objects, each younger than the one before."""
    settings = {**group.get("controller", {}), "shape": "hostport", "profile": profile, "webhook": webhook}
    cluster = simnet.Cluster(nodes={"node": NODE}, addons=("ingress-nginx",), namespaces="any", ingress=settings)
    cluster.delete("ingressclass/nginx")
    moment = FIRST_MOMENT
    for each in group["objects"]:
        given = each["metadata"].get("creationTimestamp")
        moment = from_iso(given) if given else moment + 1
        cluster.load({**each, "metadata": {**each["metadata"], "creationTimestamp": iso(moment)}})
    return cluster


# requests --------------------------------------------------------------------------------------------------------

def check_request(cluster: simnet.Cluster, case: Case, expect: Case) -> None:
    request = case["request"]
    assert set(request) <= REQUEST_KEYS, f"unknown keys {set(request) - REQUEST_KEYS}"
    url, client, options = asking(request)
    outcomes: Any = cluster.outcomes(url, client, **options)
    for key, wanted in expect.items():
        if key == "share":
            if any(is_counted(trace) for trace in outcomes.traces):
                outcomes = [(Fraction(1, request["repeat"]), cluster.request(url, client, **options))
                            for _ in range(request["repeat"])]
            check_shares(outcomes, wanted)
        else:
            for trace in outcomes.traces:
                assert key in FACTS, f"unknown expectation {key!r}"
                FACTS[key](trace, wanted)


def asking(request: Case) -> tuple[str, str, Case]:
    """URL, client and keywords of the public API for one request of a case."""
    scheme, host = request.get("scheme", "http"), request.get("host")
    if "gateway" in request:
        return asking_gateway(request)
    name = re.sub(r":\d+$", "", host) if host is not None and re.fullmatch(r"[^\s/]+", host) else "no-host.invalid"
    headers: list[tuple[str, str | None]] = [("Host", host)]
    headers += list(request.get("headers", {}).items())
    if request.get("cookies"):
        headers.append(("Cookie", "; ".join(f"{key}={value}" for key, value in request["cookies"].items())))
    options: Case = {
        "method": request.get("method", "GET"), "headers": headers, "target_line": request["path"],
        "at": f"{NODE}:{request['port']}" if "port" in request else NODE, "insecure": True,
        "http_version": request.get("http_version", "1.1"), "body": b"x" * request.get("body_bytes", 0),
        "reply": {"status": request.get("backend_status", 200), "headers": request.get("backend_headers", {}),
                  "delay": request.get("backend_delay_ms", 0) / 1000}}
    client = request.get("client_ip", "127.0.0.1")
    if ":" in client:  # the node has no IPv6 address, but the controller may see one
        del options["at"]
        options["front_end"] = CONTROLLER
    if scheme == "https":
        options["sni"] = request.get("sni", name if host is not None else None)
    return f"{scheme}://{name}/", client, options


def asking_gateway(request: Case) -> tuple[str, str, Case]:
    """The same for a request that is addressed to a Gateway: it enters at its pod, on the listener's port."""
    url, client, options = asking({key: value for key, value in request.items() if key not in ("gateway", "port")})
    port = f":{request['port']}" if "port" in request else ""
    options.pop("at", None)
    return f"{url[:-1]}{port}/", client, {**options, "front_end": request["gateway"]}


def chosen(trace: simnet.Trace) -> RuleChosen | None:
    """The backend that answered, None when the front end did itself."""
    found = [step.because for step in trace.steps if isinstance(step.because, RuleChosen)]
    return found[-1] if found and trace.endpoint is not None else None


def backend_of(trace: simnet.Trace) -> str | None:
    found = chosen(trace)
    if found is None:
        return "default-backend" if trace.response is not None and trace.response.by == "default-backend" else None
    port = found.upstream.port
    return f"{found.upstream.service}:{port.port if port is not None else found.peer.port}"


def check_status_code(trace: simnet.Trace, wanted: int) -> None:
    assert trace.response is not None and trace.response.status == wanted, trace


def check_backend(trace: simnet.Trace, wanted: str | None) -> None:
    assert backend_of(trace) == wanted


def check_target_port(trace: simnet.Trace, wanted: int) -> None:
    assert trace.endpoint is not None and trace.endpoint.port == wanted


def check_path(trace: simnet.Trace, wanted: str) -> None:
    found = chosen(trace)
    assert found is not None and found.request.target == wanted


def check_backend_headers(trace: simnet.Trace, wanted: Mapping[str, Any]) -> None:
    found = chosen(trace)
    assert found is not None
    seen = {"host": [found.request.host], **grouped(found.request.headers)}
    for name, value in wanted.items():
        check_header(name, seen.get(name.lower(), []), value)


def check_response_headers(trace: simnet.Trace, wanted: Mapping[str, Any]) -> None:
    assert trace.response is not None
    for name, value in wanted.items():
        check_header(name, grouped(trace.response.headers).get(name.lower(), []), value)


def grouped(headers: tuple[tuple[str, str], ...]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for name, value in headers:
        found.setdefault(name.lower(), []).append(value)
    return found


def check_header(name: str, values: list[Any], wanted: Any) -> None:
    if wanted is None:
        assert values in ([], [""]), f"{name}: {values}"
    elif isinstance(wanted, dict):
        assert any(re.search(wanted["re"], value) for value in values), f"{name}: {values}"
    else:
        assert wanted in values, f"{name}: {values}"


def check_location(trace: simnet.Trace, wanted: str) -> None:
    assert trace.response is not None and trace.response.header("location") == wanted


def check_certificate(trace: simnet.Trace, wanted: str) -> None:
    assert trace.response is not None and trace.response.certificate is not None
    assert trace.response.certificate.name == wanted


def check_body(trace: simnet.Trace, wanted: str) -> None:
    assert trace.response is not None and trace.response.text == wanted


def check_mirrors(trace: simnet.Trace, wanted: list[str]) -> None:
    found = chosen(trace)
    assert found is not None and sorted(found.mirrors) == sorted(wanted)


FACTS: dict[str, Callable[[simnet.Trace, Any], None]] = {
    "status": check_status_code, "backend": check_backend, "target_port": check_target_port, "path": check_path,
    "backend_headers": check_backend_headers, "response_headers": check_response_headers, "location": check_location,
    "certificate": check_certificate, "body": check_body,
    "mirrored_to": check_mirrors}


def is_counted(trace: simnet.Trace) -> bool:
    """Whether a rate limit counts the request: then each answer depends on those before it."""
    return any(getattr(getattr(step.because, "routing", None), "counted", ()) for step in trace.steps)


def check_shares(outcomes: Any, wanted: Mapping[str, tuple[float, float]]) -> None:
    """Exact probabilities in place of many repetitions, shares of real repetitions where one changes the next."""
    for name, (low, high) in wanted.items():
        share = float(sum(share for share, trace in outcomes if name in (backend_of(trace), trace.result)))
        assert low <= share <= high, f"{name}: {share}"


# admission and status --------------------------------------------------------------------------------------------

def check_admission(cluster: simnet.Cluster, case: Case, expect: Case) -> None:
    assert case["by"] in ("apiserver", "webhook"), f"unknown judge {case['by']}"
    assert set(expect) <= ADMISSION_KEYS, f"unknown expectations {set(expect) - ADMISSION_KEYS}"
    try:
        store(cluster, case["create"])
    except ManifestError as refusal:
        assert not expect.get("accepted", False), refusal
        found = {(problem.field, problem.type) for problem in refusal.problems}
        for error in expect.get("errors", ()):
            assert (error["field"], error["type"]) in found, found
        assert expect.get("message_contains", "") in str(refusal)
    else:
        assert expect.get("accepted", True), "accepted"
    if "stored" in expect:
        check_stored(cluster, case["create"], expect["stored"])


def store(cluster: simnet.Cluster, manifest: Case) -> None:
    """Create the object, or change the one of that name in the group."""
    metadata = manifest["metadata"]
    try:
        cluster.get(manifest["kind"], metadata.get("name", ""), namespace=metadata.get("namespace"))
    except NotFound:
        cluster.create(manifest)
    else:
        cluster.replace(manifest)


def check_stored(cluster: simnet.Cluster, manifest: Case, wanted: Mapping[str, Any]) -> None:
    metadata = manifest["metadata"]
    stored = cluster.get(manifest["kind"], metadata["name"], namespace=metadata.get("namespace")).manifest
    for path, value in wanted.items():
        found: Any = stored
        for part in path.split("."):
            found = found[int(part)] if isinstance(found, list) else (found or {}).get(part)
        assert found == value, path


def check_status(cluster: simnet.Cluster, case: Case, expect: Case) -> None:
    assert set(expect) <= STATUS_KEYS, f"unknown expectations {set(expect) - STATUS_KEYS}"
    kind, *_, name = case["object"].split("/")
    namespace = case["object"].removeprefix(kind).removesuffix(name).strip("/")
    status = cluster.get(kind, name, namespace=namespace).manifest.get("status", {})
    if "loadBalancer" in expect:
        assert status["loadBalancer"] == expect["loadBalancer"]
    if "conditions" in expect:
        check_conditions(conditions_of(status, expect.get("parent")), expect["conditions"])
    for wanted in expect.get("listeners", ()):
        check_listener(next(each for each in status["listeners"] if each["name"] == wanted["name"]), wanted)


def conditions_of(status: Mapping[str, Any], parent: str | None) -> list[Case]:
    """The conditions of an object, or of a route's entry for one parent, NAMESPACE/NAME or only NAME."""
    if parent is None:
        return list(status["conditions"])
    return [condition for each in status["parents"] if parent.rpartition("/")[2] == each["parentRef"]["name"]
            for condition in each["conditions"]]


def check_conditions(found: list[Case], wanted: list[Case]) -> None:
    """Each must be there; one without reason has any."""
    for each in wanted:
        assert set(each) <= {"type", "status", "reason"}, f"unknown keys of a condition: {set(each)}"
        assert any(all(other.get(key) == value for key, value in each.items()) for other in found), (each, found)


def check_listener(found: Case, wanted: Case) -> None:
    assert set(wanted) <= {"name", "attachedRoutes", "conditions", "supportedKinds"}, f"unknown keys {set(wanted)}"
    assert found["attachedRoutes"] == wanted.get("attachedRoutes", found["attachedRoutes"])
    check_conditions(found["conditions"], wanted.get("conditions", []))
    if "supportedKinds" in wanted:
        assert [each["kind"] for each in found["supportedKinds"]] == wanted["supportedKinds"]


CHECKS = {"request": check_request, "admission": check_admission, "status": check_status}
