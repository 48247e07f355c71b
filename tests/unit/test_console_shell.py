"""The small shell: words, quotes, pipes, redirects, here-documents, as POSIX.1-2017 Shell Command Language has them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simnet.cluster import Cluster
from simnet.console import Session
from simnet.console.shell.expand import Surroundings, expand
from simnet.console.shell.parse import parse
from simnet.console.shell.quotes import find_typographic_quote
from simnet.console.shell.words import ShellSyntaxError


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    return Cluster(addons=())


@pytest.fixture
def session(cluster: Cluster) -> Session:
    return Session(cluster, files={"words": "one\ntwo\nthree\n"})


LINES = [  # what a line prints on standard output, section of the standard
    ("blanks between words do not matter", "echo  a   b", "a b\n", "2.3"),
    ("single quotes keep everything", "echo '$HOME \"x\"  y'", '$HOME "x"  y\n', "2.2.2"),
    ("double quotes keep blanks and fill in variables", 'x=1; echo "a  $x"', "a  1\n", "2.2.3"),
    ("a backslash quotes one character", r"echo a\ b \$x", "a b $x\n", "2.2.1"),
    ("in double quotes a backslash quotes only some", r'echo "\$x \n"', "$x \\n\n", "2.2.3"),
    ("adjacent parts are one word", "echo a'b'\"c\"", "abc\n", "2.3"),
    ("an unquoted value is split", "x='a  b'; echo $x", "a b\n", "2.6.5"),
    ("a quoted value is not", "x='a  b'; echo \"$x\"", "a  b\n", "2.6.5"),
    ("an empty unquoted value is no word", "echo a $nothing b", "a b\n", "2.6.5"),
    ("an empty quoted value is a word", "echo a \"$nothing\" b", "a  b\n", "2.6.5"),
    ("braces end a name", "x=1; echo ${x}2", "12\n", "2.6.2"),
    ("a default for an unset variable", "echo ${nothing:-none}", "none\n", "2.6.2"),
    ("a command's output in a word", "echo $(echo a b) end", "a b end\n", "2.6.3"),
    ("backticks are the same", "echo `echo a`", "a\n", "2.6.3"),
    ("substitutions nest", "echo $(echo $(echo deep))", "deep\n", "2.6.3"),
    ("a comment starts at a word", "echo a # b", "a\n", "2.3"),
    ("and not inside one", "echo a#b", "a#b\n", "2.3"),
    ("a pipe", "cat words | tail -n 1", "three\n", "2.9.2"),
    ("a pipe continues on the next line", "cat words |\nhead -1", "one\n", "2.9.2"),
    ("a backslash joins lines", "echo a \\\nb", "a b\n", "2.2.1"),
    ("several commands", "echo a; echo b", "a\nb\n", "2.9.3"),
    ("and only after success", "false && echo a; true && echo b", "b\n", "2.9.3"),
    ("or only after failure", "false || echo a; true || echo b", "a\n", "2.9.3"),
    ("the last status", "false; echo $?", "1\n", "2.5.2"),
    ("output into a file", "echo a > f; echo b >> f; cat f", "a\nb\n", "2.7.2"),
    ("a file as input", "wc -l < words", "3\n", "2.7.1"),
    ("errors into a file", "cat nosuch 2> f; cat f", "cat: nosuch: No such file or directory\n", "2.7.2"),
    ("errors join the output", "cat nosuch 2>&1 | wc -l", "1\n", "2.7.6"),
    ("nobody reads /dev/null", "echo a > /dev/null", "", "2.7.2"),
    ("a here-document fills in variables", "x=1; cat <<EOF\na: $x\nEOF", "a: 1\n", "2.7.4"),
    ("a quoted delimiter leaves them alone", "cat <<'EOF'\na: $x\nEOF", "a: $x\n", "2.7.4"),
    ("<<- takes the leading tabs away", "cat <<-EOF\n\t\ta\n\tEOF", "a\n", "2.7.4"),
    ("a here-document goes through a pipe", "cat <<EOF | head -1\na\nb\nEOF", "a\n", "2.7.4"),
    ("a command after a here-document", "cat <<EOF\na\nEOF\necho b", "a\nb\n", "2.7.4"),
    ("a variable for one command", "x=1 printenv x; echo \"[$x]\"", "1\n[]\n", "2.9.1"),
]


@pytest.mark.parametrize(("says", "line", "stdout", "section"), LINES, ids=[row[0] for row in LINES])
def test_a_line_does_what_a_shell_does(session: Session, says: str, line: str, stdout: str, section: str) -> None:
    output = session.run(line)
    assert (output.stdout, output.stderr) == (stdout, "")


ARITHMETIC = "bash: arithmetic, $((...)), is not modelled; variables and command substitution, $(...), are"
MISTAKES = [
    ("an open single quote", "echo 'a", "bash: unexpected EOF while looking for matching `''"),
    ("an open double quote", 'echo "a', "bash: unexpected EOF while looking for matching `\"'"),
    ("a pipe from nowhere", "| cat", "bash: syntax error near unexpected token `|'"),
    ("a pipe to nowhere", "cat | ; cat", "bash: syntax error near unexpected token `|'"),
    ("nothing after &&", "true &&", "bash: syntax error: unexpected end of file"),
    ("no file to write to", "echo a >", "bash: syntax error near unexpected token `newline'"),
    ("a loop", "for i in 1 2; do echo $i; done", "bash: the shell's 'for' is not modelled; simple commands, pipes, "
     "redirects, here-documents, ';', '&&' and '||' are"),
    ("arithmetic", "echo $((1+1))", ARITHMETIC),
    ("arithmetic in quotes", 'echo "$((1+1))"', ARITHMETIC),
    ("arithmetic in a here-document", "cat <<EOF\n$((1+1))\nEOF", ARITHMETIC),
    ("a job in the background", "sleep 1 &", "bash: running a command in the background (&) is not modelled"),
]


@pytest.mark.parametrize(("says", "line", "message"), MISTAKES, ids=[row[0] for row in MISTAKES])
def test_a_line_no_shell_runs_is_refused(session: Session, says: str, line: str, message: str) -> None:
    output = session.run(line)
    assert (output.stdout, output.stderr, output.status) == ("", message + "\n", 2)


def test_a_missing_input_file_stops_only_that_command(session: Session) -> None:
    output = session.run("cat < nosuch; echo b")
    assert output.stdout == "b\n"
    assert output.stderr == "bash: nosuch: No such file or directory\n"


def test_the_screen_shows_both_streams_in_the_order_written(session: Session) -> None:
    output = session.run("echo a; cat nosuch; echo b")
    assert output.shown == "a\ncat: nosuch: No such file or directory\nb\n"


# typographic quotes ---------------------------------------------------------------------------------------------

def test_a_typographic_quote_is_refused_with_the_character_and_the_corrected_line(session: Session) -> None:
    output = session.run("kubectl run httpbin --labels=”app=web”")
    assert output.status == 2
    assert output.stderr == (
        "simnet: typographic quote ” (U+201D, right double quotation mark) at column 30: a shell takes it for an "
        "ordinary character, not for a quote\n"
        "  kubectl run httpbin --labels=”app=web”\n"
        "                               ^\n"
        'meant: kubectl run httpbin --labels="app=web"\n')


@pytest.mark.parametrize(("line", "corrected"), [
    ("curl -H “Host: a” b", 'curl -H "Host: a" b'),
    ("echo ‘a’", "echo 'a'"),
    ("echo „a“", 'echo "a"'),
])
def test_every_kind_of_typographic_quote_is_corrected(line: str, corrected: str) -> None:
    found = find_typographic_quote(line)
    assert found is not None
    assert found.corrected == corrected


@pytest.mark.parametrize("line", ["echo 'it’s'", 'echo "“a”"', "echo a # “b”", r"echo \“", "cat <<EOF\n“a”\nEOF"])
def test_typographic_quotes_that_are_text_are_left_alone(line: str) -> None:
    assert find_typographic_quote(line) is None


def test_as_pasted_they_are_ordinary_characters(cluster: Cluster) -> None:
    session = Session(cluster, as_pasted=True)
    assert session.run("echo “a b”").stdout == "“a b”\n"
    assert session.run("echo Endpoints | grep “Endpoints”").status == 1


# properties -----------------------------------------------------------------------------------------------------

@given(st.lists(st.text(st.characters(blacklist_characters="'\0", blacklist_categories=("Cs",)), min_size=1), min_size=1))
def test_single_quoted_words_come_out_as_they_went_in(words: list[str]) -> None:
    line = " ".join(f"'{word}'" for word in words)
    command = parse(line)[0].commands[0]
    assert expand(command.words, Surroundings(lambda _: "", lambda _: "")) == words


@given(st.text("ab'\"$\\|&;<>()# \n`{}", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        pipelines = parse(text)
    except ShellSyntaxError as problem:
        assert str(problem)
    else:
        assert all(pipeline.commands for pipeline in pipelines)
