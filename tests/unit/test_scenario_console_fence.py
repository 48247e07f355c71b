"""Console fences: commands, who runs them, what they print."""

from __future__ import annotations

import pytest

from simnet.errors import ManifestError
from simnet.scenario.console_fence import read_console
from simnet.scenario.fences import Fence
from simnet.scenario.model import Exchange


def exchanges(text: str) -> tuple[Exchange, ...]:
    return read_console(Fence("console", text, 10), "a.story.md").exchanges


def test_a_command_and_its_output() -> None:
    assert exchanges("$ kubectl get pods\nNAME\nweb\n") == (
        Exchange("kubectl get pods", 11, "", ("NAME", "web"), first=12, last=13, status=0),)


def test_several_commands_and_blank_lines_between_them() -> None:
    first, second = exchanges("$ a\n1\n\n2\n\n\n$ b\n")
    assert (first.expected, first.first, first.last) == (("1", "", "2"), 12, 14)
    assert (second.command, second.line, second.expected, second.first, second.last) == ("b", 17, (), 18, 17)


def test_an_exit_status_ends_the_output() -> None:
    [found] = exchanges("$ curl web\ncurl: (7) no\n\n[exit 7]\n\n")
    assert (found.expected, found.status, found.has_status) == (("curl: (7) no",), 7, True)
    assert (found.first, found.last) == (12, 14)


def test_without_an_exit_status_it_is_zero() -> None:
    [found] = exchanges("$ true\n")
    assert (found.status, found.has_status) == (0, False)


ACTORS = [  # line, actor
    ("$ ls", ""),
    ("client$ ls", "client"),
    ("shop/client$ ls", "shop/client"),
    ("pod/shop/client$ ls", "pod/shop/client"),
    ("node/node-1$ ls", "node/node-1"),
    ("web-7d4b9-x2x8k$ ls", "web-7d4b9-x2x8k"),
    ("docs.example.net$ ls", "docs.example.net"),
]


@pytest.mark.parametrize(("line", "actor"), ACTORS)
def test_who_types(line: str, actor: str) -> None:
    [found] = exchanges(line + "\n")
    assert (found.actor, found.command) == (actor, "ls")


@pytest.mark.parametrize("line", ["# Kubernetes-managed hosts file.", "US$ 5", "$PATH", "a$b c", "-$ x", "The price: 3$ or so"])
def test_output_that_looks_a_little_like_a_command(line: str) -> None:
    [found] = exchanges(f"$ cat file\n{line}\n")
    assert found.expected == (line,)


GOES_ON = [  # lines, command, the rule
    ("$ kubectl describe service web |\ngrep Endpoints\n", "kubectl describe service web | grep Endpoints", "a pipe"),
    ("$ curl \\\n  -k \\\n  https://web/\n", "curl -k https://web/", "a backslash, more than once"),
    ("$ a |\n", "a |", "at the end of the fence there is nothing to add"),
    ("$ kubectl apply -f - <<EOF\nkind: A\n\n$ no command\nEOF\n", "kubectl apply -f - <<EOF\nkind: A\n\n$ no command\nEOF",
     "a here-document up to its word"),
    ("$ cat <<'END' |\ngrep x\nx\nEND\n", "cat <<'END' | grep x\nx\nEND", "both"),
]


@pytest.mark.parametrize(("text", "command"), [pytest.param(*row[:2], id=row[2]) for row in GOES_ON])
def test_a_command_that_goes_on(text: str, command: str) -> None:
    [found] = exchanges(text)
    assert found.command == command


def test_the_output_of_a_command_over_several_lines_starts_below_it() -> None:
    [found] = exchanges("$ a |\nb\nc\n")
    assert (found.line, found.first, found.expected) == (11, 13, ("c",))


@pytest.mark.parametrize(("text", "message"), [
    ("ls\n$ ls\n", "a.story.md:11: found 'ls' before the first command"),
    ("$ ls\n[exit 1]\nmore\n", "a.story.md:13: found 'more' after [exit 1]"),
])
def test_output_in_the_wrong_place_is_refused(text: str, message: str) -> None:
    with pytest.raises(ManifestError) as caught:
        exchanges(text)
    assert str(caught.value).startswith(message)
