"""wget: GNU's on the laptop and in Debian images, busybox's in Alpine and busybox images. They word things differently.

Source: wget(1) and src/main.c, src/http.c of GNU Wget 1.21 (exit codes 4, 5, 8); busybox networking/wget.c.
"""

from __future__ import annotations

from simnet.clock import iso
from simnet.console.desk import STDOUT_FILES, Call
from simnet.console.flags import GETOPT, Flag, FlagError, Parsed, read_flags, switch
from simnet.console.output import Output, failed, warned
from simnet.console.tools.transfer import (
    Exchange,
    Failure,
    exchange,
    header_lines,
    header_pairs,
    reason_phrase,
    redirected,
    with_path,
    with_scheme,
)
from simnet.dataplane.client import parse_url
from simnet.errors import UsageError

FLAGS = (
    switch("quiet", "q"), Flag("output-document", "O"), Flag("header"), Flag("timeout", "T"), Flag("tries", "t"),
    switch("spider"), switch("no-check-certificate"), switch("server-response", "S"), switch("no-verbose", "n"),
    Flag("post-data"), Flag("user-agent", "U"), switch("continue", "c"), Flag("ca-certificate"), Flag("max-redirect"),
    switch("content-on-error"), Flag("connect-timeout"), switch("verbose", "v"),
)
_MOST_REDIRECTS = 20


def wget(call: Call) -> Output:
    """Fetch a URL into a file, or to standard output with `-O-`."""
    try:
        flags = read_flags(call.args, FLAGS, GETOPT)
    except FlagError as problem:
        hint = f"; did you mean {problem.suggestion}?" if problem.suggestion else ""
        return failed(f"wget: {problem}{hint}", 2)
    if len(flags.operands) != 1:
        return failed("wget: missing URL" if not flags.operands else "wget: one URL at a time is modelled", 1)
    url = with_path(with_scheme(flags.operands[0]))
    body = flags.get("post-data").encode()
    for _ in range(_MOST_REDIRECTS + 1):
        try:
            done = _exchange(call, flags, url, body)
        except UsageError as problem:
            return failed(f"wget: {problem}", 1)
        following = redirected(url, done.response) if done.response is not None else ""
        if not following:
            break
        url = following
    return _busybox(call, flags, url, done) if call.desk.is_busybox("wget") else _gnu(call, flags, url, done)


def _exchange(call: Call, flags: Parsed, url: str, body: bytes) -> Exchange:
    given = header_pairs(flags.all("header"))
    names = {name.lower() for name, _ in given}
    agent = flags.get("user-agent", "Wget" if call.desk.is_busybox("wget") else "Wget/1.21.4")
    standard = [] if "user-agent" in names else [("User-Agent", agent)]
    cacert = call.read(flags.get("ca-certificate")) if flags.has("ca-certificate") else ""
    insecure = flags.on("no-check-certificate") or call.desk.is_busybox("wget")
    return exchange(call, url, method="POST" if body else "HEAD" if flags.on("spider") else "GET", body=body,
                    headers=[*standard, *given], insecure=insecure, cacert=cacert)


def _saved(call: Call, flags: Parsed, url: str, text: str) -> tuple[str, str]:
    """What goes to standard output, and the name of the file that was written ('' for none)."""
    if flags.on("spider"):
        return "", ""
    output = flags.get("output-document")
    if output in STDOUT_FILES:
        return text, ""
    name = output or parse_url(url).path.partition("?")[0].rpartition("/")[2] or "index.html"
    call.write(name, text)
    return "", name


def _place(url: str) -> tuple[str, int]:
    parts = parse_url(url)
    return parts.host, parts.port


# busybox --------------------------------------------------------------------------------------------------------

