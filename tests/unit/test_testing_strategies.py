"""The strategies of the test kit: what they draw is accepted, and every request of theirs ends and is explained."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from simnet import Cluster, Verdict, explain
from simnet.testing import deployment, ingress, service, strategies
from simnet.testing.strategies import Event


@given(strategies.manifests())
def test_every_manifest_is_accepted_by_an_empty_cluster(manifest: dict[str, Any]) -> None:
    assert [each.action for each in Cluster(nodes=1).apply(manifest)] == ["created"]


@settings(max_examples=25)
@given(st.data())
def test_every_request_to_every_cluster_ends_and_is_explained(data: st.DataObject) -> None:
    cluster = data.draw(strategies.clusters())
    for _ in range(3):
        url, source, options = data.draw(strategies.requests(cluster))
        outcomes = cluster.outcomes(url, source, **options)
        assert sum(share for share, _ in outcomes) == 1
        assert all(explain(trace) and trace.verdict in Verdict for trace in outcomes.traces)


@settings(max_examples=25)
@given(strategies.events())
def test_a_refused_event_changes_nothing(events: list[Event]) -> None:
    cluster = Cluster(nodes=2)
    for event in events:
        before = cluster.dump(), cluster.version
        if not event.on(cluster):
            assert (cluster.dump(), cluster.version) == before


def test_requests_reach_what_a_cluster_offers() -> None:
    """Not only refused ones come out: by name, by address, through an Ingress, and to what is not there."""
    cluster = Cluster(nodes=1)
    cluster.apply([deployment("web"), service("web"), service("db", selector={}), ingress("web", host="*.example.com")])
    reached: set[str] = set()

    @settings(max_examples=200, database=None, derandomize=True)
    @given(strategies.requests(cluster))
    def draw(request: tuple[str, str, dict[str, Any]]) -> None:
        url, source, options = request
        reached.add(cluster.trace(url, source, **options).result)

    draw()
    assert reached >= {"200", "open", "no-name", "refused", "timeout"}
