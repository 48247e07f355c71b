"""Does a line hold? Assertions quantify over every choice the cluster could make; nothing rests on one lucky pick."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from types import MappingProxyType

from simnet import ip
from simnet.cluster import Cluster
from simnet.dataplane.dns.records import Answer
from simnet.dataplane.step import Assumption, Trace
from simnet.dataplane.verdict import Verdict
from simnet.errors import UsageError, nearest
from simnet.expect.lines import (
    Asking,
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
from simnet.explain.hops import hops_of
from simnet.names import split_host_port
from simnet.objects.endpointslice import EndpointSlice
from simnet.objects.kinds import BY_KIND
from simnet.x509.certificate import Certificate

Diagnose = Callable[[Cluster, "Trace | None"], "list[str]"]
COMPARE: Mapping[str, Callable[[int, int], bool]] = MappingProxyType({
    "=": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b, ">=": lambda a, b: a >= b})


@dataclass(frozen=True, slots=True)
class Context:
    """What lines may refer to besides the cluster: certificates by name, and how to diagnose (a higher layer)."""

    certificates: Mapping[str, Certificate] = field(default_factory=lambda: MappingProxyType({}))
    diagnose: Diagnose | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """The answer to one line. `got` says what was found instead; `trace` is a witness that broke the line; `paths`
    and `wrong` count the possible paths and those that broke it; `assumed` are assumptions the line may not rest on."""

    expectation: Expectation
    holds: bool
    got: str = ""
    trace: Trace | None = None
    paths: int = 0
    wrong: int = 0
    assumed: tuple[Assumption, ...] = ()
    cluster: Cluster | None = None

    def __repr__(self) -> str:
        """Short, so that an expectation can stand in a doctest."""
        return f"<{'holds' if self.holds else 'does not hold'}: {self.expectation.text}>"


def check(cluster: Cluster, expectation: Expectation, context: Context | None = None) -> Checked:
    """Evaluate one line. The cluster is left as it is, but for `spread`, which sends real requests on a fork."""
    context = context or Context()
    if expectation.shift_seconds:
        cluster = cluster.fork()
        cluster.advance(expectation.shift_seconds)
    claim = expectation.claim
    match claim:
        case Requested():
            checked = _requested(cluster, expectation, claim.asking, claim.outcome, context)
        case Watched():  # at this moment; whoever lets time pass asks again
            checked = _requested(cluster, expectation, claim.asking, claim.at_once.outcome, context)
        case Counted():
            checked = _counted(cluster, expectation, claim)
        case EndpointsAre():
            checked = _endpoints(cluster, expectation, claim)
        case Resolved():
            checked = _resolved(cluster, expectation, claim)
        case Spread():
            checked = _spread(cluster, expectation, claim)
        case PathVia():
            checked = _path(cluster, expectation, claim)
        case Diagnosed():
            checked = _diagnosed(cluster, expectation, claim, context)
    return replace(checked, cluster=cluster)


# requests -------------------------------------------------------------------------------------------------------

def ask(cluster: Cluster, asking: Asking) -> list[Trace]:
    """Every possible trace of a request or connection."""
    return list(cluster.outcomes(asking.url, asking.actor, **options_of(asking)).traces)


def options_of(asking: Asking) -> dict[str, object]:
    """The keywords of `Cluster.request` for this asking."""
    if asking.method in ("tcp", "udp"):
        return {}
    return {"method": asking.method, "at": asking.at, "headers": asking.headers, "body": asking.body,
            "insecure": asking.insecure}


def _requested(cluster: Cluster, line: Expectation, asking: Asking, outcome: Outcome, context: Context) -> Checked:
    traces = ask(cluster, asking)
    assumed = forbidden_assumptions(cluster, traces)
    fits = [[_fits(trace, result, context) for result in outcome.results] for trace in traces]
    if outcome.quantifier == "never":
        wrong = [trace for trace, each in zip(traces, fits, strict=True) if each[0]]
    else:
        wrong = [trace for trace, each in zip(traces, fits, strict=True) if not any(each)]
    missing = [result for index, result in enumerate(outcome.results) if not any(each[index] for each in fits)]
    if wrong:
        return Checked(line, False, described(wrong[0]), wrong[0], len(traces), len(wrong), assumed)
    if outcome.quantifier == "may be" and missing:
        return Checked(line, False, f"no path gives {missing[0]}", traces[0], len(traces), 0, assumed)
    return Checked(line, not assumed, "" if not assumed else "ASSUMED", traces[0], len(traces), 0, assumed)


def forbidden_assumptions(cluster: Cluster, traces: Iterable[Trace]) -> tuple[Assumption, ...]:
    """Assumptions that an assertion may not rest on, unless the settings allow it."""
    allowed = {"endpoint", "address", "certificate"}
    if cluster.settings.assume == "any-port":
        allowed.add("port")
    if cluster.settings.policies == "not-enforced":
        allowed.add("policy")
    return tuple(dict.fromkeys(each for trace in traces for each in trace.assumed if each.kind not in allowed))


def described(trace: Trace) -> str:
    """What came out, in the words of a result: `200 by pod/default/web-1`, `refused`."""
    word = trace.result
    if trace.response is not None:
        return f"{word} by {trace.response.by}" if trace.response.by else word
    reached = trace.endpoint
    return f"{word} by pod/{reached.pod}" if reached is not None and reached.pod is not None else word


def _fits(trace: Trace, result: Result, context: Context) -> bool:
    if trace.result != result.word and not (result.word == "open" and trace.verdict is Verdict.DELIVERED):
        return False
    return all(_detail_fits(trace, name, value, context) for name, value in result.details)


def _detail_fits(trace: Trace, name: str, value: str, context: Context) -> bool:
    response = trace.response
    if name == "by":
        return any(matches_glob(each, value) for each in _givers(trace))
    if name == "seen-as":
        seen = trace.seen_source
        return seen is not None and ip.number(seen) == ip.number(value)
    if response is None:
        return False
    if name == "body":
        return value.strip() in response.text
    if name == "sets":
        header, _, wanted = value.partition(":")
        return any(each.lower() == header.strip().lower() and given == wanted.strip() for each, given in response.headers)
    return _certificate_fits(trace, value, context)


def _givers(trace: Trace) -> list[str]:
    """Names of who answered: the response's own, and the pod that received the request."""
    givers = [trace.response.by] if trace.response is not None else []
    if trace.endpoint is not None and trace.endpoint.pod is not None:
        givers.append(f"pod/{trace.endpoint.pod}")
    return givers


