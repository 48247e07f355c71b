"""Reads expectation lines. One line, one claim:

    line     = [ "at" "+"duration ] ( count | endpoints | resolve | request | connect | spread | path | diagnose )
    count    = "count" kind [ labels ] [ "in" ns ] op integer               op: = != < <= > >=
    endpoints= "endpoints" service ( "are" [ "exactly" ] | "include" | "exclude" ) ( address { "," address } | "none" )
    resolve  = "resolve" name [ "type" rr ] "from" actor "is" ( answer { "," answer } | "no-name" | "timeout" )
               [ "after" integer "queries" ]
    request  = method url { option } "from" actor outcome
    option   = "at" address | "header" quoted | "body" quoted | "insecure"
    connect  = ( "tcp" | "udp" ) host ":" port "from" actor outcome
    outcome  = "is" result | "may be" result { "|" result } | "never" result
    result   = ( status | "open" | "refused" | "timeout" | "no-name" | "unreachable" | "tls-error" ) { detail }
    detail   = "by" glob | "body" quoted | "sets" quoted | "cert" name | "seen-as" address
    spread   = "spread" method url "from" actor "x"integer "over" glob "each" op integer
    path     = "path" method url { option } "from" actor "via" hop { ">" hop }
    diagnose = "diagnose" method url { option } "from" actor "says" code | "diagnose cluster says" code { "," code }

Every error names the column, what was expected there, and the nearest valid word.
"""

from __future__ import annotations

from simnet import ip
from simnet.clock import parse_duration
from simnet.errors import Place, SimnetError
from simnet.expect.lines import (
    Asking,
    Claim,
    Counted,
    Diagnosed,
    EndpointsAre,
    Expectation,
    Outcome,
    PathVia,
    Requested,
    Resolved,
    Result,
    Spread,
)
from simnet.expect.words import Words
from simnet.names import ObjectKey
from simnet.objects.kinds import BY_WORD

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")
RESULTS = ("open", "refused", "timeout", "no-name", "unreachable", "tls-error")
DETAILS = ("by", "body", "sets", "cert", "seen-as")
OPERATORS = ("=", "!=", "<", "<=", ">", ">=")
STARTS = ("count", "endpoints", "resolve", "tcp", "udp", "spread", "path", "diagnose", *METHODS)
NOT_YET = ("always", "never")
HOPS = ("dns", "dnat", "snat", "reject", "drop")
HOP_KINDS = ("service", "ingress", "pod", "node", "host")


def parse(text: str, place: Place | None = None) -> Expectation:
    """Read one line. Raises ManifestError with the column, what was expected there and the nearest valid word."""
    words = Words(text, place)
    shift = 0.0
    if words.peek() == "at" and words.peek(1).startswith("+"):
        words.take()
        shift = _duration(words)
    claim = _claim(words)
    words.end()
    return Expectation(text.strip(), claim, shift)


def _claim(words: Words) -> Claim:
    start = words.peek()
    if start in NOT_YET:
        raise words.error("watching over a time is not supported yet; use `at +10s ...` lines instead")
    if start in METHODS or start in ("tcp", "udp"):
        return Requested(_asking(words), _outcome(words))
    match words.one_of("an expectation", STARTS):
        case "count":
            return _count(words)
        case "endpoints":
            return _endpoints(words)
        case "resolve":
            return _resolve(words)
        case "spread":
            return _spread(words)
        case "path":
            return _path(words)
        case _:
            return _diagnose(words)


def _count(words: Words) -> Counted:
    kind = words.take("a kind such as pods")
    if kind.lower() not in BY_WORD:
        raise words.error(f"{kind!r} is not a kind", back=True, known=BY_WORD)
    selector = namespace = None
    if words.peek() not in (*OPERATORS, "in") or words.peek(1) == "(":
        selector = words.take("labels such as app=web")
    if words.peek() == "in":
        words.take()
        namespace = words.take("a namespace")
    operator = words.one_of("a comparison", OPERATORS)
    return Counted(BY_WORD[kind.lower()].kind, selector, namespace, operator, _integer(words))


def _endpoints(words: Words) -> EndpointsAre:
    service = _name(words.take("a Service"))
    how = words.one_of("are, include or exclude", ("are", "include", "exclude"))
    if how == "are" and words.peek() == "exactly":
        how = words.take()
    if words.peek() == "none":
        words.take()
        return EndpointsAre(service, how, ())
    return EndpointsAre(service, how, tuple(words.list_of("an address such as 10.244.0.3:80")))


def _resolve(words: Words) -> Resolved:
    name = words.take("a name")
    type_ = ""
    if words.peek() == "type":
        words.take()
        type_ = words.take("a record type").upper()
    words.expect("from")
    actor = words.take("an actor")
    words.expect("is")
    answers: tuple[str, ...] = ()
    failure = ""
    if words.peek() in ("no-name", "timeout"):
        failure = words.take()
    else:
        answers = tuple(words.list_of("an address, a name, no-name or timeout"))
    queries = None
    if words.peek() == "after":
        words.take()
        queries = _integer(words)
        words.one_of("queries", ("queries", "query"))
    return Resolved(name, type_, actor, answers, failure, queries)


