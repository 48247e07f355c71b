"""The test kit: a builder for every kind, assertions that say why, the marker, accepting, and many workers."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from simnet import Cluster, Verdict, expect, testing
from simnet.objects.kinds import BY_KIND, KINDS
from simnet.testing import (
    assert_delivered,
    assert_endpoints,
    assert_healthy,
    assert_resolves,
    assert_result,
    assert_same,
    assert_verdict,
    certificate_for,
    deployment,
    ingress,
    pod,
    service,
    tls_secret,
)
from tests.unit.test_testing_plugin import pytest_in

# builders -------------------------------------------------------------------------------------------------------

BUILT: dict[str, dict[str, Any]] = {
    "Namespace": testing.namespace("shop", labels={"team": "a"}), "Node": testing.node("node-9", "172.18.0.99"),
    "IngressClass": testing.ingress_class("second", is_default=True), "ServiceAccount": testing.service_account("robot"),
    "ConfigMap": testing.config_map("settings", {"a": "1"}), "Secret": testing.secret("login", {"user": "me"}),
    "Service": service("web"), "Endpoints": testing.endpoints("old", "10.0.0.7"), "Pod": pod("web"),
    "EndpointSlice": testing.endpoint_slice("old", "10.0.0.7", port=8080), "ReplicaSet": testing.replica_set("rs"),
    "Deployment": deployment("web"), "StatefulSet": testing.stateful_set("db"), "DaemonSet": testing.daemon_set("agent"),
    "Ingress": ingress("web"), "GatewayClass": testing.gateway_class("mine"), "Gateway": testing.gateway(),
    "HTTPRoute": testing.http_route("web"), "ReferenceGrant": testing.reference_grant(namespace="shop", source="default"),
    "NetworkPolicy": testing.network_policy("deny", policyTypes=["Egress"]),
}


@pytest.mark.parametrize("kind", [each.kind for each in KINDS if each.kind != "Event"])  # Events come from controllers
def test_every_kind_has_a_builder_whose_result_is_accepted(kind: str) -> None:
    assert kind in BUILT, f"no builder for {kind}"
    built, row = BUILT[kind], BY_KIND[kind]
    assert (built["kind"], built["apiVersion"]) == (kind, row.api_version)
    cluster = Cluster(nodes=1)
    assert [each.action for each in cluster.apply(built)] == ["created"]
    name = built["metadata"]["name"]
    assert cluster.get(kind, name, namespace=built["metadata"].get("namespace")).name == name
    assert row.singular in {name.replace("_", "") for name in testing.__all__}


def test_builders_of_sets_make_their_pods() -> None:
    cluster = Cluster(nodes=2)
    cluster.apply([testing.stateful_set("db"), service("db", clusterIP="None"), testing.daemon_set("agent"),
                   testing.replica_set("rs", replicas=3), pod("client")])
    assert [each.name for each in cluster.list("pod", selector="app=db")] == ["db-0", "db-1"]
    assert len(cluster.list("pod", selector="app=agent")) == 2 and len(cluster.list("pod", selector="app=rs")) == 3
    assert_result(cluster, "tcp://db-1.db:80", "pod/client", "open", by="db-1")


def test_endpoints_by_hand_serve_a_service_without_selector() -> None:
    cluster = Cluster(nodes=1)
    cluster.apply([service("old", selector={}), testing.endpoint_slice("old", "198.51.100.7", "198.51.100.8", port=8080),
                   service("older", selector={}), testing.endpoints("older", "198.51.100.9", port=81), pod("client")])
    assert_endpoints(cluster, "old", "198.51.100.7", "198.51.100.8")
    assert_endpoints(cluster, "older", "198.51.100.9")
    assert str(cluster.trace("tcp://older:80", "pod/client").service.backend) == "198.51.100.9:81"


def test_a_tls_secret_holds_the_certificate_that_clients_may_trust() -> None:
    cluster = Cluster(nodes=1, trust=[certificate_for("shop", "shop.example.com")])
    cluster.apply([tls_secret("shop", "shop.example.com"), deployment("web"), service("web"),
                   ingress("web", host="shop.example.com", tls="shop")])
    assert_result(cluster, "https://shop.example.com/", at="203.0.113.1", by="web-*")
    assert tls_secret("shop", "shop.example.com") == tls_secret("shop", "shop.example.com")
    with pytest.raises(AssertionError, match="tls-error"):
        assert_result(Cluster(nodes=1), "https://shop.example.com/", at="203.0.113.1")


# assertions -----------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def broken() -> Cluster:
    """A selector with a typo."""
    cluster = Cluster(nodes=2)
    cluster.apply([deployment("web"), service("web", selector={"app": "wbe"}), pod("client"), pod("db"), service("db")])
    return cluster


# what is asserted, how the message begins
FAILURES = [
    (lambda c: assert_result(c, "http://web/", "pod/client"), "refused, not 200"),
    (lambda c: assert_delivered(c.trace("http://web/", "pod/client"), cluster=c), "not delivered: refused"),
    (lambda c: assert_verdict(c.trace("http://web/", "pod/client"), "ANSWERED", cluster=c), "REFUSED, not ANSWERED"),
]


@pytest.mark.parametrize(("assertion", "headline"), FAILURES)
def test_a_failure_prints_the_walk_and_the_diagnosis(broken: Cluster, assertion: Any, headline: str) -> None:
    with pytest.raises(AssertionError) as caught:
        assertion(broken)
    message = str(caught.value)
    assert message.startswith(headline + "\n")
    assert "result: " in message and "service default/web" in message.lower()  # the walk
    assert "SEL-NOMATCH" in message and "wbe -> web" in message  # the diagnosis, with the fix it tried


def test_results_are_of_every_path() -> None:
    """Two pods, one of them on the wrong port: half of the requests are refused, and that is enough."""
    cluster = Cluster(nodes=1)
    cluster.apply([pod("good", labels={"app": "web"}), pod("bad", labels={"app": "web"}, port=81), service("web"), pod("client")])
    with pytest.raises(AssertionError, match=r"^refused on 1/2 of the paths, not 200"):
        assert_result(cluster, "http://web/", "pod/client")
    cluster.delete("pod/bad")
    assert_result(cluster, "http://web/", "pod/client", by="good")
    with pytest.raises(AssertionError, match=r"^200 by default/good, not by client"):
        assert_result(cluster, "http://web/", "pod/client", by="client")
    with pytest.raises(AssertionError, match=r"^404 by no pod"):
        assert_result(cluster, "http://203.0.113.1/", result=404, by="good")


def test_names(broken: Cluster) -> None:
    assert_resolves(broken, "web", "pod/client", broken.get("service", "web").manifest["spec"]["clusterIP"])
    assert_resolves(broken, "nobody", "pod/client")
    with pytest.raises(AssertionError, match=r"(?s)wep from pod/client: .*, not 10\.0\.0\.1\n +wep\.default\.svc.*NXDOMAIN.*DNS-"):
        assert_resolves(broken, "wep", "pod/client", "10.0.0.1")


def test_endpoints(broken: Cluster) -> None:
    assert_endpoints(broken, "db", "db")
    assert_endpoints(broken, "web")
    with pytest.raises(AssertionError, match=r"(?s)endpoints of default/web: none, not web-\*\n.*SEL-NOMATCH"):
        assert_endpoints(broken, "web", "web-*")
    with pytest.raises(AssertionError, match="endpoints of default/db: db, not none"):
        assert_endpoints(broken, "db")


def test_same_and_healthy(broken: Cluster) -> None:
    fixed = broken.fork()
    fixed.apply(service("web"))
    assert_same(broken, broken.fork())
    with pytest.raises(AssertionError, match=r"(?s)^1 difference\n.*before   refused\n *after    200 by deployment/default/web:80"):
        assert_same(broken, fixed)
    assert_healthy(fixed)
    with pytest.raises(AssertionError, match=r"(?s)^1 finding\n.*SEL-NOMATCH"):
        assert_healthy(broken)


def test_expect_reads_well_in_a_doctest(broken: Cluster) -> None:
    assert repr(expect(broken, "GET http://db/ from pod/client is 200")) == "<holds: GET http://db/ from pod/client is 200>"


# the plugin -----------------------------------------------------------------------------------------------------

MARKED = '''
import pytest
from simnet.testing import pod, service

pytestmark = pytest.mark.manifests("web.yaml", nodes=3)


def test_module(cluster):
    assert len(cluster.list("node")) == 3 and cluster.get("pod", "web")


@pytest.mark.manifests([pod("client"), service("web")], nodes=1, pod_cidr="10.9.0.0/16")
class TestClass:
    def test_class(self, cluster):
        assert len(cluster.list("node")) == 1 and cluster.get("pod", "web").manifest["status"]["podIP"].startswith("10.9.")
        assert cluster.request("http://web/", "pod/client").response.status == 200

    @pytest.mark.manifests("apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: text}\\n")
    def test_function(self, cluster):
        assert cluster.get("configmap", "text") and cluster.get("pod", "client")


@pytest.mark.manifests("wep.yaml")
def test_missing(cluster):
    pass


@pytest.mark.manifests(node=1)
def test_unknown(cluster):
    pass
'''
WEB = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {app: web}}\nspec: {containers: [{name: a, image: nginx}]}\n"


def test_the_marker_gives_the_cluster_its_manifests_and_settings(tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text(WEB)
    (tmp_path / "test_marked.py").write_text(MARKED)
    said = pytest_in(tmp_path, "--strict-markers")
    assert "3 passed, 2 errors" in said, said
    assert "wep.yaml" in said and "did you mean nodes?" in said and "Traceback" not in said and "plugin.py" not in said


STORY = """\
# A story

