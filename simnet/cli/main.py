"""The command `simnet`: replay stories, trace a request, look at a simulated cluster.

Exit status: 0 fine, 1 something failed (a story, a check), 2 the input could not be read.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from io import TextIOWrapper

from simnet.cli.output import write
from simnet.errors import nearest
from simnet.images.profile import LIBCS
from simnet.version import __version__

MODES = ("iptables", "nftables")
INTERRUPTED = 130  # as a shell reports a program that SIGINT ended

EPILOG = """\
examples:
  simnet run scenarios/                                replay every *.story.md below a directory
  simnet run --accept my.story.md                      fill in what the commands really print
  simnet trace http://web/ --from pod/client -f app/   walk one request and show every step
  simnet trace http://shop.test/ --at 203.0.113.1 --from 198.51.100.9 -f app/ --all
  simnet why http://web/ --from pod/client -f app/     the cause, and a fix that was tried
  simnet learn my.story.md                             the exercises of a story, in the terminal
  simnet diff before/ after/                           the requests that come out differently
  simnet whatif -f app/ --delete pod/web-1 http://web/ --from pod/client
  simnet lint app/                                     references that lead nowhere, and what was meant
  simnet shell -f app/                                 kubectl, curl and dig at a prompt
  simnet get pods -o wide -f app/                      what kubectl would show after applying app/
  simnet describe service web -f app/
  simnet graph -f app/ -o mermaid                      what refers to what
  simnet service web -f app/                           each address for each kind of client
  simnet rules --node node-1 -f app/ | iptables-restore --test
  simnet resolve web.shop --from pod/client -f app/    every DNS question behind a name
  simnet serve dns -f app/                             answer dig @127.0.0.1 -p 5353
  simnet serve http -f app/                            answer curl http://127.0.0.1:8080/
  simnet convert ingress -f app/ > gateway.yaml        HTTPRoutes that behave the same, and what cannot be kept

