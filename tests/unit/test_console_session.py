"""The session: where `$` runs, what is there, what is left behind."""

from __future__ import annotations

import pytest

from simnet.cluster import Cluster
from simnet.console import Session
from tests.unit.console_net import address, run, shop


@pytest.fixture
def session() -> Session:
    return Session(shop(), files={"note": "text\n"})


def test_a_bare_line_runs_outside_the_cluster(session: Session) -> None:
    assert session.prompt_actor == "laptop"
    assert run(session, "hostname; hostname -i").stdout == "laptop\n192.0.2.1\n"


def test_exec_with_a_shell_moves_the_prompt_into_the_pod_until_exit(session: Session) -> None:
    assert run(session, "kubectl exec -it client -- sh").shown == ""
    assert session.prompt_actor == "pod/default/client"
    assert run(session, "hostname -i").stdout == address(session.cluster, "client") + "\n"
    run(session, "exit")
    assert session.prompt_actor == "laptop"
    assert run(session, "exit").shown == ""


def test_leaving_with_a_failure_tells_its_status(session: Session) -> None:
    """Source: kubectl reports the exit status of the remote command, which for `exit` is that of the last one."""
    run(session, "kubectl exec -it client -- sh")
    session.run("false")
    output = session.run("exit")
    assert (output.stderr, output.status) == ("command terminated with exit code 1\n", 1)


def test_the_end_of_a_fence_leaves_every_shell(session: Session) -> None:
    run(session, "kubectl exec -it client -- sh")
    run(session, "sh")
    session.leave()
    assert session.prompt_actor == "laptop"


def test_shells_nest(session: Session) -> None:
    run(session, "kubectl exec -it client -- sh")
    run(session, "x=1")
    run(session, "sh")
    run(session, "x=2; exit")
    assert run(session, "echo $x").stdout == "1\n"


@pytest.mark.parametrize(("actor", "hostname"), [("client", "client"), ("pod/client", "client"),
                                                 ("pod/default/client", "client"), ("node/node-1", "node-1"),
                                                 ("laptop", "laptop"), ("198.51.100.7", "198.51.100.7")])
def test_a_line_can_run_as_another_actor(session: Session, actor: str, hostname: str) -> None:
    assert session.run_in(actor, "hostname").stdout == hostname + "\n"
    assert session.prompt_actor == "laptop"


def test_an_unknown_actor_names_the_nearest(session: Session) -> None:
    output = session.run_in("cleint", "hostname")
    assert (output.stderr, output.status) == ("simnet: pod 'cleint' not found in namespace default; did you mean client?\n",
                                              2)


def test_a_session_can_start_somewhere_else() -> None:
    assert Session(shop(), actor="pod/client").run("hostname").stdout == "client\n"


def test_files_are_shared_and_stay_where_they_are(session: Session) -> None:
    assert run(session, "ls; cat note").stdout == "note\ntext\n"
    run(session, "echo new > other")
    assert session.files["other"] == "new\n"
    output = session.run_in("client", "cat note")
    assert (output.stderr, output.status) == ("cat: note: No such file or directory\n", 1)
    session.run_in("client", "echo inside > f")
    assert session.run_in("client", "cat f").stdout == "inside\n"
    assert "f" not in session.files


def test_a_pod_has_the_files_its_kubelet_writes(session: Session) -> None:
    """Rules D78 and D84."""
    assert session.run_in("client", "cat /etc/resolv.conf").stdout == (
        "search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n")
    assert f"{address(session.cluster, 'client')}\tclient\n" in session.run_in("client", "cat /etc/hosts").stdout
    assert session.run_in("client", "cat /etc/hostname").stdout == "client\n"


def test_a_pod_has_the_variables_of_earlier_services() -> None:
    """Source: kubernetes/kubernetes pkg/kubelet/envvars/envvars.go: Services that exist when the pod starts."""
    cluster = Cluster(pins={"service/default/my-db": "10.96.1.7"})
    session = Session(cluster)
    run(session, "kubectl create service clusterip my-db --tcp=5432")
    run(session, "kubectl run late --image=busybox -- sleep 1d")
    cluster.advance(1)
    run(session, "kubectl create service clusterip younger --tcp=80")
    lines = run(session, "kubectl exec late -- env").stdout.splitlines()
    assert "MY_DB_SERVICE_HOST=10.96.1.7" in lines
    assert "MY_DB_SERVICE_PORT_5432=5432" in lines
    assert "MY_DB_PORT=tcp://10.96.1.7:5432" in lines
    assert "MY_DB_PORT_5432_TCP_ADDR=10.96.1.7" in lines
    assert "KUBERNETES_SERVICE_HOST=10.96.0.1" in lines
    assert not any(line.startswith("YOUNGER") for line in lines)


