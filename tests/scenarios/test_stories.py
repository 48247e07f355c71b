"""Every story in scenarios/ replays, the same way each time, and together they show what they are there for."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from simnet.scenario import Scenario, find_stories
from simnet.scenario.model import Console, Expect
from simnet.scenario.reader import read_story

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
STORIES = find_stories([SCENARIOS])
CODES = ("SEL-NOMATCH", "PRT-NOLISTEN", "EPT-NOTREADY", "DNS-NS", "SVC-NODEPORT", "SVC-EXTNAME", "ING-HOST", "ING-CLASS",
         "ING-XNS", "TLS-FALLBACK", "ING-PATHTYPE", "ING-PATH", "DNS-NDOTS", "NAT-SNAT", "SVC-ETPLOCAL", "DNS-HEADLESS",
         "LBS-AFFINITY", "IPM-EXHAUSTED", "GWY-GRANT", "GWY-ATTACH",
         "NET-CUT")


@pytest.mark.parametrize("path", STORIES, ids=[path.name for path in STORIES])
def test_the_story_replays(path: Path) -> None:
    report = Scenario.read(path).check()
    assert report.checks >= 5


@pytest.mark.parametrize("path", STORIES, ids=[path.name for path in STORIES])
def test_the_story_gives_the_same_bytes_again_and_accepts_nothing(path: Path) -> None:
    scenario = Scenario.read(path)
    first, second = (json.dumps(scenario.run().to_json()) for _ in range(2))
    assert first == second
    assert scenario.accept() == path.read_text(encoding="utf-8")


def test_the_article_and_at_least_eight_lessons_of_one_screen() -> None:
    names = {path.name for path in STORIES}
    assert {"kubernetes-networking-101.story.md", "as-published.story.md", "from-pods-to-tls.story.md"} <= names
    short = [path for path in STORIES if len(read_story(path).steps) <= 5]
    assert len(short) >= 8
    for path in short:
        assert any(step.mode == "what-if" for step in read_story(path).steps), f"{path.name} asks no what-if"


def test_every_cause_that_is_diagnosed_has_a_story() -> None:
    lines = [text for path in STORIES for step in read_story(path).steps for action in step.actions
             if isinstance(action, Expect) for _, text in action.lines if text.startswith("diagnose ")]
    said = {re.search(r"says (\S+)", line)[1] for line in lines}  # type: ignore[index]
    assert said == set(CODES)


ARTICLE = [  # what the article types, in its order; quotes straightened, line breaks of the page joined
    "kubectl get pod -o yaml busybox | grep podIP",
    "kubectl get pods -o wide",
    "kubectl create -f web-app-service.yaml",
    "kubectl describe services web-service",
    'kubectl run httpbin --generator=run-pod/v1 --image=kennethreitz/httpbin --labels="app=web"',
    'kubectl run httpbin-2 --generator=run-pod/v1 --image=kennethreitz/httpbin --labels="app=web"',
    'kubectl describe services web-service | grep "Endpoints"',
    "kubectl exec -it httpbin -- /bin/bash",
    "apt update",
    "apt install curl",
    "curl web-service",
    "kubectl create -f web-app-nodeport-service.yaml",
    "kubectl get services web-service-nodeport",
    "curl 192.168.122.188:32285",
    "kubectl create -f app-ingress.yaml",
    "kubectl describe ingresses app-ingress",
    'curl -H "Host: example.com" http://192.168.122.188',
    'curl -H "Host: example123.com" http://192.168.122.188',
    "kubectl create secret tls ssl-example-cert --key ssl.key --cert ssl.cert",
    'curl -k -H "Host: example.com" https://192.168.122.188/',
]


def test_the_article_is_replayed_command_by_command_in_its_own_order() -> None:
    story = read_story(SCENARIOS / "kubernetes-networking-101.story.md")
    typed = iter([exchange.command for step in story.steps if step.mode == "normal" for action in step.actions
                  if isinstance(action, Console) for exchange in action.exchanges])
    missing = [command for command in ARTICLE if command not in typed]  # `in` an iterator goes on from where it was
    assert not missing
