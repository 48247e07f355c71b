"""curl: options, redirects, several URLs, exit codes. What it prints on the way is in `curl_report`.

Source: curl(1); lib/url.c, lib/http.c and src/tool_getparam.c of curl for defaults (User-Agent, Accept, Content-Type,
the method after a redirect) and https://curl.se/libcurl/c/libcurl-errors.html for codes.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from urllib.parse import quote

from simnet.console.desk import STDOUT_FILES, Call, NoSuchFile
from simnet.console.flags import CURL, Flag, FlagError, Parsed, read_flags, switch
from simnet.console.output import Output, failed
from simnet.console.tools.curl_report import (
    connection_lines,
    failure_of,
    http_failure,
    http_version,
    tail_lines,
    written_out,
)
from simnet.console.tools.curl_url import CurlError, pinned, refuse_url, rejected
from simnet.console.tools.transfer import Exchange, exchange, header_lines, header_pairs, host_of, redirected, with_scheme
from simnet.errors import UsageError

AGENT = "curl/8.5.0"
_MOST_REDIRECTS = 50
_NUMBERS = ("max-time", "connect-timeout", "max-redirs", "retry", "retry-delay")
_NUMBER = re.compile(r"-1|[0-9]{1,9}(\.[0-9]*)?")
_HELP = "curl: try 'curl --help' or 'curl --manual' for more information"

FLAGS = (
    Flag("header", "H"), switch("insecure", "k"), switch("verbose", "v"), switch("head", "I"), switch("silent", "s"),
    switch("show-error", "S"), Flag("output", "o"), switch("remote-name", "O"), Flag("write-out", "w"), Flag("resolve"),
    Flag("cacert"), Flag("request", "X"), Flag("data", "d"), Flag("data-raw"), Flag("data-binary"),
    Flag("data-urlencode"), Flag("json"), switch("location", "L"), Flag("connect-timeout"), Flag("max-time", "m"),
    switch("fail", "f"), switch("fail-with-body"), switch("include", "i"), Flag("user-agent", "A"), Flag("referer", "e"),
    Flag("cookie", "b"), Flag("user", "u"), switch("http1.1"), switch("http1.0", "0"), switch("http2"), switch("ipv4", "4"),
    switch("ipv6", "6"), Flag("connect-to"), switch("get", "G"), Flag("url"), switch("no-progress-meter"),
    switch("progress-bar", "#"), Flag("max-redirs"), Flag("retry"), Flag("retry-delay"), switch("globoff", "g"),
    switch("compressed"), switch("path-as-is"), Flag("request-target"), switch("version", "V"), switch("no-keepalive"),
    Flag("noproxy"), Flag("interface"), switch("tlsv1.2"), switch("tlsv1.3"), switch("no-buffer", "N"),
    Flag("dump-header", "D"), Flag("local-port"),
)


@dataclass(slots=True)
class Printed:
    """What one command has printed so far, and both streams in order."""

    stdout: str = ""
    stderr: str = ""
    status: int = 0
    screen: str = ""

    def out(self, text: str) -> None:
        self.stdout += text
        self.screen += text

    def error(self, text: str) -> None:
        self.stderr += text
        self.screen += text


@dataclass(slots=True)
class Request:
    """One request about to be sent; redirects change it."""

    url: str
    method: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    redirects: int = 0


def curl(call: Call) -> Output:
    """Transfer every URL of the command line; the status is that of the last one."""
    try:
        flags = read_flags(call.args, FLAGS, CURL)
    except FlagError as problem:
        hint = f"; did you mean {problem.suggestion}?" if problem.suggestion else ""
        return failed(f"curl: {problem}{hint}\n{_HELP}", 2)
    if flags.on("version"):
        return Output("curl 8.5.0 (simnet)\nProtocols: http https\n")
    if wrong := _no_number(call, flags):
        return failed(f"curl: option {wrong}: expected a proper numerical parameter\n{_HELP}", 2)
    urls = flags.all("url") + flags.operands + (flags.behind_dashes or [])
    if not urls:
        return failed(f"curl: (2) no URL specified\n{_HELP}", 2)
    try:
        body = _body(call, flags)
        cacert = call.read(flags.get("cacert")) if flags.has("cacert") else ""
    except NoSuchFile as problem:
        if problem.path == flags.get("cacert"):
            return failed(f"curl: (77) error setting certificate file: {problem.path}", 77)
        return failed(f"curl: (26) Failed to open {problem.path}", 26)
    printed = Printed()
    outputs = flags.all("output")
    for place, url in enumerate(urls):
        _transfer(call, flags, url, body, cacert, outputs[place] if place < len(outputs) else "", printed)
    return Output(printed.stdout, printed.stderr, printed.status, printed.screen)


def _no_number(call: Call, flags: Parsed) -> str:
    """The option, as it was written, whose value is not the number it must be; '' for none."""
    for flag in FLAGS:
        if flag.name in _NUMBERS and flags.has(flag.name) and not _NUMBER.fullmatch(flags.get(flag.name)):
            return f"--{flag.name}" if f"--{flag.name}" in call.args else f"-{flag.short}"
    return ""


def _body(call: Call, flags: Parsed) -> bytes | None:
    """What -d and its relatives send, joined by `&`; None for nothing."""
    pieces: list[bytes] = []
    for name in ("data", "data-binary", "json", "data-urlencode", "data-raw"):
        for text in flags.all(name):
            if text.startswith("@") and name != "data-raw":
                text = call.read(text[1:])
                text = text.replace("\n", "") if name == "data" else text
            elif name == "data-urlencode":
                key, equals, value = text.partition("=")
                text = f"{key}={quote(value, safe='')}" if equals else quote(text, safe="")
            pieces.append(text.encode())
    return (b"" if flags.has("json") else b"&").join(pieces) if pieces else None


def _first_request(flags: Parsed, url: str, body: bytes | None) -> Request:
    if body is not None and flags.on("get"):
        url, body = url + ("&" if "?" in url else "?") + body.decode(), None
    method = flags.get("request") or ("HEAD" if flags.on("head") else "GET" if body is None else "POST")
    given = header_pairs(flags.all("header"))
    names = {name.lower() for name, _ in given} | {text.partition(":")[0].strip().lower() for text in flags.all("header")}
    standard = [("User-Agent", flags.get("user-agent", AGENT)), ("Accept", "application/json" if flags.has("json") else "*/*")]
    if flags.has("user"):
        standard.insert(0, ("Authorization", "Basic " + base64.b64encode(flags.get("user").encode()).decode()))
    for name, flag in (("Referer", "referer"), ("Cookie", "cookie")):
        if flags.has(flag):
            standard.append((name, flags.get(flag)))
    headers = [(name, value) for name, value in standard if name.lower() not in names and value] + given
    if body is not None:
        kind = "application/json" if flags.has("json") else "application/x-www-form-urlencoded"
        headers.append(("Content-Length", str(len(body))))
        if "content-type" not in names:
            headers.append(("Content-Type", kind))
    return Request(url, method, headers, body or b"")


def _transfer(call: Call, flags: Parsed, given_url: str, body: bytes | None, cacert: str, output: str,
              printed: Printed) -> None:
    """One URL with its redirects; what is printed and the status are added to `printed`."""
    request = _first_request(flags, with_scheme(given_url), body)
    while True:
        scheme = request.url.partition("://")[0].lower()
        if scheme not in ("http", "https"):
            _fail(flags, printed, 1, f'Protocol "{scheme}" not supported')
            return
        try:
            refuse_url(request.url, is_redirect=request.redirects > 0)
            done = exchange(call, request.url, **_options(flags, request, cacert))
        except CurlError as problem:
            _fail(flags, printed, problem.code, str(problem))
            return
        except UsageError as problem:
            _fail(flags, printed, *rejected(request.url, problem))
            return
        if not _received(call, flags, request, done, output, printed):
            return


def _options(flags: Parsed, request: Request, cacert: str) -> dict[str, object]:
    version = http_version(flags, request.url)
    found: dict[str, object] = {"method": request.method, "headers": request.headers, "body": request.body,
                                "insecure": flags.on("insecure"), "cacert": cacert, "http_version": version}
    if flags.on("ipv4") or flags.on("ipv6"):
        found["family"] = 4 if flags.on("ipv4") else 6
    if flags.has("request-target"):
        found["target_line"] = flags.get("request-target")
    at = pinned(flags, request.url)
    if at:
        found["at"] = at
    return found


def _received(call: Call, flags: Parsed, request: Request, done: Exchange, output: str, printed: Printed) -> bool:
    """Print one exchange. True when a redirect has changed `request` and it must be sent again."""
    if flags.on("verbose"):
        printed.error("".join(line + "\n" for line in connection_lines(flags, request.url, request.method,
                                                                       request.headers, done)))
    response = done.response
    if response is None:
        code, message = failure_of(flags, request.url, done)
        _fail(flags, printed, code, message)
        printed.out(written_out(flags, request.url, request.method, request.redirects, done, code, message))
        return False
    head = "".join(line + "\r\n" for line in header_lines(response)) + "\r\n"
    following = redirected(request.url, response) if flags.on("location") else ""
    if flags.on("include") or flags.on("head"):
        _write(call, flags, output, head.replace("\r\n", "\n"), printed, append=request.redirects > 0)
    if flags.has("dump-header"):
        _write(call, flags, flags.get("dump-header"), head.replace("\r\n", "\n"), printed)
    if following:
        if flags.on("verbose"):
            printed.error(f"* Issue another request to this URL: '{following}'\n")
        limit = flags.number("max-redirs", _MOST_REDIRECTS)
        if request.redirects >= limit:
            _fail(flags, printed, 47, f"Maximum ({limit}) redirects followed")
            return False
        _follow(flags, request, response.status, following)
        return True
    code, message = http_failure(flags, response.status)
    if request.method != "HEAD" and (not code or flags.on("fail-with-body")):
        name = request.url.rpartition("/")[2] if flags.on("remote-name") else output
        _write(call, flags, name, response.text, printed, append=flags.on("include"))
    if flags.on("verbose"):
        printed.error("".join(line + "\n" for line in tail_lines(request.url)))
    if code:
        _fail(flags, printed, code, message)
    else:
        printed.status = 0
    printed.out(written_out(flags, request.url, request.method, request.redirects, done, code, message))
    return False


def _follow(flags: Parsed, request: Request, status: int, url: str) -> None:
    """Change the request as curl does: a POST becomes a GET except after 307 and 308; a Host header given by hand
    stays with the host it was given for."""
    if host_of(request.url) != host_of(url):
        request.headers = [(name, value) for name, value in request.headers
                           if name.lower() not in ("host", "authorization", "cookie")]
    if status in (301, 302, 303) and request.method == "POST" and not flags.get("request"):
        request.method, request.body = "GET", b""
        request.headers = [(name, value) for name, value in request.headers if not name.lower().startswith("content-")]
    request.url = url
    request.redirects += 1


def _write(call: Call, flags: Parsed, output: str, text: str, printed: Printed, append: bool = False) -> None:
    if not output or output in STDOUT_FILES:
        printed.out(text)
    else:
        call.write(output, text, append)


def _fail(flags: Parsed, printed: Printed, code: int, message: str) -> None:
    """Note the status; -s keeps the message back unless -S asks for it."""
    printed.status = code
    if not flags.on("silent") or flags.on("show-error"):
        printed.error(f"curl: ({code}) {message}\n")
