"""Reads expectation lines. One line, one claim:

    line     = [ "at" "+"duration ] ( count | endpoints | resolve | request | connect | spread | path | diagnose | watch )
    count    = "count" kind [ labels ] [ "in" ns ] op integer               op: = != < <= > >=
               labels as kubectl's -l: app=web,tier!=db  app in (web, db)  !app
    endpoints= "endpoints" service ( "are" [ "exactly" ] ( address { "," address } | "none" )
                                   | ( "include" | "exclude" ) address { "," address } )
    resolve  = "resolve" name [ "type" rr ] "from" actor "is" ( answer { "," answer } | "no-name" | "timeout" )
               [ "after" integer "queries" ]
    request  = method url { option } "from" actor outcome
    option   = "at" address | "header" quoted | "body" quoted | "insecure"
    connect  = ( "tcp" | "udp" ) host ":" port "from" actor outcome
    outcome  = "is" result | "may be" result { "|" result } | "never" result
    result   = ( status | "open" | "refused" | "timeout" | "no-name" | "unreachable" | "tls-error" | "loop" ) { detail }
    detail   = "by" glob | "body" quoted | "sets" quoted | "cert" name | "seen-as" address
    spread   = "spread" method url { option } "from" actor "x"integer "over" glob "each" op integer
    path     = "path" method url { option } "from" actor "via" hop { ">" hop }
    diagnose = "diagnose" method url { option } "from" actor "says" code | "diagnose cluster says" code { "," code }
    watch    = ( "always" | "never" ) method url { option } "from" actor "every" duration "is" result

Every error names the column, what was expected there, and the nearest valid word.
"""

from __future__ import annotations

from simnet import ip
from simnet.clock import parse_duration
from simnet.dataplane.client import parse_url
from simnet.errors import Place, UsageError
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
    Watched,
)
from simnet.expect.words import Words, unquoted
from simnet.labels import Selector
from simnet.names import ObjectKey, dns1123_label_problem, split_host_port
from simnet.objects.kinds import BY_WORD

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")
RESULTS = ("open", "refused", "timeout", "no-name", "unreachable", "tls-error", "loop")
DETAILS = ("by", "body", "sets", "cert", "seen-as")
OPERATORS = ("=", "!=", "<", "<=", ">", ">=")
STARTS = ("count", "endpoints", "resolve", "tcp", "udp", "spread", "path", "diagnose", "always", "never", *METHODS)
SHORTEST_PERIOD = 0.001
HOPS = ("dns", "dnat", "snat", "reject", "drop")
HOP_KINDS = ("service", "ingress", "httproute", "pod", "node", "host")
ADDRESS_TYPES = {"A": 4, "AAAA": 6}
RECORD_TYPES = (*ADDRESS_TYPES, "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT")


def parse(text: str, place: Place | None = None) -> Expectation:
    """Read one line. Raises ManifestError with the column, what was expected there and the nearest valid word."""
    words = Words(text, place)
    shift = 0.0
    if words.peek() == "at":
        words.take()
        shift = _duration(words)
        if words.peek() in ("always", "never"):
            raise words.error(f"`{words.peek()}` watches the whole step; it takes no `at +...`")
    claim = _claim(words)
    words.end()
    return Expectation(text.strip(), claim, shift)


def _claim(words: Words) -> Claim:
    start = words.peek()
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
        case "always" | "never":
            return _watch(words, start)
        case _:
            return _diagnose(words)


def _count(words: Words) -> Counted:
    kind = words.take("a kind such as pods")
    if kind.lower() not in BY_WORD:
        raise words.error(f"{kind!r} is not a kind", back=True, known=BY_WORD)
    row = BY_WORD[kind.lower()]
    selector = _labels(words)
    namespace = None
    if words.peek() == "in":
        words.take()
        if not row.namespaced:
            raise words.error(f"{row.plural} lie in no namespace", back=True)
        namespace = words.take("a namespace")
        if dns1123_label_problem(namespace):
            raise words.error(f"{namespace!r} is no name of a namespace", back=True)
    operator = words.one_of("a comparison", OPERATORS)
    return Counted(row.kind, selector, namespace, operator, _integer(words))


def _labels(words: Words) -> str | None:
    """Everything up to `in NAMESPACE` or the comparison; `in (...)` belongs to the labels."""
    start, found = words.position, ""
    while words.peek() and words.peek() not in OPERATORS:
        if words.peek() == "in" and not (found and words.peek(1).startswith("(")):
            break
        word = words.take()
        found += word if word == "," or not found or found.endswith(",") else f" {word}"
    if not found:
        return None
    selector = unquoted(found)
    try:
        Selector.parse(selector)
    except UsageError as problem:
        raise words.error(str(problem), at=start) from None
    return selector


def _endpoints(words: Words) -> EndpointsAre:
    service = _name(words.take("a Service"))
    how = words.one_of("are, include or exclude", ("are", "include", "exclude"))
    if how == "are" and words.peek() == "exactly":
        how = words.take()
    if words.peek() == "none":
        if how in ("include", "exclude"):
            raise words.error(f"`{how} none` holds for every Service; write `are none`, or {how} and an address")
        words.take()
        return EndpointsAre(service, how, ())
    return EndpointsAre(service, how, tuple(words.list_of(
        lambda: _endpoint(words, "an address such as 10.244.0.3:80"))))