## First

```yaml apply
{pod}
```

```console
$ kubectl get pods
```

## Second

```console
$ kubectl get pod web -o name
pod/wep
```

```expect
count pods = 1
```

## Third

```expect
count pods = 1
```
""".replace("{pod}", WEB.strip())


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n", "2")], ids=["one process", "two workers"])
def test_accepting_writes_what_commands_print_and_then_passes(tmp_path: Path, workers: tuple[str, ...]) -> None:
    if workers and find_spec("xdist") is None:
        pytest.skip("pytest-xdist is not installed: stories on several workers are not tried")
    story = tmp_path / "a.story.md"
    story.write_text(STORY)
    if not workers:
        assert "2 failed" in pytest_in(tmp_path) and story.read_text() == STORY
    said = pytest_in(tmp_path, "--simnet-accept", *workers)
    assert "3 passed" in said, said
    text = story.read_text()
    assert "pod/web\n" in text and "NAME   READY   STATUS" in text and "wep" not in text
    if not workers:
        assert "3 passed" in pytest_in(tmp_path) and story.read_text() == text
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".a.story")] == []


def test_accepting_does_not_hide_a_line_that_does_not_hold(tmp_path: Path) -> None:
    (tmp_path / "a.story.md").write_text(STORY.replace("count pods = 1\n```\n\n## Third", "count pods = 2\n```\n\n## Third"))
    said = pytest_in(tmp_path, "--simnet-accept")
    assert "1 failed, 2 passed" in said and "FAIL  count pods = 2" in said


# hypothesis -----------------------------------------------------------------------------------------------------

def test_the_kit_does_not_load_hypothesis_by_itself() -> None:
    code = ("import sys, simnet.testing as kit; loaded = 'hypothesis' in sys.modules; sys.modules['hypothesis'] = None\n"
            "try:\n    kit.strategies\nexcept ImportError as problem: print(loaded, 'hypothesis' in str(problem))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "False True\n", done.stderr
    with pytest.raises(AttributeError):
        testing.no_such_name  # noqa: B018


def test_verdicts_of_the_kit_are_the_public_ones(broken: Cluster) -> None:
    assert broken.trace("http://web/", "pod/client").verdict is Verdict.REFUSED
