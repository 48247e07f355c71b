"""The command line, called in this process: exit statuses, forms of output, and what is said of mistakes."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from simnet.cli.colour import painted
from simnet.cli.main import main, parser
from simnet.cli.shell import Copies, edited
from simnet.errors import UsageError
from simnet.version import __version__

WEB = """\
apiVersion: v1
kind: Pod
metadata: {name: server, labels: {app: web}}
spec: {containers: [{name: main, image: unheard.of/x, ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: quiet, labels: {app: quiet}}
spec: {containers: [{name: main, image: unheard.of/x}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: quiet}
spec: {selector: {app: quiet}, ports: [{port: 80}]}
"""
WIDGET = "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\n"
FINE = "# Fine\n\n```expect\ncount nodes = 1\n```\n"
WRONG = "# Wrong\n\n```expect\ncount nodes = 2\n```\n"
UNREADABLE = "# Unreadable\n\n```exepct\n```\n"


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with manifests and stories, which is the working directory."""
    (tmp_path / "web.yaml").write_text(WEB)
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "widget.yaml").write_text(WIDGET)
    for name, text in (("fine", FINE), ("wrong", WRONG), ("unreadable", UNREADABLE)):
        (tmp_path / f"{name}.story.md").write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def status_of(*arguments: str) -> int:
    """The exit status, whether main returns or argparse leaves."""
    try:
        return main(arguments)
    except SystemExit as left:
        return int(left.code or 0)


# exit statuses ----------------------------------------------------------------------------------------------------

TRACE = ("trace", "http://web/", "--from", "pod/server", "-f", "web.yaml")
# arguments, exit status, what is on standard output, on standard error
RUNS: list[tuple[tuple[str, ...], int, str, str]] = [
    ((), 0, "usage: simnet", ""),
    (("--help",), 0, "exit status: 0 fine, 1 something failed, 2 the input could not be read", ""),
    (("--version",), 0, f"simnet {__version__}\n", ""),
    (("trace", "--help"), 0, "Walk one request", ""),
    # run
    (("run", "fine.story.md"), 0, "1 story, 1 check: 1 passed, 0 failed", ""),
    (("run", "wrong.story.md"), 1, "wrong.story.md:4  FAIL  count nodes = 2", ""),
    (("run", "fine.story.md", "wrong.story.md"), 1, "1 passed, 1 failed", ""),
    (("run", "unreadable.story.md"), 2, "did you mean expect?", ""),
    (("run", "wrong.story.md", "unreadable.story.md"), 2, "2 failed", ""),
    (("run", "."), 2, "3 stories", ""),
    (("run", "nowhere"), 2, "", "nowhere: no such file or directory\n"),
    (("run", "more"), 2, "", "more: no .story.md or .scenario.yaml file in this directory\n"),
    # trace
    (TRACE, 0, "result: 200, answered by pod/default/server", ""),
    ((*TRACE, "--check"), 0, "result: 200", ""),
    (("trace", "http://web:81/", "--from", "pod/server", "-f", "web.yaml"), 0, "result: timeout", ""),
    (("trace", "http://web:81/", "--from", "pod/server", "-f", "web.yaml", "--check"), 1, "result: timeout", ""),
    (("trace", "http://quiet/", "--from", "pod/server", "-f", "web.yaml", "--check"), 1, "result: 200",
     "ASSUMED: port: nobody declared the ports of pod/default/quiet\n"),
    (("trace", "http://quiet/", "--from", "pod/server", "-f", "web.yaml", "--check", "--assume-any-port"), 0, "result: 200", ""),
    (("trace", "tcp://web:80", "--from", "pod/server", "-f", "web.yaml", "--check"), 0, "result: open", ""),
    (("trace", "http://x.test/", "--at", "203.0.113.1", "--check"), 1, "result: 404", ""),
    (("trace", "https://x.test/", "--at", "203.0.113.1", "-k"), 0, "result: 404", ""),
    (("trace", "http://web/", "-H", "Host: shop.test", "-X", "POST", "--from", "pod/server", "-f", "web.yaml"), 0, "POST", ""),
    ((*TRACE, "-f", "more"), 0, "result: 200", "not modelled: "),
    (("trace", "http://172.30.0.2:10250/", "--nodes", "a=172.30.0.1,b=172.30.0.2", "--from", "node/a"), 0, "node/b", ""),
    # what cannot be read
    (("trace", "web", "-f", "web.yaml"), 2, "", "'web' has no scheme; write http://web (or https, tcp, udp, sctp)\n"),
    (("trace", "http://web/", "-f", "nothing.yaml"), 2, "", "nothing.yaml: cannot be read: No such file or directory\n"),
    (("trace", "http://web/", "--from", "pod/sever", "-f", "web.yaml"), 2, "",
     "pod 'sever' not found in namespace default; did you mean server?\n"),
    (("trace", "http://web/", "--at", "web"), 2, "", "at='web' is not an address (203.0.113.1) or address and port "
     "(203.0.113.1:8443)\n"),
    (("trace", "http://web/", "--via", "nod-1"), 2, "", "node 'nod-1' not found; did you mean node-1?\n"),
    (("trace", "http://web/", "-H", "Host"), 2, "", "-H 'Host' is not a header; write -H 'Host: shop.example.com'\n"),
    (("trace", "tcp://web:80", "-k"), 2, "", "-H, -X and -k are about HTTP; tcp://web:80 is a plain tcp connection\n"),
    (("trace", "TCP://web:80", "-H", "A: b"), 2, "", "-H, -X and -k are about HTTP"),
    (("graph", "--nodes", "two"), 2, "", "--nodes 'two' is neither a number nor NAME=ADDRESS,NAME=ADDRESS\n"),
    (("graph", "--nodes", "a=10.0.0.1,a=10.0.0.2"), 2, "", "--nodes 'a=10.0.0.1,a=10.0.0.2' names a node twice\n"),
    (("graph", "--nodes", "a=10.0.0.300"), 2, "", "nodes[a]: '10.0.0.300' is not an IP address"),
    (("get", "pods", "-f", "fine.story.md"), 2, "", "fine.story.md:"),
    # get, describe, graph
    (("get", "pods", "-f", "web.yaml"), 0, "server   1/1     Running", ""),
    (("get", "pod/server", "-o", "name", "-f", "web.yaml"), 0, "pod/server\n", ""),
    (("get", "pods", "-A", "-l", "k8s-app=kube-dns", "--show-labels"), 0, "k8s-app=kube-dns", ""),
    (("get", "pods", "-n", "kube-system", "-o", "wide"), 0, "coredns-", ""),
    (("get", "pods"), 0, "", "No resources found in default namespace.\n"),
    (("get", "pdos"), 1, "", "error: the server doesn't have a resource type \"pdos\"\n"),
    (("get", "pod", "wep", "-f", "web.yaml"), 1, "", 'Error from server (NotFound): pods "wep" not found\n'),
    (("describe", "service", "web", "-f", "web.yaml"), 0, "Endpoints:", ""),
    (("describe", "service", "wep", "-f", "web.yaml"), 1, "", 'Error from server (NotFound): services "wep" not found\n'),
    (("graph", "-f", "web.yaml"), 0, "digraph", ""),
    (("graph", "-f", "web.yaml", "-o", "mermaid"), 0, "flowchart", ""),
    (("graph", "--underlay"), 0, "node/node-1", ""),
    # names
    (("resolve", "web", "--from", "pod/server", "-f", "web.yaml"), 0, "web.default.svc.cluster.local.  A", ""),
    (("resolve", "web", "--from", "pod/server", "-f", "web.yaml", "-4", "--libc", "glibc"), 0, "1 question to 10.96.0.10", ""),
    (("resolve", "web", "--from", "pod/server", "-f", "web.yaml", "--all-types"), 0, "other types, asked by nobody", ""),
    (("resolve", "web", "--from", "pod/server", "-f", "web.yaml", "-o", "json"), 0, '"schema": "simnet/resolve/v1"', ""),
    (("resolve", "wbe", "--from", "pod/server", "-f", "web.yaml"), 1, "no such name (EAI_NONAME)", ""),
    (("resolve", "web", "--from", "pod/sever", "-f", "web.yaml"), 2, "",
     "pod 'sever' not found in namespace default; did you mean server?\n"),
    (("resolve", "web", "-f", "nothing.yaml"), 2, "", "nothing.yaml: cannot be read: No such file or directory\n"),
    (("dig", "-f", "web.yaml", "--from", "pod/server", "+search", "+short", "web"), 0, "10.", ""),
    (("dig", "--from=pod/server", "-f", "web.yaml", "-x", "10.96.0.10", "+short"), 0, "kube-dns.kube-system.svc.cluster.local.\n", ""),
    (("dig", "-f", "web.yaml", "--", "-t", "SRV", "web.default.svc.cluster.local", "@10.96.0.10", "+short"), 0, "0 100 80 web", ""),
    (("nslookup", "--from", "pod/server", "nosuch"), 2, "", "pod 'server' not found in namespace default"),
    (("nslookup", "-f", "web.yaml", "--from", "pod/server", "nosuch"), 1, "** server can't find nosuch: NXDOMAIN\n", ""),
    (("host", "-f", "web.yaml", "--from", "pod/server", "-t", "A", "web"), 0, "web.default.svc.cluster.local has address 10.", ""),
    (("getent", "-f", "web.yaml", "--from", "pod/server", "hosts", "nosuch"), 2, "", ""),
    (("dig", "-f", "web.yaml", "+shrot", "web"), 1, "", "Invalid option: +shrot; did you mean +short?"),
    # rules
    (("rules", "-f", "web.yaml"), 0, "# IPv4 rules of kube-proxy on node node-1, as simnet would program them; for iptables-restore\n*filter\n", ""),
    (("rules", "--mode", "nftables", "--node", "node-2", "--nodes", "2"), 0, "\ntable ip kube-proxy {\n", ""),
    (("rules", "--node", "nod-1"), 2, "", "node 'nod-1' not found; did you mean node-1?\n"),
    (("rules", "--family", "6"), 2, "", "node/node-1 has no IPv6 address, so no rules of that family\n"),
    ((*TRACE, "--rules"), 0, "rules of kube-proxy:\n", ""),
    ((*TRACE, "--rules", "nftables", "-o", "json"), 0, '"chain": "service-ips"', ""),
    # words that do not exist
    (("rnu", "x"), 2, "", "'rnu' is no command; did you mean run?\n"),
    (("zzz",), 2, "", "'zzz' is no command, known are run, trace, "),
    (("trace", "http://web/", "--form", "pod/server"), 2, "", "simnet trace: error: '--form' is not understood; did you mean --from?\n"),
    (("trace", "http://web/", "http://web/"), 2, "", "'http://web/' is not understood\n"),
    (("run", "--acept", "fine.story.md"), 2, "", "'--acept' is not understood; did you mean --accept?\n"),
    (("--verison",), 2, "", "'--verison' is not understood; did you mean --version?\n"),
    (("trace",), 2, "", "the following arguments are required: URL\n"),
    (("trace", "http://web/", "-o", "yaml"), 2, "", "argument -o/--output: invalid choice: 'yaml'"),
]


@pytest.mark.parametrize(("arguments", "status", "out", "err"), RUNS, ids=[" ".join(row[0]) or "nothing" for row in RUNS])
def test_exit_statuses_and_what_is_said(files: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], status: int,
                                        out: str, err: str) -> None:
    assert status_of(*arguments) == status
    said = capsys.readouterr()
    assert out in said.out and err in said.err
    assert (said.err == "") == (err == "")
    assert "Traceback" not in said.err and "\x1b" not in said.out + said.err


# forms of output --------------------------------------------------------------------------------------------------

SCHEMAS = [
    (("run", "fine.story.md", "wrong.story.md", "--format", "json"), "simnet/run/v1"),
    ((*TRACE, "-o", "json"), "simnet/trace/v1"),
    ((*TRACE, "-o", "json", "--all"), "simnet/outcomes/v1"),
    (("graph", "-f", "web.yaml", "-o", "json"), "simnet/graph/v1"),
    (("graph", "--underlay", "-o", "json"), "simnet/graph/v1"),
]


@pytest.mark.parametrize(("arguments", "schema"), SCHEMAS, ids=[" ".join(row[0]) for row in SCHEMAS])
def test_every_json_document_names_its_schema(files: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...],
                                              schema: str) -> None:
    status_of(*arguments)
    assert json.loads(capsys.readouterr().out)["schema"] == schema


