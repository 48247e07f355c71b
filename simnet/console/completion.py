"""What may stand at a place of a command line: for the Tab key, and for "did you mean" after a command that failed.

Commands that are there, verbs, flags and types of kubectl, names of objects, namespaces, labels, hosts, files.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence

from simnet.console.commands import COMMANDS, tools_here
from simnet.console.desk import Desk, files_here
from simnet.console.flags import Flag
from simnet.console.kubectl.kinds import known_kinds
from simnet.console.kubectl.main import GLOBAL, VERBS
from simnet.console.kubectl.printing import FORMATS
from simnet.console.tools.curl import FLAGS as CURL_FLAGS
from simnet.console.tools.probes import NC_FLAGS
from simnet.console.tools.wget import FLAGS as WGET_FLAGS
from simnet.dataplane.step import Trace
from simnet.dataplane.verdict import Verdict
from simnet.errors import UsageError, nearest
from simnet.manifests.schema import Field, tables
from simnet.objects.ingress import Ingress
from simnet.objects.pod import Pod

_SEPARATORS = re.compile(r"\|\||&&|[|;&\n]|\$\(|`")
_CONNECTING = ("curl", "dig", "getent", "host", "nc", "ncat", "netcat", "nslookup", "ping", "ping6", "telnet", "wget")
_READING = ("awk", "cat", "cut", "edit", "egrep", "grep", "head", "ls", "nano", "rm", "sort", "tail", "tee", "uniq", "vi",
            "vim", "wc")
_FLAGS = {"curl": CURL_FLAGS, "wget": WGET_FLAGS, "nc": NC_FLAGS, "ncat": NC_FLAGS, "netcat": NC_FLAGS}
_FIRST = {"create": ("clusterrole", "configmap", "deployment", "ingress", "namespace", "secret", "service"),
          "rollout": ("restart", "status"), "set": ("image",), "config": (
              "current-context", "get-contexts", "set-context", "use-context", "view")}
_PODS = ("exec", "logs", "port-forward")
_NAMELESS = ("api-resources", "apply", "cluster-info", "events", "explain", "replace", "run", "version")
_CONDITIONS = ("condition=Ready", "condition=Available", "delete")


def completions(desk: Desk, line: str) -> list[str]:
    """The whole words that the last word of `line`, up to the cursor, may become. Cost: O(objects of one kind)."""
    words, word = _split(line)
    return sorted({each for each in candidates(desk, words, word) if each.startswith(word)})


def correction(desk: Desk, line: str) -> str:
    """The first word of a line that is not known where it stands, with the nearest that is, as a question; or ''."""
    for part in _SEPARATORS.split(line):
        words = [piece for word in _words(part) for piece in _pieces(word)]
        for place, word in enumerate(words):
            near = _nearest(word, candidates(desk, words[:place], word))
            if near:
                return f"did you mean {near}?"
    return ""


def _pieces(word: str) -> list[str]:
    """`--flag=value` is a flag and its value."""
    flag, equals, value = word.partition("=")
    return [flag, value] if equals and flag.startswith("--") else [word]


def _nearest(word: str, known: Iterable[str]) -> str:
    """The nearest of the words that may stand in a place, '' if this one may. Letters of one dash are left alone."""
    known = set(known)
    if not known or word in known or (word.startswith("-") and not word.startswith("--")):
        return ""
    if "://" in word:
        scheme, mark, rest = word.partition("://")
        host = re.split(r"[:/?#]", rest, maxsplit=1)[0]
        near = _nearest(host, (each.removeprefix(scheme + mark) for each in known))
        return word.replace(host, near, 1) if near else ""
    if word.partition("=")[0] + "=" in known:  # -o jsonpath=...
        return ""
    return nearest(word, known)


def lost_name(desk: Desk, line: str) -> Trace | None:
    """A walk to the host that a line names, if its name has no address here: what ping or nslookup do not tell."""
    for words in map(_words, _SEPARATORS.split(line)):
        if words and words[0] in _CONNECTING:
            for word in words[1:]:
                if re.fullmatch(r"[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?", word) and not word.isdigit():
                    try:
                        trace = desk.cluster.trace(f"http://{word}/", desk.frame.source)
                    except UsageError:
                        continue
                    if trace.verdict is Verdict.UNRESOLVED:
                        return trace
    return None


def candidates(desk: Desk, words: Sequence[str], word: str) -> Iterable[str]:
    """Everything that may follow the words of a command; `word` is only asked whether it begins like a flag."""
    if not words:
        return tools_here(desk) & frozenset(COMMANDS)
    name = words[0].rpartition("/")[2]
    if name not in tools_here(desk):
        return ()
    if name == "kubectl":
        return _of_kubectl(desk, words[1:], word)
    if word.startswith("-"):
        return _spelt(_FLAGS.get(name, ()))
    if words[-1] in ("-o", ">", "<", ">>") or name in _READING:
        return files_here(desk)
    return _hosts(desk, word) if name in _CONNECTING else ()


def _split(line: str) -> tuple[list[str], str]:
    """The words before the last of the last command, and the last, '' after a blank."""
    part = _SEPARATORS.split(line)[-1]
    words = _words(part)
    return (words, "") if not words or part[-1:].isspace() else (words[:-1], words[-1])


def _words(part: str) -> list[str]:
    try:
        return shlex.split(part)
    except ValueError:  # an open quote
        return part.split()


def _spelt(flags: Iterable[Flag]) -> list[str]:
    return [spelling for flag in flags for spelling in ((f"--{flag.name}",) if len(flag.name) > 1 else ())
            + ((f"-{flag.short}",) if flag.short else ())]


# kubectl --------------------------------------------------------------------------------------------------------

def _of_kubectl(desk: Desk, args: Sequence[str], word: str) -> Iterable[str]:
    verb = next((each for each in args if each in VERBS), "")
    flags = (*VERBS[verb].flags, *GLOBAL) if verb else GLOBAL
    if "--" in args:
        return candidates(desk, args[args.index("--") + 1:], word)
    waiting = _waiting(args, flags)
    if waiting:
        return _values(desk, args, verb, waiting)
    if word.startswith("-"):
        return _spelt(flags)
    if not verb:
        return VERBS
    operands = _operands(args, flags)[1:]
    return _operand(desk, verb, operands, _namespace(desk, args), word)


def _waiting(args: Sequence[str], flags: Iterable[Flag]) -> str:
    """The long name of the flag whose value comes next, '' for none."""
    last = args[-1] if args else ""
    found = next((flag for flag in flags if last in (f"--{flag.name}", f"-{flag.short}" if flag.short else "-")), None)
    return found.name if found is not None and found.value and found.bare is None else ""


def _operands(args: Sequence[str], flags: Iterable[Flag]) -> list[str]:
    flags = list(flags)
    return [each for place, each in enumerate(args)
            if not each.startswith("-") and not _waiting(args[:place], flags)]


def _namespace(desk: Desk, args: Sequence[str]) -> str | None:
    """The namespace a command works in, None for all."""
    if "-A" in args or "--all-namespaces" in args:
        return None
    for place, each in enumerate(args):
        if each in ("-n", "--namespace") and place + 1 < len(args):
            return args[place + 1]
        if each.startswith("--namespace="):
            return each.partition("=")[2]
    return desk.namespace


def _values(desk: Desk, args: Sequence[str], verb: str, flag: str) -> Iterable[str]:
    store = desk.cluster.store
    match flag:
        case "namespace":
            return [each.name for each in store.list("Namespace")]
        case "output":
            return [f"{each}=" if each.endswith(("columns", "template", "jsonpath")) else each for each in FORMATS]
        case "filename" | "patch-file" | "cert" | "key" | "from-file":
            return files_here(desk)
        case "selector":
            return {f"{key}={value}" for each in store.list("Pod") for key, value in each.labels.items()}
        case "container":
            return [item.name for each in store.list("Pod") if isinstance(each, Pod) and each.name in args
                    for item in each.spec.port_owners]
        case "class":
            return [each.name for each in store.list("IngressClass")]
        case "for" if verb == "wait":
            return _CONDITIONS
        case "type" if verb == "patch":
            return "json", "merge", "strategic"
    return ()


def _operand(desk: Desk, verb: str, operands: Sequence[str], namespace: str | None, word: str) -> Iterable[str]:
    store = desk.cluster.store
    if verb in _FIRST:
        if not operands:
            return _FIRST[verb]
        if verb in ("create", "config"):
            return ("clusterip", "externalname", "generic", "loadbalancer", "nodeport", "tls") if len(operands) == 1 else ()
        operands = operands[1:]
    if verb == "explain":
        return _fields(desk, word) if not operands else ()
    if verb in _NAMELESS or (operands and "/" in operands[0] and verb not in ("label", "annotate", "delete", "get")):
        return ()
    kinds = known_kinds(store)
    if not operands:
        named = word.partition("/")[0]
        if "/" in word and named in kinds:
            return [f"{named}/{name}" for name in _names(desk, kinds[named].kind, namespace)]
        pods = _names(desk, "Pod", namespace) if verb in _PODS else []
        typed = {each.plural for each in kinds.values()} | {short for each in kinds.values() for short in each.short_names}
        return [*pods, *typed, *(each.singular for each in kinds.values()), *(("all",) if verb in ("get", "delete") else ())]
    if verb in _PODS:
        return ()
    kind = kinds.get(operands[0].lower())
    return _names(desk, kind.kind, namespace) if kind is not None and operands[0] != "all" else ()


def _names(desk: Desk, kind: str, namespace: str | None) -> list[str]:
    where = None if kind in ("Namespace", "Node", "IngressClass") else namespace
    return [each.name for each in desk.cluster.store.list(kind, where)] if kind in desk.cluster.store.kinds() else []


def _fields(desk: Desk, word: str) -> Iterable[str]:
    """`svc.spec.` may go on with each field of the spec."""
    kinds = known_kinds(desk.cluster.store)
    first, *path = word.split(".")
    if not path or first not in kinds:
        return sorted({each.plural for each in kinds.values()})
    field: Field | None = Field(tables().kind(kinds[first].api_version, kinds[first].kind))
    for name in path[:-1]:
        struct = tables().struct(field) if field is not None else None
        field = (struct or {}).get(name)
    struct = tables().struct(field) if field is not None else None
    return [".".join([first, *path[:-1], name]) for name in struct or ()]


# the rest -------------------------------------------------------------------------------------------------------

def _hosts(desk: Desk, word: str) -> list[str]:
    """Names a client here may use: Services by their short name in its own namespace, hosts of Ingresses, hosts outside."""
    pod = desk.pod()
    here = pod.namespace if pod is not None else ""
    store = desk.cluster.store
    found = [each.name if each.namespace == here else f"{each.name}.{each.namespace}" for each in store.list("Service")
             if pod is not None]
    found += [rule.host for each in store.list("Ingress") if isinstance(each, Ingress) for rule in each.rules if rule.host]
    found += list(desk.cluster.settings.outside)
    scheme = re.match(r"[a-z]+://", word)
    return [scheme[0] + each if scheme else each for each in found]
