"""All possible traces of one request, with exact probabilities."""

from __future__ import annotations

from fractions import Fraction

from tests.unit.flow_net import VIP, WEB, WEB_A, WEB_B, net, pod, service

THIRD = Fraction(1, 3)
# web-c listens on nothing that the Service sends to
PODS = (*WEB, pod("web-c", "b", "10.244.1.3", port=9))


def test_every_possible_result_has_its_exact_probability() -> None:
    outcomes = net(service(), pods=PODS).outcomes(f"tcp://{VIP}:80", "pod/client")
    assert outcomes.results == {"open": 2 * THIRD, "refused": THIRD}
    assert outcomes.endpoints == {WEB_A: THIRD, WEB_B: THIRD}, "nobody received the third"
    assert sum(share for share, _ in outcomes) == 1
    assert repr(outcomes) == "<Outcomes open: 2/3, refused: 1/3>"


def test_outcomes_are_a_sequence_of_pairs() -> None:
    outcomes = net(service(), pods=PODS).outcomes(f"tcp://{VIP}:80", "pod/client")
    assert len(outcomes) == 3 == len(outcomes.traces)
    assert outcomes[0] == (THIRD, outcomes.traces[0]) and outcomes[1:][-1] == outcomes[2]
    assert [share for share, _ in reversed(outcomes)] == [THIRD] * 3


def test_what_a_request_gives_is_among_them() -> None:
    cluster = net(service(), pods=PODS)
    possible = cluster.outcomes(f"tcp://{VIP}:80", "pod/client").results
    assert {cluster.connect(f"tcp://{VIP}:80", "pod/client").result for _ in range(40)} == set(possible)


def test_asking_commits_nothing() -> None:
    cluster = net(service(sessionAffinity="ClientIP"))
    before = cluster.trace(f"tcp://{VIP}:80", "pod/client").steps[0].before.source_port
    cluster.outcomes(f"tcp://{VIP}:80", "pod/client")
    assert len(cluster.outcomes(f"tcp://{VIP}:80", "pod/client")) == 2
    assert cluster.trace(f"tcp://{VIP}:80", "pod/client").steps[0].before.source_port == before


def test_a_given_reply_answers_on_every_path() -> None:
    outcomes = net(service()).outcomes(f"http://{VIP}/", "pod/client", reply={"status": 418, "body": "tea"})
    assert outcomes.results == {"418": 1} and {trace.response.text for trace in outcomes.traces} == {"tea"}
