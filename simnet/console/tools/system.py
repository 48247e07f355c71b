"""Small system commands: where am I, what is here, wait a moment.

Source: POSIX.1-2017 utilities; iproute2 and busybox for the layout of `ip addr` and `ip route`.
"""

from __future__ import annotations

import re

from simnet import ip as addresses
from simnet.clock import iso
from simnet.console.desk import Call, Frame, ShellExit, files_here
from simnet.console.environment import environment
from simnet.console.flags import GETOPT, FlagError, read_flags, switch
from simnet.console.output import Output, failed
from simnet.dataplane.packet import Actor

_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]*)?|\.[0-9]+")


def shell(call: Call) -> Output:
    """`sh` and `bash`: `-c LINE` runs a line, a file or standard input runs as a script, alone a nested shell opens."""
    args = [word for word in call.args if word not in ("-i", "-l", "-x", "-e", "-ex", "--login")]
    if args and args[0].startswith("-") and args[0].endswith("c"):
        if len(args) < 2:
            return failed(f"{call.name}: -c: option requires an argument", 2)
        return call.interpret(args[1], call.stdin)
    if args:
        return call.interpret(call.read(args[0]), "")
    if call.stdin:
        return call.interpret(call.stdin, "")
    here = call.desk.frame
    call.desk.frames.append(Frame(here.source, here.pod, here.container, call.name, variables=dict(here.variables)))
    return Output()


def leave(call: Call) -> Output:
    """`exit [STATUS]`: end this shell, with the last command's status unless one is given. Raises ShellExit."""
    raise ShellExit(int(call.args[0]) if call.args and call.args[0].isdigit() else call.desk.frame.status)


def sleep(call: Call) -> Output:
    """Let logical time pass: `sleep 5`, `sleep 0.5`, `sleep 2m`."""
    if not call.args:
        return failed("sleep: missing operand")
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    total = 0.0
    for word in call.args:
        number, unit = (word[:-1], units[word[-1]]) if word[-1:] in units else (word, 1)
        if not _NUMBER.fullmatch(number):
            return failed(f"sleep: invalid time interval '{word}'")
        total += float(number) * unit
    call.cluster.advance(total)
    return Output()


def true(call: Call) -> Output:
    return Output()


def false(call: Call) -> Output:
    return Output(status=1)


def env(call: Call) -> Output:
    """`env` and `printenv [NAME]`: the environment, or one variable."""
    variables = environment(call.desk, call.desk.frame)
    if call.name == "printenv" and call.args:
        values = [variables[name] for name in call.args if name in variables]
        return Output("".join(value + "\n" for value in values), status=0 if len(values) == len(call.args) else 1)
    return Output("".join(f"{name}={value}\n" for name, value in variables.items()))


def export(call: Call) -> Output:
    """`export NAME=value`: set a variable of the shell."""
    for word in call.args:
        name, equals, value = word.partition("=")
        if equals:
            call.desk.frame.variables[name] = value
    return Output()


def hostname(call: Call) -> Output:
    """The host's name; `-i` (and `-I`) its addresses."""
    actor = call.cluster.actor(call.source)
    if call.args and call.args[0] in ("-i", "-I", "--ip-address", "--all-ip-addresses"):
        return Output(" ".join(addresses.text(number) for number in actor.addresses) + "\n")
    return Output(environment(call.desk, call.desk.frame)["HOSTNAME"] + "\n")


def whoami(call: Call) -> Output:
    return Output("user\n" if call.desk.frame.pod is None else "root\n")


def pwd(call: Call) -> Output:
    return Output(environment(call.desk, call.desk.frame)["HOME"] + "\n" if call.desk.frame.pod is None else "/\n")


def ls(call: Call) -> Output:
    """The virtual files here; `-l` and `-1` one a line. With names: those, or the files of a folder."""
    try:
        flags = read_flags(call.args, [switch(letter, letter) for letter in "la1hRt"], GETOPT)
    except FlagError as problem:
        return failed(f"ls: {problem}", 2)
    files = files_here(call.desk)
    wanted = flags.operands or [""]
    names: list[str] = []
    complaints = ""
    for place in wanted:
        prefix = "" if place in ("", ".", "./") else place.removeprefix("./").rstrip("/")
        found = sorted({name if name == prefix else name.removeprefix(prefix + "/" if prefix else "").split("/")[0]
                        for name in files if not prefix or name == prefix or name.startswith(prefix + "/")} - {""})
        if not found and prefix:
            complaints += f"ls: cannot access '{place}': No such file or directory\n"
        names += found
    return Output("".join(name + "\n" for name in names), complaints, 2 if complaints else 0)


