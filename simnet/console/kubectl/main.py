"""The verbs of kubectl, their flags, and what happens when one is mistyped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from simnet.console.desk import Call
from simnet.console.flags import Flag, FlagError, Parsed, read_flags, switch
from simnet.console.kubectl import change, execute, info, run, write
from simnet.console.kubectl.context import Kube, KubectlError
from simnet.console.kubectl.create import create
from simnet.console.kubectl.describe.verb import describe
from simnet.console.kubectl.edit import edit
from simnet.console.kubectl.events import events
from simnet.console.kubectl.explain import explain
from simnet.console.kubectl.get import get
from simnet.console.kubectl.portforward import port_forward
from simnet.console.kubectl.wait import wait
from simnet.console.output import Output, failed
from simnet.errors import nearest

GLOBAL = (Flag("namespace", "n"), Flag("context"), Flag("kubeconfig"), Flag("cluster"), Flag("user"), Flag("server", "s"),
           Flag("request-timeout"), Flag("v", "v"), switch("help", "h"), switch("insecure-skip-tls-verify"))
_SELECT = (Flag("selector", "l"), switch("all-namespaces", "A"), Flag("field-selector"))
_FILES = (Flag("filename", "f"), switch("recursive", "R"))
_OUTPUT = (Flag("output", "o"), Flag("dry-run", bare="unchanged"), Flag("template"))
_WRITES = (Flag("field-manager"), switch("save-config"), Flag("validate", bare="strict"), switch("server-side"),
           switch("force-conflicts"), Flag("show-managed-fields", bare="true"))


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb: what it does, and the flags it knows besides the global ones."""

    run: Callable[[Kube], Output]
    flags: tuple[Flag, ...] = ()


VERBS: dict[str, Verb] = {
    "annotate": Verb(change.annotate, (*_SELECT, *_FILES, *_OUTPUT, switch("overwrite"), switch("all"), switch("local"),
                                       Flag("resource-version"), switch("list"))),
    "api-resources": Verb(info.api_resources, (*_OUTPUT, Flag("namespaced", bare="true"), Flag("api-group"),
                                                switch("no-headers"), Flag("sort-by"))),
    "apply": Verb(write.apply, (*_FILES, *_OUTPUT, *_WRITES, Flag("kustomize", "k"), switch("prune"), switch("wait"),
                                switch("overwrite"), switch("force"), switch("all"), Flag("selector", "l"))),
    "cluster-info": Verb(info.cluster_info),
    "config": Verb(info.config, (switch("current"), switch("minify"), *_OUTPUT)),
    "create": Verb(create, (
        *_FILES, *_OUTPUT, *_WRITES, Flag("image"), Flag("replicas", "r"), Flag("port"), Flag("tcp"), Flag("node-port"),
        Flag("clusterip"), Flag("external-name"), Flag("rule"), Flag("class"), Flag("annotation"), Flag("default-backend"),
        Flag("cert"), Flag("key"), Flag("from-literal"), Flag("from-file"), Flag("type"), switch("append-hash"))),
    "delete": Verb(write.delete, (*_SELECT, *_FILES, *_OUTPUT, switch("all"), switch("force"), Flag("grace-period"),
                                  switch("now"), Flag("wait", bare="true"), switch("ignore-not-found"), Flag("timeout"),
                                  Flag("cascade", bare="background"), switch("interactive", "i"))),
    "describe": Verb(describe, (*_SELECT, *_FILES, Flag("show-events", bare="true"))),
    "edit": Verb(edit, (*_SELECT, *_OUTPUT, *_FILES)),
    "explain": Verb(explain, (Flag("api-version"), Flag("output", "o"), switch("recursive"))),
    "events": Verb(events, (*_SELECT, *_OUTPUT, Flag("for"), Flag("types"), switch("watch", "w"), switch("no-headers"))),
    "exec": Verb(execute.execute, (switch("stdin", "i"), switch("tty", "t"), Flag("container", "c"), switch("quiet", "q"))),
    "expose": Verb(run.expose, (*_FILES, *_OUTPUT, *_WRITES, Flag("port"), Flag("target-port"), Flag("type"), Flag("name"),
                                Flag("protocol"), Flag("selector"), Flag("labels", "l"), Flag("cluster-ip"),
                                Flag("external-ip"), Flag("load-balancer-ip"), Flag("session-affinity"),
                                Flag("external-name"))),
    "get": Verb(get, (*_SELECT, *_FILES, *_OUTPUT, Flag("label-columns", "L"), Flag("sort-by"), switch("show-labels"),
                      switch("show-kind"), switch("no-headers"), switch("watch", "w"), switch("ignore-not-found"),
                      Flag("show-managed-fields", bare="true"), Flag("chunk-size"))),
    "label": Verb(change.label, (*_SELECT, *_FILES, *_OUTPUT, switch("overwrite"), switch("all"), switch("local"),
                                 Flag("resource-version"), switch("list"))),
    "logs": Verb(execute.logs, (Flag("container", "c"), switch("follow", "f"), switch("previous", "p"), Flag("tail"),
                                Flag("since"), switch("all-containers"), switch("timestamps"), switch("prefix"),
                                Flag("selector", "l"))),
    "port-forward": Verb(port_forward, (Flag("address"), Flag("pod-running-timeout"))),
    "patch": Verb(change.patch, (*_FILES, *_OUTPUT, Flag("patch", "p"), Flag("type"), Flag("patch-file"),
                                 switch("local"), Flag("subresource"))),
    "replace": Verb(write.replace, (*_FILES, *_OUTPUT, *_WRITES, switch("force"), Flag("grace-period"),
                                    Flag("cascade", bare="background"), switch("wait"))),
    "rollout": Verb(execute.rollout, (*_FILES, Flag("timeout"), Flag("watch", "w", bare="true"), *_SELECT)),
    "run": Verb(run.run, (*_OUTPUT, *_WRITES, Flag("image"), Flag("labels", "l"), Flag("port"), Flag("env"),
                          Flag("restart"), Flag("generator"), Flag("overrides"), Flag("annotations"),
                          Flag("image-pull-policy"), Flag("pod-running-timeout"), switch("command"), switch("expose"),
                          switch("rm"), switch("stdin", "i"), switch("tty", "t"), switch("attach"), switch("quiet", "q"),
                          switch("leave-stdin-open"), switch("privileged"))),
    "scale": Verb(change.scale, (*_SELECT, *_FILES, *_OUTPUT, Flag("replicas"), Flag("current-replicas"), switch("all"),
                                 Flag("timeout"))),
    "set": Verb(change.set_image, (*_OUTPUT, *_FILES, switch("all"), Flag("selector", "l"))),
    "wait": Verb(wait, (*_SELECT, *_FILES, *_OUTPUT, Flag("for"), Flag("timeout"), switch("all"))),
    "version": Verb(info.version, (*_OUTPUT, switch("client"), switch("short"))),
}

