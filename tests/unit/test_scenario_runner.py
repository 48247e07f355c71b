"""Steps on a cluster: what they leave behind, what they check, and what a failure says."""

from __future__ import annotations

from simnet.scenario import Report, Scenario, text_of

SETTINGS = """\
# Title

```yaml scenario
simnet: 1
images:
  shop/web:1: {listen: [{port: 80, answer: "hello from $pod\\n"}]}
```
"""
POD = """
```yaml apply
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec: {containers: [{name: c, image: "shop/web:1"}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
```
"""
CLIENT = """
```console
$ kubectl run client --image=curlimages/curl:8.5.0 --command -- sleep infinity
pod/client created
```
"""


def run(steps: str, settings: str = SETTINGS) -> Report:
    return Scenario.parse(settings + steps, "a.story.md").run()


def passes(steps: str, settings: str = SETTINGS) -> Report:
    report = run(steps, settings)
    assert report.passed, text_of([report])
    return report


def failure(steps: str, settings: str = SETTINGS) -> str:
    """The text of the only failure."""
    [found] = run(steps, settings).failures
    return "\n".join(found.lines())


def console(text: str) -> str:
    return f"\n```console\n{text}\n```\n"


def expect(text: str) -> str:
    return f"\n```expect\n{text}\n```\n"


# steps and what they leave behind -------------------------------------------------------------------------------

def test_steps_follow_each_other_on_one_cluster() -> None:
    report = passes("## One" + POD + "## Two" + expect("count pods = 1"))
    assert [(step.name, step.checks) for step in report.steps] == [("One", 0), ("Two", 1)]


def test_a_what_if_step_leaves_nothing_behind() -> None:
    passes("## One" + POD + "## If {what-if}" + console("$ kubectl delete pod web\n...") + expect("count pods = 0")
           + "## Two" + expect("count pods = 1"))


def test_files_and_captures_of_a_what_if_step_are_forgotten() -> None:
    steps = "## One" + POD + "## If {what-if}\n```text file note.txt\nhidden\n```\n" + console(
        "$ cat note.txt\n{word}\n$ echo seen > other.txt") + "## Two" + console(
        "$ cat note.txt\ncat: note.txt: No such file or directory\n[exit 1]\n"
        "$ cat other.txt\ncat: other.txt: No such file or directory\n[exit 1]\n$ echo other\n{word}")
    passes(steps)


def test_what_was_installed_in_a_pod_is_there_in_a_what_if_step() -> None:
    passes("## One" + POD + console("$ kubectl run debian --image=debian --command -- sleep infinity\npod/debian created\n"
                                    "debian$ apt-get update\n...\ndebian$ apt-get install -y curl\n...")
           + "## If {what-if}" + console("debian$ curl -s http://web/\nhello from web"))


def test_a_virtual_file_is_read_by_commands() -> None:
    passes("## One\n```yaml file web.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n```\n"
           + console("$ kubectl create -f web.yaml\nconfigmap/web created"))


def test_manifests_are_deleted() -> None:
    passes("## One" + POD + "```yaml delete\napiVersion: v1\nkind: Pod\nmetadata: {name: web}\n```\n"
           + expect("count pods = 0"))


def test_time_passes() -> None:
    passes("## One" + POD + "```do\n@ +90s\n```\n"
           + console("$ kubectl get pod web\nNAME READY STATUS RESTARTS AGE\nweb 1/1 Running 0 90s"))


def test_what_was_captured_is_put_into_commands_lines_and_manifests() -> None:
    passes("## One" + POD + CLIENT + console(
        "$ kubectl get pod web -o jsonpath='{.status.podIP}'\n{ip}\nclient$ curl -s http://{ip}/\nhello from web")
        + expect("endpoints web are {ip}:80") + """
```yaml apply
apiVersion: v1
kind: ConfigMap
metadata: {name: note}
data: {address: "{ip}"}
```
""" + console("$ kubectl get configmap note -o jsonpath='{.data.address}'\n{ip}"))


def test_a_shell_in_a_pod_ends_with_its_fence() -> None:
    enter = "$ kubectl exec -it client -- sh\n$ hostname\nclient"
    passes("## One" + POD + CLIENT + console(f"{enter}\n$ exit\n$ kubectl get pods\n...") + console(enter)
           + console("$ kubectl get pods\n..."))


def test_as_pasted_holds_for_its_fence_only() -> None:
    passes("## One\n\n```console as pasted\n$ echo “hi”\n“hi”\n```\n"
           + console("$ echo “hi”\nsimnet: typographic quote “ ...\n...\n[exit 2]"))


# what is checked ------------------------------------------------------------------------------------------------

def test_no_output_must_be_no_output_and_the_status_is_checked() -> None:
    said = failure("## One" + POD + console("$ echo hi") + expect("count pods = 1"))
    assert said == "a.story.md:22  FAIL  $ echo hi\n   expected\n     (no output)\n   got\n     hi"
    said = failure("## One" + console("$ cat nothing\ncat: nothing: No such file or directory"))
    assert "exit status 1, expected 0" in said