def matches_glob(name: str, glob: str) -> bool:
    """`pod/web-*` means the default namespace; `pod/shop/web-*` another; `default-backend` is a plain name."""
    kind, slash, rest = glob.partition("/")
    if slash and "/" not in rest:
        return fnmatchcase(name, glob) or fnmatchcase(name, f"{kind}/default/{rest}")
    return fnmatchcase(name, glob)


def _certificate_fits(trace: Trace, name: str, context: Context) -> bool:
    served = trace.response.certificate if trace.response is not None else None
    if served is None:
        return False
    if name == "fallback":
        return served.is_fallback
    known = context.certificates.get(name)
    if known is not None and served.certificate is not None:
        return served.certificate.der == known.der
    return served.name == name or served.name.rpartition("/")[2] == name


# the rest -------------------------------------------------------------------------------------------------------

def _counted(cluster: Cluster, line: Expectation, claim: Counted) -> Checked:
    namespace = claim.namespace or ("default" if BY_KIND[claim.kind].namespaced else None)
    found = len(cluster.list(claim.kind, selector=claim.selector, namespace=namespace))
    known = [each.name for each in cluster.list("Namespace")]
    if not found and claim.namespace is not None and claim.namespace not in known:
        near = nearest(claim.namespace, known)
        return Checked(line, False, f"namespace {claim.namespace} does not exist" + (f"; did you mean {near}?" if near else ""))
    return Checked(line, COMPARE[claim.operator](found, claim.number), str(found))


def _endpoints(cluster: Cluster, line: Expectation, claim: EndpointsAre) -> Checked:
    """Ready addresses of the Service's slices, with each of its resolved ports."""
    if cluster.view.service(claim.service) is None:
        return Checked(line, False, f"service {claim.service} does not exist")
    found = _ready_addresses(cluster.view.slices(claim.service))
    wanted = [_normal_address(each) for each in claim.addresses]
    match claim.how:
        case "include":
            holds = set(wanted) <= set(found)
        case "exclude":
            holds = not set(wanted) & set(found)
        case "exactly":
            holds = wanted == found
        case _:
            holds = sorted(wanted) == sorted(found)
    return Checked(line, holds, ", ".join(found) or "none")


def _ready_addresses(slices: Iterable[EndpointSlice]) -> list[str]:
    return list(dict.fromkeys(
        ip.host_port(address, port.port) if port.port else ip.text(address)
        for each in slices for endpoint in each.endpoints if endpoint.is_ready
        for address in endpoint.addresses for port in each.ports))


def _normal_address(text: str) -> str:
    host, port = split_host_port(text)
    return ip.text(ip.number(host)) if port is None else ip.host_port(ip.number(host), port)


def _resolved(cluster: Cluster, line: Expectation, claim: Resolved) -> Checked:
    assumed = _lookup_assumptions(cluster, claim)
    if assumed:
        return Checked(line, False, "ASSUMED", assumed=assumed)
    if claim.type and claim.type not in ("A", "AAAA"):
        return _record(cluster, line, claim)
    lookup = cluster.resolve(claim.name, claim.actor, family={"A": 4, "AAAA": 6}.get(claim.type))
    got = ", ".join(lookup.addresses) or _no_answer(lookup.status)
    count = len(lookup.queries)
    if claim.queries is not None and count != claim.queries:
        return Checked(line, False, f"{got} after {count} queries")
    if claim.failure:
        return Checked(line, not lookup.addresses and _no_answer(lookup.status) == claim.failure, got)
    wanted = {ip.text(ip.number(each)) for each in claim.answers}
    return Checked(line, set(lookup.addresses) == wanted, got)