def test_the_json_of_a_run_tells_every_story(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of("run", "fine.story.md", "wrong.story.md", "--format", "json") == 1
    data = json.loads(capsys.readouterr().out)
    assert data["passed"] is False and [each["passed"] for each in data["stories"]] == [True, False]


def test_all_paths_come_with_their_shares(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (files / "two.yaml").write_text(WEB.replace("name: quiet, labels: {app: quiet}", "name: web-2, labels: {app: web}"))
    assert status_of("trace", "http://web/", "--from", "pod/server", "-f", "two.yaml", "--all") == 0
    said = capsys.readouterr().out
    assert said.count("1/2") >= 2


def test_the_tree_and_the_text_tell_the_same_walk(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status_of(*TRACE)
    text = capsys.readouterr().out
    status_of(*TRACE, "-o", "tree")
    tree = capsys.readouterr().out
    assert "├─" in tree and "result: 200" in tree and "result: 200" in text and text.endswith("\n") and tree.endswith("\n")


def test_the_same_call_gives_the_same_bytes(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = []
    for _ in range(2):
        status_of(*TRACE, "--all", "-o", "json")
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]


# input ------------------------------------------------------------------------------------------------------------

def test_standard_input_is_a_file_among_others(files: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(WEB))
    assert status_of("get", "pods", "-f", "-", "-f", "more", "-o", "name") == 0
    assert capsys.readouterr().out == "pod/quiet\npod/server\n"


def test_standard_input_may_be_utf_16(files: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(WEB.encode("utf-16")), encoding="utf-8"))
    assert status_of("get", "pods", "-f", "-", "-o", "name") == 0
    assert capsys.readouterr().out == "pod/quiet\npod/server\n"
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"a: \xff\n"), encoding="utf-8"))
    assert status_of("get", "pods", "-f", "-") == 2
    assert capsys.readouterr().err.startswith("standard input:1:4: found the byte 0xff; expected UTF-8 text")


