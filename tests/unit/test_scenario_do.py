"""Do fences, live steps, lines that watch, seeds, exercises and captures that nobody uses."""

from __future__ import annotations

import pytest

from simnet.errors import ManifestError
from simnet.scenario import Scenario
from simnet.scenario.report import Report

HEAD = """\
# A story
{settings}
## Set up

```yaml apply
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {run: web}, ports: [{port: 80}]}
```

```console
$ kubectl run web --image=nginx:1.29
pod/web created
$ kubectl run client --image=curlimages/curl:8.17.0 --command -- sleep 1d
pod/client created
```

## One{mode}
"""
GET = "GET http://web/ from pod/client"


def text(*fences: str, mode: str = "", settings: str = "") -> str:
    return HEAD.replace("{mode}", mode).replace("{settings}", settings) + "\n".join(fences)


def fence(kind: str, *lines: str) -> str:
    return "\n".join((f"```{kind}", *lines, "```", ""))


def run(*fences: str, mode: str = "", settings: str = "") -> Report:
    return Scenario.parse(text(*fences, mode=mode, settings=settings)).run()


def holds(*fences: str, **keywords: str) -> None:
    report = run(*fences, **keywords)
    assert report.passed, "\n".join(line for failure in report.failures for line in failure.lines())


# do fences ------------------------------------------------------------------------------------------------------

def test_readiness_fails_and_heals() -> None:
    holds(fence("do", "fail readiness pod/web   # as a probe would"),
          fence("expect", f"{GET} is refused", "endpoints web are none", f"diagnose {GET} says EPT-NOTREADY"),
          fence("do", "heal readiness pod/default/web"), fence("expect", f"{GET} is 200 by pod/web"))


def test_links_are_cut_and_mended() -> None:
    holds(fence("do", "fail link pod/web bridge/node-1"),
          fence("expect", f"{GET} is unreachable", f"diagnose {GET} says NET-CUT"),
          fence("do", "heal link bridge/node-1 pod/web"), fence("expect", f"{GET} is 200"))


def test_nodes_are_parted_and_joined() -> None:
    holds(fence("do", "partition outside node/node-1"), fence("expect", "tcp 172.18.0.2:30000 from laptop is unreachable", f"{GET} is 200"),
          fence("do", "join"), fence("expect", "tcp 172.18.0.2:30000 from laptop never unreachable"))


def test_a_capture_may_name_what_breaks() -> None:
    holds(fence("console", "$ kubectl get pod -l run=web -o name", "pod/{name}"), fence("do", "fail readiness pod/{name}"),
          fence("expect", f"{GET} is refused"))


WRONG_LINES = [  # line, column, what is said
    ("fial readiness pod/web", 1, "found 'fial'; expected what to do: @, advance, fail, heal, partition, join; did you mean fail?"),
    ("fail redness pod/web", 6, "found 'redness'; expected what to fail: readiness, link; did you mean readiness?"),
    ("fail node/node-1", 6, "found 'node/node-1'; expected what of it: `fail readiness pod/NAME` or `fail link A B`"),
    ("fail readiness web", 16, "'web' is no pod; write pod/NAME or pod/NAMESPACE/NAME"),
    ("fail link node/node-1", 22, "the line ends; expected a part of the network"),
    ("fail link nod/node-1 router", 11, "'nod/node-1' is no part of the network; one of node/NAME, pod/NAME, bridge/NAME, router, "
     "outside; did you mean node/node-1?"),
    ("partition node/node-1", 22, "the line ends"),
    ("join all", 6, "'all' is one word too many"),
    ("@ 30s", 3, "'30s' is not a duration that lies ahead; write @ +30s"),
    ("@ +30", 3, "a unit is missing"),
    ("advance -3s", 9, "time cannot go back"),
    ("sleep 3", 1, "found 'sleep'; expected what to do"),
]


@pytest.mark.parametrize(("line", "column", "said"), WRONG_LINES)
def test_a_wrong_line_gives_the_column_what_was_expected_and_the_nearest_word(line: str, column: int, said: str) -> None:
    with pytest.raises(ManifestError) as caught:
        Scenario.parse("# A\n" + fence("do", line, "@ +1s") + fence("expect", "count pods = 0"))
    assert str(caught.value).startswith(f"story.md:3:{column}: ") and said in str(caught.value), str(caught.value)


REFUSED = [  # line of a do fence, what its failure says
    ("fail readiness pod/wep", "did you mean web?"), ("heal readiness pod/web", "pod/web is ready already"),
    ("fail link node/node-1 pod/web", "no link joins node/node-1 and pod/default/web"),
    ("partition outside node/node-9", "'node/node-9' is no part of the network"),
]


@pytest.mark.parametrize(("line", "said"), REFUSED)
def test_what_cannot_be_done_fails_the_step_at_its_line(line: str, said: str) -> None:
    report = run(fence("do", line))
    failure, = report.failures
    assert failure.what == line and said in "\n".join(failure.details) and failure.place.line == 21


# live steps and watches -----------------------------------------------------------------------------------------

SLOW = fence("yaml apply", "apiVersion: v1", "kind: Pod", "metadata: {name: slow, labels: {run: slow}}", "spec:", "  containers:",
             "  - name: nginx", '    image: "nginx:1.29"',
             "    readinessProbe: {httpGet: {path: /, port: 80}, initialDelaySeconds: 20}", "---", "apiVersion: v1",
             "kind: Service", "metadata: {name: slow}", "spec: {selector: {run: slow}, ports: [{port: 80}]}")
