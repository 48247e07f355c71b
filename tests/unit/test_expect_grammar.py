"""The grammar of expectation lines: every form is read, every mistake is named with its column."""

from __future__ import annotations

import pytest

from simnet.errors import ManifestError, Place
from simnet.expect.grammar import parse
from simnet.expect.lines import (
    Asking,
    Claim,
    Counted,
    Diagnosed,
    EndpointsAre,
    Outcome,
    PathVia,
    Requested,
    Resolved,
    Result,
    Spread,
)
from simnet.names import ObjectKey

WEB = ObjectKey("default", "web")
GET = Asking("GET", "http://web/", "pod/client")
OK = Outcome("is", (Result("200"),))

FORMS: list[tuple[str, Claim]] = [
    # count
    ("count pods = 3", Counted("Pod", None, None, "=", 3)),
    ("count po app=web in shop >= 1", Counted("Pod", "app=web", "shop", ">=", 1)),
    ("count services in shop < 2", Counted("Service", None, "shop", "<", 2)),
    ("count nodes != 0", Counted("Node", None, None, "!=", 0)),
    ("count pods app=web,tier!=db <= 9", Counted("Pod", "app=web,tier!=db", None, "<=", 9)),
    ("count pods app=web, tier=db > 0", Counted("Pod", "app=web,tier=db", None, ">", 0)),
    ("count pods app in (web, db) in shop = 1", Counted("Pod", "app in (web,db)", "shop", "=", 1)),
    ("count pods app notin (web),!x = 1", Counted("Pod", "app notin (web),!x", None, "=", 1)),
    ('count pods "app in (web)" = 1', Counted("Pod", "app in (web)", None, "=", 1)),
    # endpoints
    ("endpoints web are none", EndpointsAre(WEB, "are", ())),
    ("endpoints service/web are exactly 10.0.0.1:80", EndpointsAre(WEB, "exactly", ("10.0.0.1:80",))),
    ("endpoints shop/web include 10.0.0.1:80, [fd00::1]:80",
     EndpointsAre(ObjectKey("shop", "web"), "include", ("10.0.0.1:80", "[fd00::1]:80"))),
    ("endpoints web exclude 10.0.0.1", EndpointsAre(WEB, "exclude", ("10.0.0.1",))),
    ("endpoints web are exactly none", EndpointsAre(WEB, "exactly", ())),
    # resolve
    ("resolve web from pod/client is 10.96.0.1", Resolved("web", "", "pod/client", ("10.96.0.1",))),
    ("resolve web type aaaa from laptop is fd00::1, fd00::2", Resolved("web", "AAAA", "laptop", ("fd00::1", "fd00::2"))),
    ("resolve web type CNAME from laptop is a.test", Resolved("web", "CNAME", "laptop", ("a.test",))),
    ('resolve _a._tcp.web type SRV from laptop is "0 100 80 web.test"', Resolved("_a._tcp.web", "SRV", "laptop", ("0 100 80 web.test",))),
    ("resolve web from laptop is no-name after 4 queries", Resolved("web", "", "laptop", (), "no-name", 4)),
    ("resolve web from laptop is timeout after 1 query", Resolved("web", "", "laptop", (), "timeout", 1)),
    # request and connect
    ("GET http://web/ from pod/client is 200", Requested(GET, OK)),
    ('POST https://a.test/x at 10.0.0.1:443 header "Host: b" header "X: 1" body "a b" insecure from laptop is 404',
     Requested(Asking("POST", "https://a.test/x", "laptop", "10.0.0.1:443", (("Host", "b"), ("X", "1")), "a b", True),
               Outcome("is", (Result("404"),)))),
    ("tcp web:80 from node/a is open", Requested(Asking("tcp", "tcp://web:80", "node/a"), Outcome("is", (Result("open"),)))),
    ("udp [fd00::1]:53 from laptop is timeout",
     Requested(Asking("udp", "udp://[fd00::1]:53", "laptop"), Outcome("is", (Result("timeout"),)))),
    ('GET http://web/ from pod/client is 200 by pod/web-* body "hi" sets "X: 1" cert shop seen-as 10.0.0.1',
     Requested(GET, Outcome("is", (Result("200", (("by", "pod/web-*"), ("body", "hi"), ("sets", "X: 1"), ("cert", "shop"),
                                                  ("seen-as", "10.0.0.1"))),)))),
    ("GET http://web/ from pod/client may be 200 by pod/a | 503 | refused",
     Requested(GET, Outcome("may be", (Result("200", (("by", "pod/a"),)), Result("503"), Result("refused"))))),
    ("GET http://web/ from pod/client never loop", Requested(GET, Outcome("never", (Result("loop"),)))),
    # spread, path, diagnose
    ("spread GET http://web/ from pod/client x1000 over pod/web-* each >= 400", Spread(GET, 1000, "pod/web-*", ">=", 400)),
    ("path GET http://web/ from pod/client via dns > service/web > dnat > pod/web-*",
     PathVia(GET, ("dns", "service/web", "dnat", "pod/web-*"))),
    ("diagnose GET http://web/ from pod/client says SEL-NOMATCH", Diagnosed(GET, ("SEL-NOMATCH",))),
    ("diagnose cluster says A, B", Diagnosed(None, ("A", "B"))),
]


