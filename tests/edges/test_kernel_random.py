"""The kernel as referee over clusters that hypothesis makes up."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import simnet
from tests.edges.kernel.ask import Ears
from tests.edges.kernel.clusters import OUTSIDE, clusters, questions
from tests.edges.kernel.lab import Lab
from tests.edges.kernel.namespaces import why_not
from tests.edges.kernel.referee import Question, is_sticky, kernel_says, simnet_says, why_unasked

WHY_NOT = why_not()
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)
EXAMPLES, ASKED = 16, 12  # clusters by default (with --long fifty times as many), and questions to each


def test_the_kernel_agrees_about_random_clusters(scale: int) -> None:
    """Verdict, endpoint set, seen source and lost replies, in both modes and both families."""

    @settings(max_examples=EXAMPLES * scale, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck))
    @given(clusters(), st.data())
    def agrees(cluster: simnet.Cluster, data: st.DataObject) -> None:
        everything = [each for each in questions(cluster) if not why_unasked(cluster, each)]
        asked = data.draw(st.lists(st.sampled_from(everything), min_size=1, max_size=ASKED, unique=True))
        with Lab(cluster, OUTSIDE) as lab, Ears(lab, lab.targets()) as ears:
            for question in asked:
                expected = simnet_says(cluster, question)
                sticky = is_sticky(cluster, question)
                found = kernel_says(lab, ears, question, expected, tries=3 if sticky else 0)
                assert found <= expected and (len(found) == 1 if sticky else found == expected), told(cluster, question)

    agrees()


def told(cluster: simnet.Cluster, question: Question) -> str:
    """All there is to repeat the question."""
    return f"{question}\nproxy={cluster.settings.proxy}\n{json.dumps(cluster.dump())}"
