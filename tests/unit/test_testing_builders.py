"""Builders: what they write when little is said fits together."""

from __future__ import annotations

from simnet import Cluster, expect
from simnet.testing import assert_delivered, pod, service


def test_a_pod_carries_the_label_that_a_service_of_its_name_selects() -> None:
    cluster = Cluster(nodes=1)
    cluster.apply([pod("web"), service("web"), pod("client")])
    assert_delivered(cluster.request("http://web/", "pod/client"), to="web")


def test_labels_may_be_others_or_none() -> None:
    assert pod("web")["metadata"]["labels"] == {"app": "web"}
    assert pod("web", labels={"tier": "front"})["metadata"]["labels"] == {"tier": "front"}
    assert "labels" not in pod("web", labels={})["metadata"]


def test_a_service_may_select_nothing() -> None:
    assert service("web")["spec"]["selector"] == {"app": "web"}
    cluster = Cluster(nodes=1)
    cluster.apply([pod("web"), service("web", selector={})])
    expect(cluster, "endpoints web are none")
