"""Three large sets of manifests in the shape of public ones: a shop of twelve services, a monitoring stack with its own
kinds, a gateway install. All of them load, what is modelled works, and what is not is listed.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from simnet import Cluster, expect, read_manifests
from simnet.manifests import not_modelled

SETS = Path(__file__).resolve().parents[1] / "manifests"

KINDS = [  # set, objects, kinds that are kept but not modelled, with how many objects there are
    ("shop", 48, {"CronJob.batch": 1, "HorizontalPodAutoscaler.autoscaling": 1, "PodDisruptionBudget.policy": 1}),
    ("monitoring", 49, {
        "CustomResourceDefinition.apiextensions.k8s.io": 5, "ClusterRole.rbac.authorization.k8s.io": 3,
        "ClusterRoleBinding.rbac.authorization.k8s.io": 3, "RoleBinding.rbac.authorization.k8s.io": 2,
        "Metrics.monitoring.example.com": 1, "PodDisruptionBudget.policy": 1, "AlertRouter.monitoring.example.com": 1,
        "AlertRule.monitoring.example.com": 3, "ServiceWatch.monitoring.example.com": 5}),
    ("gateway", 36, {
        "Job.batch": 1, "Issuer.cert-manager.io": 1, "Certificate.cert-manager.io": 1,
        "ClusterRole.rbac.authorization.k8s.io": 1, "ClusterRoleBinding.rbac.authorization.k8s.io": 1,
        "Role.rbac.authorization.k8s.io": 1, "RoleBinding.rbac.authorization.k8s.io": 1,
        "ValidatingWebhookConfiguration.admissionregistration.k8s.io": 1,
        "MutatingWebhookConfiguration.admissionregistration.k8s.io": 1,
        "CustomResourceDefinition.apiextensions.k8s.io": 5, "HorizontalPodAutoscaler.autoscaling": 1,
        "GRPCRoute.gateway.networking.k8s.io": 1}),
]

PARTS = [  # set, a part of a modelled kind that is kept and has no effect
    ("shop", "Deployment spec.template.spec.affinity.podAntiAffinity (1 object)"),
    ("shop", "Deployment spec.template.spec.topologySpreadConstraints (1 object)"),
    ("shop", "Deployment spec.template.spec.containers[].livenessProbe (11 objects)"),
    ("shop", "Deployment spec.template.spec.containers[].startupProbe (1 object)"),
    ("shop", "StatefulSet spec.volumeClaimTemplates (1 object)"),
    ("monitoring", "DaemonSet spec.updateStrategy (1 object)"),
    ("monitoring", "NetworkPolicy spec (1 object)"),
    ("monitoring", "DaemonSet spec.template.spec.hostPID (1 object)"),
    ("gateway", "Deployment spec.template.spec.containers[].lifecycle (1 object)"),
]


def loaded(*names: str) -> Cluster:
    cluster = Cluster(nodes=3, policies="not-enforced", images={
        "grafana/grafana:11.3.0": {"listen": [{"port": 3000, "answer": "dashboards\n"}]}})
    for name in names:
        cluster.apply(SETS / name)
    return cluster


@pytest.mark.parametrize(("name", "count", "kinds"), KINDS, ids=[row[0] for row in KINDS])
def test_the_set_loads_and_lists_the_kinds_that_are_not_modelled(name: str, count: int, kinds: dict[str, int]) -> None:
    manifests = read_manifests(SETS / name)
    assert len(manifests) == count
    listed = [line for line in not_modelled(manifests) if " spec" not in line]
    assert listed == [f"{kind} ({number} object{'s' if number > 1 else ''})" for kind, number in kinds.items()]


@pytest.mark.parametrize(("name", "line"), PARTS, ids=[f"{name}: {line}" for name, line in PARTS])
def test_parts_that_have_no_effect_are_listed(name: str, line: str) -> None:
    assert line in not_modelled(read_manifests(SETS / name))


@pytest.mark.parametrize(("name", "count", "kinds"), KINDS, ids=[row[0] for row in KINDS])
def test_what_is_not_modelled_is_kept_as_it_was_written(name: str, count: int, kinds: dict[str, int]) -> None:
    cluster = loaded(name)
    for kind, number in kinds.items():
        assert len(cluster.list(kind.partition(".")[0])) == number
    written = {manifest.ref: manifest.data for manifest in read_manifests(SETS / name)}
    for kind in kinds:
        for each in cluster.list(kind.partition(".")[0]):
            given = written[f"{kind.partition('.')[0].lower()}/{each.key}"]
            assert {key: each.manifest.get(key) for key in given if key != "metadata"} == {
                key: value for key, value in given.items() if key != "metadata"}


@pytest.mark.parametrize("names", [("shop",), ("monitoring",), ("gateway",), ("shop", "monitoring", "gateway")], ids="+".join)
def test_every_pod_runs_and_every_service_with_a_selector_has_endpoints(names: tuple[str, ...]) -> None:
    cluster = loaded(*names)
    waiting = [str(pod.key) for pod in cluster.list("pod") if pod.phase != "Running" or not pod.ready]
    assert not waiting
    empty = [str(service.key) for service in cluster.list("service") if service.has_selector
             and not any(each.endpoints for each in cluster.view.slices(service.key))]
    assert not empty


WORKS = [  # set, a line that holds on a cluster with it
    ("shop", "count pods in shop = 19"),
    ("shop", "count services in shop = 13"),
    ("shop", "GET http://shop.example.com/ at 203.0.113.1 from laptop is 308"),
    ("shop", "GET https://shop.example.com/ at 203.0.113.1 insecure from laptop is 200 cert fallback by pod/shop/storefront-*"),
    ("shop", "GET https://shop.example.com/reviews/7 at 203.0.113.1 insecure from laptop is 200 by pod/shop/reviews-*"),
    ("shop", "tcp mailer.shop:5000 from node/node-1 is no-name"),
    ("shop", "resolve payment-provider type CNAME from pod/shop/basket-store-0 is api.payments.example.net"),
    ("shop", "tcp mailer:5000 from pod/shop/basket-store-0 is open by pod/shop/mailer-*"),
    ("shop", "tcp reviews:9102 from pod/shop/basket-store-0 is open by pod/shop/reviews-*"),
    ("shop", "tcp basket-store-0.basket-store:6379 from pod/shop/basket-store-0 is open"),
    ("monitoring", "count pods app.kubernetes.io/name=node-exporter in watch = 3"),
    ("monitoring", "GET http://metrics.watch:9090/-/ready from pod/watch/router-0 is 200 by pod/watch/metrics-*"),
    ("monitoring", "tcp metrics.watch:8080 from pod/watch/router-0 is open by pod/watch/metrics-*"),
    ("monitoring", "tcp router-2.router-operated:9094 from pod/watch/router-0 is open by pod/watch/router-2"),
    ("monitoring", "udp router-1.router-operated:9094 from pod/watch/router-0 is open by pod/watch/router-1"),
    ("monitoring", "tcp 172.18.0.3:9100 from laptop is open by pod/watch/node-exporter-*"),
    ("monitoring", "GET http://172.18.0.2:30300/ from laptop is 200 by pod/watch/dashboards-* body \"dashboards\""),
    ("monitoring", "GET http://watch.example.com/ at 203.0.113.1 from laptop is 200 by pod/watch/dashboards-*"),
    ("gateway", "tcp edge-controller.edge-system:9443 from pod/ingress-nginx/ingress-nginx-controller-* is open"),
    ("gateway", "GET http://203.0.113.2/ from laptop is 200 by pod/edge-system/edge-public-*"),
    ("gateway", "tcp api-v2.team-a.svc.cluster.local:9000 from pod/ingress-nginx/ingress-nginx-controller-* is open"),
]


@pytest.fixture(scope="module")
def clusters() -> dict[str, Cluster]:
    return {name: loaded(name) for name, *_ in KINDS}


@pytest.mark.parametrize(("name", "line"), WORKS, ids=[line for _, line in WORKS])
def test_what_is_modelled_works(clusters: dict[str, Cluster], name: str, line: str) -> None:
    cluster = clusters[name]
    for pod in cluster.list("pod"):
        line = line.replace(f"from pod/{pod.namespace}/{pod.name.rsplit('-', 2)[0]}-*", f"from pod/{pod.key}")
    expect(cluster, line)


def test_what_was_applied_twice_is_unchanged() -> None:
    cluster = loaded("shop", "monitoring", "gateway")
    before = cluster.version
    results = [result for name, *_ in KINDS for result in cluster.apply(SETS / name)]
    configured = {result.object.ref.partition("/")[0] for result in results if result.action == "configured"}
    # kubectl's patch is not empty for stringData, a strategy without its type, `creationTimestamp: null`, the defaults
    # inside claim templates, and lists of custom resources whose entries get defaults: a merge patch replaces them whole
    assert configured == {"secret", "deployment", "statefulset", "clusterrole", "customresourcedefinition", "httproute"}
    assert {result.action for result in results} == {"configured", "unchanged"}
    assert cluster.version == before
