"""All commands by name, and which of them are there where the shell runs."""

from __future__ import annotations

from simnet.console.desk import Command, Desk
from simnet.console.kubectl.main import kubectl
from simnet.console.output import Output, failed
from simnet.console.tools import guide, http, linting, lookups, openssl, packages, probes, search, sockets, system, text, why
from simnet.errors import nearest

BUILTINS: dict[str, Command] = {
    "cd": system.cd, "echo": text.echo, "edit": text.edit, "exit": system.leave, "export": system.export,
    "false": system.false, "help": guide.guide, "history": text.history, "logout": system.leave,
    "printf": text.printf, "pwd": system.pwd, "true": system.true, "why": why.why, ":": system.true,
}
"""Part of every shell; `why`, `edit` and `help` are simnet's own."""

COMMANDS: dict[str, Command] = BUILTINS | {
    "apk": packages.apk, "apt": packages.apt, "apt-get": packages.apt, "awk": search.awk, "bash": system.shell,
    "ash": system.shell, "cat": text.cat, "curl": http.curl, "cut": text.cut, "date": system.date, "dash": system.shell,
    "dig": lookups.dig, "dnf": packages.dnf, "egrep": search.grep, "env": system.env, "fgrep": search.grep,
    "getent": lookups.getent, "grep": search.grep, "head": text.head, "host": lookups.host,
    "hostname": system.hostname, "ip": system.ip, "kubectl": kubectl, "ls": system.ls, "microdnf": packages.dnf,
    "nano": text.edit, "nc": probes.nc, "ncat": probes.nc, "netcat": probes.nc, "netstat": sockets.netstat,
    "nslookup": lookups.nslookup,
    "openssl": openssl.openssl, "ping": probes.ping, "ping6": probes.ping, "printenv": system.env, "rm": system.rm,
    "sh": system.shell, "simnet": linting.simnet, "sleep": system.sleep, "sort": text.sort, "ss": sockets.ss,
    "tail": text.tail, "tee": text.tee, "telnet": probes.telnet, "uniq": text.uniq, "vi": text.edit, "vim": text.edit,
    "wc": text.wc, "wget": http.wget, "whoami": system.whoami, "yum": packages.dnf,
}

NOT_MODELLED = frozenset(("docker", "helm", "iptables", "iptables-save", "jq", "kind", "less", "minikube", "more",
                          "python", "python3", "sed", "ssh", "sudo", "tcpdump", "time", "traceroute", "watch",
                          "xargs"))
"""What a laptop has as well, so that nobody is told of a typing mistake."""

_PLAIN_IMAGE = frozenset(("awk", "bash", "cat", "cut", "date", "egrep", "env", "fgrep", "grep", "head", "hostname", "ls",
                          "printenv", "rm", "sh", "sleep", "sort", "tail", "tee", "uniq", "wc", "whoami"))


def tools_here(desk: Desk) -> frozenset[str]:
    """The tools of the place: what the image has and what was installed; on the laptop and on nodes everything.

    An image nobody described is taken to have a shell and the usual text tools, nothing more.
    """
    if desk.frame.pod is None:
        return NOT_MODELLED.union(COMMANDS)
    profile = desk.profile()
    tools = profile.tools if profile is not None else _PLAIN_IMAGE
    return tools.union(desk.installed.get(desk.frame.source, ()), BUILTINS)


def unknown_command(desk: Desk, name: str) -> Output:
    """`command not found`, status 127; with the nearest name unless the tool exists and is just not here."""
    base = name.rpartition("/")[2]
    message = f"{desk.frame.shell}: {name}: command not found"
    here = tools_here(desk)
    if base in here:
        return failed(f"{message} (simnet does not model it)", 127)
    near = "" if base in COMMANDS else nearest(base, sorted(here.intersection(COMMANDS)))
    return failed(message + (f"; did you mean {near}?" if near else ""), 127)