_OTHERS = ("attach", "auth", "autoscale", "cordon", "cp", "debug", "diff", "drain", "proxy",
           "taint", "top", "uncordon", "certificate", "kustomize", "plugin", "completion")

USAGE = """kubectl controls the simulated cluster.

Usage:
  kubectl [flags] [command]

Commands: """ + ", ".join(sorted(VERBS)) + "\n"


def kubectl(call: Call) -> Output:
    """Run one kubectl command line."""
    call.desk.hint, name = "", ""
    try:
        name, args = _verb(call)
        if name == "help" and args:
            name, args = args[0], ["--help"]
        if name in ("", "help"):
            return Output(USAGE)
        verb = _known(name)
        flags = _flags(name, args, verb)
        if flags.on("help"):
            return Output(f"kubectl {name}: the flags known here are "
                          + ", ".join(sorted(f"--{flag.name}" for flag in (*verb.flags, *GLOBAL))) + "\n")
        _refuse_operands_behind_dashes(name, flags)
        output = verb.run(Kube(call, name, flags, flags.get("namespace") or call.desk.namespace))
    except KubectlError as problem:
        output = Output(problem.stdout, failed(str(problem)).stderr, problem.status)
        call.desk.hint = problem.hint or call.desk.hint
    except FlagError as problem:
        output = failed(f"error: {problem}")
    if output.status and name not in ("exec", "run"):
        call.desk.complain(output.stderr, call.desk.hint)
    return output


def _verb(call: Call) -> tuple[str, list[str]]:
    """The verb, and everything else; global flags may stand before it."""
    args = list(call.args)
    place = 0
    values = {f"--{flag.name}" for flag in GLOBAL if flag.value} | {f"-{flag.short}" for flag in GLOBAL
                                                                     if flag.value and flag.short}
    while place < len(args) and args[place].startswith("-"):
        place += 2 if args[place] in values else 1
    if place >= len(args):
        return "", []
    return args[place], args[:place] + args[place + 1:]


def _known(name: str) -> Verb:
    verb = VERBS.get(name)
    if verb is not None:
        return verb
    if name in _OTHERS:
        raise KubectlError(f"error: 'kubectl {name}' is not modelled; these are: {', '.join(sorted(VERBS))}")
    near = nearest(name, VERBS)
    raise KubectlError(f'error: unknown command "{name}" for "kubectl"'
                       + (f"\n\nDid you mean this?\n\t{near}" if near else ""))


def _flags(name: str, args: list[str], verb: Verb) -> Parsed:
    try:
        return read_flags(args, (*verb.flags, *GLOBAL))
    except FlagError as problem:
        hint = f"\nDid you mean {problem.suggestion}?" if problem.suggestion else ""
        raise KubectlError(f"error: {problem}{hint}\nSee 'kubectl {name} --help' for usage.") from None


def _refuse_operands_behind_dashes(name: str, flags: Parsed) -> None:
    """Only verbs that run a command give `--` a meaning of its own; for the others it ends the flags."""
    if name not in ("exec", "run", "create") and flags.behind_dashes:
        flags.operands += flags.behind_dashes
        flags.behind_dashes = None
