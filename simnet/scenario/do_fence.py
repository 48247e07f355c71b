"""A do fence: lines that let time pass, break something or mend it.

    line    = ( "@" "+"duration | "advance" duration
              | ( "fail" | "heal" ) "readiness" pod
              | ( "fail" | "heal" ) "link" vertex vertex
              | "partition" vertices vertices | "join" )
    pod     = "pod/NAME" | "pod/NAMESPACE/NAME"          vertices = vertex { "," vertex }
    vertex  = "node/NAME" | "pod/NAME" | "pod/NAMESPACE/NAME" | "bridge/NODE" | "router" | "outside"

Every error names the column, what was expected there, and the nearest valid word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from simnet.clock import parse_duration
from simnet.errors import Place, UsageError
from simnet.expect.words import Words
from simnet.scenario.model import Advance, Disturb

BREAKABLE = ("readiness", "link")
PLAIN_VERTICES = ("router", "outside")
VERTEX_KINDS = ("node", "pod", "bridge")


def read_do(text: str, place: Place) -> Advance | Disturb:
    """Read one line. Raises ManifestError."""
    words = Words(text, place)
    if words.peek().startswith("@+"):  # written without the blank
        words = Words(f"@ {text.lstrip()[1:]}", place)
    verb = words.one_of("what to do", tuple(READERS))
    action = READERS[verb](words, verb, text, place.line)
    words.end()
    return action


def _advance(words: Words, verb: str, text: str, line: int) -> Advance:
    span = words.take("a duration, +30s for example")
    if verb == "@" and not span.startswith("+"):
        raise words.error(f"{span!r} is not a duration that lies ahead; write @ +{span}", back=True)
    try:
        seconds = parse_duration(span)
    except UsageError as problem:
        raise words.error(str(problem), back=True) from None
    if seconds < 0:
        raise words.error("time cannot go back", back=True)
    return Advance(seconds, line)


def _breakage(words: Words, verb: str, text: str, line: int) -> Disturb:
    if "/" in words.peek():
        raise words.error(f"found {words.peek()!r}; expected what of it: `{verb} readiness pod/NAME` or `{verb} link A B`")
    what = words.one_of(f"what to {verb}", BREAKABLE)
    refs = (_pod(words),) if what == "readiness" else (_vertex(words), _vertex(words))
    return Disturb(text, verb, what, refs, line)


def _partition(words: Words, verb: str, text: str, line: int) -> Disturb:
    """Both sets as one word each, joined with commas."""
    sides = [",".join(words.list_of(lambda: _vertex(words))) for _ in range(2)]
    return Disturb(text, verb, "nodes", tuple(sides), line)


def _join(words: Words, verb: str, text: str, line: int) -> Disturb:
    return Disturb(text, verb, "nodes", (), line)


def _pod(words: Words) -> str:
    ref = words.take("pod/NAME")
    if not ref.startswith("pod/") or not all(ref.split("/")[1:]) or ref.count("/") > 2:
        raise words.error(f"{ref!r} is no pod; write pod/NAME or pod/NAMESPACE/NAME", back=True)
    return ref


def _vertex(words: Words) -> str:
    ref = words.take("a part of the network, node/node-1 for example")
    kind, slash, name = ref.partition("/")
    if ref not in PLAIN_VERTICES and not (slash and kind in VERTEX_KINDS and name):
        raise words.error(f"{ref!r} is no part of the network; one of {', '.join(f'{each}/NAME' for each in VERTEX_KINDS)}, "
                          f"{', '.join(PLAIN_VERTICES)}", back=True,
                          known=(*PLAIN_VERTICES, *(f"{each}/{name}" for each in VERTEX_KINDS if name)))
    return ref


Reader = Callable[[Words, str, str, int], Advance | Disturb]
READERS: Mapping[str, Reader] = MappingProxyType({
    "@": _advance, "advance": _advance, "fail": _breakage, "heal": _breakage, "partition": _partition, "join": _join})