def rm(call: Call) -> Output:
    """Remove virtual files; `-f` does not mind those that are not there."""
    force = any(word.startswith("-") and "f" in word for word in call.args)
    complaints = ""
    for path in (word for word in call.args if not word.startswith("-")):
        name = path.removeprefix("./")
        source = call.source
        gone = (call.desk.files.pop(name, None) if source == "laptop" else call.desk.pod_files.pop((source, name), None))
        if gone is None and not force:
            complaints += f"rm: cannot remove '{path}': No such file or directory\n"
    return Output(stderr=complaints, status=1 if complaints else 0)


def cd(call: Call) -> Output:
    """Accepted and without effect: virtual files have no current folder."""
    return Output()


def date(call: Call) -> Output:
    """The cluster's logical time, as RFC 3339 writes it."""
    return Output(iso(call.cluster.clock.now) + "\n")


# addresses ------------------------------------------------------------------------------------------------------

def ip(call: Call) -> Output:
    """`ip addr`, `ip -br addr`, `ip route`, `ip link` of the place the shell runs in."""
    words = [word for word in call.args if not word.startswith("-")]
    what = words[0] if words else ""
    actor = call.cluster.actor(call.source)
    only = 4 if "-4" in call.args else 6 if "-6" in call.args else None
    numbers = [number for number in actor.addresses if only is None or addresses.family(number) == only]
    if what and ("address".startswith(what)):
        brief = any(word in ("-br", "-brief") for word in call.args)
        return Output(_brief(numbers) if brief else _interfaces(actor, numbers))
    if what and "link".startswith(what):
        return Output(_interfaces(actor, []))
    if what and "route".startswith(what):
        return Output(_routes(call, actor, numbers))
    return failed("Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }\n"
                  "where OBJECT is one of address, link, route (others are not modelled)", 255)


def _interfaces(actor: Actor, numbers: list[int]) -> str:
    """Loopback and one interface; a pod's is one end of a veth pair, hence the `@if`."""
    name = "eth0@if7" if actor.pod is not None and not actor.is_host else "eth0"
    lines = ["1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000",
             "    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00"]
    if numbers:
        lines += ["    inet 127.0.0.1/8 scope host lo", "       valid_lft forever preferred_lft forever"]
    lines.append(f"2: {name}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default")
    lines.append(f"    link/ether {_hardware(actor)} brd ff:ff:ff:ff:ff:ff" + (" link-netnsid 0" if "@" in name else ""))
    for number in numbers:
        word, length = ("inet", 24) if addresses.family(number) == 4 else ("inet6", 64)
        lines += [f"    {word} {addresses.text(number)}/{length} scope global eth0",
                  "       valid_lft forever preferred_lft forever"]
    return "".join(line + "\n" for line in lines)


def _hardware(actor: Actor) -> str:
    """A locally administered address made of the IP address, so that it is the same in every run."""
    number = actor.addresses[0] & 0xFFFFFFFF if actor.addresses else 0
    return "02:42:" + ":".join(f"{number >> shift & 0xFF:02x}" for shift in (24, 16, 8, 0))


def _brief(numbers: list[int]) -> str:
    shown = " ".join(f"{addresses.text(number)}/{24 if addresses.family(number) == 4 else 64}" for number in numbers)
    return f"{'lo':<16} {'UNKNOWN':<14} 127.0.0.1/8 \n{'eth0':<16} {'UP':<14} {shown} \n"


def _routes(call: Call, actor: Actor, numbers: list[int]) -> str:
    first = next((number for number in numbers if addresses.family(number) == 4), None)
    if first is None:
        return ""
    network = first & ~0xFF
    return (f"default via {addresses.text(network + 1)} dev eth0\n"
            f"{addresses.text(network)}/24 dev eth0 proto kernel scope link src {addresses.text(first)}\n")