exit status: 0 fine, 1 something failed, 2 the input could not be read
"""


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    return _parsers()[0]


def _parsers() -> tuple[argparse.ArgumentParser, Mapping[str, argparse.ArgumentParser]]:
    """The command line, and the parser of each command by name."""
    top = argparse.ArgumentParser(
        prog="simnet", description="A Kubernetes cluster's network inside one Python process: no cluster, no Docker, "
        "no root. See where a request goes, and why.", epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)
    top.add_argument("--version", action="version", version=f"simnet {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND")
    _run(commands)
    _trace(commands)
    _why(commands)
    _kubectl(commands, "get", "list objects as kubectl get does", "KIND, KIND/NAME or KIND NAME, and flags of kubectl get")
    _kubectl(commands, "describe", "show one object as kubectl describe does", "KIND/NAME or KIND NAME")
    _learn(commands)
    _diff(commands)
    _whatif(commands)
    _shell(commands)
    _lint(commands)
    _graph(commands)
    _rules(commands)
    _service(commands)
    _resolve(commands)
    _tools(commands)
    _serve(commands)
    _convert(commands)
    return top, commands.choices


def _run(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    run = commands.add_parser("run", help="replay story files", description="Replay every step of every story and check "
                              "what it says. A directory is searched for *.story.md and *.scenario.yaml|json.")
    run.add_argument("paths", nargs="+", metavar="PATH", help="a *.story.md or *.scenario.yaml|json file, or a directory of "
                     "them")
    run.add_argument("--format", choices=("text", "json", "tap", "junit"), default="text",
                     help="text for people (default), json, TAP 14 or JUnit XML for machines")
    run.add_argument("--jobs", type=int, default=1, metavar="N", help="run N files at once, in processes (default: 1)")
    run.add_argument("--accept", action="store_true", help="write what commands really print into the story files")
    run.add_argument("-q", "--quiet", action="store_true", help="no progress on a terminal")


def _trace(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    trace = commands.add_parser("trace", help="walk one request and show every step", description="Walk one request "
                                "through a cluster made from your manifests, and say why each step was taken.")
    trace.add_argument("url", metavar="URL", help="http://, https://, or tcp:// and udp:// with a port")
    _source(trace)
    _manifests(trace)
    _request(trace)
    trace.add_argument("--all", action="store_true", help="every possible path with its probability")
    trace.add_argument("--check", action="store_true",
                       help="exit 1 unless every possible path is open or answered below 400, resting on no assumption")
    trace.add_argument("--rules", choices=MODES, nargs="?", const=MODES[0],
                       help="name the rules of kube-proxy the steps correspond to (default mode: iptables)")
    trace.add_argument("-o", "--output", choices=("text", "tree", "json"), default="text")


def _request(command: argparse.ArgumentParser) -> None:
    command.add_argument("--at", metavar="ADDRESS", help="connect here instead of resolving the host (curl --resolve)")
    command.add_argument("-H", "--header", action="append", default=[], metavar="'NAME: VALUE'", help="a request header")
    command.add_argument("-X", "--method", default="GET", help="request method (default: GET)")
    command.add_argument("-k", "--insecure", action="store_true", help="do not verify certificates")
    command.add_argument("--via", default="", metavar="NODE", help="the node a packet from outside reaches first")


def _why(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    why = commands.add_parser("why", help="why a request fails, or what is wrong in a cluster", description="Why a request "
                              "does not get what it should: the cause, what was looked at, and the smallest change that "
                              "helps, tried on a copy of the cluster. Without a URL, the whole cluster is looked over. Exit "
                              "status 1 when something is wrong.")
    why.add_argument("url", metavar="URL", nargs="?", help="http://, https://, or tcp:// and udp:// with a port")
    why.add_argument("--from", dest="source", default="laptop", metavar="SOURCE",
                     help="pod/NAME, pod/NAMESPACE/NAME, node/NAME, or an address outside (default: laptop)")
    _manifests(why)
    _request(why)
    why.add_argument("--format", choices=("text", "line", "json"), default="text",
                     help="text for people (default), one line a finding, json for machines")


def _learn(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    learn = commands.add_parser(
        "learn", help="do the exercises of a story", description="Set up each exercise of a story (a step with `yaml broken`, "
        "`task` and `check`) and wait for your manifest. `hint` gives the next hint, any console command looks around; what "
        "does not hold yet is told with its cause, not with its repair. Exit status 1 unless all exercises were solved.")
    learn.add_argument("file", metavar="FILE", help="a *.story.md file")
    learn.add_argument("--answer", action="append", default=[], metavar="MANIFEST",
                       help="the answer to the next exercise, instead of asking; may be repeated")


def _diff(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    diff = commands.add_parser(
        "diff", help="the requests that come out differently between two sets of manifests", description="Make a cluster of "
        "each set and ask both the same: from pods, nodes and outside, every name, address, port, host and path that either "
        "side knows. Requests about one thing that change in one way are told together, with one of them to try. An object "
        "is asked at its own address on each side. Exit status 1 when something differs.")
    diff.add_argument("old", metavar="OLD", help="the manifests before: a file or a directory")
    diff.add_argument("new", metavar="NEW", help="the manifests after")
    diff.add_argument("--json", action="store_true", help="data for machines")
    _reading(diff)


def _whatif(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    whatif = commands.add_parser(
        "whatif", help="what a change would do to a request, or to all", description="Change a copy of the cluster and "
        "compare. With a URL that request is compared, without one all that `simnet diff` asks. Exit status 1 when the "
        "outcome is another one.")
    whatif.add_argument("url", metavar="URL", nargs="?", help="http://, https://, or tcp:// and udp:// with a port")
    whatif.add_argument("--from", dest="source", default="laptop", metavar="SOURCE",
                        help="pod/NAME, pod/NAMESPACE/NAME, node/NAME, or an address outside (default: laptop)")
    whatif.add_argument("--patch", action="append", nargs=2, default=[], metavar=("KIND/NAME", "PATCH"),
                        help="change an object as kubectl patch does; a list is a JSON patch")
    whatif.add_argument("--delete", action="append", default=[], metavar="KIND/NAME", help="delete an object")
    whatif.add_argument("--apply", action="append", default=[], metavar="FILE", help="apply a manifest file or a directory")
    whatif.add_argument("--json", action="store_true", help="data for machines")
    _manifests(whatif)
    _request(whatif)


def _kubectl(commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, help_: str, what: str) -> None:
    command = commands.add_parser(name, help=help_, description=help_[0].upper() + help_[1:] + ", after applying -f.")
    command.add_argument("what", nargs="+", metavar="WHAT", help=what)
    _manifests(command)
    command.add_argument("-n", "--namespace", help="namespace (default: default)")
    command.add_argument("-A", "--all-namespaces", action="store_true", help="every namespace")
    if name == "get":
        command.add_argument("-o", "--output", help="wide, yaml, kyaml, json or name")
        command.add_argument("-l", "--selector", help="labels, app=web")
        command.add_argument("--show-labels", action="store_true", help="a column with all labels")


def _shell(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    shell = commands.add_parser(
        "shell", help="sit down at a laptop in front of the cluster", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="A shell in front of a simulated cluster made from your manifests: kubectl, curl, dig and their friends,\n"
        "pipes, redirects, here-documents; Tab completes, and `why` says why a command failed. The YAML, JSON and\n"
        "certificate files of this directory are there as copies; nothing on disk is changed. Lines may also come from\n"
        "standard input.\n\n  simnet shell -f app/ --nodes 2\n  echo 'kubectl get pods' | simnet shell -f app/")
    shell.add_argument("--from", dest="source", default="laptop", metavar="WHERE",
                       help="where you sit: laptop (default), pod/NAME, node/NAME")
    shell.add_argument("-c", dest="lines", action="append", default=[], metavar="LINE",
                       help="run this line and leave; may be repeated")
    _manifests(shell)


def _lint(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    lint = commands.add_parser("lint", help="check manifests that belong together", description="Check references and "
                               "intent over a set of manifests: selectors that match nothing, ports nobody listens on, "
                               "backends, Secrets and classes that do not exist, numbers taken twice. Each finding has a "
                               "stable code, a place and what was probably meant. Exit status 1 for errors and warnings, "
                               "0 for notes alone.")
    lint.add_argument("paths", nargs="+", metavar="PATH", help="a manifest file, a directory, or - for standard input")
    lint.add_argument("--format", choices=("text", "json", "sarif"), default="text",
                      help="text for people (default), json, or SARIF 2.1.0 for code scanning")
    lint.add_argument("--fix", action="store_true", help="show and make the repairs that leave no choice")
    lint.add_argument("--diff", action="store_true", help="show them as a unified diff, change nothing")
    lint.add_argument("--pod-cidr", action="append", default=[], metavar="CIDR", help="the cluster's range of pods")
    lint.add_argument("--service-cidr", action="append", default=[], metavar="CIDR", help="the cluster's range of Services")


def _graph(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    graph = commands.add_parser("graph", help="draw what refers to what", description="The objects and what they refer to "
                                "(Ingress, Service, EndpointSlice, Pod), or the network under them.")
    _manifests(graph)
    graph.add_argument("url", metavar="URL", nargs="?", default="", help="with -o svg: the request whose path is lit")
    graph.add_argument("--from", dest="source", default="laptop", metavar="SOURCE",
                       help="who sends it: pod/NAME, node/NAME, or an address outside (default: laptop)")
    graph.add_argument("-o", "--output", choices=("dot", "mermaid", "json", "svg"), default="dot",
                       help="Graphviz (default), Mermaid, node-link JSON, or SVG for a browser")
    graph.add_argument("--underlay", action="store_true", help="pods, bridges, nodes and links instead of references")
    graph.add_argument("-A", "--all-namespaces", action="store_true", help="the add-ons' namespaces too")


def _rules(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    rules = commands.add_parser(
        "rules", help="print what kube-proxy would program on a node", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Print the rules kube-proxy would program on a node for the Services of your manifests:\n"
        "the text of iptables-save, which iptables-restore (--family 6: ip6tables-restore) takes unchanged,\n"
        "or a file for nft -f. Host ports and the masquerading of pods that leave the cluster are the work of\n"
        "the network plug-in and are not in it.\n\n"
        "  simnet rules --node node-1 -f app/\n"
        "  simnet rules --node node-1 --mode nftables -f app/ | nft --check -f -")
    rules.add_argument("--node", default="", metavar="NODE", help="whose rules (default: the first node)")
    rules.add_argument("--mode", choices=MODES, default=MODES[0], help="the mode of kube-proxy (default: iptables)")
    rules.add_argument("--family", choices=(4, 6), type=int, default=4, help="IPv4 or IPv6 (default: 4)")
    _manifests(rules)


def _service(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    service = commands.add_parser(
        "service", help="what each kind of client gets at each address of a Service", description="For each address of a "
        "Service and each kind of client: open, refused, timeout or no answer (the reply gets lost), the "
        "endpoints that may be chosen, whose address they see as the source (the client's or the node's), and the rule that "
        "decided (INT: cluster IP, EXT: the other addresses, NE: nobody to forward to, FW: source ranges, NA: a node address "
        "without the port). Exact: every choice is counted.")
    service.add_argument("name", metavar="NAME", help="the Service, NAME or NAMESPACE/NAME")
    service.add_argument("-n", "--namespace", help="namespace (default: default)")
    service.add_argument("--mode", choices=MODES, default=MODES[0], help="the mode of kube-proxy (default: iptables)")
    service.add_argument("--json", action="store_true", help="data for machines")
    _manifests(service)
def _resolve(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    resolve = commands.add_parser("resolve", help="show every DNS question behind a name", description="What the C library "
                                  "asks to find the addresses of a name, in order, with each answer and its reason, and "
                                  "what a final dot, another ndots or a shorter name would cost. Exit 1 if it is not found.")
    resolve.add_argument("name", metavar="NAME", help="web, web.shop, example.com, db-0.db.default.svc.cluster.local ...")
    _source(resolve)
    _manifests(resolve)
    resolve.add_argument("--libc", choices=LIBCS, help="the C library (default: that of the pod's image)")
    resolve.add_argument("-4", "--ipv4", action="store_true", help="IPv4 addresses only")
    resolve.add_argument("-6", "--ipv6", action="store_true", help="IPv6 addresses only")
    resolve.add_argument("--all-types", action="store_true", help="what there is beside addresses at the names asked")
    resolve.add_argument("-o", "--output", choices=("text", "json"), default="text")


TOOLS = {"dig": "ask one question, as dig does: no search list unless +search", "nslookup": "as nslookup of BIND does",
         "host": "as host of BIND does", "getent": "what the C library finds, as `getent hosts NAME` does"}


OWN_VALUES = ("-f", "--filename", "--from", "--nodes", "--limit")
OWN_FLAGS = ("-h", "--help", "--assume-any-port")


def _tools(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """dig, nslookup, host and getent. Our own options come first; everything behind them is the tool's."""
    for name, help_ in TOOLS.items():
        tool = commands.add_parser(name, help=help_, usage=f"simnet {name} [-f FILE] [--from SOURCE] WORD...",
                                   description=f"{help_[0].upper()}{help_[1:]}. Options of simnet come before the words of "
                                   f"{name}: simnet {name} -f app/ --from pod/client web")
        _source(tool)
        _manifests(tool)
        tool.add_argument("words", nargs="*", metavar="WORD", help=f"what {name} would be given")