def _asking(words: Words) -> Asking:
    method = words.one_of("a method", (*METHODS, "tcp", "udp"))
    if method in ("tcp", "udp"):
        where = words.take("host:port")
        if not where.rpartition(":")[2].isdigit():
            raise words.error(f"{where!r} has no port; write {where}:80", back=True)
        words.expect("from")
        return Asking(method, f"{method}://{where}", words.take("an actor"))
    url = words.take("a URL")
    if "://" not in url:
        raise words.error(f"{url!r} is not a URL; write http://{url}", back=True)
    at: str | None = None
    headers: list[tuple[str, str]] = []
    body, insecure = "", False
    while (option := words.one_of("an option or from", ("at", "header", "body", "insecure", "from"))) != "from":
        if option == "at":
            at = words.take("an address")
        elif option == "header":
            headers.append(_header(words))
        elif option == "body":
            body = words.quoted("a body")
        else:
            insecure = True
    return Asking(method, url, words.take("an actor"), at, tuple(headers), body, insecure)


def _header(words: Words) -> tuple[str, str]:
    text = words.quoted("a header")
    name, colon, value = text.partition(":")
    if not colon:
        raise words.error(f"{text!r} is not a header; write \"Host: shop.example.com\"", back=True)
    return name.strip(), value.strip()


def _outcome(words: Words) -> Outcome:
    quantifier = words.one_of("is, may be or never", ("is", "may", "never"))
    if quantifier == "may":
        words.expect("be")
        results = [_result(words)]
        while words.peek() == "|":
            words.take()
            results.append(_result(words))
        return Outcome("may be", tuple(results))
    return Outcome(quantifier, (_result(words),))


def _result(words: Words) -> Result:
    word = words.take("a status or a result")
    if not (word.isdigit() and len(word) == 3) and word not in RESULTS:
        raise words.error(f"{word!r} is neither a status nor one of {', '.join(RESULTS)}", back=True, known=RESULTS)
    details: list[tuple[str, str]] = []
    while words.peek() and words.peek() != "|":
        detail = words.one_of("a detail", DETAILS)
        value = words.quoted(f"text for {detail}") if detail in ("body", "sets") else words.take(f"a value for {detail}")
        if detail == "seen-as":
            _check_address(words, value)
        details.append((detail, value))
    return Result(word, tuple(details))


def _spread(words: Words) -> Spread:
    asking = _asking(words)
    times = words.take("x and a number")
    if not (times.startswith("x") and times[1:].isdigit() and int(times[1:])):
        raise words.error(f"{times!r} is not xNUMBER, x1000 for example", back=True)
    words.expect("over")
    glob = words.take("pods, pod/web-* for example")
    words.expect("each")
    operator = words.one_of("a comparison", OPERATORS)
    return Spread(asking, int(times[1:]), glob, operator, _integer(words))


def _path(words: Words) -> PathVia:
    asking = _asking(words)
    words.expect("via")
    hops = [_hop(words)]
    while words.peek() == ">":
        words.take()
        hops.append(_hop(words))
    return PathVia(asking, tuple(hops))


def _hop(words: Words) -> str:
    hop = words.take("a hop")
    kind, slash, name = hop.partition("/")
    if hop not in HOPS and not (slash and kind in HOP_KINDS and name):
        raise words.error(f"{hop!r} is no hop; one of {', '.join(HOPS)} or KIND/NAME with {', '.join(HOP_KINDS)}",
                          back=True, known=(*HOPS, *(f"{each}/{name}" for each in HOP_KINDS)))
    return hop


def _diagnose(words: Words) -> Diagnosed:
    asking = None
    if words.peek() == "cluster":
        words.take()
    else:
        asking = _asking(words)
    words.expect("says")
    return Diagnosed(asking, tuple(words.list_of("a code such as SEL-NOMATCH")))


def _name(text: str) -> ObjectKey:
    namespace, _, name = text.removeprefix("service/").rpartition("/")
    return ObjectKey(namespace or "default", name)


def _integer(words: Words) -> int:
    text = words.take("a number")
    if not text.isdigit():
        raise words.error(f"{text!r} is not a number", back=True)
    return int(text)


def _duration(words: Words) -> float:
    text = words.take("a duration")
    try:
        return parse_duration(text.removeprefix("+"))
    except (SimnetError, ValueError) as problem:
        raise words.error(f"{text!r} is not a duration such as +10s: {problem}", back=True) from None


def _check_address(words: Words, text: str) -> None:
    try:
        ip.number(text)
    except ValueError as problem:
        raise words.error(str(problem), back=True) from None