SLOW_GET = "GET http://slow/ from pod/client"


def test_a_step_settles_unless_it_is_live() -> None:
    holds(SLOW, fence("expect", f"{SLOW_GET} is 200"))
    holds(SLOW, fence("expect", f"{SLOW_GET} is refused", f"at +60s {SLOW_GET} is 200"), fence("do", "@ +60s"),
          fence("expect", f"{SLOW_GET} is 200"), mode=" {live}")


def test_the_step_after_a_live_one_finds_a_settled_cluster() -> None:
    holds(SLOW, fence("expect", f"{SLOW_GET} is refused"), "## Two\n", fence("expect", f"{SLOW_GET} is 200"), mode=" {live}")


def test_what_if_and_live_go_together() -> None:
    holds(SLOW, fence("expect", f"{SLOW_GET} is refused"), "## Two\n", fence("expect", "count pods run=slow = 0"),
          mode=" {what-if} {live}")


def test_a_watch_sees_what_no_line_at_the_end_sees() -> None:
    """The pod becomes ready while the step settles: at its end the name answers, on the way it did not."""
    holds(SLOW, fence("expect", f"{SLOW_GET} is 200", f"never {SLOW_GET} every 1s is timeout"))
    report = run(SLOW, fence("expect", f"always {SLOW_GET} every 1s is 200", f"{SLOW_GET} is 200"))
    failure, = report.failures
    assert failure.what.startswith("always") and failure.details[0] == "when     0 s after the step began, at look 1"
    assert any("EPT-NOTREADY" in line for line in failure.details)


@pytest.mark.parametrize(("period", "look", "moment"), [("100ms", 7, "0.5"), ("2s", 2, "0.5")])
def test_a_watch_names_the_moment_it_first_broke(period: str, look: int, moment: str) -> None:
    """At the start, in its period, and after every change: the failure half a second on is met whatever the period."""
    report = run(fence("do", "@ +500ms", "fail readiness pod/web", "@ +3s", "heal readiness pod/web", "@ +3s"),
                 fence("expect", f"never {GET} every {period} is refused", f"{GET} is 200"), mode=" {live}")
    failure, = report.failures
    assert failure.details[0].startswith(f"when     {moment} s after the step began"), failure.details[0]
    assert report.checks == 4


def test_a_watch_that_looks_too_often_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simnet.scenario.watching.MOST_SAMPLES", 100)
    report = run(fence("do", "@ +2s"), fence("expect", f"always {GET} every 1ms is 200"), mode=" {live}")
    assert "more than 100 times; choose a longer period" in "\n".join(report.failures[0].details)


# seeds, captures ------------------------------------------------------------------------------------------------

def settings(seed: str) -> str:
    return fence("yaml scenario", "simnet: 1", f"seed: {seed}", "cluster: {nodes: 2}")


def test_a_list_of_seeds_runs_the_story_once_with_each() -> None:
    report = run(fence("expect", f"{GET} is 200"), settings=settings("[3, 4]"))
    assert [step.name for step in report.steps] == ["Set up [seed 3]", "One [seed 3]", "Set up [seed 4]", "One [seed 4]"]
    assert report.passed and report.checks == 6


def test_a_line_that_rests_on_one_seed_is_found() -> None:
    """Cluster addresses come from the seed."""
    address = run(fence("console", "$ kubectl get service web -o name"), settings=settings("3")).steps[1].outputs
    assert address
    first = Scenario.parse(text(fence("console", "$ kubectl get svc web"), settings=settings("3"))).accept()
    vip = next(line.split()[2] for line in first.splitlines() if line.startswith("web "))
    report = run(fence("expect", f"resolve web from pod/client is {vip}"), settings=settings("[3, 4]"))
    assert [step.passed for step in report.steps] == [True, True, True, False]


@pytest.mark.parametrize("seeds", ["[]", "[1, 1]"])
def test_seeds_must_be_some_and_each_once(seeds: str) -> None:
    with pytest.raises(ManifestError, match=r"story\.md:4:\d+: a list of seeds names at least one, and none twice"):
        run(fence("expect", f"{GET} is 200"), settings=settings(seeds))


def test_a_capture_that_nothing_uses_is_an_error() -> None:
    with pytest.raises(ManifestError, match=r"story\.md:\d+: \{ip\} is captured and never used; write \{\*\}"):
        run(fence("console", "$ echo 10.0.0.1", "{ip}"))
    for use in (fence("expect", "tcp {ip}:80 from laptop is timeout"), fence("console", "$ echo {ip}", "10.0.0.1"),
                fence("console", "$ echo 10.0.0.1", "{ip}")):
        holds(fence("console", "$ echo 10.0.0.1", "{ip}"), use)


# exercises ------------------------------------------------------------------------------------------------------

BROKEN = fence("yaml broken", "apiVersion: v1", "kind: Service", "metadata: {name: web}",
               "spec: {selector: {run: wbe}, ports: [{port: 80}]}")
TASK = fence("task", "Let http://web/ answer.", "hint: compare labels")


def test_a_replay_shows_that_the_exercise_is_unsolved_and_throws_it_away() -> None:
    holds(BROKEN, TASK, fence("check", f"{GET} is 200"), "## Two\n", fence("expect", f"{GET} is 200"))


def test_an_exercise_that_holds_before_it_is_solved_fails() -> None:
    report = run(BROKEN, TASK, fence("check", "count pods = 2", f"{GET} is refused"))
    failure, = report.failures
    assert failure.what == "check" and "every line holds before anything is repaired" in failure.details[0]