def test_a_limit_of_the_reader_can_be_raised(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("deep.yaml").write_text("{apiVersion: example.com/v1, kind: A, metadata: {name: a}, spec: " + "[" * 110 + "]" * 110 + "}")
    assert status_of("get", "A", "-f", "deep.yaml") == 2
    assert "expected fewer levels (the limit `depth`" in capsys.readouterr().err
    assert status_of("get", "A", "-f", "deep.yaml", "--limit", "depth=120", "-o", "name") == 0
    assert status_of("get", "A", "-f", "deep.yaml", "--limit", "depth") == 2
    assert "the limit 'depth' is not NAME=NUMBER" in capsys.readouterr().err


def test_mistakes_on_standard_input_are_placed(files: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("kind: Pod\n  apiVersion: v1\n"))
    assert status_of("get", "pods", "-f", "-") == 2
    assert capsys.readouterr().err.startswith("standard input:2:")


def test_an_interrupt_ends_quietly(files: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted(io.StringIO):
        def read(self, size: int | None = -1) -> str:
            raise KeyboardInterrupt

    monkeypatch.setattr("sys.stdin", Interrupted())
    assert status_of("get", "pods", "-f", "-") == 130
    assert capsys.readouterr() == ("", "")


def test_a_directory_means_its_manifests(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of("get", "Widget", "-f", "more", "-o", "name") == 0
    assert "w" in capsys.readouterr().out
    (files / "empty").mkdir()
    assert status_of("get", "pods", "-f", "empty") == 2


def test_warnings_go_to_standard_error(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (files / "old.yaml").write_text("apiVersion: v1\nkind: Endpoints\nmetadata: {name: web}\n")
    assert status_of("get", "pods", "-f", "old.yaml") == 0
    assert capsys.readouterr().err.startswith("warning: ")


def test_accept_writes_what_really_comes(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    story = files / "new.story.md"
    story.write_text("# New\n\n```console\n$ kubectl get nodes -o name\n```\n")
    assert status_of("run", "--accept", "new.story.md") == 0
    assert "node/node-1" in story.read_text()


def test_a_story_that_cannot_be_written_is_reported(files: Path, capsys: pytest.CaptureFixture[str],
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    (files / "new.story.md").write_text("# New\n\n```console\n$ kubectl get nodes -o name\n```\n")
    monkeypatch.setattr(Path, "write_text", refuse)
    assert status_of("run", "--accept", "new.story.md") == 2
    assert "new.story.md: cannot be written: Permission denied" in capsys.readouterr().out


# colours ----------------------------------------------------------------------------------------------------------

class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


REPORT = "ok    a.story.md\nFAIL  b.story.md\n\nb.story.md:4  FAIL  x\n   got      0\n"


def test_a_terminal_gets_colours_and_the_words_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    shown = painted(REPORT, Terminal())
    assert shown.count("\x1b[31m") == 2 and shown.count("\x1b[32m") == 1
    for code in ("\x1b[31m", "\x1b[32m", "\x1b[2m", "\x1b[0m"):
        shown = shown.replace(code, "")
    assert shown == REPORT


def test_no_colours_when_they_are_not_wanted_or_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """https://no-color.org: NO_COLOR present and not empty."""
    monkeypatch.setenv("NO_COLOR", "1")
    assert painted(REPORT, Terminal()) == REPORT
    monkeypatch.setenv("NO_COLOR", "")
    assert painted(REPORT, Terminal()) != REPORT
    assert painted(REPORT, io.StringIO()) == REPORT


def test_progress_is_shown_on_a_terminal_and_wiped_off(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    main(["run", "fine.story.md"])
    assert "[1/1] fine.story.md  Fine" in terminal.getvalue() and terminal.getvalue().endswith("\r\x1b[K")
    quiet = Terminal()
    monkeypatch.setattr("sys.stderr", quiet)
    main(["run", "-q", "fine.story.md"])
    assert quiet.getvalue() == ""


def test_the_help_names_every_command() -> None:
    text = parser().format_help()
    assert all(command in text for command in ("run", "trace", "get", "describe", "graph"))


# the shell --------------------------------------------------------------------------------------------------------

def test_the_shell_takes_lines_from_a_pipe_and_ends_with_the_last_status(files: Path, capsys: pytest.CaptureFixture[str],
                                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("kubectl get pods -o name\ncat <<EOF | wc -l\na\nb\nEOF\nkubectl get svc nosuch\n"))
    assert status_of("shell", "-f", "web.yaml") == 1
    said = capsys.readouterr()
    assert said.out == "pod/quiet\npod/server\n2\n" and said.err.startswith('Error from server (NotFound): services "nosuch"')
    assert "\nhint: " in said.err


def test_the_shell_sees_copies_of_the_files_here_and_leaves_them_alone(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (files / "web.yaml").read_text()
    assert status_of("shell", "-c", "kubectl apply -f web.yaml", "-c", "echo x > web.yaml", "-c", "cat web.yaml") == 0
    assert capsys.readouterr().out.endswith("\nx\n") and (files / "web.yaml").read_text() == before


def test_a_file_changed_on_disk_is_copied_anew_unless_the_shell_changed_it(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("1")
    (tmp_path / "b.yaml").write_text("1")
    (tmp_path / "c.yaml").write_bytes(b"\xff")
    held: dict[str, str] = {}
    copies = Copies(tmp_path, held)
    copies.refresh()
    held["b.yaml"] = "mine"
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text("2")
    copies.refresh()
    assert held == {"a.yaml": "2", "b.yaml": "mine"}


def test_the_shell_begins_where_it_is_told(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of("shell", "-f", "web.yaml", "--from", "pod/server", "-c", "hostname") == 0
    assert capsys.readouterr().out == "server\n"
    assert status_of("shell", "-f", "web.yaml", "--from", "pod/srever") == 2
    assert "did you mean server?" in capsys.readouterr().err


def test_an_editor_changes_a_text_and_one_that_fails_is_named() -> None:
    program = f"{sys.executable} -c 'import sys; path = sys.argv[1]; text = open(path).read(); open(path, \"w\").write(text + path[-4:])'"
    assert edited("web.yaml", "a", {"KUBE_EDITOR": program, "EDITOR": "nosuch"}) == "ayaml"
    for command, why in (("/nosuch/editor", "cannot be run"), (f"{sys.executable} -c 'raise SystemExit(3)'", "status 3")):
        with pytest.raises(UsageError, match=why):
            edited("web.yaml", "a", {"EDITOR": command})
