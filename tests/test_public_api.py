"""The public API is a contract: names, keywords, verdicts, and what each call gives."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction

import pytest

import simnet
from simnet.errors import ManifestError, NotFound, UsageError
from simnet.testing import assert_delivered, assert_verdict, deployment, ingress, pod, service


@pytest.fixture
def shop() -> simnet.Cluster:
    """Two web pods behind a Service and an Ingress, a client pod."""
    cluster = simnet.Cluster(nodes=2, seed=0)
    cluster.apply([deployment("web"), service("web"), pod("client"), ingress("web", host="shop.example.com")])
    return cluster


def test_every_public_name_can_be_imported() -> None:
    for name in simnet.__all__:
        assert getattr(simnet, name) is not None
    with pytest.raises(AttributeError):
        simnet.no_such_name  # noqa: B018


def test_importing_simnet_loads_nothing_heavy() -> None:
    code = ("import sys, simnet; heavy = {'networkx', 'asyncio', 'ssl', 'http.server', 'xml', 'email'} & set(sys.modules); "
            "sys.exit(str(heavy) if heavy else 0)")
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_small_cluster_never_loads_networkx() -> None:
    code = ("import sys, simnet; cluster = simnet.Cluster(nodes=2); cluster.trace('http://10.96.0.1:443/'); "
            "sys.exit('networkx' in sys.modules)")
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_apply_takes_text_a_mapping_a_list_and_a_file(tmp_path, monkeypatch) -> None:
    cluster = simnet.Cluster()
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
    assert [each.action for each in cluster.apply(text)] == ["created"]
    assert [each.action for each in cluster.apply(text)] == ["unchanged"]
    (tmp_path / "b.yaml").write_text(text.replace("a}", "b}"))
    monkeypatch.chdir(tmp_path)
    cluster.apply("b.yaml")
    cluster.apply(tmp_path / "b.yaml")
    cluster.apply([{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}])
    assert [each.name for each in cluster.list("configmap", namespace="default")] == ["a", "b", "c"]


def test_get_gives_a_frozen_typed_object_with_its_manifest(shop: simnet.Cluster) -> None:
    found = shop.get("service", "web", namespace="default")
    assert found.ports[0].port == 80
    assert found.manifest["spec"]["clusterIP"].startswith("10.")
    with pytest.raises(AttributeError):
        found.type = "NodePort"
    with pytest.raises(NotFound, match="did you mean web"):
        shop.get("service", "wep")


def test_list_selects_by_labels_and_namespace(shop: simnet.Cluster) -> None:
    assert len(shop.list("pod", selector="app=web")) == 2
    assert shop.list("pod", selector="app=web", namespace="kube-system") == []


def test_request_answers_with_who_where_and_what_was_seen(shop: simnet.Cluster) -> None:
    trace = shop.request("http://web/", "pod/default/client")
    assert trace.verdict is simnet.Verdict.ANSWERED and trace.response.status == 200
    assert trace.endpoint.pod.name.startswith("web-") and trace.endpoint.port == 80
    assert trace.service.result == "FORWARD" and not trace.service.masqueraded
    assert trace.seen_source == shop.get("pod", "client").manifest["status"]["podIP"]
    assert_delivered(trace, to="web-*")


def test_connect_delivers_a_plain_connection(shop: simnet.Cluster) -> None:
    trace = shop.connect("tcp://web:80", "pod/client")
    assert trace.verdict is simnet.Verdict.DELIVERED and trace.response is None
    assert_verdict(shop.connect("tcp://web:81", "pod/client"), "DROPPED")


def test_trace_is_a_dry_run_of_the_next_request(shop: simnet.Cluster) -> None:
    before = shop.dump(), shop.version
    dry = shop.trace("http://web/", "pod/client")
    again = shop.trace("http://web/", "pod/client")
    assert (dry.endpoint, dry.steps[0].before.source_port) == (again.endpoint, again.steps[0].before.source_port)
    assert (shop.dump(), shop.version) == before
    real = shop.request("http://web/", "pod/client")
    assert real.endpoint == dry.endpoint
    assert shop.trace("http://web/", "pod/client").steps[0].before.source_port == dry.steps[0].before.source_port + 1


def test_outcomes_are_exact(shop: simnet.Cluster) -> None:
    outcomes = shop.outcomes("http://web/", "pod/client")
    assert sum(share for share, _ in outcomes) == 1
    assert sorted(outcomes.endpoints.values()) == [Fraction(1, 2), Fraction(1, 2)]
    assert outcomes.results == {"200": Fraction(1)}


def test_a_link_stays_with_its_endpoint(shop: simnet.Cluster) -> None:
    link = shop.open("http://web/", "pod/client")
    assert {link.request("/again").endpoint for _ in range(20)} == {link.trace.endpoint}


def test_a_fork_is_independent(shop: simnet.Cluster) -> None:
    twin = shop.fork()
    twin.delete("service/web")
    assert twin.request("http://web/", "pod/client").verdict is simnet.Verdict.UNRESOLVED
    assert shop.request("http://web/", "pod/client").response.status == 200
    shop.apply(pod("later"))
    with pytest.raises(NotFound):
        twin.get("pod", "later")


def test_two_clusters_in_one_process_never_meet() -> None:
    one, other = simnet.Cluster(), simnet.Cluster()
    one.apply(pod("a"))
    with pytest.raises(NotFound):
        other.get("pod", "a")


def test_load_is_the_inverse_of_dump(shop: simnet.Cluster) -> None:
    copy = simnet.Cluster(nodes=0, addons=())
    copy.load(shop.dump())
    assert copy.dump() == shop.dump()
    assert copy.request("http://web/", "pod/client").response.status == 200


def test_a_refused_apply_leaves_no_trace(shop: simnet.Cluster) -> None:
    before = shop.dump(), shop.version
    bad = service("later")
    bad["spec"]["ports"][0]["port"] = 70000
    with pytest.raises(ManifestError, match=r"spec\.ports\[0\]\.port"):
        shop.apply([pod("fine"), bad])
    with pytest.raises(ManifestError, match="already allocated"):
        shop.apply([service("first"), service("second", clusterIP=shop.get("service", "web").manifest["spec"]["clusterIP"])])
    assert (shop.dump(), shop.version) == before
    shop.apply(service("first"))


def test_unknown_keywords_name_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean pod_cidr"):
        simnet.Cluster(pod_cdr="10.0.0.0/8")
    with pytest.raises(UsageError, match="did you mean insecure"):
        simnet.Cluster().request("http://10.0.0.1/", insecur=True)


def test_the_same_calls_give_the_same_bytes() -> None:
    def played() -> str:
        cluster = simnet.Cluster(nodes=3, seed=7)
        cluster.apply([deployment("web", replicas=5), service("web", type="NodePort"), pod("client")])
        texts = [simnet.explain(cluster.request("http://web/", "pod/client"), format=form)
                 for form in ("text", "tree", "json") for _ in range(5)]
        return "\n".join([*texts, str(cluster.dump())])

    assert played() == played()


def test_expect_raises_with_the_whole_report(shop: simnet.Cluster) -> None:
    simnet.expect(shop, "GET http://web/ from pod/client is 200 by pod/web-*")
    with pytest.raises(simnet.SimnetError, match="got"):
        simnet.expect(shop, "GET http://web/ from pod/client is refused")


def test_cut_links_and_partitions_are_honoured_and_named(shop: simnet.Cluster) -> None:
    web = shop.list("pod", selector="app=web")
    far = next(each for each in web if each.node_name != shop.get("pod", "client").node_name)
    url = f"http://{far.manifest['status']['podIP']}/"
    assert shop.request(url, "pod/client").response.status == 200
    shop.cut(f"node/{far.node_name}", "router")
    trace = shop.request(url, "pod/client")
    assert trace.verdict is simnet.Verdict.UNREACHABLE
    assert set(trace.last.because.missing) == {f"node/{far.node_name}", "router"}
    shop.mend(f"node/{far.node_name}", "router")
    assert shop.request(url, "pod/client").response.status == 200
    shop.partition([f"node/{far.node_name}"], [f"node/{shop.get('pod', 'client').node_name}"])
    assert shop.request(url, "pod/client").verdict is simnet.Verdict.UNREACHABLE
    shop.rejoin()
    assert shop.request(url, "pod/client").response.status == 200
