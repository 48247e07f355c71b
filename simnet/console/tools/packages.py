"""Package managers: apt and apk put tools into the pod they run in, for this session.

Nothing is downloaded: an image's profile says what can be installed and which tools that brings. As in the public
Debian images, `apt install` finds nothing before `apt update`.

Source: apt(8), apt-get(8), apk(8) for the shape of their output.
"""

from __future__ import annotations

from simnet.console.desk import Call
from simnet.console.output import Output, failed
from simnet.errors import nearest

_READING = "Reading package lists... Done\nBuilding dependency tree... Done\nReading state information... Done\n"


def apt(call: Call) -> Output:
    """`apt update`, `apt install [-y] PACKAGE...`, `apt upgrade`; `apt-get` likewise. Questions are answered with yes."""
    words = [word for word in call.args if not word.startswith("-")]
    match words:
        case ["update"]:
            call.desk.refreshed.add(call.source)
            return Output("Hit:1 http://deb.debian.org/debian stable InRelease\n" + _READING
                          + "All packages are up to date.\n")
        case ["upgrade" | "dist-upgrade"]:
            return Output(_READING + "0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n")
        case ["install", *names] if names:
            return _apt_install(call, names)
        case ["install"]:
            return Output(_READING + "0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n")
        case ["clean" | "autoremove" | "autoclean"]:
            return Output()
        case [other, *_]:
            near = nearest(other, ["update", "install", "upgrade", "clean"])
            return failed(f"E: Invalid operation {other}" + (f"; did you mean {near}?" if near else ""), 100)
        case _:
            return failed(f"{call.name}: a command is expected: update, install, upgrade, clean", 1)


def _apt_install(call: Call, names: list[str]) -> Output:
    if call.desk.frame.pod is None:
        return Output(_READING + "".join(f"{name} is already the newest version.\n" for name in names)
                      + "0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n")
    known = _packages(call)
    head = "Reading package lists... Done\nBuilding dependency tree... Done\n"
    missing = [name for name in names if name not in known or call.source not in call.desk.refreshed]
    if missing:
        return Output(head, "".join(f"E: Unable to locate package {name}{_hint(call, name, known)}\n" for name in missing),
                      100)
    fresh = [name for name in names if not known[name] <= _tools(call)]
    text = head + "Reading state information... Done\n"
    if fresh:
        text += "The following NEW packages will be installed:\n  " + " ".join(sorted(fresh)) + "\n"
    text += f"0 upgraded, {len(fresh)} newly installed, 0 to remove and 0 not upgraded.\n"
    text += "".join(f"Setting up {name} ...\n" for name in fresh)
    _install(call, names)
    return Output(text)


def _hint(call: Call, name: str, known: dict[str, frozenset[str]]) -> str:
    if name in known:
        return f" (run `{call.name} update` first: the image ships without package lists)"
    near = nearest(name, known)
    return f"; did you mean {near}?" if near else ""


def apk(call: Call) -> Output:
    """`apk update`, `apk add [--no-cache] PACKAGE...`."""
    words = [word for word in call.args if not word.startswith("-")]
    match words:
        case ["update"]:
            return Output("OK: packages available\n")
        case ["add", *names] if names:
            known = _packages(call)
            missing = [name for name in names if name not in known]
            if missing:
                lines = [f"  {name} (no such package):\n    required by: world[{name}]\n" for name in missing]
                return Output(stderr="ERROR: unable to select packages:\n" + "".join(lines), status=len(missing))
            fresh = [name for name in names if not known[name] <= _tools(call)]
            _install(call, names)
            return Output("".join(f"({number}/{len(fresh)}) Installing {name}\n" for number, name in enumerate(fresh, 1))
                          + "OK: packages installed\n")
        case [other, *_]:
            near = nearest(other, ["update", "add"])
            return failed(f"ERROR: '{other}' is not an apk command" + (f"; did you mean {near}?" if near else ""))
        case _:
            return failed("apk: a command is expected: update, add")


def dnf(call: Call) -> Output:
    """`dnf install [-y] PACKAGE...`, yum and microdnf likewise."""
    words = [word for word in call.args if not word.startswith("-")]
    match words:
        case ["install", *names] if names:
            known = _packages(call)
            missing = [name for name in names if name not in known]
            if missing:
                return failed("".join(f"No match for argument: {name}\n" for name in missing)
                              + f"Error: Unable to find a match: {' '.join(missing)}")
            _install(call, names)
            return Output("Installed:\n" + "".join(f"  {name}\n" for name in names) + "\nComplete!\n")
        case _:
            return failed(f"{call.name}: 'install PACKAGE...' is what is modelled", 1)


def _packages(call: Call) -> dict[str, frozenset[str]]:
    profile = call.desk.profile()
    return dict(profile.packages) if profile is not None else {}


def _tools(call: Call) -> set[str]:
    profile = call.desk.profile()
    return set(profile.tools if profile is not None else ()) | call.desk.installed.get(call.source, set())


def _install(call: Call, names: list[str]) -> None:
    known = _packages(call)
    tools = call.desk.installed.setdefault(call.source, set())
    for name in names:
        tools |= known[name]