# tools ----------------------------------------------------------------------------------------------------------

def test_a_tool_the_image_lacks_is_not_found(session: Session) -> None:
    output = session.run("kubectl exec debian -- curl web")
    assert output.stderr == "sh: curl: command not found\ncommand terminated with exit code 127\n"
    assert output.status == 127
    run(session, "kubectl exec -it debian -- bash")
    output = session.run("dig web")
    assert (output.stderr, output.status) == ("bash: dig: command not found\n", 127)


def test_a_mistyped_command_names_the_nearest(session: Session) -> None:
    output = session.run("kubctl get pods")
    assert (output.stderr, output.status) == ("bash: kubctl: command not found; did you mean kubectl?\n", 127)


def test_a_tool_that_exists_and_is_not_modelled_says_so(session: Session) -> None:
    assert session.run("jq .").stderr == "bash: jq: command not found (simnet does not model it)\n"


def test_apt_puts_a_tool_into_this_pod_only(session: Session) -> None:
    run(session, "kubectl run other --image=debian:12 -- sleep 1d")
    run(session, "kubectl exec -it debian -- bash")
    output = session.run("apt install curl")
    assert output.status == 100
    assert "E: Unable to locate package curl" in output.stderr
    run(session, "apt update")
    assert "Setting up curl ...\n" in run(session, "apt-get install -y curl").stdout
    assert run(session, "curl -s web").stdout.startswith("hello from web-")
    assert "0 newly installed" in run(session, "apt install curl").stdout
    run(session, "exit")
    assert session.run("kubectl exec other -- curl web").status == 127


def test_apt_names_the_nearest_package(session: Session) -> None:
    session.run_in("debian", "apt update")
    output = session.run_in("debian", "apt install dnsutil")
    assert output.stderr == "E: Unable to locate package dnsutil; did you mean dnsutils?\n"


def test_sleep_moves_logical_time(session: Session) -> None:
    before = session.cluster.now
    run(session, "sleep 1.5; sleep 2m")
    assert session.cluster.now - before == 121.5
    for word in ("nan", "inf", "-1", "1e9"):
        assert session.run(f"sleep {word}").stderr == f"sleep: invalid time interval '{word}'\n"
    assert session.cluster.now - before == 121.5


def test_a_pod_deleted_under_a_shell_ends_it(session: Session) -> None:
    run(session, "kubectl exec -it client -- sh")
    session.cluster.delete("pod/client")
    output = session.run("hostname")
    assert (output.stderr, output.status) == ("command terminated with exit code 137\n", 137)
    assert session.prompt_actor == "laptop"


# what a result rests on -----------------------------------------------------------------------------------------

def test_a_line_tells_what_it_rests_on() -> None:
    session = Session(Cluster())
    run(session, "kubectl run app --image=example.com/app:1 && kubectl expose pod app --port 8080")
    assert session.assumed == []
    run(session, "kubectl run client --image=curlimages/curl -- sleep 1d")
    session.run_in("client", "curl -s http://app:8080/")
    assert session.assumed == ["port: nobody declared the ports of pod/default/app"]
    run(session, "echo")
    assert session.assumed == []


def test_the_last_trace_is_kept(session: Session) -> None:
    session.run_in("client", "curl -s web")
    assert session.last_trace.result == "200"


def test_why_explains_the_last_connection_or_the_last_error(session: Session) -> None:
    assert run(session, "why").stdout == "Nothing to explain yet: run curl, wget, nc or the like first.\n"
    session.run_in("client", "curl -s web:81")
    assert "web" in run(session, "why").stdout
    session.run("kubectl get service wbe")
    assert run(session, "why").stdout == (
        'Error from server (NotFound): services "wbe" not found\ndid you mean web?\n')


def test_the_same_session_twice_gives_the_same_bytes() -> None:
    lines = ["kubectl get pods -o wide", "kubectl describe service web", "kubectl exec client -- curl -sv web",
             "kubectl exec -it client -- sh", "nslookup web", "exit", "kubectl get events"]
    first, second = (Session(shop()) for _ in range(2))
    assert [first.run(line) for line in lines] == [second.run(line) for line in lines]


def test_apt_install_without_a_package_installs_nothing(session: Session) -> None:
    """As apt(8) does: nothing to do is no error."""
    output = session.run_in("debian", "apt install")
    assert (output.stdout.splitlines()[-1], output.status) == (
        "0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.", 0)