def test_lines_that_differ_are_marked() -> None:
    said = failure("## One" + console("$ printf 'a\\nb\\nc\\n'\na\n{*}\nd"))
    assert said.split("\n")[1:] == ["   expected", "     a", "     {*}", "   ! d", "   got", "     a", "     b", "   ! c"]


def test_a_command_that_failed_is_explained() -> None:
    said = failure("## One" + POD.replace("selector: {app: web}", "selector: {app: wbe}") + CLIENT
                   + console("client$ curl http://web/\nhello from web"))
    assert "exit status 7, expected 0" in said
    assert "path     pod/client 10.244.0." in said and "> reject (no endpoints)" in said
    assert "why      SEL-NOMATCH" in said and "fix      spec.selector.app: wbe -> web" in said


def test_a_line_that_failed_says_what_came_on_which_path_and_why() -> None:
    said = failure("## One" + POD.replace("ports: [{port: 80}]", "ports: [{port: 80, targetPort: 81}]") + CLIENT
                   + expect("GET http://web/ from pod/client is 200"))
    assert said.startswith("a.story.md:27  FAIL  GET http://web/ from pod/client is 200\n   got      refused ")
    assert "why      PRT-NOLISTEN" in said and "spec.ports[0].targetPort: 81 -> 80" in said
    assert "tried on a copy: the line above passes" in said


DETAILS = [  # expectation, what the report shows of the answer
    ('GET http://web/ from pod/client is 200 body "bye"', "body     hello from web"),
    ('GET http://web/ from pod/client is 200 sets "X-Shop: yes"', "sets     Content-Type: "),
    ("GET http://web/ from pod/client is 200 seen-as 10.0.0.1", "seen-as  10.244.0."),
    ("GET http://web/ from pod/client is 200 cert shop", "cert     no certificate"),
]


def test_details_that_differ_are_shown() -> None:
    for line, shown in DETAILS:
        assert shown in failure("## One" + POD + CLIENT + expect(line)), line


def test_a_name_that_was_never_captured_is_named() -> None:
    said = failure("## One" + POD + console("$ echo 10.0.0.1\n{vip}\n$ echo {vip}\n10.0.0.1") + expect("tcp {vpi}:80 from laptop is open"))
    assert said.endswith("no output before this line captured {vpi}; did you mean {vip}?")
    said = failure("## One" + console("$ echo {vip}\n10.0.0.1"))
    assert "note     nothing was captured for {vip} before this command" in said


UNREADABLE = [  # expectation, part of what is said
    ("GET http://web/ from pod/clinet is 200", "pod 'clinet' not found"),
    ("GET http://web/ from nod/node-1 is 200", "nod/node-1"),
]


def test_a_line_that_cannot_be_checked_fails_and_the_rest_goes_on() -> None:
    for line, said in UNREADABLE:
        report = run("## One" + POD + CLIENT + expect(line + "\ncount pods = 2"))
        assert [failure.what for failure in report.failures] == [line]
        assert said in "\n".join(report.failures[0].details), line


def test_a_manifest_that_is_refused_fails_the_step_at_its_line() -> None:
    said = failure("## One\n```yaml apply\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {prots: []}\n```\n"
                   + expect("count services = 1"))
    assert said.startswith("a.story.md:10  FAIL  apply\n   a.story.md:13:8: service/default/web: ")
    assert "did you mean ports?" in said


def test_what_cannot_be_deleted_fails_the_step() -> None:
    said = failure("## One\n```yaml delete\napiVersion: v1\nkind: Pod\nmetadata: {name: wbe}\n```\n" + expect("count pods = 0"))
    assert "FAIL  delete" in said and "'wbe' not found" in said


# assumptions ----------------------------------------------------------------------------------------------------

UNKNOWN = POD.replace("shop/web:1", "nobody/knows:1")


def test_what_rests_on_an_assumption_fails() -> None:
    steps = "## One" + UNKNOWN + CLIENT
    said = failure(steps + expect("GET http://web/ from pod/client is 200"))
    assert "got      ASSUMED" in said and said.endswith("   say `assume: any-port` in the settings if that is meant")
    said = failure(steps + console("client$ curl -s -o /dev/null http://web/"))
    assert "ASSUMED" in said and "port: " in said
    assert "   say `assume: any-port` in the settings if that is meant" in said and "not-enforced" not in said


def test_unless_the_settings_allow_it() -> None:
    passes("## One" + UNKNOWN + CLIENT + expect("GET http://web/ from pod/client is 200")
           + console("client$ curl -s -o /dev/null http://web/"), SETTINGS.replace("simnet: 1", "simnet: 1\nassume: any-port"))


POLICY = """
```yaml apply
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed}
spec: {podSelector: {}, policyTypes: [Ingress]}
```
"""


def test_a_policy_that_is_not_judged_fails_a_line_too() -> None:
    steps = "## One" + POD + CLIENT + POLICY + expect("GET http://web/ from pod/client is 200")
    said = failure(steps)
    assert "got      ASSUMED" in said and "closed" in said and "any-port" not in said
    assert said.endswith("   say `policies: not-enforced` in the settings if that is meant")
    passes(steps, SETTINGS.replace("simnet: 1", "simnet: 1\npolicies: not-enforced"))