def _lookup_assumptions(cluster: Cluster, claim: Resolved) -> tuple[Assumption, ...]:
    """What the way to the name server rests on: the first step of a walk to that name."""
    step = cluster.trace(f"tcp://{claim.name}:1", claim.actor).steps[0]
    return forbidden_assumptions(cluster, [Trace((step,))])


def _no_answer(status: str) -> str:
    return "timeout" if status in ("EAI_AGAIN", "timeout") else "no-name"


def _record(cluster: Cluster, line: Expectation, claim: Resolved) -> Checked:
    """A question of another type goes through the search list and compares the data of the records."""
    lookup = cluster.resolve(claim.name, claim.actor)
    if _no_answer(lookup.status) == "timeout":
        return Checked(line, claim.failure == "timeout", "timeout")
    names = list(dict.fromkeys(query.name for query in lookup.queries)) or [claim.name]
    data: set[str] = set()
    tried = 0
    for name in names:
        tried += 1
        data = {record.data_text.rstrip(".") for record in _ask(cluster, name, claim).answer if record.type == claim.type}
        if data:
            break
    got = ", ".join(sorted(data)) or "no-name"
    if claim.queries is not None and tried != claim.queries:
        return Checked(line, False, f"{got} after {tried} queries")
    wanted = {each.rstrip(".") for each in claim.answers}
    return Checked(line, data == wanted if not claim.failure else not data and claim.failure == "no-name", got)


def _ask(cluster: Cluster, name: str, claim: Resolved) -> Answer:
    """One question to the server the actor asks: the cluster's, its node's, or the public DNS."""
    actor, dns = cluster.actor(claim.actor), cluster.view.dns
    if dns.clients.cluster_server(actor) is not None:
        return cluster.query(name, claim.type, claim.actor)
    return (dns.upstreams.ask_publicly if actor.is_outside else dns.upstreams.ask)(name, claim.type)


def _spread(cluster: Cluster, line: Expectation, claim: Spread) -> Checked:
    """Real requests on a fork, each from a new source port; every pod of the glob must get its share."""
    twin = cluster.fork()
    send = twin.connect if claim.asking.method in ("tcp", "udp") else twin.request
    traces = [send(claim.asking.url, claim.asking.actor, **options_of(claim.asking)) for _ in range(claim.times)]
    got = Counter(f"pod/{trace.endpoint.pod}" for trace in traces if trace.endpoint and trace.endpoint.pod)
    members = {f"pod/{pod.key}" for pod in twin.list("pod") if matches_glob(f"pod/{pod.key}", claim.glob)}
    if not members:
        return Checked(line, False, f"no pod is called {claim.glob}")
    holds = all(COMPARE[claim.operator](got.get(member, 0), claim.number) for member in members)
    assumed = forbidden_assumptions(cluster, traces)
    shown = ", ".join(f"{name} {got.get(name, 0)}" for name in sorted(members | set(got)))
    return Checked(line, holds and not assumed, "ASSUMED" if holds and assumed else shown, traces[0], assumed=assumed)


def _path(cluster: Cluster, line: Expectation, claim: PathVia) -> Checked:
    traces = ask(cluster, claim.asking)
    wrong = [trace for trace in traces if not _passes(hops_of(trace), claim.hops)]
    assumed = forbidden_assumptions(cluster, traces)
    witness = wrong[0] if wrong else traces[0]
    got = "ASSUMED" if assumed and not wrong else " > ".join(hops_of(witness))
    return Checked(line, not wrong and not assumed, got, witness, len(traces), len(wrong), assumed)


def _passes(hops: Iterable[str], wanted: Iterable[str]) -> bool:
    """Whether `wanted` is a subsequence of `hops`, names by glob."""
    left = iter(hops)
    return all(any(matches_glob(hop, want) for hop in left) for want in wanted)


def _diagnosed(cluster: Cluster, line: Expectation, claim: Diagnosed, context: Context) -> Checked:
    if context.diagnose is None:
        raise UsageError("a diagnose line needs simnet.expect, which knows how to diagnose")
    if claim.asking is None:
        codes = context.diagnose(cluster, None)
        return Checked(line, set(claim.codes) <= set(codes), ", ".join(codes) or "no finding")
    trace = ask(cluster, claim.asking)[0]
    codes = context.diagnose(cluster, trace)
    return Checked(line, bool(codes) and codes[0] in claim.codes, ", ".join(codes) or "no finding", trace)