@pytest.mark.parametrize(("line", "claim"), FORMS)
def test_every_form_is_read(line: str, claim: Claim) -> None:
    expectation = parse(line)
    assert (expectation.claim, expectation.shift_seconds, expectation.text) == (claim, 0.0, line)
    assert parse(f"  {line}   # a remark").claim == claim


@pytest.mark.parametrize(("shift", "seconds"), [("+10s", 10), ("+1h30m", 5400), ("+100ms", 0.1), ("+0", 0)])
def test_a_line_may_look_at_a_later_moment(shift: str, seconds: float) -> None:
    assert parse(f"at {shift} count pods = 1").shift_seconds == seconds


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_methods(method: str) -> None:
    assert parse(f"{method} http://web/ from pod/client is 200").claim == Requested(Asking(method, "http://web/", "pod/client"), OK)


def test_results_are_written_as_they_are_read() -> None:
    for text in ('is 200 by pod/a body "x y" sets "A: b"', "may be refused | 200 cert fallback", "never timeout"):
        assert str(parse(f"GET http://web/ from laptop {text}").claim.outcome) == text


STARTS = ("count, endpoints, resolve, tcp, udp, spread, path, diagnose, always, never, GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS")
OPERATORS = "=, !=, <, <=, >, >="
WORDS = "open, refused, timeout, no-name, unreachable, tls-error, loop"
HOPS = "dns, dnat, snat, reject, drop or KIND/NAME with service, ingress, httproute, pod, node, host"
G = "GET http://web/ from pod/client"
# line, column, message
MISTAKES: list[tuple[str, int, str]] = [
    ("", 1, f"the line ends; expected an expectation: {STARTS}"),
    ("get http://web/ from laptop is 200", 1, f"found 'get'; expected an expectation: {STARTS}; did you mean GET?"),
    ("resolv web from laptop is no-name", 1, f"found 'resolv'; expected an expectation: {STARTS}; did you mean resolve?"),
    ("always GET http://web/ from laptop is 200", 36, "found 'is'; expected 'every'"),
    ("never GET http://web/ from laptop every soon is 200", 41, "'soon' is not a duration"),
    ("always GET http://web/ from laptop every 0s is 200", 42, "'0s' is too short; the shortest period is 1ms"),
    ("always GET http://web/ from laptop every 1s may be 200", 45, "found 'may'; expected 'is'"),
    ("always GET http://web/ from laptop every 1s is 200 | 404", 52, "'|' is one word too many"),
    ("at +1s always GET http://web/ from laptop every 1s is 200", 8, "`always` watches the whole step; it takes no `at +...`"),
    ("alway GET http://web/ from laptop every 1s is 200", 1, f"found 'alway'; expected an expectation: {STARTS}; did you mean always?"),
    ("at 10s count pods = 1", 4, "'10s' is not a duration that lies ahead; write +10s"),
    ("at +10 count pods = 1", 4, "'10' is not a duration: a unit is missing after '10'; such as 1h30m, 10s or 100ms"),
    ("at +10s", 8, f"the line ends; expected an expectation: {STARTS}"),
    # count
    ("count pdos = 1", 7, "'pdos' is not a kind; did you mean pods?"),
    ("count", 6, "the line ends; expected a kind such as pods"),
    ("count pods", 11, f"the line ends; expected a comparison: {OPERATORS}"),
    ("count pods = many", 14, "'many' is not a number"),
    ("count pods = -1", 14, "'-1' is not a number"),
    ("count pods = 1 2", 16, "'2' is one word too many"),
    ("count pods in", 14, "the line ends; expected a namespace"),
    ("count nodes in shop = 1", 13, "nodes lie in no namespace"),
    ("count pods app= =web = 1", 12, "label selector 'app= =web', character 6: found '=', expected a label value"),
    # endpoints
    ("endpoints", 10, "the line ends; expected a Service"),
    ("endpoints web be none", 15, "found 'be'; expected are, include or exclude: are, include, exclude"),
    ("endpoints web are", 18, "the line ends; expected an address such as 10.244.0.3:80"),
    ("endpoints web are 10.0.0.300:80", 19, "'10.0.0.300' is not an IP address: octet 4 is 300, the highest is 255"),
    ("endpoints web are 10.0.0.1:99999", 19, "'10.0.0.1:99999' is not HOST:PORT: the port is '99999', an integer from 1 to 65535 "
     "is needed"),
    ("endpoints web are none, 10.0.0.1:80", 23, "',' is one word too many"),
    ("endpoints web include none", 23, "`include none` holds for every Service; write `are none`, or include and an address"),
    ("endpoints web exclude none", 23, "`exclude none` holds for every Service; write `are none`, or exclude and an address"),
    # resolve
    ("resolve web is 10.0.0.1", 13, "found 'is'; expected 'from'"),
    ("resolve web from laptop 10.0.0.1", 25, "found '10.0.0.1'; expected 'is'"),
    ("resolve web from laptop is", 27, "the line ends; expected an address, a name, no-name or timeout"),
    ("resolve web from laptop is web", 28, "'web' is not an IP address"),
    ("resolve web type AAAA from laptop is 10.0.0.1", 38, "10.0.0.1 is not an IPv6 address"),
    ("resolve web type ZZ from laptop is x", 18, "'ZZ' is not a record type; one of A, AAAA, CNAME, MX, NS, PTR, SOA, SRV, TXT"),
    ("resolve web from laptop is no-name after 4", 43, "the line ends; expected queries: queries, query"),
    ("resolve web from laptop is no-name after few queries", 42, "'few' is not a number"),
    # request
    ("GET web from laptop is 200", 5, "'web' has no scheme; write http://web (or https, tcp, udp, sctp)"),
    ("GET htp://web from laptop is 200", 5, "'htp://web': scheme 'htp' is not one of http, https, tcp, udp, sctp; did you mean "
     "http?"),
    ("GET tcp://web:80 from laptop is 200", 5, "GET needs an http:// or https:// URL"),
    ("GET http://fd00::1/ from laptop is 200", 5, "'http://fd00::1/': an IPv6 address stands in brackets"),
    ("GET http://web/ frm laptop is 200", 17, "found 'frm'; expected an option or from: at, header, body, insecure, from; did you "
     "mean from?"),
    ("GET http://web/ at web from laptop is 200", 20, "'web' is not an IP address"),
    ('GET http://web/ header "Host b" from laptop is 200', 24, "'Host b' is not a header; write \"Host: shop.example.com\""),
    ("GET http://web/ header Host from laptop is 200", 24, "found 'Host'; expected a header in double quotes: \"Host\""),
    ('GET http://web/ body "x from laptop is 200', 22, "the closing quote is missing"),
    ("tcp web from laptop is open", 5, "'tcp://web': tcp needs a port, tcp://web:80 for example"),
    ("tcp web:x from laptop is open", 5, "'tcp://web:x': 'web:x' is not HOST:PORT: the port is 'x', an integer from 1 to 65535 is "
     "needed"),
    # outcome
    (G, len(G) + 1, "the line ends; expected is, may be or never: is, may, never"),
    (f"{G} iss 200", 33, "found 'iss'; expected is, may be or never: is, may, never; did you mean is?"),
    (f"{G} may 200", 37, "found '200'; expected 'be'"),
    (f"{G} is", 35, "the line ends; expected a status or a result"),
    (f"{G} is 2000", 36, f"'2000' is neither a status nor one of {WORDS}"),
    (f"{G} is refusd", 36, f"'refusd' is neither a status nor one of {WORDS}; did you mean refused?"),
    (f"{G} is 200 from pod/web", 40, "found 'from'; expected a detail: by, body, sets, cert, seen-as"),
    (f"{G} is 200 bdy \"x\"", 40, "found 'bdy'; expected a detail: by, body, sets, cert, seen-as; did you mean body?"),
    (f"{G} is 200 body x", 45, "found 'x'; expected text for body in double quotes: \"x\""),
    (f"{G} is 200 by", 42, "the line ends; expected a value for by"),
    (f"{G} is 200 seen-as me", 48, "'me' is not an IP address"),
    (f"{G} is 200 sets \"X-One\"", 45, "'X-One' is not a header; write \"X-One: VALUE\""),
    (f"{G} never 200 | 404", 43, "'|' is one word too many"),
    (f"{G} may be 200 |", 45, "the line ends; expected a status or a result"),
    # spread, path, diagnose
    (f"spread {G} 100 over pod/* each >= 1", 40, "'100' is not xNUMBER, x1000 for example"),
    (f"spread {G} x0 over pod/* each >= 1", 40, "'x0' is not xNUMBER, x1000 for example"),
    (f"spread {G} x9 over web-* each >= 1", 48, "'web-*' means no pods; write pod/web-*"),
    (f"spread {G} x9 over pod/* all >= 1", 54, "found 'all'; expected 'each'"),
    (f"path {G} via dsn", 42, f"'dsn' is no hop; one of {HOPS}; did you mean dns?"),
    (f"path {G} via svc/web", 42, f"'svc/web' is no hop; one of {HOPS}; did you mean service/web?"),
    (f"path {G} via pod/", 42, f"'pod/' is no hop; one of {HOPS}"),
    (f"path {G} via dns >", 47, "the line ends; expected a hop"),
    (f"diagnose {G} is 200", 42, "found 'is'; expected 'says'"),
    ("diagnose cluster says", 22, "the line ends; expected a code such as SEL-NOMATCH"),
]


@pytest.mark.parametrize(("line", "column", "message"), MISTAKES, ids=[row[0] or "an empty line" for row in MISTAKES])
def test_every_mistake_is_named_with_its_column(line: str, column: int, message: str) -> None:
    with pytest.raises(ManifestError) as caught:
        parse(line)
    problem, = caught.value.problems
    said = str(problem).splitlines()
    assert said[0].startswith(f"expectation:1:{column}: {message}") and said[1:] == [line, " " * (column - 1) + "^"]
    if not message.endswith("?"):
        assert not problem.suggestion


def test_places_are_those_of_the_file() -> None:
    with pytest.raises(ManifestError, match=r"^a\.story\.md:7:14: 'x' is not a number"):
        parse("count pods = x", Place("a.story.md", 7))