def _endpoint(words: Words, wanted: str) -> str:
    """An address with or without port."""
    text = words.take(wanted)
    try:
        ip.number(split_host_port(text)[0])
    except ValueError as problem:
        raise words.error(str(problem), back=True) from None
    return text


def _resolve(words: Words) -> Resolved:
    name = words.take("a name")
    type_ = ""
    if words.peek() == "type":
        words.take()
        type_ = words.take("a record type").upper()
        if type_ not in RECORD_TYPES:
            raise words.error(f"{type_!r} is not a record type; one of {', '.join(RECORD_TYPES)}", back=True,
                              known=RECORD_TYPES)
    words.expect("from")
    actor = words.take("an actor")
    words.expect("is")
    answers: tuple[str, ...] = ()
    failure = ""
    if words.peek() in ("no-name", "timeout"):
        failure = words.take()
    else:
        answers = tuple(words.list_of(lambda: _answer(words, type_)))
    queries = None
    if words.peek() == "after":
        words.take()
        queries = _integer(words)
        words.one_of("queries", ("queries", "query"))
    return Resolved(name, type_, actor, answers, failure, queries)


def _answer(words: Words, type_: str) -> str:
    """An address of the type's family, or for other types the data of a record; data with blanks stands in quotes."""
    text = unquoted(words.take("an address, a name, no-name or timeout"))
    if not type_ or type_ in ADDRESS_TYPES:
        _check_address(words, text, ADDRESS_TYPES.get(type_))
    return text


def _asking(words: Words) -> Asking:
    method = words.one_of("a method", (*METHODS, "tcp", "udp"))
    if method in ("tcp", "udp"):
        where = words.take("host:port")
        _check_url(words, f"{method}://{where}")
        words.expect("from")
        return Asking(method, f"{method}://{where}", words.take("an actor"))
    url = words.take("a URL")
    if _check_url(words, url) not in ("http", "https"):
        raise words.error(f"{method} needs an http:// or https:// URL", back=True)
    at: str | None = None
    headers: list[tuple[str, str]] = []
    body, insecure = "", False
    while (option := words.one_of("an option or from", ("at", "header", "body", "insecure", "from"))) != "from":
        if option == "at":
            at = _endpoint(words, "an address, or address and port")
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
        elif detail == "sets" and ":" not in value:
            raise words.error(f"{value!r} is not a header; write \"{value}: VALUE\"", back=True)
        details.append((detail, value))
    return Result(word, tuple(details))


def _spread(words: Words) -> Spread:
    asking = _asking(words)
    times = words.take("x and a number")
    if not (times.startswith("x") and times[1:].isdigit() and int(times[1:])):
        raise words.error(f"{times!r} is not xNUMBER, x1000 for example", back=True)
    words.expect("over")
    glob = words.take("pods, pod/web-* for example")
    if not glob.startswith("pod/"):
        raise words.error(f"{glob!r} means no pods; write pod/{glob}", back=True)
    words.expect("each")
    operator = words.one_of("a comparison", OPERATORS)
    return Spread(asking, int(times[1:]), glob, operator, _integer(words))


def _watch(words: Words, quantifier: str) -> Watched:
    asking = _asking(words)
    words.expect("every")
    every = _period(words)
    words.expect("is")
    return Watched(quantifier, asking, every, _result(words))


def _period(words: Words) -> float:
    text = words.take("a duration such as 100ms")
    try:
        seconds = parse_duration(text.removeprefix("+"))
    except UsageError as problem:
        raise words.error(str(problem), back=True) from None
    if seconds < SHORTEST_PERIOD:
        raise words.error(f"{text!r} is too short; the shortest period is 1ms", back=True)
    return seconds


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
        known = (*HOPS, *(f"{each}/{name}" for each in HOP_KINDS if name))
        raise words.error(f"{hop!r} is no hop; one of {', '.join(HOPS)} or KIND/NAME with {', '.join(HOP_KINDS)}",
                          back=True, known=known)
    return hop


def _diagnose(words: Words) -> Diagnosed:
    asking = None
    if words.peek() == "cluster":
        words.take()
    else:
        asking = _asking(words)
    words.expect("says")
    return Diagnosed(asking, tuple(words.list_of(lambda: words.take("a code such as SEL-NOMATCH"))))


def _name(text: str) -> ObjectKey:
    namespace, _, name = text.removeprefix("service/").rpartition("/")
    return ObjectKey(namespace or "default", name)


def _integer(words: Words) -> int:
    text = words.take("a number")
    if not (text.isascii() and text.isdigit()):
        raise words.error(f"{text!r} is not a number", back=True)
    return int(text)


def _duration(words: Words) -> float:
    text = words.take("a duration such as +10s")
    if not text.startswith("+"):
        raise words.error(f"{text!r} is not a duration that lies ahead; write +10s", back=True)
    try:
        return parse_duration(text[1:])
    except UsageError as problem:
        raise words.error(str(problem), back=True) from None


def _check_address(words: Words, text: str, family: int | None = None) -> None:
    try:
        number = ip.number(text)
    except ValueError as problem:
        raise words.error(str(problem), back=True) from None
    if family is not None and ip.family(number) != family:
        raise words.error(f"{text} is not an IPv{family} address", back=True)


def _check_url(words: Words, url: str) -> str:
    """The scheme of a URL that can be taken apart."""
    try:
        return parse_url(url).scheme
    except UsageError as problem:
        raise words.error(str(problem), back=True) from None