def _serve(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    serve = commands.add_parser("serve", help="answer real clients on a loopback port", description="Answer real clients "
                                "from a cluster made from your manifests, until Ctrl-C.")
    kinds = serve.add_subparsers(dest="what", metavar="WHAT", required=True)
    dns = kinds.add_parser("dns", help="DNS over UDP and TCP", description="Answer DNS questions as the cluster's CoreDNS "
                           "would, over UDP and TCP with any number of clients: dig @127.0.0.1 -p 5353 NAME")
    _manifests(dns)
    dns.add_argument("--listen", default="127.0.0.1:5353", metavar="ADDRESS:PORT",
                     help="a loopback address; port 0 picks a free one (default: 127.0.0.1:5353)")
    dns.add_argument("--as", dest="seen_as", metavar="pod/NAME", help="answer as this pod would be answered")
    _followed(dns)
    _serve_http(kinds)


def _followed(command: argparse.ArgumentParser) -> None:
    command.add_argument("--follow", action="store_true",
                         help="start afresh when the files change; wrong files leave the old answers")


def _serve_http(kinds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    http = kinds.add_parser("http", help="HTTP and HTTPS into the cluster", description="Answer real HTTP and HTTPS clients "
                            "through the cluster's Ingress controller. Every answer names the pod (X-Simnet-Pod) and the "
                            "walk (X-Simnet-Trace), which GET /.simnet/trace/ID shows: curl -i http://127.0.0.1:8080/")
    _manifests(http)
    http.add_argument("--http", default="127.0.0.1:8080", metavar="ADDRESS:PORT",
                      help="where plain HTTP is answered; port 0 picks a free one (default: 127.0.0.1:8080)")
    http.add_argument("--https", default="127.0.0.1:8443", metavar="ADDRESS:PORT",
                      help="where HTTPS is answered, with the certificates of the Secrets (default: 127.0.0.1:8443)")
    http.add_argument("--to", default="", metavar="ADDRESS[:PORT]",
                      help="the address of the cluster they lead to (default: that of the first Ingress "
                      "controller, or of the first Gateway where there is no Ingress)")
    _source(http)
    http.add_argument("--nodeports", action="store_true", help="open node ports too: on 127.0.0.1 for the first node, with "
                      "several nodes on 127.18.0.3 for the one at 172.18.0.3")
    http.add_argument("--loadbalancers", action="store_true", help="open LoadBalancer addresses too: 203.0.113.1 on "
                      "127.0.113.1, ports below 1024 by 8000 higher")
    http.add_argument("--upstream", action="append", default=[], metavar="PODS=URL", help="let a program on this machine "
                      "answer for pods: app=web=http://127.0.0.1:3000 or pod/NAME=http://...; may be repeated")
    http.add_argument("--trace", action="store_true", help="print the walk of every request")
    _followed(http)
    http.add_argument("--public", action="store_true", help="allow --http and --https addresses that others can reach")
    http.add_argument("--max-head", type=int, metavar="BYTES", help="of a request's line and headers (default: 32768)")
    http.add_argument("--max-body", type=int, metavar="BYTES", help="of a request's body (default: 67108864)")
    http.add_argument("--max-connections", type=int, metavar="NUMBER", help="of all clients (default: 1000)")
    http.add_argument("--timeout", type=float, metavar="SECONDS",
                      help="for a request's head (default: 15), and for anything to happen (default: 60)")


def _source(command: argparse.ArgumentParser) -> None:
    command.add_argument("--from", dest="source", default="laptop", metavar="SOURCE",
                         help="pod/NAME, pod/NAMESPACE/NAME, node/NAME, or an address outside (default: laptop)")


def _convert(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    convert = commands.add_parser("convert", help="Ingresses into Gateway API", description="Print the Gateway, HTTPRoutes and "
                                  "ReferenceGrants that behave as the Ingresses do. Every behaviour that cannot be kept is "
                                  "listed with a request that shows it: both are asked, with requests generated from the "
                                  "rules.")
    convert.add_argument("what", choices=("ingress",), metavar="ingress", help="what to convert")
    _manifests(convert)
    convert.add_argument("--gateway", default="default/gateway", metavar="NAMESPACE/NAME", help="the Gateway to make "
                         "(default: default/gateway)")
    convert.add_argument("--gateway-class", default="simnet", metavar="NAME", help="its class (default: simnet)")
    convert.add_argument("--format", choices=("yaml", "json"), default="yaml", help="yaml to apply (default), or json with "
                         "the losses as data")
    convert.add_argument("--check", action="store_true", help="exit 1 when anything cannot be kept")


def _manifests(command: argparse.ArgumentParser) -> None:
    command.add_argument("-f", "--filename", action="append", default=[], metavar="FILE",
                         help="a manifest file, a directory, or - for standard input; may be repeated")
    _reading(command)


def _reading(command: argparse.ArgumentParser) -> None:
    command.add_argument("--limit", action="append", default=[], metavar="NAME=NUMBER",
                         help="what a manifest may ask of the reader, e.g. depth=200; an error that meets a limit names it")
    command.add_argument("--lenient", action="store_true",
                         help="warn of fields Kubernetes does not have and leave them out, instead of refusing the file")
    command.add_argument("--nodes", default="1", help="number of nodes, or NAME=ADDRESS,NAME=ADDRESS (default: 1)")
    command.add_argument("--assume-any-port", action="store_true", help="pods whose ports nobody declared may be relied on")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that has not all characters still gets its text
    arguments = _arguments(sys.argv[1:] if argv is None else argv)
    if arguments.command is None:
        write(parser().format_help())
        return 0
    from simnet.cli import commands  # everything else is loaded only once there is something to do

    try:
        return commands.COMMANDS[arguments.command](arguments)
    except KeyboardInterrupt:
        return INTERRUPTED


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    """The arguments taken apart. A command or option that does not exist ends with the nearest one and status 2."""
    top, commands = _parsers()
    word = next((each for each in argv if not each.startswith("-")), "")
    if word and word not in commands:
        top.error(f"{word!r} is no command{_hint(word, commands) or ', known are ' + ', '.join(commands)}")
    try:
        arguments, unknown = top.parse_known_args(_set_apart(argv) if word in TOOLS else argv)
    finally:
        write("")  # argparse has written help or version; a reader that has gone away is no error
    if unknown:
        of = _innermost(commands.get(word, top), argv)
        of.error(f"{unknown[0]!r} is not understood{_hint(unknown[0], re.findall(r'--[a-z][a-z-]*', of.format_help()))}")
    return arguments


def _innermost(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.ArgumentParser:
    """The parser of the sub-command that is named, `http` of `serve http`."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return next((_innermost(action.choices[word], argv) for word in argv if word in action.choices), parser)
    return parser


def _set_apart(argv: Sequence[str]) -> Sequence[str]:
    """The words of another tool behind `--`, so that its options are not taken for ours."""
    at = 1
    while at < len(argv) and argv[at].startswith("-") and argv[at] != "--":
        name = argv[at].partition("=")[0]
        if name not in (*OWN_VALUES, *OWN_FLAGS):
            break
        at += 2 if name in OWN_VALUES and "=" not in argv[at] else 1
    is_apart = at < len(argv) and argv[at] == "--"
    return [*argv[:at], *([] if is_apart else ["--"]), *argv[at:]]


def _hint(word: str, known: Iterable[str]) -> str:
    near = nearest(word, known)
    return f"; did you mean {near}?" if near else ""