def _busybox(call: Call, flags: Parsed, url: str, done: Exchange) -> Output:
    host, port = _place(url)
    connecting = "" if flags.on("quiet") else f"Connecting to {host} ({done.address}:{port})\n"
    match done.failure:
        case Failure.NO_NAME:
            return Output(stderr=f"wget: bad address '{host}'\n", status=1)
        case Failure.REFUSED:
            return Output(stderr=f"{connecting}wget: can't connect to remote host ({done.address}): Connection refused\n",
                          status=1)
        case Failure.UNREACHABLE:
            return Output(stderr=f"{connecting}wget: can't connect to remote host ({done.address}): No route to host\n",
                          status=1)
        case Failure.TIMEOUT:
            why = "download timed out" if flags.has("timeout") else \
                f"can't connect to remote host ({done.address}): Connection timed out"
            return Output(stderr=f"{connecting}wget: {why}\n", status=1)
        case Failure.EMPTY:
            return Output(stderr=f"{connecting}wget: error getting response\n", status=1)
        case Failure.CERTIFICATE | Failure.NOT_TLS:
            return Output(stderr=f"{connecting}wget: TLS error from peer\nwget: error getting response: "
                          "Connection reset by peer\n", status=1)
    assert done.response is not None
    shown = "".join(f"  {line}\n" for line in header_lines(done.response)) if flags.on("server-response") else ""
    if done.response.status >= 400:
        phrase = reason_phrase(done.response.status)
        return Output(stderr=f"{connecting}{shown}wget: server returned error: HTTP/1.1 {done.response.status} {phrase}\n",
                      status=1)
    text, name = _saved(call, flags, url, done.response.text)
    before, after = f"saving to '{name}'\n", f"'{name}' saved\n"
    if not name:
        before, after = ("", "remote file exists\n") if flags.on("spider") else ("writing to stdout\n", "written to stdout\n")
    if flags.on("quiet"):
        before = after = ""
    told = connecting + shown + before
    return Output(text, told + after, screen=told + text + after)


# GNU ------------------------------------------------------------------------------------------------------------

def _gnu(call: Call, flags: Parsed, url: str, done: Exchange) -> Output:
    """GNU Wget tells its whole story on standard error; -q keeps it quiet."""
    host, port = _place(url)
    story = [f"--{_stamp(call)}--  {url}"]
    if done.failure is Failure.NO_NAME:
        story += [f"Resolving {host} ({host})... failed: Name or service not known.",
                  f"wget: unable to resolve host address ‘{host}’"]
        return _told(flags, story, 4)
    if done.resolved:
        story.append(f"Resolving {host} ({host})... {', '.join(done.resolved)}")
    label = f"{host} ({host})|{done.address}|:{port}" if done.resolved else f"{done.address}:{port}"
    ends = {Failure.REFUSED: "failed: Connection refused.", Failure.TIMEOUT: "failed: Connection timed out.",
            Failure.UNREACHABLE: "failed: No route to host."}
    if done.failure in ends:
        return _told(flags, [*story, f"Connecting to {label}... {ends[done.failure]}"], 4)
    story.append(f"Connecting to {label}... connected.")
    if done.failure is not None:
        return _gnu_failure(flags, story, host, done)
    response = done.response
    assert response is not None
    phrase = reason_phrase(response.status)
    shown = "" if flags.on("server-response") else f"{response.status} {phrase}"
    story.append(f"HTTP request sent, awaiting response... {shown}")
    if flags.on("server-response"):
        story += [f"  {line}" for line in header_lines(response)]
    if response.status >= 400:
        story.append(f"{_stamp(call)} ERROR {response.status}: {phrase}.")
        return _told(flags, story, 8, response.text if flags.on("content-on-error") else "")
    text, name = _saved(call, flags, url, response.text)
    if flags.on("spider"):
        return _told(flags, [*story, "Remote file exists."], 0)
    kind = response.header("Content-Type") or "application/octet-stream"
    story += [f"Length: {len(response.body)} [{kind.split(';')[0]}]", f"Saving to: ‘{name or 'STDOUT'}’", ""]
    story.append(f"{_stamp(call)} - {'written to stdout' if not name else f'‘{name}’ saved'} [{len(response.body)}"
                 f"/{len(response.body)}]")
    return _told(flags, [*story, ""], 0, text)


def _gnu_failure(flags: Parsed, story: list[str], host: str, done: Exchange) -> Output:
    if done.failure is Failure.EMPTY:
        return _told(flags, [*story, "HTTP request sent, awaiting response... No data received."], 4)
    if done.failure is Failure.NOT_TLS or done.refusal is None:
        return _told(flags, [*story, "GnuTLS: An unexpected TLS packet was received.", "Unable to establish SSL connection."],
                     4)
    why = {"name": f"The certificate's owner does not match hostname ‘{host}’",
           "expired": f"ERROR: cannot verify {host}'s certificate: it has expired.",
           "not-yet-valid": f"ERROR: cannot verify {host}'s certificate: it is not yet activated.",
           }.get(done.refusal.reason, f"ERROR: The certificate of ‘{host}’ is not trusted.")
    return _told(flags, [*story, why], 5)


def _told(flags: Parsed, story: list[str], status: int, stdout: str = "") -> Output:
    return warned("" if flags.on("quiet") else "".join(line + "\n" for line in story), Output(stdout, status=status))


def _stamp(call: Call) -> str:
    return iso(call.cluster.now).replace("T", " ").rstrip("Z")
